//! Models that answer differently when asked again are caught, and others are not.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use checker::{Broken, Paranoia, Paranoid, digests, first_difference, paranoid, record};
use stateright::{Model, Property};

use crate::models::{Graph, Grid, Vault};

static NEVER: AtomicBool = AtomicBool::new(false);

fn up_to(states_max: u64) -> Paranoia<'static> {
    Paranoia {
        states_max,
        interrupt: &NEVER,
    }
}

/// What is wrong with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    /// `next_state` counts how often it was asked.
    Counter,
    /// The same, but it shows at every hundredth time only.
    SlowCounter,
    /// `actions` come in the order of a `HashMap` that is made each time.
    FreshMap,
    /// `actions` come in the order of a `HashMap` that is made once.
    OldMap,
    /// A state knows where in memory it was made.
    Address,
    /// A state knows the thread it was made in.
    Thread,
    /// Two equal states have two hashes.
    Hash,
    /// A property looks at how often it was asked.
    Property,
    /// The boundary does.
    Boundary,
    /// The initial states do.
    Initial,
}

/// Three counters up to 9, and a fault.
struct Planted {
    fault: Fault,
    asked: AtomicU64,
    order: HashMap<usize, (), RandomState>,
}

#[derive(Clone, PartialEq)]
struct Counters {
    counters: [u8; 3],
    odd: u64,
    hash_only: u64,
}

impl Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters")
            .field("counters", &self.counters)
            .field("odd", &self.odd)
            .finish()
    }
}

impl Hash for Counters {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.counters, self.odd, self.hash_only).hash(hasher);
    }
}

impl Planted {
    fn with(fault: Fault) -> Self {
        Self {
            fault,
            asked: AtomicU64::new(0),
            // Enough of them that two orders are never the same.
            order: (0..20).map(|n| (n, ())).collect(),
        }
    }

    /// How often it was asked, if that is the fault.
    fn asked(&self, fault: Fault) -> u64 {
        match self.fault == fault {
            true => self.asked.fetch_add(1, Ordering::Relaxed),
            false => 0,
        }
    }
}

impl Model for Planted {
    type State = Counters;
    type Action = usize;

    fn init_states(&self) -> Vec<Counters> {
        vec![Counters {
            counters: [0; 3],
            odd: self.asked(Fault::Initial),
            hash_only: 0,
        }]
    }

    fn actions(&self, _: &Counters, actions: &mut Vec<usize>) {
        match self.fault {
            Fault::FreshMap => {
                let fresh: HashMap<usize, ()> = (0..20).map(|n| (n, ())).collect();
                actions.extend(fresh.keys());
            }
            Fault::OldMap => actions.extend(self.order.keys()),
            Fault::Nothing
            | Fault::Counter
            | Fault::SlowCounter
            | Fault::Address
            | Fault::Thread
            | Fault::Hash
            | Fault::Property
            | Fault::Boundary
            | Fault::Initial => actions.extend(0..20),
        }
    }

    fn next_state(&self, state: &Counters, action: usize) -> Option<Counters> {
        let mut next = state.clone();
        *next.counters.get_mut(action)? += 1;
        next.odd = match self.fault {
            Fault::Address => {
                let somewhere = Box::new(0_u64);
                let address = std::ptr::from_ref(&*somewhere).addr() as u64;
                // It is in use until the second one is made.
                std::mem::forget(somewhere);
                address
            }
            Fault::Thread => format!("{:?}", thread::current().id()).len() as u64 ^ thread_number(),
            Fault::Counter => self.asked(Fault::Counter),
            Fault::SlowCounter => self.asked(Fault::SlowCounter) / 100,
            Fault::Nothing
            | Fault::FreshMap
            | Fault::OldMap
            | Fault::Hash
            | Fault::Property
            | Fault::Boundary
            | Fault::Initial => 0,
        };
        next.hash_only = self.asked(Fault::Hash);
        Some(next)
    }

    fn within_boundary(&self, state: &Counters) -> bool {
        state.counters.iter().all(|counter| *counter < 10) && self.asked(Fault::Boundary) % 7 != 5
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("small", |_, state: &Counters| state.counters[0] < 10),
            Property::sometimes("lucky", |model: &Planted, _: &Counters| {
                model.asked(Fault::Property) % 7 == 5
            }),
        ]
    }
}

fn thread_number() -> u64 {
    let id = format!("{:?}", thread::current().id());
    id.chars()
        .filter(char::is_ascii_digit)
        .fold(0, |n, c| n * 10 + u64::from(c as u8 - b'0'))
}

/// What is found in one process.
fn found(fault: Fault) -> Paranoid {
    paranoid(&Planted::with(fault), up_to(1_000_000))
}

fn broken(fault: Fault) -> Broken {
    found(fault)
        .broken
        .unwrap_or_else(|| panic!("{fault:?} is not found"))
}

#[test]
fn what_answers_the_same_is_let_pass() {
    let good = found(Fault::Nothing);
    assert_eq!(
        (good.digests.len(), good.is_whole, good.broken),
        (1_000, true, None)
    );
    let grid = paranoid(&Grid::new(5, 9), up_to(1_000_000));
    assert_eq!(
        (grid.digests.len(), grid.is_whole, grid.broken),
        (625, true, None)
    );
    assert_eq!(paranoid(&Vault, up_to(1_000)).broken, None);
    for seed in 0..20 {
        assert_eq!(
            paranoid(&Graph::random(seed, 50), up_to(1_000)).broken,
            None
        );
    }
}

#[test]
fn a_limit_is_told() {
    let model = Planted::with(Fault::Nothing);
    let part = paranoid(&model, up_to(999));
    assert_eq!((part.digests.len(), part.is_whole), (999, false));
    assert!(paranoid(&model, up_to(1_000)).is_whole);
    assert_eq!(digests(&model, up_to(999)), part.digests);
    let interrupt = AtomicBool::new(true);
    let none = paranoid(
        &model,
        Paranoia {
            interrupt: &interrupt,
            ..up_to(9)
        },
    );
    assert_eq!(
        (none.digests.len(), none.is_whole, none.broken),
        (0, false, None)
    );
}

#[test]
fn planted_faults_are_found_with_the_field_that_differs() {
    let counter = broken(Fault::Counter);
    assert_eq!(counter.asked, "next_state by 0");
    assert!(counter.state.unwrap().contains("counters: [0, 0, 0]"));
    assert_eq!(
        counter.difference.to_string(),
        "in [0].odd: `odd: 0` or `odd: 1`"
    );

    let map = broken(Fault::FreshMap);
    assert_eq!(map.asked, "actions");
    assert!(
        map.difference.field.starts_with('['),
        "{:?}",
        map.difference
    );

    let address = broken(Fault::Address);
    assert_eq!(address.difference.field, "[0].odd");

    let hash = broken(Fault::Hash);
    assert_eq!(hash.asked, "next_state by 0");
    assert_eq!(
        hash.difference.to_string(),
        "in nothing that Debug shows, or shows again"
    );

    assert_eq!(broken(Fault::Property).asked, "the property \"lucky\"");
    assert_eq!(broken(Fault::Boundary).asked, "within_boundary");
    let initial = broken(Fault::Initial);
    assert_eq!(
        (initial.asked.as_str(), initial.state),
        ("init_states", None)
    );
    assert_eq!(initial.difference.field, "[0].odd");
}

#[test]
fn what_shows_in_another_thread_only_is_found_there() {
    for fault in [Fault::Thread, Fault::SlowCounter] {
        let broken = broken(fault);
        assert_eq!(
            broken.asked, "everything again in another thread",
            "{fault:?}"
        );
        assert!(broken.state.is_some());
        if fault == Fault::Thread {
            let difference = broken.difference;
            assert_eq!(difference.field, "next state.[0].odd", "{difference:?}");
        }
    }
}

/// Where a child of the test below writes what it found.
const OUT: &str = "PARANOID_OUT";

/// A map that is made once keeps its order as long as the process lives.
#[test]
fn what_shows_in_another_process_only_is_found_there() {
    assert_eq!(found(Fault::OldMap).broken, None);
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<String> = ["one", "two"]
        .map(|name| {
            let out = folder.path().join(name);
            let status = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "paranoid::child", "--test-threads=1"])
                .env(OUT, &out)
                .output()
                .unwrap();
            assert!(status.status.success(), "{status:?}");
            std::fs::read_to_string(out).unwrap()
        })
        .to_vec();
    let digests = |text: &str| -> Vec<u64> {
        let (digests, _) = text.split_once("\n\n").unwrap();
        digests.lines().map(|line| line.parse().unwrap()).collect()
    };
    let (one, two) = (digests(&children[0]), digests(&children[1]));
    assert_eq!(first_difference(&one, &two, false), Some(0));
    let record = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
    let broken = Broken::of_records(
        "in another process",
        &record(&children[0]),
        &record(&children[1]),
    );
    assert!(
        broken.difference.field.starts_with("actions.["),
        "{broken:?}"
    );
    assert!(broken.state.unwrap().starts_with("Counters {"));
}

/// Not a test by itself: what the test above starts in processes of its own.
#[test]
fn child() {
    let Some(out) = std::env::var_os(OUT) else {
        return;
    };
    let model = Planted::with(Fault::OldMap);
    let digests = digests(&model, up_to(100));
    let lines: String = digests.iter().map(|digest| format!("{digest}\n")).collect();
    let record = record(&model, 0).unwrap();
    std::fs::write(out, format!("{lines}\n{record}")).unwrap();
}

#[test]
fn rows_of_digests_are_compared_to_their_ends() {
    assert_eq!(first_difference(&[1, 2], &[1, 2], false), None);
    assert_eq!(first_difference(&[1, 2], &[1, 3], true), Some(1));
    assert_eq!(first_difference(&[1, 2], &[1], false), Some(1));
    assert_eq!(first_difference(&[1, 2], &[1], true), None);
}
