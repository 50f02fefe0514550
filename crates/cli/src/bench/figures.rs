//! What a load has measured.

use serde::{Deserialize, Serialize};

/// What was measured in one turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// How long each request that succeeded took, in microseconds.
    pub(crate) latencies_us: Vec<u64>,
    /// How long the turn was.
    pub(crate) seconds: f64,
    /// Answers that were none.
    pub(crate) errors: u64,
    /// Requests sent again.
    pub(crate) repeated: u64,
}

/// A turn in numbers, as loads print it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// Requests that succeeded.
    pub(crate) operations: u64,
    /// How long the turn was.
    pub(crate) seconds: f64,
    /// Requests that succeeded, for each second.
    pub(crate) per_second: f64,
    /// Half of them took at most so many microseconds.
    pub(crate) p50_us: f64,
    /// Of a hundred, ninety-nine did.
    pub(crate) p99_us: f64,
    /// All did.
    pub(crate) max_us: f64,
    /// Requests that were answered otherwise than asked.
    pub(crate) errors: u64,
}

impl Figures {
    /// In numbers.
    pub(crate) fn turn(mut self) -> Turn {
        self.latencies_us.sort_unstable();
        let at = |share: f64| {
            let last = self.latencies_us.len().saturating_sub(1);
            let place = (last as f64 * share).round() as usize;
            self.latencies_us
                .get(place)
                .map_or(f64::NAN, |us| *us as f64)
        };
        let operations = self.latencies_us.len() as u64;
        Turn {
            operations,
            seconds: self.seconds,
            per_second: operations as f64 / self.seconds,
            p50_us: at(0.5),
            p99_us: at(0.99),
            max_us: at(1.0),
            errors: self.errors,
        }
    }
}

/// The median of one of the numbers of some turns.
pub(crate) fn median(turns: &[Turn], number: impl Fn(&Turn) -> f64) -> f64 {
    let mut numbers: Vec<f64> = turns.iter().map(number).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
