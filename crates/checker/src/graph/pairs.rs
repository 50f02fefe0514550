//! Which kinds of things happen after which, on one path.

use crate::graph::Graph;

/// More kinds than this have no place in a set.
const KINDS_MAX: usize = u64::BITS as usize;

impl Graph {
    /// For each kind, and for each kind after it: how many transitions of the second kind lie on a path on which
    /// there is one of the first kind before. What changes nothing can happen again and again.
    ///
    /// # Panics
    ///
    /// If there are more than 64 kinds.
    pub fn pairs(&self) -> Vec<Vec<u64>> {
        let kinds = self.labels;
        assert!(kinds <= KINDS_MAX, "more kinds than fit into a word");
        let before = self.kinds_before();
        let mut pairs = vec![vec![0; kinds]; kinds];
        for (state, before) in (0..).zip(before) {
            for edge in self.edges(state) {
                let mut rest = before;
                while rest != 0 {
                    pairs[rest.trailing_zeros() as usize][usize::from(edge.label)] += 1;
                    rest &= rest - 1;
                }
            }
        }
        pairs
    }

    /// For each state, the set of all kinds that are on any path to it: the least sets such that each transition
    /// hands on what it starts from, and its own kind.
    fn kinds_before(&self) -> Vec<u64> {
        let mut before = vec![0_u64; self.states()];
        // Most transitions lead to states of higher numbers, so one sweep does nearly all.
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for state in 0..self.states() as u32 {
                for edge in self.edges(state) {
                    let handed_on = before[state as usize] | 1 << edge.label;
                    let to = &mut before[edge.to as usize];
                    has_changed |= handed_on & !*to != 0;
                    *to |= handed_on;
                }
            }
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use stateright::{Model, Property};

    use super::*;
    use crate::limits::Limits;
    use crate::offers::{Fingerprint, Offers};
    use crate::reductions::Reductions;
    use crate::run::{Cut, Ending};

    /// Some transitions between numbered states, each of a kind; and what is idle in a state.
    struct Arrows {
        arrows: &'static [(u8, u8, usize)],
        idle: &'static [(u8, usize)],
    }

    impl Model for Arrows {
        type State = u8;
        type Action = (u8, usize);

        fn init_states(&self) -> Vec<u8> {
            vec![0]
        }

        fn actions(&self, state: &u8, actions: &mut Vec<(u8, usize)>) {
            let from = self.arrows.iter().filter(|arrow| arrow.0 == *state);
            actions.extend(from.map(|&(_, to, kind)| (to, kind)));
        }

        fn next_state(&self, _: &u8, (to, _): (u8, usize)) -> Option<u8> {
            Some(to)
        }

        fn properties(&self) -> Vec<Property<Self>> {
            Vec::new()
        }
    }

    impl Offers for Arrows {
        fn fingerprint<F: Fingerprint>(&self, state: &u8) -> F {
            F::of(state)
        }

        fn kinds(&self) -> &'static [&'static str] {
            &["a", "b", "c", "d"]
        }

        fn kind(&self, _: &u8, &(_, kind): &(u8, usize)) -> usize {
            kind
        }

        fn idle(&self, state: &u8, _: &[(u8, usize)], counts: &mut [u64]) {
            for &(_, kind) in self.idle.iter().filter(|(at, _)| at == state) {
                counts[kind] += 1;
            }
        }
    }

    fn graph_of(arrows: &Arrows, limits: &Limits) -> Graph {
        crate::graph::graph(arrows, Reductions::NONE, true, limits, &|_| {}).unwrap()
    }

    #[test]
    fn a_pair_needs_one_path_and_its_order() {
        // Two ways to 3, a loop at 3 over 4, and something idle at 2.
        let arrows = Arrows {
            arrows: &[
                (0, 1, 0),
                (0, 2, 1),
                (1, 3, 2),
                (2, 3, 2),
                (3, 4, 0),
                (4, 3, 2),
            ],
            idle: &[(2, 3)],
        };
        let graph = graph_of(&arrows, &Limits::default());
        assert_eq!((graph.states(), graph.transitions()), (5, 7));
        assert_eq!(
            graph.pairs(),
            [
                // After a: a again by the loop, c from 1 and from 4; never b, and never d.
                [1, 0, 2, 0],
                // After b: a at 3, c from 2 and from 4, d at 2.
                [1, 0, 2, 1],
                // After c: a, and c again by the loop.
                [1, 0, 1, 0],
                // What is idle comes before all that leaves its state, and again and again.
                [1, 0, 2, 1],
            ]
        );
    }

    #[test]
    fn what_comes_late_is_handed_on_to_states_of_lower_numbers() {
        // 0 → 1 → 2 → 3 → 1: only the last arrow is of kind d, and 1 has what came after it.
        let arrows = Arrows {
            arrows: &[(0, 1, 0), (1, 2, 1), (2, 3, 2), (3, 1, 3)],
            idle: &[],
        };
        let pairs = graph_of(&arrows, &Limits::default()).pairs();
        assert_eq!(pairs[3], [0, 1, 1, 1]);
        assert_eq!(pairs[0], [0, 1, 1, 1]);
    }

    #[test]
    fn a_graph_that_was_cut_says_so() {
        let arrows = Arrows {
            arrows: &[(0, 1, 0), (1, 2, 1)],
            idle: &[],
        };
        let limits = |max_states| Limits {
            max_states: Some(max_states),
            ..Limits::default()
        };
        let cut = graph_of(&arrows, &limits(2));
        assert_eq!(cut.ending, Ending::Truncated(Cut::MaxStates(2)));
        assert_eq!(graph_of(&arrows, &limits(3)).ending, Ending::Exhausted);
    }
}
