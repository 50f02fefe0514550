//! `paxos check`: verdicts, exit codes and reports, as a shell sees them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{Room, Said, events, run};

/// Scenarios of a few hundred or thousand states.
const SMALL: [&str; 3] = ["one-acceptor", "one-proposer-restarts", "ordered-network"];

/// Quorums of one out of two: two values can be chosen.
const THIN: &str = r#"
title = "Two acceptors, quorums of one"
about = ""
cluster = { proposers = 2, acceptors = 2 }
protocol = { prepare-quorum = 1, accept-quorum = 1 }
ask = [{ value = "A", of = 0 }, { value = "B", of = 1 }]
"#;

fn check(room: &Room, arguments: &[&str], code: i32) -> Said {
    let mut all = vec!["check"];
    all.extend(arguments);
    run(room.paxos(&all), code)
}

/// What `check --json` says.
fn check_json(room: &Room, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let said = check(room, &all, code);
    serde_json::from_str(&said.out).expect("nothing but JSON is on standard output")
}

/// The reports by name; none if there is no such folder.
fn reports(room: &Room) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(room.path("reports")) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .map(|path| {
            let name = path.file_name().expect("it is in the folder");
            let bytes = std::fs::read(&path).expect("reports can be read");
            (name.to_string_lossy().into_owned(), bytes)
        })
        .collect()
}

/// Waits until a process has taken so much memory that it must be exploring something large.
fn explores(process: u32) {
    let file = format!("/proc/{process}/status");
    for _ in 0..600 {
        let status = std::fs::read_to_string(&file).expect("the process is alive");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|text| text.trim().strip_suffix(" kB"));
        if kilobytes.is_some_and(|text| text.parse::<u64>().is_ok_and(|size| size > 24 << 10)) {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("process {process} explores nothing large");
}

/// A room in which a scenario's file has another text in one place.
fn room_with(scenario: &str, text: &str, other: &str) -> Room {
    let room = Room::with(&[scenario]);
    let name = format!("models/{scenario}.toml");
    let before = std::fs::read_to_string(room.path(&name)).expect("the room has it");
    assert!(before.contains(text), "{name} has no `{text}`");
    room.write(&name, &before.replacen(text, other, 1));
    room
}

#[test]
fn a_suite_as_expected_is_reported_the_same_by_any_number_of_threads() {
    let room = Room::with(&SMALL);
    let first = check(&room, &["--threads", "1"], 0);
    assert!(first.out.contains("3 scenarios: 3 as expected"));
    assert!(first.err.ends_with("reports written to reports\n"));
    let written = reports(&room);
    for name in [
        "README.md",
        "summary.json",
        "one-acceptor.md",
        "one-acceptor.value-chosen.svg",
    ] {
        assert!(written.contains_key(name), "no {name}");
    }
    let second = check(&room, &["--threads", "2"], 0);
    assert_eq!(second.out, first.out);
    assert_eq!(reports(&room), written);
}

#[test]
fn a_scenario_that_is_gone_takes_its_reports_along() {
    let room = Room::with(&SMALL);
    check(&room, &[], 0);
    room.write("reports/notes-of-my-own.md", "mine");
    std::fs::remove_file(room.path("models/one-acceptor.toml")).unwrap();
    check(&room, &[], 0);
    let left = reports(&room);
    assert!(!left.keys().any(|name| name.starts_with("one-acceptor.")));
    assert!(left.contains_key("ordered-network.md") && left.contains_key("notes-of-my-own.md"));
}

#[test]
fn a_violation_that_is_not_expected_is_told_step_by_step() {
    let room = Room::with(&[]);
    room.write("thin.toml", THIN);
    let said = check(&room, &["thin.toml"], 1);
    let mut lines = said.out.lines();
    assert!(
        lines.any(|line| line.starts_with("thin: agreement") && line.contains(" violated in "))
    );
    let first = lines.next().unwrap();
    assert!(
        first.trim_start().starts_with("1  client asks n"),
        "{first}"
    );
    let story: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let (why, steps): (Vec<&str>, Vec<&str>) =
        story.iter().partition(|line| line.starts_with("  why: "));
    let last = events(steps.into_iter()).last().unwrap();
    assert!(last.contains("is chosen, too"), "{last}");
    assert!(why[0].contains(" was chosen in ballot "), "{why:?}");
    let last = why.last().unwrap();
    assert!(
        last.contains("it is the quorums that let this happen"),
        "{why:?}"
    );
    assert!(
        said.out
            .contains("thin: agreement: expected holds, found violated in ")
    );
    assert!(said.out.ends_with("1 scenario: 1 NOT AS EXPECTED\n"));
}

#[test]
fn a_violation_that_is_expected_is_told_and_met() {
    let room = Room::with(&[]);
    let verdicts = "expect.verdicts = { agreement = \"violated\", votes-are-safe = \"violated\" }";
    room.write("thin.toml", &format!("{THIN}{verdicts}"));
    let said = check(&room, &["thin.toml"], 0);
    assert!(said.out.contains(", as expected\n"));
    assert!(said.out.contains("is chosen, too"));
}

#[test]
fn a_mutant_is_caught_and_not_reported() {
    let room = Room::with(&["one-acceptor"]);
    let said = check(&room, &["--mutant", "accept-stale"], 1);
    assert!(
        said.out
            .contains("agreement: expected holds, found violated in 8 steps")
    );
    assert!(!room.path("reports").exists());
}

#[test]
fn a_count_that_moved_is_not_as_expected() {
    for (was, wrong, arguments) in [
        ("336", "337", &[][..]),
        ("362", "363", &["one-acceptor", "--reductions", "none"]),
    ] {
        let (was, wrong) = (format!("states = {was}"), format!("states = {wrong}"));
        let room = room_with("one-acceptor", &was, &wrong);
        let said = check(&room, arguments, 1);
        let problem = format!("{}, found {}\n", &wrong[9..], &was[9..]);
        let problem = format!("one-acceptor: states: expected {problem}");
        assert!(said.out.contains(&problem), "{}", said.out);
        assert!(!said.out.contains("depth: expected"));
        // Of other reductions nothing is expected but the verdicts.
        check(&room, &["one-acceptor", "--reductions", "dead"], 0);
    }
}

#[test]
fn update_rewrites_the_numbers_and_nothing_else() {
    let room = room_with(
        "one-acceptor",
        "states = 362\n",
        "# Counted.\nstates = 363 # all\n",
    );
    let before = std::fs::read_to_string(room.path("models/one-acceptor.toml")).unwrap();
    check(&room, &["one-acceptor", "--reductions", "none"], 1);
    let said = check(
        &room,
        &["one-acceptor", "--update", "--reductions", "none"],
        0,
    );
    assert!(said.err.contains("one-acceptor: states 363 → 362\n"));
    let after = std::fs::read_to_string(room.path("models/one-acceptor.toml")).unwrap();
    assert_eq!(after, before.replace("363", "362"));
    check(&room, &[], 0);
    let room = room_with("one-acceptor", "states = 336", "states = 1");
    let said = check(&room, &["--update"], 0);
    assert!(said.err.contains("one-acceptor: reduced states 1 → 336\n"));
    assert_eq!(
        std::fs::read_to_string(room.path("models/one-acceptor.toml")).unwrap(),
        after.replace("# Counted.\n", "").replace(" # all", "")
    );
}

#[test]
fn update_finds_a_place_for_numbers_that_were_not_there() {
    let room = Room::with(&[]);
    room.write("bare.toml", THIN);
    let verdicts = "[expect.verdicts]\nagreement = \"violated\"\nvotes-are-safe = \"violated\"\n";
    room.write("verdicts.toml", &format!("{THIN}\n{verdicts}"));
    check(&room, &["--update", "verdicts.toml"], 0);
    check(&room, &["--update", "bare.toml"], 1);
    for name in ["bare.toml", "verdicts.toml"] {
        let text = std::fs::read_to_string(room.path(name)).unwrap();
        assert!(text.contains("states = "), "{text}");
        let said = check(&room, &["--update", name], i32::from(name == "bare.toml"));
        assert!(!said.err.contains('→'), "{}", said.err);
        assert_eq!(std::fs::read_to_string(room.path(name)).unwrap(), text);
    }
}

#[test]
fn a_cut_leaves_everything_unknown_and_nothing_written() {
    let room = Room::with(&SMALL);
    check(&room, &[], 0);
    let written = reports(&room);
    let models = std::fs::read(room.path("models/one-acceptor.toml")).unwrap();
    for limit in [["--max-states", "10"], ["--timeout", "1ns"]] {
        for also in [None, Some("--update"), Some("--cross-check")] {
            let mut arguments = limit.to_vec();
            arguments.extend(also);
            let said = check(&room, &arguments, 3);
            for wrong in ["hold", "as expected", "never"] {
                assert!(!said.out.contains(wrong), "{wrong}: {}", said.out);
            }
            assert_eq!(said.out.matches("12 unknown").count(), SMALL.len());
            assert!(said.out.contains("; what was not explored is unknown\n"));
            assert!(
                said.err
                    .contains("no reports written: not everything was explored")
            );
        }
    }
    assert_eq!(reports(&room), written);
    let after = std::fs::read(room.path("models/one-acceptor.toml")).unwrap();
    assert_eq!(after, models);
}

#[test]
fn a_cut_keeps_reports_as_they_are_even_beside_a_contradiction() {
    let room = Room::with(&["one-acceptor", "ordered-network"]);
    check(&room, &[], 0);
    let written = reports(&room);
    let wrong = room_with("one-acceptor", "states = 336", "states = 337");
    let text = std::fs::read_to_string(wrong.path("models/one-acceptor.toml")).unwrap();
    room.write("models/one-acceptor.toml", &text);
    let said = check(&room, &["--max-states", "1000"], 1);
    assert!(said.out.contains("1 NOT AS EXPECTED, 1 truncated"));
    assert_eq!(reports(&room), written);
}

#[test]
fn a_violation_beyond_the_cut_is_unknown_whatever_is_expected() {
    let room = Room::with(&["thin-quorums"]);
    room.write("thin.toml", THIN);
    let said = check(
        &room,
        &["thin-quorums", "thin.toml", "--max-states", "5"],
        3,
    );
    assert!(!said.out.contains("as expected") && !said.out.contains("hold"));
    assert!(said.out.contains("2 scenarios: 2 truncated"));
}

#[test]
fn a_violation_before_the_cut_counts() {
    let room = Room::with(&[]);
    room.write("thin.toml", THIN);
    let all = check_json(&room, &["thin.toml"], 1)["scenarios"][0]["states"]
        .as_u64()
        .unwrap();
    let said = check(
        &room,
        &["thin.toml", "--max-states", &(all - 1).to_string()],
        1,
    );
    assert!(
        said.out
            .contains("thin: agreement: expected holds, found violated in ")
    );
    assert!(said.out.contains("10 unknown") && !said.out.contains(" hold,"));
}

#[test]
fn ctrl_c_ends_with_what_is_known() {
    let room = Room::with(&[
        "one-acceptor",
        "three-servers-three-proposers",
        "three-servers-retries",
    ]);
    let all = ["check", "--all", "--threads", "1", "--reductions", "none"];
    let mut command = room.paxos(&all);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first answer is there, and the next is minutes away.
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert!(line.starts_with("one-acceptor: as expected"), "{line}");
    explores(child.id());
    kill(
        Pid::from_raw(i32::try_from(child.id()).unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{out}{rest}");
    assert!(
        rest.starts_with("interrupted: this is what is known so far"),
        "{rest}"
    );
    assert!(
        rest.ends_with("no reports written: not everything was explored\n"),
        "{rest}"
    );
    let row = out.lines().find(|line| line.starts_with("one-acceptor "));
    assert!(row.is_some_and(|row| row.ends_with("as expected")), "{out}");
    assert!(
        out.contains("1 as expected, 1 truncated, 1 not run\n"),
        "{out}"
    );
}

#[test]
fn json_has_a_version_the_outcome_and_the_traces() {
    let room = Room::with(&[]);
    room.write("thin.toml", THIN);
    let said = check_json(&room, &["thin.toml"], 1);
    assert_eq!(said["version"], 2);
    assert_eq!(said["not_run"], 0);
    let scenario = &said["scenarios"][0];
    assert_eq!(scenario["name"], "thin");
    assert_eq!(scenario["outcome"], "unmet");
    let properties = scenario["properties"].as_array().unwrap();
    let agreement = properties.iter().find(|one| one["name"] == "agreement");
    let trace = agreement.unwrap()["trace"].as_array().unwrap();
    assert_eq!(
        Some(trace.len() as u64),
        agreement.unwrap()["steps"].as_u64()
    );
    assert!(
        trace
            .last()
            .unwrap()
            .as_str()
            .unwrap()
            .ends_with("is chosen, too")
    );
    let why = agreement.unwrap()["why"].as_array().unwrap();
    assert!(why[0].as_str().unwrap().contains(" was chosen in ballot "));
    let cut = check_json(&room, &["thin.toml", "--max-states", "10"], 3);
    assert_eq!(cut["scenarios"][0]["outcome"], "truncated");
    assert_eq!(cut["scenarios"][0]["ending"], "cut at 10 unique states");
}

#[test]
fn every_exhaustive_engine_finds_the_same() {
    let room = Room::with(&["one-acceptor"]);
    room.write("thin.toml", THIN);
    let found = |engine: &[&str]| {
        let arguments = [&["one-acceptor", "thin.toml"], engine].concat();
        let said = check_json(&room, &arguments, 1);
        let verdicts = |scenario: &Value| {
            let properties = scenario["properties"].as_array().unwrap().clone();
            let found = properties.into_iter().map(|one| one["found"].clone());
            (scenario["states"].clone(), found.collect::<Vec<_>>())
        };
        let scenarios = said["scenarios"].as_array().unwrap();
        scenarios.iter().map(verdicts).collect::<Vec<_>>()
    };
    let own = found(&["--reductions", "none"]);
    assert_eq!(own.len(), 2);
    assert_eq!(found(&["--engine", "stateright-bfs"]), own);
    assert_eq!(found(&["--engine", "stateright-dfs"]), own);
    assert_eq!(
        found(&["--reductions", "none", "--fingerprint", "128"]),
        own
    );
    let reduced = found(&[]);
    for (own, reduced) in own.iter().zip(&reduced) {
        assert_eq!(own.1, reduced.1);
        assert_ne!(own.0, reduced.0);
    }
    assert!(!room.path("reports").exists());
}

#[test]
fn a_simulation_needs_an_end_and_proves_nothing() {
    let room = Room::with(&["one-acceptor"]);
    let simulation = ["one-acceptor", "--engine", "stateright-simulation"];
    let said = check(&room, &simulation, 2);
    assert_eq!(
        said.err,
        "error: stateright-simulation never ends by itself: give it an end with --max-states or \
         --timeout\n"
    );
    let mut limited = simulation.to_vec();
    limited.extend(["--max-states", "100"]);
    let said = check(&room, &limited, 3);
    assert!(!said.out.contains("hold") && said.out.contains("12 unknown"));
}

#[test]
fn cross_check_agrees_and_is_reported_with_the_suite() {
    let room = Room::with(&SMALL);
    check(&room, &["one-acceptor", "--cross-check"], 0);
    assert!(!room.path("reports").exists());
    check(&room, &["--cross-check"], 0);
    let written = reports(&room);
    let engines = String::from_utf8(written["engines.md"].clone()).unwrap();
    let agreeing = engines.lines().filter(|line| line.ends_with("| yes |"));
    assert_eq!(agreeing.count(), SMALL.len());
}

#[test]
fn folders_files_and_names_are_taken_each_scenario_once() {
    let room = Room::with(&SMALL);
    room.write("mine/thin.toml", THIN);
    let named = |arguments: &[&str], code| {
        let said = check_json(&room, arguments, code);
        let scenarios = said["scenarios"].as_array().unwrap();
        let names = scenarios.iter().map(|one| one["name"].as_str().unwrap());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(named(&["models"], 0), SMALL);
    assert_eq!(
        named(&["mine", "one-acceptor"], 1),
        ["one-acceptor", "thin"]
    );
    let twice = ["mine/thin.toml", "./mine/../mine/thin.toml", "mine"];
    assert_eq!(named(&twice, 1), ["thin"]);
    assert!(!room.path("reports").exists());
}
