//! What was found beside what was expected.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use checker::{Limits, Until};
use model::{Mutant, World};
use report::{Answer, Found, Outcome};

use crate::worlds::{self, DUEL};

fn with_expectations(expectations: &str) -> String {
    format!("{DUEL}\n[expect]\n{expectations}\n")
}

fn judged(text: &str) -> Answer {
    worlds::answer("duel", text, &Limits::default())
}

#[test]
fn what_is_expected_and_found_is_met() {
    let plain = judged(DUEL);
    assert_eq!((plain.outcome(), plain.unmet()), (Outcome::Met, Vec::new()));
    let counts = format!("states = {}\ndepth = {}", plain.unique, plain.depth);
    let verdicts = "verdicts = { agreement = \"holds\", value-chosen = \"witnessed\", \
                    restart-mid-ballot = \"never\" }";
    let answer = judged(&with_expectations(&format!("{counts}\n{verdicts}")));
    assert_eq!(answer.unmet(), Vec::<String>::new());
    let is_met = |name: &str| {
        let judged = answer.judged.iter().find(|judged| judged.property == name);
        judged.unwrap().is_met()
    };
    assert_eq!(is_met("agreement"), Some(true));
    assert_eq!(is_met("restart-mid-ballot"), Some(true));
    assert_eq!(
        is_met("stability"),
        Some(true),
        "an invariant is expected to hold"
    );
    assert_eq!(
        is_met("client-told"),
        None,
        "of this witness nothing is expected"
    );
}

#[test]
fn what_differs_has_a_line() {
    let answer = judged(&with_expectations(
        "states = 1\ndepth = 2\nverdicts = { agreement = \"violated\", value-chosen = \"never\" }",
    ));
    assert_eq!(answer.outcome(), Outcome::Unmet);
    let states = answer.unique;
    let depth = answer.depth;
    assert_eq!(
        answer.unmet(),
        [
            "agreement: expected violated, found holds".to_owned(),
            "value-chosen: expected never, found witnessed in 4 steps".to_owned(),
            format!("states: expected 1, found {states}"),
            format!("depth: expected 2, found {depth}"),
        ]
    );
}

#[test]
fn a_disagreement_of_engines_is_not_as_expected() {
    let mut answer = judged(DUEL);
    answer
        .disagreements
        .push("stateright-bfs: agreement violated".to_owned());
    assert_eq!(answer.outcome(), Outcome::Unmet);
    assert_eq!(answer.unmet(), ["stateright-bfs: agreement violated"]);
}

#[test]
fn a_truncated_run_is_never_met_and_never_holds() {
    // The counts of the whole are no expectation of a part.
    let text = with_expectations("states = 1000000\ndepth = 1000");
    let limits = Limits {
        max_states: Some(5),
        ..Limits::default()
    };
    let interrupted = Limits {
        interrupt: Arc::new(AtomicBool::new(true)),
        ..Limits::default()
    };
    for limits in [limits, interrupted] {
        let answer = worlds::answer("duel", &text, &limits);
        assert_eq!(answer.outcome(), Outcome::Truncated);
        for judged in &answer.judged {
            assert!(
                matches!(judged.found(), Found::Unknown(_)),
                "{}",
                judged.found()
            );
            assert!(judged.found().to_string().starts_with("unknown ("));
            assert_eq!(judged.is_met(), None);
        }
        for (name, content) in report::files(&[answer]).unwrap() {
            for never in [
                "invariant holds",
                "invariants hold",
                "| holds |",
                "✓",
                "\"holds\",\n      \"steps",
            ] {
                assert!(!found_cells(&content).contains(never), "{name}: {never}");
            }
            assert!(content.contains("unknown"), "{name}");
        }
    }
}

/// The text without what is expected, which may well be that something holds.
fn found_cells(content: &str) -> String {
    content
        .replace("| holds | unknown", "| | unknown")
        .replace("\"expected\": \"holds\"", "")
}

#[test]
fn a_violation_in_a_truncated_run_is_not_as_expected() {
    let scenario = worlds::scenario("duel", DUEL);
    let world = World::new(scenario)
        .unwrap()
        .with_mutant(Mutant::AcceptStale);
    let limits = Limits {
        until: Until::FirstViolation,
        ..Limits::default()
    };
    let run = worlds::run(&world, &limits);
    let answer = Answer::new(world.into(), run);
    assert_eq!(answer.outcome(), Outcome::Unmet);
    let unmet = answer.unmet();
    assert!(
        unmet
            .iter()
            .any(|line| line.contains("expected holds, found violated in ")),
        "{unmet:?}"
    );
}
