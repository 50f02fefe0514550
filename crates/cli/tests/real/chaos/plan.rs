//! What will be done to a cluster in a round, all of it from a seed.

use std::time::Duration;

use super::super::proxy::Way;
use super::history::Ask;

/// How many nodes a cluster has.
pub const NODES: usize = 3;
/// How many clients there are.
pub const CLIENTS: usize = 6;
/// How many keys a round has.
pub const KEYS: usize = 6;
/// How many operations there are on a key. The judge tries orders of them.
const OPERATIONS: usize = 9;
/// For how long nodes are killed and ways are cut.
const TROUBLE_MS: u64 = 700;

/// One round.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What each client does, one after another.
    pub clients: Vec<Vec<Step>>,
    /// What happens to nodes and ways, and when, from the beginning of the round.
    pub events: Vec<(Duration, Event)>,
}

/// What a client does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How long it waits before.
    pub pause: Duration,
    /// Which of the round's keys.
    pub key: usize,
    /// What it asks.
    pub ask: Ask,
    /// Whom, in this order.
    pub nodes: Vec<usize>,
    /// How long it waits for an answer.
    pub timeout: Duration,
    /// Whether it goes round the proxy. Then it can learn that nobody is there.
    pub is_direct: bool,
}

/// What happens to a node or a way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The node is killed.
    Kill(usize),
    /// It is started again.
    Start(usize),
    /// The way is dead for so long.
    Cut(Way, Duration),
}

impl Plan {
    /// The plan of a round, from its own seed. `round` goes into the values.
    pub fn of(seed: u64, round: usize) -> Plan {
        let mut chance = fastrand::Rng::with_seed(seed);
        Plan {
            clients: clients(&mut chance, round),
            events: events(&mut chance),
        }
    }
}

/// Operations on the same key lie close together, and those on other keys between them.
fn clients(chance: &mut fastrand::Rng, round: usize) -> Vec<Vec<Step>> {
    let mut steps: Vec<(usize, Step)> = Vec::new();
    for key in 0..KEYS {
        for number in 0..OPERATIONS {
            let place = key * OPERATIONS + chance.usize(..3 * OPERATIONS);
            steps.push((place, step(chance, round, key, number)));
        }
    }
    steps.sort_by_key(|(place, _)| *place);
    let mut clients = vec![Vec::new(); CLIENTS];
    for (turn, (_, step)) in steps.into_iter().enumerate() {
        clients[turn % CLIENTS].push(step);
    }
    clients
}

fn step(chance: &mut fastrand::Rng, round: usize, key: usize, number: usize) -> Step {
    let mut nodes: Vec<usize> = (0..NODES).collect();
    chance.shuffle(&mut nodes);
    let is_patient = chance.u8(..10) == 0;
    nodes.truncate(if is_patient { NODES } else { 1 });
    let timeout_ms = if is_patient { 400 } else { chance.u64(30..180) };
    Step {
        pause: Duration::from_millis(chance.u64(..8)),
        key,
        ask: match chance.u8(..9) {
            ..5 => Ask::Propose(format!("v{round}.{key}.{number}")),
            5.. => Ask::Get,
        },
        nodes,
        timeout: Duration::from_millis(timeout_ms),
        is_direct: chance.u8(..5) == 0,
    }
}

/// Each node is killed up to twice, whatever becomes of the others, and is soon up again. Ways die
/// for a while, one direction at a time.
fn events(chance: &mut fastrand::Rng) -> Vec<(Duration, Event)> {
    let mut events = Vec::new();
    for node in 0..NODES {
        let mut at = chance.u64(..TROUBLE_MS);
        for _ in 0..[0, 1, 1, 2][chance.usize(..4)] {
            if at < TROUBLE_MS {
                let up = at + chance.u64(..150);
                events.extend([(at, Event::Kill(node)), (up, Event::Start(node))]);
                at = up + 50 + chance.u64(..TROUBLE_MS);
            }
        }
    }
    for _ in 0..chance.usize(1..6) {
        let from = chance.usize(..NODES);
        let (to, client) = (
            (from + chance.usize(1..NODES)) % NODES,
            chance.usize(..CLIENTS),
        );
        let way = match chance.u8(..4) {
            ..2 => Way::Peer { from, to },
            2 => Way::Request { client, node: to },
            3.. => Way::Reply { node: from, client },
        };
        let duration = Duration::from_millis(chance.u64(50..400));
        events.push((chance.u64(..TROUBLE_MS), Event::Cut(way, duration)));
    }
    events.sort_by_key(|(at, _)| *at);
    let timed = |(at, event)| (Duration::from_millis(at), event);
    events.into_iter().map(timed).collect()
}
