//! How two values came to be the one, and who stood between them.

use model::Letter;
use paxos::{NodeId, Phase, Vote};

use super::Breach;
use super::claims::{Claim, claims};
use super::reading::{Reading, Step};
use crate::quorums::Quorum;
use crate::words;

/// The two claims that contradict each other, and what the quorums behind them have in common.
///
/// What is `told` of some steps anyway is not told here.
pub(super) fn facts(reading: &Reading<'_>, told: &[Breach]) -> Vec<String> {
    let claims = claims(reading);
    let Some(first) = claims.first() else {
        return Vec::new();
    };
    let Some(second) = claims.iter().find(|claim| claim.value != first.value) else {
        return Vec::new();
    };
    let is_told = |claim: &Claim| {
        let mut told = told.iter();
        claim.quorum.is_none() && told.any(|breach| breach.step == claim.step)
    };
    let claims = [first, second].into_iter();
    let claims = claims.filter(|claim| !is_told(claim));
    let mut facts: Vec<String> = claims.map(|claim| claim.told.clone()).collect();
    if let (Some(one), Some(other)) = (first.quorum, second.quorum) {
        let (lower, higher) = match one.ballot < other.ballot {
            true => (one, other),
            false => (other, one),
        };
        if lower.ballot != higher.ballot {
            facts.extend(between(reading, &lower, &higher, told));
            facts.extend(reading.missing());
        }
    }
    facts
}

/// The promises that the proposal of the higher ballot rests on, and which of them are from acceptors that voted in the
/// lower one. Quorums meet so that one of these tells of its vote, or does not vote any more.
fn between(
    reading: &Reading<'_>,
    lower: &Quorum,
    higher: &Quorum,
    told: &[Breach],
) -> Option<String> {
    let mut quorums = reading.quorums.iter();
    let promises = quorums.find(|quorum| {
        (quorum.phase, quorum.ballot, quorum.value) == (Phase::Prepare, higher.ballot, higher.value)
    })?;
    let [vote, proposal] = [lower, higher].map(|Quorum { ballot, value, .. }| Vote {
        ballot: *ballot,
        value: *value,
    });
    let (members, step) = (promises.members, promises.step);
    let both = members.intersection(lower.members);
    let mut details: Vec<Detail> = both
        .iter()
        .filter_map(|node| detail(reading, node, vote, higher))
        .collect();
    // The one that did not do what it is there for says most.
    details.sort_by_key(|detail| !detail.is_odd);
    let is_told = |step| told.iter().any(|breach| breach.step == step);
    let detail = details.first().filter(|detail| !is_told(detail.step));
    let detail = detail.map_or(String::new(), |detail| format!(": {}", detail.told));
    let voted = match (members.len(), both.len()) {
        (0, _) => "without any promise".to_owned(),
        (1, 0) => format!(
            "on the promise of {}, who did not vote for {vote}",
            words::names(members)
        ),
        (1, _) => format!(
            "on the promise of {}, who voted for {vote}, too{detail}",
            words::names(members)
        ),
        (2, 0) => format!(
            "on the promises of {}, neither of whom voted for {vote}",
            words::names(members)
        ),
        (_, 0) => format!(
            "on the promises of {}, none of whom voted for {vote}",
            words::names(members)
        ),
        (all, some) if all == some => {
            format!(
                "on the promises of {}, who voted for {vote}, too{detail}",
                words::names(members)
            )
        }
        (_, _) => format!(
            "on the promises of {}, of whom {} voted for {vote}, too{detail}",
            words::names(members),
            words::names(both)
        ),
    };
    Some(format!("{proposal} was proposed at step {step} {voted}."))
}

/// What an acceptor did that voted in the lower ballot and promised the higher one.
struct Detail {
    /// The later of the two steps.
    step: usize,
    /// Whether it did not stand between the two values.
    is_odd: bool,
    told: String,
}

fn detail(
    reading: &Reading<'_>,
    node: NodeId,
    vote: Vote<Letter>,
    higher: &Quorum,
) -> Option<Detail> {
    let voted = reading.voted_at(node, vote)?;
    let ballot = higher.ballot;
    let promised = |step: &&Step| step.promises(node).any(|(said, _)| said == ballot);
    let step = reading.steps.iter().find(promised)?;
    let (_, reported) = step.promises(node).next()?;
    let number = step.number;
    if number < voted {
        return Some(Detail {
            step: voted,
            is_odd: true,
            told: format!(
                "{node} promised {ballot} at step {number} and voted at step {voted} all the same"
            ),
        });
    }
    let report = match reported {
        None => "reporting no vote".to_owned(),
        Some(reported) => format!("reporting {reported}"),
    };
    Some(Detail {
        step: number,
        is_odd: reported.is_none_or(|reported| reported < vote),
        told: format!(
            "{node} voted at step {voted} and promised {ballot} at step {number}, {report}"
        ),
    })
}
