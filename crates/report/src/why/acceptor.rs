//! What binds acceptors: promises rise, tell the vote, and keep it from falling behind them.

use model::{Letter, Variant};
use paxos::{Ballot, Message, NodeId, Vote};

use super::reading::{Reading, Step};

/// A ballot is promised only above all that was promised (Paxos Made Simple 2.2, 1(b)). Hosts that repeat may give the last
/// promise again, until its ballot is voted in.
pub(super) fn promises_what_is_higher(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let (node, ballot) = promised(step)?;
    let known = step.before.server(node).acceptor.promised?;
    let (bound, number) = (reading.bound(node, known, step.number), step.number);
    if known > ballot {
        return Some(format!(
            "{node} had {bound} and promised {ballot} at step {number}, which is below."
        ));
    }
    let to = step.heard()?.from;
    let vote = step.before.server(node).acceptor.accepted;
    let is_repeated = reading.world.repeats() && vote.is_none_or(|vote| vote.ballot < ballot);
    (known == ballot && !is_repeated).then(|| {
        format!("{node} promised {ballot} to {to} at step {number}, though it had {bound} already.")
    })
}

/// The ballot that an acceptor promised when it was asked: it said so, or has it on its disk at least.
fn promised(step: &Step) -> Option<(NodeId, Ballot)> {
    let asked = step.heard()?;
    let Message::Prepare { ballot } = asked.message else {
        return None;
    };
    let [was, is] = [&step.before, &step.after].map(|state| state.server(asked.to).disk.promised);
    let is_saved = was != is && is == Some(ballot);
    let is_said = step.promises(asked.to).any(|(said, _)| said == ballot);
    (is_saved || is_said).then_some((asked.to, ballot))
}

/// A promise tells the acceptor's last vote (2.2, 1(b)).
pub(super) fn reports_its_vote(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let node = step.heard()?.to;
    let (ballot, reported) = step.promises(node).next()?;
    let vote = step.before.server(node).acceptor.accepted;
    if reported == vote {
        return None;
    }
    let number = step.number;
    let report = match reported {
        None => "reported no vote".to_owned(),
        Some(reported) => format!("reported the vote {reported}"),
    };
    let truth = match vote {
        None => "it had never voted".to_owned(),
        Some(vote) => format!("it had voted for {vote}{}", at_step(reading, node, vote)),
    };
    Some(format!(
        "{node} promised {ballot} at step {number} and {report}, though {truth}."
    ))
}

fn at_step(reading: &Reading<'_>, node: NodeId, vote: Vote<Letter>) -> String {
    let step = reading.voted_at(node, vote);
    step.map_or(String::new(), |step| format!(" at step {step}"))
}

/// The vote that an acceptor cast when it was asked.
fn voted(step: &Step) -> Option<(NodeId, Vote<Letter>)> {
    let asked = step.heard()?;
    asked.message.proposal()?;
    Some((asked.to, step.vote(asked.to)?))
}

/// No vote below a promise (P1a); by the notes' rule, none but in the very ballot promised.
pub(super) fn keeps_its_promise(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let (node, vote) = voted(step)?;
    let (ballot, number) = (vote.ballot, step.number);
    let known = step.before.server(node).acceptor.promised;
    if let Some(known) = known.filter(|known| *known > ballot) {
        let bound = reading.bound(node, known, number);
        return Some(format!(
            "{node} had {bound} and voted for {vote} at step {number}, which is below."
        ));
    }
    let asks_for_promise = match reading.rules.variant {
        Variant::StrictAccept => true,
        Variant::Lamport | Variant::Flexible(_) | Variant::Weighted(_) | Variant::QuorumSets(_) => {
            false
        }
    };
    (asks_for_promise && known != Some(ballot)).then(|| {
        format!("{node} voted for {vote} at step {number} without having promised {ballot}, as the notes' rule asks.")
    })
}

/// An acceptor stands by all that it said, whatever it remembers.
pub(super) fn keeps_its_word(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let node = step.heard()?.to;
    let (ballot, did) = match step.vote(node) {
        Some(vote) => (vote.ballot, format!("voted for {vote}")),
        None => {
            let (ballot, _) = step.promises(node).next()?;
            (ballot, format!("promised {ballot}"))
        }
    };
    let said = |step: &Step| {
        let promised = step.promises(node).next();
        let promised = promised.map(|(ballot, _)| (ballot, format!("promised {ballot}")));
        let voted = step
            .vote(node)
            .map(|vote| (vote.ballot, format!("voted for {vote}")));
        let (said, told) = promised.or(voted)?;
        (said > ballot).then(|| format!("{told} at step {}", step.number))
    };
    let had = reading.steps[..step.number - 1]
        .iter()
        .rev()
        .find_map(said)?;
    Some(format!(
        "{node} {did} at step {}, though it had {had}.",
        step.number
    ))
}

/// A vote is a promise, too: nothing below it is voted for later.
pub(super) fn raises_its_promise_by_voting(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    let (node, _) = voted(step)?;
    let vote = step.saved_vote(node)?;
    let promised = step.after.server(node).disk.promised;
    let stayed = promised.map_or("it had promised nothing".to_owned(), |promised| {
        format!("its promise stayed at {promised}")
    });
    (promised < Some(vote.ballot)).then(|| {
        format!(
            "{node} voted for {vote} at step {} and did not promise {} by that: {stayed}.",
            step.number, vote.ballot
        )
    })
}
