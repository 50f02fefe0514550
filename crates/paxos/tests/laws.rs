//! The laws of [`Node::handle`], for every input in every reachable state of small worlds.
//!
//! They hold whatever the rules prefer, count or number. Rules that make a node forget, or belie what
//! it keeps, break them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
#[path = "common/messages.rs"]
mod messages;

use std::collections::BTreeSet;

use common::{Verdict, ballot, ensure, failing, node, wrong};
use messages::{NOTHING, accepted, nack, prepare, promise, propose, roles_apart};
use paxos::{
    Ballot, Cluster, Durable, Envelope, Flexible, Input, Lamport, Learner, Message, Node, Rules,
    StrictAccept, Timer, Vote,
};

/// The small universe of one node: what it can be given.
struct Small {
    name: &'static str,
    depth: usize,
    cluster: Cluster,
    id: usize,
    inputs: Vec<Input<char>>,
}

impl Small {
    fn new(
        name: &'static str,
        depth: usize,
        cluster: Cluster,
        id: usize,
        peers: &[usize],
        ballots: &[Ballot],
    ) -> Small {
        let mut inputs = vec![
            Input::Propose('A'),
            Input::Propose('B'),
            Input::Timeout(Timer::Retry),
        ];
        let mut messages = Vec::new();
        for ballot in ballots.iter().copied() {
            messages.extend([prepare(ballot), promise(ballot, None)]);
            for value in ['A', 'B'] {
                messages.extend([propose(ballot, value), accepted(ballot, value)]);
            }
            for other in ballots.iter().copied() {
                messages.extend([nack(ballot, other), promise(ballot, Some((other, 'B')))]);
            }
        }
        for message in messages {
            let elsewhere = (node(peers[0]), node(15));
            let here = peers.iter().map(|peer| (node(*peer), node(id)));
            for (from, to) in here.chain([elsewhere]) {
                inputs.push(Input::Receive(Envelope { from, to, message }));
            }
        }
        Small {
            name,
            depth,
            cluster,
            id,
            inputs,
        }
    }
}

/// What the node says, against what it keeps at that moment.
fn says_only_what_it_keeps(message: &Message<char>, keeps: &Durable<char>) -> bool {
    match *message {
        Message::Prepare { ballot } => keeps.round == Some(ballot.round),
        Message::Propose { ballot, .. } => keeps.round == Some(ballot.round),
        Message::Promise { ballot, accepted } => {
            keeps.promised == Some(ballot) && keeps.accepted == accepted
        }
        Message::Accepted { ballot, value } => {
            keeps.promised >= Some(ballot) && keeps.accepted == Some(Vote { ballot, value })
        }
        Message::Nack { ballot, promised } => promised > ballot && keeps.promised == Some(promised),
    }
}

/// Whether an input is for the node, and from a node that may say such a thing.
fn concerns(input: &Input<char>, node: &Node<char>) -> bool {
    let Input::Receive(envelope) = input else {
        return true;
    };
    let speakers = match envelope.message {
        Message::Prepare { .. } | Message::Propose { .. } => node.cluster().proposers(),
        Message::Promise { .. } | Message::Accepted { .. } | Message::Nack { .. } => {
            node.cluster().acceptors()
        }
    };
    envelope.to == node.id() && speakers.iter().any(|speaker| speaker == envelope.from)
}

/// One step, by the laws that hold for every input in every state.
fn step_obeys_the_laws(rules: &impl Rules, before: &Node<char>, input: &Input<char>) -> Verdict {
    let mut after = *before;
    let effects = after.handle(rules, *input);
    let (had, keeps) = (before.durable(), after.durable());
    let law = |name: &str, holds: bool| {
        ensure!(holds, "{name}: {before:?} {input:?} {effects:?} {after:?}");
        Ok(())
    };
    law(
        "what is persisted is what must be kept, if it changed",
        effects.persist == (had != keeps).then_some(keeps),
    )?;
    law(
        "nothing durable changes in silence",
        effects.persist.is_none() || effects.send.is_some(),
    )?;
    let message = effects.send.map(|send| send.message);
    law(
        "what is said is kept",
        message.is_none_or(|message| says_only_what_it_keeps(&message, &keeps)),
    )?;
    law(
        "a timer runs while an answer is awaited",
        effects.set_timer.is_some()
            == matches!(
                message,
                Some(Message::Prepare { .. } | Message::Propose { .. })
            ),
    )?;
    law(
        "what is durable only rises",
        had.round <= keeps.round
            && had.promised <= keeps.promised
            && had.accepted.map(|vote| vote.ballot) <= keeps.accepted.map(|vote| vote.ballot),
    )?;
    law(
        "no vote is above the promise",
        keeps.accepted.map(|vote| vote.ballot) <= keeps.promised,
    )?;
    law(
        "the decision is stable",
        before.chosen().is_none() || before.learner() == after.learner(),
    )?;
    law(
        "news is what is known, and told when it becomes known",
        effects
            .chosen
            .is_none_or(|news| after.chosen() == Some(&news))
            && (before.chosen() == after.chosen() || effects.chosen.is_some()),
    )?;
    law(
        "who knows the decision pursues nothing",
        after.chosen().is_none() || !after.is_proposing(),
    )?;
    law(
        "a time-out starts a round exactly if a value is pursued",
        after.is_proposing() == {
            let mut later = after;
            let retry = later.handle(rules, Input::Timeout(Timer::Retry));
            retry.send.is_some()
        },
    )?;
    law(
        "what does not concern the node changes nothing",
        concerns(input, before) || (effects == NOTHING && before == &after),
    )?;
    let restarted = Node::start(after.id(), *after.cluster(), rules, keeps);
    law(
        "a restart keeps all that is durable and nothing else",
        restarted.durable() == keeps
            && *restarted.learner() == Learner::Unaware
            && !restarted.is_proposing(),
    )
}

/// All states reachable within a number of inputs and restarts; every input in each. How many
/// states that are.
fn explore(rules: &impl Rules, small: &Small) -> Result<usize, String> {
    let start = Node::start(node(small.id), small.cluster, rules, Durable::EMPTY);
    let mut seen = BTreeSet::from([start]);
    let mut edge = vec![start];
    for _ in 0..small.depth {
        let mut next = Vec::new();
        for before in &edge {
            for input in &small.inputs {
                step_obeys_the_laws(rules, before, input)?;
                let mut after = *before;
                let _ = after.handle(rules, *input);
                let restarted = Node::start(after.id(), small.cluster, rules, after.durable());
                for state in [after, restarted] {
                    if state != *before && seen.insert(state) {
                        next.push(state);
                    }
                }
            }
        }
        edge = next;
    }
    Ok(seen.len())
}

fn small_worlds() -> [Small; 6] {
    let ballots = [ballot(1, 0), ballot(1, 1), ballot(2, 0)];
    let apart = roles_apart();
    let [one, three] = [1, 3].map(|servers| Cluster::all_roles(servers).unwrap());
    let outsider = 9;
    [
        Small::new("proposer", 3, apart, 0, &[2, 3, 1, outsider], &ballots),
        Small::new("acceptor", 6, apart, 2, &[0, 1, 3], &ballots),
        Small::new("learner", 6, apart, 5, &[2, 3, 1], &ballots),
        Small::new("outsider", 4, apart, outsider, &[0, 2, outsider], &ballots),
        Small::new("one server", 5, one, 0, &[0], &ballots[..2]),
        Small::new("three servers", 3, three, 0, &[1, 0], &ballots[..2]),
    ]
}

fn verdicts(rules: &impl Rules) -> Vec<(&'static str, Verdict)> {
    let worlds = small_worlds();
    let explored = worlds
        .iter()
        .map(|small| (small.name, explore(rules, small).map(|_| ())));
    explored.collect()
}

#[test]
fn the_rules_obey_the_laws() {
    let flexible = Flexible {
        prepare: 3,
        accept: 1,
    };
    for verdicts in [
        verdicts(&Lamport),
        verdicts(&StrictAccept),
        verdicts(&flexible),
    ] {
        for (name, verdict) in verdicts {
            assert_eq!(verdict, Ok(()), "{name}");
        }
    }
}

/// A change of these numbers is a change of the core.
#[test]
fn the_small_worlds_are_as_large_as_they_were() {
    let states = |small: &Small| explore(&Lamport, small).unwrap();
    let sizes: Vec<usize> = small_worlds().iter().map(states).collect();
    assert_eq!(sizes, [458, 112, 15, 7, 342, 610]);
}

#[test]
fn rules_that_break_a_nodes_word_are_rejected() {
    fn rejects(rules: &impl Rules, role: &str) {
        assert_eq!(
            failing(verdicts(rules)),
            [role, "one server", "three servers"]
        );
    }
    rejects(&wrong::PromiseStale, "acceptor");
    rejects(&wrong::PromiseChecksVoteOnly, "acceptor");
    rejects(&wrong::PromiseHidesVote, "acceptor");
    rejects(&wrong::AcceptStale, "acceptor");
    rejects(&wrong::AcceptKeepsPromise, "acceptor");
    rejects(&wrong::RoundForgotten, "proposer");
    rejects(&wrong::PromiseForgotten, "acceptor");
    rejects(&wrong::VoteForgotten, "acceptor");
}

/// Strange rules can undo a decision; they cannot make a node panic, or say what it does
/// not keep.
#[test]
fn the_laws_hold_under_rules_that_are_wrong_elsewhere() {
    fn accepts(rules: &impl Rules) {
        assert!(failing(verdicts(rules)).is_empty());
    }
    accepts(&wrong::RoundReused);
    accepts(&wrong::SeenIgnored);
    accepts(&wrong::RoundsWrap);
    accepts(&wrong::BallotsNotUnique);
    accepts(&wrong::PromiseEqual);
    accepts(&wrong::LowestVote);
    accepts(&wrong::FirstVote);
    accepts(&wrong::LastVote);
    accepts(&wrong::HighestValue);
    accepts(&wrong::OwnValue);
    accepts(&wrong::AcceptStrict);
    accepts(&wrong::HalfQuorum);
    accepts(&wrong::SmallPrepareQuorum);
}
