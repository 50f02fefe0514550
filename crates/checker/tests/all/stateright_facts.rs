//! What stateright 0.31 does that this crate is built around. If one of these fails after an upgrade,
//! stateright has changed, and the pages that speak of it may too.

use checker::{Limits, Verdict, explore};
use stateright::{Checker, Model};

use crate::models::Chain;

#[test]
fn its_breadth_first_paths_are_not_shortest_with_more_than_one_property() {
    let chain = Chain::new(50, 5);
    let checker = chain.clone().checker().spawn_bfs().join();
    let theirs = checker
        .discovery("unbroken")
        .expect("found")
        .into_actions()
        .len();
    assert_eq!(theirs, 50);

    let run = explore(&chain, &Limits::default(), &|_| {}).expect("explored");
    let Verdict::Violated(path) = &run.findings[0].verdict else {
        panic!("not violated")
    };
    assert_eq!(path.clone().into_actions().len(), 5);
}

#[test]
fn it_is_done_when_it_is_not_complete() {
    let mut chain = Chain::new(10_000, 9_000);
    // Of the four properties the one that is broken is beyond the cut.
    chain.last = 10_000;
    let checker = chain
        .clone()
        .checker()
        .target_state_count(10)
        .spawn_bfs()
        .join();
    assert!(checker.is_done());
    assert!(checker.unique_state_count() < 9_000);
    checker.assert_no_discovery("unbroken");

    let limits = Limits {
        max_states: Some(10),
        ..Limits::default()
    };
    let run = explore(&chain, &limits, &|_| {}).expect("explored");
    assert!(matches!(run.findings[0].verdict, Verdict::Truncated(_)));
}
