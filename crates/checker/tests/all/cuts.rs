//! What was cut short never says that it looked everywhere.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use checker::{Cut, Ending, Engine, Limits, Run, Verdict, explore, explore_with};

use crate::models::{Chain, Grid, Step, threads};

type ChainRun = Run<u64, Step>;

/// A chain whose violation and end lie far beyond any cut made here, and nobody can wait for.
fn endless() -> Arc<Chain> {
    Arc::new(Chain::new(u64::MAX, u64::MAX))
}

fn assert_knows_nothing(run: &ChainRun, cut: Cut, engine: Engine) {
    assert_eq!(run.ending, Ending::Truncated(cut), "{engine}");
    assert!(!run.is_exhausted());
    for property in ["unbroken", "within the chain", "at the end"] {
        let finding = run.finding(property).expect("the model has the property");
        assert_eq!(
            finding.verdict,
            Verdict::Truncated(cut),
            "{engine}: {property}"
        );
    }
}

/// What a simulation calls a limit that it was given to spend.
fn or_sampled(engine: Engine, cut: Cut) -> Cut {
    if engine == Engine::StaterightSimulation {
        Cut::Sampled
    } else {
        cut
    }
}

#[test]
fn cut_by_states() {
    for engine in Engine::ALL {
        for n in [1, 2, 4] {
            let limits = Limits {
                max_states: Some(700),
                ..threads(n)
            };
            let run = explore_with(engine, endless(), &limits, &|_| {}).expect("explored");
            assert_knows_nothing(&run, or_sampled(engine, Cut::MaxStates(700)), engine);
            assert!(run.unique >= 700, "{engine}");
        }
    }
}

#[test]
fn cut_by_time() {
    for engine in Engine::ALL {
        let limits = Limits {
            timeout: Some(Duration::ZERO),
            ..Limits::default()
        };
        let run = explore_with(engine, endless(), &limits, &|_| {}).expect("explored");
        assert_knows_nothing(
            &run,
            or_sampled(engine, Cut::Timeout(Duration::ZERO)),
            engine,
        );
    }
}

#[test]
fn cut_by_memory() {
    for engine in Engine::ALL {
        let limits = Limits {
            max_memory: Some(1),
            timeout: Some(Duration::MAX),
            ..Limits::default()
        };
        let run = explore_with(engine, endless(), &limits, &|_| {}).expect("explored");
        assert_knows_nothing(&run, Cut::MaxMemory(1), engine);
    }
}

#[test]
fn interrupted_before_the_start() {
    for engine in Engine::ALL {
        let interrupt = Arc::new(AtomicBool::new(true));
        let limits = Limits {
            interrupt,
            timeout: Some(Duration::MAX),
            ..Limits::default()
        };
        let run = explore_with(engine, endless(), &limits, &|_| {}).expect("explored");
        assert_knows_nothing(&run, Cut::Interrupted, engine);
    }
}

#[test]
fn interrupted_on_the_way() {
    for engine in Engine::ALL {
        for n in [1, 2, 4] {
            let chain = endless();
            let limits = Limits {
                interrupt: Arc::clone(&chain.at_500),
                timeout: Some(Duration::MAX),
                ..threads(n)
            };
            let run = explore_with(engine, chain, &limits, &|_| {}).expect("explored");
            assert_knows_nothing(&run, Cut::Interrupted, engine);
            assert!(run.unique >= 500, "{engine}");
        }
    }
}

#[test]
fn a_path_found_before_the_cut_is_reported() {
    for engine in Engine::ALL {
        let limits = Limits {
            max_states: Some(10),
            ..Limits::default()
        };
        let run = explore_with(engine, Arc::new(Chain::new(1_000, 8)), &limits, &|_| {})
            .expect("explored");
        let cut = or_sampled(engine, Cut::MaxStates(10));
        assert_eq!(run.ending, Ending::Truncated(cut));
        assert_eq!(run.findings[1].verdict, Verdict::Truncated(cut), "{engine}");
        assert_eq!(run.findings[2].verdict, Verdict::Truncated(cut), "{engine}");
        assert!(
            matches!(run.findings[3].verdict, Verdict::Witnessed(_)),
            "{engine}"
        );
        let Verdict::Violated(path) = &run.findings[0].verdict else {
            panic!("{engine}: not violated")
        };
        let steps = path.clone().into_actions().len();
        // stateright keeps the last of several hits.
        assert!(
            if engine == Engine::Own {
                steps == 8
            } else {
                steps >= 8
            },
            "{engine}: {steps}"
        );
    }
}

#[test]
fn a_path_found_in_a_level_that_was_cut_is_shortest() {
    // Level 9 has 220 states, all wrong, and is left incomplete: the levels before it hold 495.
    for n in [1, 2, 4] {
        let limits = Limits {
            max_states: Some(600),
            ..threads(n)
        };
        let run = explore(&Grid::new(40, 9), &limits, &|_| {}).expect("explored");
        assert_eq!(run.ending, Ending::Truncated(Cut::MaxStates(600)));
        assert_eq!((run.unique, run.depth), (600, 9));
        let Verdict::Violated(path) = &run.findings[0].verdict else {
            panic!("not violated")
        };
        assert_eq!(path.clone().into_actions().len(), 9);
    }
}

#[test]
fn a_space_of_exactly_the_limit_is_exhausted_and_one_more_state_is_not() {
    let size = 9_u64.pow(4);
    for engine in [Engine::Own, Engine::StaterightBfs, Engine::StaterightDfs] {
        for n in [1, 2, 4] {
            let grid = Arc::new(Grid::new(9, 200));
            let run = |max_states| {
                let limits = Limits {
                    max_states: Some(max_states),
                    ..threads(n)
                };
                explore_with(engine, Arc::clone(&grid), &limits, &|_| {}).expect("explored")
            };
            let whole = run(size);
            assert_eq!(whole.ending, Ending::Exhausted, "{engine}, {n} threads");
            assert_eq!(whole.unique, size);
            assert_eq!(whole.findings[0].verdict, Verdict::Exhausted);
            let cut = run(size - 1);
            assert_eq!(
                cut.ending,
                Ending::Truncated(Cut::MaxStates(size - 1)),
                "{engine}, {n} threads"
            );
            assert_eq!(
                cut.findings[0].verdict,
                Verdict::Truncated(Cut::MaxStates(size - 1))
            );
            if engine == Engine::Own {
                assert_eq!(cut.unique, size - 1);
            }
        }
    }
}

#[test]
fn a_limit_of_no_states_sees_nothing() {
    let limits = Limits {
        max_states: Some(0),
        ..Limits::default()
    };
    let run = explore(&Chain::new(5, 0), &limits, &|_| {}).expect("explored");
    assert_eq!(
        (run.ending, run.unique),
        (Ending::Truncated(Cut::MaxStates(0)), 0)
    );
    assert_eq!(
        run.findings[0].verdict,
        Verdict::Truncated(Cut::MaxStates(0))
    );
}

#[test]
fn a_simulation_never_exhausts_even_the_smallest_space() {
    let limits = Limits {
        max_states: Some(100),
        ..Limits::default()
    };
    let chain = Arc::new(Chain::new(3, 9));
    let run =
        explore_with(Engine::StaterightSimulation, chain, &limits, &|_| {}).expect("explored");
    assert_eq!(run.ending, Ending::Truncated(Cut::Sampled));
    assert_eq!(run.findings[0].verdict, Verdict::Truncated(Cut::Sampled));
    assert!(matches!(run.findings[2].verdict, Verdict::Witnessed(_)));
    assert_eq!(run.depth, 3);
}
