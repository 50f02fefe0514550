//! Random deep runs, for models that are too large to exhaust.
//!
//! A run starts in an initial state and takes one possible step after another, by chance, until
//! nothing is possible or it is long enough. Every run has a chance of its own, made of the seed and
//! the run's number: any run can be had alone, and many threads find what one finds.
//!
//! What is never said here is "holds": a sample shows what is possible, not what is impossible.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stateright::{Expectation, Model};

use crate::bfs::accepted_properties;
use crate::error::Error;
use crate::limits::{Limits, Until};
use crate::order::Order;
use crate::run::Cut;
use crate::sample::Sampler;
use crate::walk::Walk;
use crate::wander::Wanderer;

/// What to simulate. The default is a thousand runs of up to a thousand steps, from seed 1.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// What chance is made of. The same seed gives the same runs on every machine.
    pub seed: u64,
    /// The number of the first run.
    pub first: u64,
    /// How many runs.
    pub runs: u64,
    /// A run that has taken so many steps is long enough.
    pub steps_max: u32,
    /// Which of the possible actions is taken.
    pub order: Order,
    /// What, once found, makes further runs pointless. The run that finds it is gone to its end.
    pub until: Until,
    /// Threads that make runs. What is found does not depend on it.
    pub threads: NonZeroUsize,
    /// Wall time of all runs.
    pub timeout: Option<Duration>,
    /// Set to `true` by anyone (a signal handler) to end the simulation soon.
    pub interrupt: Arc<AtomicBool>,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            seed: 1,
            first: 0,
            runs: 1_000,
            steps_max: 1_000,
            order: Order::default(),
            until: Until::FirstViolation,
            threads: NonZeroUsize::MIN,
            timeout: None,
            interrupt: Arc::default(),
        }
    }
}

/// How far a simulation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Runs gone to their end.
    pub runs: u64,
    /// Steps of these runs, all together.
    pub steps: u64,
    /// Wall time since the start.
    pub elapsed: Duration,
}

/// What a simulation found. A sample: what was not seen may be possible all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated<A> {
    /// Runs gone to their end: up to the first one that found what was to be found.
    pub runs: u64,
    /// Steps of these runs, all together.
    pub steps: u64,
    /// Steps of the longest of these runs.
    pub longest: u32,
    /// How many of these runs were ended by `steps_max`, with more steps possible.
    pub unfinished: u64,
    /// Why runs are missing. `None`: none are, up to the last or to the one that found what was to be
    /// found.
    pub cut: Option<Cut>,
    /// One for each property, in the model's order.
    pub sightings: Vec<Sighting<A>>,
}

/// What a simulation saw of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting<A> {
    /// The property's name.
    pub property: &'static str,
    /// Always or sometimes; never eventually, see [`Error::Eventually`].
    pub expectation: Expectation,
    /// The first run in which an always-property was false, or a sometimes-property true, up to the
    /// first state that shows it. `None`: that was not seen, which proves nothing.
    pub seen: Option<Seen<A>>,
}

/// A run up to the state that shows something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<A> {
    /// The number of the run.
    pub run: u64,
    /// The way from its start.
    pub walk: Walk<A>,
}

impl<A> Simulated<A> {
    /// The violations, the earliest run first, and of one run the shortest way first.
    pub fn violations(&self) -> Vec<(&'static str, &Seen<A>)> {
        let mut violations: Vec<_> = self
            .sightings
            .iter()
            .filter(|sighting| sighting.expectation == Expectation::Always)
            .filter_map(|sighting| Some((sighting.property, sighting.seen.as_ref()?)))
            .collect();
        violations.sort_by_key(|(_, seen)| (seen.run, seen.walk.actions.len()));
        violations
    }
}

/// Makes random runs through a model, and says what they showed.
///
/// `progress` is called about every 100 ms by one thread or another, never by two at once.
///
/// The result is the same for every number of threads and on every machine, unless it is cut by time
/// or interrupt. Also then everything reported was really seen.
///
/// # Errors
///
/// See [`Error`]: the model's properties or initial states cannot be worked with, or the model is not
/// deterministic. The model has to change.
///
/// # Panics
///
/// When the model or `progress` panics.
pub fn simulate<M>(
    model: &M,
    simulation: &Simulation,
    progress: &(dyn Fn(&Pace) + Sync),
) -> Result<Simulated<M::Action>, Error>
where
    M: Model + Sync,
    M::Action: Clone + PartialEq,
{
    let limits = Limits {
        until: simulation.until,
        ..Limits::default()
    };
    let properties = accepted_properties(model, &limits)?;
    // If one run can start, all can.
    wanderer(model, simulation, simulation.first)?;
    let sampler = Sampler::new(model, simulation, &properties, progress);
    let sample = sampler.sample();
    let mut sightings = Vec::with_capacity(properties.len());
    for (property, first) in properties.iter().zip(&sample.first) {
        let seen = first
            .map(|(run, steps)| sampler.again(run, steps, property))
            .transpose()?;
        sightings.push(Sighting {
            property: property.name,
            expectation: property.expectation.clone(),
            seen,
        });
    }
    Ok(Simulated {
        runs: sample.runs,
        steps: sample.steps,
        longest: sample.longest,
        unfinished: sample.unfinished,
        cut: sample.cut,
        sightings,
    })
}

/// The whole of one run, whatever it shows.
///
/// # Errors
///
/// [`Error::NoInitialState`].
///
/// # Panics
///
/// When the model panics.
pub fn walk_of_run<M>(
    model: &M,
    simulation: &Simulation,
    run: u64,
) -> Result<Walk<M::Action>, Error>
where
    M: Model,
    M::Action: Clone + PartialEq,
{
    Ok(wanderer(model, simulation, run)?.walk(simulation.steps_max))
}

/// A run at its start.
pub(crate) fn wanderer<'a, M>(
    model: &'a M,
    simulation: &Simulation,
    run: u64,
) -> Result<Wanderer<'a, M>, Error>
where
    M: Model,
    M::Action: Clone + PartialEq,
{
    Wanderer::start(model, simulation.seed, run, simulation.order).ok_or(Error::NoInitialState)
}
