//! The journal: what a node was given and what it did, so that it can be replayed through the
//! checked core.
//!
//! One [`Entry`] a line, as `CHECKSUM JSON`. The checksum covers the line and the checksum before
//! it, so a line that was altered, cut, moved or removed is noticed, with its number. A journal is
//! written to the operating system before anything it tells of leaves the node, so the death of the
//! process loses nothing of it that anybody has seen; the death of the machine may.
//!
//! The first line of a process names the format and the schema that its lines are written by, so that a journal of
//! another program is read rightly or refused by name; see [`read()`].
//!
//! It is bounded: a file that has grown to its bound becomes `FILE.1`, the one before `FILE.2`, and
//! so on; the oldest goes. Each file begins with all that is in memory, so that it can be read alone.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use paxos::{Cluster, Effects, Input, Node, NodeId};
use serde::{Deserialize, Serialize};

use crate::{ClusterId, Key, Record, RequestId, RulesName, Schema, SchemaError, SchemaId, Value};

mod read;
mod write;

pub use read::{JournalError, Place, Read, read};
pub use write::Writer;

/// The format of the lines. It is raised when lines are written otherwise, or when a field comes to mean something else;
/// what the core's types are is in the schema, which changes by itself.
pub const FORMAT: u32 = 2;

/// The formats that this program reads. Format 1 did not name a schema.
pub const FORMATS_READ: RangeInclusive<u32> = 1..=FORMAT;

/// All that lines hold. [`Entry`] itself says at the beginning of a line what the line is, so that it has no schema;
/// golden lines hold it.
type Parts = (
    Start,
    Record,
    Node<Value>,
    Input<Value>,
    Effects<Value>,
    Asked,
);

static SCHEMA: LazyLock<Result<Schema, SchemaError>> =
    LazyLock::new(|| Schema::of::<Parts>("a line of the journal"));

/// The schema of what this program writes into journals.
///
/// # Errors
/// If the core's types are such that none can be found.
pub fn schema() -> Result<&'static Schema, SchemaError> {
    SCHEMA.as_ref().map_err(SchemaError::clone)
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// A process begins. Nothing is in memory; what was on its way out of the process before it is
    /// lost, unless it was saved.
    Start(Start),
    /// A file begins, after another one of the same process. The decrees in memory follow.
    Continue(Start),
    /// After [`Entry::Continue`]: a decree that is in memory, in the very state it is in.
    InMemory {
        /// Which decree.
        key: Key,
        /// Its node, with all it remembers. All durable parts are saved.
        node: Box<Node<Value>>,
    },
    /// A decree comes into memory, from what the store has of it.
    Load {
        /// Which decree.
        key: Key,
        /// What the store has; `None` if the node never took part in it.
        record: Option<Record>,
    },
    /// An open decree's node was handed an input, and handed back effects.
    Handle {
        /// Which decree.
        key: Key,
        /// What happened. An envelope to oneself is handed over at once, before the effects it comes from
        /// are saved; all others are.
        input: Input<Value>,
        /// What is to be done about it.
        effects: Box<Effects<Value>>,
        /// For [`Input::Propose`]: who wants it. `None` for all other inputs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Asked>,
    },
    /// A peer that knows the outcome has told it; the decree is closed by that.
    Learn {
        /// Which decree.
        key: Key,
        /// Who told.
        from: NodeId,
        /// What is chosen.
        value: Value,
    },
    /// All that was to be persisted so far is on the disk, and what is to be sent may leave. Before
    /// this line only such effects leave as nothing unsaved of the same decree comes before.
    Saved,
    /// A client is answered.
    Answer {
        /// Which decree.
        key: Key,
        /// Which request.
        request: RequestId,
        /// What is chosen; `None`: nothing was, when it was asked.
        chosen: Option<Value>,
    },
    /// A decree leaves memory, open or decided. All of it that is durable is saved.
    Unload {
        /// Which decree.
        key: Key,
    },
    /// The process ends in order. Whatever follows is another [`Entry::Start`].
    Stop,
}

/// Whose journal it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// [`FORMAT`].
    pub format: u32,
    /// The cluster.
    pub cluster: ClusterId,
    /// Who plays which role in it.
    pub roles: Cluster,
    /// By which rules.
    pub rules: RulesName,
    /// The node.
    pub node: NodeId,
    /// Which of its processes.
    pub incarnation: u64,
    /// The digest of [`schema`] in the program that writes; `None` in format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaId>,
}

/// Who wants a value to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// A client proposes it.
    Client,
    /// A reader has found a vote for it, and cannot tell whether it is chosen until it is.
    Reader,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Asked::Client => "client",
            Asked::Reader => "reader",
        })
    }
}
