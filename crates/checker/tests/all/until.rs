//! Stopping at what was looked for.

use std::sync::Arc;

use checker::{Cut, Ending, Engine, Limits, Until, Verdict, explore, explore_with};

use crate::models::{Chain, Grid, threads};

/// The own engine ends the level first; all of them end far from the end of the chain.
fn until(engine: Engine, until: Until) -> checker::Run<u64, crate::models::Step> {
    let limits = Limits {
        until,
        max_states: Some(1_000_000),
        ..Limits::default()
    };
    explore_with(engine, Arc::new(Chain::new(500_000, 7)), &limits, &|_| {}).expect("explored")
}

#[test]
fn a_property_found_ends_the_run() {
    for engine in Engine::ALL {
        let run = until(engine, Until::Found("at two"));
        assert_eq!(run.ending, Ending::Truncated(Cut::Found), "{engine}");
        assert!(run.unique < 10, "{engine}");
        for verdict in run.findings[..3].iter().map(|finding| &finding.verdict) {
            assert_eq!(*verdict, Verdict::Truncated(Cut::Found), "{engine}");
        }
        assert!(
            matches!(run.findings[3].verdict, Verdict::Witnessed(_)),
            "{engine}"
        );
    }
}

#[test]
fn a_violation_found_ends_the_run_and_a_witness_does_not() {
    for engine in Engine::ALL {
        let run = until(engine, Until::FirstViolation);
        assert_eq!(run.ending, Ending::Truncated(Cut::Found), "{engine}");
        assert!(run.unique < 20, "{engine}");
        let Verdict::Violated(path) = &run.findings[0].verdict else {
            panic!("{engine}: not violated")
        };
        assert_eq!(path.clone().into_actions().len(), 7, "{engine}");
        assert_eq!(
            run.findings[1].verdict,
            Verdict::Truncated(Cut::Found),
            "{engine}"
        );
        assert!(
            matches!(run.findings[3].verdict, Verdict::Witnessed(_)),
            "{engine}"
        );
    }
}

#[test]
fn what_is_never_found_lets_the_run_go_on_to_the_end() {
    for engine in [Engine::Own, Engine::StaterightBfs, Engine::StaterightDfs] {
        let limits = Limits {
            until: Until::Found("within the chain"),
            ..Limits::default()
        };
        let run =
            explore_with(engine, Arc::new(Chain::new(20, 7)), &limits, &|_| {}).expect("explored");
        assert_eq!(run.ending, Ending::Exhausted, "{engine}");
    }
}

#[test]
fn what_is_found_in_the_last_level_still_ends_the_run_early() {
    // Nobody has asked whether the last state leads anywhere.
    let limits = Limits {
        until: Until::FirstViolation,
        ..Limits::default()
    };
    let run = explore(&Chain::new(7, 7), &limits, &|_| {}).expect("explored");
    assert_eq!((run.ending, run.unique), (Ending::Truncated(Cut::Found), 8));
    assert_eq!(run.findings[1].verdict, Verdict::Truncated(Cut::Found));
}

#[test]
fn the_run_that_stops_is_the_same_for_every_number_of_threads() {
    let limits = |n| Limits {
        until: Until::FirstViolation,
        ..threads(n)
    };
    let grid = Grid::new(30, 18);
    let first = explore(&grid, &limits(1), &|_| {}).expect("explored");
    assert_eq!(
        (first.ending, first.depth),
        (Ending::Truncated(Cut::Found), 18)
    );
    for n in [2, 3, 4] {
        assert_eq!(explore(&grid, &limits(n), &|_| {}).as_ref(), Ok(&first));
    }
}
