//! Every known way to get Paxos wrong is caught by a scenario that ships, and nothing right is.
//!
//! Rows that take long in an unoptimised build are run with `SLOW_TESTS=1` only.

use checker::{Ending, Limits, Reductions, Run, Storage, Until};
use model::properties::{self, Known};
use model::{Action, Expected, Mutant, State, World};

use crate::common::{explored, reachable, shipped, small, steps};

/// How a mutant shows.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// This invariant is violated; the shortest way there has so many steps.
    Violates(&'static str, usize),
    /// This witness is never found, in all there is.
    Prevents(&'static str),
}

use Shows::{Prevents, Violates};

/// Each mutant, the smallest scenario that catches it, and how; a few in a second one, too.
const CAUGHT: &[(Mutant, &str, Shows)] = &[
    (
        Mutant::AcceptStale,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::PromiseStale,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::PromiseChecksVoteOnly,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::AcceptStrict,
        "one-acceptor",
        Prevents("value-chosen"),
    ),
    (Mutant::OwnValue, "one-acceptor", Violates("agreement", 8)),
    (
        Mutant::PromiseHidesVote,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::TwoValuesOneBallot,
        "one-acceptor",
        Violates("agreement", 5),
    ),
    (
        Mutant::BallotsNotUniquePromiseEqual,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::PromiseNotDurable,
        "one-acceptor",
        Violates("agreement", 9),
    ),
    (
        Mutant::VoteNotDurable,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (Mutant::SendFirst, "one-acceptor", Violates("agreement", 8)),
    (
        Mutant::CorruptIsEmpty,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::Phase1Skipped,
        "one-acceptor",
        Violates("agreement", 4),
    ),
    (
        Mutant::DefaultValue,
        "one-acceptor",
        Violates("validity", 4),
    ),
    (
        Mutant::BallotReused,
        "one-proposer-restarts",
        Violates("agreement", 8),
    ),
    (
        Mutant::HalfQuorums,
        "ordered-network",
        Violates("agreement", 8),
    ),
    (
        Mutant::HalfQuorums,
        "four-acceptors",
        Violates("agreement", 14),
    ),
    (
        Mutant::SmallPrepareQuorum,
        "notes",
        Violates("agreement", 12),
    ),
    (
        Mutant::OverStrictQuorum,
        "ordered-network",
        Prevents("value-chosen"),
    ),
    (
        Mutant::FirstVoteIsChosen,
        "ordered-network",
        Violates("announced-is-chosen", 7),
    ),
    (
        Mutant::SmallPrepareQuorum,
        "three-servers",
        Violates("agreement", 10),
    ),
    (
        Mutant::AcceptKeepsPromise,
        "three-servers",
        Violates("promises-rise", 12),
    ),
    (
        Mutant::LowestVote,
        "notes-retries",
        Violates("agreement", 20),
    ),
    (
        Mutant::FirstVote,
        "three-proposers",
        Violates("votes-are-safe", 18),
    ),
    (
        Mutant::LastVote,
        "three-proposers",
        Violates("votes-are-safe", 18),
    ),
    (
        Mutant::HighestValue,
        "values-against-ballots",
        Violates("votes-are-safe", 18),
    ),
    (
        Mutant::VoteCountedTwice,
        "notes",
        Violates("announced-is-chosen", 8),
    ),
    (
        Mutant::HalfIsAnnounced,
        "ordered-network",
        Violates("announced-is-chosen", 7),
    ),
    (
        Mutant::NeverAnnounced,
        "one-acceptor",
        Prevents("client-told"),
    ),
    (
        Mutant::VotesOnce,
        "one-acceptor",
        Prevents("vote-superseded"),
    ),
    (
        Mutant::RetryKeepsPromise,
        "three-acceptors-retries",
        Violates("promises-rise", 12),
    ),
    (
        Mutant::VoteReportedLow,
        "one-acceptor-retries",
        Violates("no-vote-below-promise", 7),
    ),
    (
        Mutant::PeersToldOwn,
        "one-acceptor",
        Violates("one-value-per-ballot", 7),
    ),
    (
        Mutant::DownIsPromised,
        "five-servers-two-down",
        Violates("votes-are-safe", 4),
    ),
    (
        Mutant::AdoptsFromAllOnly,
        "notes",
        Prevents("value-adopted"),
    ),
    (
        Mutant::AnswersOwn,
        "clients-and-faults",
        Violates("announced-is-chosen", 7),
    ),
    (
        Mutant::RefusalsBelieved,
        "clients-and-faults",
        Violates("failure-is-true", 3),
    ),
    (
        Mutant::SilenceIsFailure,
        "clients-and-faults",
        Violates("failure-is-true", 2),
    ),
    (
        Mutant::BusyAfterDoing,
        "clients-and-faults",
        Violates("failure-is-true", 2),
    ),
    (
        Mutant::NeverAsksAgain,
        "clients-and-faults",
        Prevents("told-after-unknown"),
    ),
    (
        Mutant::AnswersOnlyAgain,
        "one-acceptor",
        Prevents("client-told"),
    ),
    (
        Mutant::QuorumsByCount,
        "grid-quorums",
        Violates("agreement", 14),
    ),
    (
        Mutant::VotesToProposerOnly,
        "one-acceptor",
        Prevents("learner-learns"),
    ),
    (
        Mutant::AdoptedNotAnnounced,
        "one-acceptor",
        Violates("learned-is-announced", 9),
    ),
    (
        Mutant::NoTimer,
        "one-acceptor",
        Violates("waits-with-timer", 1),
    ),
    (
        Mutant::FailedWriteIgnored,
        "disks-fail",
        Violates("promises-rise", 3),
    ),
    (
        Mutant::SentUnflushed,
        "disks-fail",
        Violates("agreement", 14),
    ),
    (
        Mutant::TornBallotWithoutValue,
        "one-acceptor",
        Violates("validity", 8),
    ),
    (
        Mutant::CutAfterRound,
        "one-acceptor",
        Violates("agreement", 9),
    ),
    (
        Mutant::CutAfterPromise,
        "hosts-repeat",
        Violates("agreement", 9),
    ),
    (
        Mutant::WriteDropped,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::DiskRestored,
        "one-acceptor",
        Violates("agreement", 8),
    ),
    (
        Mutant::ReadFromOne,
        "clients-read",
        Violates("linearizable", 12),
    ),
    (
        Mutant::ReadHidesVote,
        "clients-read",
        Violates("linearizable", 14),
    ),
    (
        Mutant::ReadJoinsAnother,
        "two-clients-read",
        Violates("linearizable", 13),
    ),
    (
        Mutant::RepeatHidesVote,
        "hosts-repeat",
        Violates("agreement", 9),
    ),
];

/// How the faults that need three ballots come to be chosen twice, and where else.
const CAUGHT_SLOWLY: &[(Mutant, &str, Shows)] = &[
    (
        Mutant::LowestVote,
        "three-proposers",
        Violates("agreement", 20),
    ),
    (
        Mutant::LowestVote,
        "three-acceptors-retries",
        Violates("agreement", 20),
    ),
    (
        Mutant::FirstVote,
        "three-proposers",
        Violates("agreement", 20),
    ),
    (
        Mutant::LastVote,
        "three-proposers",
        Violates("agreement", 20),
    ),
    (
        Mutant::HighestValue,
        "values-against-ballots",
        Violates("agreement", 20),
    ),
    (
        Mutant::AcceptKeepsPromise,
        "three-proposers",
        Violates("agreement", 20),
    ),
    (
        Mutant::AcceptKeepsPromise,
        "three-acceptors-retries",
        Violates("agreement", 20),
    ),
];

/// Faults that show in worlds only that are too large without reductions.
const CAUGHT_REDUCED: &[(Mutant, &str, Shows)] = &[
    (
        Mutant::NackCounts,
        "three-acceptors-nack-retries",
        Violates("agreement", 16),
    ),
    (
        Mutant::NextRoundFromNack,
        "three-acceptors-nack-retries",
        Violates("agreement", 22),
    ),
];

/// What is right, or safe, and must pass. Those of one fault alone need another to do harm.
const CONTROLS: &[(Mutant, &str)] = &[
    (Mutant::BallotsNotUnique, "one-acceptor"),
    (Mutant::BallotsNotUnique, "one-proposer-restarts"),
    (Mutant::BallotsNotUnique, "ordered-network"),
    (Mutant::BallotsNotUnique, "five-servers-two-down"),
    (Mutant::BallotsNotUnique, "clients-give-up"),
    (Mutant::BallotsNotUnique, "notes"),
    (Mutant::BallotsNotUnique, "flexible-quorums"),
    (Mutant::BallotsNotUnique, "three-servers"),
    (Mutant::BallotsNotUnique, "one-acceptor-retries"),
    (Mutant::BallotsNotUnique, "bag-network"),
    (Mutant::PromiseEqual, "one-acceptor"),
    (Mutant::PromiseEqual, "one-proposer-restarts"),
    (Mutant::PromiseEqual, "ordered-network"),
    (Mutant::TornPromiseWithoutVote, "one-acceptor"),
    (Mutant::TornPromiseWithoutVote, "one-proposer-restarts"),
    (Mutant::TornPromiseWithoutVote, "hosts-repeat"),
    (Mutant::TornVoteWithoutPromise, "one-acceptor"),
    (Mutant::TornVoteWithoutPromise, "one-proposer-restarts"),
    (Mutant::TornVoteWithoutPromise, "hosts-repeat"),
];

const SLOW_CONTROLS: &[(Mutant, &str)] = &[
    (Mutant::PromiseEqual, "clients-give-up"),
    (Mutant::PromiseEqual, "notes"),
    (Mutant::PromiseEqual, "five-servers-two-down"),
];

/// Whether to run what takes long; says what is left out if not.
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn slow_tests(what: &str) -> bool {
    let slow = std::env::var_os("SLOW_TESTS").is_some_and(|value| value == "1");
    if !slow {
        println!("left out, for want of SLOW_TESTS=1: {what}");
    }
    slow
}

/// The property by which a mutant shows, how far to explore for that, and the steps it takes; `None` if it is never found.
fn how(shows: Shows) -> (&'static str, Until, Option<usize>) {
    match shows {
        Violates(name, steps) => (name, Until::Found(name), Some(steps)),
        Prevents(name) => (name, Until::Exhausted, None),
    }
}

/// Asserts that the shipped scenario expects otherwise, and that the mutant shows as it should.
fn assert_caught(mutant: Mutant, scenario: &str, shows: Shows) {
    let world = shipped(scenario).with_mutant(mutant);
    let (property, until, found) = how(shows);
    let expected = match shows {
        Violates(..) => Expected::Holds,
        Prevents(_) => Expected::Witnessed,
    };
    let stated = world.scenario().expect.verdicts.get(property);
    assert_eq!(stated, Some(&expected), "{scenario} without {mutant}");
    let run = explored(&world, until);
    assert_eq!(
        steps(&run, property),
        found,
        "{mutant} in {scenario}: {property}"
    );
    for reductions in reductions(&world) {
        let run = reduced(&world, reductions, until);
        assert_eq!(
            steps(&run, property),
            found,
            "{mutant} in {scenario} reduced by {reductions}: {property}"
        );
    }
}

/// Each reduction that is sound for a world, and all of them.
fn reductions(world: &World) -> Vec<Reductions> {
    let all = reduced(world, Reductions::ALL, Until::Found("value-chosen")).reductions;
    let mut sets: Vec<Reductions> = all.iter().map(Reductions::from).collect();
    if sets.len() > 1 {
        sets.push(Reductions::ALL);
    }
    sets
}

fn reduced(world: &World, reductions: Reductions, until: Until) -> Run<State, Action> {
    let limits = Limits {
        until,
        ..Limits::default()
    };
    model::explore(world, reductions, &Storage::default(), &limits, &|_| {}).unwrap()
}

/// Asserts that no invariant is violated in all there is, and that a value can be chosen.
fn assert_survives(world: &World) {
    let name = &world.scenario().name;
    let rules = world.rules();
    let run = explored(world, Until::Exhausted);
    assert_eq!(run.ending, Ending::Exhausted, "{name} by {rules:?}");
    for known in properties::ALL.iter().filter(|known| known.is_invariant()) {
        assert_eq!(
            steps(&run, known.name),
            None,
            "{name} by {rules:?}: {}",
            known.name
        );
    }
    assert!(steps(&run, "value-chosen").is_some(), "{name}: {rules:?}");
    for reductions in reductions(world) {
        let reduced = reduced(world, reductions, Until::Exhausted);
        assert_eq!(reduced.ending, Ending::Exhausted);
        for known in properties::ALL {
            assert_eq!(
                steps(&reduced, known.name),
                steps(&run, known.name),
                "{name} by {rules:?}, reduced by {reductions}: {}",
                known.name
            );
        }
    }
}

#[test]
fn every_mutant_is_caught_or_a_control() {
    // Those are caught where rounds never end.
    let bounded = Mutant::ALL.iter().filter(|one| !one.is_about_progress());
    for &mutant in bounded {
        let mut rows = CAUGHT.iter().chain(CAUGHT_REDUCED);
        let caught = rows.any(|row| row.0 == mutant);
        let control = CONTROLS.iter().any(|row| row.0 == mutant);
        assert!(caught != control, "{mutant} is in both lists, or in none");
        assert_eq!(control, mutant.control().is_some(), "{mutant}");
    }
}

#[test]
fn every_fault_is_caught() {
    for &(mutant, scenario, shows) in CAUGHT {
        assert_caught(mutant, scenario, shows);
    }
}

#[test]
fn faults_of_large_worlds_are_caught() {
    for &(mutant, scenario, shows) in CAUGHT_REDUCED {
        if mutant == Mutant::NackCounts || slow_tests("next-round-from-nack, in 22 steps") {
            let world = shipped(scenario).with_mutant(mutant);
            let (property, until, found) = how(shows);
            let run = reduced(&world, Reductions::ALL, until);
            assert_eq!(steps(&run, property), found, "{mutant} in {scenario}");
        }
    }
}

#[test]
fn three_ballots_end_in_two_values() {
    if slow_tests("agreement by faults that need three ballots") {
        for &(mutant, scenario, shows) in CAUGHT_SLOWLY {
            assert_caught(mutant, scenario, shows);
        }
    }
}

#[test]
fn controls_survive() {
    for &(mutant, scenario) in CONTROLS {
        assert_survives(&shipped(scenario).with_mutant(mutant));
    }
    for scenario in ["notes", "flexible-quorums"] {
        assert_survives(&shipped(scenario));
    }
}

#[test]
fn controls_survive_large_worlds() {
    if slow_tests("promise-equal in large worlds") {
        for &(mutant, scenario) in SLOW_CONTROLS {
            assert_survives(&shipped(scenario).with_mutant(mutant));
        }
        assert_survives(&shipped("notes-retries"));
    }
}

/// Which of several reported votes is preferred matters only where two are reported: with one round
/// each it takes a third proposer, and with two proposers a second round.
#[test]
fn preferring_the_wrong_vote_needs_a_third_ballot() {
    let mutants = [
        Mutant::LowestVote,
        Mutant::FirstVote,
        Mutant::LastVote,
        Mutant::HighestValue,
    ];
    let duel = small("proposers = 2\nacceptors = 3", "");
    let states = reachable(&duel);
    for mutant in mutants {
        let duel = duel.clone().with_mutant(mutant);
        assert_survives(&duel);
        assert!(reachable(&duel) == states, "{mutant} changes nothing here");
    }
}

/// Only where the highest ballot's value is not the highest value as well.
#[test]
fn preferring_the_highest_value_needs_values_against_ballots() {
    if slow_tests("highest-value in three-proposers") {
        assert_survives(&shipped("three-proposers").with_mutant(Mutant::HighestValue));
    }
}

/// Promises that accepting does not raise let nothing false be chosen in one round of two
/// proposers; only the finer invariant sees them there.
#[test]
fn votes_that_do_not_promise_need_a_third_ballot_to_break_agreement() {
    let duel = small("proposers = 2\nacceptors = 3", "").with_mutant(Mutant::AcceptKeepsPromise);
    let run = explored(&duel, Until::Exhausted);
    assert_eq!(run.ending, Ending::Exhausted);
    assert_eq!(steps(&run, "agreement"), None);
    assert_eq!(steps(&run, "votes-are-safe"), None);
    assert_eq!(steps(&run, "promises-rise"), Some(12));
}

/// Of three acceptors, half rounded up is a majority; two of four or one of two is not.
#[test]
fn half_quorums_need_an_even_number_of_acceptors() {
    for acceptors in [1, 3] {
        let cluster = format!("proposers = 2\nacceptors = {acceptors}");
        assert_survives(&small(&cluster, "").with_mutant(Mutant::HalfQuorums));
    }
}

/// An exact 2q = A + 1 has a solution for an odd number only.
#[test]
fn over_strict_quorums_need_an_even_number_of_acceptors() {
    for (acceptors, chosen) in [(1, true), (2, false), (3, true)] {
        let cluster = format!("proposers = 2\nacceptors = {acceptors}");
        let world = small(&cluster, "").with_mutant(Mutant::OverStrictQuorum);
        let run = explored(&world, Until::Exhausted);
        assert_eq!(steps(&run, "value-chosen").is_some(), chosen, "{acceptors}");
    }
}

/// Between two whole steps the disk is always up to date, in whatever order a host works.
#[test]
fn sending_first_needs_a_torn_step() {
    let cluster = "proposers = 2\nacceptors = 1\nlearners = 1";
    let whole = small(cluster, "[world]\ncrashes = 1").with_mutant(Mutant::SendFirst);
    assert_survives(&whole);
    let torn = small(cluster, "[world]\ncrashes = 1\ntorn = true").with_mutant(Mutant::SendFirst);
    let run = explored(&torn, Until::Exhausted);
    assert_eq!(steps(&run, "agreement"), Some(8));
}

/// What a node does with its disk shows only when it restarts.
#[test]
fn forgetting_needs_a_crash() {
    let mutants = [
        Mutant::PromiseNotDurable,
        Mutant::VoteNotDurable,
        Mutant::CorruptIsEmpty,
        Mutant::BallotReused,
        Mutant::SendFirst,
        Mutant::TornBallotWithoutValue,
        Mutant::CutAfterRound,
        Mutant::CutAfterPromise,
        Mutant::WriteDropped,
        Mutant::DiskRestored,
    ];
    for mutant in mutants {
        let calm = small("proposers = 2\nacceptors = 1\nlearners = 1", "");
        assert_survives(&calm.with_mutant(mutant));
        let asked_twice = small("proposers = 1\nacceptors = 1", "[world]\nrounds = 2");
        assert_survives(&asked_twice.with_mutant(mutant));
    }
}

/// A torn write has sent nothing: what a single acceptor reads back in part shows only where that part replaces what was
/// there before.
#[test]
fn torn_records_need_a_torn_step() {
    let mutants = [
        Mutant::TornBallotWithoutValue,
        Mutant::CutAfterRound,
        Mutant::CutAfterPromise,
    ];
    for mutant in mutants {
        let cluster = "proposers = 2\nacceptors = 1\nlearners = 1";
        let whole = small(cluster, "[world]\ncrashes = 1").with_mutant(mutant);
        assert_survives(&whole);
    }
}

/// A repeated promise is a second one only where hosts repeat.
#[test]
fn hiding_a_vote_in_a_repeated_promise_needs_hosts_that_repeat() {
    assert_survives(&shipped("one-acceptor").with_mutant(Mutant::RepeatHidesVote));
}

/// A proposer with a round to spare, asked again after a crash.
#[test]
fn a_ballot_used_again_needs_a_proposer_that_is_asked_again() {
    assert_survives(&shipped("one-acceptor").with_mutant(Mutant::BallotReused));
}

#[test]
fn names_are_read_as_they_are_written() {
    for &mutant in Mutant::ALL {
        assert_eq!(mutant.to_string().parse(), Ok(mutant));
        assert!(!mutant.fault().is_empty());
    }
    let error = "acept-stale".parse::<Mutant>().unwrap_err();
    assert!(error.contains("acept-stale"), "{error}");
    assert!(Known::named("agreemnt").is_none());
}
