//! The own engine: breadth-first, one level after the other, many threads, one result.
//!
//! A level is complete before the next one is begun, so the first path found is a shortest one. Where
//! there is a choice, it is made by the smallest fingerprint among all candidates of the level, and
//! not by who came first: of several parents, of several states that settle a property and that the
//! caller likes equally well. That makes the result the same for every number of threads.

use std::hash::Hash;

use stateright::{Expectation, Model, Path, Property};

use crate::error::Error;
use crate::expander::{Source, Typed};
use crate::limits::{Limits, Progress, Until};
use crate::offers::Offers;
use crate::reductions::Reductions;
use crate::run::{Finding, Run, Verdict};
use crate::search::search;
use crate::space::{Action, Offering, Plain, Space, State};
use crate::storage::{Storage, Width};
use crate::trace::Retrace;

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
    M::State: Hash + PartialEq + Send + 'static,
    M::Action: Clone + PartialEq + Send,
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
    M::State: Hash + PartialEq + Send + 'static,
    M::Action: Clone + PartialEq + Send,
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
    M::State: PartialEq + Send + 'static,
    M::Action: Clone + PartialEq + Send,
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
    M::State: PartialEq + Send + 'static,
    M::Action: Clone + PartialEq + Send,
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
    State<P>: PartialEq + Send + 'static,
    Action<P>: Clone + PartialEq + Send,
{
    explore_as(space, limits, |typed, paths| match storage.fingerprint {
        Width::Bits64 => {
            let mut retrace = |property, keys: &[u64]| typed.retrace_into(paths, property, keys);
            search_narrow(typed, limits, storage, progress, &mut retrace)
        }
        Width::Bits128 => {
            let mut retrace = |property, keys: &[u128]| typed.retrace_into(paths, property, keys);
            search_wide(typed, limits, storage, progress, &mut retrace)
        }
    })
}

/// The result of exploring a space.
pub(crate) type Explored<P> = Result<Run<State<P>, Action<P>>, Error>;

/// For each property the path that was found, if one was.
pub(crate) type Paths<P> = Vec<Option<Path<State<P>, Action<P>>>>;

/// Has a space explored by `search`, which leaves the paths it finds, and puts the findings together.
pub(crate) fn explore_as<P: Space>(
    space: &P,
    limits: &Limits,
    search: impl FnOnce(&Typed<'_, P>, &mut Paths<P>) -> Result<Run<(), ()>, Error>,
) -> Explored<P> {
    let typed = Typed::new(space, limits)?;
    let mut paths: Paths<P> = typed.properties.iter().map(|_| None).collect();
    let run = search(&typed, &mut paths)?;
    let findings = typed.properties.iter().zip(paths);
    let findings = findings.map(|(property, path)| Finding {
        property: property.name,
        expectation: property.expectation.clone(),
        verdict: Verdict::of(&property.expectation, path, run.ending),
    });
    let findings = findings.collect();
    Ok(run.with_findings(findings))
}

// The engine is compiled here, and not once more with each model: these two are its only doors.

fn search_narrow(
    source: &dyn Source<u64>,
    limits: &Limits,
    storage: &Storage,
    progress: &(dyn Fn(&Progress) + Sync),
    retrace: &mut Retrace<'_, u64>,
) -> Result<Run<(), ()>, Error> {
    search(source, limits, storage, None, progress, retrace)
}

fn search_wide(
    source: &dyn Source<u128>,
    limits: &Limits,
    storage: &Storage,
    progress: &(dyn Fn(&Progress) + Sync),
    retrace: &mut Retrace<'_, u128>,
) -> Result<Run<(), ()>, Error> {
    search(source, limits, storage, None, progress, retrace)
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
