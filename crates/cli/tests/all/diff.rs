//! `paxos diff`: two rule sets side by side, as a shell sees it.

use serde_json::Value;

use crate::common::{Room, Said, run};

fn diff(room: &Room, arguments: &[&str], code: i32) -> Said {
    let mut all = vec!["diff"];
    all.extend(arguments);
    run(room.paxos(&all), code)
}

/// What `diff --json` finds in its one scenario.
fn diff_json(room: &Room, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let said = diff(room, &all, code);
    let told: Value =
        serde_json::from_str(&said.out).expect("nothing but JSON is on standard output");
    assert_eq!(told["version"], 1);
    told["scenarios"][0].clone()
}

#[test]
fn the_notes_and_lamport_part_at_the_accept_rule_and_nowhere_else() {
    let room = Room::with(&["notes", "one-acceptor"]);
    let said = diff(&room, &["notes", "lamport"], 1);
    for line in [
        "one-acceptor: same behaviour; all 362 pairs of states explored",
        "notes: DIFFERENT; they are equal in 65,112 pairs of states, all that there are",
        "  only lamport allows, in 6 steps:",
        "    6  n0 → n2 Propose 1.0=A",
        "       notes    ⇒ nothing comes of it",
        "       lamport  ⇒ n2 saves promise 1.0, vote 1.0=A; sends Accepted 1.0=A to n0 n1 n2",
        "  only notes allows: nothing. Whatever notes does, lamport can do as well",
        "  verdicts: the same, of all 19 properties",
        "  size: 65,112 states, 24 deep under notes; 203,409 states, 24 deep under lamport",
        "2 scenarios: 1 same, 1 different",
    ] {
        assert!(
            said.out.lines().any(|told| told == line),
            "{line}\n{}",
            said.out
        );
    }
    assert!(said.out.contains("    n2's vote "), "{}", said.out);
    // The other way round it is the same trace, of the other side.
    let turned = diff_json(&room, &["lamport", "notes", "--scenario", "notes"], 1);
    assert_eq!(turned["only_a_steps"], 6);
    assert_eq!(turned["only_b_steps"], Value::Null);
    assert_eq!(
        turned["traces"][0]["allowed"],
        serde_json::json!([true, false])
    );
    assert_eq!(turned["verdicts_moved"], serde_json::json!([]));
}

#[test]
fn rules_are_the_same_as_themselves_in_all_states_of_the_scenario() {
    let room = Room::with(&["one-proposer-restarts"]);
    for rules in ["lamport", "scenario", "own-value", "notes:own-value"] {
        let told = diff_json(&room, &[rules, rules], 0);
        assert_eq!(told["found"], "same");
        assert_eq!(told["pairs"], told["sides"][0]["states"]);
    }
    let told = diff_json(&room, &["lamport", "scenario"], 0);
    assert_eq!(told["pairs"], 585);
}

#[test]
fn a_verdict_that_changes_is_told() {
    let room = Room::with(&["one-acceptor"]);
    let said = diff(&room, &["lamport", "accept-stale"], 1);
    let changed = "  agreement: holds under lamport, violated in 8 steps under accept-stale";
    assert!(said.out.lines().any(|line| line == changed), "{}", said.out);
    let told = diff_json(&room, &["lamport", "accept-stale"], 1);
    let moved = told["verdicts_moved"].as_array().expect("a list");
    assert!(moved.iter().any(|property| property == "agreement"));
    assert_eq!(told["only_a_steps"], Value::Null);
}

#[test]
fn what_was_cut_is_not_called_the_same() {
    let room = Room::with(&["one-acceptor"]);
    let said = diff(&room, &["notes", "lamport", "--max-states", "100"], 3);
    assert!(
        said.out
            .contains("unknown: cut at 100 unique states, no difference so far"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("same"), "{}", said.out);
    diff(&room, &["notes", "lamport", "--timeout", "0s"], 3);
    // What parts before the cut is different all the same.
    let arguments = ["lamport", "accept-stale", "--max-states", "200"];
    let told = diff_json(&room, &arguments, 1);
    assert_eq!(told["found"], "different");
}

#[test]
fn wrong_names_are_refused_with_what_there_is() {
    let room = Room::with(&["one-acceptor"]);
    let said = diff(&room, &["notez", "lamport"], 2);
    assert!(said.err.contains("did you mean notes?"), "{}", said.err);
    let said = diff(
        &room,
        &["notes", "lamport", "--scenario", "one-acceptors"],
        2,
    );
    assert!(
        said.err.contains("did you mean one-acceptor?"),
        "{}",
        said.err
    );
    diff(&room, &["notes"], 2);
    let room = Room::with(&["three-servers"]);
    let said = diff(&room, &["notes", "lamport"], 2);
    assert!(said.err.contains("--scenario"), "{}", said.err);
}
