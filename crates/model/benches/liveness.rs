//! What it costs to judge what has to happen: the same world without end, all of its states and transitions, for
//! safety alone and for liveness.
//!
//!     cargo bench -p model --bench liveness [SCENARIO]
//!
//! Each run is a process of its own, the two in turn, so that a machine that grows slower does so
//! for both; the ratio is taken pair by pair.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use checker::{Ending, Limits, Reductions};
use model::{Ranked, Scenario, World};

const PAIRS: usize = 3;
/// The largest one that is refuted: what is told of it, a shortest stem and a shortest round, has to be found as well.
const SCENARIO: &str = "duel-three";

/// One exploration, measured.
#[derive(Clone, Copy, Debug)]
struct Run {
    states: u64,
    transitions: u64,
    seconds: f64,
    peak_bytes: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["safety", name] => print_run(name, false),
        ["liveness", name] => print_run(name, true),
        // `cargo bench` says `--bench`.
        ["--bench"] | [] => compare(SCENARIO),
        [name, ..] => compare(name),
    }
}

fn compare(name: &str) {
    println!("{name}, own engine, {PAIRS} pairs");
    let mut runs = [Vec::new(), Vec::new()];
    for _ in 0..PAIRS {
        let pair = ["safety", "liveness"].map(|side| in_a_process(side, name));
        assert_eq!(pair[0].states, pair[1].states, "the same states");
        for (all, run) in runs.iter_mut().zip(pair) {
            all.push(run);
        }
    }
    println!("           states   transitions   seconds   peak MiB   (medians)");
    for (side, runs) in ["safety", "liveness"].into_iter().zip(&runs) {
        let of = |value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
        println!(
            "{side:8} {:>8} {:>13} {:>9.1} {:>10.0}",
            runs[0].states,
            runs[0].transitions,
            of(|run| run.seconds),
            of(|run| run.peak_bytes as f64 / f64::from(1 << 20)),
        );
    }
    let pairs = runs[0].iter().zip(&runs[1]);
    let ratios: Vec<f64> = pairs
        .map(|(safety, liveness)| liveness.seconds / safety.seconds)
        .collect();
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
    let [states, transitions, seconds, peak_bytes] = numbers[..] else {
        panic!("{side} printed `{text}`, not four numbers");
    };
    Run {
        states: states as u64,
        transitions: transitions as u64,
        seconds,
        peak_bytes: peak_bytes as u64,
    }
}

/// Explores in full and prints the states, the transitions, the seconds and the peak memory.
fn print_run(name: &str, is_live: bool) {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/liveness");
    let file = format!("{models}/{name}.toml");
    let scenario = Scenario::read(Path::new(&file)).expect("it ships");
    let world = World::new(Arc::new(scenario)).expect("it ships");
    let model = Ranked::new(world).expect("its rounds never end");
    let limits = Limits {
        threads: std::thread::available_parallelism().expect("there are processors"),
        ..Limits::default()
    };
    let started = Instant::now();
    let (ending, states, transitions) = match is_live {
        false => {
            let run = checker::explore_offering(&model, Reductions::NONE, &limits, &|_| {});
            let run = run.expect("it is explored");
            // The initial state is counted as generated.
            (run.ending, run.unique, run.generated - 1)
        }
        true => {
            let run = checker::explore_live(&model, &limits, &|_| {}).expect("it is explored");
            (run.ending, run.unique, run.transitions)
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(ending, Ending::Exhausted);
    let peak = memory_peak();
    println!("{states} {transitions} {seconds} {peak}");
}

/// The highest resident set of this process so far, as Linux tells it.
fn memory_peak() -> u64 {
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
