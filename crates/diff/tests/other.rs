//! A side in another process answers what the World answers here, whatever can happen in it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use checker::Limits;
use diff::{Comparison, Error, Here, Other, RuleSetName, Side, compare};
use model::{Action, Scenario, State, World};

const HEAD: &str = "title = \"\"\nabout = \"\"\n";
const ASKS: &str = "[[ask]]\nvalue = \"A\"\nof = 0\n[[ask]]\nvalue = \"B\"\nof = 0\n";

/// Small worlds in which, between them, everything happens that can.
const WORLDS: [&str; 4] = [
    "[cluster]\nproposers = 1\nacceptors = 1\n[world]\ncrashes = 1\ntorn = true\nrounds = 2\nretries = 1\n",
    "[cluster]\nservers = 1\n[world]\nnetwork = \"ordered\"\nloss = true\ncrashes = 1\n",
    "[cluster]\nservers = 1\n[protocol]\nnack = true\n[world]\nnetwork = \"bag\"\nrounds = 2\n",
    "[cluster]\nservers = 1\n[world]\nfaults = [\"node-busy\", \"reply-lost\", \"storage-fails\", \"store-corrupted\"]\n\
     faults-most = 1\nasks-again = 1\n",
];

fn scenario(text: &str) -> Scenario {
    Scenario::parse(Path::new("small.toml"), text).unwrap()
}

fn other(text: &str, rules: &str) -> Other {
    let program = Path::new(env!("CARGO_BIN_EXE_paxos-steps"));
    Other::start(program, &scenario(text), text, rules.parse().unwrap()).unwrap()
}

fn here(text: &str, rules: &str) -> Here {
    let rules: RuleSetName = rules.parse().unwrap();
    Here::new(rules.on(World::new(Arc::new(scenario(text))).unwrap()))
}

fn compared(a: &mut dyn Side, b: &mut dyn Side) -> Comparison {
    compare(a, b, &Limits::default(), &|_, _, _| ()).unwrap()
}

#[test]
fn the_other_process_answers_as_the_world_does_here() {
    let mut kinds = HashSet::new();
    for world in WORLDS {
        let text = format!("{HEAD}{world}{ASKS}");
        let (mut here, mut other) = (here(&text, "scenario"), other(&text, "scenario"));
        assert!(compared(&mut here, &mut other).is_same(), "{world}");
        let limits = Limits::default();
        let whole = here.explored(&limits, &|_| ()).unwrap();
        assert_eq!(other.explored(&limits, &|_| ()).unwrap(), whole);
        // Every step, and what is told of it.
        let mut states: Vec<State> = vec![here.start().unwrap()];
        let mut seen: HashSet<State> = states.iter().cloned().collect();
        while let Some(state) = states.pop() {
            let steps = here.steps(&[&state]).unwrap().remove(0);
            for step in steps {
                let told = here.told(&state, step.action).unwrap();
                assert_eq!(other.told(&state, step.action).unwrap(), told);
                kinds.insert(match step.action {
                    Action::Step(_) => "step",
                    Action::Torn { .. } => "torn",
                    Action::Crash(_) => "crash",
                    Action::Lose(_) => "lose",
                    Action::Answer { .. } => "answer",
                    Action::GiveUp(_) => "give up",
                    Action::Read { .. } => "read",
                    Action::Repeat(_) => "repeat",
                    Action::Stop(_) => "stop",
                    Action::Settle => "settle",
                    Action::Fail { .. } => "fail",
                });
                if seen.insert(step.next.clone()) {
                    states.push(step.next);
                }
            }
        }
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}

#[test]
fn the_other_process_plays_by_the_rules_it_is_told() {
    let text = format!("{HEAD}{}{ASKS}", WORLDS[0]);
    let same = compared(
        &mut here(&text, "vote-not-durable"),
        &mut other(&text, "vote-not-durable"),
    );
    assert!(same.is_same());
    let found = compared(
        &mut here(&text, "lamport"),
        &mut other(&text, "vote-not-durable"),
    );
    let expected = compared(
        &mut here(&text, "lamport"),
        &mut here(&text, "vote-not-durable"),
    );
    assert!(found.is_parted());
    assert_eq!(found, expected);
}

#[test]
fn a_process_that_does_not_answer_is_refused() {
    let text = format!("{HEAD}{}{ASKS}", WORLDS[0]);
    let start = |program: &Path| {
        Other::start(program, &scenario(&text), &text, RuleSetName::SCENARIO).unwrap_err()
    };
    assert!(matches!(start(Path::new("true")), Error::Process(_)));
    assert!(matches!(start(Path::new("yes")), Error::Answer(_)));
    assert!(matches!(
        start(Path::new("no such program")),
        Error::Process(_)
    ));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other-form.sh");
    assert!(matches!(start(&script), Error::OtherForm));
    // A scenario that makes no sense to it.
    let program = Path::new(env!("CARGO_BIN_EXE_paxos-steps"));
    let refused = Other::start(program, &scenario(&text), "title", RuleSetName::SCENARIO);
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::Answer(_)), "{refused}");
}
