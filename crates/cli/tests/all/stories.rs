//! Stories as a terminal has them: in lines, as lanes, in colour; and as pictures.

use crate::common::{Room, run};

const BROKEN: [&str; 4] = ["check", "one-acceptor", "--mutant", "accept-stale"];

/// What `check --diagram` prints, in so many columns.
fn lanes(room: &Room, columns: Option<&str>) -> String {
    let mut command = room.paxos(&BROKEN);
    command.arg("--diagram").env_remove("COLUMNS");
    if let Some(columns) = columns {
        command.env("COLUMNS", columns);
    }
    run(command, 1).out
}

fn widest(text: &str) -> usize {
    let widths = text.lines().map(|line| line.chars().count());
    widths.max().unwrap_or(0)
}

#[test]
fn what_changes_within_a_node_is_told_under_its_event() {
    let room = Room::with(&["one-acceptor"]);
    let said = run(room.paxos(&BROKEN), 1).out;
    let story = [
        "  8  n0 → n2 Propose 1.0=A  ⇒ sends Accepted 1.0=A to n0 n3; A is chosen, too",
        "         n2 saves vote 1.0=A",
        "         quorum for 1.0=A, too: n2",
    ];
    assert!(said.contains(&story.join("\n")), "{said}");
}

#[test]
fn lanes_are_as_wide_as_is_said_and_a_hundred_columns_in_a_pipe() {
    let room = Room::with(&["one-acceptor"]);
    let wide = lanes(&room, None);
    // Why it broke, below the lanes, is in sentences.
    let story = |text: &str| {
        let story = text.split("\n\n").next().unwrap();
        story.split("\n  why: ").next().unwrap().to_owned()
    };
    assert!((90..=100).contains(&widest(&story(&wide))), "{wide}");
    assert!(wide.contains("─ Prepare 1.0 ─▶│"), "{wide}");
    assert!(!wide.contains('\u{1b}'), "{wide}");
    let narrow = story(&lanes(&room, Some("70")));
    assert!((60..=70).contains(&widest(&narrow)), "{narrow}");
}

#[test]
fn where_lanes_do_not_fit_it_is_said_and_told_in_lines() {
    let room = Room::with(&["one-acceptor"]);
    let said = lanes(&room, Some("40"));
    let complaint = "  no diagram: 5 lanes need 51 columns, and there are 38; widen the terminal or set COLUMNS. As lines:";
    assert!(said.lines().any(|line| line == complaint), "{said}");
    let line = "  1  client asks n0 for A   ⇒ sends Prepare 1.0 to n2";
    assert!(said.contains(line), "{said}");
}

#[test]
fn colours_change_no_character() {
    let room = Room::with(&["one-acceptor"]);
    for diagram in [false, true] {
        let said = |is_forced: bool| {
            let mut command = room.paxos(&BROKEN);
            command.args(diagram.then_some("--diagram"));
            if is_forced {
                command.env("CLICOLOR_FORCE", "1");
            }
            run(command, 1).out
        };
        let (plain, coloured) = (said(false), said(true));
        assert!(coloured.contains('\u{1b}'));
        let (mut bare, mut rest) = (String::new(), coloured.as_str());
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            bare += before;
            rest = after.split_once('m').unwrap().1;
        }
        bare += rest;
        assert_eq!(bare, plain);
    }
}

#[test]
fn where_two_rule_sets_part_is_drawn() {
    let room = Room::with(&["notes", "one-acceptor"]);
    let asked = ["diff", "notes", "lamport", "--svg", "parting.svg"];
    let diff = |more: &[&str], code| run(room.paxos(&[&asked[..], more].concat()), code);
    let said = diff(&["--scenario", "notes", "--diagram"], 1);
    assert!(
        said.out.contains("  notes: nothing comes of it\n"),
        "{}",
        said.out
    );
    let picture = std::fs::read_to_string(room.path("parting.svg")).unwrap();
    let title = "notes and lamport part at step 6</title>";
    assert!(picture.contains(title), "{picture}");
    std::fs::remove_file(room.path("parting.svg")).unwrap();
    let same = diff(&["--scenario", "one-acceptor"], 0);
    assert!(
        same.err.contains("parting.svg is not written"),
        "{}",
        same.err
    );
    assert!(!room.path("parting.svg").exists());
    let refused = diff(&["--scenario", "notes", "--scenario", "one-acceptor"], 2);
    assert!(
        refused.err.contains("--svg draws one scenario"),
        "{}",
        refused.err
    );
}

#[test]
fn a_saved_trace_is_drawn_as_far_as_it_goes() {
    let room = Room::with(&["one-acceptor"]);
    let mut check = room.paxos(&BROKEN);
    check.args(["--itf", "traces"]);
    run(check, 1);
    let file = "traces/one-acceptor.agreement.itf.json";
    let said = run(
        room.paxos(&["replay", file, "--diagram", "--svg", "trace.svg"]),
        0,
    );
    assert!(said.out.contains("Two values are chosen: "), "{}", said.out);
    let picture = std::fs::read_to_string(room.path("trace.svg")).unwrap();
    let shown = "agreement: still breaks: violated after 8 steps</text>";
    assert!(picture.contains(shown), "{picture}");
    // Without the fault, the steps before the one that cannot be taken.
    let text = std::fs::read_to_string(room.path(file)).unwrap();
    let mut trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ours = trace["#meta"]["paxos"].as_object_mut().unwrap();
    ours.remove("mutant").unwrap();
    room.write("right.json", &trace.to_string());
    let said = run(room.paxos(&["replay", "right.json", "--diagram"]), 1);
    assert!(said.out.contains("\n  7 "), "{}", said.out);
    assert!(!said.out.contains("\n  8 "), "{}", said.out);
}
