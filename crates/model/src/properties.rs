//! What must never be, and what must be possible. Each a plain function, with its reason.
//!
//! They judge what acceptors have said ([`World::testimony`]) and what was announced, not what
//! nodes believe, so that a wrong learner cannot hide a wrong vote.

use std::sync::LazyLock;

use paxos::{Message, NodeId, NodeSet, Phase, Vote};
use stateright::Property;

use crate::endless_safety::JUDGED;
use crate::parcel::Parcel;
use crate::reads::{linearizable, told};
use crate::{Fault, Kind, Letters, Outcome, Scenario, State, World};

/// A property and why it matters.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name, as people write it.
    pub name: &'static str,
    /// What it says and why, in a sentence.
    pub reason: &'static str,
    /// What it speaks of: where nothing of this ever happens, it was not put to the test. Witnesses have nothing here.
    pub rests_on: &'static [Kind],
    /// What it reads of what is over. Pruning leaves that.
    reads: &'static [Past],
    is_invariant: bool,
    condition: fn(&World, &State) -> bool,
}

/// What is over, so that pruning may forget it if no property reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Proposals, in ballots in which nobody can propose or vote any more, of values that a client of the proposer asked for.
    ClosedProposals,
    /// Which ballots a promise closes to an acceptor, where it cannot come to vote in them any more.
    ClosedGaps,
}

impl Past {
    /// All of it: what a property reads that does not say.
    const ALL: &[Past] = &[Past::ClosedProposals, Past::ClosedGaps];
}

/// Every property, the ones that matter most first.
pub const ALL: &[Known] = &[
    invariant(
        "agreement",
        agreement,
        &[Kind::AcceptedDecides],
        "no two different values are ever chosen, nor announced by any node, nor told to any client",
    )
    .reading(&[]),
    invariant(
        "validity",
        validity,
        &[Kind::AcceptedDecides],
        "what is chosen or announced was asked for by a client",
    )
    .reading(&[]),
    invariant(
        "stability",
        stability,
        &[Kind::AcceptedDecides],
        "a node never changes its mind about what is chosen",
    )
    .reading(&[]),
    invariant(
        "announced-is-chosen",
        announced_is_chosen,
        &[Kind::AcceptedDecides, Kind::AskAnswered],
        "what a node announces, or a client is told, a quorum has voted for, by its votes or by what its promises report",
    )
    .reading(&[]),
    invariant(
        "promises-rise",
        promises_rise,
        &[Kind::PreparePromised, Kind::ProposeVoted],
        "an acceptor never forgets a promise or a vote: what it has promised is at least what it said",
    )
    .reading(&[]),
    invariant(
        "no-vote-below-promise",
        no_vote_below_promise,
        &[Kind::PreparePromised],
        "between the vote an acceptor reports in a promise and the ballot it promises, it never votes",
    )
    .reading(&[]),
    invariant(
        "one-value-per-ballot",
        one_value_per_ballot,
        &[Kind::PromiseProposes, Kind::PromiseAdopts],
        "all proposals and votes of one ballot are for one value",
    )
    .reading(&[]),
    invariant(
        "votes-are-safe",
        votes_are_safe,
        &[Kind::ProposeVoted],
        "a vote at ballot b is for the only value that can have been chosen below b",
    )
    .reading(&[]),
    invariant(
        "failure-is-true",
        failure_is_true,
        &[Kind::PostRefused, Kind::RequestInvalid, Kind::NodeBusy],
        "a client is told POST_FAILED, RETRYABLE or FATAL only if nothing was done of its request",
    )
    .reading(&[]),
    invariant(
        "linearizable",
        linearizable,
        &[Kind::ReadFindsNothing, Kind::ReadAnswered, Kind::ReadProposes],
        "clients that propose and clients that read are told what one register would tell that is written once: nobody \
         is told that nothing is chosen who asked when somebody had been told a value",
    )
    .reading(&[]),
    invariant(
        "waits-with-timer",
        waits_with_timer,
        &[Kind::AskBegins, Kind::TimeoutRetries],
        "a node with a ballot under way has a timer running, so that it tries again",
    )
    .reading(&[]),
    invariant(
        "learned-is-announced",
        learned_is_announced,
        &[Kind::AcceptedDecides],
        "a node that has learned what is chosen has announced it",
    )
    .reading(&[]),
    witness(
        "value-chosen",
        value_chosen,
        "a quorum can vote for a value: the world is not idle",
    )
    .reading(&[]),
    witness(
        "learner-learns",
        learner_learns,
        "a node that has started no ballot can learn what is chosen",
    )
    .reading(&[]),
    witness(
        "client-told",
        client_told,
        "a client can be told the outcome",
    )
    .reading(&[]),
    witness(
        "value-adopted",
        value_adopted,
        "a proposer can propose a value that none of its own clients asked for",
    )
    .reading(&[]),
    witness(
        "vote-superseded",
        vote_superseded,
        "an acceptor can vote again, in a higher ballot",
    )
    .reading(&[]),
    witness(
        "restart-mid-ballot",
        restart_mid_ballot,
        "a node can crash and restart while a ballot is under way at it",
    )
    .reading(&[]),
    witness(
        "told-after-unknown",
        told_after_unknown,
        "a client that was left with UNKNOWN can ask again and be told the outcome",
    )
    .reading(&[]),
];

/// The name of what has to happen on every fair path.
pub const DECIDES: &str = "decides";
/// The name of what has to happen in the end once something is chosen.
pub const ANNOUNCED: &str = "announced-in-the-end";
/// The name of what has to stay possible in every state.
pub const CAN_DECIDE: &str = "can-decide";

/// What has to happen where rounds never end; judged there alone, of infinite paths. Each is false of a path, or of
/// a state that can come to no good any more.
pub const LIVE: &[Known] = &[
    invariant(
        DECIDES,
        World::is_decided,
        &[],
        "on every fair path, however long it takes, some node learns what is chosen",
    ),
    invariant(
        CAN_DECIDE,
        World::is_decided,
        &[],
        "from every state that can be reached there is a way on which some node learns what is chosen",
    ),
    invariant(
        ANNOUNCED,
        |world, state| !world.is_chosen(state) || world.is_announced_by_all(state),
        &[],
        "on every fair path, what is chosen is announced in the end, by every learner that runs",
    ),
];

/// What is judged where rounds never end and a scenario asks for both.
static ENDLESS: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let safety = ALL.iter().filter(|known| JUDGED.contains(&known.name));
    LIVE.iter().chain(safety).copied().collect()
});

const fn invariant(
    name: &'static str,
    condition: fn(&World, &State) -> bool,
    rests_on: &'static [Kind],
    reason: &'static str,
) -> Known {
    Known {
        name,
        reason,
        rests_on,
        reads: Past::ALL,
        is_invariant: true,
        condition,
    }
}

const fn witness(
    name: &'static str,
    condition: fn(&World, &State) -> bool,
    reason: &'static str,
) -> Known {
    Known {
        name,
        reason,
        rests_on: &[],
        reads: Past::ALL,
        is_invariant: false,
        condition,
    }
}

impl Known {
    /// The same, of a property that reads no more than this of what is over.
    const fn reading(self, reads: &'static [Past]) -> Known {
        Known { reads, ..self }
    }

    /// Whether any property reads this.
    pub(crate) fn any_reads(past: Past) -> bool {
        ALL.iter().any(|known| known.reads.contains(&past))
    }

    /// The property of this name.
    pub fn named(name: &str) -> Option<&'static Known> {
        ALL.iter().chain(LIVE).find(|known| known.name == name)
    }

    /// What is judged of a scenario.
    pub fn of(scenario: &Scenario) -> &'static [Known] {
        match &scenario.endless {
            Some(endless) if endless.safety => &ENDLESS,
            Some(_) => LIVE,
            None => ALL,
        }
    }

    /// Whether it is one of [`LIVE`].
    pub fn is_live(&self) -> bool {
        LIVE.iter().any(|known| known.name == self.name)
    }

    /// Whether what breaks it is a path that goes on for ever, rather than a state.
    pub fn is_of_paths(&self) -> bool {
        self.name == DECIDES || self.name == ANNOUNCED
    }

    /// Whether it must be true in every state; if not, it must be true in some state.
    pub fn is_invariant(&self) -> bool {
        self.is_invariant
    }

    /// Whether it speaks only of failures that a scenario does not allow.
    pub fn is_excluded(&self, scenario: &Scenario) -> bool {
        let allowed = &scenario.world.faults;
        let is_excluded = |kind: &Kind| {
            let mut faults = Fault::ALL.iter().filter(|fault| !allowed.contains(fault));
            faults.any(|fault| Kind::of_fault(*fault) == *kind)
                || scenario.read.is_empty() && Kind::OF_READS.contains(kind)
        };
        !self.rests_on.is_empty() && self.rests_on.iter().all(is_excluded)
    }

    /// Whether its condition is true in a state of a world.
    pub(crate) fn is_true(&self, world: &World, state: &State) -> bool {
        (self.condition)(world, state)
    }

    /// As stateright has it.
    pub fn property(&self) -> Property<World> {
        match self.is_invariant {
            true => Property::always(self.name, self.condition),
            false => Property::sometimes(self.name, self.condition),
        }
    }
}

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

fn validity(world: &World, state: &State) -> bool {
    announced(state).is_subset(world.values())
        && (voted(votes(world, state)).is_subset(world.values())
            || chosen(world, state).is_subset(world.values()))
}

fn stability(_world: &World, state: &State) -> bool {
    state
        .packed()
        .iter()
        .all(|server| server.announced().len() <= 1)
}

fn announced_is_chosen(world: &World, state: &State) -> bool {
    let announced = announced(state);
    announced.is_empty()
        || announced.is_subset(chosen(world, state))
        || announced.is_subset(with_quorum(world, &testified(world, state)))
}

/// The votes, and those that acceptors have reported in promises: a crash can keep a vote from being told otherwise, and it
/// counts as well.
fn testified(world: &World, state: &State) -> Vec<Parcel> {
    let reported = promises(world, state).iter().filter_map(|promise| {
        let Message::Promise { accepted, .. } = promise.message() else {
            return None;
        };
        let Vote { ballot, value } = accepted?;
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

fn promises_rise(world: &World, state: &State) -> bool {
    let said = said(world, state);
    let mut servers = state.packed().iter().zip(said);
    servers.all(|(server, said)| said <= server.remembered_rank())
}

fn no_vote_below_promise(world: &World, state: &State) -> bool {
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
fn votes_are_safe(world: &World, state: &State) -> bool {
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

fn failure_is_true(_world: &World, state: &State) -> bool {
    let Some(clients) = &state.clients else {
        return true;
    };
    let mut asks = state.asks.iter().zip(&clients.calls);
    asks.all(|(outcome, call)| !outcome.is_failure() || !call.is_done)
}

fn waits_with_timer(world: &World, state: &State) -> bool {
    // Only nodes without a timer are unpacked, to be asked whether they wait.
    let mut proposers = world.cluster().proposers().iter();
    proposers.all(|id| {
        state.packed()[id.index()].has_timer()
            || !state.server(id).node(id, *world.cluster()).is_proposing()
    })
}

fn learned_is_announced(_world: &World, state: &State) -> bool {
    let mut servers = state.packed().iter();
    servers.all(|server| {
        let learned = server.learned();
        learned.is_none_or(|value| server.announced().contains(value))
    })
}

fn learner_learns(_world: &World, state: &State) -> bool {
    let mut servers = state.packed().iter();
    servers.any(|server| !server.announced().is_empty() && !server.has_used_a_round())
}

fn told_after_unknown(_world: &World, state: &State) -> bool {
    let Some(clients) = &state.clients else {
        return false;
    };
    let mut asks = state.asks.iter().zip(&clients.calls);
    asks.any(|(outcome, call)| outcome.told().is_some() && call.was_unknown)
}

fn value_chosen(world: &World, state: &State) -> bool {
    !chosen(world, state).is_empty()
}

fn client_told(_world: &World, state: &State) -> bool {
    state
        .asks
        .iter()
        .any(|outcome| matches!(outcome, Outcome::Success(_)))
}

fn value_adopted(world: &World, state: &State) -> bool {
    statements(world, state).any(|stated| {
        let proposer = stated.ballot().node.index();
        let mut asks = world.scenario().ask.iter();
        !asks.any(|ask| ask.of == proposer && ask.value == stated.value())
    })
}

fn vote_superseded(world: &World, state: &State) -> bool {
    votes(world, state).windows(2).any(|pair| {
        pair[0].from() == pair[1].from() && pair[0].ballot_rank() < pair[1].ballot_rank()
    })
}

fn restart_mid_ballot(_world: &World, state: &State) -> bool {
    state.mid_ballot
}
