//! What binds proposers: ballots of their own, each used once for one value, and the value that promises ask for.

use model::Letter;
use paxos::{Message, NodeSet, Phase, Progress, Vote};

use super::reading::{Counted, Reading, Step};
use crate::words;

/// Proposers choose their ballots from disjoint sets (Paxos Made Simple 2.5).
pub(super) fn uses_its_own_ballots(reading: &Reading<'_>, step: &Step) -> Option<String> {
    step.sent().find_map(|said| {
        let Message::Prepare { ballot } = said.message else {
            return None;
        };
        let (node, owner) = (said.from, ballot.node);
        let mut earlier = reading.steps[..step.number - 1].iter();
        let used = match earlier.find(|step| step.prepares(owner, ballot)) {
            Some(used) => format!(", who had used it at step {}", used.number),
            None => String::new(),
        };
        (node != owner).then(|| {
            format!(
                "{node} prepared {ballot} at step {}, which is a ballot of {owner}{used}.",
                step.number
            )
        })
    })
}

/// A ballot is prepared once, ever (2.2).
pub(super) fn uses_a_ballot_once(reading: &Reading<'_>, step: &Step) -> Option<String> {
    step.sent().find_map(|said| {
        let Message::Prepare { ballot } = said.message else {
            return None;
        };
        let mut earlier = reading.steps[..step.number - 1].iter();
        let used = earlier.find(|step| step.prepares(said.from, ballot))?;
        Some(format!(
            "{} prepared {ballot} at step {}, which it had used at step {} already.",
            said.from, step.number, used.number
        ))
    })
}

/// Phase 2 begins with a quorum of promises (2.2, 2(a)).
pub(super) fn has_enough_promises(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let (node, proposal, _) = step.proposals().next()?;
    let counted = reading.counted(node, proposal.ballot, step.number);
    let from: NodeSet = counted.iter().map(|promise| promise.from).collect();
    if reading.is_quorum(Phase::Prepare, from) {
        return None;
    }
    let promises = match from.len() {
        0 => "without any promise".to_owned(),
        1 => format!("on the promise of {} alone", words::names(from)),
        _ => format!("on the promises of {} alone", words::names(from)),
    };
    Some(format!(
        "{node} proposed {proposal} at step {} {promises}: {}.",
        step.number,
        reading.quorum_takes(Phase::Prepare)
    ))
}

/// One ballot, one value.
pub(super) fn proposes_one_value(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let number = step.number;
    step.proposals().enumerate().find_map(|(place, (node, proposal, to))| {
        let differs = |other: Vote<Letter>| other.ballot == proposal.ballot && other.value != proposal.value;
        let mut same_step = step.proposals().take(place);
        if let Some((_, other, told)) = same_step.find(|(_, other, _)| differs(*other)) {
            let (told, to) = (words::names(told), words::names(to));
            return Some(format!(
                "{node} proposed {other} to {told} and {proposal} to {to} at step {number}: two values in one ballot."
            ));
        }
        let mut earlier = reading.steps[..number - 1].iter().flat_map(|step| {
            let proposals = step.proposals();
            proposals.map(|(node, proposal, _)| (step.number, node, proposal))
        });
        let (used, by, other) = earlier.find(|(_, _, other)| differs(*other))?;
        let by = match by == node {
            true => "it".to_owned(),
            false => by.to_string(),
        };
        Some(format!(
            "{node} proposed {proposal} at step {number}, where {by} had proposed {other} at step {used}: two values \
             in one ballot."
        ))
    })
}

/// The vote of the highest ballot among those reported; of equals the first.
fn highest(counted: &[Counted]) -> Option<(Counted, Vote<Letter>)> {
    let mut highest: Option<(Counted, Vote<Letter>)> = None;
    for promise in counted {
        let Some(vote) = promise.reported else {
            continue;
        };
        if highest.is_none_or(|(_, best)| vote.ballot > best.ballot) {
            highest = Some((*promise, vote));
        }
    }
    highest
}

/// The value proposed is that of the highest vote reported, or else the client's (P2c).
pub(super) fn respects_the_highest_vote(reading: &Reading<'_>, step: &Step) -> Option<String> {
    step.proposals().find_map(|(node, proposal, _)| {
        let counted = reading.counted(node, proposal.ballot, step.number);
        let number = step.number;
        match highest(&counted) {
            Some((_, vote)) if vote.value == proposal.value => None,
            Some((promise, vote)) => Some(format!(
                "{node} proposed {proposal} at step {number}, though {} had reported {vote} to it (step {}){}: it had \
                 to propose {}.",
                promise.from,
                promise.step,
                among(&counted),
                vote.value
            )),
            None => {
                let [before, after] = [&step.before, &step.after].map(|state| state.server(node).proposer.client_value);
                let own = before.or(after)?;
                (own != proposal.value).then(|| {
                    format!(
                        "{node} proposed {proposal} at step {number}, though no promise had reported a vote: it had to \
                         propose {own}, as its client asked."
                    )
                })
            }
        }
    })
}

/// That other votes were reported as well, if they were.
fn among(counted: &[Counted]) -> &'static str {
    let votes = counted.iter().filter(|promise| promise.reported.is_some());
    match votes.count() {
        0 | 1 => "",
        _ => ", the highest of the votes reported",
    }
}

/// While promises come in, the highest vote reported is the one to respect.
pub(super) fn keeps_the_highest_vote_in_mind(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let node = step.heard()?.to;
    let Progress::Preparing { ballot, best, .. } = step.after.server(node).proposer.progress else {
        return None;
    };
    let (promise, vote) = highest(&reading.counted(node, ballot, step.number))?;
    if best == Some(vote) {
        return None;
    }
    let kept = best.map_or("no vote".to_owned(), |best| format!("the vote {best}"));
    Some(format!(
        "{node} made {kept} the one to respect at step {}, though {vote}, which {} had reported to it (step {}), is \
         higher.",
        step.number, promise.from, promise.step
    ))
}
