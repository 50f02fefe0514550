//! How many states there will be, guessed from how levels have grown so far; or nothing.

use crate::limits::Estimate;

/// So many of the last levels are looked at for one guess.
const LEVELS: usize = 6;
/// So many guesses, of this level and of those before it, have to be within a range that is no wider than this factor.
/// (28 worlds of 20,000 to 13 million states: with one guess alone six of ten ranges had it right; with these, 98 of
/// 100, and it was silent until a half was done, mostly.)
const GUESSES: usize = 4;
const WIDTH_MAX: u64 = 10;
/// Below this a level says little about the next.
const STATES_MIN: u64 = 20;
/// Growth that slows down less than this at each level does not tell where it ends.
const SLOWING_MIN: f64 = 0.0005;
const LEVELS_AHEAD_MAX: u32 = 10_000;

/// The states there will be, from the new ones of each level. `None`: nothing worth saying is known.
pub(crate) fn estimate(sizes: &[u64]) -> Option<Estimate> {
    let known = sizes.len().checked_sub(GUESSES)? + 1..=sizes.len();
    let guesses: Option<Vec<Estimate>> = known.map(|levels| guess(&sizes[..levels])).collect();
    let guesses = guesses?;
    let low = guesses.iter().map(|guess| guess.low).min()?;
    let high = guesses.iter().map(|guess| guess.high).max()?;
    // Fewer than there are already there will not be.
    let low = low.max(sizes.iter().sum());
    (low <= high && high / WIDTH_MAX <= low).then_some(Estimate { low, high })
}

/// One guess. Levels of most models swell and then dwindle like a bell, so the logarithm of the growth falls about
/// along a line; how steeply it will fall is what is not known.
fn guess(sizes: &[u64]) -> Option<Estimate> {
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
    fn the_size_is_within_the_range() {
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
    fn levels_of_more_than_one_bell_are_not_guessed_at_too_early() {
        // Five acceptors, two proposers with two rounds each; and with one round each, without reductions.
        let retries = [
            1, 2, 5, 10, 19, 37, 69, 126, 217, 354, 505, 722, 996, 1372, 2089, 3377, 5349, 7857,
            10561, 13316, 16495, 21649, 31661, 48623, 71053, 93659, 112911, 131022, 155598, 197764,
            270136, 374770, 489943, 573954, 600615, 593471, 608131, 669744, 739666, 752130, 691980,
            616473, 569578, 513410, 403215, 260255, 137540, 60154, 21943, 6697, 1715, 369, 64, 9,
            1, 0,
        ];
        let plain = [
            1, 2, 11, 40, 115, 300, 717, 1542, 2980, 5162, 8197, 12990, 22391, 41580, 75747,
            126464, 187335, 249332, 317463, 424755, 625592, 959105, 1393045, 1792449, 1979705,
            1844780, 1422342, 873865, 410461, 142530, 35450, 6052, 660, 40, 1, 0,
        ];
        for levels in [retries.as_slice(), &plain] {
            let all: u64 = levels.iter().sum();
            let told = (1..=levels.len()).filter_map(|known| estimate(&levels[..known]));
            let told: Vec<Estimate> = told.collect();
            assert!(told.len() > 6, "{told:?}");
            for Estimate { low, high } in told {
                assert!(low <= all && all <= high, "{low} {all} {high}");
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
