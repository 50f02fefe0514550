//! `paxos mutants`: which fault is found out by what, as a shell sees it.

use std::collections::BTreeMap;

use model::Mutant;
use serde_json::Value;

use crate::common::{Room, Said, run};

/// A suite in which most faults show, and in which every control survives.
const SMALL: [&str; 3] = ["one-acceptor", "one-proposer-restarts", "ordered-network"];

fn mutants(room: &Room, arguments: &[&str], code: i32) -> Said {
    let mut all = vec!["mutants"];
    all.extend(arguments);
    run(room.paxos(&all), code)
}

/// The files of a folder in a room by name; none if there is no such folder.
fn files(room: &Room, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(room.path(folder)) else {
        return BTreeMap::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.is_file());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect()
}

#[test]
fn a_table_tells_what_finds_each_fault_out() {
    let room = Room::with(&SMALL);
    let said = mutants(&room, &["accept-stale", "accept-strict"], 0);
    let story = [
        "accept-stale: killed in one-acceptor: no-vote-below-promise violated in 6 steps",
        "  why: n2 had promised 1.1 at step 4 and voted for 1.0=A at step 6, which is below.",
        "accept-strict: killed in one-acceptor: value-chosen found nowhere",
    ];
    for line in story {
        assert!(said.out.contains(&format!("{line}\n")), "{}", said.out);
    }
    let rows: Vec<Vec<&str>> = said
        .out
        .lines()
        .skip_while(|line| !line.starts_with("mutant "))
        .map(|line| line.split("  ").collect())
        .collect();
    let row = |at: usize| -> Vec<&str> {
        let cells = rows[at].iter().map(|cell| cell.trim());
        cells.filter(|cell| !cell.is_empty()).collect()
    };
    assert_eq!(
        row(0),
        ["mutant", "killed by", "scenario", "steps", "states"]
    );
    let stale = [
        "accept-stale",
        "no-vote-below-promise",
        "one-acceptor",
        "6",
        "130",
    ];
    assert_eq!(row(1), stale);
    let strict = [
        "accept-strict",
        "value-chosen and 4 more",
        "one-acceptor",
        "-",
        "54",
    ];
    assert_eq!(row(2), strict);
    assert!(
        said.out.ends_with("\n2 mutants: 2 killed\n"),
        "{}",
        said.out
    );
    assert!(said.err.contains("accept-stale: killed in one-acceptor: "));
    assert!(
        !room.path("reports").exists(),
        "reports are about all of them"
    );
    // One thread or two make no difference.
    let again = mutants(
        &room,
        &["accept-stale", "accept-strict", "--threads", "1"],
        0,
    );
    assert_eq!(again.out, said.out);
}

#[test]
fn a_control_survives() {
    let room = Room::with(&SMALL);
    let said = mutants(&room, &["promise-equal", "ballots-not-unique"], 0);
    assert!(
        said.out
            .contains("nothing, as expected of a control  3 scenarios")
    );
    assert!(
        said.out.ends_with("2 mutants: 2 controls survive\n"),
        "{}",
        said.out
    );
}

#[test]
fn a_fault_that_survives_is_told() {
    let room = Room::with(&["one-acceptor"]);
    let said = mutants(&room, &["half-quorums", "own-value"], 1);
    let told = "half-quorums: survives 1 scenario: no check finds it out\n";
    assert!(said.out.contains(told), "{}", said.out);
    assert!(
        said.out.ends_with("2 mutants: 1 killed, 1 SURVIVES\n"),
        "{}",
        said.out
    );
}

/// Under the changed rules of a control, a scenario that asks for more than the control can give
/// finds it out.
#[test]
fn a_control_that_is_killed_is_told() {
    let room = Room::with(&["one-acceptor"]);
    let name = "models/one-acceptor.toml";
    let text = std::fs::read_to_string(room.path(name)).unwrap();
    // Four acceptors, one of two of which is enough for the rules of no control.
    let thin = "[protocol]\nprepare-quorum = 1\naccept-quorum = 1\n[world]";
    let text = text
        .replace("acceptors = 1", "acceptors = 2")
        .replace("[world]", thin);
    room.write(name, &text);
    let said = mutants(&room, &["promise-equal"], 1);
    assert!(said.out.contains(", though it is right\n"), "{}", said.out);
    assert!(
        said.out.ends_with("1 mutant: 1 control KILLED\n"),
        "{}",
        said.out
    );
}

#[test]
fn an_unknown_name_is_refused_in_one_line() {
    let room = Room::with(&["one-acceptor"]);
    let said = mutants(&room, &["own-value", "acept-stale"], 2);
    assert!(
        said.err
            .starts_with("error: no mutant is named `acept-stale`; did you mean accept-stale")
    );
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    // Nothing is near: all are named.
    let said = mutants(&room, &["zzz"], 2);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    for mutant in Mutant::ALL {
        assert!(said.err.contains(mutant.name()), "{mutant}");
    }
}

#[test]
fn machines_are_told_the_same() {
    let room = Room::with(&SMALL);
    let said = mutants(
        &room,
        &["--json", "accept-stale", "accept-strict", "promise-equal"],
        0,
    );
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["version"], 1);
    assert_eq!(told["not_run"], 0);
    let [stale, strict, control] = told["mutants"].as_array().unwrap().as_slice() else {
        panic!("{told}");
    };
    assert_eq!(stale["name"], "accept-stale");
    assert_eq!(stale["fate"], "killed");
    assert_eq!(stale["as_expected"], true);
    assert_eq!(stale["killed_by"][0], "no-vote-below-promise");
    assert_eq!(stale["scenario"], "one-acceptor");
    assert_eq!(stale["steps"], 6);
    assert_eq!(stale["trace"].as_array().unwrap().len(), 6);
    assert_eq!(stale["why"].as_array().unwrap().len(), 1);
    assert_eq!(stale["states"], 130);
    assert_eq!(stale["control"], Value::Null);
    assert_eq!(strict["steps"], Value::Null);
    assert_eq!(strict["trace"], Value::Null);
    assert_eq!(strict["why"], Value::Null);
    assert_eq!(strict["killed_by"].as_array().unwrap().len(), 5);
    assert_eq!(control["fate"], "survived");
    assert_eq!(control["as_expected"], true);
    assert_eq!(control["survived"].as_array().unwrap().len(), 3);
    assert!(control["control"].as_str().unwrap().contains("unique"));
}

/// All faults in a small suite: some survive it, and all of it is written down.
#[test]
fn reports_are_written_the_same_each_time_and_left_alone_by_check() {
    let room = Room::with(&SMALL);
    let said = mutants(&room, &[], 1);
    assert!(
        said.err.ends_with("reports written to reports\n"),
        "{}",
        said.err
    );
    let (table, pages) = (files(&room, "reports"), files(&room, "reports/mutants"));
    let names: Vec<&String> = table.keys().collect();
    assert_eq!(names, ["mutants.json", "mutants.md"]);
    for mutant in Mutant::ALL {
        assert!(pages.contains_key(&format!("{mutant}.md")), "{mutant}");
    }
    let text = String::from_utf8(table["mutants.md"].clone()).unwrap();
    for link in text.split("](mutants/").skip(1) {
        let target = link.split(')').next().unwrap();
        assert!(pages.contains_key(target), "{target}");
    }
    let page = String::from_utf8(pages["accept-stale.md"].clone()).unwrap();
    assert!(page.contains("\n6  n0 → n2 Propose 1.0=A"), "{page}");
    assert!(page.contains("](accept-stale.svg)") && pages.contains_key("accept-stale.svg"));
    assert!(
        !pages.contains_key("accept-strict.svg"),
        "there is no trace"
    );

    // What was written before and is no more is taken away; what others wrote is not.
    let before = String::from_utf8(table["mutants.json"].clone()).unwrap();
    let once = before.replacen("\"accept-stale\"", "\"a-fault-of-old\"", 1);
    room.write("reports/mutants.json", &once);
    room.write("reports/mutants/a-fault-of-old.md", "old");
    room.write("reports/mutants/of-my-own.md", "mine");
    run(room.paxos(&["check"]), 0);
    assert_eq!(files(&room, "reports/mutants").len(), pages.len() + 2);
    mutants(&room, &["--threads", "1"], 1);
    let mut again = files(&room, "reports/mutants");
    assert_eq!(again.remove("of-my-own.md").as_deref(), Some(&b"mine"[..]));
    assert_eq!(again, pages);
    let left = files(&room, "reports");
    for (name, content) in &table {
        assert!(left[name] == *content, "{name} changed");
    }
    assert!(left.contains_key("README.md") && left.contains_key("one-acceptor.md"));
}
