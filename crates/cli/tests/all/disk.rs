//! Runs that outgrow their memory, are killed and gone on with, or have no room left on the disk.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{Room, run};

/// More than a million states.
const SCENARIO: &str = "three-proposers";
/// Less than these take; that it is, the test of a full disk shows.
const MEMORY: &str = "44MiB";
const WHOLE: [&str; 5] = ["check", SCENARIO, "--json", "--reductions", "none"];

/// What a run to the end has found: counts, verdicts, traces.
fn found(room: &Room, more: &[&str]) -> Value {
    let said = run(room.paxos(&[&WHOLE, more].concat()), 0);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["scenarios"][0]["ending"], "exhausted");
    assert_eq!(found["scenarios"][0]["states"], 1_708_749);
    found
}

#[test]
fn too_little_memory_makes_it_slower_and_not_another_result() {
    let room = Room::with(&[SCENARIO]);
    let expected = found(&room, &[]);
    std::fs::create_dir(room.path("spill")).unwrap();
    for threads in ["1", "2"] {
        let capped = [
            "--threads",
            threads,
            "--max-memory",
            MEMORY,
            "--spill",
            "spill",
        ];
        assert_eq!(found(&room, &capped), expected);
        let left = std::fs::read_dir(room.path("spill")).unwrap().count();
        assert_eq!(left, 0, "files are left in the spill folder");
    }
}

#[test]
fn a_run_that_is_killed_is_gone_on_with() {
    let room = Room::with(&[SCENARIO]);
    let expected = found(&room, &[]);
    for threads in ["1", "2"] {
        let folder = format!("saved-{threads}");
        let manifest = room.path(&folder).join("checkpoint");
        let mut started = "--checkpoint";
        let mut killed = 0;
        for _ in 0..4 {
            let every = [
                "--checkpoint-every",
                "1ms",
                "--threads",
                threads,
                started,
                &folder,
            ];
            let mut child = quiet(room.paxos(&[&WHOLE[..], &every].concat()));
            let before = modified(&manifest);
            while modified(&manifest) == before && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(1));
            }
            kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
            killed += usize::from(child.wait().unwrap().code().is_none());
            started = "--resume";
        }
        assert!(
            killed > 1,
            "only {killed} of four runs were killed before their end"
        );
        assert_eq!(
            found(&room, &["--threads", threads, "--resume", &folder]),
            expected
        );
    }
}

/// When a file was written last; `None` if there is none.
fn modified(file: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(file)
        .and_then(|file| file.modified())
        .ok()
}

fn quiet(mut command: Command) -> std::process::Child {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn a_run_that_was_cut_is_gone_on_with() {
    let room = Room::with(&[SCENARIO]);
    let expected = found(&room, &[]);
    let cut = ["--max-states", "100000", "--checkpoint", "saved"];
    let said = run(room.paxos(&[&WHOLE[..], &cut].concat()), 3);
    assert!(said.out.contains("cut at 100000 unique states"));
    assert!(
        said.err.ends_with("go on with --resume saved\n"),
        "{}",
        said.err
    );
    assert_eq!(found(&room, &["--resume", "saved"]), expected);
}

#[test]
fn a_full_disk_ends_the_run_and_nothing_is_claimed() {
    let room = Room::with(&[SCENARIO]);
    let mut full = Command::new("sh");
    // The signal that comes with the error is ignored, so that the error is heard of.
    let shell = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let paxos = env!("CARGO_BIN_EXE_paxos");
    full.args([
        "-c",
        shell,
        paxos,
        "check",
        SCENARIO,
        "--reductions",
        "none",
    ]);
    full.args(["--max-memory", MEMORY, "--spill", "."]);
    full.current_dir(room.path(""));
    let said = run(full, 3);
    assert_eq!(
        said.out.matches("cut by the disk: ").count(),
        1,
        "{}",
        said.out
    );
    assert!(
        said.out.contains("what was not explored is unknown"),
        "{}",
        said.out
    );
    assert!(
        !said.out.contains(" hold") && said.out.contains("unknown"),
        "{}",
        said.out
    );
}

#[test]
fn a_checkpoint_of_something_else_is_refused_by_name() {
    let room = Room::with(&[SCENARIO, "roles-apart"]);
    run(
        room.paxos(&[
            "check",
            SCENARIO,
            "--max-states",
            "1000",
            "--checkpoint",
            "saved",
        ]),
        3,
    );
    room.write("others/notes.txt", "Mine.");
    for (arguments, why) in [
        (
            &["check", "roles-apart", "--resume", "saved"][..],
            "it is of the model three-proposers",
        ),
        (
            &[
                "check",
                SCENARIO,
                "--resume",
                "saved",
                "--reductions",
                "dead",
            ],
            "it is of the reductions \"all\", this run is of the reductions \"dead\"",
        ),
        (
            &[
                "check",
                SCENARIO,
                "--resume",
                "saved",
                "--fingerprint",
                "128",
            ],
            "it is of 64-bit fingerprints, this run is of 128-bit fingerprints",
        ),
        (
            &[
                "check",
                SCENARIO,
                "--resume",
                "saved",
                "--mutant",
                "accept-stale",
            ],
            "this run is of the model three-proposers with accept-stale",
        ),
        (&["check", SCENARIO, "--resume", "nowhere"], "there is none"),
        (
            &["check", SCENARIO, "--checkpoint", "others"],
            "other files are in it",
        ),
        (
            &["check", "--checkpoint", "saved"],
            "a checkpoint is of one scenario, and 2 are to be checked: name one",
        ),
        (
            &["check", SCENARIO, "--max-memory", "1KiB"],
            "the process may use 0 MiB of memory, but has ",
        ),
        (
            &["check", SCENARIO, "--reductions", "dead,sleep"],
            "no reductions are named \"dead,sleep\"",
        ),
    ] {
        let said = run(room.paxos(arguments), 2);
        assert!(said.err.contains(why), "{arguments:?}: {}", said.err);
        assert_eq!(said.out, "");
    }
    run(room.paxos(&["check", SCENARIO, "--resume", "saved"]), 0);
}

#[test]
fn a_reduction_that_is_not_sound_is_refused() {
    let room = Room::with(&["three-servers-crash"]);
    let said = run(
        room.paxos(&["check", "three-servers-crash", "--reductions", "symmetry"]),
        2,
    );
    assert!(
        said.err.contains("symmetry") && said.err.contains("alike"),
        "{}",
        said.err
    );
}
