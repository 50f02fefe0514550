//! From a path to rows: which message was sent where, and what became of it.

use model::{
    Action, Consequence, Event as Occurs, Fault, Happening, Network, Outcome, Point, ReadStatus,
    ReadStep, State, World, vote_in_words,
};
use paxos::{Envelope, NodeId, NodeSet, Phase};

use super::Apart;
use super::difference::difference;
use super::fates::Fates;
use super::item::{Event, Fate, Flight, Item, Row, Sent};
use crate::facts;
use crate::phases::entered;
use crate::through::Through;

/// A copy of a message that was sent.
struct Copy {
    envelope: Envelope<model::Letter>,
    row: usize,
    item: usize,
    taken: bool,
}

/// Goes along the path.
pub(super) struct Builder<'a> {
    world: &'a World,
    /// The lane of node 0.
    first_node: usize,
    /// The quorums of the path.
    through: Vec<Through>,
    /// What was sent so far, in order.
    copies: Vec<Copy>,
    rows: Vec<Row>,
}

impl Builder<'_> {
    pub(super) fn new(world: &World, first_node: usize, through: Vec<Through>) -> Builder<'_> {
        Builder {
            world,
            first_node,
            through,
            copies: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(super) fn step(&mut self, happening: &Happening, before: &State, after: &State) {
        let (lane, event) = self.began(happening.action, happening.consequences.is_empty());
        let mut items = Vec::new();
        for consequence in &happening.consequences {
            self.consequence(*consequence, happening.action, before, after, &mut items);
        }
        self.phases(before, after, &happening.consequences, &mut items);
        self.rows.push(Row {
            steps: self.rows.len() + 1..=self.rows.len() + 1,
            strip: String::new(),
            lane,
            event,
            items,
        });
    }

    /// The last step of a path, once for each of two sides that make something else of it.
    pub(super) fn fork(&mut self, before: &State, apart: &Apart<'_>) -> Vec<Row> {
        let (lane, event) = self.began(apart.action, false);
        let step = self.rows.len() + 1;
        let side = |(name, after): &(&str, Option<&State>)| {
            let (mut event, after) = (event.clone(), after.unwrap_or(before));
            let items = difference(before, after);
            let strip = match (items.is_empty(), after == before) {
                (_, true) => format!("{name}: nothing comes of it"),
                (true, false) => format!("{name}: it shows in memory only"),
                (false, false) => format!("{name}:"),
            };
            if let (Event::Message(flight), true) = (&mut event, after == before) {
                flight.fate = Fate::Ignored;
            }
            Row {
                steps: step..=step,
                strip,
                lane,
                event,
                items,
            }
        };
        apart.sides.iter().map(side).collect()
    }

    /// The lane where an action happens, and how it is drawn.
    fn began(&mut self, action: Action, is_ignored: bool) -> (usize, Event) {
        let (node, event) = match action {
            Action::Step(event)
            | Action::Torn { event, .. }
            | Action::Fail {
                at: Point::Event(event),
                ..
            } => self.event(event, is_ignored),
            Action::Answer { ask, reply } => {
                (self.asked(ask), Event::Other(format!("answer: {reply}")))
            }
            // It happens at the client.
            Action::GiveUp(ask) => {
                let waits = format!("waits no longer for {}", self.asked(ask));
                return (0, Event::Other(waits));
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
            Action::Read { read, of, step } => match step {
                ReadStep::Ask => (of, Event::Other(format!("read {read}"))),
                ReadStep::Tell(node) => (node, Event::Other(format!("asked for its vote by {of}"))),
                ReadStep::Hear(node) => {
                    (of, Event::Other(format!("{node}'s answer to read {read}")))
                }
            },
            Action::Crash(node) => (node, Event::Crash),
            Action::Repeat(node) => (node, Event::Other(ASKS_AGAIN.to_owned())),
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
        (self.first_node + node.index(), event)
    }

    /// The node that a request is for.
    fn asked(&self, ask: u8) -> NodeId {
        let of = self.world.scenario().ask[usize::from(ask)].of;
        NodeId::new(of).expect("a scenario that is read names its nodes")
    }

    fn event(&mut self, event: Occurs, is_ignored: bool) -> (NodeId, Event) {
        match event {
            Occurs::Ask { of, value, .. } => (of, Event::Ask(value)),
            Occurs::Timeout(node) => (node, Event::Timeout),
            Occurs::Deliver(envelope) => {
                let fate = match is_ignored {
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
        let sent = |copy: &Copy| Sent {
            row: copy.row,
            item: Some(copy.item),
        };
        let fresh = |copy: &&mut Copy| copy.envelope == envelope && !copy.taken;
        let taken: Vec<&mut Copy> = match self.world.scenario().world.network {
            Network::Set => self.copies.iter_mut().rev().filter(fresh).collect(),
            Network::Bag | Network::Ordered => {
                self.copies.iter_mut().filter(fresh).take(1).collect()
            }
        };
        if let Some(copy) = taken.first() {
            let sent = Some(sent(copy));
            taken.into_iter().for_each(|copy| copy.taken = true);
            return Flight {
                envelope,
                sent,
                fate,
            };
        }
        let mut copies = self.copies.iter().rev();
        Flight {
            envelope,
            sent: copies.find(|copy| copy.envelope == envelope).map(sent),
            fate: match fate {
                Fate::Arrives => Fate::ArrivesAgain,
                Fate::ArrivesAgain | Fate::Ignored | Fate::Lost => fate,
            },
        }
    }

    fn consequence(
        &mut self,
        consequence: Consequence,
        action: Action,
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
            Consequence::Sends(said) => items.push(Item::Sends {
                said,
                missing: said.to,
                never: NodeSet::EMPTY,
            }),
            Consequence::DoesNotSend(said) => items.push(Item::DoesNotSend(said)),
            Consequence::Announces { value, .. } => items.push(Item::Announces(value)),
            Consequence::TellsClient { value, .. } => items.push(Item::Tells(value)),
            Consequence::Replies { reply, .. } => items.push(Item::Answers(reply.to_string())),
            Consequence::Concludes { outcome, .. } => items.push(match outcome {
                Outcome::Success(value) => Item::Tells(value),
                Outcome::NotAsked
                | Outcome::Asked
                | Outcome::PostFailed
                | Outcome::Retryable
                | Outcome::Fatal
                | Outcome::Unknown => Item::Leaves(outcome),
            }),
            Consequence::TellsVote { vote, .. } => items.push(Item::Answers(vote_in_words(vote))),
            Consequence::TellsReader { status, .. } => items.push(match status {
                ReadStatus::Chosen(value) => Item::Tells(value),
                ReadStatus::NotAsked
                | ReadStatus::Asked
                | ReadStatus::Unknown
                | ReadStatus::NothingChosen => Item::Answers(status.to_string()),
            }),
            Consequence::Stops { .. } => items.push(Item::Stops),
            Consequence::Restarts { node, .. } => {
                let midway = matches!(action, Action::Torn { .. });
                items.push(Item::Crashes { midway });
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

    /// Puts in which phase a proposer enters, and which quorums are complete; notes what is sent.
    fn phases(
        &mut self,
        before: &State,
        after: &State,
        came: &[Consequence],
        items: &mut Vec<Item>,
    ) {
        let step = self.rows.len() + 1;
        let is_sent = |item: &Item| matches!(item, Item::Sends { .. } | Item::DoesNotSend(_));
        let at = items.iter().position(is_sent).unwrap_or(items.len());
        let entered = entered(before, after, came);
        let entered = entered
            .into_iter()
            .map(|(_, entered)| Item::Enters(entered));
        items.splice(at..at, entered);
        for through in self.through.iter().filter(|one| one.quorum.step == step) {
            let at = match through.quorum.phase {
                Phase::Prepare => at,
                Phase::Accept => items
                    .iter()
                    .position(|item| matches!(item, Item::Announces(_) | Item::Crashes { .. }))
                    .unwrap_or(items.len()),
            };
            items.insert(at, Item::Quorum(*through));
        }
        for (item, sends) in items.iter().enumerate() {
            let Item::Sends { said, .. } = sends else {
                continue;
            };
            self.copies.extend(said.envelopes().map(|envelope| Copy {
                envelope,
                row: self.rows.len(),
                item,
                taken: false,
            }));
        }
    }

    /// Tells the senders what has arrived, and what never will.
    pub(super) fn finish(mut self, fates: &Fates) -> Vec<Row> {
        for copy in &self.copies {
            let item = self.rows[copy.row].items.get_mut(copy.item);
            let Some(Item::Sends { missing, never, .. }) = item else {
                continue;
            };
            let to = copy.envelope.to;
            if copy.taken {
                *missing = missing.iter().filter(|one| *one != to).collect();
            } else if fates.never_arrives(copy.envelope) {
                *never = never.iter().chain([to]).collect();
            }
        }
        self.rows
    }
}

/// What is said of a host that repeats what is not answered.
pub(super) const ASKS_AGAIN: &str = "asks again";
