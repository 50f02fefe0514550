//! How long operations took, and which of them count.

use std::time::{Duration, Instant};

/// The part of a run that is measured: it begins after the warm-up.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// From when on operations count.
    pub begin: Instant,
    /// Until when they count, and new ones are begun.
    pub end: Instant,
}

/// How long each operation took that ended within the span. In microseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    micros: Vec<u32>,
}

impl Span {
    /// A span that begins so long after `now`, and lasts so long.
    #[must_use]
    pub fn after(now: Instant, warm_up: Duration, length: Duration) -> Span {
        let begin = now + warm_up;
        Span {
            begin,
            end: begin + length,
        }
    }

    /// How long it lasts.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        (self.end - self.begin).as_secs_f64()
    }
}

impl Latencies {
    /// Notes an operation, if it ended within the span.
    pub fn note(&mut self, span: &Span, asked: Instant, answered: Instant) {
        if span.begin <= answered && answered < span.end {
            let micros = (answered - asked).as_micros();
            self.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
    }

    /// Notes all that others noted.
    pub fn append(&mut self, mut others: Latencies) {
        self.micros.append(&mut others.micros);
    }

    /// How many were noted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.micros.len() as u64
    }

    /// The least number of microseconds that so many of 1,000 operations did not exceed; 0 if there were none.
    #[must_use]
    pub fn per_mille(&mut self, share: usize) -> u64 {
        self.micros.sort_unstable();
        let rank = (self.micros.len() * share).div_ceil(1_000);
        self.micros
            .get(rank.saturating_sub(1))
            .map_or(0, |&micros| u64::from(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(micros: impl IntoIterator<Item = u64>) -> Latencies {
        let begin = Instant::now();
        let span = Span::after(begin, Duration::ZERO, Duration::from_secs(1));
        let mut latencies = Latencies::default();
        for micros in micros {
            latencies.note(&span, begin, begin + Duration::from_micros(micros));
        }
        latencies
    }

    #[test]
    fn shares_are_the_nearest_ranks() {
        let mut hundred = noted((1..=100).rev());
        assert_eq!(hundred.per_mille(500), 50);
        assert_eq!(hundred.per_mille(990), 99);
        assert_eq!(hundred.per_mille(1_000), 100);
        assert_eq!(noted([7]).per_mille(500), 7);
        assert_eq!(noted([]).per_mille(990), 0);
    }

    #[test]
    fn what_ends_outside_the_span_does_not_count() {
        let now = Instant::now();
        let span = Span::after(now, Duration::from_secs(1), Duration::from_secs(1));
        let mut latencies = Latencies::default();
        for (ended_ms, count) in [(999, 0), (1_000, 1), (1_999, 2), (2_000, 2)] {
            latencies.note(&span, now, now + Duration::from_millis(ended_ms));
            assert_eq!(latencies.count(), count);
        }
    }
}
