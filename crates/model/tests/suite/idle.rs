//! No check is idle: whichever property, class of scenarios or freedom of the network is taken away, a
//! known fault gets through.
//!
//! All of it is read off one matrix: the mutants that a row names in every scenario of the suite, and the
//! properties that find them out there. Scenarios that take long in an unoptimised build are in it with
//! `SLOW_TESTS=1` only. That all others are found out, and that controls are not, is what `paxos mutants` says.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use model::{Mutant, Network, Scenario, World, properties, trial};

use crate::worlds::{explored, shipped, slow, suite};

/// A mutant in a scenario, and the properties that find it out there.
struct Cell {
    mutant: Mutant,
    scenario: Arc<Scenario>,
    killers: Vec<&'static str>,
}

/// The properties that find a fault out, in all there is of a world.
fn killers(world: &World) -> Vec<&'static str> {
    let killers = trial::killers(world, &explored(world));
    killers.iter().map(|known| known.name).collect()
}

/// More states than this take long for so many mutants.
const SMALL: u64 = 6_000;

/// Scenarios of more states in which alone a fault shows that a row names.
const NEEDED: [&str; 5] = [
    "three-acceptors-retries",
    "values-against-ballots",
    "clients-and-faults",
    "disks-fail",
    "two-clients-read",
];

/// Scenarios that are not in the matrix: in a grid half the acceptors can be without a quorum, so that announcing by half of them
/// breaks more than one property. The other one takes long for so many mutants, and no row needs it.
const LEFT_OUT: [&str; 2] = ["grid-quorums", "three-acceptors-nack-retries"];

fn matrix() -> &'static [Cell] {
    static MATRIX: OnceLock<Vec<Cell>> = OnceLock::new();
    MATRIX.get_or_init(|| {
        let mut worlds = suite();
        let is_slow = slow("the matrix in scenarios of more than 6,000 states");
        worlds.retain(|world| {
            let scenario = world.scenario();
            let states = scenario.expect.states_visited().unwrap_or(u64::MAX);
            let is_small = states <= SMALL || NEEDED.contains(&scenario.name.as_str());
            let is_left_out = LEFT_OUT.contains(&scenario.name.as_str());
            trial::is_fit(scenario) && !is_left_out && (is_slow || is_small)
        });
        let cells = mutants().into_iter().flat_map(|mutant| {
            worlds.iter().map(move |world| Cell {
                mutant,
                scenario: Arc::new(world.scenario().clone()),
                killers: killers(&world.clone().with_mutant(mutant)),
            })
        });
        cells.collect()
    })
}

/// The mutants that a row names.
fn mutants() -> BTreeSet<Mutant> {
    let only = ONLY.iter().map(|row| row.1);
    let classes = CLASSES.iter().map(|row| row.2);
    let several = SEVERAL.iter().map(|row| row.1);
    only.chain(classes).chain(several).collect()
}

/// Of what clients are told it says again what others say; its own is what those are told that read.
const TOLD: &str = "linearizable";

/// Whether there is a scenario where a fault is found out without this property.
fn is_killed_without(mutant: Mutant, property: &str) -> bool {
    let mut cells = matrix().iter().filter(|cell| cell.mutant == mutant);
    cells.any(|cell| {
        let mut killers = cell.killers.iter();
        killers.any(|name| *name != property && *name != TOLD)
    })
}

fn is_killed(mutant: Mutant) -> bool {
    let mut cells = matrix().iter().filter(|cell| cell.mutant == mutant);
    cells.any(|cell| !cell.killers.is_empty())
}

/// For each property a fault that nothing else finds out.
const ONLY: &[(&str, Mutant)] = &[
    ("validity", Mutant::DefaultValue),
    ("announced-is-chosen", Mutant::HalfIsAnnounced),
    ("promises-rise", Mutant::RetryKeepsPromise),
    ("no-vote-below-promise", Mutant::VoteReportedLow),
    ("one-value-per-ballot", Mutant::PeersToldOwn),
    ("votes-are-safe", Mutant::DownIsPromised),
    ("failure-is-true", Mutant::RefusalsBelieved),
    ("linearizable", Mutant::ReadFromOne),
    ("waits-with-timer", Mutant::NoTimer),
    ("learned-is-announced", Mutant::AdoptedNotAnnounced),
    ("learner-learns", Mutant::VotesToProposerOnly),
    ("client-told", Mutant::AnswersOnlyAgain),
    ("told-after-unknown", Mutant::NeverAsksAgain),
    ("value-adopted", Mutant::AdoptsFromAllOnly),
    ("vote-superseded", Mutant::VotesOnce),
];

/// Properties that follow from others, so that no fault can be found out by them alone: with the others
/// and the proof. They are what one wants to know; the others say why it is so.
const IMPLIED: &[(&str, &[&str], &str)] = &[
    (
        "agreement",
        &[
            "announced-is-chosen",
            "one-value-per-ballot",
            "votes-are-safe",
        ],
        "what is announced or told is chosen; two values chosen in one ballot are two values in it; \
         and if v is chosen in a ballot and w in a higher one, a quorum has voted for v below, so the vote \
         for w is not safe",
    ),
    (
        "stability",
        &["agreement"],
        "a node that has announced two values has announced two different ones",
    ),
    (
        "value-chosen",
        &["client-told", "announced-is-chosen"],
        "if a client is told a value, it is announced, and what is announced is chosen; each scenario \
         that expects the one witness expects the other",
    ),
];

/// The one that finds out no fault of the protocol: it says of a scenario that its crashes come at a
/// bad time, and no protocol in which anything is ever promised can prevent that.
const OF_SCENARIOS: &str = "restart-mid-ballot";

#[test]
fn every_property_is_accounted_for() {
    let only = ONLY.iter().map(|row| row.0);
    let implied = IMPLIED.iter().map(|row| row.0);
    let mut listed: Vec<&str> = only.chain(implied).chain([OF_SCENARIOS]).collect();
    let mut all: Vec<&str> = properties::ALL.iter().map(|known| known.name).collect();
    listed.sort_unstable();
    all.sort_unstable();
    assert_eq!(listed, all);
}

#[test]
fn without_any_one_property_a_fault_gets_through() {
    for (property, mutant) in ONLY {
        assert!(is_killed(*mutant), "{mutant} is not found out");
        assert!(
            !is_killed_without(*mutant, property),
            "{mutant} is found out without {property}: {:?}",
            matrix()
                .iter()
                .filter(|cell| cell.mutant == *mutant && !cell.killers.is_empty())
                .map(|cell| (&cell.scenario.name, &cell.killers))
                .collect::<Vec<_>>()
        );
    }
}

/// Faults that are found out by this property and by others.
const SEVERAL: &[(&str, Mutant)] = &[
    ("agreement", Mutant::OwnValue),
    ("votes-are-safe", Mutant::HighestValue),
    ("value-chosen", Mutant::AcceptStrict),
    ("client-told", Mutant::NeverAnnounced),
    ("failure-is-true", Mutant::FailedWriteIgnored),
];

/// And the question can be answered with no.
#[test]
fn most_faults_are_found_out_by_more_than_one_property() {
    for (property, mutant) in SEVERAL {
        assert!(is_killed_without(*mutant, property), "{mutant}");
    }
}

#[test]
fn what_follows_from_others_is_never_alone() {
    for (property, others, why) in IMPLIED {
        let killed = matrix()
            .iter()
            .filter(|cell| cell.killers.contains(property));
        let mut count = 0;
        for cell in killed {
            assert!(
                cell.killers.iter().any(|name| others.contains(name)),
                "{} in {}: {property} alone, though {why}",
                cell.mutant,
                cell.scenario.name
            );
            count += 1;
        }
        assert!(count > 0, "{property} finds out nothing at all");
    }
    let mut cells = matrix().iter();
    assert!(!cells.any(|cell| cell.killers.contains(&OF_SCENARIOS)));
}

/// A class of scenarios: its name, which belong to it, and a fault that shows in no other scenario.
type Class = (&'static str, fn(&Scenario) -> bool, Mutant);

const CLASSES: &[Class] = &[
    ("retries", has_retries, Mutant::RetryKeepsPromise),
    ("three proposers", has_three_proposers, Mutant::HighestValue),
    ("an even number of acceptors", is_even, Mutant::HalfQuorums),
    ("a crash", has_crash, Mutant::VoteNotDurable),
    ("torn steps", |one| one.world.torn, Mutant::SendFirst),
    (
        "nodes that are down",
        |one| !one.world.down.is_empty(),
        Mutant::DownIsPromised,
    ),
    (
        "hosts that repeat",
        |one| one.world.repeats,
        Mutant::RepeatHidesVote,
    ),
    (
        "quorums that are no sizes",
        |one| one.protocol.quorums.is_some(),
        Mutant::QuorumsByCount,
    ),
    ("clients that read", has_reads, Mutant::ReadFromOne),
    ("failures of clients", has_faults, Mutant::RefusalsBelieved),
    ("failures of disks", has_faults, Mutant::SentUnflushed),
];

fn has_retries(scenario: &Scenario) -> bool {
    scenario.world.rounds > 1
}

fn has_crash(scenario: &Scenario) -> bool {
    scenario.world.crashes > 0 || has_faults(scenario)
}

fn has_faults(scenario: &Scenario) -> bool {
    !scenario.world.faults.is_empty()
}

fn has_reads(scenario: &Scenario) -> bool {
    !scenario.read.is_empty()
}

fn has_three_proposers(scenario: &Scenario) -> bool {
    let asked: BTreeSet<usize> = scenario.ask.iter().map(|ask| ask.of).collect();
    asked.len() > 2
}

fn is_even(scenario: &Scenario) -> bool {
    scenario
        .cluster()
        .unwrap()
        .acceptors()
        .len()
        .is_multiple_of(2)
}

/// The scenarios outside a class where a fault is found out.
fn elsewhere(belongs: fn(&Scenario) -> bool, mutant: Mutant) -> Vec<&'static str> {
    let outside = matrix()
        .iter()
        .filter(|cell| cell.mutant == mutant && !belongs(&cell.scenario));
    let killed = outside.filter(|cell| !cell.killers.is_empty());
    killed.map(|cell| cell.scenario.name.as_str()).collect()
}

#[test]
fn without_any_class_of_scenarios_a_fault_gets_through() {
    for (class, belongs, mutant) in CLASSES {
        assert!(is_killed(*mutant), "{mutant} is not found out");
        assert_eq!(
            elsewhere(*belongs, *mutant),
            [""; 0],
            "{mutant} without {class}"
        );
    }
}

/// And the question can be answered with no.
#[test]
fn most_faults_show_in_more_than_one_class() {
    for (class, belongs, _) in CLASSES {
        assert!(
            !elsewhere(*belongs, Mutant::DefaultValue).is_empty(),
            "{class}"
        );
    }
}

/// The same scenario on a network that delivers nothing twice.
fn without_copies(world: &World) -> World {
    let mut scenario = world.scenario().clone();
    scenario.world.network = Network::Bag;
    World::new(Arc::new(scenario)).unwrap()
}

/// A vote that is counted twice has to arrive twice: where nothing does, that fault is none.
///
/// In the scenarios whose worlds are small enough without reductions, which a bag does not allow. In the others it
/// is no different: an acceptor votes again only if the same proposal arrives again, and a proposer proposes
/// once in a ballot.
#[test]
fn without_copies_of_messages_a_fault_gets_through() {
    let mutant = Mutant::VoteCountedTwice;
    let names: &[&str] = match slow("bags of the larger worlds") {
        false => &["clients-give-up"],
        true => &[
            "clients-give-up",
            "notes",
            "three-servers",
            "four-acceptors",
            "roles-apart",
        ],
    };
    for name in names {
        let world = shipped(name).with_mutant(mutant);
        assert!(killers(&world).contains(&"announced-is-chosen"), "{name}");
        assert_eq!(
            killers(&without_copies(&world).with_mutant(mutant)),
            [""; 0],
            "{name}"
        );
    }
    // The other fault that needs nothing twice is found out in a bag as well.
    let other = without_copies(&shipped("clients-give-up")).with_mutant(Mutant::DefaultValue);
    assert!(!killers(&other).is_empty());
}
