//! Every world a scenario allows, as a stateright [`Model`].
//!
//! A step is one input handled by one node and its effects carried out in their order; a torn
//! step is cut short by a crash. A crashed node restarts from its disk at once: being down for a
//! while is the same as hearing nothing for a while, which the network does anyway.

mod crashes;
mod sets;

use std::sync::Arc;

use paxos::{
    Broadcast, Cluster, Durable, Input, MessageKind, Node, NodeId, NodeSet, Proposer, Round,
};
use stateright::{Model, Path, Property};

use crate::action::input;
use crate::difference::changes;
use crate::faults::Handling;
use crate::parcel::rank;
use crate::{
    Action, Event, Expect, Letter, Letters, Mutant, Network, Parcel, Reaction, RuleSet, Scenario,
    Server, State, Variant, network, properties,
};

pub(crate) use crashes::has_ballot_under_way;

/// Draws a path, for the explorer.
pub type Diagram = fn(&World, &Path<State, Action>) -> String;

/// A scenario, ready to be explored.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Arc<Scenario>,
    cluster: Cluster,
    rules: RuleSet,
    crashable: NodeSet,
    down: NodeSet,
    values: Letters,
    /// Every ballot that a proposer can have, as ranks, in order.
    ballots: Vec<u16>,
    /// Whether hosts answer again what they are asked again, though the scenario does not ask for it.
    answers_again: bool,
    diagram: Option<Diagram>,
}

impl World {
    /// The world of a valid scenario, under the scenario's own rules.
    ///
    /// # Errors
    /// In words, if the scenario has no cluster (those read from files have one), or the core's sets of nodes are no sets.
    pub fn new(scenario: Arc<Scenario>) -> Result<World, String> {
        if let Some(objection) = sets::objection() {
            return Err(format!(
                "nothing can be asked of this core: expected sets of nodes in `paxos::NodeSet`, found that {objection}"
            ));
        }
        let cluster = scenario.cluster()?;
        Ok(World::placed(scenario, cluster))
    }

    /// The world of a valid scenario with the roles placed otherwise: on nodes 0 and upwards, without
    /// a gap. For worlds that are not read from files.
    pub fn placed(scenario: Arc<Scenario>, cluster: Cluster) -> World {
        let set = |numbers: &[usize]| numbers.iter().copied().filter_map(NodeId::new).collect();
        let world = World {
            cluster,
            rules: scenario.rules(),
            crashable: scenario
                .world
                .crash_nodes
                .as_ref()
                .map_or(cluster.nodes(), |numbers| set(numbers)),
            down: set(&scenario.world.down),
            values: scenario.values(),
            scenario,
            ballots: Vec::new(),
            answers_again: false,
            diagram: None,
        };
        world.with_ballots()
    }

    /// The same world, with the ballots that its rules give to proposers.
    fn with_ballots(mut self) -> World {
        let rounds = (1..=self.rounds()).filter_map(Round::new);
        let ballots = rounds.flat_map(|round| {
            let proposers = self.cluster.proposers().iter();
            let own = proposers.map(|node| rank(Some(self.rules.ballot(round, node))));
            own.collect::<Vec<u16>>()
        });
        let mut ballots: Vec<u16> = ballots.collect();
        ballots.sort_unstable();
        ballots.dedup();
        self.ballots = ballots;
        self
    }

    /// The highest ballot below this one that a proposer can have, of those of which this is not true; as ranks.
    #[inline]
    pub(crate) fn highest_ballot_below(
        &self,
        below: u16,
        is_out: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        let lower = self.ballots.partition_point(|ballot| *ballot < below);
        let mut lower = self.ballots[..lower].iter().rev().copied();
        lower.find(|ballot| !is_out(*ballot))
    }

    /// The same world with one thing done wrong.
    #[must_use]
    pub fn with_mutant(mut self, mutant: Mutant) -> World {
        self.rules.mutant = Some(mutant);
        self.with_ballots()
    }

    /// The same world by another variant of the protocol.
    #[must_use]
    pub fn with_variant(mut self, variant: Variant) -> World {
        self.rules.variant = variant;
        self.with_ballots()
    }

    /// The same world with hosts that answer again what they are asked again, as those of real nodes do.
    #[must_use]
    pub fn answering_again(mut self) -> World {
        self.answers_again = true;
        self
    }

    /// The same world with a way to draw its paths.
    #[must_use]
    pub fn with_diagram(mut self, diagram: Diagram) -> World {
        self.diagram = Some(diagram);
        self
    }

    /// The same world with other expectations.
    #[must_use]
    pub fn expecting(mut self, expect: Expect) -> World {
        Arc::make_mut(&mut self.scenario).expect = expect;
        self
    }

    /// The scenario.
    #[inline]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Who plays which role.
    #[inline]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The values clients ask for.
    #[inline]
    pub fn values(&self) -> Letters {
        self.values
    }

    /// The rules in force.
    #[inline]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// What acceptors have ever said: promises and votes, in a fixed order.
    pub fn testimony<'a>(&self, state: &'a State) -> &'a [Parcel] {
        if self.keeps_ledger() {
            &state.ledger
        } else {
            let start = state.mail.partition_point(|parcel| !parcel.is_testimony());
            &state.mail[start..]
        }
    }

    /// What a node does with an event; `None` if the event cannot happen now.
    pub fn react(&self, state: &State, event: Event) -> Option<Reaction> {
        self.reaction(state, event).map(|(_, reaction)| reaction)
    }

    /// What [`World::react`] gives, with the server as it was before.
    #[inline]
    pub(crate) fn reaction(&self, state: &State, event: Event) -> Option<(Server, Reaction)> {
        let (at, input) = input(event);
        if self.is_out(state, at) {
            return None;
        }
        let server = state.server(at);
        let node = server.node(at, self.cluster);
        self.may_happen(state, event, &node)
            .then(|| (server, self.handle(&node, input)))
    }

    /// What a node does with an input, whether or not it can happen now.
    #[inline]
    pub(crate) fn handle(&self, before: &Node<Letter>, input: Input<Letter>) -> Reaction {
        let mut node = *before;
        let heard = self
            .rules
            .mutant
            .map_or(input, |mutant| mutant.hears(input));
        let mut effects = self.rules.handle(&mut node, heard);
        let mut also = None;
        let mut handling = Handling {
            rules: &self.rules,
            before,
            input,
            after: node,
        };
        if let Some(mutant) = self.rules.mutant {
            node = mutant.remembers(&handling);
            handling.after = node;
        }
        if let Some(mutant) = self.rules.mutant {
            effects.chosen = mutant.announces(effects.chosen, &handling);
            effects.set_timer = mutant.starts(effects.set_timer);
        }
        if effects.send.is_none()
            && (self.answers_again || self.repeats())
            && let Input::Receive(envelope) = input
        {
            // A host answers again what it is asked again.
            effects.send = self
                .rules
                .retransmit_promise(before, envelope.from, &envelope.message);
        }
        if let Some(said) = effects.send {
            if said.message.kind() == MessageKind::Nack && !self.scenario.protocol.nack {
                effects.send = None;
            } else if let Some(mutant) = self.rules.mutant {
                (effects.send, also) = mutant.distort(said, &handling);
            }
        }
        // What is durable has changed exactly if it is to be persisted.
        let changed = effects.persist.is_some()
            || node.proposer() != before.proposer()
            || node.learner() != before.learner();
        Reaction {
            at: node.id(),
            changed,
            node,
            effects,
            also,
        }
    }

    #[inline]
    pub(crate) fn network(&self) -> Network {
        self.scenario.world.network
    }

    #[inline]
    fn may_happen(&self, state: &State, event: Event, node: &Node<Letter>) -> bool {
        let proposer = node.proposer();
        match event {
            Event::Deliver(_) => true,
            Event::Ask { index, .. } => self.may_ask(state, index) && self.may_propose(node),
            Event::Timeout(_) => {
                state.packed()[node.id().index()].has_timer()
                    && node.is_proposing()
                    && self.has_round_left(proposer)
                    && self
                        .scenario
                        .world
                        .retries
                        .is_none_or(|most| retries(state) < u32::from(most))
                    && self.may_time_out(state, node.id())
            }
        }
    }

    /// Whether the scenario lets this node be asked for a value: it knows the outcome, or is busy, or has a round left.
    #[inline]
    pub(crate) fn may_propose(&self, node: &Node<Letter>) -> bool {
        let proposer = node.proposer();
        node.chosen().is_some() || proposer.client_value.is_some() || self.has_round_left(proposer)
    }

    /// Whether the scenario lets this proposer start another round.
    #[inline]
    fn has_round_left(&self, proposer: &Proposer<Letter>) -> bool {
        self.rules
            .next_round(proposer.last_round, proposer.highest_nack)
            .is_some_and(|round| round.number() <= self.rounds())
    }

    /// The world after a whole step; `None` if nothing changes.
    pub(crate) fn step(&self, state: &State, event: Event) -> Option<State> {
        let (before, reaction) = self.reaction(state, event)?;
        self.after(state, event, &before, &reaction)
    }

    /// What [`World::step`] gives where this is the reaction, of a server as it was `before`.
    #[inline]
    pub(crate) fn after(
        &self,
        state: &State,
        event: Event,
        before: &Server,
        reaction: &Reaction,
    ) -> Option<State> {
        if !self.matters(state, event, reaction) {
            return None;
        }
        let mut next = state.with_room_for_mail();
        if let Event::Deliver(envelope) = event {
            self.network().take(&mut next.mail, &envelope);
        }
        let mut server = before.remembering(&reaction.node);
        self.note_event(&mut next, &mut server, event);
        self.carry_out(&mut next, before, server, reaction);
        Some(next)
    }

    /// Carries out all effects, in their order. `server` is the node as it is in memory from now on.
    pub(crate) fn carry_out(
        &self,
        next: &mut State,
        before: &Server,
        mut server: Server,
        reaction: &Reaction,
    ) {
        if let Some(durable) = reaction.effects.persist {
            self.save(&mut server, before.durable(), durable);
        }
        for said in reaction.said() {
            self.send(next, &said);
        }
        server.start_timer(reaction);
        if let Some(value) = reaction.effects.chosen {
            server.announced = server.announced.with(value);
            self.tell_clients(next, reaction.at, value);
        }
        next.set_server(reaction.at, &server);
    }

    /// Whether anything is different after this step.
    #[inline]
    pub(crate) fn matters(&self, state: &State, event: Event, reaction: &Reaction) -> bool {
        let stirs = reaction.changed || reaction.effects.chosen.is_some();
        match (event, self.network()) {
            // The client waits from now on.
            (Event::Ask { .. }, _) => true,
            // A link is free for the next message, whatever the node made of this one.
            (Event::Deliver(_), Network::Ordered) => true,
            // One of the bounded ones is spent, whatever it changed beside that.
            (Event::Timeout(_), _) if self.scenario.world.retries.is_some() => true,
            // What a bag gave out and the node ignored stays in it.
            (Event::Deliver(_) | Event::Timeout(_), _) => {
                let network = self.network();
                let mut said = reaction.said();
                stirs || said.any(|said| !network.is_known(&state.mail, &said))
            }
        }
    }

    /// Everything that can happen to a node as a whole step, and its reaction, whether or not anything is different after it. In a
    /// fixed order.
    #[inline]
    pub(crate) fn each_event(
        &self,
        state: &State,
        mut show: impl FnMut(Event, &Server, &Reaction),
    ) {
        let servers: Vec<(Server, Node<Letter>)> = state
            .servers()
            .map(|(id, server)| (server, server.node(id, self.cluster)))
            .collect();
        let mut meet = |event| {
            let (at, input) = input(event);
            let (server, node) = &servers[at.index()];
            if !self.is_out(state, at) && self.may_happen(state, event, node) {
                show(event, server, &self.handle(node, input));
            }
        };
        for (ask, index) in self.scenario.ask.iter().zip(0..) {
            if let Some(of) = NodeId::new(ask.of) {
                let value = ask.value;
                meet(Event::Ask { index, of, value });
            }
        }
        for envelope in self.network().deliverable(&state.mail) {
            meet(Event::Deliver(envelope));
        }
        for at in self.cluster.proposers().iter() {
            meet(Event::Timeout(at));
        }
    }

    /// The ways in which a step can be cut short, or its disk fail.
    #[inline]
    pub(crate) fn cut_short(
        &self,
        state: &State,
        event: Event,
        reaction: &Reaction,
        actions: &mut Vec<Action>,
    ) {
        let bounds = &self.scenario.world;
        if bounds.torn && state.crashes < bounds.crashes && self.crashable.contains(reaction.at) {
            let tears = self.tears(reaction);
            actions.extend(tears.map(|sends| Action::Torn { event, sends }));
        }
        if reaction.effects.persist.is_some() {
            self.disk_actions(state, event, actions);
        }
    }

    /// What can happen beside the steps of nodes.
    pub(crate) fn other_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let bounds = &self.scenario.world;
        if state.crashes < bounds.crashes {
            actions.extend(self.crashable.iter().map(Action::Crash));
        }
        self.client_actions(state, actions);
        self.read_actions(state, actions);
        self.endless_actions(state, actions);
        if bounds.loss {
            let losable = self.network().deliverable(&state.mail);
            let losable = losable.filter(|envelope| self.may_lose(state, *envelope));
            actions.extend(losable.map(Action::Lose));
        }
    }

    #[inline]
    fn send(&self, next: &mut State, said: &Broadcast<Letter>) {
        self.network().send(&mut next.mail, said);
        let parcel = Parcel::new(said.from, NodeSet::EMPTY, said.message);
        if self.keeps_ledger() && parcel.is_testimony() && !said.to.is_empty() {
            network::insert(&mut next.ledger, parcel);
        }
        if said.message.kind() == MessageKind::Prepare {
            self.leave_behind(next, said.message.ballot());
        }
    }

    #[inline]
    fn note_event(&self, next: &mut State, server: &mut Server, event: Event) {
        match event {
            Event::Ask { index, .. } => self.taken_in(next, index),
            Event::Timeout(_) => {
                server.timer = None;
                server.retries += u8::from(self.scenario.world.retries.is_some());
            }
            Event::Deliver(_) => {}
        }
    }
}

/// How many time-outs there were, all nodes together.
pub(crate) fn retries(state: &State) -> u32 {
    state
        .packed()
        .iter()
        .map(|server| u32::from(server.retries()))
        .sum()
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let servers = self.cluster.nodes().iter().map(|id| {
            let node = self.rules.start(id, self.cluster, Durable::EMPTY);
            Server::start(&node, Durable::EMPTY)
        });
        let mut state = State::new(servers);
        state.clients = self.clients();
        state.reads = self.reads();
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.each_event(state, |event, _, reaction| {
            if self.matters(state, event, reaction) {
                actions.push(Action::Step(event));
            }
            self.cut_short(state, event, reaction, actions);
        });
        self.other_actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        match action {
            Action::Step(event) => self.step(state, event),
            Action::Torn { event, sends } => self.torn(state, event, usize::from(sends)),
            Action::Crash(at) => {
                let server = state.server(at);
                let shows = self.scenario.endless.is_none()
                    && !state.mid_ballot
                    && has_ballot_under_way(&server);
                let shows = shows || self.is_reading(state, at);
                if self.is_out(state, at) || self.restarted(at, server) == server && !shows {
                    return None;
                }
                let mut next = state.clone();
                self.crash(&mut next, at, server);
                Some(next)
            }
            Action::Lose(envelope) => Some(self.lose(state, &envelope)),
            Action::Repeat(node) => self.repeat(state, node),
            Action::Stop(node) => {
                let mut next = state.clone();
                next.stopped = next.stopped.with(node);
                Some(next)
            }
            Action::Settle => {
                let mut next = state.clone();
                next.settled = true;
                Some(next)
            }
            Action::Read { .. } => self.next_read(state, action),
            Action::Answer { ask, reply } => self.answer(state, ask, reply),
            Action::GiveUp(ask) => self.give_up(state, ask),
            Action::Fail { fault, at } => self.failed(state, fault, at),
        }
    }

    fn properties(&self) -> Vec<Property<World>> {
        properties::ALL
            .iter()
            .map(properties::Known::property)
            .collect()
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn format_step(&self, last_state: &State, action: Action) -> Option<String> {
        let next = self.next_state(last_state, action)?;
        Some(format!(
            "{}\n\n{}",
            self.happening(last_state, action),
            changes(self, last_state, &next)
        ))
    }

    fn as_svg(&self, path: Path<State, Action>) -> Option<String> {
        self.diagram.map(|draw| draw(self, &path))
    }
}
