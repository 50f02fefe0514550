//! The conditions of properties, each a plain function of a world and a state of it.

use paxos::{Message, NodeId, NodeSet, Phase, Vote};

use crate::parcel::Parcel;
use crate::reads::told;
use crate::{Letters, Outcome, State, World};

/// The votes, by acceptor and ballot.
fn votes<'a>(world: &World, state: &'a State) -> &'a [Parcel] {
    let said = world.testimony(state);
    &said[said.partition_point(|parcel| !parcel.is_vote())..]
}

/// The promises, by acceptor and ballot.
fn promises<'a>(world: &World, state: &'a State) -> &'a [Parcel] {
    let said = world.testimony(state);
    &said[..said.partition_point(|parcel| !parcel.is_vote())]
}

/// The values somebody voted for.
fn voted(votes: &[Parcel]) -> Letters {
    votes.iter().map(|vote| vote.value()).collect()
}

/// The values for which a quorum has voted in one ballot, whether or not anybody knows.
pub fn chosen(world: &World, state: &State) -> Letters {
    with_quorum(world, votes(world, state))
}

/// The values for which there is a quorum among these votes, in one ballot.
fn with_quorum(world: &World, votes: &[Parcel]) -> Letters {
    let is_chosen = |vote: &&Parcel| {
        let voters = votes
            .iter()
            .filter(|other| {
                other.ballot_rank() == vote.ballot_rank() && other.value() == vote.value()
            })
            .map(|other| other.from())
            .collect();
        world
            .rules()
            .is_quorum(Phase::Accept, world.cluster(), voters)
    };
    votes
        .iter()
        .filter(is_chosen)
        .map(|vote| vote.value())
        .collect()
}

/// The values announced by nodes or told to clients.
pub(crate) fn announced(state: &State) -> Letters {
    let servers = state.packed().iter();
    servers.fold(told(state), |all, server| all.union(server.announced()))
}

/// No two different values are ever chosen, nor announced by any node, nor told to any client.
pub fn agreement(world: &World, state: &State) -> bool {
    let announced = announced(state);
    // What nobody voted for is not chosen, so most states need no counting.
    voted(votes(world, state)).union(announced).len() <= 1
        || chosen(world, state).union(announced).len() <= 1
}

pub(super) fn validity(world: &World, state: &State) -> bool {
    announced(state).is_subset(world.values())
        && (voted(votes(world, state)).is_subset(world.values())
            || chosen(world, state).is_subset(world.values()))
}

pub(super) fn stability(_world: &World, state: &State) -> bool {
    state
        .packed()
        .iter()
        .all(|server| server.announced().len() <= 1)
}

pub(super) fn announced_is_chosen(world: &World, state: &State) -> bool {
    let announced = announced(state);
    announced.is_empty()
        || announced.is_subset(chosen(world, state))
        || announced.is_subset(with_quorum(world, &testified(world, state)))
}

/// The votes, and those that acceptors have reported in promises: a crash can keep a vote from being told otherwise, and it
/// counts as well.
fn testified(world: &World, state: &State) -> Vec<Parcel> {
    let reported = promises(world, state).iter().filter_map(|promise| {
        let Vote { ballot, value } = promise.message().report()?;
        let vote = Message::Accepted { ballot, value };
        Some(Parcel::new(promise.from(), NodeSet::EMPTY, vote))
    });
    reported
        .chain(votes(world, state).iter().copied())
        .collect()
}

/// For each acceptor the highest ballot it has promised or voted in, by its own words, in terms
/// of [`Parcel::ballot_rank`]; 0 is none.
fn said(world: &World, state: &State) -> [u16; NodeId::LIMIT] {
    let mut highest = [0; NodeId::LIMIT];
    for parcel in world.testimony(state) {
        let own = &mut highest[parcel.from().index()];
        *own = parcel.ballot_rank().max(*own);
    }
    highest
}

/// For each acceptor the highest ballot that binds it: by its own words, or by what is on its disk. A promise to itself is in no
/// message.
fn committed(world: &World, state: &State) -> [u16; NodeId::LIMIT] {
    let mut highest = said(world, state);
    for (own, server) in highest.iter_mut().zip(state.packed()) {
        *own = server.disk_rank().max(*own);
    }
    highest
}

pub(super) fn promises_rise(world: &World, state: &State) -> bool {
    let said = said(world, state);
    let mut servers = state.packed().iter().zip(said);
    servers.all(|(server, said)| said <= server.remembered_rank())
}

pub(super) fn no_vote_below_promise(world: &World, state: &State) -> bool {
    let votes = votes(world, state);
    promises(world, state).iter().all(|promise| {
        votes.iter().all(|vote| {
            vote.from() != promise.from()
                || vote.ballot_rank() >= promise.ballot_rank()
                || vote.ballot_rank() <= promise.second_rank()
        })
    })
}

pub(crate) fn one_value_per_ballot(world: &World, state: &State) -> bool {
    let stated = statements(world, state);
    stated
        .clone()
        .map(|parcel| parcel.value())
        .collect::<Letters>()
        .len()
        <= 1
        || stated.clone().all(|one| {
            stated.clone().all(|other| {
                other.ballot_rank() != one.ballot_rank() || other.value() == one.value()
            })
        })
}

/// The proposals and votes, as far as the network and the ledger tell.
fn statements<'a>(world: &World, state: &'a State) -> impl Iterator<Item = &'a Parcel> + Clone {
    let proposals = state.mail.iter().filter(|parcel| parcel.is_proposal());
    proposals.chain(votes(world, state))
}

/// P2c, as a state can show it: for a vote for v in ballot b, no other value can have been chosen
/// below b. Another value can be chosen at c < b as long as a quorum of phase 2 has voted for it
/// there or still may: an acceptor may still vote at c if it has not voted there and has not gone
/// beyond c. It is enough to look at the ballots c in which somebody voted, and at the highest one
/// below b that a proposer can have and in which nobody did: of lower ones still less can come.
pub(super) fn votes_are_safe(world: &World, state: &State) -> bool {
    let votes = votes(world, state);
    if votes.is_empty() {
        return true;
    }
    let committed = committed(world, state);
    let could_choose = |may_vote: &dyn Fn(NodeId) -> bool| {
        let quorum = world
            .cluster()
            .acceptors()
            .iter()
            .filter(|node| may_vote(*node));
        world
            .rules()
            .is_quorum(Phase::Accept, world.cluster(), quorum.collect())
    };
    votes.iter().all(|vote| {
        let below = vote.ballot_rank();
        let is_voted = |at: u16| votes.iter().any(|other| other.ballot_rank() == at);
        world
            .highest_ballot_below(below, is_voted)
            .is_none_or(|at| !could_choose(&|node| committed[node.index()] <= at))
            && votes.iter().all(|rival| {
                let at = rival.ballot_rank();
                at >= below
                    || rival.value() == vote.value()
                    || !could_choose(&|node| {
                        let is_own =
                            |vote: &&Parcel| vote.from() == node && vote.ballot_rank() == at;
                        let mut own = votes.iter().filter(is_own).peekable();
                        match own.peek() {
                            Some(_) => own.any(|own| own.value() == rival.value()),
                            None => committed[node.index()] <= at,
                        }
                    })
            })
    })
}

pub(super) fn failure_is_true(_world: &World, state: &State) -> bool {
    let Some(clients) = &state.clients else {
        return true;
    };
    let mut asks = state.asks.iter().zip(&clients.calls);
    asks.all(|(outcome, call)| !outcome.is_failure() || !call.is_done)
}

pub(super) fn waits_with_timer(world: &World, state: &State) -> bool {
    // Only nodes without a timer are unpacked, to be asked whether they wait.
    let mut proposers = world.cluster().proposers().iter();
    proposers.all(|id| {
        state.packed()[id.index()].has_timer()
            || !state.server(id).node(id, *world.cluster()).is_proposing()
    })
}

pub(super) fn learned_is_announced(_world: &World, state: &State) -> bool {
    let mut servers = state.packed().iter();
    servers.all(|server| {
        let learned = server.learned();
        learned.is_none_or(|value| server.announced().contains(value))
    })
}

pub(super) fn learner_learns(_world: &World, state: &State) -> bool {
    let mut servers = state.packed().iter();
    servers.any(|server| !server.announced().is_empty() && !server.has_used_a_round())
}

pub(super) fn told_after_unknown(_world: &World, state: &State) -> bool {
    let Some(clients) = &state.clients else {
        return false;
    };
    let mut asks = state.asks.iter().zip(&clients.calls);
    asks.any(|(outcome, call)| outcome.told().is_some() && call.was_unknown)
}

pub(super) fn value_chosen(world: &World, state: &State) -> bool {
    !chosen(world, state).is_empty()
}

pub(super) fn client_told(_world: &World, state: &State) -> bool {
    state
        .asks
        .iter()
        .any(|outcome| matches!(outcome, Outcome::Success(_)))
}

pub(super) fn value_adopted(world: &World, state: &State) -> bool {
    statements(world, state).any(|stated| {
        let proposer = stated.ballot().node.index();
        let mut asks = world.scenario().ask.iter();
        !asks.any(|ask| ask.of == proposer && ask.value == stated.value())
    })
}

pub(super) fn vote_superseded(world: &World, state: &State) -> bool {
    votes(world, state).windows(2).any(|pair| {
        pair[0].from() == pair[1].from() && pair[0].ballot_rank() < pair[1].ballot_rank()
    })
}

pub(super) fn restart_mid_ballot(_world: &World, state: &State) -> bool {
    state.mid_ballot
}
