//! The World against Lamport's own specification: projected on what its states are made of, it has as many.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use checker::{Limits, Reductions};
use parking_lot::Mutex;
use paxos::{Ballot, Message, NodeId, Vote};
use rapidhash::quality::RapidHasher;

use crate::explore::on_every_state;
use crate::{Letter, Scenario, State, World};

/// `maxBal`, and `maxVBal` with `maxVal`, of an acceptor.
type Remembered = (Option<Ballot>, Option<Vote<Letter>>);

/// A state of `Paxos.tla`: what acceptors remember, and `msgs`. A 1a or 2a message is the proposer's, a 1b or 2b the acceptor's.
fn projected(world: &World, state: &State) -> (Vec<Remembered>, Vec<(NodeId, Message<Letter>)>) {
    let acceptors = world.cluster().acceptors().iter().map(|id| {
        let acceptor = state.server(id).acceptor;
        (acceptor.promised, acceptor.accepted)
    });
    let said = state
        .mail
        .iter()
        .map(|parcel| (parcel.from(), parcel.message()));
    (acceptors.collect(), said.collect())
}

/// How many states of `Paxos.tla` are behind the states of three proposers with one round each and three acceptors.
fn states_of_paxos_tla(values: [&str; 3]) -> usize {
    let asks = values.iter().enumerate();
    let asks: String = asks
        .map(|(of, value)| format!("[[ask]]\nvalue = \"{value}\"\nof = {of}\n"))
        .collect();
    let text =
        format!("title = \"\"\nabout = \"\"\n[cluster]\nproposers = 3\nacceptors = 3\n{asks}");
    let scenario = Scenario::parse(Path::new("inline.toml"), &text).unwrap();
    let world = World::new(Arc::new(scenario)).unwrap();
    let seen: Arc<Mutex<HashSet<u64>>> = Arc::default();
    let (noted, of) = (Arc::clone(&seen), world.clone());
    let note = move |state: &State| {
        let hash = hash_of(&projected(&of, state));
        noted.lock().insert(hash);
        true
    };
    let limits = Limits::default();
    let run = on_every_state(&world, Reductions::NONE, Arc::new(note), &limits, &|_| ());
    assert!(run.unwrap().is_exhausted());
    let seen = seen.lock();
    seen.len()
}

fn hash_of(value: &impl std::hash::Hash) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = RapidHasher::new(0);
    value.hash(&mut hasher);
    hasher.finish()
}

/// Lamport's `Paxos.tla` has as many distinct states with three acceptors, three ballots, and for each ballot one value to propose
/// where nothing else has to be.
#[test]
fn the_world_has_the_states_of_paxos_tla() {
    assert_eq!(states_of_paxos_tla(["A", "B", "C"]), 76_313);
    assert_eq!(states_of_paxos_tla(["A", "B", "A"]), 74_681);
}
