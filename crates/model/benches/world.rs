//! How much faster the World is than the same nodes as stateright actors: the same scenario, the
//! same unique states, stateright's own breadth-first checker on both, one thread.
//!
//!     cargo bench -p model
//!
//! Each run is a process of its own, the two in turn, so that a machine that grows slower does so
//! for both; the ratio is taken pair by pair. Both judge one property meanwhile, agreement.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use model::{Action, Actors, Scenario, State, World};
use stateright::{Checker, Model, Property};

const PAIRS: usize = 5;
const SCENARIOS: [&str; 3] = ["three-servers", "roles-apart", "bag-network"];

/// One exploration, measured.
#[derive(Clone, Copy, Debug)]
struct Run {
    states: u64,
    seconds: f64,
    peak_bytes: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["world", name] => print_run(|| OneProperty(world(name))),
        ["actors", name] => print_run(|| Actors::new(&world(name)).expect("it has no crashes")),
        // `cargo bench` says `--bench`.
        _ => SCENARIOS.iter().for_each(|name| compare(name)),
    }
}

fn compare(name: &str) {
    println!("{name}, stateright's breadth-first checker, one thread, {PAIRS} pairs");
    let mut ratios = Vec::new();
    let mut bytes = [Vec::new(), Vec::new()];
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..PAIRS {
        let [world, actors] = ["world", "actors"].map(|side| in_a_process(side, name));
        assert_eq!(world.states, actors.states, "the same states on both sides");
        ratios.push(actors.seconds / world.seconds);
        for (i, run) in [world, actors].into_iter().enumerate() {
            rates[i].push(run.states as f64 / run.seconds);
            bytes[i].push(run.peak_bytes as f64 / run.states as f64);
        }
    }
    let [world_rates, actor_rates] = rates.map(median);
    let [world_bytes, actor_bytes] = bytes.map(median);
    println!("          unique states a second   peak bytes a state   (medians)");
    println!("world     {world_rates:>22.0}   {world_bytes:>18.0}");
    println!("actors    {actor_rates:>22.0}   {actor_bytes:>18.0}");
    let (least, most) = (
        ratios.iter().copied().fold(f64::INFINITY, f64::min),
        ratios.iter().copied().fold(0.0, f64::max),
    );
    println!(
        "ratio     {:.2} (median; {least:.2} to {most:.2})",
        median(ratios)
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs one side in a process of its own.
fn in_a_process(side: &str, name: &str) -> Run {
    let program = std::env::current_exe().expect("a running program has a path");
    let output = Command::new(program)
        .args([side, name])
        .output()
        .expect("this program can be run again");
    assert!(output.status.success(), "{side} failed: {output:?}");
    let text = String::from_utf8(output.stdout).expect("it prints numbers");
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|word| word.parse().expect("it prints numbers"))
        .collect();
    let [states, seconds, peak_bytes] = numbers[..] else {
        panic!("{side} printed `{text}`, not three numbers");
    };
    Run {
        states: states as u64,
        seconds,
        peak_bytes: peak_bytes as u64,
    }
}

fn world(name: &str) -> World {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    let file = format!("{models}/{name}.toml");
    let scenario = Scenario::read(Path::new(&file)).expect("it is in the suite");
    World::new(Arc::new(scenario)).expect("it is in the suite")
}

/// The World with as many properties as the actors have.
struct OneProperty(World);

impl Model for OneProperty {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.0.init_states()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        self.0.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<OneProperty>> {
        vec![Property::always("agreement", |model, state| {
            model::properties::agreement(&model.0, state)
        })]
    }
}

/// Explores in full and prints the states, the seconds and the peak memory above the start.
fn print_run<M>(model: impl Fn() -> M)
where
    M: Model + Send + Sync + 'static,
    M::State: std::hash::Hash + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Clone + PartialEq + Send,
{
    let before = peak_bytes();
    let started = Instant::now();
    let checker = model().checker().threads(1).spawn_bfs().join();
    let seconds = started.elapsed().as_secs_f64();
    let peak = peak_bytes() - before;
    println!("{} {seconds} {peak}", checker.unique_state_count());
}

/// The highest resident set of this process so far, as Linux tells it.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("Linux tells the peak");
    let kibibytes = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse::<u64>().ok());
    kibibytes.expect("a number of kB") * 1024
}
