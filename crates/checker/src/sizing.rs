//! How many states a model has, from samples: before a run that may be too long.
//!
//! A *thinned* search keeps of each level only so many states, those whose fingerprints are ranked least by a seed.
//! Two with different seeds are like two catches of fish: of the states that one of them has on a level, the part
//! that the other has too says how large the part is that a thinned search sees of such states (Lincoln and
//! Petersen's method; each state seen then counts for as many as Horvitz and Thompson have it).

use std::collections::BinaryHeap;
use std::hash::Hasher as _;

use rapidhash::quality::RapidHasher;
use stateright::Model;

use crate::bfs::refuse_not_offered;
use crate::error::Error;
use crate::key::ByKey;
use crate::offers::Offers;
use crate::reductions::Reductions;
use crate::space::{Offering, Space};

/// Thinned searches that are compared with each other.
const CATCHES: usize = 4;
/// What the first look takes of the effort: one in so many.
const LOOK_SHARE: u64 = 10;
/// States of a level that the first look keeps.
const LOOK_WIDTH: usize = 8;
/// A level this small is worth nothing as a catch.
const WIDTH_MIN: u64 = 10;
/// Neighbouring levels that are taken together on either side: one of so many, since they are much alike.
const NEIGHBOURS_SHARE: usize = 20;
/// States in two catches, below which nothing can be said.
const MET_MIN: f64 = 20.0;
/// States that are easier to reach are in more catches than others, so there are more than it seems, and the more
/// so the less of them was seen. How much more is not known: by so much, fitted to grids, the range is wider than the
/// samples say.
const MARGIN: f64 = 0.1;
const MARGIN_HIDDEN: f64 = 3.0;

/// How many unique states a model has, see [`estimate_size`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeEstimate {
    /// As few as this are likely.
    pub low: u64,
    /// As many as this are likely, of those that samples came near to.
    pub high: u64,
    /// States that were expanded to find out, with repeats.
    pub sampled: u64,
    /// Whether the samples came to where there is nothing new, and had enough in common to be compared. If not,
    /// there may be any number of states more, and it takes more effort.
    pub is_complete: bool,
}

impl SizeEstimate {
    /// Whether every state was seen, so that the number is no estimate.
    pub fn is_exact(&self) -> bool {
        self.is_complete && self.low == self.high
    }
}

/// Says about how many unique states a model has, under these reductions, by expanding at most `effort` states; the
/// same for the same seed. It is exact if there are less than about a tenth of that.
///
/// The range is wide, its ends differ by a factor of four to six: it says whether a run takes minutes or days, and not
/// more. How wide it has to be was fitted to grids of counters, where at least eight of ten seeds then had it right with
/// an effort of a tenth of all states. On two-phase commit, to which it was not fitted, 17 of 20 had it right; the
/// other three said that they were not complete, and were too low by up to a quarter. It can be wrong by any factor on a
/// model with a part that only few of its states lead to, where no sample gets. To have it right, explore the model.
///
/// # Errors
///
/// [`Error::NoInitialState`], [`Error::NotOffered`], and [`Error::Refused`].
pub fn estimate_size<M>(
    model: &M,
    reductions: Reductions,
    seed: u64,
    effort: u64,
) -> Result<SizeEstimate, Error>
where
    M: Offers + Sync,
{
    refuse_not_offered(model, reductions)?;
    let space = Offering::new(model, reductions);
    let look = Catch::of(&space, seed, usize::MAX, effort / LOOK_SHARE);
    refused(model)?;
    if look.levels.is_empty() {
        return Err(Error::NoInitialState);
    }
    if look.is_complete {
        let all = look.keys.len() as u64;
        return Ok(SizeEstimate {
            low: all,
            high: all,
            sampled: look.expanded,
            is_complete: true,
        });
    }
    let narrow = Catch::of(&space, seed, LOOK_WIDTH, effort / LOOK_SHARE);
    let mut sampled = look.expanded + narrow.expanded;
    let share = effort.saturating_sub(sampled) / CATCHES as u64;
    // Some levels more than the narrow one has are likely.
    let width = (share * 9 / 10 / narrow.levels.len() as u64).max(WIDTH_MIN);
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    let catches: Vec<_> = (1..=CATCHES as u64)
        .map(|number| Catch::of(&space, seed.wrapping_add(number), width, share))
        .collect();
    sampled += catches.iter().map(|catch| catch.expanded).sum::<u64>();
    refused(model)?;

    let size = Size::of(&catches);
    let caught = catches.iter().map(|catch| catch.keys.len()).max();
    let hidden = 1.0 - (caught.unwrap_or(0) as f64 / size.states).min(1.0);
    let margin = 1.0 + MARGIN + size.error;
    Ok(SizeEstimate {
        low: (size.states / margin) as u64,
        high: (size.states * (margin + MARGIN_HIDDEN * hidden)) as u64,
        sampled,
        is_complete: size.met >= MET_MIN && catches.iter().all(|catch| catch.is_complete),
    })
}

/// What the model has found out that it cannot be explored with.
fn refused<M: Offers>(model: &M) -> Result<(), Error> {
    match model.refusal() {
        None => Ok(()),
        Some(refusal) => Err(Error::Refused(refusal)),
    }
}

/// What catches say when they are compared.
struct Size {
    states: f64,
    /// By what part of it chance may have it wrong.
    error: f64,
    /// States in two catches.
    met: f64,
}

impl Size {
    fn of(catches: &[Catch]) -> Self {
        let levels = catches.iter().map(|catch| catch.levels.len()).max();
        let levels = levels.unwrap_or(0);
        // Of each level, what one catch has, over all pairs of them; and what the other has of that.
        let (mut had, mut met) = (vec![0.0; levels], vec![0.0; levels]);
        for (one, catch) in catches.iter().enumerate() {
            let others = || (0..catches.len()).filter(|&other| other != one);
            for (&key, &level) in &catch.keys {
                let is_in = |&other: &usize| catches[other].keys.contains_key(&key);
                had[level as usize] += others().count() as f64;
                met[level as usize] += others().filter(is_in).count() as f64;
            }
        }
        let own = |level: usize| had[level] / (catches.len() - 1) as f64 / catches.len() as f64;
        let reach = (levels / NEIGHBOURS_SHARE).max(1);
        let (mut states, mut error) = (0.0, 0.0);
        for level in 0..levels {
            let near = level.saturating_sub(reach)..(level + reach + 1).min(levels);
            // Each pair was counted twice.
            let met: f64 = met[near.clone()].iter().sum::<f64>() / 2.0;
            let had: f64 = had[near].iter().sum::<f64>() / 2.0;
            let size = own(level) * (had + 1.0) / (met + 1.0);
            states += size;
            error += size * (1.0 - met / had) / (met + 1.0).sqrt();
        }
        Self {
            states,
            error: error / states,
            met: met.iter().sum::<f64>() / 2.0,
        }
    }
}

/// A thinned search.
struct Catch {
    /// What was kept, with its level.
    keys: ByKey<u32>,
    /// How many were kept of each level.
    levels: Vec<u64>,
    expanded: u64,
    /// Whether it ended since there was nothing new.
    is_complete: bool,
}

impl Catch {
    /// Keeps at most `width` states of a level, and expands at most `effort`.
    fn of<P: Space>(space: &P, seed: u64, width: usize, effort: u64) -> Self {
        let mut catch = Self {
            keys: ByKey::default(),
            levels: Vec::new(),
            expanded: 0,
            is_complete: false,
        };
        let model = space.model();
        let mut level = Thinned::new(seed, width);
        for state in model.init_states() {
            level.arrive(space, &catch, state);
        }
        let mut actions = Vec::new();
        loop {
            let states = level.end(&mut catch);
            if states.is_empty() {
                catch.is_complete = true;
                return catch;
            }
            level = Thinned::new(seed, width);
            for state in &states {
                if catch.expanded >= effort {
                    return catch;
                }
                catch.expanded += 1;
                space.actions(state, &mut actions, &mut []);
                for action in actions.drain(..) {
                    if let Some(next) = model.next_state(state, action) {
                        level.arrive(space, &catch, next);
                    }
                }
            }
        }
    }
}

/// A level of which the states ranked least are kept.
struct Thinned<S> {
    seed: u64,
    width: usize,
    /// The ranks of what is kept so far, with fingerprints.
    ranks: BinaryHeap<(u64, u64)>,
    states: ByKey<S>,
}

impl<S> Thinned<S> {
    fn new(seed: u64, width: usize) -> Self {
        Self {
            seed,
            width,
            ranks: BinaryHeap::new(),
            states: ByKey::default(),
        }
    }

    fn arrive<P>(&mut self, space: &P, catch: &Catch, mut state: S)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        if !space.model().within_boundary(&state) {
            return;
        }
        space.prune(&mut state);
        let key: u64 = space.fingerprint(&state);
        let mut hasher = RapidHasher::new(self.seed);
        hasher.write_u64(key);
        let rank = hasher.finish();
        let is_full = self.ranks.len() >= self.width;
        let is_too_much = is_full && self.ranks.peek().is_none_or(|&(most, _)| rank >= most);
        if is_too_much || catch.keys.contains_key(&key) || self.states.contains_key(&key) {
            return;
        }
        if is_full && let Some((_, most)) = self.ranks.pop() {
            self.states.remove(&most);
        }
        self.ranks.push((rank, key));
        self.states.insert(key, state);
    }

    /// What was kept of the level, which is the next one of the catch.
    fn end(self, catch: &mut Catch) -> Vec<S> {
        let level = catch.levels.len() as u32;
        if !self.states.is_empty() {
            catch.levels.push(self.states.len() as u64);
        }
        // In an order that is the same each time.
        let mut ranks = self.ranks.into_vec();
        ranks.sort_unstable();
        let mut states = self.states;
        ranks
            .into_iter()
            .filter_map(|(_, key)| {
                catch.keys.insert(key, level);
                states.remove(&key)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk_tests::{Ring, in_memory};
    use crate::limits::Limits;

    #[test]
    fn a_small_model_is_counted() {
        let all = in_memory(1_009, &Limits::default()).unique;
        let size = estimate_size(&Ring::new(1_009), Reductions::NONE, 1, 20_000).unwrap();
        assert!(size.is_exact());
        assert_eq!(size.low, all);
    }

    #[test]
    fn a_ring_is_estimated_for_most_seeds() {
        let all = in_memory(100_003, &Limits::default()).unique;
        let mut right = 0;
        for seed in 0..20 {
            let ring = Ring::new(100_003);
            let size = estimate_size(&ring, Reductions::NONE, seed * 100, 60_000).unwrap();
            assert!(size.sampled <= 60_000 && size.high < all * 5 && size.low > all / 2);
            right += u32::from(size.low <= all && all <= size.high);
        }
        assert!(right >= 16, "{right} of 20");
    }
}
