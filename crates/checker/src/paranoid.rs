//! Whether a model answers the same when it is asked again.
//!
//! An exploration rests on it: it asks once for each state, rebuilds paths by asking again, and is repeated
//! elsewhere. Clocks, chance, counters, addresses, the iteration order of a `HashMap` or the thread one
//! is in must not show. [`paranoid()`] asks everything twice, and once more in another thread. What stays
//! the same as long as a process lives shows only in another one: there the caller has to compare
//! [`digests`], and look at the first that differs with [`record`].

use std::fmt::Debug;
use std::hash::Hash;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use stateright::Model;

use crate::difference::Difference;
use crate::survey::{STATE_TEXT, Survey, Times, written};

/// How far to look.
#[derive(Clone, Copy, Debug)]
pub struct Paranoia<'a> {
    /// So many states, the nearest ones first.
    pub states_max: u64,
    /// Set to `true` by anyone (a signal handler) to end soon.
    pub interrupt: &'a AtomicBool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paranoid {
    /// One for each state that was looked at, in the order of a breadth-first search.
    pub digests: Vec<u64>,
    /// Whether there are no other states.
    pub is_whole: bool,
    /// The first answer that was not given again.
    pub broken: Option<Broken>,
}

/// A question to which a model has two answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What was asked, in words.
    pub asked: String,
    /// The state it was asked of, as `{:?}`. `None`: it was asked of none.
    pub state: Option<String>,
    /// What differs in the answers.
    pub difference: Difference,
}

/// Asks a model everything twice, state by state, and once more in another thread.
///
/// # Panics
///
/// When the model panics.
pub fn paranoid<M>(model: &M, paranoia: Paranoia<'_>) -> Paranoid
where
    M: Model + Sync,
    M::State: Debug + Hash + PartialEq,
    M::Action: Clone + Debug + PartialEq,
{
    let properties = model.properties();
    let mut survey = match Survey::start(model, Times::Two) {
        Ok(survey) => survey,
        Err(broken) => return Paranoid::none(broken),
    };
    let mut found = Paranoid {
        digests: Vec::new(),
        is_whole: false,
        broken: None,
    };
    while found.broken.is_none() && !found.is_whole && survey.may_go_on(&paranoia) {
        match survey.next(&properties) {
            Some(Ok((_, digest))) => found.digests.push(digest),
            Some(Err(broken)) => found.broken = Some(broken),
            None => found.is_whole = true,
        }
    }
    found.is_whole |= found.broken.is_none() && survey.is_done();
    if found.broken.is_none() {
        found.broken = elsewhere(model, &found.digests, paranoia);
    }
    found
}

/// The digests of a model's states, as [`paranoid()`] has them, asked for once. In another process they must
/// be the same.
///
/// # Panics
///
/// When the model panics.
pub fn digests<M>(model: &M, paranoia: Paranoia<'_>) -> Vec<u64>
where
    M: Model,
    M::State: Debug + Hash + PartialEq,
    M::Action: Clone + Debug + PartialEq,
{
    let properties = model.properties();
    let mut digests = Vec::new();
    if let Ok(mut survey) = Survey::start(model, Times::One) {
        while survey.may_go_on(&paranoia)
            && let Some(Ok((_, digest))) = survey.next(&properties)
        {
            digests.push(digest);
        }
    }
    digests
}

/// What stands behind the digest at this place: the state, what can happen in it, where that leads, and what
/// the properties say. As [`Difference::of`] takes it. `None`: there are not so many states.
///
/// # Panics
///
/// When the model panics.
pub fn record<M>(model: &M, place: usize) -> Option<String>
where
    M: Model,
    M::State: Debug + Hash + PartialEq,
    M::Action: Clone + Debug + PartialEq,
{
    let properties = model.properties();
    let mut survey = Survey::start(model, Times::One).ok()?;
    for _ in 0..place {
        survey.next(&properties)?.ok()?;
    }
    let (state, _) = survey.next(&properties)?.ok()?;
    Some(written(model, &properties, &state))
}

/// Whether a model is another one in another thread.
fn elsewhere<M>(model: &M, here: &[u64], paranoia: Paranoia<'_>) -> Option<Broken>
where
    M: Model + Sync,
    M::State: Debug + Hash + PartialEq,
    M::Action: Clone + Debug + PartialEq,
{
    let paranoia = Paranoia {
        states_max: here.len() as u64,
        ..paranoia
    };
    let in_thread = || {
        let there = digests(model, paranoia);
        let is_cut = paranoia.interrupt.load(Ordering::Relaxed);
        let place = first_difference(here, &there, is_cut)?;
        Some((place, record(model, place).unwrap_or_default()))
    };
    let (place, there) = thread::scope(|scope| {
        let thread = scope.spawn(in_thread);
        thread
            .join()
            .unwrap_or_else(|panic| panic::resume_unwind(panic))
    })?;
    let here = record(model, place).unwrap_or_default();
    Some(Broken::of_records("in another thread", &here, &there))
}

/// The first place at which two rows of digests differ. Where one was cut, its missing end is no difference.
pub fn first_difference(first: &[u64], second: &[u64], is_cut: bool) -> Option<usize> {
    let common = first.len().min(second.len());
    let differs = (0..common).find(|&place| first[place] != second[place]);
    differs.or((first.len() != second.len() && !is_cut).then_some(common))
}

impl Paranoid {
    fn none(broken: Broken) -> Self {
        Self {
            digests: Vec::new(),
            is_whole: false,
            broken: Some(broken),
        }
    }
}

impl Broken {
    /// From what [`record`] says twice; `place` is where it was asked the second time.
    pub fn of_records(place: &str, first: &str, second: &str) -> Self {
        let state = |text: &str| {
            let (_, state) = text.rsplit_once(STATE_TEXT)?;
            Some(state.to_owned())
        };
        Self {
            asked: format!("everything again {place}"),
            state: state(first).or_else(|| state(second)),
            difference: Difference::of(first, second),
        }
    }
}
