//! The roles on every short history, against functions of the whole history.
//!
//! The roles keep a few words of state and update them. The second formulation keeps nothing: it
//! looks through all that ever happened and answers from there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "roles/again.rs"]
mod again;
mod common;
#[path = "common/messages.rs"]
mod messages;

use std::collections::BTreeSet;

use common::{Verdict, ballot, ensure, failing, node, wrong};
use messages::{NOTHING, accepted, nack, prepare, promise, propose, roles_apart};
use paxos::{
    Ballot, Broadcast, Durable, Effects, Envelope, Flexible, Input, Lamport, Message, Node, Round,
    Rules, StrictAccept, Timer, Vote,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Ask(char),
    Timeout,
    Hear(usize, Message<char>),
    /// The memory is lost, the disk stays.
    Crash,
}
use Event::{Ask, Crash, Hear, Timeout};

/// What an event brings about, and what the node keeps then.
type Outcome = (Effects<char>, Durable<char>);

/// A node whose every history up to a length is judged.
struct Stage<'a, R> {
    rules: &'a R,
    alphabet: &'a [Event],
    length: usize,
    /// The outcome of a history's last event.
    judge: &'a dyn Fn(&[Event]) -> Outcome,
}

impl<R: Rules> Stage<'_, R> {
    fn play(&self, node: &Node<char>, history: &mut Vec<Event>) -> Verdict {
        if history.len() == self.length {
            return Ok(());
        }
        for event in self.alphabet {
            let mut next = *node;
            let effects = match *event {
                Ask(value) => next.handle(self.rules, Input::Propose(value)),
                Timeout => next.handle(self.rules, Input::Timeout(Timer::Retry)),
                Hear(from, message) => {
                    let (from, to) = (common::node(from), next.id());
                    let envelope = Envelope { from, to, message };
                    next.handle(self.rules, Input::Receive(envelope))
                }
                Crash => {
                    next = Node::start(next.id(), *next.cluster(), self.rules, next.durable());
                    NOTHING
                }
            };
            history.push(*event);
            let expected = (self.judge)(history);
            let found = (effects, next.durable());
            ensure!(
                found == expected,
                "{history:?}\nexpected {expected:?}\nfound {found:?}"
            );
            self.play(&next, history)?;
            history.pop();
        }
        Ok(())
    }
}

fn play(
    rules: &impl Rules,
    id: usize,
    alphabet: &[Event],
    length: usize,
    judge: &dyn Fn(&[Event]) -> Outcome,
) -> Verdict {
    let stage = Stage {
        rules,
        alphabet,
        length,
        judge,
    };
    let start = Node::start(node(id), roles_apart(), rules, Durable::EMPTY);
    stage.play(&start, &mut Vec::new())
}

/// What was asked of an acceptor: the ballots of all Prepares and all Proposes. A crash is not among them, since nothing may be forgotten.
struct Asked {
    prepares: Vec<Ballot>,
    proposes: Vec<Ballot>,
}

impl Asked {
    fn of(history: &[Event]) -> Asked {
        let mut asked = Asked {
            prepares: Vec::new(),
            proposes: Vec::new(),
        };
        for event in history {
            match event {
                Hear(_, Message::Prepare { ballot }) => asked.prepares.push(*ballot),
                Hear(_, Message::Propose { ballot, .. }) => asked.proposes.push(*ballot),
                Ask(_) | Timeout | Hear(..) | Crash => {}
            }
        }
        asked
    }
}

/// An accept rule as a function of what was asked before.
#[derive(Clone, Copy)]
struct AcceptRule {
    /// All ballots that bind the acceptor, were they granted or refused: a ballot is refused only
    /// because of a higher one.
    binding: fn(&Asked) -> Vec<Ballot>,
    votes: fn(&Asked, Ballot) -> bool,
}

const LAMPORT: AcceptRule = AcceptRule {
    binding: |asked| [&asked.prepares[..], &asked.proposes].concat(),
    votes: |asked, ballot| {
        let mut all = asked.prepares.iter().chain(&asked.proposes);
        all.all(|other| *other <= ballot)
    },
};

const NOTES: AcceptRule = AcceptRule {
    binding: |asked| asked.prepares.clone(),
    votes: |asked, ballot| {
        asked.prepares.contains(&ballot) && asked.prepares.iter().all(|other| *other <= ballot)
    },
};

/// What an acceptor keeps after a history.
fn kept(rule: AcceptRule, history: &[Event]) -> Durable<char> {
    let mut vote = None;
    for (i, event) in history.iter().enumerate() {
        if let Hear(_, Message::Propose { ballot, value }) = *event
            && (rule.votes)(&Asked::of(&history[..i]), ballot)
        {
            vote = Some(Vote { ballot, value });
        }
    }
    Durable {
        round: None,
        promised: (rule.binding)(&Asked::of(history)).into_iter().max(),
        accepted: vote,
    }
}

fn acceptor_by_history(rule: AcceptRule, history: &[Event]) -> Outcome {
    let (before, after) = (
        kept(rule, &history[..history.len() - 1]),
        kept(rule, history),
    );
    let asked = Asked::of(&history[..history.len() - 1]);
    let binding = (rule.binding)(&asked);
    let answer = match *history.last().unwrap() {
        Hear(from, Message::Prepare { ballot }) if binding.iter().all(|b| *b < ballot) => {
            let vote = before.accepted.map(|vote| (vote.ballot, vote.value));
            Some((vec![from], promise(ballot, vote)))
        }
        Hear(from, Message::Propose { ballot, value }) if (rule.votes)(&asked, ballot) => {
            Some((vec![from, 5], accepted(ballot, value)))
        }
        Hear(from, Message::Prepare { ballot } | Message::Propose { ballot, .. }) => {
            let highest = binding.into_iter().max();
            let higher = highest.filter(|highest| *highest > ballot);
            higher.map(|higher| (vec![from], nack(ballot, higher)))
        }
        Ask(_) | Timeout | Hear(..) | Crash => None,
    };
    let effects = Effects {
        persist: (before != after).then_some(after),
        send: answer.map(|(to, message)| Broadcast {
            from: node(2),
            to: to.into_iter().map(node).collect(),
            message,
        }),
        ..NOTHING
    };
    (effects, after)
}

fn acceptor_agrees(rules: &impl Rules, rule: AcceptRule) -> Verdict {
    let mut alphabet = vec![Crash];
    for ballot in [ballot(1, 0), ballot(1, 1), ballot(2, 0)] {
        let from = ballot.node.index();
        alphabet.push(Hear(from, prepare(ballot)));
        alphabet.push(Hear(from, propose(ballot, 'A')));
        alphabet.push(Hear(from, propose(ballot, 'B')));
    }
    play(rules, 2, &alphabet, 4, &|history| {
        acceptor_by_history(rule, history)
    })
}

/// What happened since the last crash.
fn since_crash(history: &[Event]) -> &[Event] {
    let crash = history.iter().rposition(|event| *event == Crash);
    &history[crash.map_or(0, |i| i + 1)..]
}

/// The value that the last of these events makes chosen: it is a vote, of the highest ballot heard
/// of, and enough acceptors voted in that ballot for the value it was first heard with.
fn completes(heard: &[Event], needed: usize) -> Option<char> {
    let Hear(2..=4, Message::Accepted { ballot: last, .. }) = *heard.last()? else {
        return None;
    };
    let mut votes = Vec::new();
    for event in heard {
        if let Hear(from @ 2..=4, Message::Accepted { ballot, value }) = *event {
            votes.push((from, ballot, value));
        }
    }
    let (_, _, value) = *votes.iter().find(|(_, ballot, _)| *ballot == last)?;
    let voters: BTreeSet<usize> = votes
        .iter()
        .filter(|(_, ballot, said)| *ballot == last && *said == value)
        .map(|(from, _, _)| *from)
        .collect();
    let highest = votes.iter().all(|(_, ballot, _)| *ballot <= last);
    (highest && voters.len() >= needed).then_some(value)
}

/// The value a learner knows after a history: that of the first quorum completed since its start.
fn known(history: &[Event], needed: usize) -> Option<char> {
    let heard = since_crash(history);
    (1..=heard.len()).find_map(|length| completes(&heard[..length], needed))
}

/// What a node says of the decision, if its last event lets it.
fn news(history: &[Event], needed: usize) -> Option<char> {
    let (last, before) = history.split_last().unwrap();
    match (last, known(before, needed)) {
        (Crash, _) => None,
        (Ask(_), Some(known)) => Some(known),
        (Timeout | Hear(..), Some(_)) => None,
        (Ask(_) | Timeout | Hear(..), None) => known(history, needed),
    }
}

/// A quorum of phase 2 needs `needed` of three acceptors.
fn learner_agrees(rules: &impl Rules, needed: usize) -> Verdict {
    let mut alphabet = vec![Crash, Ask('C')];
    for from in 2..=4 {
        alphabet.push(Hear(from, accepted(ballot(1, 0), 'A')));
        alphabet.push(Hear(from, accepted(ballot(1, 1), 'B')));
    }
    alphabet.push(Hear(2, accepted(ballot(1, 0), 'B')));
    alphabet.push(Hear(3, accepted(ballot(2, 0), 'A')));
    alphabet.push(Hear(1, accepted(ballot(1, 1), 'B')));
    play(rules, 5, &alphabet, 4, &|history| {
        let effects = Effects {
            chosen: news(history, needed),
            ..NOTHING
        };
        (effects, Durable::EMPTY)
    })
}

/// How many promises and how many votes are needed.
type Sizes = (usize, usize);

/// The client's value that is pursued after a history.
fn pursued(history: &[Event], sizes: Sizes) -> Option<char> {
    if known(history, sizes.1).is_some() {
        return None;
    }
    since_crash(history).iter().find_map(|event| match event {
        Ask(value) => Some(*value),
        Timeout | Hear(..) | Crash => None,
    })
}

/// For each event the round it begins: the first above all rounds ever begun, and above what was
/// promised in the refusals, heard since the last crash, of the ballot that was then the latest.
fn begun(history: &[Event], sizes: Sizes) -> Vec<Option<u32>> {
    let mut begun: Vec<Option<u32>> = Vec::new();
    for (i, event) in history.iter().enumerate() {
        let asked = pursued(&history[..i], sizes);
        let begins = match event {
            Ask(_) => asked.is_none() && known(&history[..i], sizes.1).is_none(),
            Timeout => asked.is_some(),
            Hear(..) | Crash => false,
        };
        let start = i - since_crash(&history[..i]).len();
        let mut top = begun.iter().flatten().copied().max().unwrap_or(0);
        for j in start..i {
            let latest = begun[start..j].iter().flatten().max();
            if let Hear(
                2..=4,
                Message::Nack {
                    ballot: b,
                    promised,
                },
            ) = history[j]
                && latest.is_some_and(|round| b == ballot(*round, 1))
            {
                top = top.max(promised.round.number());
            }
        }
        begun.push(if begins { top.checked_add(1) } else { None });
    }
    begun
}

/// The proposal the last event allows: it is a promise, and with it the first `sizes.0` acceptors
/// have promised the latest ballot.
fn proposal(history: &[Event], begun: &[Option<u32>], sizes: Sizes) -> Option<Message<char>> {
    let own = pursued(history, sizes)?;
    let start = history.len() - since_crash(history).len();
    let latest = (start..history.len()).rfind(|i| begun[*i].is_some())?;
    let ballot = ballot(begun[latest]?, 1);
    let mut promised: Vec<(usize, Option<Vote<char>>)> = Vec::new();
    let mut last_counts = false;
    for event in &history[latest..] {
        last_counts = false;
        if let Hear(
            from @ 2..=4,
            Message::Promise {
                ballot: b,
                accepted,
            },
        ) = *event
            && b == ballot
            && !promised.iter().any(|(other, _)| *other == from)
        {
            promised.push((from, accepted));
            last_counts = true;
        }
    }
    let mut votes: Vec<Vote<char>> = promised.iter().filter_map(|(_, vote)| *vote).collect();
    votes.sort_by_key(|vote| vote.ballot);
    let value = votes.last().map_or(own, |vote| vote.value);
    (last_counts && promised.len() == sizes.0).then(|| propose(ballot, value))
}

fn proposer_by_history(history: &[Event], sizes: Sizes) -> Outcome {
    let begun = begun(history, sizes);
    let keeps = Durable {
        round: Round::new(begun.iter().flatten().copied().max().unwrap_or(0)),
        ..Durable::EMPTY
    };
    let begins = begun.last().copied().flatten();
    let said = match begins {
        Some(round) => Some(prepare(ballot(round, 1))),
        None => proposal(history, &begun, sizes),
    };
    let effects = Effects {
        persist: begins.map(|_| keeps),
        set_timer: said.map(|_| Timer::Retry),
        send: said.map(|message| Broadcast {
            from: node(1),
            to: roles_apart().acceptors(),
            message,
        }),
        chosen: news(history, sizes.1),
    };
    (effects, keeps)
}

fn proposer_agrees(rules: &impl Rules, sizes: Sizes) -> Verdict {
    let (low, first, second, third) = (ballot(1, 0), ballot(1, 1), ballot(2, 1), ballot(3, 1));
    let judge = |history: &[Event]| proposer_by_history(history, sizes);
    let a_little_of_all = [
        Ask('A'),
        Ask('B'),
        Timeout,
        Crash,
        Hear(2, promise(first, None)),
        Hear(3, promise(first, Some((low, 'C')))),
        Hear(0, promise(first, None)),
        Hear(4, nack(first, ballot(4, 0))),
        Hear(2, nack(second, ballot(2, 5))),
        Hear(2, accepted(first, 'A')),
        Hear(3, accepted(first, 'A')),
    ];
    play(rules, 1, &a_little_of_all, 4, &judge)?;
    let rounds = [
        Ask('A'),
        Timeout,
        Crash,
        Hear(4, nack(first, ballot(4, 0))),
        Hear(2, nack(second, ballot(2, 5))),
        Hear(3, nack(second, ballot(u32::MAX, 0))),
    ];
    play(rules, 1, &rounds, 5, &judge)?;
    let decisions = [
        Ask('A'),
        Timeout,
        Hear(2, promise(first, None)),
        Hear(3, promise(first, None)),
        Hear(2, accepted(first, 'A')),
        Hear(3, accepted(first, 'A')),
    ];
    play(rules, 1, &decisions, 5, &judge)?;
    // Promises in every order, of a proposer that was asked and has timed out.
    let promises = [
        Timeout,
        Hear(2, promise(second, Some((low, 'C')))),
        Hear(3, promise(second, Some((first, 'A')))),
        Hear(3, promise(second, Some((low, 'C')))),
        Hear(4, promise(second, None)),
        Hear(4, promise(third, Some((second, 'B')))),
    ];
    let asked = [Ask('D'), Timeout];
    let mut start = Node::start(node(1), roles_apart(), rules, Durable::EMPTY);
    let _ = start.handle(rules, Input::Propose('D'));
    let _ = start.handle(rules, Input::Timeout(Timer::Retry));
    let stage = Stage {
        rules,
        alphabet: &promises,
        length: 4,
        judge: &|history| judge(&[&asked, history].concat()),
    };
    stage.play(&start, &mut Vec::new())
}

fn verdicts(rules: &impl Rules, rule: AcceptRule, sizes: Sizes) -> Vec<(&'static str, Verdict)> {
    vec![
        ("acceptor", acceptor_agrees(rules, rule)),
        ("proposer", proposer_agrees(rules, sizes)),
        ("learner", learner_agrees(rules, sizes.1)),
    ]
}

fn assert_all_pass(verdicts: Vec<(&'static str, Verdict)>) {
    for (name, verdict) in verdicts {
        if let Err(error) = verdict {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn the_roles_agree_with_lamport() {
    assert_all_pass(verdicts(&Lamport, LAMPORT, (2, 2)));
}

#[test]
fn the_roles_agree_with_the_notes() {
    assert_all_pass(verdicts(&StrictAccept, NOTES, (2, 2)));
}

#[test]
fn the_roles_agree_with_flexible_quorums() {
    for (prepare, accept) in [(3, 1), (1, 3), (3, 2)] {
        let rules = Flexible { prepare, accept };
        assert_all_pass(verdicts(&rules, LAMPORT, (prepare, accept)));
    }
}

fn rejects(rules: &impl Rules, by: &[&str]) {
    assert_eq!(failing(verdicts(rules, LAMPORT, (2, 2))), by);
}

#[test]
fn wrong_acceptors_are_rejected() {
    rejects(&wrong::PromiseEqual, &["acceptor"]);
    rejects(&wrong::PromiseStale, &["acceptor"]);
    rejects(&wrong::PromiseChecksVoteOnly, &["acceptor"]);
    rejects(&wrong::PromiseHidesVote, &["acceptor"]);
    rejects(&wrong::AcceptStale, &["acceptor"]);
    rejects(&wrong::AcceptStrict, &["acceptor"]);
    rejects(&wrong::AcceptKeepsPromise, &["acceptor"]);
    rejects(&wrong::PromiseForgotten, &["acceptor"]);
    rejects(&wrong::VoteForgotten, &["acceptor"]);
}

#[test]
fn wrong_proposers_are_rejected() {
    rejects(&wrong::RoundReused, &["proposer"]);
    rejects(&wrong::SeenIgnored, &["proposer"]);
    rejects(&wrong::RoundsWrap, &["proposer"]);
    rejects(&wrong::BallotsNotUnique, &["proposer"]);
    rejects(&wrong::LowestVote, &["proposer"]);
    rejects(&wrong::FirstVote, &["proposer"]);
    rejects(&wrong::LastVote, &["proposer"]);
    rejects(&wrong::HighestValue, &["proposer"]);
    rejects(&wrong::OwnValue, &["proposer"]);
    rejects(&wrong::SmallPrepareQuorum, &["proposer"]);
    rejects(&wrong::RoundForgotten, &["proposer"]);
    // Of three acceptors, half is a majority; the rules are rejected for even numbers.
    rejects(&wrong::HalfQuorum, &[]);
}

#[test]
fn a_wrong_learner_is_rejected() {
    let hasty = Flexible {
        prepare: 2,
        accept: 1,
    };
    assert_eq!(
        failing(verdicts(&hasty, LAMPORT, (2, 2))),
        ["proposer", "learner"]
    );
    assert_eq!(
        failing(verdicts(&StrictAccept, LAMPORT, (2, 2))),
        ["acceptor"]
    );
}
