//! Paths as traces for machines: in the form that is described, and the same path again.

use checker::{Limits, Verdict};
use model::{Action, State, World};
use report::{Answer, Replayed, Trace, itf};
use serde_json::{Value, json};
use stateright::Path;

use crate::schemas;
use crate::worlds::{self, DUEL};

/// An answer that shows this path for a property.
fn showing(world: World, property: &str, path: Path<State, Action>, violated: bool) -> Answer {
    let mut answer = worlds::answer("small", worlds::ALONE, &Limits::default());
    answer.world = world.into();
    answer.judged.retain(|judged| judged.property == property);
    answer.judged[0].verdict = match violated {
        true => Verdict::Violated(path),
        false => Verdict::Witnessed(path),
    };
    answer
}

fn written(answer: &Answer) -> String {
    itf(answer, &answer.judged[0]).unwrap().unwrap()
}

fn stale() -> Answer {
    let (world, path) = worlds::stale();
    showing(world, "agreement", path, true)
}

/// What becomes of a trace, however long it takes.
pub(crate) fn again(world: &World, trace: &Trace) -> Replayed {
    report::replay(world, trace, &Limits::default(), &|_| {}).unwrap()
}

/// The trace with something otherwise.
pub(crate) fn otherwise(text: &str, change: impl FnOnce(&mut Value)) -> Trace {
    let mut value: Value = serde_json::from_str(text).unwrap();
    change(&mut value);
    Trace::parse(&value.to_string()).unwrap()
}

#[test]
fn a_written_path_is_the_same_path_again() {
    let (world, path) = worlds::storm();
    let steps = path.clone().into_actions().len();
    let storm = showing(world, "value-adopted", path, false);
    // The tenth step of the former is to hear of the vote that breaks it.
    for (answer, steps, all) in [(stale(), 9, 10), (storm, steps, steps)] {
        let text = written(&answer);
        schemas::itf().accepts(&serde_json::from_str(&text).unwrap());
        let trace = Trace::parse(&text).unwrap();
        assert_eq!(trace.steps(), all);
        let replayed = again(&answer.world, &trace);
        let expected = Replayed::Breaks {
            steps,
            tail: None,
            difference: None,
        };
        assert_eq!(replayed, expected);
        assert!(replayed.is_expected(&trace) == Some(true));
    }
}

#[test]
fn a_network_that_is_no_set_is_a_list() {
    for network in ["bag", "ordered"] {
        let text = format!("{DUEL}\n[world]\nnetwork = \"{network}\"\n");
        let answer = worlds::answer("duel", &text, &Limits::default());
        let mut paths = 0;
        for judged in &answer.judged {
            let Some(text) = itf(&answer, judged).unwrap() else {
                continue;
            };
            let value: Value = serde_json::from_str(&text).unwrap();
            schemas::itf().accepts(&value);
            assert!(value["states"][1]["mail"].is_array());
            let trace = Trace::parse(&text).unwrap();
            let replayed = again(&answer.world, &trace);
            assert!(
                matches!(
                    &replayed,
                    Replayed::Breaks {
                        difference: None,
                        ..
                    }
                ),
                "{replayed:?}"
            );
            paths += 1;
        }
        assert!(paths > 2, "{network}: {paths} paths");
    }
}

#[test]
fn right_rules_end_a_trace_of_wrong_ones_at_the_step_that_was_wrong() {
    let trace = Trace::parse(&written(&stale())).unwrap();
    let replayed = again(&worlds::world(DUEL), &trace);
    let Replayed::Obsolete {
        step: 9, reason, ..
    } = &replayed
    else {
        panic!("{replayed:?}");
    };
    assert_eq!(
        reason,
        "`n0 → n2 Propose 1.0=A`: n2 makes nothing of it: nothing would change"
    );
    assert_eq!(replayed.is_expected(&trace), Some(false));
}

#[test]
fn the_first_variable_that_differs_is_named() {
    let answer = stale();
    let text = written(&answer);
    let trace = otherwise(&text, |value| {
        value["states"][4]["accepted"]["#map"][2][1] = json!({
            "tag": "Some",
            "value": {"ballot": {"round": 7, "node": "n1"}, "value": "C"}
        });
        value["states"][6]["crashes"] = json!(3);
    });
    let replayed = again(&answer.world, &trace);
    assert!(matches!(replayed, Replayed::Breaks { steps: 9, .. }));
    assert_eq!(
        replayed.difference().unwrap().to_string(),
        "from step 4 the states differ: accepted of n2 was 7.1=C, is None"
    );
}

#[test]
fn a_trace_that_another_program_wrote_again_is_the_same() {
    let answer = stale();
    let trace = otherwise(&written(&answer), |value| {
        let mail = value["states"][5]["mail"]["#set"].as_array_mut().unwrap();
        assert!(mail.len() > 1);
        mail.reverse();
        value["states"][5]["crashes"] = json!({"#bigint": "0"});
    });
    let replayed = again(&answer.world, &trace);
    assert!(replayed.difference().is_none(), "{replayed:?}");
}

#[test]
fn all_steps_without_what_they_showed_is_mended() {
    let answer = stale();
    let trace = otherwise(&written(&answer), |value| {
        value["#meta"]["paxos"]["property"] = json!("validity");
        value["#meta"]["paxos"]["expect"] = json!("mended");
    });
    let replayed = again(&answer.world, &trace);
    let expected = Replayed::Mended {
        reason: None,
        difference: None,
    };
    assert_eq!(replayed, expected);
    assert!(replayed.is_expected(&trace) == Some(true));
}

#[test]
fn the_schema_refuses_what_is_no_trace() {
    let schema = schemas::itf();
    let good: Value = serde_json::from_str(&written(&stale())).unwrap();
    schema.accepts(&good);
    let refused = |change: fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad);
        schema.refuses(&bad);
    };
    refused(|value| value["states"][0]["crashes"] = Value::Null);
    refused(|value| value["states"][0]["crashes"] = json!(0.5));
    refused(|value| value["states"][0]["crashes"] = json!(9_007_199_254_740_993_u64));
    refused(|value| value["states"][0]["mail"] = json!({"#set": 3}));
    refused(|value| value["states"][0]["disk"]["#map"][0] = json!(["n0"]));
    refused(|value| value["vars"] = json!("action"));
    refused(|value| drop(value.as_object_mut().unwrap().remove("states")));
}
