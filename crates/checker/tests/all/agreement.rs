//! The same answer from every number of threads, every engine, and the naive formulation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use checker::{Ending, Engine, Error, Limits, Run, Verdict, explore, explore_with};
use stateright::{Checker, Model, Path};

use crate::models::{Chain, Graph, Grid, threads};

/// The number of steps of the path found for a property.
fn steps<S: Clone, A: Clone>(run: &Run<S, A>, property: &str) -> Option<usize> {
    let finding = run.finding(property).expect("the model has the property");
    finding
        .verdict
        .path()
        .map(|path| path.clone().into_actions().len())
}

#[test]
fn runs_are_identical_for_every_number_of_threads() {
    let grid = Grid::new(12, 20);
    let first = explore(&grid, &threads(1), &|_| {}).expect("explored");
    assert_eq!(first.ending, Ending::Exhausted);
    assert_eq!((first.unique, first.depth), (12_u64.pow(4), 44));
    assert_eq!(first.beyond_boundary, 4 * 12_u64.pow(3));
    assert_eq!(steps(&first, "small sum"), Some(20));
    assert_eq!(steps(&first, "all equal and not zero"), Some(4));
    assert_eq!(
        first.finding("in range").map(|finding| &finding.verdict),
        Some(&Verdict::Exhausted)
    );
    for n in [1, 2, 2, 3, 4, 4] {
        assert_eq!(
            explore(&grid, &threads(n), &|_| {}).expect("explored"),
            first,
            "{n} threads"
        );
    }
}

#[test]
fn counts_are_those_of_stateright() {
    let grid = Grid::new(7, 200);
    let own = explore(&grid, &threads(2), &|_| {}).expect("explored");
    let bfs = grid.clone().checker().spawn_bfs().join();
    let dfs = grid.clone().checker().spawn_dfs().join();
    for (unique, generated) in [
        (bfs.unique_state_count(), bfs.state_count()),
        (dfs.unique_state_count(), dfs.state_count()),
    ] {
        assert_eq!(
            (own.unique, own.generated),
            (unique as u64, generated as u64)
        );
    }
    assert_eq!(own.depth as usize, bfs.max_depth() - 1);
}

#[test]
fn exhausting_engines_agree_on_counts_and_verdicts() {
    let grid = Arc::new(Grid::new(6, 9));
    let own = explore(&*grid, &Limits::default(), &|_| {}).expect("explored");
    for engine in [Engine::StaterightBfs, Engine::StaterightDfs] {
        for n in [1, 2, 4] {
            let run =
                explore_with(engine, Arc::clone(&grid), &threads(n), &|_| {}).expect("explored");
            assert_eq!(run.ending, Ending::Exhausted, "{engine}");
            assert_eq!(
                (run.unique, run.generated),
                (own.unique, own.generated),
                "{engine}"
            );
            assert_eq!(run.beyond_boundary, own.beyond_boundary, "{engine}");
            for (theirs, ours) in run.findings.iter().zip(&own.findings) {
                assert_eq!(theirs.property, ours.property);
                assert_eq!(
                    theirs.verdict.path().is_some(),
                    ours.verdict.path().is_some(),
                    "{engine}"
                );
            }
        }
    }
}

/// What a graph amounts to, computed the slow way: sets of nodes, level by level.
struct Naive {
    levels: BTreeMap<usize, u32>,
    generated: u64,
    beyond_boundary: u64,
}

impl Naive {
    fn of(graph: &Graph) -> Self {
        let mut levels = BTreeMap::new();
        let mut level: BTreeSet<usize> = graph
            .initial
            .iter()
            .copied()
            .filter(|n| !graph.outside[*n])
            .collect();
        let mut depth = 0;
        while !level.is_empty() {
            levels.extend(level.iter().map(|node| (*node, depth)));
            level = level
                .iter()
                .flat_map(|node| graph.edges[*node].iter().flatten().copied())
                .collect();
            level.retain(|node| !graph.outside[*node] && !levels.contains_key(node));
            depth += 1;
        }
        let led_to: Vec<usize> = levels
            .keys()
            .flat_map(|node| graph.edges[*node].iter().flatten())
            .chain(&graph.initial)
            .copied()
            .collect();
        let beyond_boundary = led_to.iter().filter(|node| graph.outside[**node]).count() as u64;
        Self {
            levels,
            generated: led_to.len() as u64 - beyond_boundary,
            beyond_boundary,
        }
    }

    /// How many nodes each level has.
    fn sizes(&self) -> Vec<u64> {
        let size = |wanted| {
            self.levels
                .values()
                .filter(|level| **level == wanted)
                .count() as u64
        };
        (0..).map(size).take_while(|size| *size > 0).collect()
    }

    /// How many nodes have so many edges within the boundary.
    fn out_degrees(&self, graph: &Graph) -> Vec<u64> {
        let degree = |node: &usize| {
            let edges = graph.edges[*node].iter().flatten();
            edges.filter(|to| !graph.outside[**to]).count()
        };
        let degrees: Vec<usize> = self.levels.keys().map(degree).collect();
        let most = degrees.iter().copied().max().unwrap_or_default();
        let count = |wanted| degrees.iter().filter(|degree| **degree == wanted).count() as u64;
        (0..=most).map(count).collect()
    }

    fn nearest(&self, is_wanted: &[bool]) -> Option<usize> {
        self.levels
            .iter()
            .filter(|(node, _)| is_wanted[**node])
            .map(|(_, level)| *level as usize)
            .min()
    }
}

fn compare_with_naive(graph: Graph) {
    let naive = Naive::of(&graph);
    let graph = Arc::new(graph);
    let run = explore(&*graph, &threads(1), &|_| {});
    if naive.levels.is_empty() {
        assert_eq!(run, Err(Error::NoInitialState));
        return;
    }
    let run = run.expect("explored");
    assert_eq!(run.ending, Ending::Exhausted);
    assert_eq!(run.unique, naive.levels.len() as u64);
    assert_eq!(run.generated, naive.generated);
    assert_eq!(run.beyond_boundary, naive.beyond_boundary);
    assert_eq!(Some(run.depth), naive.levels.values().copied().max());
    assert_eq!(run.levels, naive.sizes());
    assert_eq!(run.out_degrees, naive.out_degrees(&graph));
    assert_eq!(steps(&run, "not bad"), naive.nearest(&graph.bad));
    assert_eq!(steps(&run, "good"), naive.nearest(&graph.good));
    assert_eq!(steps(&run, "within the boundary"), None);
    for n in [2, 4] {
        assert_eq!(explore(&*graph, &threads(n), &|_| {}).as_ref(), Ok(&run));
    }
    for engine in [Engine::StaterightBfs, Engine::StaterightDfs] {
        let theirs =
            explore_with(engine, Arc::clone(&graph), &threads(1), &|_| {}).expect("explored");
        assert_eq!(
            (theirs.ending, theirs.unique),
            (run.ending, run.unique),
            "{engine}"
        );
        assert_eq!(
            (theirs.generated, theirs.beyond_boundary),
            (run.generated, run.beyond_boundary),
            "{engine}"
        );
        for property in ["not bad", "good"] {
            assert_eq!(
                steps(&theirs, property).is_some(),
                steps(&run, property).is_some(),
                "{engine}"
            );
        }
        if engine == Engine::StaterightBfs {
            assert_eq!(theirs.depth, run.depth);
        }
    }
}

#[test]
fn small_random_graphs_agree_with_the_naive_formulation() {
    for seed in 0..400 {
        let nodes = 1 + usize::try_from(seed % 40).expect("small");
        compare_with_naive(Graph::random(seed, nodes));
    }
}

#[test]
fn large_random_graphs_agree_with_the_naive_formulation() {
    for seed in 1_000..1_006 {
        compare_with_naive(Graph::random(seed, 20_000));
    }
}

#[test]
fn every_path_is_one_of_the_model() {
    for seed in 0..200 {
        let graph = Arc::new(Graph::random(seed, 30));
        for engine in Engine::ALL {
            let limits = Limits {
                max_states: Some(500),
                ..Limits::default()
            };
            let Ok(run) = explore_with(engine, Arc::clone(&graph), &limits, &|_| {}) else {
                continue;
            };
            for path in run
                .findings
                .iter()
                .filter_map(|finding| finding.verdict.path())
            {
                let (states, actions) = (path.clone().into_states(), path.clone().into_actions());
                let again = Path::from_actions(&*graph, states[0], &actions);
                assert_eq!(again.as_ref(), Some(path), "{engine}, seed {seed}");
                assert!(
                    states.iter().all(|node| !graph.outside[*node]),
                    "{engine}, seed {seed}"
                );
            }
        }
    }
}

#[test]
fn the_last_progress_is_the_result() {
    for engine in [Engine::Own, Engine::StaterightBfs, Engine::StaterightDfs] {
        let last = Mutex::new(None);
        let chain = Arc::new(Chain::new(40, 50));
        let run = explore_with(engine, chain, &Limits::default(), &|progress| {
            *last.lock().expect("not poisoned") = Some(*progress);
        });
        let run = run.expect("explored");
        let last = last
            .into_inner()
            .expect("not poisoned")
            .expect("called at least once");
        assert_eq!(
            (last.unique, last.generated, last.queue),
            (run.unique, run.generated, 0),
            "{engine}"
        );
        assert_eq!((last.depth, run.depth), (40, 40), "{engine}");
    }
}

/// A fork of two ways of equal length to two ends, of which one is odd.
#[derive(Clone)]
struct Fork;

impl Model for Fork {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
        if *state == 0 {
            actions.extend(1..=9);
        }
    }

    fn next_state(&self, _: &u8, action: u8) -> Option<u8> {
        Some(action)
    }

    fn properties(&self) -> Vec<stateright::Property<Fork>> {
        vec![stateright::Property::sometimes("end", |_, state| {
            *state > 0
        })]
    }
}

#[test]
fn of_equally_short_paths_the_least_odd_is_told() {
    for plain in 1..=9_u8 {
        let oddity = move |state: &u8| u64::from(*state != plain);
        let run = checker::explore_preferring(&Fork, &oddity, &Limits::default(), &|_| {})
            .expect("explored");
        let path = run.findings[0].verdict.path().expect("found");
        assert_eq!(*path.last_state(), plain);
    }
}
