//! The states that are reached before something has happened.

use std::collections::VecDeque;

use crate::graph::{Graph, NONE};

/// The states that can be reached without what is hoped for, from where it is to happen, each with the way there.
pub(crate) struct Region {
    /// For each state, by how many steps it is reached from an initial state that way. [`NONE`]: it is not reached.
    steps: Vec<u32>,
    /// The state before it on that way. [`NONE`]: it is where that begins.
    before: Vec<u32>,
}

impl Region {
    /// The region of a graph: from every state that is a source on, where nothing is a goal.
    pub(crate) fn new(
        graph: &Graph,
        is_source: impl Fn(u32) -> bool,
        is_goal: impl Fn(u32) -> bool,
    ) -> Region {
        let states = graph.states();
        let mut region = Region {
            steps: vec![NONE; states],
            before: vec![NONE; states],
        };
        // States are numbered by their depth, so sources come in the order in which they are reached.
        let mut sources = (0..states as u32)
            .filter(|&state| is_source(state) && !is_goal(state))
            .peekable();
        let (depths, mut level) = (graph.depths(), VecDeque::new());
        let mut steps = 0;
        while sources.peek().is_some() || !level.is_empty() {
            while let Some(source) = sources.next_if(|&source| depths[source as usize] <= steps) {
                if region.steps[source as usize] == NONE {
                    region.steps[source as usize] = steps;
                    level.push_back(source);
                }
            }
            for state in std::mem::take(&mut level) {
                for edge in graph.edges(state) {
                    let reached = &mut region.steps[edge.to as usize];
                    if *reached == NONE && !is_goal(edge.to) {
                        *reached = steps + 1;
                        region.before[edge.to as usize] = state;
                        level.push_back(edge.to);
                    }
                }
            }
            steps += 1;
        }
        region
    }

    pub(crate) fn contains(&self, state: u32) -> bool {
        self.steps[state as usize] != NONE
    }

    /// By how many steps a state is reached.
    pub(crate) fn steps(&self, state: u32) -> u32 {
        self.steps[state as usize]
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        (0..self.steps.len() as u32).filter(|&state| self.contains(state))
    }

    /// The states on the way to one, from an initial state on.
    pub(crate) fn way(&self, graph: &Graph, state: u32) -> Vec<u32> {
        let mut way = vec![state];
        let mut first = state;
        while self.before[first as usize] != NONE {
            first = self.before[first as usize];
            way.push(first);
        }
        way.extend(graph.ancestors(first));
        way.reverse();
        way
    }
}
