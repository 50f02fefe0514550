//! Searches that have next to no room in memory, or are broken off and resumed, find what the others find.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use stateright::{Model, Property};

use crate::bfs::explore_as;
use crate::key::Key;
use crate::limits::Limits;
use crate::offers::{Fingerprint, Offers};
use crate::reductions::Reductions;
use crate::run::{Cut, Ending, Run};
use crate::search::search;
use crate::space::Offering;
use crate::spill::Room;
use crate::storage::Storage;

/// Numbers on a ring of primes, that are doubled, raised or squared: levels of all sizes, many equally short ways,
/// and states of different lengths.
pub(crate) struct Ring {
    prime: u64,
    /// How many expansions there are until somebody interrupts.
    until_interrupt: AtomicU64,
    interrupt: Arc<AtomicBool>,
}

impl Ring {
    pub(crate) fn new(prime: u64) -> Self {
        Self {
            prime,
            until_interrupt: AtomicU64::new(u64::MAX),
            interrupt: Arc::default(),
        }
    }
}

impl Model for Ring {
    type State = Vec<u8>;
    type Action = u8;

    fn init_states(&self) -> Vec<Vec<u8>> {
        vec![bytes(1), bytes(2), bytes(1)]
    }

    fn actions(&self, _: &Vec<u8>, actions: &mut Vec<u8>) {
        if self.until_interrupt.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.interrupt.store(true, Ordering::Relaxed);
        }
        actions.extend(0..4);
    }

    fn next_state(&self, state: &Vec<u8>, action: u8) -> Option<Vec<u8>> {
        let number = number(state);
        let next = match action {
            0 => number * 2,
            1 => number + 1,
            2 => number * number,
            _ => return None,
        };
        Some(bytes(next % self.prime))
    }

    fn within_boundary(&self, state: &Vec<u8>) -> bool {
        number(state) % 17 != 5
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never three zeros", |_, state: &Vec<u8>| {
                !number(state).is_multiple_of(1000)
            }),
            Property::sometimes("the last", |ring: &Self, state: &Vec<u8>| {
                number(state) == ring.prime - 1
            }),
            Property::always("on the ring", |ring: &Self, state: &Vec<u8>| {
                number(state) < ring.prime
            }),
        ]
    }
}

fn bytes(number: u64) -> Vec<u8> {
    let all = number.to_le_bytes();
    all[..8 - number.leading_zeros() as usize / 8].to_vec()
}

fn number(state: &[u8]) -> u64 {
    state
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

impl Offers for Ring {
    fn fingerprint<F: Fingerprint>(&self, state: &Vec<u8>) -> F {
        F::of(state)
    }

    fn oddity(&self, state: &Vec<u8>) -> u64 {
        number(state) % 3
    }

    fn identity(&self) -> Option<String> {
        Some(format!("ring of {}", self.prime))
    }

    fn write(&self, state: &Vec<u8>, bytes: &mut Vec<u8>) {
        bytes.extend(state);
    }

    fn read(&self, bytes: &mut &[u8]) -> Option<Vec<u8>> {
        Some(std::mem::take(bytes).to_vec())
    }
}

/// Room for so many states in the table, and so many bytes of states.
fn room(entries: u64, frontier: u64) -> Room {
    Room {
        table: entries * 14,
        frontier,
    }
}

pub(crate) type RingRun = Run<Vec<u8>, u8>;

fn run<K: Key>(ring: &Ring, limits: &Limits, storage: &Storage, room: Room) -> RingRun {
    let limits = Limits {
        interrupt: ring.interrupt.clone(),
        ..limits.clone()
    };
    let space = Offering::new(ring, Reductions::NONE);
    let explored = explore_as(&space, &limits, |typed, paths| {
        let mut retrace = |property, keys: &[K]| typed.retrace_into(paths, property, keys);
        search(typed, &limits, storage, Some(room), &|_| (), &mut retrace)
    });
    explored.unwrap()
}

fn with_threads(threads: usize) -> Limits {
    Limits {
        threads: threads.try_into().unwrap(),
        ..Limits::default()
    }
}

pub(crate) fn in_memory(prime: u64, limits: &Limits) -> RingRun {
    run::<u64>(
        &Ring::new(prime),
        limits,
        &Storage::default(),
        Room::UNLIMITED,
    )
}

#[test]
fn a_search_from_disk_finds_what_one_in_memory_finds() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage {
        disk: Some(folder.path().to_owned()),
        ..Storage::default()
    };
    for prime in [13, 1_009, 8_009] {
        let expected = in_memory(prime, &Limits::default());
        assert!(expected.is_exhausted());
        for threads in [1, 2, 3] {
            for (entries, frontier) in [(100, 0), (3_000, 20_000), (20_000, u64::MAX), (1 << 20, 0)]
            {
                let (limits, room) = (with_threads(threads), room(entries, frontier));
                let found = run::<u64>(&Ring::new(prime), &limits, &storage, room);
                assert_eq!(found, expected, "{prime} {threads} {room:?}");
                let found = run::<u128>(&Ring::new(prime), &limits, &storage, room);
                assert_eq!(found, expected, "{prime} {threads} {room:?} wide");
            }
        }
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_search_from_disk_counts_no_more_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage {
        disk: Some(folder.path().to_owned()),
        ..Storage::default()
    };
    let whole = in_memory(1_009, &Limits::default());
    for max in [1, 2, 7, 100, 500, whole.unique - 1, whole.unique] {
        for threads in [1, 2] {
            let limits = Limits {
                max_states: Some(max),
                ..with_threads(threads)
            };
            let found = run::<u64>(&Ring::new(1_009), &limits, &storage, room(50, 0));
            assert_eq!(found.unique, max);
            if max == whole.unique {
                assert_eq!(found, whole);
            } else {
                assert_eq!(found.ending, Ending::Truncated(Cut::MaxStates(max)));
            }
        }
    }
}

fn lasting(folder: &Path, is_resumed: bool) -> Storage {
    Storage {
        checkpoint: Some(folder.to_owned()),
        checkpoint_every: Duration::ZERO,
        resume: is_resumed.then(|| folder.to_owned()),
        disk: Some(folder.join("unused")),
        ..Storage::default()
    }
}

#[test]
fn a_search_that_is_interrupted_again_and_again_finds_what_one_in_a_piece_finds() {
    const PRIME: u64 = 5_003;
    let expected = in_memory(PRIME, &Limits::default());
    // From room for all to room for little, and back.
    let rooms = [room(1 << 20, u64::MAX), room(300, 500), room(2_000, 0)];
    for (case, step) in [1, 3, 100, 333, 1_500].into_iter().enumerate() {
        for threads in [1, 2] {
            let folder = tempfile::tempdir().unwrap();
            let mut is_resumed = false;
            let mut rounds = 0;
            let found = loop {
                let ring = Ring::new(PRIME);
                // At the start much is found in few expansions.
                let after = if rounds < 20 { step } else { step.max(700) };
                ring.until_interrupt.store(after, Ordering::Relaxed);
                let room = rooms[(case + rounds) % rooms.len()];
                let storage = lasting(folder.path(), is_resumed);
                let found = run::<u64>(&ring, &with_threads(threads), &storage, room);
                if found.is_exhausted() {
                    break found;
                }
                assert_eq!(found.ending, Ending::Truncated(Cut::Interrupted));
                is_resumed = true;
                rounds += 1;
            };
            assert!(rounds > 1, "{step}");
            assert_eq!(found, expected, "{step} {threads}");
        }
    }
}

#[test]
fn a_search_that_was_cut_by_states_goes_on_with_more() {
    const PRIME: u64 = 5_003;
    let expected = in_memory(PRIME, &Limits::default());
    for room in [room(1 << 20, u64::MAX), room(300, 500)] {
        for threads in [1, 2] {
            let folder = tempfile::tempdir().unwrap();
            let mut max = 10;
            let found = loop {
                let limits = Limits {
                    max_states: Some(max),
                    ..with_threads(threads)
                };
                let storage = lasting(folder.path(), max > 10);
                let found = run::<u64>(&Ring::new(PRIME), &limits, &storage, room);
                if found.is_exhausted() {
                    break found;
                }
                assert_eq!(found.ending, Ending::Truncated(Cut::MaxStates(max)));
                assert_eq!(found.unique, max);
                max = max * 3 / 2;
            };
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_checkpoint_is_gone_on_from_in_another_folder_and_stays() {
    const PRIME: u64 = 5_003;
    let expected = in_memory(PRIME, &Limits::default());
    for (before, after) in [(300, 1 << 20), (1 << 20, 300), (300, 300)] {
        let [first, second, third] = [0; 3].map(|_| tempfile::tempdir().unwrap());
        let ring = Ring::new(PRIME);
        ring.until_interrupt.store(2_000, Ordering::Relaxed);
        let storage = lasting(first.path(), false);
        run::<u64>(&ring, &with_threads(1), &storage, room(before, 0));
        let copied = Storage {
            resume: Some(first.path().to_owned()),
            ..lasting(second.path(), false)
        };
        let spilled = Storage {
            disk: Some(third.path().to_owned()),
            resume: Some(first.path().to_owned()),
            ..Storage::default()
        };
        let only_read = Storage {
            resume: Some(first.path().to_owned()),
            ..Storage::default()
        };
        for storage in [copied, spilled, only_read] {
            let room = room(after, 1_000);
            let found = run::<u64>(&Ring::new(PRIME), &with_threads(2), &storage, room);
            assert_eq!(found, expected);
        }
    }
}
