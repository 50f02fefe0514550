//! Datagrams: bytes in, what was said and by whom out, or the reason to drop them.
//!
//! ```text
//! magic 4 · version 1 · from 1 · to 1 · cluster 16 · incarnation 8 · length 2 · schema 8 · body · tag 32
//! ```
//!
//! Numbers are little-endian. `from` and `to` are node numbers, or 255 for a client; the incarnation
//! is the sender's (a client's is 0). The body is what postcard makes of [`Request`], of [`Reply`] or,
//! between nodes, of one [`Line`] after another. `length` counts the body; after a client's body
//! zeros follow until the datagram has [`DATAGRAM_BYTES_MAX`] bytes, so that no answer is larger than
//! its request. `schema` is the digest of the body's [`Schema`](crate::Schema), as the sender was compiled: a node whose
//! core has other messages is refused by it, and never misread. The tag is keyed BLAKE3 over all before it,
//! with a key for this sender and this receiver.
//!
//! Decoding is total and canonical: what is accepted is exactly what encoding it again gives. No
//! memory is taken on the word of a length.
//!
//! What is taken for granted of the core:
//!
//! 1. Its messages are plain data, so that they have a schema. A node whose core has others does not start.
//! 2. A message carries one value at most, so that it fits into a datagram with its key. A longer one is sent all the
//!    same, and dropped by its receiver ([`Drop::Long`]).
//!
//! Nothing else, and nothing about the protocol: for whose ballot a node speaks, which vote a promise reports and whom
//! an answer is for is known to the core alone, which is total. Defence against members that lie is absent on purpose.

use std::fmt;

use paxos::{Message, NodeId, Vote};
use serde::{Deserialize, Serialize};

use crate::{Key, RequestId, Value};

mod codec;
mod drop;
mod kind;

pub use codec::Codec;
pub(crate) use codec::{schema_of, version_of};
pub use drop::Drop;
pub use kind::Kind;

/// The most bytes a datagram has.
pub const DATAGRAM_BYTES_MAX: usize = 1_200;

/// The version of how datagrams are laid out. It is raised for another layout, or when a field of a body comes to mean
/// something else; which fields there are is in the schema, which changes by itself.
pub const VERSION: u8 = 2;

/// What stands for a client in place of a node's number.
const CLIENT: u8 = 255;

/// Who sends or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// A node of the cluster.
    Node(NodeId),
    /// Any client.
    Client,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Repeated in the answer.
    pub id: RequestId,
    /// About which decree.
    pub key: Key,
    /// What about it.
    pub ask: Ask,
}

/// What a client asks about a decree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// That this value be chosen.
    Propose(Value),
    /// What is chosen.
    Get,
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The request's.
    pub id: RequestId,
    /// The answer.
    pub answer: Answer,
}

/// An answer to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// This value is chosen.
    Chosen(Value),
    /// Nothing was chosen when this was asked. For [`Ask::Get`] only.
    Undecided,
    /// Nothing was done; later it may be.
    Busy,
    /// Nothing was done, and never will be by this node: it does not propose.
    NotAProposer,
}

/// What a node tells another about one decree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which decree.
    pub key: Key,
    /// What about it.
    pub say: Say,
}

/// What nodes say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Say {
    /// A message of the protocol.
    Protocol(Message<Value>),
    /// The decree is closed: this value is chosen.
    Decided(Value),
    /// A reader asks an acceptor for its vote.
    Read(RequestId),
    /// The acceptor's last vote; it is on its disk.
    Voted(RequestId, Option<Vote<Value>>),
}

/// What a datagram says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A client's request.
    Request(Request),
    /// A node's answer to a client.
    Reply(Reply),
    /// What a node tells another; at least one line.
    Lines(Vec<Line>),
}

/// A datagram that could be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub from: Party,
    /// Which of the sender's processes.
    pub incarnation: u64,
    /// What it says.
    pub body: Body,
}

impl Party {
    fn number(self) -> u8 {
        match self {
            Party::Node(node) => node.into(),
            Party::Client => CLIENT,
        }
    }

    fn numbered(number: u8) -> Option<Party> {
        match number {
            CLIENT => Some(Party::Client),
            number => NodeId::try_from(number).ok().map(Party::Node),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Node(node) => write!(f, "{node}"),
            Party::Client => f.write_str("a client"),
        }
    }
}
