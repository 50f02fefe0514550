//! What binds those who read, and those whom they ask: a vote is told as it is, an answer counts for the read that it was
//! given to, and nothing is concluded from fewer than a quorum.

use model::{Action, Consequence, ReadStatus, ReadStep, vote_in_words};
use paxos::{NodeId, NodeSet, Phase};

use super::reading::{Reading, Step};
use crate::words;

/// The acceptor that answers a reader in a step.
fn answering(step: &Step) -> Option<NodeId> {
    if let Action::Read {
        step: ReadStep::Tell(node),
        ..
    } = step.action
    {
        Some(node)
    } else {
        None
    }
}

/// An acceptor tells a reader its last vote.
pub(super) fn tells_readers_its_vote(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    let node = answering(step)?;
    let accepted = step.before.server(node).acceptor.accepted;
    step.consequences.iter().find_map(|consequence| {
        let Consequence::TellsVote { vote, .. } = *consequence else {
            return None;
        };
        (vote != accepted).then(|| {
            format!(
                "{node} answered a reader {} at step {}, where it remembered {}.",
                vote_in_words(vote),
                step.number,
                vote_in_words(accepted)
            )
        })
    })
}

/// A read begins with no answers but the node's own.
pub(super) fn reads_anew(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    let Action::Read {
        read,
        of,
        step: ReadStep::Ask,
    } = step.action
    else {
        return None;
    };
    let answers = step.after.reads.get(usize::from(read))?.answers?;
    let earlier: NodeSet = answers.heard.iter().filter(|node| *node != of).collect();
    (!earlier.is_empty()).then(|| {
        format!(
            "{of} began read {read} at step {} with the answer of {}, given before its client asked: it says nothing of what \
             was chosen in between.",
            step.number,
            words::names(earlier)
        )
    })
}

/// That nothing is chosen, a quorum of phase 1 has said.
pub(super) fn reads_a_quorum(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let (node, read) = step.consequences.iter().find_map(|consequence| {
        let Consequence::TellsReader {
            node,
            read,
            status: ReadStatus::NothingChosen,
        } = *consequence
        else {
            return None;
        };
        Some((node, read))
    })?;
    let before = step.before.reads.get(usize::from(read))?.answers;
    let heard = before.map_or(NodeSet::EMPTY, |answers| answers.heard);
    // The answer that has just come, or the node's own.
    let last = if let Action::Read { of, step, .. } = step.action {
        match step {
            ReadStep::Hear(from) => Some(from),
            ReadStep::Ask => Some(of),
            ReadStep::Tell(_) => None,
        }
    } else {
        None
    };
    let acceptors = reading.world.cluster().acceptors();
    let heard = last
        .filter(|last| acceptors.contains(*last))
        .map_or(heard, |last| heard.with(last));
    (!reading.is_quorum(Phase::Prepare, heard)).then(|| {
        format!(
            "{node} told its reader at step {} that nothing is chosen, with the answer of {} alone: {}.",
            step.number,
            words::names(heard),
            reading.quorum_takes(Phase::Prepare)
        )
    })
}
