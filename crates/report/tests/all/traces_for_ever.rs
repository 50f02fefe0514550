//! Traces of what goes on for ever: written, and judged again.

use std::sync::Arc;

use checker::{Limits, Reductions, Verdict};
use model::{Mutant, World};
use report::{Answer, Replayed, Tail, Trace, itf};
use serde_json::{Value, json};
use stateright::{Model as _, Path};

use crate::schemas;
use crate::stories::ENDLESS;
use crate::traces::{again, otherwise};
use crate::worlds::{self, DUEL};

/// One proposer, one acceptor, which may fail for ever.
const FAILING: &str = r#"
title = "One that may fail"
about = "Nothing is decided without it."
[cluster]
proposers = 1
acceptors = 1
[endless]
in-flight = 1
repeats = true
losses = 1
alone = 0
stops = 1
stop-nodes = [1]
[world]
loss = true
[[ask]]
value = "A"
of = 0
"#;

/// Two proposers, and refusals, for ever.
fn for_ever() -> String {
    format!("{DUEL}{ENDLESS}")
}

fn live(text: &str) -> Answer {
    let world = Arc::new(worlds::world(text));
    let run = model::explore_live(&world, &Limits::default(), &|_| {}).unwrap();
    Answer::live(world, run)
}

/// What became of a trace: it breaks, or why not.
fn told(replayed: &Replayed) -> String {
    match replayed {
        Replayed::Breaks { steps, tail, .. } => tail.as_ref().unwrap().told(*steps),
        Replayed::Mended { reason, .. } => reason.clone().unwrap(),
        Replayed::Unknown { cut, .. } => cut.to_string(),
        Replayed::Obsolete { reason, .. } => reason.clone(),
    }
}

#[test]
fn what_goes_on_for_ever_is_judged_again() {
    let mut paths = 0;
    for answer in [live(FAILING), live(&for_ever())] {
        for judged in answer.judged.iter().filter(|one| one.tail.is_some()) {
            paths += 1;
            let text = itf(&answer, judged).unwrap().unwrap();
            let value: Value = serde_json::from_str(&text).unwrap();
            schemas::itf().accepts(&value);
            assert_eq!(
                value.get("loop"),
                None,
                "it comes back up to the order of ballots alone"
            );
            let trace = Trace::parse(&text).unwrap();
            let replayed = again(&answer.world, &trace);
            let expected = Replayed::Breaks {
                steps: trace.steps(),
                tail: judged.tail.clone(),
                difference: None,
            };
            assert_eq!(replayed, expected);
            assert!(replayed.is_expected(&trace) == Some(true));
            let whole = trace.walked(&answer.world, &replayed);
            assert_eq!(Some(&whole), judged.verdict.path());
        }
    }
    assert_eq!(paths, 3);
}

#[test]
fn what_does_not_go_on_for_ever_any_more_is_told() {
    let (failing, duel) = (live(FAILING), live(&for_ever()));
    let [decides, can_decide] =
        [0, 1].map(|at| itf(&failing, &failing.judged[at]).unwrap().unwrap());
    let lasso = itf(&duel, &duel.judged[0]).unwrap().unwrap();
    let becomes = |answer: &Answer, text: &str, change: fn(&mut Value)| {
        told(&again(&answer.world, &otherwise(text, change)))
    };
    let cut = |value: &mut Value| drop(value["states"].as_array_mut().unwrap().pop());
    assert_eq!(
        becomes(&failing, &can_decide, |_| {}),
        "violated: impossible after 1 step"
    );
    assert_eq!(
        becomes(&failing, &can_decide, cut),
        "something can be decided, 5 steps later"
    );
    let early = |value: &mut Value| {
        value["#meta"]["paxos"]["stem"] = json!(1);
        value["states"].as_array_mut().unwrap().truncate(2);
    };
    let owed = becomes(&failing, &decides, early);
    assert!(
        owed.starts_with("it is not fair: ") && owed.ends_with(" is possible and never comes"),
        "{owed}"
    );
    assert_eq!(
        becomes(&duel, &lasso, cut),
        "the world is not as it was after step 11, up to the order of ballots"
    );
    let without = |setting: &str| {
        let dropped = otherwise(&lasso, |value| {
            let settings = &mut value["#meta"]["paxos"]["settings"];
            settings["endless"].as_object_mut().unwrap().remove(setting);
        });
        told(&again(&duel.world, &dropped))
    };
    // As in a trace that is older than the setting: it is not set.
    assert_eq!(without("stops"), becomes(&duel, &lasso, |_| {}));
    let other = without("in-flight");
    assert!(
        other.contains("endless.in-flight was absent, is "),
        "{other}"
    );
    let bounded = Trace::parse(&lasso).unwrap();
    let other = told(&again(&worlds::world(DUEL), &bounded));
    assert!(
        other.contains("protocol.nack was true, is false"),
        "{other}"
    );
}

#[test]
fn what_is_no_more_in_a_scenario_is_absent() {
    let failing = live(FAILING);
    let trace = itf(&failing, &failing.judged[1]).unwrap().unwrap();
    let bounded = FAILING
        .replace("[endless]", "")
        .replace("in-flight = 1", "");
    let bounded: String = bounded
        .lines()
        .filter(|line| {
            !["repeats", "losses", "alone", "stop", "loss"]
                .iter()
                .any(|word| line.starts_with(word))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let trace = otherwise(&trace, |value| {
        value["#meta"]["paxos"]["settings"]["world"]["loss"] = json!(false);
    });
    let other = told(&again(&worlds::world(&bounded), &trace));
    assert!(
        other.contains("is not what it was: endless was {"),
        "{other}"
    );
    assert!(other.ends_with("}, is absent"), "{other}");
}

#[test]
fn what_follows_is_unknown_if_the_search_is_cut() {
    let answer = live(FAILING);
    let text = itf(&answer, &answer.judged[1]).unwrap().unwrap();
    let trace = Trace::parse(&text).unwrap();
    let limits = Limits {
        max_states: Some(1),
        ..Limits::default()
    };
    let replayed = report::replay(&answer.world, &trace, &limits, &|_| {}).unwrap();
    assert!(matches!(replayed, Replayed::Unknown { .. }), "{replayed:?}");
    assert_eq!(replayed.is_expected(&trace), None);
}

#[test]
fn what_cannot_be_kept_up_to_the_order_of_ballots_is_an_error() {
    let asks: String = (0..8)
        .map(|of| format!("[[ask]]\nvalue = \"A\"\nof = {of}\n"))
        .collect();
    let big = format!(
        "title = \"\"\nabout = \"\"\n[cluster]\nproposers = 8\nacceptors = 8\n[endless]\nin-flight = 1\n{asks}"
    );
    let world = Arc::new(worlds::world(&big));
    let start = world.init_states().remove(0);
    let path = Path::from_actions(&*world, start, &[]).unwrap();
    let mut answer = live(FAILING);
    answer.world = Arc::clone(&world);
    for (place, tail) in [
        (
            0,
            Tail::Round {
                stem: 0,
                starved: Vec::new(),
            },
        ),
        (1, Tail::Closed(1)),
    ] {
        answer.judged[place].verdict = Verdict::Violated(path.clone());
        answer.judged[place].tail = Some(tail);
        let text = itf(&answer, &answer.judged[place]).unwrap().unwrap();
        let trace = Trace::parse(&text).unwrap();
        let refused = report::replay(&world, &trace, &Limits::default(), &|_| {}).unwrap_err();
        assert!(
            refused.to_string().contains("classes of actions"),
            "{refused}"
        );
    }
}

#[test]
fn what_is_changed_where_only_worlds_without_end_have_it_is_named() {
    let answer = live(FAILING);
    let text = itf(&answer, &answer.judged[1]).unwrap().unwrap();
    let trace = otherwise(&text, |value| {
        value["states"][1]["stopped"] = json!({"#set": []})
    });
    let replayed = again(&answer.world, &trace);
    assert_eq!(
        replayed.difference().unwrap().to_string(),
        "from step 1 the states differ: stopped was {}, is {n1}"
    );
}

#[test]
fn what_cannot_be_done_in_a_world_without_end_is_an_obstacle() {
    let answer = live(FAILING);
    let text = itf(&answer, &answer.judged[1]).unwrap().unwrap();
    let node = |tag: &str, node: &str| json!({"tag": tag, "value": {"node": node}});
    let settle = json!({"tag": "Settle", "value": {"#tup": []}});
    let ask = json!({"tag": "Ask", "value": {"index": 0, "of": "n0", "value": "A"}});
    let prepare = json!({"from": "n0", "to": "n1", "message": {
        "tag": "Prepare", "value": {"ballot": {"round": 1, "node": "n0"}}
    }});
    let lose = json!({"tag": "Lose", "value": prepare});
    let deliver = json!({"tag": "Deliver", "value": prepare});
    let obstacle = |world: &World, actions: &[Value]| {
        let trace = otherwise(&text, |value| {
            let state = value["states"][1].clone();
            let states = value["states"].as_array_mut().unwrap();
            states.truncate(1);
            states.extend(actions.iter().map(|action| {
                let mut state = state.clone();
                state["action"] = action.clone();
                state
            }));
        });
        let replayed = again(world, &trace);
        assert!(
            matches!(replayed, Replayed::Obsolete { step, .. } if step == actions.len()),
            "{replayed:?}"
        );
        told(&replayed)
    };
    let stop = node("Stop", "n1");
    for (actions, because) in [
        (vec![node("Repeat", "n0")], "n0 has no ballot under way"),
        (vec![node("Stop", "n0")], "n0 never fails"),
        (
            vec![stop.clone(), stop.clone()],
            "n1 has failed for ever already",
        ),
        (vec![ask.clone(), stop, deliver], "n1 has failed for ever"),
        (
            vec![settle.clone(), settle],
            "one proposer is alone already",
        ),
        (
            vec![ask.clone(), node("Timeout", "n0")],
            "something can still come of the round of n0",
        ),
        (
            vec![ask.clone(), node("Repeat", "n0")],
            "n0 has nothing to say again that is not on its way already",
        ),
        (
            vec![
                ask.clone(),
                lose.clone(),
                node("Repeat", "n0"),
                lose.clone(),
            ],
            "as many messages were lost as may be: 1",
        ),
    ] {
        let reason = obstacle(&answer.world, &actions);
        assert!(reason.ends_with(because), "{because}: {reason}");
    }
    let silent = worlds::world(FAILING).with_mutant(Mutant::NoRetransmission);
    let reason = obstacle(&silent, &[ask, lose, node("Repeat", "n0")]);
    assert!(
        reason.ends_with("its host keeps silent, by a fault"),
        "{reason}"
    );
}

#[test]
fn a_bounded_world_in_which_nothing_can_be_decided_any_more_has_a_trace_of_that() {
    let world = Arc::new(worlds::world(DUEL).with_mutant(Mutant::AcceptStrict));
    let none = Limits::default();
    let run = model::outlook(&world, Reductions::ALL, &none, &|_| {}).unwrap();
    let outlook = report::Outlook {
        states: run.unique,
        verdict: run.findings[0].verdict.clone(),
    };
    let answer = Answer::new(Arc::clone(&world), worlds::run(&world, &none)).with_outlook(outlook);
    let judged = answer.judged.last().unwrap();
    assert_eq!(
        (judged.property, &judged.tail),
        ("can-decide", &Some(Tail::Helpless))
    );
    let line = "can-decide: expected holds, found violated in 0 steps";
    assert!(
        answer.unmet().contains(&line.to_owned()),
        "{:?}",
        answer.unmet()
    );
    assert_eq!(answer.outcome(), report::Outcome::Unmet);
    let text = itf(&answer, judged).unwrap().unwrap();
    let trace = Trace::parse(&text).unwrap();
    let replayed = again(&world, &trace);
    assert_eq!(told(&replayed), "violated: impossible after 0 steps");
    let right = again(&worlds::world(DUEL), &trace);
    assert!(
        told(&right).starts_with("deciding is possible after them"),
        "{right:?}"
    );
    assert!(matches!(right, Replayed::Mended { .. }));
}
