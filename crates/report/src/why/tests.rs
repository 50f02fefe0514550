//! No law is idle: each objects to something that a known fault does.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use checker::{Limits, Reductions, Storage, Until};
use model::{Action, Mutant, Scenario, State, World};
use stateright::Model as _;

use super::reading::Reading;
use super::{LAWS, breaches};

/// Faults that break laws, where, and on the way to which violation.
const BREAKERS: &[(Mutant, &str, &str)] = &[
    (Mutant::FailedWriteIgnored, "disks-fail", "promises-rise"),
    (Mutant::CorruptIsEmpty, "disks-fail", "promises-rise"),
    (
        Mutant::BallotsNotUniquePromiseEqual,
        "one-acceptor",
        "agreement",
    ),
    (Mutant::PromiseStale, "one-acceptor", "agreement"),
    (Mutant::PromiseHidesVote, "one-acceptor", "agreement"),
    (Mutant::AcceptStale, "one-acceptor", "agreement"),
    (Mutant::AcceptKeepsPromise, "three-servers", "promises-rise"),
    (Mutant::Phase1Skipped, "one-acceptor", "agreement"),
    (Mutant::TwoValuesOneBallot, "one-acceptor", "agreement"),
    (Mutant::OwnValue, "one-acceptor", "agreement"),
    (
        Mutant::HalfIsAnnounced,
        "four-acceptors",
        "announced-is-chosen",
    ),
    (Mutant::AnswersOwn, "one-acceptor", "agreement"),
    (
        Mutant::BusyAfterDoing,
        "clients-ask-again",
        "failure-is-true",
    ),
    (Mutant::SilenceIsFailure, "disks-fail", "failure-is-true"),
    (Mutant::WriteDropped, "one-acceptor", "promises-rise"),
    (Mutant::DiskRestored, "one-acceptor", "promises-rise"),
    (Mutant::SendFirst, "one-acceptor", "promises-rise"),
    (Mutant::VoteNotDurable, "one-acceptor", "agreement"),
    (Mutant::BallotReused, "one-proposer-restarts", "agreement"),
    (
        Mutant::OverStrictQuorum,
        "five-servers-one-down",
        "announced-is-chosen",
    ),
    (
        Mutant::AdoptedNotAnnounced,
        "one-acceptor",
        "learned-is-announced",
    ),
    (Mutant::NoTimer, "one-acceptor", "waits-with-timer"),
    (Mutant::ReadHidesVote, "clients-read", "linearizable"),
    (Mutant::ReadFromOne, "clients-read", "linearizable"),
    (Mutant::ReadJoinsAnother, "two-clients-read", "linearizable"),
];

/// A wrong vote in mind while promises still come in: that takes three promises and two votes, and so a world that is
/// too large to search for it.
const THREE_PROMISES: &str = r#"
title = "Three promises"
about = ""
cluster = { proposers = 3, acceptors = 4 }
protocol = { prepare-quorum = 3, accept-quorum = 2 }
ask = [{ value = "A", of = 0 }, { value = "B", of = 1 }, { value = "C", of = 2 }]
"#;

const LAST_OF_TWO_VOTES: &[&str] = &[
    "client asks n1 for B",
    "client asks n0 for A",
    "n0 → n3 Prepare 1.0",
    "n0 → n6 Prepare 1.0",
    "n1 → n6 Prepare 1.1",
    "n6 → n1 Promise 1.1",
    "n1 → n3 Prepare 1.1",
    "n3 → n1 Promise 1.1",
    "n3 → n0 Promise 1.0",
    "n6 → n0 Promise 1.0",
    "n0 → n4 Prepare 1.0",
    "n1 → n5 Prepare 1.1",
    "n5 → n1 Promise 1.1",
    "n1 → n6 Propose 1.1=B",
    "n4 → n0 Promise 1.0",
    "n0 → n4 Propose 1.0=A",
    "client asks n2 for C",
    "n2 → n6 Prepare 1.2",
    "n6 → n2 Promise 1.2 accepted 1.1=B",
    "n2 → n4 Prepare 1.2",
    "n4 → n2 Promise 1.2 accepted 1.0=A",
    "n2 → n3 Prepare 1.2",
    "n3 → n2 Promise 1.2",
    "n2 → n4 Propose 1.2=A",
];

type StatePath = stateright::Path<State, Action>;

fn world(name: &str) -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let scenario = Scenario::read(&folder.join(format!("{name}.toml"))).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

/// The laws that are broken on a path, by their places.
fn broken(world: &World, path: &StatePath) -> BTreeSet<usize> {
    let breaches = breaches(&Reading::new(world, path));
    breaches.iter().map(|breach| breach.law).collect()
}

fn found(world: &World, property: &'static str) -> StatePath {
    let limits = Limits {
        until: Until::Found(property),
        ..Limits::default()
    };
    let run = model::explore(
        world,
        Reductions::ALL,
        &Storage::default(),
        &limits,
        &|_| {},
    )
    .unwrap();
    let verdict = &run.finding(property).unwrap().verdict;
    verdict.path().cloned().expect(property)
}

fn walk(world: &World, script: &[&str]) -> StatePath {
    let start = world.init_states().remove(0);
    let mut state = start.clone();
    let mut taken = Vec::new();
    for line in script {
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        let action = *actions
            .iter()
            .find(|action| action.to_string() == *line)
            .expect(line);
        state = world.next_state(&state, action).unwrap();
        taken.push(action);
    }
    StatePath::from_actions(world, start, &taken).unwrap()
}

#[test]
fn every_law_is_broken_by_a_fault() {
    let mut all = BTreeSet::new();
    for (mutant, scenario, property) in BREAKERS {
        let world = world(scenario).with_mutant(*mutant);
        let laws = broken(&world, &found(&world, property));
        assert!(!laws.is_empty(), "{mutant} in {scenario}");
        all.extend(laws);
    }
    let scenario = Scenario::parse("three-promises.toml".as_ref(), THREE_PROMISES).unwrap();
    let world = World::new(Arc::new(scenario))
        .unwrap()
        .with_mutant(Mutant::LastVote);
    let path = walk(&world, LAST_OF_TWO_VOTES);
    let why = super::why(&world, &path, "votes-are-safe").unwrap();
    assert_eq!(why.step, Some(21), "{why:?}");
    all.extend(broken(&world, &path));
    assert_eq!(all, (0..LAWS.len()).collect());
}
