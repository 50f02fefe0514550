//! Every reachable state by number, and every transition between them: what questions about whole paths are asked of.

mod build;
mod components;
mod pairs;

pub use build::graph;
pub(crate) use build::{Labels, labelled_graph};
pub(crate) use components::Components;

use std::collections::HashSet;

use stateright::Path;

use crate::offers::Offers;
use crate::run::Ending;
use crate::walk::step;

/// What stands for no state.
pub(crate) const NONE: u32 = u32::MAX;

/// The reachable states of a model within its boundary, numbered in the order in which a breadth-first search
/// comes to them, and the transitions between them. States themselves are not kept.
///
/// The same for every number of threads. Takes about 5 bytes for a transition and 30 for a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Whether all states and transitions are here.
    pub ending: Ending,
    /// How often `within_boundary` refused an initial state or a successor.
    pub beyond_boundary: u64,
    /// How many labels there are.
    labels: usize,
    /// The initial states are the first ones; so many of them.
    initial: u32,
    /// For each state, where its transitions begin; and where the last ones end.
    starts: Vec<u64>,
    /// Where transitions lead.
    to: Vec<u32>,
    /// Their labels, in the same order.
    label: Vec<u8>,
    /// For each state, the one it was first reached from. [`NONE`]: an initial state.
    first_from: Vec<u32>,
    /// For each state, what is true of it, a bit each.
    facts: Vec<u64>,
}

/// One transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) to: u32,
    pub(crate) label: u8,
}

impl Graph {
    /// How many states there are.
    pub fn states(&self) -> usize {
        self.first_from.len()
    }

    /// How many transitions there are, with those that change nothing, if they were asked for.
    pub fn transitions(&self) -> usize {
        self.to.len()
    }

    /// The initial states.
    pub(crate) fn initial(&self) -> std::ops::Range<u32> {
        0..self.initial
    }

    /// What is true of a state.
    pub(crate) fn facts(&self, state: u32) -> u64 {
        self.facts[state as usize]
    }

    /// The transitions from a state, in the order of its actions.
    pub(crate) fn edges(&self, state: u32) -> impl ExactSizeIterator<Item = Edge> + '_ {
        let state = state as usize;
        let range = self.starts[state] as usize..self.starts[state + 1] as usize;
        let edges = self.to[range.clone()].iter().zip(&self.label[range]);
        edges.map(|(&to, &label)| Edge { to, label })
    }

    /// The `place`th transition from a state.
    pub(crate) fn edge(&self, state: u32, place: u32) -> Option<Edge> {
        let state = state as usize;
        let at = self.starts[state] + u64::from(place);
        (at < self.starts[state + 1]).then(|| Edge {
            to: self.to[at as usize],
            label: self.label[at as usize],
        })
    }

    /// For each state that was expanded, how many transitions it has.
    pub(crate) fn out_degrees(&self) -> impl Iterator<Item = usize> + '_ {
        let ranges = self.starts.windows(2);
        ranges.map(|range| (range[1] - range[0]) as usize)
    }

    /// For each state, the steps of the shortest way to it.
    pub(crate) fn depths(&self) -> Vec<u32> {
        let mut depths: Vec<u32> = Vec::with_capacity(self.states());
        for &before in &self.first_from {
            let depth = match before {
                NONE => 0,
                before => depths[before as usize] + 1,
            };
            depths.push(depth);
        }
        depths
    }

    /// The states on a shortest way to one, from that before it down to an initial state.
    pub(crate) fn ancestors(&self, state: u32) -> impl Iterator<Item = u32> + '_ {
        let before =
            |state: &u32| Some(self.first_from[*state as usize]).filter(|&one| one != NONE);
        std::iter::successors(before(&state), before)
    }

    /// The place of a transition from one state to another.
    pub(crate) fn place(&self, from: u32, to: u32) -> Option<u32> {
        let place = self.edges(from).position(|edge| edge.to == to)?;
        u32::try_from(place).ok()
    }

    /// The path that starts at an initial state and takes these transitions, each by its place, as the model has it.
    /// `None`: the model does not answer as it did.
    pub(crate) fn path<M>(
        &self,
        model: &M,
        initial: u32,
        places: &[u32],
    ) -> Option<Path<M::State, M::Action>>
    where
        M: Offers,
        M::State: PartialEq,
        M::Action: Clone + PartialEq,
    {
        let start = || distinct_starts(model).nth(initial as usize);
        let (mut state, mut taken, mut actions) = (start()?, Vec::new(), Vec::new());
        for &place in places {
            model.actions(&state, &mut actions);
            let mut possible = actions.drain(..).filter_map(|action| {
                let next = step(model, &state, action.clone())?;
                Some((action, next))
            });
            let (action, next) = possible.nth(place as usize)?;
            drop(possible);
            taken.push(action);
            state = next;
        }
        Path::from_actions(model, start()?, &taken)
    }
}

/// The initial states within the boundary, each once.
fn distinct_starts<M: Offers>(model: &M) -> impl Iterator<Item = M::State> {
    let mut seen = HashSet::new();
    let starts = model.init_states().into_iter();
    let within = starts.filter(|state| model.within_boundary(state));
    within.filter(move |state| seen.insert(model.fingerprint::<u64>(state)))
}
