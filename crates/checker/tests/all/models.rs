//! The models of these tests.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use checker::{Fingerprint, Limits, Offers};
use stateright::{Model, Property};

/// Limits with this many threads, and nothing else.
pub(crate) fn threads(threads: usize) -> Limits {
    Limits {
        threads: NonZeroUsize::new(threads).expect("at least one"),
        ..Limits::default()
    }
}

/// 0, 1, 2 and so on up to `last`. Breaks at `breaks_at`, and in every state after it.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) last: u64,
    pub(crate) breaks_at: u64,
    /// Set by the chain itself when it gets to state 500.
    pub(crate) at_500: Arc<AtomicBool>,
}

impl Chain {
    pub(crate) fn new(last: u64, breaks_at: u64) -> Self {
        Self {
            last,
            breaks_at,
            at_500: Arc::default(),
        }
    }
}

/// One step along the chain.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step;

impl Model for Chain {
    type State = u64;
    type Action = Step;

    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }

    fn actions(&self, state: &u64, actions: &mut Vec<Step>) {
        if *state == 500 {
            self.at_500.store(true, Ordering::Relaxed);
        }
        if *state < self.last {
            actions.push(Step);
        }
    }

    fn next_state(&self, state: &u64, Step: Step) -> Option<u64> {
        Some(state + 1)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("unbroken", |chain, state| *state < chain.breaks_at),
            Property::always("within the chain", |chain, state| *state <= chain.last),
            Property::sometimes("at the end", |chain, state| *state == chain.last),
            Property::sometimes("at two", |_, state| *state == 2),
        ]
    }
}

/// Four counters from 0 to `side - 1`, each of which can take a step: many equally short ways to any
/// state, and levels wide enough for several threads.
#[derive(Clone)]
pub(crate) struct Grid {
    pub(crate) side: u8,
    /// The sum of counters from which on things are wrong: many equally near states.
    pub(crate) wrong_from: u8,
    /// The state at which `next_state` panics.
    pub(crate) panics_at: Option<[u8; 4]>,
}

impl Grid {
    pub(crate) fn new(side: u8, wrong_from: u8) -> Self {
        Self {
            side,
            wrong_from,
            panics_at: None,
        }
    }
}

impl Model for Grid {
    type State = [u8; 4];
    type Action = usize;

    fn init_states(&self) -> Vec<Self::State> {
        vec![[0; 4]]
    }

    fn actions(&self, _: &Self::State, actions: &mut Vec<usize>) {
        actions.extend(0..4);
    }

    fn next_state(&self, state: &Self::State, counter: usize) -> Option<Self::State> {
        assert!(self.panics_at != Some(*state), "the grid is on fire");
        let mut next = *state;
        next[counter] += 1;
        Some(next)
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        state.iter().all(|counter| *counter < self.side)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("small sum", |grid: &Self, state: &[u8; 4]| {
                state.iter().sum::<u8>() < grid.wrong_from
            }),
            Property::sometimes("all equal and not zero", |_, s: &[u8; 4]| {
                s[0] > 0 && s.iter().all(|c| *c == s[0])
            }),
            Property::always("in range", |grid: &Self, state: &[u8; 4]| {
                state.iter().all(|c| *c < grid.side)
            }),
        ]
    }
}

impl Offers for Grid {
    fn fingerprint<F: Fingerprint>(&self, state: &[u8; 4]) -> F {
        F::of(state)
    }

    fn identity(&self) -> Option<String> {
        Some(format!("grid of side {}", self.side))
    }

    fn write(&self, state: &[u8; 4], bytes: &mut Vec<u8>) {
        bytes.extend(state);
    }

    fn read(&self, bytes: &mut &[u8]) -> Option<[u8; 4]> {
        let (state, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(*state)
    }
}

/// An arbitrary graph.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    /// For each node where its actions lead. `None`: the action is ignored.
    pub(crate) edges: Vec<Vec<Option<usize>>>,
    pub(crate) initial: Vec<usize>,
    pub(crate) outside: Vec<bool>,
    pub(crate) bad: Vec<bool>,
    pub(crate) good: Vec<bool>,
}

impl Graph {
    /// A random graph: the same for the same seed.
    pub(crate) fn random(seed: u64, nodes: usize) -> Self {
        let mut random = Random(seed);
        let edges = (0..nodes)
            .map(|_| {
                (0..random.below(5))
                    .map(|_| (random.below(8) > 0).then(|| random.below(nodes)))
                    .collect()
            })
            .collect();
        let mut one_in = |n| (0..nodes).map(|_| random.below(n) == 0).collect::<Vec<_>>();
        let (outside, bad, good) = (one_in(10), one_in(nodes / 3 + 1), one_in(nodes / 3 + 1));
        // With repeats, and some of them outside.
        let initial = (0..1 + random.below(4))
            .map(|_| random.below(nodes))
            .collect();
        Self {
            edges,
            initial,
            outside,
            bad,
            good,
        }
    }
}

impl Model for Graph {
    type State = usize;
    type Action = usize;

    fn init_states(&self) -> Vec<usize> {
        self.initial.clone()
    }

    fn actions(&self, node: &usize, actions: &mut Vec<usize>) {
        actions.extend(0..self.edges[*node].len());
    }

    fn next_state(&self, node: &usize, action: usize) -> Option<usize> {
        self.edges[*node][action]
    }

    fn within_boundary(&self, node: &usize) -> bool {
        !self.outside[*node]
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("not bad", |graph: &Self, node: &usize| !graph.bad[*node]),
            Property::sometimes("good", |graph: &Self, node: &usize| graph.good[*node]),
            Property::always("within the boundary", |graph: &Self, node: &usize| {
                !graph.outside[*node]
            }),
        ]
    }
}

/// splitmix64, from Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).expect("less than a usize")
    }
}

/// Counts how often it was asked, and puts that into its states: not a model at all.
#[derive(Default)]
pub(crate) struct Moody {
    pub(crate) asked: AtomicU64,
}

impl Model for Moody {
    type State = (u8, u64);
    type Action = Step;

    fn init_states(&self) -> Vec<Self::State> {
        vec![(0, 0)]
    }

    fn actions(&self, _: &Self::State, actions: &mut Vec<Step>) {
        actions.push(Step);
    }

    fn next_state(&self, state: &Self::State, Step: Step) -> Option<Self::State> {
        Some((state.0 + 1, self.asked.fetch_add(1, Ordering::Relaxed)))
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        state.0 < 9
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("below three", |_, state: &(u8, u64)| {
            state.0 < 3
        })]
    }
}

/// One state, no actions, and whatever properties a test needs.
pub(crate) struct Still {
    pub(crate) initial: Vec<u8>,
    pub(crate) properties: fn() -> Vec<Property<Self>>,
}

impl Model for Still {
    type State = u8;
    type Action = Step;

    fn init_states(&self) -> Vec<u8> {
        self.initial.clone()
    }

    fn actions(&self, _: &u8, _: &mut Vec<Step>) {}

    fn next_state(&self, _: &u8, Step: Step) -> Option<u8> {
        None
    }

    fn within_boundary(&self, state: &u8) -> bool {
        *state < 100
    }

    fn properties(&self) -> Vec<Property<Self>> {
        (self.properties)()
    }
}

/// A lock of six buttons that opens when 3, 1 and 4 were pressed in this order, whatever else was
/// pressed between them. Button 5 jams after an odd number of presses: its action leads nowhere.
pub(crate) struct Vault;

impl Model for Vault {
    /// Presses so far, and how many of the three are done.
    type State = (u8, u8);
    type Action = u8;

    /// The first one is beyond the boundary.
    fn init_states(&self) -> Vec<Self::State> {
        vec![(200, 0), (0, 0)]
    }

    fn actions(&self, _: &Self::State, actions: &mut Vec<u8>) {
        actions.extend(0..6);
    }

    fn next_state(&self, &(presses, done): &Self::State, button: u8) -> Option<Self::State> {
        if button == 5 && presses % 2 == 1 {
            return None;
        }
        let wanted = [3, 1, 4, u8::MAX][usize::from(done)];
        Some((presses + 1, done + u8::from(button == wanted)))
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        state.0 < 100
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("closed", |_, state: &(u8, u8)| state.1 < 3),
            Property::always("within the boundary", |_, state: &(u8, u8)| state.0 < 100),
            Property::sometimes("half open", |_, state: &(u8, u8)| state.1 == 2),
            Property::sometimes("over-open", |_, state: &(u8, u8)| state.1 == 4),
        ]
    }
}
