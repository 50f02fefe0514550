//! A short round through states in which a fair path can stay for ever.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::graph::Graph;
use crate::live::fair::{Fair, Parts, possible};
use crate::live::set::Classes;

/// So much is looked at to find the shortest round from one state, and from all of them.
const EFFORT_EACH: usize = 200_000;
const EFFORT: usize = 2_000_000;

/// What a walk has done of what fairness asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Duty {
    /// Classes that were not possible in a state, or were taken.
    released: Classes,
    /// Classes that were possible in a state.
    possible: Classes,
    taken: Classes,
}

impl Duty {
    /// With what is possible in a state that is visited.
    fn visit(self, fair: &Fair, here: Classes) -> Duty {
        Duty {
            released: self.released.or(fair.weak.without(here)),
            possible: self.possible.or(here.and(fair.strong)),
            taken: self.taken,
        }
    }

    fn take(mut self, fair: &Fair, class: u8) -> Duty {
        if fair.weak.contains(class) {
            self.released.insert(class);
        }
        if fair.strong.contains(class) {
            self.taken.insert(class);
        }
        self
    }

    /// What is left to be done.
    fn open(self, fair: &Fair) -> Classes {
        let weak = fair.weak.without(self.released);
        weak.or(self.possible.without(self.taken))
    }
}

/// The shortest fair round in a part that [`fair_parts`](super::fair::fair_parts) found, with the state in which it begins;
/// of equally short ones the one that begins first in the part. If that is too much to look at: a short one.
pub(crate) fn shortest(
    graph: &Graph,
    fair: &Fair,
    parts: &mut Parts,
    states: &[u32],
) -> (u32, Vec<u32>) {
    let part = parts.mark(states.iter().copied());
    let within = Within { graph, parts, part };
    let mut best: Option<(u32, Vec<u32>)> = None;
    let mut effort = EFFORT;
    for &start in states {
        let most = best.as_ref().map_or(usize::MAX, |(_, round)| round.len());
        let looked = within.from(fair, start, most, effort.min(EFFORT_EACH));
        effort -= looked.effort.min(effort);
        if let Some(round) = looked.round {
            best = Some((start, round));
        }
        if effort == 0 {
            break;
        }
    }
    best.unwrap_or_else(|| (states[0], within.tour(fair, states[0])))
}

/// Classes that are possible on a round and not taken on it.
pub(crate) fn starved(graph: &Graph, start: u32, round: &[u32]) -> Vec<usize> {
    let (mut here, mut anywhere, mut taken) = (start, possible(graph, start), Classes::default());
    for &place in round {
        let edge = graph.edge(here, place).expect("the round is of this graph");
        taken.insert(edge.label);
        here = edge.to;
        anywhere = anywhere.or(possible(graph, here));
    }
    anywhere.without(taken).iter().map(usize::from).collect()
}

/// A part of a graph.
struct Within<'a> {
    graph: &'a Graph,
    parts: &'a Parts,
    part: u32,
}

/// What was found from one state.
struct Looked {
    round: Option<Vec<u32>>,
    effort: usize,
}

impl Within<'_> {
    /// The steps from a state that change it and stay within: where they lead, by which class, at which place.
    fn steps(&self, state: u32) -> impl Iterator<Item = (u32, u8, u32)> + '_ {
        let steps = (0..).zip(self.graph.edges(state));
        let stays = move |to: u32| to != state && self.parts.is_in(self.part, to);
        steps
            .filter(move |(_, edge)| stays(edge.to))
            .map(|(place, edge)| (edge.to, edge.label, place))
    }

    /// The shortest fair round from a state, if it is shorter than `most`.
    fn from(&self, fair: &Fair, start: u32, most: usize, effort: usize) -> Looked {
        let first = Duty::default().visit(fair, possible(self.graph, start));
        // Each with the one before it, the place of the transition between, and the number of steps.
        let mut nodes = vec![(start, first, 0_usize, 0_u32, 0_usize)];
        // The first is not seen yet: where nothing is asked of a round, it comes back as it was.
        let mut seen = HashSet::new();
        let mut next = 0;
        while next < nodes.len() && nodes.len() < effort {
            let (state, duty, _, _, steps) = nodes[next];
            if steps + 1 >= most {
                break;
            }
            for (to, class, place) in self.steps(state) {
                let duty = duty.take(fair, class).visit(fair, possible(self.graph, to));
                if !seen.insert((to, duty)) {
                    continue;
                }
                nodes.push((to, duty, next, place, steps + 1));
                if to == start && duty.open(fair).is_empty() {
                    let mut round = Vec::with_capacity(steps + 1);
                    let mut at = nodes.len() - 1;
                    while at != 0 {
                        round.push(nodes[at].3);
                        at = nodes[at].2;
                    }
                    round.reverse();
                    return Looked {
                        round: Some(round),
                        effort: nodes.len(),
                    };
                }
            }
            next += 1;
        }
        Looked {
            round: None,
            effort: nodes.len(),
        }
    }

    /// A fair round from a state that does one duty after the other, the nearest first.
    fn tour(&self, fair: &Fair, start: u32) -> Vec<u32> {
        let (mut here, mut round) = (start, Vec::new());
        let mut duty = Duty::default().visit(fair, possible(self.graph, start));
        loop {
            let open = duty.open(fair);
            if open.is_empty() && here == start && !round.is_empty() {
                return round;
            }
            let walk = self.nearest(fair, here, duty, |to, then| match open.is_empty() {
                true => to == start,
                false => !open.and(then.released.or(then.taken)).is_empty(),
            });
            let walk = walk.expect("connected states reach each other, and all that a part needs");
            here = walk.to;
            duty = walk.duty;
            round.extend(walk.places);
        }
    }

    /// The shortest walk after which something is the case.
    fn nearest(
        &self,
        fair: &Fair,
        from: u32,
        duty: Duty,
        is_there: impl Fn(u32, Duty) -> bool,
    ) -> Option<Walked> {
        // For each state that was come to: the one before it, and the place of the transition between.
        let mut came: HashMap<u32, (u32, u32)> = HashMap::new();
        let mut pending = VecDeque::from([(from, duty)]);
        while let Some((state, duty)) = pending.pop_front() {
            for (to, class, place) in self.steps(state) {
                let here = possible(self.graph, to);
                let duty = duty.take(fair, class).visit(fair, here);
                if is_there(to, duty) {
                    let mut places = vec![place];
                    let mut at = state;
                    while at != from {
                        let (before, place) = came[&at];
                        places.push(place);
                        at = before;
                    }
                    places.reverse();
                    return Some(Walked { to, duty, places });
                }
                if to != from && !came.contains_key(&to) {
                    came.insert(to, (state, place));
                    pending.push_back((to, duty));
                }
            }
        }
        None
    }
}

/// A walk within a part.
struct Walked {
    to: u32,
    duty: Duty,
    places: Vec<u32>,
}
