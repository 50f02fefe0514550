//! The worlds of the suite, and how they are explored.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use checker::{Limits, Reductions, Run, Storage};
use model::{Action, Scenario, State, World};

/// More states than this take long in an unoptimised build.
const SMALL: u64 = 50_000;

/// The scenarios as they ship.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// The world of `models/<name>.toml`.
pub(crate) fn shipped(name: &str) -> World {
    let path = folder().join(format!("{name}.toml"));
    World::new(Arc::new(Scenario::read(&path).unwrap())).unwrap()
}

/// The worlds of the suite: all but the large ones with `SLOW_TESTS=1`, else those of few states.
pub(crate) fn suite() -> Vec<World> {
    let is_slow = slow("scenarios of more than 50,000 states");
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    let worlds = names.iter().map(|name| shipped(name));
    let in_suite = |world: &World| {
        let scenario = world.scenario();
        let states = scenario.expect.states_visited().unwrap_or(u64::MAX);
        !scenario.has_tag("large") && (is_slow || states <= SMALL)
    };
    worlds.filter(in_suite).collect()
}

/// All there is of a world, under all reductions that are sound.
pub(crate) fn explored(world: &World) -> Run<State, Action> {
    let limits = Limits {
        threads: std::thread::available_parallelism().unwrap(),
        ..Limits::default()
    };
    let run = model::explore(
        world,
        Reductions::ALL,
        &Storage::default(),
        &limits,
        &|_| {},
    );
    let run = run.unwrap();
    assert!(run.is_exhausted());
    run
}

/// Whether to run what takes long; says what is left out if not.
#[expect(clippy::print_stdout, reason = "what is left out is said")]
pub(crate) fn slow(what: &str) -> bool {
    let slow = std::env::var_os("SLOW_TESTS").is_some_and(|value| value == "1");
    if !slow {
        println!("left out, for want of SLOW_TESTS=1: {what}");
    }
    slow
}
