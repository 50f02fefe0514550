//! From a path to rows: which message was sent where, and what became of it.

use model::properties::chosen;
use model::{
    Action, Consequence, Event as Occurs, Fault, Happening, Network, Outcome, Point, State, World,
};
use paxos::{Envelope, NodeId};
use stateright::Path;

use super::item::{Event, Fate, Flight, Item, Row};
use crate::{facts, votes};

/// All that is to be drawn, without a place yet.
pub(super) struct Chart {
    /// What this world is.
    pub(super) title: String,
    /// The deliberate fault, if there is one.
    pub(super) fault: Option<String>,
    /// From left to right.
    pub(super) lanes: Vec<Lane>,
    /// From top to bottom.
    pub(super) rows: Vec<Row>,
    /// From which row on it goes on for ever; as many as there are rows if nothing more has to happen.
    pub(super) round: Option<usize>,
}

/// A line of a node, or of all clients.
pub(super) struct Lane {
    /// Who.
    pub(super) name: String,
    /// The roles played; empty if they are all, or it is the clients' lane.
    pub(super) roles: String,
    /// Whether it never runs.
    pub(super) down: bool,
}

/// A copy of a message that was sent.
struct Copy {
    envelope: Envelope<model::Letter>,
    sent: (usize, usize),
    taken: bool,
}

impl Chart {
    pub(super) fn new(world: &World, path: &Path<State, Action>, round: Option<usize>) -> Chart {
        let states = path.clone().into_states();
        let story = model::story(world, path);
        let asks = |happening: &Happening| match happening.action {
            Action::Step(event) | Action::Torn { event, .. } => matches!(event, Occurs::Ask { .. }),
            Action::Fail { at, .. } => matches!(at, Point::Ask(_) | Point::Reply(..)),
            Action::Answer { .. } | Action::GiveUp(_) => true,
            Action::Crash(_)
            | Action::Lose(_)
            | Action::Repeat(_)
            | Action::Stop(_)
            | Action::Settle => false,
        };
        let clients = story.iter().any(asks);
        let mut builder = Builder {
            world,
            first_node: usize::from(clients),
            copies: Vec::new(),
            rows: Vec::new(),
        };
        for (happening, states) in story.iter().zip(states.windows(2)) {
            builder.step(happening, &states[0], &states[1]);
        }
        Chart {
            title: world.scenario().title.clone(),
            fault: world.rules().mutant.map(|mutant| {
                let fault = mutant.fault().trim();
                format!("With a deliberate fault, {mutant}: {fault}")
            }),
            lanes: lanes(world, clients),
            rows: builder.finish(),
            round,
        }
    }

    /// The lane of a node.
    pub(super) fn lane(&self, node: NodeId) -> usize {
        usize::from(self.has_clients()) + node.index()
    }

    /// Whether the first lane is the clients'.
    pub(super) fn has_clients(&self) -> bool {
        self.lanes.first().is_some_and(Lane::is_clients)
    }
}

impl Lane {
    fn is_clients(&self) -> bool {
        self.name == CLIENTS
    }
}

const CLIENTS: &str = "clients";

fn lanes(world: &World, clients: bool) -> Vec<Lane> {
    let cluster = world.cluster();
    let down = &world.scenario().world.down;
    let clients = clients.then(|| Lane {
        name: CLIENTS.to_owned(),
        roles: String::new(),
        down: false,
    });
    let roles = |node: NodeId| -> Vec<&str> {
        let roles = [
            ("proposer", cluster.proposers()),
            ("acceptor", cluster.acceptors()),
            ("learner", cluster.learners()),
        ];
        let own = roles.iter().filter(|(_, nodes)| nodes.contains(node));
        own.map(|(name, _)| *name).collect()
    };
    let nodes = cluster.nodes().iter().map(|node| {
        let roles = roles(node);
        Lane {
            name: node.to_string(),
            roles: if roles.len() == 3 {
                String::new()
            } else {
                roles.join(", ")
            },
            down: down.contains(&node.index()),
        }
    });
    clients.into_iter().chain(nodes).collect()
}

/// Goes along the path.
struct Builder<'a> {
    world: &'a World,
    /// The lane of node 0.
    first_node: usize,
    /// What was sent so far, in order.
    copies: Vec<Copy>,
    rows: Vec<Row>,
}

impl Builder<'_> {
    fn step(&mut self, happening: &Happening, before: &State, after: &State) {
        let (node, event) = match happening.action {
            Action::Step(event)
            | Action::Torn { event, .. }
            | Action::Fail {
                at: Point::Event(event),
                ..
            } => self.event(event, happening),
            Action::Answer { ask, reply } => {
                (self.asked(ask), Event::Other(format!("answer: {reply}")))
            }
            Action::GiveUp(ask) => {
                let of = self.asked(ask);
                (of, Event::Other(format!("waits no longer for {of}")))
            }
            Action::Fail {
                fault: Fault::PostRefused,
                at: Point::Ask(ask),
            } => (self.asked(ask), Event::Other("post refused".to_owned())),
            Action::Fail {
                at: Point::Ask(ask),
                ..
            } => {
                let value = self.world.scenario().ask[usize::from(ask)].value;
                (self.asked(ask), Event::Ask(value))
            }
            Action::Fail {
                fault,
                at: Point::Reply(ask, reply),
            } => (
                self.asked(ask),
                Event::Other(format!("answer: {reply}; {fault}")),
            ),
            Action::Fail {
                fault,
                at: Point::Node(node),
            } => (node, Event::Other(fault.to_string())),
            Action::Crash(node) => (node, Event::Crash),
            Action::Repeat(node) => (node, Event::Other("asks again".to_owned())),
            Action::Stop(node) => (node, Event::Other("fails for ever".to_owned())),
            Action::Settle => {
                let alone = self.world.scenario().endless.as_ref();
                let alone = alone
                    .and_then(|endless| endless.alone)
                    .and_then(NodeId::new);
                let node = alone.unwrap_or_else(|| NodeId::new(0).expect("0 names a node"));
                (node, Event::Other("is alone from now on".to_owned()))
            }
            Action::Lose(envelope) => (
                envelope.to,
                Event::Message(self.flight(envelope, Fate::Lost)),
            ),
        };
        let mut items = Vec::new();
        for consequence in &happening.consequences {
            self.consequence(*consequence, before, after, &mut items);
        }
        let (was, is) = (chosen(self.world, before), chosen(self.world, after));
        let at = items
            .iter()
            .position(|item| matches!(item, Item::Announces(_) | Item::Crashes))
            .unwrap_or(items.len());
        let quorums = votes::newly(was, is).iter().map(|value| Item::Quorum {
            value,
            second: !was.is_empty(),
        });
        items.splice(at..at, quorums.collect::<Vec<Item>>());
        self.rows.push(Row {
            lane: match happening.action {
                // It happens at the client.
                Action::GiveUp(_) => 0,
                Action::Step(_)
                | Action::Torn { .. }
                | Action::Crash(_)
                | Action::Lose(_)
                | Action::Answer { .. }
                | Action::Fail { .. }
                | Action::Repeat(_)
                | Action::Stop(_)
                | Action::Settle => self.first_node + node.index(),
            },
            event,
            items,
        });
    }

    /// The node that a request is for.
    fn asked(&self, ask: u8) -> NodeId {
        let of = self.world.scenario().ask[usize::from(ask)].of;
        NodeId::new(of).expect("a scenario that is read names its nodes")
    }

    fn event(&mut self, event: Occurs, happening: &Happening) -> (NodeId, Event) {
        match event {
            Occurs::Ask { of, value, .. } => (of, Event::Ask(value)),
            Occurs::Timeout(node) => (node, Event::Timeout),
            Occurs::Deliver(envelope) => {
                let fate = match happening.consequences.is_empty() {
                    true => Fate::Ignored,
                    false => Fate::Arrives,
                };
                (envelope.to, Event::Message(self.flight(envelope, fate)))
            }
        }
    }

    /// Which of the copies sent is the one that arrives: where each arrives once, the oldest;
    /// in a set all are one, and the latest makes the shortest arrow.
    fn flight(&mut self, envelope: Envelope<model::Letter>, fate: Fate) -> Flight {
        let same = |copy: &&mut Copy| copy.envelope == envelope;
        let fresh = |copy: &&mut Copy| copy.envelope == envelope && !copy.taken;
        let copy = match self.world.scenario().world.network {
            Network::Set => self.copies.iter_mut().rev().find(fresh),
            Network::Bag | Network::Ordered => self.copies.iter_mut().find(fresh),
        };
        if let Some(copy) = copy {
            copy.taken = true;
            return Flight {
                envelope,
                sent: Some(copy.sent),
                fate,
            };
        }
        let copy = self.copies.iter_mut().rev().find(same);
        Flight {
            envelope,
            sent: copy.map(|copy| copy.sent),
            fate: match fate {
                Fate::Arrives => Fate::ArrivesAgain,
                Fate::ArrivesAgain | Fate::Ignored | Fate::Lost => fate,
            },
        }
    }

    fn consequence(
        &mut self,
        consequence: Consequence,
        before: &State,
        after: &State,
        items: &mut Vec<Item>,
    ) {
        match consequence {
            Consequence::Saves { before, after, .. } => {
                items.push(Item::Saves(facts::beyond(&after, &before)));
            }
            Consequence::DoesNotSave { node, lost } => {
                let disk = &after.server(node).disk;
                items.push(Item::DoesNotSave(facts::beyond(&lost, disk)));
            }
            Consequence::Sends(said) => {
                let sent = (self.rows.len(), items.len());
                self.copies.extend(said.envelopes().map(|envelope| Copy {
                    envelope,
                    sent,
                    taken: false,
                }));
                let missing = said.to;
                items.push(Item::Sends { said, missing });
            }
            Consequence::DoesNotSend(said) => items.push(Item::DoesNotSend(said)),
            Consequence::Announces { value, .. } => items.push(Item::Announces(value)),
            Consequence::TellsClient { value, .. } => items.push(Item::Tells(value)),
            Consequence::Replies { reply, .. } => items.push(Item::Answers(reply)),
            Consequence::Concludes { outcome, .. } => items.push(match outcome {
                Outcome::Success(value) => Item::Tells(value),
                Outcome::NotAsked
                | Outcome::Asked
                | Outcome::PostFailed
                | Outcome::Retryable
                | Outcome::Fatal
                | Outcome::Unknown => Item::Leaves(outcome),
            }),
            Consequence::Stops { .. } => items.push(Item::Stops),
            Consequence::Restarts { node, .. } => {
                items.push(Item::Crashes);
                let left = before
                    .asks
                    .iter()
                    .zip(&after.asks)
                    .filter(|(was, is)| **was != Outcome::Unknown && **is == Outcome::Unknown);
                let is_told = after.clients.is_some();
                items.extend(left.filter(|_| !is_told).map(|(_, is)| Item::Leaves(*is)));
                let server = &after.server(node);
                items.push(Item::Restarts(facts::all(&server.durable())));
                let forgotten = facts::forgotten(server);
                if !forgotten.is_empty() {
                    items.push(Item::Forgets(forgotten));
                }
            }
            // That a message was counted shows in what the node does next.
            Consequence::Notes { .. } => {}
        }
    }

    /// Tells the senders what has arrived.
    fn finish(mut self) -> Vec<Row> {
        for copy in self.copies.iter().filter(|copy| copy.taken) {
            let (row, item) = copy.sent;
            if let Some(Item::Sends { missing, .. }) = self.rows[row].items.get_mut(item) {
                *missing = missing
                    .iter()
                    .filter(|to| *to != copy.envelope.to)
                    .collect();
            }
        }
        self.rows
    }
}
