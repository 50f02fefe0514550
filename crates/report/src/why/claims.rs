//! What comes to be chosen, announced or told along a path: each a claim that a value is the one.

use model::{Consequence, Letter, Outcome};
use paxos::Phase;

use super::reading::{Reading, Step};
use crate::quorums::Quorum;
use crate::words;

/// A value that is the one, as somebody has it.
pub(super) struct Claim {
    pub(super) step: usize,
    pub(super) value: Letter,
    /// In words.
    pub(super) told: String,
    /// The votes it rests on, if it is that a quorum chose it.
    pub(super) quorum: Option<Quorum>,
}

/// All claims of a path, in order; what is chosen before what is said of it.
pub(super) fn claims(reading: &Reading<'_>) -> Vec<Claim> {
    let chosen = reading
        .quorums
        .iter()
        .filter(|quorum| quorum.phase == Phase::Accept);
    let mut claims: Vec<Claim> = chosen.map(|quorum| by_votes(reading, quorum)).collect();
    claims.extend(reading.steps.iter().flat_map(said));
    claims.sort_by_key(|claim| claim.step);
    claims
}

fn by_votes(reading: &Reading<'_>, quorum: &Quorum) -> Claim {
    let Quorum {
        ballot,
        value,
        members,
        step,
        ..
    } = *quorum;
    let votes = match members.len() {
        1 => "the vote",
        _ => "the votes",
    };
    let counted = match (reading.is_quorum(Phase::Accept, members), members.len()) {
        (true, _) => "",
        (false, 1) => ", which counts as a quorum in this world",
        (false, _) => ", which count as a quorum in this world",
    };
    let told = format!(
        "{value} was chosen in ballot {ballot} at step {step}, by {votes} of {}{counted}.",
        words::names(members)
    );
    Claim {
        step,
        value,
        told,
        quorum: Some(*quorum),
    }
}

/// What is announced or told in a step.
fn said(step: &Step) -> Vec<Claim> {
    let number = step.number;
    let said = step
        .consequences
        .iter()
        .filter_map(|consequence| match *consequence {
            Consequence::Announces { node, value } => {
                Some((value, format!("{node} announced {value} at step {number}.")))
            }
            Consequence::TellsClient { node, value, .. } => {
                let outcome = Outcome::Success(value);
                Some((
                    value,
                    format!("{node} told its client {outcome} at step {number}."),
                ))
            }
            Consequence::Concludes {
                ask,
                outcome: outcome @ Outcome::Success(value),
            } => Some((
                value,
                format!("The client of request {ask} was told {outcome} at step {number}."),
            )),
            Consequence::Concludes { .. }
            | Consequence::Saves { .. }
            | Consequence::Sends(_)
            | Consequence::DoesNotSend(_)
            | Consequence::DoesNotSave { .. }
            | Consequence::Replies { .. }
            | Consequence::TellsVote { .. }
            | Consequence::TellsReader { .. }
            | Consequence::Stops { .. }
            | Consequence::Restarts { .. }
            | Consequence::Notes { .. } => None,
        });
    let claims = said.map(|(value, told)| Claim {
        step: number,
        value,
        told,
        quorum: None,
    });
    claims.collect()
}
