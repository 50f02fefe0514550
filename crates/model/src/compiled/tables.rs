//! What each node does in each state it can be in, asked of the [`World`] once and remembered.
//!
//! A step of a node depends on that node alone, so there are few of them compared with the states of
//! the world. The tables grow while the world is explored, by many threads at once. Numbers in
//! them depend on who came first; keys depend on what they are the keys of, and on nothing else.

mod prospects;
mod steps;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use checker::{Fingerprint as _, Reductions};
use parking_lot::{Mutex, RwLock};
use paxos::NodeId;
use rapidhash::fast::RapidHasher;
use stateright::Model as _;

use super::growing::Growing;
use super::judges::{View, conditions};
use super::local::{Facts, Local, Said};
use super::outlook::Outlook;
use super::premises::{Asking, Beyond, Met, Premises, Swaps};
use super::roles::Roles;
use super::universe::{Mask, Universe};
use crate::{Ask, Kind, Outcome, State, World};

/// What happens to one node in one step.
#[derive(Debug)]
pub(crate) struct Transition {
    /// The node's next state.
    pub(crate) to: u32,
    /// Whether the world changes whatever the network holds.
    pub(crate) stirs: bool,
    /// What kind of thing it is.
    pub(crate) kind: Kind,
    /// Whether a crash struck a ballot under way.
    pub(crate) mid_ballot: bool,
    /// By how much the sum of keys changes with the node.
    pub(crate) delta: u128,
    /// What is sent, by number.
    pub(crate) sends: Box<[u16]>,
}

/// A node in one state, and all that follows.
pub(crate) struct Entry {
    pub(crate) local: Local,
    pub(crate) facts: Facts,
    /// The key of its facts at this node.
    pub(crate) facts_key: u128,
    pub(crate) key: u128,
    /// For each envelope of the inbox, what its arrival does: see [`Cell`].
    deliveries: Box<[AtomicU32]>,
    /// The envelopes of the inbox of which it is known that their arrival does nothing, as bits.
    nothing: Box<[AtomicU64]>,
    rest: OnceLock<Rest>,
    /// For each envelope of the inbox, the ways to crash over it. Empty where no step can be torn.
    torn: Box<[OnceLock<Tears>]>,
    /// What can still come of what is on its way; without and with a crash to come.
    prospects: [OnceLock<Prospect>; 2],
    /// The same without what no property will ask for any more, without and with a crash to come; plus one.
    normal: [AtomicU32; 2],
    /// For each ballot, the same with its proposals forgotten; plus one. Made when first used.
    forgetting: OnceLock<Box<[AtomicU32]>>,
    pub(crate) portrait: OnceLock<super::orbit::Portrait>,
    /// What happened here, as far as premises ask.
    pub(crate) met: Mutex<Option<Box<Met>>>,
}

/// How a step can be cut short by a crash: how many sends were made, and what that does.
type Tears = Box<[(u8, u32)]>;

/// What happens to a node beside deliveries.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// Requests, by their place among the scenario's.
    pub(crate) asks: Vec<(u8, u32)>,
    pub(crate) asks_torn: Vec<(u8, u8, u32)>,
    pub(crate) timeout: Option<u32>,
    pub(crate) timeout_torn: Vec<(u8, u32)>,
    pub(crate) crash: Option<u32>,
}

/// What can still come of what is on its way to a node.
#[derive(Debug)]
pub(crate) struct Prospect {
    /// Envelopes for it that can be taken out.
    pub(crate) dead: Mask,
    /// Envelopes that can be taken out where all these are dead or on their way.
    pub(crate) repeating: Vec<(usize, Mask)>,
    /// Ballots it may yet vote in, and propose in.
    pub(crate) may_vote: u64,
    pub(crate) may_propose: u64,
}

impl Prospect {
    /// Of a node of which nothing is known.
    fn anything(universe: &Universe) -> Prospect {
        Prospect {
            dead: universe.nothing(),
            repeating: Vec::new(),
            may_vote: u64::MAX,
            may_propose: u64::MAX,
        }
    }
}

/// What the arrival of an envelope does, in one word: 0 is not known yet, 1 nothing; else the number of
/// the transition plus one, shifted, and whether it stirs.
#[derive(Clone, Copy)]
pub(crate) struct Cell(u32);

impl Cell {
    const NOTHING: Cell = Cell(1);

    fn new(transition: Option<(u32, bool)>) -> Cell {
        transition.map_or(Cell::NOTHING, |(number, stirs)| {
            Cell((number + 1) << 1 | u32::from(stirs))
        })
    }

    /// The transition, if it does anything.
    #[inline]
    pub(crate) fn transition(self) -> Option<u32> {
        (self.0 >> 1).checked_sub(1)
    }

    #[inline]
    pub(crate) fn stirs(self) -> bool {
        self.0 > 1 && self.0 & 1 == 1
    }
}

/// A map of what is looked up by its content.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<RapidHasher<'static>>>;

/// All states that a node has been seen in.
#[derive(Default)]
struct Node {
    numbers: RwLock<Map<Local, u32>>,
    entries: Growing<Entry>,
}

/// What each node does in each state it can be in.
pub(crate) struct Tables {
    pub(crate) world: World,
    pub(crate) universe: Universe,
    pub(crate) premises: Premises,
    /// The world before anything has happened.
    pub(crate) stage: State,
    roles: Roles,
    /// Without and with a crash to come: for each role of [`Roles::automata`], for each of its states.
    outlooks: [OnceLock<Vec<Vec<Outlook>>>; 2],
    nodes: Vec<Node>,
    /// What is asked of states, by the places of the properties.
    pub(crate) conditions: Vec<fn(&View<'_>) -> bool>,
    /// Other for each tables: what is known of the states of others is not of these.
    pub(crate) salt: u128,
    transitions: Growing<Transition>,
    /// A key for each envelope.
    pub(crate) envelope_keys: Vec<u128>,
}

/// How many tables there were in this process.
static TABLES: AtomicU64 = AtomicU64::new(0);

/// A node may be in so many states: as many as its share of a packed state can tell apart.
pub(crate) const NUMBERS: usize = 1 << 20;

impl Tables {
    /// Empty tables, with what nodes were found to do `beyond` their roles, for an exploration with the reductions that
    /// are `on`. `None` if the world has more messages, or roles more states, than is worth a table.
    pub(crate) fn new(
        world: World,
        beyond: &Beyond,
        asking: Asking,
        on: Reductions,
    ) -> Option<Tables> {
        let roles = Roles::of(&world, beyond)?;
        let universe = Universe::of(&world, &roles)?;
        let stage = world.init_states().pop()?;
        let envelope_keys = universe
            .envelopes
            .iter()
            .map(|envelope| u128::of(&("envelope", envelope.word())))
            .collect();
        let nodes = world.cluster().nodes().iter().map(|_| Node::default());
        let mut premises = Premises::new(asking, on);
        premises.swaps = Swaps::of(&world, &universe);
        let tables = Tables {
            nodes: nodes.collect(),
            conditions: conditions(),
            salt: u128::of(&("tables", TABLES.fetch_add(1, Ordering::Relaxed))),
            premises,
            world,
            universe,
            stage,
            roles,
            outlooks: [OnceLock::new(), OnceLock::new()],
            transitions: Growing::default(),
            envelope_keys,
        };
        tables.certify_alike();
        Some(tables)
    }

    /// The state that every node starts in.
    pub(crate) fn start(&self) -> Vec<u32> {
        let numbers = self.stage.packed().iter().enumerate();
        numbers
            .map(|(node, packed)| {
                let local = Local {
                    packed: *packed,
                    asks: self.stage.asks,
                    said: Said::default(),
                };
                self.number(node, local)
            })
            .collect()
    }

    #[inline]
    pub(crate) fn entry(&self, node: usize, number: u32) -> &Entry {
        &self.nodes[node].entries[number as usize]
    }

    /// The same, if the number is one.
    #[inline]
    pub(crate) fn known(&self, node: usize, number: u32) -> Option<&Entry> {
        self.nodes[node].entries.get(number as usize)
    }

    #[inline]
    pub(crate) fn transition(&self, number: u32) -> &Transition {
        &self.transitions[number as usize]
    }

    /// How many states each node has been seen in.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.nodes.iter().map(|node| node.entries.len()).collect()
    }

    /// For each node the states it has been seen in, by number.
    pub(crate) fn all_locals(&self) -> Vec<Vec<Local>> {
        let of = |node: &Node| node.entries.iter().map(|entry| entry.local).collect();
        self.nodes.iter().map(of).collect()
    }

    /// Gives states the numbers that other tables of this world had given them. `false`: they have
    /// other numbers already.
    pub(crate) fn learn(&self, locals: Vec<Vec<Local>>) -> bool {
        let learn_one = |(node, locals): (usize, Vec<Local>)| {
            let mut numbers = (0..).zip(locals);
            numbers.all(|(number, local)| self.number(node, local) == number)
        };
        locals.len() == self.nodes.len() && locals.into_iter().enumerate().all(learn_one)
    }

    /// The number of a node's state, new or known. Of one too many, any number: then these tables are refused.
    pub(crate) fn number(&self, node: usize, local: Local) -> u32 {
        let table = &self.nodes[node];
        if let Some(number) = table.numbers.read().get(&local) {
            return *number;
        }
        let mut numbers = table.numbers.write();
        if let Some(number) = numbers.get(&local) {
            return *number;
        }
        if table.entries.len() >= NUMBERS {
            self.premises.refuse_form(format!(
                "n{node} can be in more than {NUMBERS} states, which is more than its number has room for"
            ));
            return 0;
        }
        let entry = self.new_entry(node, local);
        let number = table.entries.push(entry);
        numbers.insert(local, number as u32);
        number as u32
    }

    /// What properties ask of a node in this state.
    pub(crate) fn facts(&self, node: usize, local: &Local) -> Facts {
        let id = NodeId::new(node).expect("a node of the cluster");
        let server = local.packed.unpack();
        let node = server.node(id, *self.world.cluster());
        Facts::of(local, &node, &self.universe)
    }

    fn new_entry(&self, node: usize, local: Local) -> Entry {
        let inbox = self.universe.inboxes[node].len();
        let torn = match self.is_torn() {
            true => inbox,
            false => 0,
        };
        let facts = self.facts(node, &local);
        Entry {
            local,
            facts,
            facts_key: u128::of(&("facts", node, facts)),
            key: u128::of(&("node", node, local)),
            deliveries: (0..inbox).map(|_| AtomicU32::new(0)).collect(),
            nothing: (0..self.universe.envelopes.len().div_ceil(64))
                .map(|_| AtomicU64::new(0))
                .collect(),
            rest: OnceLock::new(),
            torn: (0..torn).map(|_| OnceLock::new()).collect(),
            prospects: [OnceLock::new(), OnceLock::new()],
            normal: [AtomicU32::new(0), AtomicU32::new(0)],
            forgetting: OnceLock::new(),
            portrait: OnceLock::new(),
            met: Mutex::new(None),
        }
    }
}

/// What a client of a node knows, of all that the scenario's clients ask.
pub(crate) fn merged(parts: impl Iterator<Item = [Outcome; Ask::LIMIT]>) -> [Outcome; Ask::LIMIT] {
    let mut all = [Outcome::NotAsked; Ask::LIMIT];
    for part in parts {
        for (all, own) in all.iter_mut().zip(part) {
            if own != Outcome::NotAsked {
                *all = own;
            }
        }
    }
    all
}
