//! Which parts of a graph a fair path can stay in for ever.

use crate::graph::{Components, Graph};
use crate::live::set::Classes;
use crate::live::{Class, Fairness};

/// The classes of which fairness is asked.
pub(crate) struct Fair {
    pub(crate) weak: Classes,
    pub(crate) strong: Classes,
}

impl Fair {
    pub(crate) fn new(classes: &[Class]) -> Fair {
        let of = |fairness| {
            let mut set = Classes::default();
            for (place, class) in (0..).zip(classes) {
                if class.fairness == fairness {
                    set.insert(place);
                }
            }
            set
        };
        Fair {
            weak: of(Fairness::Weak),
            strong: of(Fairness::Strong),
        }
    }

    /// Whether a path may stop for ever in a state.
    pub(crate) fn may_stop(&self, graph: &Graph, state: u32) -> bool {
        let possible = possible(graph, state);
        possible.and(self.weak.or(self.strong)).is_empty()
    }
}

/// The classes of all that can happen in a state and changes it.
pub(crate) fn possible(graph: &Graph, state: u32) -> Classes {
    let mut set = Classes::default();
    for edge in graph.edges(state).filter(|edge| edge.to != state) {
        set.insert(edge.label);
    }
    set
}

/// States that form a part, told from all others.
pub(crate) struct Parts {
    /// The number of the part that each state was last put into.
    of: Vec<u32>,
    next: u32,
}

impl Parts {
    pub(crate) fn new(graph: &Graph) -> Parts {
        Parts {
            of: vec![0; graph.states()],
            next: 0,
        }
    }

    /// Makes these states a part, and gives its number.
    pub(crate) fn mark(&mut self, states: impl Iterator<Item = u32>) -> u32 {
        self.next += 1;
        for state in states {
            self.of[state as usize] = self.next;
        }
        self.next
    }

    pub(crate) fn is_in(&self, part: u32, state: u32) -> bool {
        self.of[state as usize] == part
    }
}

/// Of some strongly connected states, the parts in which a fair path can stay for ever, visiting all of a part again
/// and again.
///
/// A class of weak fairness that is always possible there and never taken rules out all of them. One of strong fairness
/// that is never taken rules out the states where it is possible; what is left may be connected again.
///
/// E. A. Emerson, C.-L. Lei, "Modalities for model checking", 1987.
pub(crate) fn fair_parts(
    graph: &Graph,
    fair: &Fair,
    components: &mut Components<'_>,
    parts: &mut Parts,
    connected: &[u32],
) -> Vec<Vec<u32>> {
    let mut found = Vec::new();
    let mut candidates = vec![connected.to_vec()];
    while let Some(states) = candidates.pop() {
        let part = parts.mark(states.iter().copied());
        let (mut anywhere, mut everywhere, mut taken) =
            (Classes::default(), fair.weak, Classes::default());
        for &state in &states {
            let here = possible(graph, state);
            anywhere = anywhere.or(here);
            everywhere = everywhere.and(here);
            let within = graph
                .edges(state)
                .filter(|edge| edge.to != state && parts.is_in(part, edge.to));
            within.for_each(|edge| taken.insert(edge.label));
        }
        if !everywhere.without(taken).is_empty() {
            continue;
        }
        let starved = anywhere.and(fair.strong).without(taken);
        if starved.is_empty() {
            found.push(states);
            continue;
        }
        let is_left = |state: &u32| possible(graph, *state).and(starved).is_empty();
        let left: Vec<u32> = states.into_iter().filter(is_left).collect();
        let part = parts.mark(left.iter().copied());
        components.among(
            left.iter().copied(),
            |state| parts.is_in(part, state),
            |component| {
                if component.len() > 1 {
                    candidates.push(component.to_vec());
                }
            },
        );
    }
    found
}
