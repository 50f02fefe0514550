//! What the program `forms` answers, as lines of JSON: written by it, and read by the gallery of changed cores.
//!
//! Absent on purpose: anything of the core, of worlds or of how they are explored.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What one form answers of one world.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Answer {
    /// The world, as it was named.
    pub world: String,
    /// The form.
    pub form: String,
    /// How it went.
    pub outcome: Outcome,
    /// In words, where it did not go to its end: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The reductions that were on.
    pub on: Vec<String>,
    /// What could not be used, and the premise that the core breaks.
    pub refused: Vec<String>,
    /// Unique states, as far as they were counted.
    pub states: u64,
    /// Wall time.
    pub millis: u64,
    /// What was found of each property.
    pub verdicts: BTreeMap<String, Found>,
    /// Where the explorations of a second look contradict each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<String>,
}

impl Answer {
    /// One that found nothing, of a world and a form that are named later.
    pub fn without_verdict(outcome: Outcome, why: Option<String>) -> Answer {
        Answer {
            world: String::new(),
            form: String::new(),
            outcome,
            why,
            on: Vec::new(),
            refused: Vec::new(),
            states: 0,
            millis: 0,
            verdicts: BTreeMap::new(),
            contradictions: Vec::new(),
        }
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
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

impl Found {
    /// The same, but for the length of the trace.
    pub fn is_alike(self, other: Found) -> bool {
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
