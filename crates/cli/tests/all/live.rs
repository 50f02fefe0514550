//! Worlds whose rounds never end, as `paxos` tells of them.

use serde_json::Value;

use crate::common::{Room, events, run};

const DUEL: &str = "liveness/duel-nack";
const SMALL: [&str; 4] = [
    "liveness/majority-of-1",
    "liveness/minority-of-1",
    "liveness/lossy",
    DUEL,
];

#[test]
fn what_goes_on_for_ever_is_told_and_expected() {
    let room = Room::with(&SMALL);
    let names = ["majority-of-1", "minority-of-1", "lossy", "duel-nack"];
    let said = run(room.paxos(&[&["check"], &names[..]].concat()), 0);
    assert!(
        said.out.contains("4 scenarios: 4 as expected"),
        "{}",
        said.out
    );
    let story = said
        .out
        .split("duel-nack: decides violated: 11 steps, then 10 for ever");
    let story = events(story.last().unwrap().lines()).collect::<Vec<_>>();
    assert_eq!(story[0], ", as expected");
    assert_eq!(story[12], "  …and so on for ever:");
    assert!(
        said.out
            .contains("minority-of-1: decides violated: 3 steps, then nothing for ever")
    );
    assert!(
        said.out
            .contains("…and then nothing more has to happen, for ever")
    );
    assert!(
        said.out
            .contains("minority-of-1: can-decide violated: impossible after 1 step")
    );
    assert!(!said.out.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn a_fault_that_only_keeps_things_from_being_done_is_no_pass() {
    let room = Room::with(&SMALL);
    let said = run(
        room.paxos(&["check", "lossy", "--mutant", "no-retransmission"]),
        1,
    );
    assert!(
        said.out
            .contains("lossy: decides: expected holds, found violated"),
        "{}",
        said.out
    );
    let said = run(
        room.paxos(&["check", "majority-of-1", "--mutant", "accept-strict"]),
        1,
    );
    assert!(
        said.out
            .contains("can-decide: expected holds, found violated"),
        "{}",
        said.out
    );
}

#[test]
fn what_was_cut_short_is_unknown() {
    let room = Room::with(&SMALL);
    let said = run(room.paxos(&["check", "lossy", "--max-states", "20"]), 3);
    assert!(said.out.contains("3 unknown"), "{}", said.out);
    assert!(!said.out.contains("hold"), "{}", said.out);
}

#[test]
fn machines_are_told_where_the_stem_ends() {
    let room = Room::with(&SMALL);
    let said = run(room.paxos(&["check", "duel-nack", "--json"]), 0);
    let summary: Value = serde_json::from_str(&said.out).unwrap();
    let decides = &summary["scenarios"][0]["properties"][0];
    assert_eq!(decides["name"], "decides");
    assert_eq!(decides["found"], "violated");
    assert_eq!(
        (&decides["stem"], &decides["steps"]),
        (&11.into(), &21.into())
    );
}

/// What one command refuses, in one line.
fn refused(room: &Room, arguments: &[&str]) -> String {
    let said = run(room.paxos(arguments), 2);
    assert_eq!(said.err.trim_end().lines().count(), 1, "{}", said.err);
    said.err
}

#[test]
fn where_rounds_must_end_they_are_refused() {
    let room = Room::with(&SMALL);
    for arguments in [
        &["diff", "notes", "lamport", "--scenario", "lossy"][..],
        &["simulate", "lossy"],
        &["check", "lossy", "--paranoid"],
        &["check", "lossy", "--engine", "stateright-bfs"],
    ] {
        let said = refused(&room, arguments);
        assert!(said.contains("the rounds of `lossy` never end"), "{said}");
    }
    let said = refused(&room, &["explore", "lossy", "--at", "agreement"]);
    assert!(
        said.contains("`agreement` is not judged in `lossy`"),
        "{said}"
    );
    let said = refused(&room, &["explore", "lossy", "--at", "decides"]);
    assert!(said.contains("`decides` of `lossy`: holds"), "{said}");
}
