//! Lists, colours and pipes: what commands print, and what becomes of them when nobody reads it.

use std::path::Path;
use std::process::Stdio;

use crate::common::{Room, run};

const MODELS: [&str; 3] = ["notes", "one-acceptor", "thin-quorums"];

#[test]
fn models_are_listed_for_people_and_machines() {
    let room = Room::with(&MODELS);
    let said = run(room.paxos(&["models"]), 0);
    let rows: Vec<&str> = said.out.lines().collect();
    assert_eq!(rows.len(), MODELS.len() + 1);
    for (row, name) in rows[1..].iter().zip(MODELS) {
        assert!(row.starts_with(name), "{row}");
    }
    assert!(
        rows[3].contains("violates agreement and 1 more"),
        "{}",
        rows[3]
    );
    let said = run(room.paxos(&["models", "--json"]), 0);
    let list: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let names = list.as_array().unwrap().iter().map(|one| &one["name"]);
    assert!(names.eq(MODELS.iter()));
    assert_eq!(list[1]["states"], 362);
}

#[test]
fn completions_are_printed_for_every_shell() {
    let room = Room::with(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = run(room.paxos(&["completions", shell]), 0);
        assert!(said.out.contains("cross-check"), "{shell}");
    }
}

#[test]
fn colours_are_kept_out_of_pipes() {
    let room = Room::with(&["one-acceptor"]);
    let check = ["check", "one-acceptor", "--mutant", "accept-stale"];
    let plain = run(room.paxos(&check), 1);
    assert!(!plain.out.contains('\x1b') && !plain.err.contains('\x1b'));
    let mut coloured = room.paxos(&check);
    coloured.env("CLICOLOR_FORCE", "1");
    let coloured = run(coloured, 1);
    assert!(coloured.out.contains("\x1b[") && coloured.err.contains("\x1b["));
    let mut refused = room.paxos(&check);
    refused.env("NO_COLOR", "1");
    assert_eq!(run(refused, 1).out, plain.out);
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let room = Room::with(&["one-acceptor"]);
    for arguments in [
        &["models"][..],
        &["models", "--json"],
        &["completions", "bash"],
        &["check"],
        &["check", "--json"],
        &["explore", "one-acceptor", "--port", "0"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = room
            .paxos(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(141), "{arguments:?}: {err}");
        assert!(
            !err.contains("error") && !err.contains("panic"),
            "{arguments:?}: {err}"
        );
    }
}

#[test]
fn a_full_disk_is_told() {
    let room = Room::with(&["one-acceptor"]);
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = room.paxos(&["completions", "bash"]);
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.starts_with("error: cannot print: "), "{err}");
}

#[test]
fn the_examples_of_the_help_name_scenarios_that_exist() {
    let room = Room::with(&[]);
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut named = 0;
    for command in ["check", "explore"] {
        let help = run(room.paxos(&[command, "--help"]), 0).out;
        let start = format!("  paxos {command} ");
        for example in help.lines().filter_map(|line| line.strip_prefix(&start)) {
            let example = example.split("  ").next().unwrap();
            let mut words = example.split(' ').filter(|word| !word.is_empty());
            while let Some(word) = words.next() {
                match word {
                    "--mutant" | "--timeout" | "--at" | "--reductions" | "--max-memory"
                    | "--checkpoint" | "--resume" | "--itf" | "--junit" | "--summary"
                    | "--rules" | "--trace" | "--step" => {
                        words.next();
                    }
                    word if word.starts_with("--") || word.ends_with(".toml") => {}
                    name => {
                        named += 1;
                        let file = models.join(format!("{name}.toml"));
                        assert!(file.exists(), "`paxos {command} {example}`: no {name}");
                    }
                }
            }
        }
    }
    assert!(named > 4, "{named} names were found");
}
