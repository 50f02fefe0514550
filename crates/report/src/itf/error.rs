//! Why a text is no trace that can be replayed.

use super::SCHEMA;

/// Why a text is no trace that can be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// It ends too soon.
    #[error(
        "the file ends in the middle ({0}): take a whole one, as `paxos check --itf` writes it"
    )]
    Cut(serde_json::Error),
    /// It is not JSON.
    #[error("expected a trace as `paxos check --itf` writes it, but this is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// It is JSON of another kind.
    #[error(
        "expected a trace in the Informal Trace Format, but {0}; `paxos check --itf` writes such traces"
    )]
    NotItf(&'static str),
    /// It is a trace of something else.
    #[error(
        "this is a trace of another model: its `#meta` has no `paxos`, which says how to replay it; \
         `paxos check --itf` writes traces that can be replayed"
    )]
    OtherModel,
    /// Another version of this program wrote it, or reads it.
    #[error(
        "the trace has schema {found}, and this program reads schema {SCHEMA}: make it anew with \
         `paxos check --itf`"
    )]
    OtherSchema {
        /// What the trace has.
        found: String,
    },
    /// What says how to replay it does not.
    #[error("the trace's `#meta.paxos` cannot be used: {0}")]
    Meta(String),
    /// Its settings make no world.
    #[error(
        "the trace's `settings` make no scenario: {0}; name the scenario that it was found in with --scenario, or make \
         it anew with `paxos check --itf`"
    )]
    Settings(String),
    /// It names a fault that is none.
    #[error(
        "the trace was made with the mutant `{0}`, which does not exist; `paxos check --help` lists them"
    )]
    UnknownMutant(String),
    /// It names a property that is none.
    #[error(
        "the trace is of the property `{0}`, which does not exist; see the properties in reports/"
    )]
    UnknownProperty(String),
    /// Its variables are others.
    #[error("expected the variables {expected}, found {found}")]
    Variables {
        /// What it needs.
        expected: String,
        /// What it has.
        found: String,
    },
    /// It has no state.
    #[error("the trace has no state: at least the first one is expected")]
    NoStates,
    /// A state cannot be used.
    #[error("state {index} cannot be used: {problem}")]
    State {
        /// Which one, from 0.
        index: usize,
        /// What was expected and what was found.
        problem: String,
    },
}
