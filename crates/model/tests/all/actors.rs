//! The World and the actors are the same worlds: the same states, one by one.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use checker::{Limits, explore};
use model::{Actors, Mutant, Scenario, State, World};
use stateright::Model;

/// Every reachable state, by the plainest search there is.
fn reachable<M: Model>(model: &M) -> Vec<M::State>
where
    M::State: Clone + Eq + std::hash::Hash,
{
    let mut seen: HashSet<M::State> = HashSet::new();
    let mut pending = model.init_states();
    while let Some(state) = pending.pop() {
        if model.within_boundary(&state) && seen.insert(state.clone()) {
            pending.extend(model.next_states(&state));
        }
    }
    seen.into_iter().collect()
}

fn world(body: &str) -> World {
    let text = format!("title = \"\"\nabout = \"\"\n{body}");
    let scenario = Scenario::parse(Path::new("inline.toml"), &text).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

/// Explores both and compares: as many states, and the very same.
fn assert_same(body: &str) {
    assert_same_states(&world(body), body);
}

fn assert_same_states(world: &World, body: &str) {
    let actors = Actors::new(world).expect("actors can express it");
    let ours: HashSet<State> = reachable(world).into_iter().collect();
    let theirs = reachable(&actors);
    let seen: HashSet<State> = theirs.iter().map(|state| actors.view(state)).collect();
    assert_eq!(theirs.len(), ours.len(), "unique states of\n{body}");
    assert!(ours.len() > 10, "a world worth comparing: {}", ours.len());
    assert!(
        seen == ours,
        "the same number of different states in\n{body}"
    );
}

const DUEL: &str = "[[ask]]\nvalue = \"A\"\nof = 0\n[[ask]]\nvalue = \"B\"\nof = 1\n";
const ONE: &str = "[[ask]]\nvalue = \"A\"\nof = 0\n";

fn placed(place: &str, protocol: &str, bounds: &str, asks: &str) -> String {
    format!("[cluster]\n{place}\n[protocol]\n{protocol}\n[world]\n{bounds}\n{asks}")
}

#[test]
fn every_network() {
    for network in ["set", "bag", "ordered"] {
        for loss in [false, network == "ordered"] {
            for nack in [false, true] {
                let bounds = format!("network = \"{network}\"\nloss = {loss}");
                let protocol = format!("nack = {nack}");
                let place = "proposers = 2\nacceptors = 1\nlearners = 1";
                assert_same(&placed(place, &protocol, &bounds, DUEL));
                assert_same(&placed("servers = 2", &protocol, &bounds, ONE));
            }
        }
    }
}

#[test]
fn every_rule() {
    let place = "proposers = 2\nacceptors = 3";
    for protocol in [
        "rules = \"lamport\"",
        "rules = \"notes\"",
        "prepare-quorum = 3\naccept-quorum = 1",
    ] {
        assert_same(&placed(place, protocol, "", DUEL));
    }
}

#[test]
fn retries_and_rounds() {
    let place = "proposers = 2\nacceptors = 1";
    for bounds in [
        "rounds = 2",
        "rounds = 3\nretries = 1",
        "rounds = 2\nnetwork = \"bag\"",
    ] {
        for nack in ["", "nack = true"] {
            assert_same(&placed(place, nack, bounds, DUEL));
        }
    }
}

#[test]
fn clients_that_ask_again_and_nodes_that_are_down() {
    let again = "[[ask]]\nvalue = \"A\"\nof = 0\n[[ask]]\nvalue = \"A\"\nof = 1\n[[ask]]\nvalue = \"B\"\nof = 0\n";
    assert_same(&placed("proposers = 2\nacceptors = 1", "", "", again));
    assert_same(&placed("servers = 3", "", "down = [2]", ONE));
}

#[test]
fn what_actors_cannot_express_is_said() {
    let crash = placed("servers = 1", "", "crashes = 1", ONE);
    assert!(Actors::new(&world(&crash)).is_none());
    let down = placed("servers = 3", "", "network = \"ordered\"\ndown = [2]", ONE);
    assert!(Actors::new(&world(&down)).is_none());
    let lost = "faults = [\"reply-lost\"]\nfaults-most = 1";
    assert!(Actors::new(&world(&placed("servers = 1", "", lost, ONE))).is_none());
}

/// Every scenario of `models/` that actors can express, explored to the end on both sides. The larger
/// ones take minutes: those below two million states are counted with `SLOW_TESTS=1`.
#[test]
fn the_scenarios_of_the_suite() {
    let slow = std::env::var_os("SLOW_TESTS").is_some_and(|value| value == "1");
    let most = if slow { 2_000_000 } else { 70_000 };
    let mut compared = Vec::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models")).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue; // traces that are kept, and excuses
        }
        let scenario = Scenario::read(&path).unwrap();
        let (name, expect) = (scenario.name.clone(), scenario.expect.clone());
        let world = World::new(Arc::new(scenario)).unwrap();
        let Some(actors) = Actors::new(&world) else {
            continue;
        };
        let states = expect.states.unwrap_or(u64::MAX);
        if states > most {
            println!("left out, for want of SLOW_TESTS=1 or for its size: {name}");
            continue;
        }
        let limits = Limits {
            threads: std::thread::available_parallelism().unwrap(),
            ..Limits::default()
        };
        let run = explore(&actors, &limits, &|_| ()).unwrap();
        assert!(run.is_exhausted());
        assert_eq!(run.unique, states, "{name}");
        compared.push(name);
    }
    assert!(compared.len() >= 3, "{compared:?}");
}

/// A refusal that sets its own round gives no reason to wait, yet time-outs are counted.
#[test]
fn a_retry_that_changes_nothing_else_is_counted() {
    let body = placed(
        "proposers = 2\nacceptors = 1",
        "nack = true",
        "rounds = 2\nretries = 2",
        DUEL,
    );
    assert_same_states(&world(&body).with_mutant(Mutant::NextRoundFromNack), &body);
}
