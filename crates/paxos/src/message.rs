//! What nodes say to each other.

use core::fmt;

use crate::{Ballot, NodeId, NodeSet};

/// What a client may propose: any value that can be cloned, compared and put in some order. The
/// protocol itself never orders values.
pub trait Value: Clone + Ord {}

impl<V: Clone + Ord> Value for V {}

/// What an acceptor accepted: "accepted_ID, accepted_VALUE".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Vote<V> {
    /// The ballot in which the vote was cast.
    pub ballot: Ballot,
    /// The value voted for.
    pub value: V,
}

/// The five messages of single-decree Paxos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Message<V> {
    /// Phase 1a, proposer to acceptors: will you promise?
    Prepare {
        /// The ballot to promise.
        ballot: Ballot,
    },
    /// Phase 1b, acceptor to proposer: I shall take part in nothing below this ballot.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// The acceptor's last vote; `None` if it never voted.
        accepted: Option<Vote<V>>,
    },
    /// Phase 2a, proposer to acceptors: vote for this.
    Propose {
        /// The proposal's ballot.
        ballot: Ballot,
        /// The proposal's value.
        value: V,
    },
    /// Phase 2b, acceptor to the proposer and all learners: I have voted.
    Accepted {
        /// The ballot of the vote.
        ballot: Ballot,
        /// The value voted for.
        value: V,
    },
    /// "Fail": an acceptor refuses, and says what it has promised. Serves progress only.
    Nack {
        /// The ballot refused.
        ballot: Ballot,
        /// The higher ballot that stands in its way.
        promised: Ballot,
    },
}

/// A message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Envelope<V> {
    /// Who sent it.
    pub from: NodeId,
    /// Whom it is for; may be the sender.
    pub to: NodeId,
    /// What it says.
    pub message: Message<V>,
}

/// One message to several nodes. A node has at most one thing to say at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Broadcast<V> {
    /// Who speaks.
    pub from: NodeId,
    /// Who is told; may include the speaker.
    pub to: NodeSet,
    /// What is said.
    pub message: Message<V>,
}

impl<V: Clone> Broadcast<V> {
    /// The envelopes, one for each addressee, lowest node first.
    pub fn envelopes(&self) -> impl Iterator<Item = Envelope<V>> {
        self.to.iter().map(|to| Envelope {
            from: self.from,
            to,
            message: self.message.clone(),
        })
    }
}

impl<V: fmt::Display> fmt::Display for Vote<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.ballot, self.value)
    }
}

impl<V: fmt::Display> fmt::Display for Message<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Prepare { ballot } => write!(f, "Prepare {ballot}"),
            Message::Promise {
                ballot,
                accepted: None,
            } => write!(f, "Promise {ballot}"),
            Message::Promise {
                ballot,
                accepted: Some(vote),
            } => write!(f, "Promise {ballot} accepted {vote}"),
            Message::Propose { ballot, value } => write!(f, "Propose {ballot}={value}"),
            Message::Accepted { ballot, value } => write!(f, "Accepted {ballot}={value}"),
            Message::Nack { ballot, promised } => write!(f, "Nack {ballot} promised {promised}"),
        }
    }
}

impl<V: fmt::Display> fmt::Display for Envelope<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} {}", self.from, self.to, self.message)
    }
}
