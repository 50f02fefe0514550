//! The own engine: breadth-first, one level after the other, many threads, one result.
//!
//! A level is complete before the next one is begun, so the first path found is a shortest one. Where
//! there is a choice, it is made by the smallest fingerprint among all candidates of the level, and
//! not by who came first: of several parents, of several states that settle a property and that the
//! caller likes equally well. That makes the result the same for every number of threads.

use std::hash::Hash;

use stateright::{Expectation, Model, Property};

use crate::error::Error;
use crate::limits::{Limits, Progress, Until};
use crate::offers::Offers;
use crate::reductions::Reductions;
use crate::run::Run;
use crate::search::{Explored, search};
use crate::space::{Action, Offering, Plain, Space, State};
use crate::storage::{Storage, Width};

/// Explores a model breadth-first and says what was found, and whether everything was seen.
///
/// `progress` is called about every 100 ms and once at the end, always from one other thread, and
/// never again after this returns.
///
/// Counts, findings and paths are the same for every number of threads and in every run, unless the
/// run is cut within a level (by states, memory, time or interrupt). Also then every path reported is a
/// shortest one, but which of several equally short ones is no longer determined.
///
/// # Errors
///
/// See [`Error`]: the model's properties or initial states cannot be worked with, or the model is not
/// deterministic. The model has to change.
///
/// # Panics
///
/// When the model or `progress` panics; the other threads are ended first.
pub fn explore<M>(
    model: &M,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Model + Sync,
    M::State: Hash + PartialEq + Send,
    M::Action: Clone + PartialEq,
{
    explore_preferring(model, &|_| 0, limits, progress)
}

/// As [`explore`]; of the equally short paths that show a property, one that ends in a state with
/// the least `oddity`. With the number of crashes so far, say, no crash is told that the story can
/// do without.
///
/// # Errors
///
/// As [`explore`].
///
/// # Panics
///
/// As [`explore`].
pub fn explore_preferring<M>(
    model: &M,
    oddity: &(dyn Fn(&M::State) -> u64 + Sync),
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Model + Sync,
    M::State: Hash + PartialEq + Send,
    M::Action: Clone + PartialEq,
{
    let space = Plain { model, oddity };
    explore_space(&space, limits, &Storage::default(), progress)
}

/// As [`explore`], for a model that offers more than [`Model`]: its own fingerprints and oddity, and these
/// reductions. Paths are paths of the model itself: each is walked once more without any reduction.
///
/// # Errors
///
/// As [`explore`]; also [`Error::NotOffered`] if the model does not offer one of the reductions, and
/// [`Error::Unsound`] if a path found with them is not one of the model itself.
///
/// # Panics
///
/// As [`explore`].
pub fn explore_offering<M>(
    model: &M,
    reductions: Reductions,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Offers + Sync,
    M::State: PartialEq + Send,
    M::Action: Clone + PartialEq,
{
    explore_stored(model, reductions, &Storage::default(), limits, progress)
}

/// As [`explore_offering`], with fingerprints of another width, with a disk for what does not fit into memory, or
/// with checkpoints: see [`Storage`].
///
/// # Errors
///
/// As [`explore_offering`]; also [`Error::NotWritable`] if anything is to go to disk that the model cannot write,
/// [`Error::MemoryTooSmall`], [`Error::Checkpoint`] if a checkpoint is not one of this run, and [`Error::Disk`] if a
/// file fails before the run has begun or after it has ended.
///
/// # Panics
///
/// As [`explore`].
pub fn explore_stored<M>(
    model: &M,
    reductions: Reductions,
    storage: &Storage,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Offers + Sync,
    M::State: PartialEq + Send,
    M::Action: Clone + PartialEq,
{
    refuse_not_offered(model, reductions)?;
    explore_space(&Offering::new(model, reductions), limits, storage, progress)
}

fn explore_space<P>(
    space: &P,
    limits: &Limits,
    storage: &Storage,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Explored<P>
where
    P: Space,
    State<P>: PartialEq + Send,
    Action<P>: Clone + PartialEq,
{
    match storage.fingerprint {
        Width::Bits64 => search::<P, u64>(space, limits, storage, None, progress),
        Width::Bits128 => search::<P, u128>(space, limits, storage, None, progress),
    }
}

/// Refuses reductions that the model does not offer.
pub(crate) fn refuse_not_offered<M: Offers>(
    model: &M,
    reductions: Reductions,
) -> Result<(), Error> {
    let offered = model.offered();
    match reductions.iter().find(|&one| !offered.contains(one)) {
        None => Ok(()),
        Some(reduction) => Err(Error::NotOffered {
            reduction,
            objection: model.objection(reduction),
        }),
    }
}

/// The model's properties, if every engine can be honest about them.
pub(crate) fn accepted_properties<M: Model>(
    model: &M,
    limits: &Limits,
) -> Result<Vec<Property<M>>, Error> {
    let properties = model.properties();
    for (index, property) in properties.iter().enumerate() {
        if property.expectation == Expectation::Eventually {
            return Err(Error::Eventually(property.name));
        }
        if properties[..index]
            .iter()
            .any(|earlier| earlier.name == property.name)
        {
            return Err(Error::DuplicateProperty(property.name));
        }
    }
    match limits.until {
        Until::Found(name) if properties.iter().all(|property| property.name != name) => {
            Err(Error::UnknownProperty(name))
        }
        Until::Found(_) | Until::Exhausted | Until::FirstViolation => Ok(properties),
    }
}
