//! What `paxos check` writes for CI services: JUnit's XML and a job's summary.
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{Room, Said, run};

/// Runs `paxos check` with both outputs.
fn check(room: &Room, arguments: &[&str], code: i32) -> Said {
    let mut command = room.paxos(&["check", "--junit", "out/junit.xml", "--summary", "job.md"]);
    command.args(arguments);
    run(command, code)
}

/// What xmllint says of a file by the schema; empty if it is valid.
fn complaints(file: &Path) -> String {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/junit-10.xsd");
    let output = Command::new("xmllint")
        .args(["--noout", "--schema"])
        .args([&schema, file])
        .output()
        .expect("`./test` installs xmllint, of libxml2-utils");
    match output.status.success() {
        true => String::new(),
        false => String::from_utf8(output.stderr).unwrap(),
    }
}

/// The JUnit file, which is valid.
fn junit(room: &Room) -> String {
    let file = room.path("out/junit.xml");
    assert_eq!(complaints(&file), "");
    std::fs::read_to_string(file).unwrap()
}

/// The totals of the JUnit file.
fn has_totals(junit: &str, totals: &str) {
    let line = junit.lines().nth(1).unwrap();
    assert_eq!(line, format!("<testsuites name=\"paxos check\" {totals}>"));
}

#[test]
fn the_schema_refuses_what_is_not_junit() {
    let room = Room::with(&["one-acceptor"]);
    check(&room, &["one-acceptor"], 0);
    let good = junit(&room);
    for (text, other) in [
        ("testcase name", "testcase title"),
        ("testsuite ", "suite "),
    ] {
        assert!(good.contains(text));
        room.write("bad.xml", &good.replace(text, other));
        assert_ne!(complaints(&room.path("bad.xml")), "", "{other}");
    }
}

#[test]
fn what_is_as_expected_passes() {
    let room = Room::with(&["one-acceptor", "notes"]);
    check(&room, &["one-acceptor", "notes"], 0);
    // Of each, thirteen properties, two sizes, and that all was explored.
    has_totals(&junit(&room), "tests=\"44\" failures=\"0\" errors=\"0\"");
    let job = std::fs::read_to_string(room.path("job.md")).unwrap();
    assert!(
        job.contains("| one-acceptor | ✅ as expected | 336 | 12 |\n"),
        "{job}"
    );
    assert!(!job.contains("<details>"), "{job}");
}

#[test]
fn what_is_violated_fails_with_its_steps() {
    let room = Room::with(&["one-acceptor"]);
    room.write("job.md", "said before\n");
    check(&room, &["one-acceptor", "--mutant", "accept-stale"], 1);
    let junit = junit(&room);
    has_totals(&junit, "tests=\"22\" failures=\"6\" errors=\"0\"");
    let failure =
        "<failure message=\"expected holds, found violated in 8 steps\" type=\"not as expected\">";
    assert!(junit.contains(failure), "{junit}");
    assert!(junit.contains("8  n0 → n2 Propose 1.0=A"), "{junit}");
    assert!(junit.contains("expected 336, found 651"), "{junit}");
    let job = std::fs::read_to_string(room.path("job.md")).unwrap();
    assert!(job.starts_with("said before\n## paxos check\n"), "{job}");
    assert!(
        job.contains("| one-acceptor | ❌ **not as expected** | 651 | 13 |\n"),
        "{job}"
    );
    assert_eq!(job.matches("<details>").count(), 4, "{job}");
    assert_eq!(job.matches("</details>").count(), 4, "{job}");
}

#[test]
fn what_is_cut_short_never_passes() {
    let room = Room::with(&["one-acceptor"]);
    check(&room, &["one-acceptor", "--max-states", "5"], 3);
    let junit = junit(&room);
    has_totals(&junit, "tests=\"22\" failures=\"0\" errors=\"1\"");
    assert!(!junit.contains("<testcase name=\"agreement\" classname=\"one-acceptor\"/>"));
    assert!(
        junit.contains("<skipped message=\"unknown: cut at 5 unique states\"/>"),
        "{junit}"
    );
    assert!(
        junit.contains("<error message=\"cut at 5 unique states; "),
        "{junit}"
    );
    let job = std::fs::read_to_string(room.path("job.md")).unwrap();
    assert!(
        job.contains("⚠️ truncated: cut at 5 unique states"),
        "{job}"
    );
}

#[test]
fn an_interrupted_run_is_told_whole() {
    let room = Room::with(&["three-proposers-retries"]);
    // It takes minutes; the other one is of unknown size, and so comes after it.
    room.write(
        "last.toml",
        "title = \"\"\nabout = \"\"\ncluster.servers = 1\nask = [{ value = \"A\", of = 0 }]\n",
    );
    let mut command = room.paxos(&["check", "--all", "--junit", "out/junit.xml"]);
    command.args(["--reductions", "none", "--summary", "job.md"]);
    command.args(["models", "last.toml"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    explores(child.id());
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let junit = junit(&room);
    has_totals(&junit, "tests=\"21\" failures=\"0\" errors=\"2\"");
    assert!(
        junit.contains("<error message=\"not run\" type=\"truncated\"/>"),
        "{junit}"
    );
    let job = std::fs::read_to_string(room.path("job.md")).unwrap();
    assert!(job.contains("| last | ⚠️ not run | | |\n"), "{job}");
}

/// Waits until a process has taken so much memory that it must be exploring something large.
fn explores(process: u32) {
    for _ in 0..1_200 {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|text| text.trim().strip_suffix(" kB"));
        if kilobytes.is_some_and(|text| text.parse::<u64>().is_ok_and(|size| size > 64 << 10)) {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("process {process} explores nothing large");
}

#[test]
fn kept_traces_are_a_suite_of_their_own() {
    let room = Room::with(&["one-acceptor"]);
    let name = "models/regressions/one-acceptor.agreement.without-accept-stale.itf.json";
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    let kept = std::fs::read_to_string(kept).unwrap();
    room.write(name, &kept);
    check(&room, &[], 0);
    has_totals(&junit(&room), "tests=\"23\" failures=\"0\" errors=\"0\"");
    room.write(name, &kept.replace("\"mended\"", "\"breaks\""));
    check(&room, &[], 1);
    let junit = junit(&room);
    has_totals(&junit, "tests=\"23\" failures=\"1\" errors=\"0\"");
    let message = "expected breaks, but it no longer applies: step 6 cannot be taken";
    assert!(junit.contains(message), "{junit}");
    let job = std::fs::read_to_string(room.path("job.md")).unwrap();
    assert!(
        job.contains("1 of 1 kept traces do what they are to do."),
        "{job}"
    );
    assert!(
        job.contains("0 of 1 kept traces do what they are to do."),
        "{job}"
    );
    assert!(job.contains(message), "{job}");
}

#[test]
fn outputs_go_where_they_can_be_written() {
    let room = Room::with(&["one-acceptor"]);
    room.write("file", "");
    for output in [["--junit", "file/junit.xml"], ["--summary", "file/job.md"]] {
        let mut command = room.paxos(&["check", "one-acceptor"]);
        command.args(output);
        let said = run(command, 2);
        assert!(
            said.err.starts_with("error: cannot write file"),
            "{}",
            said.err
        );
        assert_eq!(
            (said.err.lines().count(), said.out.as_str()),
            (1, ""),
            "{}",
            said.err
        );
    }
}
