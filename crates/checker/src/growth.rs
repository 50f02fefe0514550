//! How many states there will be, guessed from how levels have grown so far.

use crate::limits::Estimate;

/// So many of the last levels are looked at.
const LEVELS: usize = 6;
/// Below this a level says little about the next.
const STATES_MIN: u64 = 20;
/// Growth that slows down less than this at each level does not tell where it ends.
const SLOWING_MIN: f64 = 0.0005;
const LEVELS_AHEAD_MAX: u32 = 10_000;

/// The states there will be, from the new ones of each level. Levels of most models swell and then dwindle like a
/// bell, so the logarithm of the growth falls about along a line; how steeply it will fall is what is not known.
pub(crate) fn estimate(sizes: &[u64]) -> Option<Estimate> {
    let from = sizes.iter().rposition(|&size| size < STATES_MIN);
    let sizes_now = &sizes[from.map_or(0, |at| at + 1)..];
    let last = &sizes_now[sizes_now.len().saturating_sub(LEVELS)..];
    if last.len() < LEVELS {
        return None;
    }
    let growth: Vec<f64> = last
        .windows(2)
        .map(|pair| (pair[1] as f64 / pair[0] as f64).ln())
        .collect();
    let (slope, next) = line(&growth);
    if slope > -SLOWING_MIN {
        return None;
    }
    let seen: u64 = sizes.iter().sum();
    let size = last[last.len() - 1] as f64;
    let ahead = |steeper: f64| states_ahead(size, next, slope * steeper);
    Some(Estimate {
        // The last levels dwindle faster than a bell.
        low: seen.saturating_add(ahead(1.5) / 2),
        high: seen.saturating_add(ahead(0.4)),
    })
}

/// The slope of the line through these values, and where it is at the next one.
fn line(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / count;
    let (mut upper, mut lower) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let at = at as f64 - middle;
        upper += at * (value - mean);
        lower += at * at;
    }
    let slope = upper / lower;
    (slope, mean + slope * (count - middle))
}

/// States of all levels to come.
fn states_ahead(mut size: f64, mut growth: f64, slope: f64) -> u64 {
    let mut sum = 0.0;
    for _ in 0..LEVELS_AHEAD_MAX {
        size *= growth.exp();
        growth += slope;
        if size < 1.0 || !size.is_finite() {
            break;
        }
        sum += size;
    }
    // Too large a number becomes the largest.
    sum as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels of a grid with so many counters of so many values.
    fn grid(counters: u32, values: usize) -> Vec<u64> {
        let mut levels = vec![1_u64];
        for _ in 0..counters {
            let mut next = vec![0; levels.len() + values - 1];
            for (at, &size) in levels.iter().enumerate() {
                next[at..at + values]
                    .iter_mut()
                    .for_each(|sum| *sum += size);
            }
            levels = next;
        }
        levels
    }

    #[test]
    fn the_size_is_within_the_range_from_a_tenth_on() {
        for levels in [grid(4, 20), grid(6, 6), grid(7, 10), grid(12, 3)] {
            let all: u64 = levels.iter().sum();
            let mut seen = 0;
            for (at, &size) in levels.iter().enumerate() {
                seen += size;
                let Some(Estimate { low, high }) = estimate(&levels[..=at]) else {
                    continue;
                };
                assert!(low <= high && low >= seen);
                if seen > all / 10 {
                    assert!(low <= all && all <= high, "{at}: {low} {all} {high}");
                }
                if seen > all / 2 {
                    assert!(high < all * 2, "{at}: {high} of {all}");
                }
            }
        }
    }

    #[test]
    fn steady_growth_says_nothing() {
        let doubling: Vec<u64> = (0..20).map(|level| 1 << level).collect();
        assert_eq!(estimate(&doubling), None);
        assert_eq!(estimate(&[1; 100]), None);
        assert_eq!(estimate(&[]), None);
    }
}
