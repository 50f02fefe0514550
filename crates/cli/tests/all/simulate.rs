//! `paxos simulate` as a shell sees it, and what its runs find: the same everywhere.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::yield_now;

use checker::{Effort, Limits, Order, Simulation, Until, explore, minimise, simulate, walk_of_run};
use model::{Mutant, Scenario, World};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{Room, Said, run};

/// A mutant and a scenario: the first property that seed 1 finds violated, in which run, after how many
/// steps, and how many are left of them.
type Row = (Mutant, &'static str, &'static str, u64, usize, usize);

/// Each mutant that violates anything, where it can. What is found by seed 1 never changes.
const FOUND: &[Row] = &[
    (
        Mutant::AcceptKeepsPromise,
        "three-servers",
        "promises-rise",
        24,
        22,
        14,
    ),
    (
        Mutant::AcceptStale,
        "three-servers",
        "no-vote-below-promise",
        1,
        12,
        8,
    ),
    (
        Mutant::PromiseStale,
        "three-servers",
        "promises-rise",
        0,
        7,
        4,
    ),
    (
        Mutant::PromiseChecksVoteOnly,
        "three-servers",
        "promises-rise",
        0,
        7,
        4,
    ),
    (
        Mutant::OwnValue,
        "three-servers",
        "votes-are-safe",
        7,
        20,
        13,
    ),
    (
        Mutant::LowestVote,
        "three-proposers",
        "votes-are-safe",
        965,
        25,
        18,
    ),
    (
        Mutant::FirstVote,
        "three-proposers",
        "votes-are-safe",
        965,
        25,
        18,
    ),
    (
        Mutant::LastVote,
        "three-proposers",
        "votes-are-safe",
        2056,
        24,
        19,
    ),
    (
        Mutant::HighestValue,
        "values-against-ballots",
        "votes-are-safe",
        965,
        25,
        18,
    ),
    (
        Mutant::PromiseHidesVote,
        "three-servers",
        "no-vote-below-promise",
        7,
        12,
        8,
    ),
    (
        Mutant::BallotReused,
        "one-proposer-restarts",
        "one-value-per-ballot",
        74,
        7,
        6,
    ),
    (
        Mutant::TwoValuesOneBallot,
        "three-servers",
        "one-value-per-ballot",
        0,
        8,
        5,
    ),
    (
        Mutant::BallotsNotUniquePromiseEqual,
        "three-servers",
        "one-value-per-ballot",
        4,
        12,
        10,
    ),
    (
        Mutant::SmallPrepareQuorum,
        "three-servers",
        "votes-are-safe",
        11,
        14,
        8,
    ),
    (
        Mutant::HalfQuorums,
        "four-acceptors",
        "votes-are-safe",
        5,
        6,
        6,
    ),
    (
        Mutant::PromiseNotDurable,
        "three-servers-crash",
        "promises-rise",
        38,
        4,
        3,
    ),
    (
        Mutant::VoteNotDurable,
        "one-acceptor",
        "no-vote-below-promise",
        261,
        7,
        6,
    ),
    (
        Mutant::SendFirst,
        "three-servers-crash",
        "promises-rise",
        1,
        3,
        2,
    ),
    (
        Mutant::CorruptIsEmpty,
        "three-servers-crash",
        "promises-rise",
        38,
        4,
        3,
    ),
    (
        Mutant::Phase1Skipped,
        "three-servers",
        "votes-are-safe",
        0,
        4,
        2,
    ),
    (Mutant::DefaultValue, "three-servers", "validity", 0, 13, 7),
    (
        Mutant::FirstVoteIsChosen,
        "three-servers",
        "announced-is-chosen",
        0,
        10,
        7,
    ),
    (
        Mutant::VoteCountedTwice,
        "five-servers-one-down",
        "announced-is-chosen",
        3,
        14,
        12,
    ),
    (
        Mutant::HalfIsAnnounced,
        "four-acceptors",
        "announced-is-chosen",
        3,
        14,
        11,
    ),
    (
        Mutant::RetryKeepsPromise,
        "three-acceptors-retries",
        "promises-rise",
        3,
        16,
        13,
    ),
    (
        Mutant::VoteReportedLow,
        "one-acceptor-retries",
        "no-vote-below-promise",
        2,
        11,
        8,
    ),
    (
        Mutant::QuorumsByCount,
        "grid-quorums",
        "votes-are-safe",
        5,
        6,
        6,
    ),
    (
        Mutant::NackCounts,
        "three-acceptors-nack-retries",
        "votes-are-safe",
        48,
        25,
        15,
    ),
    (
        Mutant::NextRoundFromNack,
        "three-acceptors-nack-retries",
        "one-value-per-ballot",
        1346,
        41,
        18,
    ),
    (Mutant::NoTimer, "one-acceptor", "waits-with-timer", 0, 2, 1),
    (
        Mutant::AdoptedNotAnnounced,
        "one-acceptor",
        "learned-is-announced",
        27,
        12,
        9,
    ),
    (
        Mutant::PeersToldOwn,
        "one-acceptor",
        "one-value-per-ballot",
        27,
        10,
        7,
    ),
    (
        Mutant::DownIsPromised,
        "five-servers-two-down",
        "votes-are-safe",
        5,
        4,
        4,
    ),
    (
        Mutant::AnswersOwn,
        "clients-and-faults",
        "agreement",
        14,
        13,
        8,
    ),
    (
        Mutant::RefusalsBelieved,
        "clients-and-faults",
        "failure-is-true",
        4,
        7,
        4,
    ),
    (
        Mutant::SilenceIsFailure,
        "clients-and-faults",
        "failure-is-true",
        2,
        7,
        2,
    ),
    (
        Mutant::BusyAfterDoing,
        "clients-and-faults",
        "failure-is-true",
        64,
        6,
        2,
    ),
    (
        Mutant::FailedWriteIgnored,
        "disks-fail",
        "promises-rise",
        28,
        3,
        3,
    ),
    (
        Mutant::SentUnflushed,
        "disks-fail",
        "promises-rise",
        2,
        2,
        2,
    ),
    (
        Mutant::TornBallotWithoutValue,
        "one-acceptor",
        "validity",
        74,
        8,
        8,
    ),
    (
        Mutant::CutAfterRound,
        "one-acceptor",
        "promises-rise",
        59,
        4,
        4,
    ),
    (
        Mutant::CutAfterPromise,
        "hosts-repeat",
        "no-vote-below-promise",
        1307,
        8,
        7,
    ),
    (
        Mutant::WriteDropped,
        "one-acceptor",
        "promises-rise",
        29,
        3,
        3,
    ),
    (
        Mutant::DiskRestored,
        "one-acceptor",
        "no-vote-below-promise",
        261,
        7,
        6,
    ),
    (
        Mutant::RepeatHidesVote,
        "hosts-repeat",
        "no-vote-below-promise",
        15,
        10,
        7,
    ),
    (
        Mutant::ReadFromOne,
        "clients-read",
        "linearizable",
        149,
        12,
        12,
    ),
    (
        Mutant::ReadJoinsAnother,
        "two-clients-read",
        "linearizable",
        1399,
        14,
        13,
    ),
    (
        Mutant::ReadHidesVote,
        "clients-read",
        "linearizable",
        2,
        16,
        14,
    ),
];

/// Mutants that violate nothing: two let nothing be chosen, two need another fault, two are torn writes of which nothing was
/// said.
const HARMLESS: &[Mutant] = &[
    Mutant::AcceptStrict,
    Mutant::OverStrictQuorum,
    Mutant::BallotsNotUnique,
    Mutant::PromiseEqual,
    Mutant::TornPromiseWithoutVote,
    Mutant::TornVoteWithoutPromise,
    Mutant::NeverAnnounced,
    Mutant::VotesToProposerOnly,
    Mutant::VotesOnce,
    Mutant::AdoptsFromAllOnly,
    Mutant::NeverAsksAgain,
    Mutant::AnswersOnlyAgain,
];

static NEVER: AtomicBool = AtomicBool::new(false);

fn world(scenario: &str) -> World {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let scenario = Scenario::read(&models.join(format!("{scenario}.toml"))).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

fn simulate_in(room: &Room, arguments: &[&str], code: i32) -> Said {
    run(room.paxos(&[&["simulate"], arguments].concat()), code)
}

fn simulate_json(room: &Room, arguments: &[&str], code: i32) -> Value {
    let said = simulate_in(room, &[arguments, &["--json"]].concat(), code);
    serde_json::from_str(&said.out).expect("nothing but JSON is on standard output")
}

/// Compares with the file; `UPDATE_GOLDEN=1` writes it anew.
fn compare(name: &str, found: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == found,
        "{name} is not as it was: a seed means something else now. If that is meant, run with \
         UPDATE_GOLDEN=1 and look at the diff. Found:\n{found}"
    );
}

/// What seed 1 makes of the mutant's scenario.
fn found(&(mutant, scenario, ..): &Row) -> Row {
    let world = world(scenario).with_mutant(mutant);
    let simulation = Simulation {
        runs: 3_000,
        ..Simulation::default()
    };
    let simulated = simulate(&world, &simulation, &|_| {}).unwrap();
    let violations = simulated.violations();
    let Some(&(property, seen)) = violations.first() else {
        panic!("{mutant} is not found in {scenario}");
    };
    let effort = Effort {
        steps_max: 1_000_000,
        interrupt: &NEVER,
    };
    let short = minimise(&world, property, &seen.walk, effort).unwrap();
    assert!(short.is_minimal);
    assert!(short.walk.path(&world).is_some());
    let (steps, left) = (seen.walk.actions.len(), short.walk.actions.len());
    (mutant, scenario, property, seen.run, steps, left)
}

#[test]
fn every_mutant_that_violates_anything_is_met_by_seed_1() {
    let rows: Vec<Row> = FOUND.iter().map(found).collect();
    assert_eq!(rows, FOUND);
    for &mutant in Mutant::ALL.iter().filter(|one| !one.is_about_progress()) {
        let is_found = FOUND.iter().any(|row| row.0 == mutant);
        assert!(is_found != HARMLESS.contains(&mutant), "{mutant}");
    }
}

/// How many runs it takes, by which order: the median of 21 seeds and the most. With SLOW_TESTS=1 only:
/// `SLOW_TESTS=1 cargo test --release -p cli --test all orders -- --nocapture`.
#[test]
fn orders_are_compared() {
    if std::env::var_os("SLOW_TESTS").is_none_or(|value| value != "1") {
        println!("left out, for want of SLOW_TESTS=1: how soon mutants are found");
        return;
    }
    let more = [
        (Mutant::VoteNotDurable, "three-servers-crash"),
        (Mutant::LowestVote, "three-servers-three-proposers"),
        (Mutant::LastVote, "three-servers-three-proposers"),
        (Mutant::LowestVote, "three-servers-retries"),
    ];
    let rows = FOUND.iter().map(|row| (row.0, row.1)).chain(more);
    println!("| mutant | scenario | uniform | ranked | mixed |\n|---|---|--:|--:|--:|");
    for (mutant, scenario) in rows {
        let world = world(scenario).with_mutant(mutant);
        let mut cells = String::new();
        for order in [Order::Uniform, Order::Ranked, Order::Mixed] {
            let (median, most) = runs_until_found(&world, order);
            let most_told = match most {
                u64::MAX => format!("over {RUNS}"),
                most => most.to_string(),
            };
            cells += &format!(" {median} ({most_told}) |");
            assert!(
                order != Order::Mixed || most <= RUNS,
                "{mutant} in {scenario}: {most}"
            );
        }
        println!("| {mutant} | {scenario} |{cells}");
    }
}

/// Where a seed that has not found anything is given up.
const RUNS: u64 = 50_000;

fn runs_until_found(world: &World, order: Order) -> (u64, u64) {
    let of_seed = |seed| {
        let simulation = Simulation {
            seed,
            order,
            runs: RUNS,
            ..Simulation::default()
        };
        let simulated = simulate(world, &simulation, &|_| {}).unwrap();
        match simulated.violations().is_empty() {
            true => u64::MAX,
            false => simulated.runs,
        }
    };
    let mut runs: Vec<u64> = (1..=21).map(of_seed).collect();
    runs.sort_unstable();
    (runs[10], runs[20])
}

/// Leaving out does not look for other ways, and still comes close to the shortest there is.
#[test]
fn what_is_left_is_nearly_as_short_as_the_shortest() {
    let (mut left, mut least) = (0, 0);
    for mutant in Mutant::ALL {
        let world = world("one-acceptor").with_mutant(*mutant);
        for seed in 1..=5 {
            let simulation = Simulation {
                seed,
                ..Simulation::default()
            };
            let simulated = simulate(&world, &simulation, &|_| {}).unwrap();
            let Some(&(property, seen)) = simulated.violations().first() else {
                continue;
            };
            let effort = Effort {
                steps_max: 1_000_000,
                interrupt: &NEVER,
            };
            let short = minimise(&world, property, &seen.walk, effort).unwrap();
            let limits = Limits {
                until: Until::Found(property),
                ..Limits::default()
            };
            let all = explore(&world, &limits, &|_| {}).unwrap();
            let path = all
                .finding(property)
                .unwrap()
                .verdict
                .path()
                .unwrap()
                .clone();
            let shortest = path.into_actions().len();
            assert!(short.walk.actions.len() >= shortest && shortest > 0);
            left += short.walk.actions.len();
            least += shortest;
        }
    }
    assert!(least > 200, "only {least} steps were compared");
    assert!(left * 10 < least * 11, "{left} steps for {least}");
}

#[test]
fn a_hundred_runs_never_change() {
    let world = world("three-servers-crash");
    let simulation = Simulation::default();
    // FNV-1a, of what happens as it is told, a line each.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut steps = 0;
    for run in 0..100 {
        for action in walk_of_run(&world, &simulation, run).unwrap().actions {
            steps += 1;
            for byte in format!("{action}\n").bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    compare("simulate.hash.txt", &format!("{steps} steps {hash:016x}\n"));
}

#[test]
fn a_violation_is_told_short_and_can_be_had_again() {
    let room = Room::with(&["one-acceptor"]);
    let mutant = ["one-acceptor", "--mutant", "accept-stale"];
    let said = simulate_in(&room, &mutant, 1);
    compare("simulate.accept-stale.txt", &said.out);
    let again = said
        .out
        .lines()
        .find_map(|line| line.trim().strip_prefix("again: paxos "));
    let again: Vec<&str> = again.unwrap().split(' ').collect();
    let alone = run(room.paxos(&again), 1);
    compare("simulate.accept-stale.run.txt", &alone.out);
    // The story is the same, below all the steps of the run.
    let story = |text: &str| -> Vec<String> {
        let after = text
            .lines()
            .skip_while(|line| !line.contains(" violated in run "));
        after
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .map(str::to_owned)
            .collect()
    };
    let (first, second) = (story(&said.out), story(&alone.out));
    assert_eq!(first[..first.len() - 1], second[..]);
}

#[test]
fn threads_do_not_show() {
    let room = Room::with(&["ordered-network"]);
    let mutant = [
        "ordered-network",
        "--mutant",
        "half-quorums",
        "--keep-going",
        "--runs",
        "2000",
    ];
    let first = simulate_in(&room, &[&mutant[..], &["--threads", "1"]].concat(), 1);
    for threads in ["2", "3"] {
        let other = simulate_in(&room, &[&mutant[..], &["--threads", threads]].concat(), 1);
        assert_eq!(other.out, first.out);
    }
    let other = simulate_in(&room, &[&mutant[..], &["--seed", "2"]].concat(), 1);
    assert_ne!(other.out, first.out);
}

#[test]
fn a_sample_never_says_holds() {
    let room = Room::with(&["one-acceptor"]);
    let said = simulate_in(&room, &["one-acceptor", "--runs", "50", "--steps", "5"], 0);
    assert!(!said.out.contains("hold"), "{}", said.out);
    assert!(
        said.out
            .contains("  not violated in 50 runs of up to 5 steps: agreement, ")
    );
    assert!(
        said.out
            .contains(" cut at 5 steps: more are possible (--steps)\n")
    );
    assert!(said.out.contains("\n  not seen: "));
    assert!(
        said.out
            .ends_with("a sample: what was not seen may be possible all the same\n")
    );
}

#[test]
fn an_expected_violation_is_no_failure_and_hides_no_other() {
    let room = Room::with(&["thin-quorums"]);
    let said = simulate_in(&room, &["thin-quorums", "--runs", "300"], 0);
    assert!(said.out.contains(", as expected; "));
    assert!(said.out.contains("300 runs of up to 1,000 steps"));
    let mutant = ["thin-quorums", "--runs", "300", "--mutant", "default-value"];
    let said = simulate_json(&room, &mutant, 1);
    assert_eq!(said["runs"], 300);
    let properties = said["properties"].as_array().unwrap();
    let validity = properties
        .iter()
        .find(|one| one["name"] == "validity")
        .unwrap();
    assert_eq!(
        (&validity["found"], &validity["expected"]),
        (&"violated".into(), &"holds".into())
    );
    let trace = validity["trace"].as_array().unwrap();
    assert!(trace.len() <= validity["steps"].as_u64().unwrap().try_into().unwrap());
    assert_eq!(validity["minimal"], true);
    assert!(
        validity["again"]
            .as_str()
            .unwrap()
            .contains("--mutant default-value --seed 1 --run ")
    );
}

#[test]
fn what_should_never_be_seen_and_is_is_a_failure() {
    let room = Room::with(&["one-acceptor"]);
    let file = room.path("models/one-acceptor.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let other = text.replace("client-told = \"witnessed\"", "client-told = \"never\"");
    assert_ne!(text, other);
    std::fs::write(&file, other).unwrap();
    simulate_in(&room, &["one-acceptor"], 1);
}

#[test]
fn time_and_interrupts_end_the_runs_and_are_told() {
    let room = Room::with(&["one-acceptor"]);
    let endless = ["simulate", "one-acceptor", "--runs", "9000000000000000"];
    let said = run(
        room.paxos(&[&endless[..], &["--timeout", "300ms"]].concat()),
        3,
    );
    assert!(
        said.out
            .contains("cut after 300ms, before all of the 9,000,000,000,000,000 runs")
    );

    let mut command = room.paxos(&endless);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    // Until it listens for Ctrl-C.
    while !catches_interrupt(&std::fs::read_to_string(&status).unwrap()) {
        yield_now();
    }
    kill(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("  interrupted, before all of the "), "{out}");
}

/// Whether SIGINT, the second one, is among the caught signals.
pub(crate) fn catches_interrupt(status: &str) -> bool {
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
    caught & 0b10 != 0
}

#[test]
fn what_makes_no_sense_is_refused() {
    let room = Room::with(&["one-acceptor"]);
    for (arguments, part) in [
        (&["one-acceptor", "--runs", "0"][..], "--runs"),
        (&["one-acceptor", "--steps", "0"], "--steps"),
        (
            &["one-acceptor", "--run", "3", "--runs", "4"],
            "cannot be used with",
        ),
        (&["one-acceptor", "--seed", "x"], "--seed"),
        (&["two-acceptors"], "no scenario `two-acceptors`"),
        (&[], "<SCENARIO|FILE>"),
    ] {
        let said = simulate_in(&room, arguments, 2);
        assert!(said.err.contains(part), "{}", said.err);
    }
}

#[test]
fn shipped_models_answer_the_same_when_asked_again() {
    let room = Room::with(&["one-acceptor", "ordered-network"]);
    let said = run(room.paxos(&["check", "--paranoid"]), 0);
    assert!(
        said.out
            .contains("one-acceptor: deterministic in all 362 states\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("ordered-network: deterministic in all "));
    assert!(said.out.ends_with(
        "asked twice here, and once more in another thread and in two other processes\n"
    ));
    let some = [
        "check",
        "--paranoid",
        "one-acceptor",
        "--max-states",
        "99",
        "--mutant",
        "own-value",
    ];
    let said = run(room.paxos(&some), 0);
    let expected = "one-acceptor: deterministic in the first 99 states; the others were not asked (--max-states)\n";
    assert!(said.out.starts_with(expected), "{}", said.out);
    assert!(!room.path("reports").exists());
    for other in ["--cross-check", "--update", "--json"] {
        let said = run(room.paxos(&["check", "--paranoid", other]), 2);
        assert!(said.err.contains("cannot be used with"), "{}", said.err);
    }
}
