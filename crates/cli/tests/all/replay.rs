//! `paxos check --itf`, `paxos replay`, and the traces that are kept.
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{Room, Said, run};

const STALE: &str = "traces/one-acceptor.agreement.itf.json";

/// A room with all paths of the smallest scenario, whose acceptor votes below its promise.
fn room() -> Room {
    let room = Room::with(&["one-acceptor"]);
    let check = ["check", "one-acceptor", "--mutant", "accept-stale"];
    let mut check = room.paxos(&check);
    check.args(["--itf", "traces"]);
    run(check, 1);
    room
}

fn trace(room: &Room) -> Value {
    serde_json::from_str(&std::fs::read_to_string(room.path(STALE)).unwrap()).unwrap()
}

/// Replays the trace with something otherwise.
fn otherwise(room: &Room, change: impl FnOnce(&mut Value), code: i32) -> Said {
    let mut trace = trace(room);
    change(&mut trace);
    room.write("other.itf.json", &trace.to_string());
    run(room.paxos(&["replay", "other.itf.json"]), code)
}

/// Our part of the trace's `#meta`.
fn ours(trace: &mut Value) -> &mut serde_json::Map<String, Value> {
    trace["#meta"]["paxos"].as_object_mut().unwrap()
}

/// Whether it is said why a trace still breaks.
fn said_why(room: &Room, file: &str) -> bool {
    let said = run(room.paxos(&["replay", file]), 0);
    said.out.contains("\n  why: ")
}

#[test]
fn every_path_is_written_and_breaks_again() {
    let room = room();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(room.path("traces")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.to_string_lossy().into_owned();
        let said = run(room.paxos(&["replay", &file]), 0);
        assert!(said.out.contains("still breaks: "), "{}", said.out);
        let said = run(room.paxos(&["replay", &file, "--json"]), 0);
        let told: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(told["outcome"], "breaks");
        assert_eq!(told["breaks_after"], told["steps"]);
        assert_eq!(told["difference"], Value::Null);
        assert_eq!(told["why"].is_array(), told["verdict"] == "violated");
        assert_eq!(said_why(&room, &file), told["verdict"] == "violated");
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    let properties = [
        "agreement",
        "client-told",
        "learner-learns",
        "no-vote-below-promise",
        "restart-mid-ballot",
        "stability",
        "value-adopted",
        "value-chosen",
        "vote-superseded",
        "votes-are-safe",
    ];
    assert_eq!(
        names,
        properties.map(|name| format!("one-acceptor.{name}.itf.json"))
    );
}

#[test]
fn what_goes_on_for_ever_is_written_and_judged_again() {
    let room = Room::with(&["liveness/minority-of-1", "liveness/duel-nack"]);
    let check = ["check", "minority-of-1", "duel-nack", "--itf", "traces"];
    run(room.paxos(&check), 0);
    for (name, told) in [
        ("duel-nack.decides", "violated: 11 steps, then 10 for ever"),
        (
            "minority-of-1.decides",
            "violated: 3 steps, then nothing for ever",
        ),
        (
            "minority-of-1.can-decide",
            "violated: impossible after 1 step",
        ),
    ] {
        let file = format!("traces/{name}.itf.json");
        let said = run(room.paxos(&["replay", &file]), 0);
        let subject = name.replace('.', ", ");
        let first = format!("{subject}: still breaks: {told}\n");
        assert!(said.out.starts_with(&first), "{}", said.out);
        let ends = said
            .out
            .contains("…and from here on it cannot happen any more, in any of ");
        assert_eq!(ends, name.ends_with("can-decide"), "{}", said.out);
    }
    let lasso = "traces/duel-nack.decides.itf.json";
    let said = run(room.paxos(&["replay", lasso, "--diagram"]), 0);
    assert!(said.out.contains("…and so on for ever:"), "{}", said.out);
    let said = run(room.paxos(&["replay", lasso, "--json"]), 0);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    let counts = ["stem", "steps", "breaks_after"].map(|name| told[name].as_u64());
    assert_eq!(counts, [Some(11), Some(21), Some(21)]);
    assert_eq!(told["starved"], json!([]));
    let closed = "traces/minority-of-1.can-decide.itf.json";
    let said = run(room.paxos(&["replay", closed, "--json"]), 0);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert!(told["closed_states"].as_u64().unwrap() > 0, "{told}");

    let whole = std::fs::read_to_string(room.path(lasso)).unwrap();
    let otherwise = |change: fn(&mut Value), code| {
        let mut trace: Value = serde_json::from_str(&whole).unwrap();
        change(&mut trace);
        room.write("other.itf.json", &trace.to_string());
        run(room.paxos(&["replay", "other.itf.json", "--json"]), code)
    };
    let said = otherwise(
        |trace| drop(trace["states"].as_array_mut().unwrap().pop()),
        1,
    );
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["outcome"], "mended");
    assert_eq!(
        told["mended_because"],
        "the world is not as it was after step 11, up to the order of ballots"
    );
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 5] = [
        (
            |trace| {
                ours(trace)["settings"]
                    .as_object_mut()
                    .unwrap()
                    .remove("endless");
                trace["vars"].as_array_mut().unwrap().truncate(16);
            },
            "`decides` is judged where rounds never end, but its `settings` have no `endless`",
        ),
        (
            |trace| drop(ours(trace).remove("stem")),
            "`stem` is missing",
        ),
        (
            |trace| ours(trace)["stem"] = json!(22),
            "`stem` is 22, but it has no more than 21 steps",
        ),
        (
            |trace| ours(trace)["property"] = json!("can-decide"),
            "`stem` goes with `decides` and `announced-in-the-end`",
        ),
        (
            |trace| {
                drop(
                    ours(trace)["settings"]
                        .as_object_mut()
                        .unwrap()
                        .remove("endless"),
                )
            },
            "asks, crashes, mid_ballot, found action",
        ),
    ];
    for (change, words) in changes {
        let err = otherwise(change, 2).err;
        assert!(err.starts_with("error: ") && err.contains(words), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
}

#[test]
fn without_the_fault_a_trace_no_longer_applies() {
    let room = room();
    let said = otherwise(&room, |trace| drop(ours(trace).remove("mutant")), 1);
    let expected = "one-acceptor, agreement: no longer applies: step 8 cannot be taken, because \
                    `n0 → n2 Propose 1.0=A`: n2 makes nothing of it: nothing would change\n";
    assert_eq!(said.out, expected);
}

#[test]
fn a_trace_that_shows_nothing_any_more_is_told() {
    let room = room();
    let change = |trace: &mut Value| ours(trace)["property"] = json!("validity");
    let said = otherwise(&room, change, 1);
    assert!(
        said.out
            .contains("no longer breaks: all 8 steps can be taken, and it is not violated"),
        "{}",
        said.out
    );
}

#[test]
fn the_first_difference_is_told_though_it_still_breaks() {
    let room = room();
    let said = otherwise(&room, |trace| trace["states"][3]["crashes"] = json!(7), 0);
    assert!(
        said.out
            .contains("; from step 3 the states differ: crashes was 7, is 0"),
        "{}",
        said.out
    );
}

#[test]
fn another_scenario_of_that_name_is_told() {
    let room = room();
    let file = room.path("models/one-acceptor.toml");
    let text = std::fs::read_to_string(file).unwrap();
    room.write(
        "models/one-acceptor.toml",
        &text.replace("crashes = 1", "crashes = 2"),
    );
    // By itself it is walked through the world that it carries.
    run(room.paxos(&["replay", STALE]), 0);
    let said = run(
        room.paxos(&["replay", STALE, "--scenario", "one-acceptor"]),
        1,
    );
    assert!(
        said.out
            .contains("the scenario `one-acceptor` is not what it was: world.crashes was 1, is 2"),
        "{}",
        said.out
    );
    room.write("old/one-acceptor.toml", &text);
    let scenario = ["replay", STALE, "--scenario", "old/one-acceptor.toml"];
    run(room.paxos(&scenario), 0);
}

#[test]
fn a_trace_needs_nothing_around_it() {
    let room = room();
    let empty = tempfile::tempdir().unwrap();
    let saved = empty.path().join("saved.itf.json");
    std::fs::copy(room.path(STALE), &saved).unwrap();
    let replay = |more: &[&str]| {
        let mut command = room.paxos(&["replay", "saved.itf.json"]);
        command.args(more).current_dir(empty.path());
        command
    };
    let there = run(room.paxos(&["replay", STALE, "--svg", "there.svg"]), 0);
    let here = run(replay(&["--svg", "here.svg"]), 0);
    assert_eq!(here.out, there.out);
    let picture = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert_eq!(
        picture(&empty.path().join("here.svg")),
        picture(&room.path("there.svg"))
    );
    // One that was kept before traces had titles.
    for (name, text) in kept() {
        std::fs::write(&saved, &text).unwrap();
        let breaks = text.contains("\"expect\": \"breaks\"");
        let said = run(replay(&[]), i32::from(!breaks));
        assert!(!text.contains("\"title\""), "{name}");
        assert_eq!(
            said.out.contains(": still breaks: "),
            breaks,
            "{}",
            said.out
        );
    }
    let said = run(replay(&["--scenario", "one-acceptor"]), 2);
    assert!(said.err.contains("models"), "{}", said.err);
}

#[test]
fn settings_that_make_no_world_are_refused() {
    let room = room();
    let change = |trace: &mut Value| ours(trace)["settings"]["world"]["rounds"] = json!(0);
    let said = otherwise(&room, change, 2);
    let told = "the trace's `settings` make no scenario: world.rounds is 0, but must be from 1 to ";
    assert!(said.err.contains(told), "{}", said.err);
}

/// Quint and Apalache may write a set with an element twice: it is the same set.
#[test]
fn an_element_that_a_set_has_twice_is_in_it_once() {
    let room = room();
    let twice = |trace: &mut Value| {
        for state in trace["states"].as_array_mut().unwrap() {
            for name in ["mail", "ledger"] {
                let members = state[name]["#set"].as_array_mut().unwrap();
                members.extend(members.clone());
            }
        }
    };
    let said = otherwise(&room, twice, 0);
    assert_eq!(said.out, run(room.paxos(&["replay", STALE]), 0).out);
}

#[test]
fn actions_that_make_no_sense_are_obstacles() {
    let room = room();
    let nowhere = json!({"tag": "Crash", "value": {"node": "n15"}});
    let torn = json!({"tag": "Torn", "value": {
        "event": {"tag": "Ask", "value": {"index": 9, "of": "n0", "value": "A"}}, "sends": 200
    }});
    let again = json!({"tag": "Ask", "value": {"index": 0, "of": "n0", "value": "A"}});
    let early = json!({"tag": "Timeout", "value": {"node": "n1"}});
    let deaf = json!({"tag": "Deliver", "value": {"from": "n1", "to": "n2", "message": {
        "tag": "Prepare", "value": {"ballot": {"round": 4_000_000_000_u32, "node": "n9"}}
    }}});
    let lost = json!({"tag": "Lose", "value": deaf["value"]});
    for (action, because) in [
        (nowhere, "there is no n15"),
        (torn, "request 9 of the scenario is another one"),
        (again, "it was asked already"),
        (early, "n1 has no ballot under way"),
        (deaf, "no such message is on its way"),
        (lost, "this network loses nothing"),
    ] {
        let said = otherwise(&room, |trace| trace["states"][2]["action"] = action, 1);
        let start = "no longer applies: step 2 cannot be taken";
        assert!(said.out.contains(start), "{}", said.out);
        assert!(said.out.contains(because), "{because}: {}", said.out);
    }
}

#[test]
fn what_is_no_trace_is_refused_in_a_line() {
    let room = room();
    let refused = |said: &Said, words: &str| {
        let err = &said.err;
        assert!(
            err.starts_with("error: ") && err.contains(words),
            "{words}: {err}"
        );
        assert_eq!((err.lines().count(), said.out.as_str()), (1, ""), "{err}");
    };
    refused(
        &run(room.paxos(&["replay", "none.json"]), 2),
        "cannot read none.json",
    );
    let whole = std::fs::read_to_string(room.path(STALE)).unwrap();
    for (text, words) in [
        ("all is well", "this is not JSON"),
        (&whole[..whole.len() / 2], "ends in the middle"),
        ("[]", "no JSON object"),
        ("{\"#meta\": {}}", "no list `states`"),
        (
            "{\"#meta\": {\"format\": \"ITF\"}, \"vars\": [\"x\"], \"states\": [{\"x\": 1}]}",
            "another model",
        ),
    ] {
        room.write("bad.itf.json", text);
        refused(&run(room.paxos(&["replay", "bad.itf.json"]), 2), words);
    }
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 12] = [
        (|trace| ours(trace)["schema"] = json!(2), "has schema 2"),
        (
            |trace| drop(ours(trace).remove("schema")),
            "has schema none",
        ),
        (
            |trace| {
                drop(
                    ours(trace)["settings"]
                        .as_object_mut()
                        .unwrap()
                        .remove("cluster"),
                )
            },
            "`settings` make no scenario: missing field `cluster`",
        ),
        (
            |trace| ours(trace)["mutant"] = json!("typo"),
            "the mutant `typo`",
        ),
        (
            |trace| ours(trace)["property"] = json!("peace"),
            "the property `peace`",
        ),
        (
            |trace| ours(trace)["verdict"] = json!("witnessed"),
            "does not go with",
        ),
        (
            |trace| ours(trace)["expect"] = json!("rain"),
            "unknown variant `rain`",
        ),
        (|trace| trace["states"] = json!([]), "no state"),
        (|trace| trace["vars"] = json!(["x"]), "found x"),
        (
            |trace| trace["states"][1] = json!({}),
            "state 1 cannot be used",
        ),
        (
            |trace| trace["states"][1]["action"]["tag"] = json!("Dance"),
            "unknown variant `Dance`",
        ),
        (
            |trace| trace["states"][1]["action"]["value"]["of"] = json!("n16"),
            "`n16` names no node",
        ),
    ];
    for (change, words) in changes {
        refused(&otherwise(&room, change, 2), words);
    }
}

#[test]
fn traces_go_where_they_can_be_written() {
    let room = Room::with(&["one-acceptor"]);
    room.write("file", "");
    let check = ["check", "one-acceptor", "--itf", "file/traces"];
    let said = run(room.paxos(&check), 2);
    assert!(
        said.err.starts_with("error: cannot write file/traces: "),
        "{}",
        said.err
    );
}

/// The traces that are kept in the repository.
fn kept() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/regressions");
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut kept: Vec<_> = paths
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (
                format!("models/regressions/{name}"),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    kept.sort();
    kept
}

/// Their scenarios.
const OF_KEPT: [&str; 2] = ["one-acceptor", "liveness/lossy"];

#[test]
fn the_traces_that_are_kept_do_what_they_are_to_do() {
    let room = Room::with(&OF_KEPT);
    let kept = kept();
    for fate in ["\"expect\": \"breaks\"", "\"expect\": \"mended\""] {
        assert!(
            kept.iter().any(|(_, text)| text.contains(fate)),
            "none has {fate}"
        );
    }
    for (name, text) in &kept {
        room.write(name, text);
    }
    let said = run(room.paxos(&["check"]), 0);
    let lines = said
        .out
        .lines()
        .filter(|line| line.starts_with("regression "));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), kept.len());
    assert!(
        lines.iter().all(|line| line.contains(": as expected, ")),
        "{lines:?}"
    );
    let goes_on =
        "lossy, decides, with no-retransmission: still breaks: violated: 9 steps, then 8 for ever";
    let kept = "models/regressions/lossy.decides.no-retransmission.itf.json";
    assert_eq!(
        run(room.paxos(&["replay", kept]), 0).out.trim_end(),
        goes_on
    );
    let said = run(room.paxos(&["check", "one-acceptor"]), 0);
    assert!(
        !said.out.contains("regression "),
        "only the whole suite replays them"
    );
}

#[test]
fn a_trace_that_does_otherwise_fails_the_suite() {
    for (was, is) in [("breaks", "mended"), ("mended", "breaks")] {
        let room = Room::with(&OF_KEPT);
        let expects = |fate: &str| format!("\"expect\": \"{fate}\"");
        let mut kept = kept();
        kept.retain(|(_, text)| text.contains(&expects(was)));
        let (name, text) = &kept[0];
        room.write(name, &text.replace(&expects(was), &expects(is)));
        let said = run(room.paxos(&["check"]), 1);
        let told = format!("NOT AS EXPECTED: expected {is}, but it ");
        assert!(said.out.contains(&told), "{}", said.out);
        let said = run(room.paxos(&["check", "--json"]), 1);
        let summary: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(summary["regressions"][0]["is_met"], false);
        assert_eq!(summary["scenarios"][0]["outcome"], "met");
    }
}

#[test]
fn a_kept_trace_is_replayed_in_the_world_that_it_carries() {
    let room = Room::with(&OF_KEPT);
    let mut kept = kept();
    kept.retain(|(_, text)| {
        text.contains("\"expect\": \"mended\"") && text.contains("\"crashes\": 1,")
    });
    let (name, text) = &kept[0];
    room.write(name, &text.replace("\"crashes\": 1,", "\"crashes\": 2,"));
    let said = run(room.paxos(&["check"]), 0);
    let told = "as expected, no longer applies: step ";
    assert!(said.out.contains(told), "{}", said.out);
}

#[test]
fn a_kept_trace_that_cannot_be_read_stops_the_suite_before_it_begins() {
    let room = Room::with(&["one-acceptor"]);
    room.write("models/regressions/cut.itf.json", "{\"#meta\":");
    let said = run(room.paxos(&["check"]), 2);
    let start = "error: models/regressions/cut.itf.json: the file ends in the middle";
    assert!(said.err.starts_with(start), "{}", said.err);
}
