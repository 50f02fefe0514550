//! What the engine itself costs: a model that does next to nothing, of ten million small states.
//!
//! `cargo bench -p checker` prints the median of several runs, by one thread and by two. Each run is a
//! process of its own, so that its memory is its own. From disk, it has a quarter of the memory.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its result, and ends if it cannot run"
)]

use std::num::NonZeroUsize;
use std::process::Command;
use std::time::Instant;

use checker::{Fingerprint, Limits, Offers, Reductions, Storage, explore_stored};
use stateright::{Model, Property};

const RUNS: usize = 5;
/// Counters, and the values of each: 10 million states, 63 levels.
const COUNTERS: usize = 7;
const VALUES: u8 = 10;

/// Counters that are raised one at a time.
struct Counters;

#[derive(Clone, Copy, PartialEq)]
struct Counts([u64; 6]);

impl Model for Counters {
    type State = Counts;
    type Action = u8;

    fn init_states(&self) -> Vec<Counts> {
        vec![Counts([0; 6])]
    }

    fn actions(&self, state: &Counts, actions: &mut Vec<u8>) {
        let bytes = state.0[0].to_le_bytes();
        actions.extend((0..COUNTERS as u8).filter(|&index| bytes[usize::from(index)] + 1 < VALUES));
    }

    fn next_state(&self, state: &Counts, action: u8) -> Option<Counts> {
        let mut next = *state;
        next.0[0] += 1 << (8 * action);
        next.0[5] = next.0[0].rotate_left(17) ^ next.0[1];
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("small", |_, state: &Counts| {
            state.0[0] >> 56 == 0
        })]
    }
}

impl Offers for Counters {
    fn fingerprint<F: Fingerprint>(&self, state: &Counts) -> F {
        F::of(&state.0[0])
    }

    fn identity(&self) -> Option<String> {
        Some("counters of the benchmark".to_owned())
    }

    fn write(&self, state: &Counts, bytes: &mut Vec<u8>) {
        bytes.extend(state.0.iter().flat_map(|word| word.to_le_bytes()));
    }

    fn read(&self, bytes: &mut &[u8]) -> Option<Counts> {
        let (state, rest) = bytes.split_at_checked(48)?;
        *bytes = rest;
        let (words, _) = state.as_chunks();
        let mut counts = [0; 6];
        for (count, word) in counts.iter_mut().zip(words) {
            *count = u64::from_le_bytes(*word);
        }
        Some(Counts(counts))
    }
}

fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != "one");
    if args.next().is_some() {
        let threads = args.next().unwrap().parse().unwrap();
        return one(threads, args.next().unwrap() == "disk");
    }
    for (threads, place) in [(1, "memory"), (2, "memory"), (1, "disk"), (2, "disk")] {
        let mut runs: Vec<[f64; 3]> = (0..RUNS).map(|_| in_a_process(threads, place)).collect();
        runs.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let [transition, state, bytes] = runs[RUNS / 2];
        println!(
            "{threads} threads, {place}: {transition:.1} ns a transition, {state:.0} ns a state, {bytes:.1} bytes a state at the peak"
        );
    }
}

/// Nanoseconds of a transition and of a unique state, and the peak of the process in bytes for each.
fn in_a_process(threads: usize, place: &str) -> [f64; 3] {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["one", &threads.to_string(), place])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    numbers.try_into().unwrap()
}

fn one(threads: NonZeroUsize, is_on_disk: bool) {
    let before = peak_bytes();
    let folder = tempfile::tempdir().unwrap();
    let mut limits = Limits {
        threads,
        ..Limits::default()
    };
    let mut storage = Storage::default();
    if is_on_disk {
        // A quarter of what it takes in memory.
        limits.max_memory = Some(before as u64 + (40 << 20));
        storage.disk = Some(folder.path().to_owned());
    }
    let started = Instant::now();
    let run = explore_stored(&Counters, Reductions::NONE, &storage, &limits, &|_| ()).unwrap();
    let nanos = started.elapsed().as_nanos() as f64;
    assert_eq!(run.unique, u64::from(VALUES).pow(COUNTERS as u32));
    assert!(run.is_exhausted());
    println!(
        "{} {} {}",
        nanos / run.generated as f64,
        nanos / run.unique as f64,
        (peak_bytes() - before) / run.unique as f64
    );
}

/// The most this process had resident so far.
fn peak_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    kib * 1024.0
}
