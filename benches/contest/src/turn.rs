//! One contestant's one exploration, measured.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// What an exploration took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// Who explored.
    pub(crate) contestant: String,
    /// What: the name of the scenario.
    pub(crate) scenario: String,
    /// Unique states.
    pub(crate) states: u64,
    /// Unique states and repeats: the transitions, and the initial state.
    pub(crate) generated: u64,
    /// Wall time of the exploration.
    pub(crate) seconds: f64,
    /// The most memory at any moment, above what the process had before.
    pub(crate) peak_bytes: u64,
}

/// What a contestant has counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) states: u64,
    pub(crate) generated: u64,
}

impl Turn {
    /// Measures an exploration and counts what it has found. To throw that away is not measured.
    ///
    /// # Errors
    /// In words, if it is not to be counted, or if the system does not tell the memory.
    pub(crate) fn of<F>(
        contestant: &str,
        scenario: &str,
        explore: impl FnOnce() -> F,
        count: impl FnOnce(&F) -> Result<Counted, String>,
    ) -> Result<Turn, String> {
        let before = peak_bytes()?;
        let started = Instant::now();
        let found = explore();
        let seconds = started.elapsed().as_secs_f64();
        let peak_bytes = peak_bytes()? - before;
        let Counted { states, generated } = count(&found)?;
        Ok(Turn {
            contestant: contestant.to_owned(),
            scenario: scenario.to_owned(),
            states,
            generated,
            seconds,
            peak_bytes,
        })
    }
}

/// The highest resident set of this process so far, as Linux tells it.
fn peak_bytes() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|problem| format!("cannot read /proc/self/status: {problem}"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map(|kibibytes| kibibytes * 1024)
        .ok_or_else(|| {
            "/proc/self/status has no VmHWM: peak memory is measured on Linux only".to_owned()
        })
}
