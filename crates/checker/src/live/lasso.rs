//! Finding what shows that a claim is false.

use crate::graph::{Components, Graph};
use crate::live::fair::{Fair, Parts, fair_parts};
use crate::live::region::Region;
use crate::live::round;

/// Judges the claims of one graph.
pub(crate) struct Judge<'a> {
    graph: &'a Graph,
    fair: Fair,
    components: Components<'a>,
    parts: Parts,
}

/// An infinite path, by the places of its transitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundLasso {
    pub(crate) initial: u32,
    pub(crate) stem: Vec<u32>,
    pub(crate) round: Vec<u32>,
    /// Classes that are possible on the round and are not on it.
    pub(crate) starved: Vec<usize>,
}

/// The way to where something cannot happen any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundClosed {
    pub(crate) initial: u32,
    pub(crate) places: Vec<u32>,
    pub(crate) states: u64,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(graph: &'a Graph, fair: Fair) -> Self {
        Self {
            graph,
            fair,
            components: Components::of(graph),
            parts: Parts::new(graph),
        }
    }

    pub(crate) fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// A fair path that comes to a source, and after that never to a goal.
    pub(crate) fn lasso(
        &mut self,
        is_source: impl Fn(u32) -> bool,
        is_goal: impl Fn(u32) -> bool,
    ) -> Option<FoundLasso> {
        let (graph, fair) = (self.graph, &self.fair);
        let region = Region::new(graph, is_source, is_goal);
        let stop = region
            .states()
            .filter(|&state| fair.may_stop(graph, state))
            .min_by_key(|&state| region.steps(state));
        let earliest = |states: &[u32]| {
            let steps = states.iter().map(|&state| region.steps(state));
            steps.min().expect("a component has states")
        };

        // All components first: only then the one that is reached first is known.
        let mut connected: Vec<Vec<u32>> = Vec::new();
        self.components.among(
            region.states(),
            |state| region.contains(state),
            |component| {
                if component.len() > 1 {
                    connected.push(component.to_vec());
                }
            },
        );
        connected.sort_by_cached_key(|states| (earliest(states), states.iter().min().copied()));
        let limit = stop.map_or(u32::MAX, |state| region.steps(state));
        let mut best: Option<Vec<u32>> = None;
        for states in connected {
            let most = best.as_deref().map_or(limit, &earliest);
            if earliest(&states) >= most {
                break;
            }
            let (components, parts) = (&mut self.components, &mut self.parts);
            let found = fair_parts(graph, fair, components, parts, &states).into_iter();
            let first = found.min_by_key(|part| (earliest(part), part.iter().min().copied()));
            best = first.filter(|part| earliest(part) < most).or(best);
        }
        let (start, round) = match (best, stop) {
            (Some(mut part), _) => {
                part.sort_by_key(|&state| (region.steps(state), state));
                round::shortest(graph, fair, &mut self.parts, &part)
            }
            (None, Some(state)) => (state, Vec::new()),
            (None, None) => return None,
        };
        let way = region.way(graph, start);
        Some(FoundLasso {
            initial: way[0],
            stem: places(graph, &way),
            starved: round::starved(graph, start, &round),
            round,
        })
    }

    /// The shortest way to a state from which no goal can be reached.
    pub(crate) fn closed(&mut self, is_goal: impl Fn(u32) -> bool) -> Option<FoundClosed> {
        let graph = self.graph;
        let all = 0..graph.states() as u32;
        let mut can_reach = vec![false; graph.states()];
        // A component comes after all that it leads to.
        self.components.among(
            all.clone(),
            |_| true,
            |component| {
                let reaches = component.iter().any(|&state| {
                    is_goal(state) || graph.edges(state).any(|edge| can_reach[edge.to as usize])
                });
                if reaches {
                    component
                        .iter()
                        .for_each(|&state| can_reach[state as usize] = true);
                }
            },
        );
        let first = all.into_iter().find(|&state| !can_reach[state as usize])?;
        let mut way: Vec<u32> = graph.ancestors(first).collect();
        way.reverse();
        way.push(first);
        let reached = Region::new(graph, |state| state == first, |_| false);
        Some(FoundClosed {
            initial: way[0],
            places: places(graph, &way),
            states: reached.states().count() as u64,
        })
    }
}

/// The transitions between states that follow each other.
fn places(graph: &Graph, way: &[u32]) -> Vec<u32> {
    let steps = way.windows(2);
    let place = |step: &[u32]| graph.place(step[0], step[1]);
    steps
        .map(|step| place(step).expect("one leads to the other"))
        .collect()
}
