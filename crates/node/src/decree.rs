//! One decree in memory: its node, who waits for it, and what is to be said again.

use std::time::Instant;

use paxos::{Ballot, Broadcast, Node, NodeId, NodeSet, Progress, Read};

use crate::{RequestId, Source, Value};

/// A decree in memory.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Whether something of it waits for the next commit: until then nothing of it may leave.
    pub(crate) unsaved: bool,
    /// When somebody last took an interest in it.
    pub(crate) touched: Instant,
    /// How far it has come.
    pub(crate) stage: Stage,
}

/// How far a decree has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Not known to be decided.
    Open(Box<Decree>),
    /// Decided: only the value is left.
    Closed(Value),
}

/// A decree that is not known to be decided.
#[derive(Debug)]
pub(crate) struct Decree {
    /// The protocol.
    pub(crate) node: Node<Value>,
    /// Clients to be told.
    pub(crate) waiting: Vec<Waiter>,
    /// A read under way.
    pub(crate) reading: Option<Reading>,
    /// What its proposer said last, to be said again; `None` when no ballot is under way.
    pub(crate) asked: Option<Broadcast<Value>>,
    /// How many rounds were started, for the back-off.
    pub(crate) attempt: u32,
    /// How often the present ballot's message was said again.
    pub(crate) repeats: u32,
    /// When to try again; `None` if nothing is under way.
    pub(crate) due: Option<Instant>,
}

/// A client to be told.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    /// Its request.
    pub(crate) id: RequestId,
    /// Where it is.
    pub(crate) source: Source,
    /// For a reader, the number of the first read that began after it asked: an earlier one cannot
    /// say that nothing was chosen when it did. `None` for who proposes.
    pub(crate) from_read: Option<u64>,
    /// When it asked.
    pub(crate) since: Instant,
}

/// Acceptors are asked for their votes.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// Which read of this process.
    pub(crate) number: u64,
    /// What the answers repeat.
    pub(crate) id: RequestId,
    /// What was answered.
    pub(crate) answers: Read<Value>,
}

impl Slot {
    /// The decree, if it is not known to be decided.
    pub(crate) fn open(&mut self) -> Option<&mut Decree> {
        match &mut self.stage {
            Stage::Open(decree) => Some(decree),
            Stage::Closed(_) => None,
        }
    }

    /// Whether it may leave memory: nobody waits, and nobody has asked since then.
    pub(crate) fn is_idle(&self, since: Instant) -> bool {
        let waits = match &self.stage {
            Stage::Open(decree) => !decree.waiting.is_empty(),
            Stage::Closed(_) => false,
        };
        !waits && !self.unsaved && self.touched <= since
    }
}

impl Decree {
    /// A decree just come into memory.
    pub(crate) fn new(node: Node<Value>) -> Decree {
        Decree {
            node,
            waiting: Vec::new(),
            reading: None,
            asked: None,
            attempt: 0,
            repeats: 0,
            due: None,
        }
    }

    /// The ballot under way.
    pub(crate) fn ballot(&self) -> Option<Ballot> {
        match self.node.proposer().progress {
            Progress::Idle => None,
            Progress::Preparing { ballot, .. } | Progress::Proposing { ballot } => Some(ballot),
        }
    }

    /// Whether an acceptor has refused the ballot under way.
    pub(crate) fn is_refused(&self) -> bool {
        self.ballot().is_some() && self.node.proposer().highest_nack > self.ballot()
    }

    /// Remembers what was said, as far as it may have to be said again.
    pub(crate) fn said(&mut self, said: &Broadcast<Value>) {
        if said.message.kind().is_question() {
            self.asked = Some(said.clone());
            self.repeats = 0;
        }
    }

    /// Whom to ask again: those asked, without this node itself and those known to have promised.
    pub(crate) fn silent(&self, me: NodeId) -> NodeSet {
        let answered = match self.node.proposer().progress {
            Progress::Preparing { promises, .. } => promises,
            Progress::Idle | Progress::Proposing { .. } => NodeSet::EMPTY,
        };
        let asked = self.asked.as_ref().map_or(NodeSet::EMPTY, |said| said.to);
        asked
            .iter()
            .filter(|node| *node != me && !answered.contains(*node))
            .collect()
    }
}

impl Reading {
    /// Nobody has answered yet.
    pub(crate) fn new(number: u64, id: RequestId) -> Reading {
        Reading {
            number,
            id,
            answers: Read::begin(),
        }
    }
}
