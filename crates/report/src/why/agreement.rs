//! How two values came to be the one, and who stood between them.

use paxos::{NodeId, NodeSet, Phase, Vote};

use super::claims::claims;
use super::reading::{Reading, Step};
use crate::quorums::Quorum;
use crate::words;

/// The two claims that contradict each other, and what the quorums behind them have in common.
pub(super) fn facts(reading: &Reading<'_>) -> Vec<String> {
    let claims = claims(reading);
    let Some(first) = claims.first() else {
        return Vec::new();
    };
    let Some(second) = claims.iter().find(|claim| claim.value != first.value) else {
        return Vec::new();
    };
    let mut facts = vec![first.told.clone(), second.told.clone()];
    if let (Some(one), Some(other)) = (first.quorum, second.quorum) {
        let (lower, higher) = match one.ballot < other.ballot {
            true => (one, other),
            false => (other, one),
        };
        if lower.ballot != higher.ballot {
            facts.extend(between(reading, &lower, &higher));
        }
    }
    facts
}

/// The promises that the proposal of the higher ballot rests on, and which of them are from acceptors that voted in the
/// lower one. Quorums meet so that one of these tells of its vote, or does not vote any more.
fn between(reading: &Reading<'_>, lower: &Quorum, higher: &Quorum) -> Option<String> {
    let mut quorums = reading.quorums.iter();
    let promises = quorums.find(|quorum| {
        (quorum.phase, quorum.ballot, quorum.value) == (Phase::Prepare, higher.ballot, higher.value)
    })?;
    let proposal = Vote {
        ballot: higher.ballot,
        value: higher.value,
    };
    let vote = Vote {
        ballot: lower.ballot,
        value: lower.value,
    };
    let (members, step) = (promises.members, promises.step);
    let rests = match members.len() {
        0 => {
            return Some(format!(
                "{proposal} was proposed at step {step}, and nobody had promised {}.",
                higher.ballot
            ));
        }
        1 => format!(
            "{proposal} was proposed at step {step} on the promise of {}",
            words::names(members)
        ),
        _ => format!(
            "{proposal} was proposed at step {step} on the promises of {}",
            words::names(members)
        ),
    };
    let both = members.intersection(lower.members);
    let details: Vec<(bool, String)> = both
        .iter()
        .filter_map(|node| in_both(reading, node, vote, higher))
        .collect();
    // The one that did not do what it is there for says most.
    let telling = details
        .iter()
        .find(|(is_odd, _)| *is_odd)
        .or(details.first());
    Some(match (both.len(), telling) {
        (0, _) => format!("{rests}, {} of whom voted for {vote}.", none(members)),
        (1, Some((_, detail))) => format!("{rests}, who voted for {vote}, too: {detail}."),
        (_, Some((_, detail))) => format!(
            "{rests}; {} voted for {vote}, too: {detail}.",
            words::names(both)
        ),
        (_, None) => format!("{rests}; {} voted for {vote}, too.", words::names(both)),
    })
}

fn none(members: NodeSet) -> &'static str {
    match members.len() {
        2 => "neither",
        _ => "none",
    }
}

/// What an acceptor of both quorums did first, and whether that is odd.
fn in_both(
    reading: &Reading<'_>,
    node: NodeId,
    vote: Vote<model::Letter>,
    higher: &Quorum,
) -> Option<(bool, String)> {
    let voted = reading.voted_at(node, vote)?;
    let promised = |step: &&Step| {
        step.promises(node)
            .any(|(ballot, _)| ballot == higher.ballot)
    };
    let step = reading.steps.iter().find(promised)?;
    let (_, reported) = step.promises(node).next()?;
    let (number, ballot) = (step.number, higher.ballot);
    if number < voted {
        let detail = format!(
            "{node} promised {ballot} at step {number} and voted for {vote} at step {voted} all the same"
        );
        return Some((true, detail));
    }
    let report = match reported {
        None => "reporting no vote".to_owned(),
        Some(reported) => format!("reporting {reported}"),
    };
    let detail =
        format!("{node} voted at step {voted} and promised {ballot} at step {number}, {report}");
    Some((reported.is_none_or(|reported| reported < vote), detail))
}
