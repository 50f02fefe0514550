//! The World as it is, put to all that the checker asks of any model: random runs, other engines, the same questions twice.
//!
//! What is called here is generic. These doors are not, so its machine code is made once, here, where it is optimised, and in no
//! program that asks.

use std::sync::Arc;

use checker::{
    Effort, Engine, Error, Limits, Minimised, Pace, Paranoia, Paranoid, Progress, Run, Simulated,
    Simulation,
};

use crate::{Action, State, World};

/// Some steps from the start of a world.
pub type Walk = checker::Walk<Action>;

/// As [`checker::explore_with`].
///
/// # Errors
/// As there.
pub fn explore_with(
    engine: Engine,
    world: Arc<World>,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<State, Action>, Error> {
    checker::explore_with(engine, world, limits, progress)
}

/// As [`checker::simulate()`].
///
/// # Errors
/// As there.
pub fn simulate(
    world: &World,
    simulation: &Simulation,
    progress: &(dyn Fn(&Pace) + Sync),
) -> Result<Simulated<Action>, Error> {
    checker::simulate(world, simulation, progress)
}

/// As [`checker::walk_of_run`].
///
/// # Errors
/// As there.
pub fn walk_of_run(world: &World, simulation: &Simulation, run: u64) -> Result<Walk, Error> {
    checker::walk_of_run(world, simulation, run)
}

/// As [`checker::minimise()`].
///
/// # Errors
/// As there.
pub fn minimise(
    world: &World,
    property: &'static str,
    walk: &Walk,
    effort: Effort<'_>,
) -> Result<Minimised<Action>, Error> {
    checker::minimise(world, property, walk, effort)
}

/// As [`checker::paranoid()`].
pub fn paranoid(world: &World, paranoia: Paranoia<'_>) -> Paranoid {
    checker::paranoid(world, paranoia)
}

/// As [`checker::digests`].
pub fn digests(world: &World, paranoia: Paranoia<'_>) -> Vec<u64> {
    checker::digests(world, paranoia)
}

/// As [`checker::record`].
pub fn record(world: &World, place: usize) -> Option<String> {
    checker::record(world, place)
}
