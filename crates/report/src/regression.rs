//! What became of a trace that is kept.

use serde::Serialize;

/// A trace that is kept, replayed.
#[derive(Clone, Debug, Serialize)]
pub struct Regression {
    /// Its name.
    pub file: String,
    /// The scenario, the property and the mutant.
    pub subject: String,
    /// What is expected: `breaks` or `mended`.
    pub expected: &'static str,
    /// Whether that is what it does; `None` if that was not found out.
    pub is_met: Option<bool>,
    /// What it does, in words.
    pub told: String,
}
