//! `paxos diff --against`: the core beside the core of another revision.
//!
//! Those that build a core take minutes, and run where SLOW_TESTS is set, as `./test` does.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Room, Said, run};

/// One proposer and three acceptors: enough for one of them to miss the Prepare.
const APART: &str = r#"
title = "One proposer, three acceptors"
about = ""
cluster = { proposers = 1, acceptors = 3 }
ask = [{ value = "A", of = 0 }]
"#;

const RULES: &str = "crates/paxos/src/rules.rs";
const MESSAGES: &str = "crates/paxos/src/message.rs";

fn is_slow_wanted() -> bool {
    std::env::var_os("SLOW_TESTS").is_some()
}

fn git(room: &Room, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
        .args(arguments)
        .current_dir(room.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

/// The sources that this program was built from, committed to a repository of their own.
fn repository() -> Room {
    let room = Room::with(&["one-acceptor"]);
    room.write("models/apart.toml", APART);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    for part in ["Cargo.toml", "Cargo.lock", "crates"] {
        copy(&root.join(part), &room.path(part));
    }
    git(&room, &["init", "--quiet"]);
    commit(&room);
    room
}

fn commit(room: &Room) {
    git(room, &["add", "--all"]);
    git(room, &["commit", "--quiet", "--message", "a test"]);
}

/// Commits another text in one place of a file.
fn edit(room: &Room, file: &str, text: &str, other: &str) {
    let before = std::fs::read_to_string(room.path(file)).unwrap();
    assert!(before.contains(text), "{file} has no `{text}`");
    room.write(file, &before.replacen(text, other, 1));
    commit(room);
}

/// What is built stays from one test to the next.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("against")
}

fn against(room: &Room, revision: &str, more: &[&str], code: i32) -> Said {
    let mut command = room.paxos(&["diff", "--against", revision]);
    command.args(more).env("CARGO_TARGET_DIR", target());
    run(command, code)
}

fn against_json(room: &Room, more: &[&str], code: i32) -> Value {
    let said = against(room, "HEAD", &[&["--json"], more].concat(), code);
    serde_json::from_str::<Value>(&said.out).unwrap()["scenarios"].clone()
}

#[test]
fn a_revision_that_is_not_there_is_refused() {
    let room = Room::with(&["one-acceptor"]);
    let said = against(&room, "HEAD", &[], 2);
    assert!(said.err.contains("git repository"), "{}", said.err);
    git(&room, &["init", "--quiet"]);
    commit(&room);
    for revision in ["nowhere", "HEAD~1", "", "--all"] {
        let revision = format!("--against={revision}");
        let mut command = room.paxos(&["diff", &revision]);
        command.env("CARGO_TARGET_DIR", target());
        let said = run(command, 2);
        assert!(said.err.contains("there is no revision"), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
    let said = against(&room, "HEAD", &[], 2);
    assert!(
        said.err.contains("has no folder crates/paxos"),
        "{}",
        said.err
    );
    // Two rule sets and a revision are too much.
    against(&room, "HEAD", &["notes", "lamport"], 2);
}

#[test]
fn an_edited_rule_is_found_by_the_shortest_trace() {
    if !is_slow_wanted() {
        return;
    }
    let room = repository();
    let (rule, strict) = (
        "acceptor.promised <= Some(ballot)",
        "acceptor.promised == Some(ballot)",
    );
    edit(&room, RULES, rule, strict);
    let said = against(
        &room,
        "HEAD",
        &["--scenario", "apart", "--scenario", "one-acceptor"],
        1,
    );
    for line in [
        "one-acceptor: same behaviour; all 362 pairs of states explored",
        "  only present allows, in 6 steps:",
        "    6  n0 → n3 Propose 1.0=A",
        "       present  ⇒ n3 saves promise 1.0, vote 1.0=A; sends Accepted 1.0=A to n0",
        "       HEAD     ⇒ nothing comes of it",
        "  only HEAD allows: nothing. Whatever HEAD does, present can do as well",
        "  verdicts: the same, of all 19 properties",
        "2 scenarios: 1 same, 1 different",
    ] {
        assert!(
            said.out.lines().any(|told| told == line),
            "{line}\n{}",
            said.out
        );
    }
    // The commit before it has the core that this program has; nothing of the edit is left in the way.
    let same = against(&room, "HEAD~1", &["--scenario", "apart"], 0);
    assert!(same.out.contains("same behaviour"), "{}", same.out);
    // What was built is there, nothing else is, and the repository is as it was.
    let again = against(&room, "HEAD", &["--scenario", "apart"], 1);
    assert!(!again.err.contains("building"), "{}", again.err);
    assert!(!target().join("diff/source").exists());
    assert_eq!(git(&room, &["status", "--porcelain"]), "");
    assert_eq!(git(&room, &["worktree", "list"]).lines().count(), 1);
}

#[test]
fn a_refactoring_is_the_same_and_a_fault_changes_a_verdict() {
    if !is_slow_wanted() {
        return;
    }
    let room = repository();
    // The messages in another order, and with it the order of all that is sorted in the core.
    let text = std::fs::read_to_string(room.path(MESSAGES)).unwrap();
    let start = text.find("    /// \"Fail\": an acceptor refuses").unwrap();
    let end = start + text[start..].find("    },\n").unwrap() + "    },\n".len();
    let (nack, rest) = (&text[start..end], [&text[..start], &text[end..]].concat());
    let head = "pub enum Message<V> {\n";
    assert!(rest.contains(head));
    room.write(MESSAGES, &rest.replacen(head, &format!("{head}{nack}"), 1));
    edit(
        &room,
        RULES,
        "acceptor.promised <= Some(ballot)",
        "!(acceptor.promised > Some(ballot))",
    );
    let scenarios = ["--scenario", "apart", "--scenario", "one-acceptor"];
    let told = against_json(&room, &scenarios, 0);
    for one in told.as_array().unwrap() {
        assert_eq!(one["found"], "same");
        assert_eq!(one["pairs"], one["sides"][0]["states"]);
        assert_eq!(one["sides"][0], one["sides"][1]);
    }
    let rule = "acceptor.promised < Some(ballot)";
    edit(
        &room,
        RULES,
        rule,
        "acceptor.promised < Some(ballot) || true",
    );
    let told = against_json(&room, &["--scenario", "one-acceptor"], 1);
    let moved = told[0]["verdicts_moved"].as_array().unwrap();
    assert!(moved.contains(&json!("agreement")), "{moved:?}");
    assert_eq!(told[0]["only_a_steps"], Value::Null);
}

#[test]
fn a_core_that_does_not_build_is_told_in_a_line() {
    if !is_slow_wanted() {
        return;
    }
    let room = repository();
    edit(
        &room,
        RULES,
        "acceptor.promised <= Some(ballot)",
        "acceptor.promised",
    );
    let said = against(&room, "HEAD", &["--scenario", "one-acceptor"], 2);
    let last = said.err.lines().last().unwrap();
    assert!(last.starts_with("error: "), "{}", said.err);
    for part in ["does not build", RULES, "mismatched types"] {
        assert!(last.contains(part), "{last}");
    }
    assert!(!target().join("diff/source").exists());
}
