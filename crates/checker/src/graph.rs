//! Every reachable state by number, and every transition between them: what questions about whole paths are asked of.

mod build;
mod pairs;

pub use build::graph;

use crate::run::Ending;

/// What stands for no state.
const NONE: u32 = u32::MAX;

/// The reachable states of a model within its boundary, numbered in the order in which a breadth-first search
/// comes to them, and the transitions between them. States themselves are not kept.
///
/// The same for every number of threads. Takes about 5 bytes for a transition and 30 for a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Whether all states and transitions are here.
    pub ending: Ending,
    /// The names of the kinds, as the model has them.
    kinds: &'static [&'static str],
    /// For each state, where its transitions begin; and where the last ones end.
    starts: Vec<u64>,
    /// Where transitions lead.
    to: Vec<u32>,
    /// What kinds they are of, in the same order.
    kind: Vec<u8>,
    /// For each state, the one it was first reached from. [`NONE`]: an initial state.
    first_from: Vec<u32>,
}

/// One transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) to: u32,
    pub(crate) kind: u8,
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

    /// The transitions from a state, in the order of its actions.
    pub(crate) fn edges(&self, state: u32) -> impl ExactSizeIterator<Item = Edge> + '_ {
        let state = state as usize;
        let range = self.starts[state] as usize..self.starts[state + 1] as usize;
        let edges = self.to[range.clone()].iter().zip(&self.kind[range]);
        edges.map(|(&to, &kind)| Edge { to, kind })
    }
}
