//! The same nodes as stateright actors: a second formulation of the world, written independently
//! of [`World`] on stateright's own `ActorModel`, to be compared with it state by state.
//!
//! It can express every scenario without crashes (stateright saves and sends in one step, so it
//! has no torn ones either), with one exception, see [`Actors::new`]. What differs in form:
//!
//! - a client's request is a timer that is set from the start at the node it asks;
//! - the `retries` bound is a boundary, since an actor cannot know of the others' time-outs;
//! - stateright's duplicating network keeps the message it delivered last as part of the state;
//!   [`Actors`] projects just that away.

use std::borrow::Cow;
use std::fmt;

use paxos::{
    Broadcast, Durable, Effects, Envelope, Input, Message, MessageKind, Node, NodeId, NodeSet,
    Timer,
};
use stateright::actor::{
    Actor, ActorModel, ActorModelAction, ActorModelState, Id, LossyNetwork, Network as Links, Out,
    model_timeout,
};
use stateright::{Model, Property};

use crate::{Ask, Letter, Letters, Network, Outcome, Parcel, Server, State, World, network};

/// One node as an actor.
#[derive(Clone, Debug)]
pub struct Peer {
    world: World,
}

/// What a peer remembers: the node, and what its host knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    node: Node<Letter>,
    announced: Letters,
    retries: u8,
    asks: [Outcome; Ask::LIMIT],
}

/// What a peer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// The request of this index in the scenario.
    Request(u8),
    /// [`Timer::Retry`].
    Retry,
}

/// Nothing is left to chance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Never {}

type Inner = ActorModel<Peer, World, Vec<Parcel>>;
type InnerState = ActorModelState<Peer, Vec<Parcel>>;
type InnerAction = ActorModelAction<Message<Letter>, Wait, Never>;

/// A world of actors.
pub struct Actors {
    inner: Inner,
}

impl Actors {
    /// The actors of a world; `None` if they cannot express it: with crashes or other faults, with reads, and with nodes that
    /// are down on an ordered network (an actor cannot leave its messages waiting).
    pub fn new(world: &World) -> Option<Actors> {
        let bounds = &world.scenario().world;
        let ordered = bounds.network == Network::Ordered;
        let fails = bounds.crashes > 0 || !bounds.faults.is_empty() || world.has_reads();
        if fails || ordered && !bounds.down.is_empty() {
            return None;
        }
        let links = match bounds.network {
            Network::Set => Links::new_unordered_duplicating([]),
            Network::Bag => Links::new_unordered_nonduplicating([]),
            Network::Ordered => Links::new_ordered([]),
        };
        let loss = match bounds.loss {
            true => LossyNetwork::Yes,
            false => LossyNetwork::No,
        };
        let peers = world.cluster().nodes().iter().map(|_| Peer {
            world: world.clone(),
        });
        let inner = ActorModel::new(world.clone(), Vec::new())
            .actors(peers)
            .init_network(links)
            .lossy_network(loss)
            .within_boundary(within_retries)
            .record_msg_out(record);
        Some(Actors { inner })
    }

    /// A state of the actors in the terms of [`World`].
    pub fn view(&self, state: &InnerState) -> State {
        let mut asks = [Outcome::NotAsked; Ask::LIMIT];
        let peers = state.actor_states.iter().zip(&state.actor_storages);
        let servers = peers
            .zip(&state.timers_set)
            .map(|((memory, storage), timers)| {
                for (all, own) in asks.iter_mut().zip(memory.asks) {
                    *all = own.max(*all);
                }
                Server {
                    announced: memory.announced,
                    retries: memory.retries,
                    timer: timers
                        .iter()
                        .any(|wait| *wait == Wait::Retry)
                        .then_some(Timer::Retry),
                    ..Server::start(&memory.node, storage.unwrap_or(Durable::EMPTY))
                }
            });
        let mut view = State::new(servers);
        view.mail = mail(&state.network);
        view.ledger = state.history.clone();
        view.asks = asks;
        view
    }
}

/// What the network holds, as [`World`] keeps it.
fn mail(links: &Links<Message<Letter>>) -> Vec<Parcel> {
    let mut mail = Vec::new();
    let mut send = |network: Network, from: Id, to: Id, message: &Message<Letter>| {
        let said = Broadcast {
            from: node_id(from),
            to: NodeSet::EMPTY.with(node_id(to)),
            message: *message,
        };
        network.send(&mut mail, &said);
    };
    match links {
        Links::UnorderedDuplicating(set, _) => {
            for sent in set.iter() {
                send(Network::Set, sent.src, sent.dst, &sent.msg);
            }
        }
        Links::UnorderedNonDuplicating(bag) => {
            for (sent, copies) in bag.iter() {
                for _ in 0..*copies {
                    send(Network::Bag, sent.src, sent.dst, &sent.msg);
                }
            }
        }
        Links::Ordered(flows) => {
            for ((src, dst), flow) in flows {
                for message in flow {
                    send(Network::Ordered, *src, *dst, message);
                }
            }
        }
    }
    mail
}

fn within_retries(world: &World, state: &InnerState) -> bool {
    let retries = state
        .actor_states
        .iter()
        .map(|memory| u32::from(memory.retries))
        .sum::<u32>();
    let most = world.scenario().world.retries;
    most.is_none_or(|most| retries <= u32::from(most))
}

/// Keeps what acceptors say where the network does not.
#[expect(clippy::ptr_arg, reason = "stateright asks for this signature")]
fn record(
    world: &World,
    ledger: &Vec<Parcel>,
    sent: stateright::actor::Envelope<&Message<Letter>>,
) -> Option<Vec<Parcel>> {
    let parcel = Parcel::new(node_id(sent.src), NodeSet::EMPTY, *sent.msg);
    if world.scenario().world.network == Network::Set || !parcel.is_testimony() {
        return None;
    }
    let mut ledger = ledger.clone();
    network::insert(&mut ledger, parcel);
    Some(ledger)
}

fn node_id(id: Id) -> NodeId {
    NodeId::new(usize::from(id)).expect("actors are the nodes of a cluster")
}

impl Peer {
    /// Carries out what the node wants done, as a host does.
    fn carry_out(&self, effects: Effects<Letter>, memory: &mut Memory, out: &mut Out<Peer>) {
        if let Some(durable) = effects.persist {
            out.save(durable);
        }
        let envelopes = effects.send.iter().flat_map(Broadcast::envelopes);
        for Envelope { to, message, .. } in envelopes {
            let refusal = message.kind() == MessageKind::Nack;
            if !refusal || self.world.scenario().protocol.nack {
                out.send(Id::from(to.index()), message);
            }
        }
        if let Some(Timer::Retry) = effects.set_timer {
            out.set_timer(Wait::Retry, model_timeout());
        }
        if let Some(value) = effects.chosen {
            memory.announced = memory.announced.with(value);
            for outcome in &mut memory.asks {
                if *outcome == Outcome::Asked {
                    *outcome = Outcome::Success(value);
                }
            }
        }
    }

    /// Lets a node handle an input. A timer that is of no use any more is cancelled.
    fn handle(&self, input: Input<Letter>, memory: &mut Memory, out: &mut Out<Peer>) {
        let was_waiting = memory.node.is_proposing();
        let effects = self.world.rules().handle(&mut memory.node, input);
        self.carry_out(effects, memory, out);
        if was_waiting && !memory.node.is_proposing() {
            out.cancel_timer(Wait::Retry);
        }
    }

    fn may_start_round(&self, node: &Node<Letter>) -> bool {
        let proposer = node.proposer();
        let round = self
            .world
            .rules()
            .next_round(proposer.last_round, proposer.highest_nack);
        round.is_some_and(|round| round.number() <= self.world.scenario().world.rounds)
    }

    fn is_down(&self, id: Id) -> bool {
        self.world.scenario().world.down.contains(&usize::from(id))
    }
}

impl Actor for Peer {
    type Msg = Message<Letter>;
    type Timer = Wait;
    type State = Memory;
    type Storage = Durable<Letter>;
    type Random = Never;

    fn on_start(&self, id: Id, storage: &Option<Durable<Letter>>, out: &mut Out<Peer>) -> Memory {
        for (index, ask) in (0..).zip(&self.world.scenario().ask) {
            if ask.of == usize::from(id) && !self.is_down(id) {
                out.set_timer(Wait::Request(index), model_timeout());
            }
        }
        let disk = storage.unwrap_or(Durable::EMPTY);
        Memory {
            node: self
                .world
                .rules()
                .start(node_id(id), *self.world.cluster(), disk),
            announced: Letters::EMPTY,
            retries: 0,
            asks: [Outcome::NotAsked; Ask::LIMIT],
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, Memory>,
        src: Id,
        message: Message<Letter>,
        out: &mut Out<Peer>,
    ) {
        if self.is_down(id) {
            return;
        }
        let mut memory = state.as_ref().clone();
        let input = Input::Receive(Envelope {
            from: node_id(src),
            to: node_id(id),
            message,
        });
        self.handle(input, &mut memory, out);
        if memory != **state {
            *state.to_mut() = memory;
        }
    }

    fn on_timeout(&self, _id: Id, state: &mut Cow<'_, Memory>, wait: &Wait, out: &mut Out<Peer>) {
        let mut memory = state.as_ref().clone();
        let input = match *wait {
            Wait::Request(index) => {
                let node = &memory.node;
                if node.chosen().is_none()
                    && node.proposer().client_value.is_none()
                    && !self.may_start_round(node)
                {
                    out.set_timer(*wait, model_timeout());
                    return;
                }
                memory.asks[usize::from(index)] = Outcome::Asked;
                Input::Propose(self.world.scenario().ask[usize::from(index)].value)
            }
            Wait::Retry => {
                if !self.may_start_round(&memory.node) {
                    out.set_timer(*wait, model_timeout());
                    return;
                }
                memory.retries += u8::from(self.world.scenario().world.retries.is_some());
                Input::Timeout(Timer::Retry)
            }
        };
        self.handle(input, &mut memory, out);
        *state.to_mut() = memory;
    }
}

impl Model for Actors {
    type State = InnerState;
    type Action = InnerAction;

    fn init_states(&self) -> Vec<InnerState> {
        self.inner.init_states()
    }

    fn actions(&self, state: &InnerState, actions: &mut Vec<InnerAction>) {
        self.inner.actions(state, actions);
    }

    fn next_state(&self, state: &InnerState, action: InnerAction) -> Option<InnerState> {
        let mut next = self.inner.next_state(state, action)?;
        if let Links::UnorderedDuplicating(_, last_delivered) = &mut next.network {
            *last_delivered = None;
        }
        Some(next)
    }

    fn within_boundary(&self, state: &InnerState) -> bool {
        Model::within_boundary(&self.inner, state)
    }

    fn properties(&self) -> Vec<Property<Actors>> {
        vec![Property::always("agreement", |_, state: &InnerState| {
            let announced = state.actor_states.iter().map(|memory| memory.announced);
            announced.fold(Letters::EMPTY, Letters::union).len() <= 1
        })]
    }
}

impl fmt::Debug for Actors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actors")
            .field("world", &self.inner.cfg)
            .finish_non_exhaustive()
    }
}
