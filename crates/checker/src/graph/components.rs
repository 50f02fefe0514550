//! Strongly connected components: Tarjan's algorithm, without recursion.

use crate::graph::{Graph, NONE};

/// Finds components, again and again in parts of one graph.
pub(crate) struct Components<'a> {
    graph: &'a Graph,
    /// When a state was come to. [`NONE`]: not so far; [`DONE`]: its component is complete.
    order: Vec<u32>,
    /// The earliest state that is known to be reached from it, by the order.
    low: Vec<u32>,
    next: u32,
    /// States whose component is not complete, in the order.
    open: Vec<u32>,
    /// The way to the state that is looked at, each with the place of the transition that comes next.
    pending: Vec<(u32, u32)>,
}

/// What stands for a state whose component is complete.
const DONE: u32 = NONE - 1;

impl<'a> Components<'a> {
    pub(crate) fn of(graph: &'a Graph) -> Self {
        Self {
            graph,
            order: vec![NONE; graph.states()],
            low: vec![0; graph.states()],
            next: 0,
            open: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Gives the strongly connected components of the graph that these states are, each with its states, and each after
    /// all that it leads to. `is_in` tells whether a state is one of them.
    ///
    /// R. E. Tarjan, "Depth-first search and linear graph algorithms", 1972.
    pub(crate) fn among(
        &mut self,
        states: impl Iterator<Item = u32> + Clone,
        is_in: impl Fn(u32) -> bool,
        mut take: impl FnMut(&[u32]),
    ) {
        for state in states.clone() {
            self.order[state as usize] = NONE;
        }
        self.next = 0;
        for state in states {
            if self.order[state as usize] == NONE {
                self.enter(state);
                self.run(&is_in, &mut take);
            }
        }
    }

    fn enter(&mut self, state: u32) {
        (self.order[state as usize], self.low[state as usize]) = (self.next, self.next);
        self.next += 1;
        self.open.push(state);
        self.pending.push((state, 0));
    }

    fn run(&mut self, is_in: &impl Fn(u32) -> bool, take: &mut impl FnMut(&[u32])) {
        while let Some((state, place)) = self.pending.last_mut() {
            let (at, edge) = (*state, self.graph.edge(*state, *place));
            *place += 1;
            match edge {
                Some(edge) if is_in(edge.to) => match self.order[edge.to as usize] {
                    NONE => self.enter(edge.to),
                    DONE => {}
                    order => self.reaches(at, order),
                },
                Some(_) => {}
                None => {
                    self.pending.pop();
                    if let Some(&(before, _)) = self.pending.last() {
                        self.reaches(before, self.low[at as usize]);
                    }
                    if self.low[at as usize] == self.order[at as usize] {
                        self.complete(at, take);
                    }
                }
            }
        }
    }

    fn reaches(&mut self, state: u32, order: u32) {
        let low = &mut self.low[state as usize];
        *low = order.min(*low);
    }

    /// Gives the component of which this is the first state.
    fn complete(&mut self, first: u32, take: &mut impl FnMut(&[u32])) {
        let start = self.open.iter().rposition(|&state| state == first);
        let start = start.expect("it is open until its component is complete");
        for &state in &self.open[start..] {
            self.order[state as usize] = DONE;
        }
        take(&self.open[start..]);
        self.open.truncate(start);
    }
}
