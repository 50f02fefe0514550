//! What the program `forms` answers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A line of `forms`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Answer {
    /// The file of the world.
    pub(crate) world: String,
    /// The form that was asked.
    pub(crate) form: String,
    /// How it went.
    pub(crate) outcome: Outcome,
    /// Why it did not go to its end.
    pub(crate) why: Option<String>,
    /// The reductions that were on.
    pub(crate) on: Vec<String>,
    /// What could not be used, and the premise that the core breaks.
    #[serde(default)]
    pub(crate) refused: Vec<String>,
    /// How many states were visited.
    pub(crate) states: u64,
    /// For how long.
    pub(crate) millis: u64,
    /// What was found of each property.
    pub(crate) verdicts: BTreeMap<String, Found>,
    /// Where the explorations of a second look contradict each other.
    #[serde(default)]
    pub(crate) contradictions: Vec<String>,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Everything was explored.
    Answered,
    /// Cut by a limit.
    Cut,
    /// The form does not apply here, by its own word.
    Refused,
    /// Something panicked.
    Panicked,
}

/// What was found of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Found {
    /// True in every state.
    Holds,
    /// False after so many steps.
    Violated(usize),
    /// True in no state.
    Never,
    /// True after so many steps.
    Witnessed(usize),
    /// Not everything was explored.
    Unknown,
}

impl Found {
    /// The same, but for the length of the trace.
    pub(crate) fn is_alike(self, other: Found) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Holds => f.write_str("holds"),
            Found::Violated(steps) => write!(f, "violated in {steps}"),
            Found::Never => f.write_str("never"),
            Found::Witnessed(steps) => write!(f, "witnessed in {steps}"),
            Found::Unknown => f.write_str("unknown"),
        }
    }
}
