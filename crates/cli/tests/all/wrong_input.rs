//! Wrong usage and input: exit code 2 and one clear line, before anything is explored or written.

use std::net::TcpListener;

use crate::common::{Room, run};

/// Minutes of work, for what must be refused before it starts.
const LONG: &str = "three-servers-crash";

/// Runs `paxos`, which must refuse and leave the room as it is; what it complains of.
fn refused(room: &Room, arguments: &[&str]) -> String {
    let before = contents(room);
    let said = run(room.paxos(arguments), 2);
    assert_eq!(said.out, "", "{arguments:?}");
    assert!(
        said.err.starts_with("error: "),
        "{arguments:?}: {}",
        said.err
    );
    assert_eq!(said.err.matches("error: ").count(), 1, "{}", said.err);
    assert_eq!(contents(room), before, "{arguments:?} wrote something");
    said.err
}

/// The same, for what takes one line to say.
fn refused_in_a_line(room: &Room, arguments: &[&str]) -> String {
    let complaint = refused(room, arguments);
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint.trim_end().to_owned()
}

/// Everything in the room's top folder.
fn contents(room: &Room) -> Vec<String> {
    let entries = std::fs::read_dir(room.path("")).expect("the room can be listed");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.expect("the room can be listed").file_name();
        name.to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// A scenario of one server, with something changed.
fn scenario(text: &str, other: &str) -> String {
    let right = "title = \"One\"\nabout = \"\"\n\n[cluster]\nproposers = 1\nacceptors = 1\n\n\
                 [[ask]]\nvalue = \"A\"\nof = 0\n";
    assert!(right.contains(text), "the scenario has no `{text}`");
    right.replacen(text, other, 1)
}

#[test]
fn a_diagram_is_for_people_and_json_is_not() {
    let room = Room::with(&["notes"]);
    for arguments in [
        &["check"][..],
        &["simulate", "notes"],
        &["diff", "notes", "lamport"],
        &["mutants"],
        &["replay", "trace.itf.json"],
        &["conform", "--key", "x", "journal"],
    ] {
        let complaint = refused(&room, &[arguments, &["--json", "--diagram"]].concat());
        assert!(
            complaint.contains("cannot be used with '--diagram'"),
            "{complaint}"
        );
    }
}

#[test]
fn unknown_scenarios_are_answered_with_the_nearest_names() {
    let room = Room::with(&[LONG, "three-servers", "notes"]);
    let complaint = refused_in_a_line(&room, &["check", LONG, "tree-servers"]);
    assert_eq!(
        complaint,
        "error: no scenario `tree-servers` in models; did you mean three-servers, or \
         three-servers-crash?"
    );
    let complaint = refused_in_a_line(&room, &["explore", "xyz"]);
    assert_eq!(
        complaint,
        "error: no scenario `xyz` in models; `paxos models` lists them"
    );
}

#[test]
fn misspelt_fields_are_answered_with_the_line_and_the_allowed_ones() {
    let room = Room::with(&[LONG]);
    room.write("one.toml", &scenario("acceptors", "acceptor"));
    let complaint = refused(&room, &["check", LONG, "one.toml"]);
    for part in [
        "one.toml: ",
        "line 6",
        "`acceptor`",
        "`servers`",
        "`acceptors`",
        "`learners`",
    ] {
        assert!(complaint.contains(part), "no {part} in {complaint}");
    }
    room.write("models/one.toml", &scenario("title", "titel"));
    let complaint = refused(&room, &["check"]);
    assert!(complaint.contains("models/one.toml: "), "{complaint}");
    assert!(
        complaint.contains("line 1") && complaint.contains("`title`"),
        "{complaint}"
    );
}

#[test]
fn scenarios_that_make_no_sense_are_refused() {
    let room = Room::with(&[LONG]);
    for (text, other, part) in [
        (
            "acceptors = 1",
            "acceptors = 0",
            "without acceptors nothing can be chosen",
        ),
        (
            "proposers = 1",
            "proposers = 0",
            "without proposers nothing is proposed",
        ),
        ("acceptors = 1", "acceptors = 1000", "take fewer"),
        (
            "proposers = 1\nacceptors = 1",
            "servers = 0",
            "at least one server",
        ),
        ("proposers = 1\nacceptors = 1", "servers = 99", "take fewer"),
        (
            "of = 0",
            "of = 1",
            "ask.of names node 1, which is no proposer",
        ),
        (
            "[[ask]]",
            "[expect.verdicts]\nagreemnt = \"holds\"\n[[ask]]",
            "the properties are agreement",
        ),
        (
            "[[ask]]",
            "[expect.verdicts]\nagreement = \"never\"\n[[ask]]",
            "must be `holds` or `violated`",
        ),
    ] {
        room.write("one.toml", &scenario(text, other));
        let complaint = refused_in_a_line(&room, &["check", LONG, "one.toml"]);
        assert!(complaint.starts_with("error: one.toml: "), "{complaint}");
        assert!(complaint.contains(part), "no `{part}` in {complaint}");
    }
}

#[test]
fn two_scenarios_of_one_name_are_refused() {
    let room = Room::with(&[LONG, "one-acceptor"]);
    room.write("mine/one-acceptor.toml", &scenario("One", "Another"));
    let complaint = refused_in_a_line(&room, &["check", "models", "mine"]);
    assert!(
        complaint.contains("two scenarios are named `one-acceptor`"),
        "{complaint}"
    );
}

#[test]
fn reports_that_cannot_be_written_are_told_first() {
    let room = Room::with(&[LONG]);
    room.write("taken", "a file");
    for folder in ["/proc/x", "taken", "taken/reports"] {
        let complaint = refused_in_a_line(&room, &["check", "--reports", folder]);
        assert!(complaint.starts_with(&format!("error: cannot write reports to {folder}: ")));
        assert!(
            complaint.ends_with("choose another with --reports"),
            "{complaint}"
        );
    }
    let complaint = refused(&room, &["check", LONG, "--reports", "elsewhere"]);
    assert!(complaint.contains("cannot be used with"), "{complaint}");
}

#[test]
fn no_models_are_told_from_empty_ones() {
    let room = Room::with(&[]);
    for command in ["check", "models"] {
        let complaint = refused_in_a_line(&room, &[command]);
        assert!(
            complaint.contains("cannot list the scenarios in models: "),
            "{complaint}"
        );
        assert!(
            complaint.contains("run this where `models` is"),
            "{complaint}"
        );
    }
    std::fs::create_dir(room.path("models")).unwrap();
    for arguments in [&["check"][..], &["models"], &["check", "models"]] {
        let complaint = refused_in_a_line(&room, arguments);
        assert!(
            complaint.contains("there is no scenario to check in models"),
            "{complaint}"
        );
    }
}

#[test]
fn a_port_in_use_is_told_first() {
    let room = Room::with(&[LONG]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let arguments = ["explore", LONG, "--at", "client-told", "--port", &port];
    let complaint = refused_in_a_line(&room, &arguments);
    assert!(complaint.starts_with(&format!("error: cannot listen on localhost:{port}: ")));
    assert!(
        complaint.ends_with("choose another with --port, or 0 for any"),
        "{complaint}"
    );
}

#[test]
fn names_and_numbers_that_do_not_exist_are_refused() {
    let room = Room::with(&[LONG]);
    for (arguments, parts) in [
        (
            &["explore", LONG, "--at", "agreemnt"][..],
            ["agreemnt", "'agreement'"],
        ),
        (
            &["check", LONG, "--mutant", "accept-stail"],
            ["accept-stail", "'accept-stale'"],
        ),
        (
            &["check", LONG, "--engine", "own2"],
            ["own2", "stateright-bfs"],
        ),
        (&["check", LONG, "--threads", "0"], ["'0'", "--threads"]),
        (
            &["check", LONG, "--max-states", "0"],
            ["0 is not in 1..", "--max-states"],
        ),
        (&["check", LONG, "--timeout", "soon"], ["soon", "--timeout"]),
        (
            &["check", LONG, "--max-memory", "much"],
            ["much", "--max-memory"],
        ),
        (&["completions", "cmd"], ["cmd", "bash"]),
    ] {
        let complaint = refused(&room, arguments);
        for part in parts {
            assert!(complaint.contains(part), "no {part} in {complaint}");
        }
    }
}
