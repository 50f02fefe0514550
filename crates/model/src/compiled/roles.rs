//! What each role of each node can ever be and say, whatever the others do.
//!
//! A role is looked at alone: any message that anybody may ever send can arrive at any time, a request
//! or a time-out come whenever the scenario allows one at all. So this is more than what can happen, and
//! what is true of all of it is true of the world. It is found by running the [`World`]'s own steps
//! on nodes whose other roles are blank: a message concerns the role that it is for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use paxos::{Acceptor, Durable, Envelope, Learner, Message, NodeId, Progress, Proposer, Role};
use stateright::Model as _;

use super::premises::Beyond;
use crate::packed::Packed;
use crate::{Ask, Event, Outcome, Parcel, Server, State, World};

/// One node and what its clients know: all that a step of this node depends on and can change,
/// besides the network and the budgets.
pub(crate) type Part = (Packed, [Outcome; Ask::LIMIT]);

/// What a delivery does to a role in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    /// Whether anything but the network changes, or something is announced.
    pub(crate) stirs: bool,
    /// The envelopes sent, each to one addressee.
    pub(crate) sends: Vec<Parcel>,
}

/// All that one role of one node can be.
#[derive(Debug)]
pub(crate) struct Automaton {
    pub(crate) node: NodeId,
    pub(crate) role: Role,
    states: Vec<Part>,
    index: HashMap<Part, usize>,
    /// The envelopes that can arrive.
    pub(crate) inbox: Vec<Parcel>,
    /// For each state, how many of the inbox have been tried in it; and whether the rest has.
    tried: Vec<(usize, bool)>,
    /// For each state: where it can go next, and whether that takes a crash.
    pub(crate) next: Vec<BTreeSet<(usize, bool)>>,
    /// For each state: what arrives with an effect, by its place in the inbox.
    pub(crate) effects: Vec<BTreeMap<usize, Effect>>,
    /// For each state: what can be said in leaving it or staying in it.
    pub(crate) says: Vec<BTreeSet<Parcel>>,
}

/// Every role of every node, and everything that is ever sent.
#[derive(Debug)]
pub(crate) struct Roles {
    pub(crate) automata: Vec<Automaton>,
    /// Every envelope that can ever be sent, each to one addressee.
    pub(crate) envelopes: BTreeSet<Parcel>,
}

/// More than this many states of one role, or envelopes, is more than is worth a table.
const STATES_MAX: usize = 40_000;
const ENVELOPES_MAX: usize = 900;

impl Roles {
    /// Runs every role to its end, and what nodes were found to say and to come to beyond that. `None` if there is too much of it.
    pub(crate) fn of(world: &World, beyond: &Beyond) -> Option<Roles> {
        let stage = world.init_states().pop()?;
        let mut automata: Vec<Automaton> = Vec::new();
        for node in world.cluster().nodes().iter() {
            for role in Role::ALL {
                automata.push(Automaton::new(node, role, &stage));
            }
        }
        let mut envelopes = beyond.parcels.clone();
        for (node, role, part) in &beyond.views {
            let mut all = automata.iter_mut();
            let own = all.find(|automaton| automaton.node == *node && automaton.role == *role);
            own.expect("every node has an automaton for each role")
                .place(*part);
        }
        loop {
            let known = envelopes.len();
            let mut is_done = true;
            for automaton in &mut automata {
                is_done &= automaton.run(world, &stage, &mut envelopes)?;
            }
            if envelopes.len() > ENVELOPES_MAX {
                return None;
            }
            if is_done && envelopes.len() == known {
                break;
            }
            for automaton in &mut automata {
                automaton.receive(&envelopes);
            }
        }
        Some(Roles {
            automata,
            envelopes,
        })
    }

    /// The automaton of a role.
    pub(crate) fn automaton(&self, node: NodeId, role: Role) -> &Automaton {
        let mut all = self.automata.iter();
        all.find(|automaton| automaton.node == node && automaton.role == role)
            .expect("every node has an automaton for each role")
    }
}

impl Automaton {
    fn new(node: NodeId, role: Role, stage: &State) -> Automaton {
        let mut automaton = Automaton {
            node,
            role,
            states: Vec::new(),
            index: HashMap::new(),
            inbox: Vec::new(),
            tried: Vec::new(),
            next: Vec::new(),
            effects: Vec::new(),
            says: Vec::new(),
        };
        let server = stage.server(node);
        automaton.place(project(role, server, stage.asks));
        automaton
    }

    /// The number of a state, new or known.
    fn place(&mut self, part: Part) -> usize {
        *self.index.entry(part).or_insert_with(|| {
            self.states.push(part);
            self.tried.push((0, false));
            self.next.push(BTreeSet::new());
            self.effects.push(BTreeMap::new());
            self.says.push(BTreeSet::new());
            self.states.len() - 1
        })
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    /// A node's state as far as this role goes, and its number if the role can come to it.
    pub(crate) fn find(
        &self,
        server: Server,
        asks: [Outcome; Ask::LIMIT],
    ) -> (Part, Option<usize>) {
        let part = project(self.role, server, asks);
        (part, self.index.get(&part).copied())
    }

    /// Adds what is new among `envelopes` and for this role to the inbox.
    fn receive(&mut self, envelopes: &BTreeSet<Parcel>) {
        let known: BTreeSet<Parcel> = self.inbox.iter().copied().collect();
        let own = envelopes.iter().filter(|envelope| {
            envelope.to().contains(self.node) && envelope.message().kind().addressee() == self.role
        });
        self.inbox
            .extend(own.filter(|envelope| !known.contains(envelope)));
    }

    /// Tries everything that has not been tried; whether there was nothing. `None` if it becomes
    /// too much.
    fn run(
        &mut self,
        world: &World,
        stage: &State,
        envelopes: &mut BTreeSet<Parcel>,
    ) -> Option<bool> {
        let mut is_done = true;
        let mut at = 0;
        while at < self.states.len() {
            let (tried, is_begun) = self.tried[at];
            if tried < self.inbox.len() || !is_begun {
                is_done = false;
                self.visit(world, stage, at, envelopes);
                self.tried[at] = (self.inbox.len(), true);
            }
            if self.states.len() > STATES_MAX {
                return None;
            }
            at += 1;
        }
        Some(is_done)
    }

    fn visit(&mut self, world: &World, stage: &State, at: usize, envelopes: &mut BTreeSet<Parcel>) {
        let (packed, asks) = self.states[at];
        let mut staged = stage.clone();
        staged.set_server(self.node, &packed.unpack());
        staged.asks = asks;
        let (tried, is_begun) = self.tried[at];
        for place in tried..self.inbox.len() {
            let envelope = self.inbox[place].envelopes().next();
            let event = Event::Deliver(envelope.expect("an envelope has an addressee"));
            if let Some(effect) = self.happen(world, &staged, at, event, envelopes) {
                self.effects[at].insert(place, effect);
            }
        }
        if is_begun {
            return;
        }
        if self.role == Role::Proposer {
            self.spontaneous(world, &staged, at, envelopes);
        }
        if world.may_crash(self.node) {
            let mut next = staged.clone();
            world.crash(&mut next, self.node, staged.server(self.node));
            self.lead(at, &next, true);
        }
    }

    /// What a proposer does unless it is sent anything: requests and time-outs, and what becomes of it when its learner
    /// knows the outcome.
    fn spontaneous(
        &mut self,
        world: &World,
        staged: &State,
        at: usize,
        envelopes: &mut BTreeSet<Parcel>,
    ) {
        for (ask, index) in world.scenario().ask.iter().zip(0_u8..) {
            if ask.of == self.node.index() {
                let (of, value) = (self.node, ask.value);
                self.happen(
                    world,
                    staged,
                    at,
                    Event::Ask { index, of, value },
                    envelopes,
                );
                // A node that knows the outcome answers, and its proposer does not stir.
                let mut next = staged.clone();
                next.asks[usize::from(index)] = Outcome::Asked;
                self.lead(at, &next, false);
            }
        }
        self.happen(world, staged, at, Event::Timeout(self.node), envelopes);
        self.decide(world, staged, at, envelopes);
    }

    /// What becomes of a proposer when its learner gets to know the outcome: asked with learners that have
    /// counted any number of votes and hear of one more.
    fn decide(
        &mut self,
        world: &World,
        staged: &State,
        at: usize,
        envelopes: &mut BTreeSet<Parcel>,
    ) {
        let server = staged.server(self.node);
        let acceptors: Vec<NodeId> = world.cluster().acceptors().iter().collect();
        let own = match server.proposer.progress {
            Progress::Preparing { ballot, .. } | Progress::Proposing { ballot } => Some(ballot),
            Progress::Idle => None,
        };
        let first = world.rules().next_round(None, None);
        let first = first.map(|round| world.rules().ballot(round, self.node));
        for ballot in own.into_iter().chain(first) {
            for value in world.values().iter() {
                for (last, voters) in acceptors.iter().zip(0..) {
                    let voters = acceptors[..voters].iter().copied().collect();
                    let learner = Learner::Counting {
                        ballot,
                        value,
                        voters,
                    };
                    let mut staged = staged.clone();
                    staged.set_server(self.node, &Server { learner, ..server });
                    let event = Event::Deliver(Envelope {
                        from: *last,
                        to: self.node,
                        message: Message::Accepted { ballot, value },
                    });
                    if let Some(next) = world.step(&staged, event) {
                        self.hear(at, &next, envelopes);
                        self.lead(at, &next, false);
                    }
                }
            }
        }
    }

    /// Lets an event happen, torn as well; the effect of the whole step, if it has any.
    fn happen(
        &mut self,
        world: &World,
        staged: &State,
        at: usize,
        event: Event,
        envelopes: &mut BTreeSet<Parcel>,
    ) -> Option<Effect> {
        let (_, reaction) = world.reaction(staged, event)?;
        if world.may_crash(self.node) && world.scenario().world.torn {
            for sends in world.tears(&reaction) {
                if let Some(next) = world.torn(staged, event, usize::from(sends)) {
                    self.hear(at, &next, envelopes);
                    self.lead(at, &next, true);
                }
            }
        }
        let next = world.step(staged, event)?;
        let sends = self.hear(at, &next, envelopes);
        self.lead(at, &next, false);
        Some(Effect {
            stirs: reaction.changed || reaction.effects.chosen.is_some(),
            sends,
        })
    }

    /// Takes note of what was said on the way to `next`.
    fn hear(&mut self, at: usize, next: &State, envelopes: &mut BTreeSet<Parcel>) -> Vec<Parcel> {
        let sent: Vec<Parcel> = next.mail.iter().flat_map(|all| all.singles()).collect();
        envelopes.extend(&sent);
        self.says[at].extend(&sent);
        sent
    }

    fn lead(&mut self, at: usize, next: &State, crash: bool) {
        let part = project(self.role, next.server(self.node), next.asks);
        let to = self.place(part);
        if to != at {
            self.next[at].insert((to, crash));
        }
    }
}

/// The node with all but one role blank.
fn project(role: Role, server: Server, asks: [Outcome; Ask::LIMIT]) -> Part {
    let mut only = Server {
        acceptor: Acceptor {
            promised: None,
            accepted: None,
        },
        proposer: Proposer {
            last_round: None,
            client_value: None,
            highest_nack: None,
            progress: Progress::Idle,
        },
        learner: Learner::Unaware,
        disk: Durable::EMPTY,
        copy: Durable::EMPTY,
        announced: crate::Letters::EMPTY,
        retries: 0,
        timer: None,
    };
    let mut asked = [Outcome::NotAsked; Ask::LIMIT];
    match role {
        Role::Acceptor => {
            only.acceptor = server.acceptor;
            only.disk.promised = server.disk.promised;
            only.disk.accepted = server.disk.accepted;
        }
        Role::Proposer => {
            only.proposer = server.proposer;
            only.disk.round = server.disk.round;
            only.retries = server.retries;
            only.timer = server.timer;
            for (asked, outcome) in asked.iter_mut().zip(asks) {
                if outcome != Outcome::NotAsked {
                    *asked = Outcome::Asked;
                }
            }
        }
        Role::Learner => only.learner = server.learner,
    }
    (Packed::new(&only), asked)
}
