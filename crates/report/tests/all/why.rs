//! Why properties are broken: the step that is named, and the sentences.
//!
//! Scenarios that take long in an unoptimised build are with `SLOW_TESTS=1` only.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use checker::{Limits, Reductions, Run, Simulation, Storage, Until};
use model::properties::{self, chosen};
use model::{Action, Mutant, Scenario, State, World, trial};
use paxos::Durable;
use report::{Why, why};
use stateright::Model as _;

use crate::golden::compare;
use crate::worlds;

type StatePath = stateright::Path<State, Action>;

/// The first step of a path that the world would not have made without the fault: from the same state, the same action
/// under the correct rules leads to another state, or the correct rules judge the state that it leads to otherwise (what
/// is chosen is a question to the rules, too).
///
/// A fault decides otherwise where that shows in the world: in a memory, on a disk, on the network, at a client. A
/// message that a crash kept from leaving shows nowhere, and so does an answer that was given before.
fn first_deviation(world: &World, path: &StatePath) -> Option<usize> {
    let correct = without_fault(world);
    let steps = path.clone().into_vec();
    let mut pairs = steps.windows(2).zip(1..);
    let deviates = |before: &State, action: Action, after: &State| {
        let lawful = correct
            .next_state(before, action)
            .unwrap_or_else(|| before.clone());
        without_copies(&lawful) != without_copies(after)
            || chosen(&correct, after) != chosen(world, after)
    };
    pairs
        .find(|(pair, _)| deviates(&pair[0].0, pair[0].1.unwrap(), &pair[1].0))
        .map(|(_, number)| number)
}

/// The state without the copies of disks, which nothing shows until one is restored.
fn without_copies(state: &State) -> State {
    let mut bare = state.clone();
    for (node, mut server) in state.servers() {
        server.copy = Durable::EMPTY;
        bare.set_server(node, &server);
    }
    bare
}

fn without_fault(world: &World) -> World {
    World::new(Arc::new(world.scenario().clone())).unwrap()
}

/// More states than this take long for so many mutants.
const SMALL: u64 = 5_000;

/// Scenarios of more states in which alone some faults show.
const NEEDED: [&str; 5] = [
    "three-proposers",
    "values-against-ballots",
    "three-acceptors-retries",
    "clients-ask-again",
    "disks-fail",
];

fn size(world: &World) -> u64 {
    world.scenario().expect.states_visited().unwrap_or(u64::MAX)
}

fn is_slow() -> bool {
    std::env::var_os("SLOW_TESTS").is_some_and(|value| value == "1")
}

/// The scenarios of the suite whose rounds end, the small ones first; without `SLOW_TESTS=1` no others.
fn suite() -> Vec<World> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let scenarios = files.map(|path| Scenario::read(&path).unwrap());
    let in_suite = scenarios.filter(|one| !one.has_tag("large") && one.endless.is_none());
    let mut worlds: Vec<World> = in_suite
        .map(|one| World::new(Arc::new(one)).unwrap())
        .collect();
    worlds.retain(|world| {
        is_slow() || size(world) <= SMALL || NEEDED.contains(&world.scenario().name.as_str())
    });
    worlds.sort_by_key(|world| (size(world), world.scenario().name.clone()));
    worlds
}

fn mutants() -> impl Iterator<Item = Mutant> {
    let all = Mutant::ALL.iter().copied();
    all.filter(|mutant| !mutant.is_about_progress() && mutant.control().is_none())
}

/// As `paxos mutants` explores, at most so far.
fn explored(world: &World, until: Until) -> Run<State, Action> {
    let limits = Limits {
        threads: std::thread::available_parallelism().unwrap(),
        max_states: Some(60_000),
        until,
        ..Limits::default()
    };
    model::explore(
        world,
        Reductions::ALL,
        &Storage::default(),
        &limits,
        &|_| {},
    )
    .unwrap()
}

/// The shortest path to the violation of each invariant that is violated.
fn violations(run: &Run<State, Action>) -> Vec<(&'static str, StatePath)> {
    let invariants = properties::ALL.iter().filter(|known| known.is_invariant());
    let found = invariants.filter_map(|known| {
        let finding = run.finding(known.name)?;
        Some((known.name, finding.verdict.path()?.clone()))
    });
    found.collect()
}

/// What is not as it should be of the explanation of a path, with the path.
fn complaint(world: &World, property: &str, path: &StatePath) -> Option<String> {
    let why = why(world, path, property).unwrap();
    let step = first_deviation(world, path);
    (why.step != step || why.sentences.is_empty()).then(|| {
        let name = &world.scenario().name;
        let mutant = world.rules().mutant;
        let lines = report::lines(world, path).join("\n");
        format!("{mutant:?} in {name}, {property}: {step:?} expected\n{lines}\n{why:#?}\n")
    })
}

/// Shows the first few of them, if there are any.
fn assert_none(complaints: &[String], asked: usize) {
    let few: String = complaints.iter().take(5).cloned().collect();
    assert!(
        complaints.is_empty(),
        "{} of {asked}:\n{few}",
        complaints.len()
    );
}

#[test]
fn the_step_is_where_a_fault_first_decides_otherwise() {
    let mut worlds = suite();
    // Where the protocol is wrong as it ships, a fault need not be why something breaks.
    worlds.retain(|world| trial::is_fit(world.scenario()));
    let mut complaints = Vec::new();
    let mut asked = 0;
    for mutant in mutants() {
        for world in &worlds {
            let world = world.clone().with_mutant(mutant);
            for (property, path) in violations(&explored(&world, Until::Exhausted)) {
                asked += 1;
                complaints.extend(complaint(&world, property, &path));
            }
        }
    }
    assert!(asked > 500, "only {asked} violations");
    assert_none(&complaints, asked);
}

/// Long walks, with much that does not matter, and faults that do no harm at first.
#[test]
fn the_step_is_found_in_random_walks() {
    let mut worlds = suite();
    // Where the protocol is wrong as it ships, a fault need not be why something breaks.
    worlds.retain(|world| trial::is_fit(world.scenario()));
    let mut complaints = Vec::new();
    let mut asked = 0;
    for mutant in mutants() {
        for world in &worlds {
            let world = world.clone().with_mutant(mutant);
            let simulation = Simulation {
                runs: 40,
                steps_max: 200,
                until: Until::Exhausted,
                ..Simulation::default()
            };
            let simulated = checker::simulate(&world, &simulation, &|_| {}).unwrap();
            for (property, seen) in simulated.violations() {
                asked += 1;
                let path = seen.walk.path(&world).unwrap();
                complaints.extend(complaint(&world, property, &path));
            }
        }
    }
    assert!(asked > 300, "only {asked} violations");
    assert_none(&complaints, asked);
}

/// A row for people: what was found, where, and why.
fn row(text: &mut String, world: &World, property: &str, path: &StatePath) {
    let Why { sentences, step } = why(world, path, property).unwrap();
    let fault = world
        .rules()
        .mutant
        .map_or("the protocol as it is", Mutant::name);
    let steps = path.clone().into_actions().len();
    let step = step.map_or("no step".to_owned(), |step| format!("step {step}"));
    let name = &world.scenario().name;
    writeln!(
        text,
        "{fault} in {name}: {property} violated in {steps} steps, wrong at {step}"
    )
    .unwrap();
    for sentence in sentences {
        writeln!(text, "  {sentence}").unwrap();
    }
    text.push('\n');
}

/// Every fault that breaks an invariant: by what finds it out first, as `paxos mutants` does, and where agreement ends.
#[test]
fn explanations_of_known_faults() {
    let worlds = suite();
    let mut text = String::new();
    for mutant in mutants() {
        let mut told = false;
        for world in worlds
            .iter()
            .filter(|world| trial::is_fit(world.scenario()))
        {
            let world = world.clone().with_mutant(mutant);
            let run = explored(&world, Until::FirstViolation);
            let mut found = violations(&run).into_iter();
            let shortest = trial::killers(&world, &run);
            let Some(known) = shortest.first() else {
                continue;
            };
            if let Some((property, path)) = found.find(|(property, _)| *property == known.name) {
                row(&mut text, &world, property, &path);
                told = property == "agreement";
            }
            break;
        }
        for world in worlds
            .iter()
            .filter(|world| trial::is_fit(world.scenario()) && !told)
        {
            let world = world.clone().with_mutant(mutant);
            let run = explored(&world, Until::Found("agreement"));
            if let Some(path) = run.finding("agreement").unwrap().verdict.path() {
                row(&mut text, &world, "agreement", path);
                break;
            }
        }
    }
    let thin = worlds
        .iter()
        .find(|world| world.scenario().name == "thin-quorums")
        .unwrap();
    for (property, path) in violations(&explored(thin, Until::Exhausted)) {
        row(&mut text, thin, property, &path);
    }
    compare("why.txt", &text);
}

#[test]
fn what_is_not_broken_is_not_explained() {
    let (world, path) = worlds::alone();
    assert_eq!(why(&world, &path, "agreement"), None);
    let (world, path) = worlds::stale();
    assert!(why(&world, &path, "agreement").is_some());
    assert_eq!(why(&world, &path, "validity"), None);
    assert_eq!(why(&world, &path, "value-chosen"), None);
    assert_eq!(why(&world, &path, "no-such-property"), None);
}
