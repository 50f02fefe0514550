//! Paths as traces for machines, in the Informal Trace Format, and back.
//!
//! The format is Apalache's (ADR 015). A file has all that it takes to walk the path again on other
//! code, without the scenario's file: the scenario's settings, what was done wrong, the property, and in each state the
//! action taken to get there beside every variable of the World. Sums are written as Quint writes
//! them, by `tag` and `value`.

mod action;
mod clients;
mod difference;
mod error;
mod message;
mod obstacle;
mod replay;
mod state;
mod trace;
mod words;
mod write;

pub use difference::Difference;
pub use error::TraceError;
pub use replay::{Replayed, replay};
pub use trace::{Fate, Shows, Trace};
pub use write::itf;

/// Raised when a reader of the old form could misunderstand the new one.
pub(crate) const SCHEMA: u64 = 1;

/// The key of ours in a trace's `#meta`.
pub(crate) const KEY: &str = "paxos";

/// Where the format is described.
const DESCRIPTION: &str = "https://apalache-mc.org/docs/adr/015adr-trace.html";
