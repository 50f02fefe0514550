//! What a form answers, as a line of JSON.

use std::collections::BTreeMap;

use serde::Serialize;

/// What one form answered of one world.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    /// The world, as it was named.
    pub(crate) world: String,
    /// The form.
    pub(crate) form: String,
    /// How it went.
    pub(crate) outcome: Outcome,
    /// In words, where it did not go to its end: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// The reductions that were on.
    pub(crate) on: Vec<String>,
    /// What could not be used, and the premise that the core breaks.
    pub(crate) refused: Vec<String>,
    /// Unique states, as far as they were counted.
    pub(crate) states: u64,
    /// Wall time.
    pub(crate) millis: u64,
    /// What was found of each property.
    pub(crate) verdicts: BTreeMap<&'static str, Found>,
    /// Where the explorations of a second look contradict each other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) contradictions: Vec<String>,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Everything was explored.
    Answered,
    /// Cut by a limit: properties without a path have no verdict.
    Cut,
    /// This form does not apply here, by its own word.
    Refused,
    /// Something panicked.
    Panicked,
}

/// What was found of one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Found {
    /// An invariant that is true in every state.
    Holds,
    /// An invariant that is false after so many steps.
    Violated(usize),
    /// A witness that is true in no state.
    Never,
    /// A witness that is true after so many steps.
    Witnessed(usize),
    /// Not everything was explored.
    Unknown,
}
