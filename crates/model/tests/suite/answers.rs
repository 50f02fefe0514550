//! The suite as it ships answers what it expects: verdicts and sizes, under all reductions that are sound.
//!
//! Scenarios that take long in an unoptimised build are explored with `SLOW_TESTS=1` only.

use checker::{Reductions, Run, Verdict};
use model::{Action, Expected, Size, State, World};

use crate::worlds::{explored, shipped, suite};

/// What is not as the scenario expects, a line each.
fn unmet(world: &World, run: &Run<State, Action>) -> Vec<String> {
    let scenario = world.scenario();
    let name = &scenario.name;
    let mut unmet = Vec::new();
    for (property, expected) in &scenario.expect.verdicts {
        let finding = run.finding(property).unwrap();
        let is_met = match expected {
            Expected::Holds | Expected::Never => matches!(finding.verdict, Verdict::Exhausted),
            Expected::Violated => matches!(finding.verdict, Verdict::Violated(_)),
            Expected::Witnessed => matches!(finding.verdict, Verdict::Witnessed(_)),
        };
        if !is_met {
            unmet.push(format!("{name}: {property} is not as expected: {expected}"));
        }
    }
    let expected = match run.reductions {
        Reductions::NONE => Size {
            states: scenario.expect.states,
            depth: scenario.expect.depth,
        },
        _ => scenario.expect.reduced.unwrap(),
    };
    let found = Size {
        states: Some(run.unique),
        depth: Some(run.depth),
    };
    if found != expected {
        unmet.push(format!("{name}: expected {expected:?}, found {found:?}"));
    }
    unmet
}

#[test]
fn the_suite_answers_what_it_expects() {
    for world in suite() {
        assert_eq!(unmet(&world, &explored(&world)), [""; 0]);
    }
}

/// The comparison can fail: in its verdicts, and in its sizes.
#[test]
fn a_wrong_answer_is_noticed() {
    let world = shipped("one-acceptor");
    let mut expect = world.scenario().expect.clone();
    let size = expect.reduced.as_mut().unwrap();
    size.states = size.states.map(|states| states + 1);
    expect
        .verdicts
        .insert("agreement".to_owned(), Expected::Violated);
    expect
        .verdicts
        .insert("value-chosen".to_owned(), Expected::Never);
    let other = world.clone().expecting(expect);
    assert_eq!(unmet(&other, &explored(&world)).len(), 3);
}
