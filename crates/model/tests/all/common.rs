//! Worlds to test with, and how to look at all of one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use checker::{Limits, Run, Until, Verdict, explore};
use model::{Action, Scenario, State, World};
use stateright::Model as _;

/// The scenarios as they ship.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// The world of `models/<name>.toml`.
pub(crate) fn shipped(name: &str) -> World {
    let path = folder().join(format!("{name}.toml"));
    World::new(Arc::new(Scenario::read(&path).unwrap())).unwrap()
}

/// The world of a scenario without title, in which n0 is asked for A and n1, if it proposes, for B.
pub(crate) fn small(cluster: &str, rest: &str) -> World {
    let second = match cluster {
        "servers = 1" => 0,
        _ if cluster.contains("proposers = 1") => 0,
        _ => 1,
    };
    let text = format!(
        "title = \"\"\nabout = \"\"\n[cluster]\n{cluster}\n{rest}\n\
         [[ask]]\nvalue = \"A\"\nof = 0\n[[ask]]\nvalue = \"B\"\nof = {second}\n"
    );
    let scenario = Scenario::parse(Path::new("small.toml"), &text).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

/// What the checker says of a world.
pub(crate) fn explored(world: &World, until: Until) -> Run<State, Action> {
    let limits = Limits {
        threads: std::thread::available_parallelism().unwrap(),
        until,
        ..Limits::default()
    };
    explore(world, &limits, &|_| {}).unwrap()
}

/// How many steps the path found for a property has; `None` if every state was judged and there is
/// no path.
pub(crate) fn steps(run: &Run<State, Action>, property: &str) -> Option<usize> {
    let finding = run.finding(property).unwrap();
    match &finding.verdict {
        Verdict::Exhausted => None,
        Verdict::Violated(path) | Verdict::Witnessed(path) => {
            Some(path.clone().into_actions().len())
        }
        Verdict::Truncated(cut) => panic!("{property}: {cut}"),
    }
}

/// Every reachable state, by the plainest search there is.
pub(crate) fn reachable(world: &World) -> HashSet<State> {
    let mut seen = HashSet::new();
    let mut pending = world.init_states();
    while let Some(state) = pending.pop() {
        if !seen.contains(&state) {
            pending.extend(world.next_states(&state));
            seen.insert(state);
        }
    }
    seen
}
