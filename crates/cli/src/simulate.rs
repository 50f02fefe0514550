//! `paxos simulate`: random deep runs of a scenario, and the violations they meet, made short.

mod told;

use std::sync::atomic::AtomicBool;
use std::thread::available_parallelism;

use checker::{Cut, Effort, Pace, Simulated, Simulation, Until, Walk};
use model::{Action, Expected, State, World, as_it_is};
use report::Telling;
use stateright::Path;

use crate::args::SimulateArgs;
use crate::check::listen_for_interrupt;
use crate::error::Error;
use crate::progress::{Meter, a_second};
use crate::simulate::told::{Told, Violation};
use crate::{Ended, load, print, story};

/// States that may be expanded to make one violation short: some seconds.
const MINIMISE_STEPS: u64 = 2_000_000;

pub(crate) fn simulate(args: &SimulateArgs) -> Result<Ended, Error> {
    let loaded = load::one_bounded(&args.scenario)?;
    let world = loaded.world(args.mutant)?;
    let name = &loaded.scenario.name;
    let failed = |source| Error::Exploration {
        name: name.clone(),
        source,
    };
    let mut simulation = simulation(args, &world);
    simulation.interrupt = listen_for_interrupt()?;
    let meter = Meter::new(name);
    let tell = |pace: &Pace| meter.tell(pace.elapsed, &describe(pace, simulation.runs));
    let simulated = as_it_is::simulate(&world, &simulation, &tell);
    meter.finish();
    let simulated = simulated.map_err(failed)?;
    if let (Some(run), false) = (args.run, args.json) {
        let walk = as_it_is::walk_of_run(&world, &simulation, run).map_err(failed)?;
        let heading = format!("{name}: run {run} of seed {}", args.seed);
        print::line(&heading)?;
        let path = path_of(&world, &walk)?;
        story::print_path(args.story, &world, &path, &Telling::default())?;
        print::line("")?;
    }
    let violations = violations(&world, &simulated, &simulation.interrupt)?;
    let told = Told {
        args,
        world,
        simulation,
        simulated,
        violations,
    };
    match args.json {
        true => print::line(&serde_json::to_string_pretty(&told.json())?)?,
        false => told.print()?,
    }
    Ok(told.ended())
}

fn simulation(args: &SimulateArgs, world: &World) -> Simulation {
    // Where something is to be violated, its violation must not hide another.
    let mut expected = world.scenario().expect.verdicts.values();
    let goes_on = args.keep_going
        || args.run.is_some()
        || expected.any(|verdict| *verdict == Expected::Violated);
    let processors = || available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    Simulation {
        seed: args.seed,
        first: args.run.unwrap_or(0),
        runs: args.run.map_or(args.runs, |_| 1),
        steps_max: args.steps,
        until: match goes_on {
            true => Until::Exhausted,
            false => Until::FirstViolation,
        },
        threads: args.threads.unwrap_or_else(processors),
        timeout: args.timeout,
        ..Simulation::default()
    }
}

fn describe(pace: &Pace, runs: u64) -> String {
    format!(
        "{} of {} runs, {} a second, {} steps, {:.0} s",
        print::number(pace.runs),
        print::number(runs),
        print::number(a_second(pace.runs, pace.elapsed)),
        print::number(pace.steps),
        pace.elapsed.as_secs_f64()
    )
}

/// All violations, made short; those that come to the same are one.
fn violations(
    world: &World,
    simulated: &Simulated<Action>,
    interrupt: &AtomicBool,
) -> Result<Vec<Violation>, Error> {
    // Ctrl-C ended the runs; it is not meant for this, which takes no long time.
    let interrupt = match simulated.cut {
        Some(Cut::Interrupted) => &AtomicBool::new(false),
        Some(_) | None => interrupt,
    };
    let effort = Effort {
        steps_max: MINIMISE_STEPS,
        interrupt,
    };
    let mut violations: Vec<Violation> = Vec::new();
    for (property, seen) in simulated.violations() {
        let minimised =
            as_it_is::minimise(world, property, &seen.walk, effort).map_err(|source| {
                Error::Exploration {
                    name: world.scenario().name.clone(),
                    source,
                }
            })?;
        let same = violations
            .iter_mut()
            .find(|other| other.minimised.walk == minimised.walk);
        match same {
            Some(same) => same.properties.push(property),
            None => violations.push(Violation {
                properties: vec![property],
                run: seen.run,
                steps: seen.walk.actions.len(),
                path: path_of(world, &minimised.walk)?,
                minimised,
            }),
        }
    }
    Ok(violations)
}

fn path_of(world: &World, walk: &Walk<Action>) -> Result<Path<State, Action>, Error> {
    walk.path(world).ok_or_else(|| {
        let name = &world.scenario().name;
        Error::NothingToShow(format!(
            "`{name}` does not allow what a run of it did: its model is not deterministic; \
             `paxos check {name} --paranoid` says more"
        ))
    })
}
