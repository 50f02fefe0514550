//! What a node's store may show of a decree, as its journal has it.

use node::{Record, Value};
use paxos::Durable;

/// What is on a disk, or may be.
#[derive(Clone, Debug)]
pub(crate) enum Disk {
    /// From before the journal: anything.
    Unknown,
    /// This.
    Known(Stored),
    /// A process died with this batch unsaved: whichever of the two its commit left.
    Either {
        /// Which batch.
        batch: u32,
        /// If the commit did not come about.
        old: Stored,
        /// If it did.
        new: Stored,
    },
}

/// What one commit left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// What the protocol asks for; `None` if the node never took part.
    pub(crate) durable: Option<Durable<Value>>,
    /// Whether the decision stands in place of it.
    pub(crate) decision: Decision,
}

/// Whether a decision is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// There is none.
    None,
    /// It may be: decisions are written when there is time.
    Perhaps(Value),
    /// It was read.
    Written(Value),
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its commit has not come, or the process died over it and nothing has shown which.
    Open,
    /// It was saved, and what it sent may have left.
    Saved,
    /// The process died over it, and this entry shows that it is on the disk.
    OnDisk(u32),
    /// The process died over it, and this entry shows that it is not on the disk.
    Lost(u32),
}

impl Stored {
    /// The disk of a node that never took part.
    pub(crate) const EMPTY: Stored = Stored {
        durable: None,
        decision: Decision::None,
    };

    /// Whether the store may show this record.
    pub(crate) fn shows(&self, record: Option<&Record>) -> bool {
        match (record, &self.decision) {
            (Some(Record::Chosen(found)), Decision::Perhaps(known) | Decision::Written(known)) => {
                found == known
            }
            (Some(Record::Chosen(_)), Decision::None)
            | (None | Some(Record::Open(_)), Decision::Written(_)) => false,
            (None, Decision::None | Decision::Perhaps(_)) => self.durable.is_none(),
            (Some(Record::Open(found)), Decision::None | Decision::Perhaps(_)) => {
                self.durable.as_ref() == Some(found)
            }
        }
    }

    /// The records that the store may show.
    pub(crate) fn records(&self) -> Vec<Option<Record>> {
        let open = self.durable.clone().map(Record::Open);
        match &self.decision {
            Decision::None => vec![open],
            Decision::Perhaps(value) => vec![open, Some(Record::Chosen(value.clone()))],
            Decision::Written(value) => vec![Some(Record::Chosen(value.clone()))],
        }
    }

    /// What the store has once it has shown this record.
    pub(crate) fn shown(record: Option<&Record>) -> Stored {
        match record {
            None => Stored::EMPTY,
            Some(Record::Open(durable)) => Stored {
                durable: Some(durable.clone()),
                decision: Decision::None,
            },
            Some(Record::Chosen(value)) => Stored {
                durable: None,
                decision: Decision::Written(value.clone()),
            },
        }
    }
}

impl Disk {
    /// What is on it for sure, or would be without the batch in question.
    pub(crate) fn settled(&self) -> Stored {
        match self {
            Disk::Unknown => Stored::EMPTY,
            Disk::Known(stored) => stored.clone(),
            Disk::Either { old, .. } => old.clone(),
        }
    }
}
