//! What a line rests on that the journals of others tell.

use node::journal::Entry;
use node::{Record, Value};
use paxos::{Broadcast, Envelope, NodeId};

use crate::divergence::Cause;
use crate::text;

/// Something that must have happened at another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// This left its sender.
    Message(Box<Envelope<Value>>),
    /// `from` knew the outcome.
    Knowledge {
        /// Who told.
        from: NodeId,
        /// What.
        value: Value,
    },
    /// A quorum has voted for this.
    Choice(Value),
    /// An acceptor has voted for this.
    Vote(Value),
}

/// Why a journal does not show what another rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unseen {
    /// It was not given.
    NotGiven,
    /// It may have happened before the journal begins, or in a process that the journal lacks.
    TooEarly,
    /// It may have happened after the line at which the journal diverges.
    Diverged,
}

impl Wait {
    /// Whose journal must tell it; `None` if it can be that of any acceptor.
    pub(crate) fn whose(&self) -> Option<NodeId> {
        match self {
            Wait::Message(envelope) => Some(envelope.from),
            Wait::Knowledge { from, .. } => Some(*from),
            Wait::Choice(_) | Wait::Vote(_) => None,
        }
    }

    /// Whether an entry of that journal, about the same decree, would do, with what the host said again there.
    pub(crate) fn is_met_by(&self, entry: &Entry, again: Option<&Broadcast<Value>>) -> bool {
        match self {
            Wait::Message(envelope) => {
                let Entry::Handle { effects, .. } = entry else {
                    return false;
                };
                let said = effects.send.as_ref().or(again);
                said.is_some_and(|said| {
                    said.message == envelope.message && said.to.contains(envelope.to)
                })
            }
            Wait::Knowledge { value, .. } => told_by(entry) == Some(value),
            Wait::Choice(_) | Wait::Vote(_) => false,
        }
    }

    /// Why it cannot be told where it came from.
    pub(crate) fn gap(&self, reader: NodeId, unseen: Unseen) -> String {
        let why = match unseen {
            Unseen::NotGiven => "whose journal was not given",
            Unseen::TooEarly => "whose journal begins too late to show it",
            Unseen::Diverged => "whose journal is judged up to its divergence only",
        };
        match self {
            Wait::Message(envelope) => {
                format!("{reader} received messages of {}, {why}", envelope.from)
            }
            Wait::Knowledge { from, .. } => format!("{reader} learnt decisions from {from}, {why}"),
            Wait::Choice(_) => {
                format!("{reader} told of decisions for which the journals lack votes")
            }
            Wait::Vote(_) => format!("{reader} read votes that the journals lack"),
        }
    }

    /// What has happened, with nothing to show for it.
    pub(crate) fn problem(&self, reader: NodeId, cause: Cause) -> String {
        let (sent, knew) = match cause {
            Cause::SentUnsaved => ("could not send yet", "could not tell yet"),
            Cause::NoOrder => ("sent only later", "knew only later"),
            Cause::NotAStep
            | Cause::OutOfPlace
            | Cause::NeverSent
            | Cause::IncarnationReused
            | Cause::StoreDiffers
            | Cause::MemoryDiffers
            | Cause::NobodyKnew
            | Cause::WrongAnswer
            | Cause::ModelDiffers
            | Cause::Violates(_) => ("never sent", "did not know"),
        };
        match self {
            Wait::Message(envelope) => format!(
                "{reader} received {}, which {} {sent}",
                text::message(&envelope.message),
                envelope.from
            ),
            Wait::Knowledge { from, value } => {
                let value = text::value(value);
                format!("{reader} learnt from {from} that {value} is chosen, which {from} {knew}")
            }
            Wait::Choice(value) => format!(
                "{reader} told a client {}, which no quorum has voted for",
                text::value(value)
            ),
            Wait::Vote(value) => format!(
                "{reader} read a vote for {}, which nobody has cast",
                text::value(value)
            ),
        }
    }
}

/// What a node knows to be chosen from this entry on.
fn told_by(entry: &Entry) -> Option<&Value> {
    match entry {
        Entry::Handle { effects, .. } => effects.chosen.as_ref(),
        Entry::Learn { value, .. } => Some(value),
        Entry::Load { record, .. } => match record {
            Some(Record::Chosen(value)) => Some(value),
            Some(Record::Open(_)) | None => None,
        },
        Entry::Start(_)
        | Entry::Continue(_)
        | Entry::InMemory { .. }
        | Entry::Saved
        | Entry::Answer { .. }
        | Entry::Unload { .. }
        | Entry::Stop => None,
    }
}
