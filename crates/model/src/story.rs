//! Paths told to people: what happened, and what came of it.

mod words;

use paxos::{Broadcast, Durable, NodeId, NodeSet, Vote};
use stateright::{Model, Path};

use crate::{Action, Fault, Letter, Outcome, Point, Reaction, ReadStatus, Reply, State, World};

/// One step of a path.
#[derive(Clone, Debug)]
pub struct Happening {
    /// What happened.
    pub action: Action,
    /// What came of it, in order.
    pub consequences: Vec<Consequence>,
}

/// One thing that came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// A node's host makes something durable.
    Saves {
        /// Whose disk.
        node: NodeId,
        /// What was on it.
        before: Durable<Letter>,
        /// What is on it now.
        after: Durable<Letter>,
    },
    /// Envelopes leave.
    Sends(Broadcast<Letter>),
    /// Envelopes that a crash kept from leaving.
    DoesNotSend(Broadcast<Letter>),
    /// A crash or a disk kept this from becoming durable.
    DoesNotSave {
        /// Whose disk.
        node: NodeId,
        /// What would have been on it.
        lost: Durable<Letter>,
    },
    /// A node announces that a value is chosen.
    Announces {
        /// Which node.
        node: NodeId,
        /// The value.
        value: Letter,
    },
    /// A client is told that its request is decided, with the news.
    TellsClient {
        /// The node that tells.
        node: NodeId,
        /// The index of the request in the scenario.
        ask: u8,
        /// The value that was chosen.
        value: Letter,
    },
    /// An answer leaves for a client.
    Replies {
        /// The node that answers.
        node: NodeId,
        /// The index of the request in the scenario.
        ask: u8,
        /// The answer.
        reply: Reply,
    },
    /// A client comes to know more, or less.
    Concludes {
        /// The index of the request in the scenario.
        ask: u8,
        /// What it knows now.
        outcome: Outcome,
    },
    /// An acceptor answers a reader.
    TellsVote {
        /// The acceptor.
        node: NodeId,
        /// The read, by its place among the scenario's.
        read: u8,
        /// Its vote.
        vote: Option<Vote<Letter>>,
    },
    /// A client that reads is told, or knows that it will not be.
    TellsReader {
        /// The node that it asked.
        node: NodeId,
        /// The read, by its place among the scenario's.
        read: u8,
        /// What it knows now.
        status: ReadStatus,
    },
    /// A node stops for good.
    Stops {
        /// Which node.
        node: NodeId,
    },
    /// A node crashes and restarts from disk.
    Restarts {
        /// Which node.
        node: NodeId,
        /// What it knows again.
        disk: Durable<Letter>,
    },
    /// A node learns something that shows only in its memory.
    Notes {
        /// Which node.
        node: NodeId,
    },
}

/// The steps of a path.
pub fn story(world: &World, path: &Path<State, Action>) -> Vec<Happening> {
    path.clone()
        .into_vec()
        .into_iter()
        .filter_map(|(state, action)| Some(world.happening(&state, action?)))
        .collect()
}

impl World {
    /// What comes of an action in a state. Nothing, if it changes nothing.
    pub fn happening(&self, before: &State, action: Action) -> Happening {
        let mut consequences = Vec::new();
        if let Some(after) = self.next_state(before, action) {
            match action {
                Action::Step(event) => {
                    if let Some(reaction) = self.react(before, event) {
                        whole(before, &after, &reaction, &mut consequences);
                    }
                }
                Action::Torn { event, sends } => {
                    if let Some(reaction) = self.react(before, event) {
                        let sends = usize::from(sends);
                        self.partial(before, &after, &reaction, sends, &mut consequences);
                    }
                }
                Action::Read { .. } => {
                    self.consequences_of_read(before, action, &mut consequences);
                }
                Action::Crash(node) => consequences.push(restart(&after, node)),
                Action::Repeat(node) => {
                    consequences.extend(self.repeated(before, node).map(Consequence::Sends));
                }
                Action::Stop(node) => consequences.push(Consequence::Stops { node }),
                Action::Lose(_) | Action::Answer { .. } | Action::GiveUp(_) | Action::Settle => {}
                Action::Fail { fault, at } => {
                    self.failure(before, &after, fault, at, &mut consequences);
                }
            }
            self.for_clients(before, &after, &mut consequences);
            self.told_to_readers(before, &after, &mut consequences);
        }
        Happening {
            action,
            consequences,
        }
    }

    /// What comes of a failure at a node.
    fn failure(
        &self,
        before: &State,
        after: &State,
        fault: Fault,
        at: Point,
        consequences: &mut Vec<Consequence>,
    ) {
        let node = match at {
            Point::Event(event) => {
                let (node, _) = crate::action::input(event);
                if let Some(reaction) = self.react(before, event) {
                    let lost = reaction.effects.persist;
                    consequences.extend(lost.map(|lost| Consequence::DoesNotSave { node, lost }));
                    let sends = reaction.said();
                    consequences.extend(match before.mail == after.mail {
                        true => sends.map(Consequence::DoesNotSend).collect::<Vec<_>>(),
                        false => sends.map(Consequence::Sends).collect(),
                    });
                }
                node
            }
            Point::Node(node) => node,
            Point::Ask(index) => {
                let asked = self.scenario().ask.get(usize::from(index));
                let asked = asked.and_then(|ask| NodeId::new(ask.of));
                match asked.filter(|_| fault == Fault::CrashOnDelivery) {
                    Some(node) => node,
                    None => return,
                }
            }
            Point::Reply(..) => return,
        };
        match (self.is_out(after, node), fault) {
            (true, _) => consequences.push(Consequence::Stops { node }),
            // Under a mutant, it goes on.
            (false, Fault::StorageFails) => {}
            (false, _) => consequences.push(restart(after, node)),
        }
    }

    /// What shows at clients whose requests can fail: answers that leave for them, and what they conclude.
    fn for_clients(&self, before: &State, after: &State, consequences: &mut Vec<Consequence>) {
        let (Some(was), Some(is)) = (&before.clients, &after.clients) else {
            return;
        };
        let asks = self.scenario().ask.iter().zip(0_u8..);
        for (ask, index) in asks {
            let i = usize::from(index);
            let known: Vec<Reply> = was.calls[i].replies.iter().collect();
            let fresh = is.calls[i]
                .replies
                .iter()
                .filter(|one| !known.contains(one));
            if let Some(node) = NodeId::new(ask.of) {
                consequences.extend(fresh.map(|reply| Consequence::Replies {
                    node,
                    ask: index,
                    reply,
                }));
            }
            let outcome = after.asks[i];
            if before.asks[i] != outcome && outcome != Outcome::Asked {
                consequences.push(Consequence::Concludes {
                    ask: index,
                    outcome,
                });
            }
        }
    }

    fn partial(
        &self,
        before: &State,
        after: &State,
        reaction: &Reaction,
        sends: usize,
        consequences: &mut Vec<Consequence>,
    ) {
        let node = reaction.at;
        if !self.sends_first() {
            consequences.extend(saves(before, after, reaction));
        }
        for (said, sent) in reaction.said().zip(reaction.sent_before_crash(sends)) {
            let unsent: NodeSet = said.to.iter().filter(|to| !sent.to.contains(*to)).collect();
            if !sent.to.is_empty() {
                consequences.push(Consequence::Sends(sent));
            }
            if !unsent.is_empty() {
                consequences.push(Consequence::DoesNotSend(Broadcast { to: unsent, ..said }));
            }
        }
        consequences.extend(unsaved(after, reaction));
        consequences.push(restart(after, node));
    }
}

pub(crate) fn whole(
    before: &State,
    after: &State,
    reaction: &Reaction,
    consequences: &mut Vec<Consequence>,
) {
    consequences.extend(saves(before, after, reaction));
    consequences.extend(unsaved(after, reaction));
    consequences.extend(reaction.said().map(Consequence::Sends));
    if let Some(value) = reaction.effects.chosen {
        let node = reaction.at;
        if before.server(node).announced != after.server(node).announced {
            consequences.push(Consequence::Announces { node, value });
        }
        let is_told_now = before.clients.is_none();
        let asks = before.asks.iter().filter(|_| is_told_now);
        for ((was, is), ask) in asks.zip(&after.asks).zip(0..) {
            if let (true, Outcome::Success(value)) = (was != is, *is) {
                consequences.push(Consequence::TellsClient { node, ask, value });
            }
        }
    }
    if consequences.is_empty() && reaction.changed {
        consequences.push(Consequence::Notes { node: reaction.at });
    }
}

fn saves(before: &State, after: &State, reaction: &Reaction) -> Option<Consequence> {
    let node = reaction.at;
    let (before, after) = (before.server(node).disk, after.server(node).disk);
    (before != after).then_some(Consequence::Saves {
        node,
        before,
        after,
    })
}

/// What a host was to save and its disk does not hold.
fn unsaved(after: &State, reaction: &Reaction) -> Option<Consequence> {
    let (node, record) = (reaction.at, reaction.effects.persist?);
    let disk = after.server(node).disk;
    let lost = Durable {
        round: record.round.filter(|_| record.round != disk.round),
        promised: record.promised.filter(|_| record.promised != disk.promised),
        accepted: record.accepted.filter(|_| record.accepted != disk.accepted),
    };
    (lost != Durable::EMPTY).then_some(Consequence::DoesNotSave { node, lost })
}

fn restart(after: &State, node: NodeId) -> Consequence {
    Consequence::Restarts {
        node,
        disk: after.server(node).disk,
    }
}
