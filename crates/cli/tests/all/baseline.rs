//! `paxos check` beside what it counted before, and what a suite has to put to the test.

use crate::common::{Room, run};

const ALONE: &str = r#"
title = "A proposer, an acceptor, a learner"
about = ""
cluster = { proposers = 1, acceptors = 1, learners = 1 }
ask = [{ value = "A", of = 0 }]
"#;

const EXCUSES: &str = "models/coverage/excused.toml";

#[test]
fn what_moved_is_told_and_what_is_locked_must_not_move() {
    let room = Room::with(&[]);
    room.write("models/alone.toml", ALONE);
    run(room.paxos(&["check"]), 0);
    let crashing = format!("{ALONE}\n[world]\ncrashes = 1\n");
    room.write("models/alone.toml", &crashing);
    // Beside the last full run, and without becoming the next.
    for _ in 0..2 {
        let said = run(room.paxos(&["check", "alone"]), 0);
        assert!(said.err.contains("alone: states: "), "{}", said.err);
        assert!(
            said.err.contains("alone: crash mid-ballot: 0 → "),
            "{}",
            said.err
        );
    }
    let locked = format!("{crashing}[expect]\nlocked = true\n");
    room.write("models/alone.toml", &locked);
    let before = std::fs::read(room.path("reports/summary.json")).unwrap();
    let said = run(room.paxos(&["check"]), 1);
    let line = "which is locked; --update takes it over";
    assert!(said.out.contains("alone: states: ") && said.out.contains(line));
    assert!(
        said.err
            .contains("no reports written: what is locked has moved")
    );
    assert_eq!(
        std::fs::read(room.path("reports/summary.json")).unwrap(),
        before
    );
    run(room.paxos(&["check", "--update"]), 0);
    let said = run(room.paxos(&["check"]), 0);
    assert!(!said.err.contains("states: "), "{}", said.err);
}

#[test]
fn a_suite_that_says_so_has_to_do_everything() {
    let room = Room::with(&[]);
    room.write("models/alone.toml", ALONE);
    run(room.paxos(&["check"]), 0);
    room.write(EXCUSES, "lost = \"nothing is in order here\"\n");
    let said = run(room.paxos(&["check"]), 1);
    let hole = "no scenario does this: crash mid-ballot (a node crashes with a ballot under way)";
    assert!(said.err.contains(hole), "{}", said.err);
    assert!(!said.err.contains("does this: lost"), "{}", said.err);

    assert!(
        said.err.contains(
            "does this: ask begins → ask begins (a request starts a ballot, and later a "
        )
    );
    let more = "pairs more, see coverage.md among the reports";
    assert!(said.err.contains(more), "{}", said.err);
    room.write(EXCUSES, "\"ask begins → ask begins\" = \"there is one\"\n");
    let said = run(room.paxos(&["check"]), 1);
    assert!(
        !said.err.contains("does this: ask begins →"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("excuses"), "{}", said.err);
    room.write(EXCUSES, "\"ask begins → propose voted\" = \"why not\"\n");
    let said = run(room.paxos(&["check"]), 1);
    assert!(
        said.err
            .contains("excuses \"ask begins → propose voted\", which scenarios do"),
        "{}",
        said.err
    );
    room.write(EXCUSES, "\"ask begins → propose votes\" = \"a slip\"\n");
    let said = run(room.paxos(&["check"]), 2);
    assert!(said.err.contains("nothing is called"), "{}", said.err);

    room.write(EXCUSES, "\"ask begins\" = \"why not\"\n");
    let said = run(room.paxos(&["check"]), 1);
    assert!(
        said.err
            .contains("excuses \"ask begins\", which scenarios do"),
        "{}",
        said.err
    );

    room.write(EXCUSES, "\"ask beguns\" = \"a slip\"\n");
    let said = run(room.paxos(&["check"]), 2);
    assert!(
        said.err
            .contains("nothing is called \"ask beguns\"; these are known, and \"one → another\" of any two: ask begins, "),
        "{}",
        said.err
    );
    room.write(EXCUSES, "lost = 1\n");
    let said = run(room.paxos(&["check"]), 2);
    assert!(said.err.contains("excused.toml: "), "{}", said.err);
}

#[test]
fn a_verdict_that_rests_on_nothing_is_called_vacuous() {
    let room = Room::with(&[]);
    room.write("models/alone.toml", ALONE);
    let said = run(
        room.paxos(&["check", "alone", "--mutant", "accept-strict"]),
        0,
    );
    let line = "alone: agreement holds only since nothing of what it speaks of ever happens";
    assert!(said.out.contains(line), "{}", said.out);
    let said = run(room.paxos(&["check", "alone"]), 0);
    assert!(!said.out.contains("holds only since"), "{}", said.out);
}
