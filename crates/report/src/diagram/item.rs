//! What a row is made of.

use model::{Letter, Outcome, Reply};
use paxos::{Broadcast, Envelope, NodeSet};

use crate::facts::Fact;

/// One step: what happened at a lane, and what came of it there.
pub(super) struct Row {
    /// The lane it happened at.
    pub(super) lane: usize,
    /// What happened.
    pub(super) event: Event,
    /// What came of it, in order.
    pub(super) items: Vec<Item>,
}

/// What begins a row.
pub(super) enum Event {
    /// A client asks for this value.
    Ask(Letter),
    /// A message arrives, or is lost.
    Message(Flight),
    /// The node has waited long enough.
    Timeout,
    /// The node crashes, of itself.
    Crash,
    /// Something else, in words.
    Other(String),
}

/// A message's way.
pub(super) struct Flight {
    /// The message.
    pub(super) envelope: Envelope<Letter>,
    /// The row and the item there that sent it; `None` if the path does not show it.
    pub(super) sent: Option<(usize, usize)>,
    /// What became of it.
    pub(super) fate: Fate,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrived.
    Arrives,
    /// It arrived, and had arrived before.
    ArrivesAgain,
    /// It arrived and changed nothing.
    Ignored,
    /// It got lost.
    Lost,
}

/// One thing that came of a step.
pub(super) enum Item {
    /// The disk changes.
    Saves(Vec<Fact>),
    /// The crash kept this from the disk.
    DoesNotSave(Vec<Fact>),
    /// A message leaves.
    Sends {
        /// What, and to whom.
        said: Broadcast<Letter>,
        /// Those it has not arrived at by the end of the path.
        missing: NodeSet,
    },
    /// The crash kept this from leaving.
    DoesNotSend(Broadcast<Letter>),
    /// A vote completes a quorum for this value.
    Quorum {
        /// The value.
        value: Letter,
        /// Whether another value was chosen before: the end of agreement.
        second: bool,
    },
    /// The node announces that this value is chosen.
    Announces(Letter),
    /// A client is told that this value is chosen.
    Tells(Letter),
    /// The node stops.
    Crashes,
    /// What a client is left with.
    Leaves(Outcome),
    /// An answer leaves for a client.
    Answers(Reply),
    /// The node stops for good.
    Stops,
    /// The node runs again, with what it knows from its disk.
    Restarts(Vec<Fact>),
    /// What is on the disk and the node does not know.
    Forgets(Vec<Fact>),
}

impl Item {
    /// What is written beside an item; empty if nothing is.
    pub(super) fn remark(&self) -> String {
        let names = |nodes: NodeSet| -> String {
            let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
            names.join(" ")
        };
        match self {
            Item::Sends { missing, .. } if missing.is_empty() => String::new(),
            Item::Sends { said, missing } if said.to == *missing => {
                format!("{}, not yet at {}", said.message, names(*missing))
            }
            Item::Sends { missing, .. } => format!("not yet at {}", names(*missing)),
            Item::DoesNotSend(said) => format!("{} not sent to {}", said.message, names(said.to)),
            Item::DoesNotSave(_) => "not saved".to_owned(),
            Item::Forgets(_) => "forgotten".to_owned(),
            Item::Crashes => "crashes".to_owned(),
            Item::Restarts(known) if known.is_empty() => "restarts, knows nothing".to_owned(),
            Item::Restarts(_) => "restarts, knows".to_owned(),
            Item::Saves(_)
            | Item::Quorum { .. }
            | Item::Announces(_)
            | Item::Tells(_)
            | Item::Leaves(_) => String::new(),
            Item::Answers(reply) => format!("answers: {reply}"),
            Item::Stops => "stops for good".to_owned(),
        }
    }

    /// Texts centred on the lane, one under the other.
    pub(super) fn boxes(&self) -> Vec<String> {
        match self {
            Item::Saves(facts)
            | Item::DoesNotSave(facts)
            | Item::Restarts(facts)
            | Item::Forgets(facts) => facts.iter().map(ToString::to_string).collect(),
            Item::Quorum {
                value,
                second: false,
            } => vec![format!("quorum for {value}")],
            Item::Quorum {
                value,
                second: true,
            } => vec![format!("quorum for {value}, too")],
            Item::Announces(value) => vec![format!("chosen {value}")],
            Item::Sends { .. }
            | Item::DoesNotSend(_)
            | Item::Tells(_)
            | Item::Crashes
            | Item::Answers(_)
            | Item::Stops
            | Item::Leaves(_) => Vec::new(),
        }
    }

    /// What a client is told by an item, as it is written at the clients' lane, and the value
    /// of it.
    pub(super) fn told(&self) -> Option<(String, Option<Letter>)> {
        match self {
            Item::Tells(value) => Some((format!("SUCCESS({value})"), Some(*value))),
            Item::Leaves(outcome) => Some((outcome.to_string(), None)),
            Item::Saves(_)
            | Item::DoesNotSave(_)
            | Item::Sends { .. }
            | Item::DoesNotSend(_)
            | Item::Quorum { .. }
            | Item::Announces(_)
            | Item::Crashes
            | Item::Answers(_)
            | Item::Stops
            | Item::Restarts(_)
            | Item::Forgets(_) => None,
        }
    }
}

impl Fate {
    /// Whether it reaches its addressee.
    pub(super) fn arrives(self) -> bool {
        match self {
            Fate::Arrives | Fate::ArrivesAgain | Fate::Ignored => true,
            Fate::Lost => false,
        }
    }
}

impl Event {
    /// What is written beside it.
    pub(super) fn label(&self) -> String {
        match self {
            Event::Ask(value) => format!("asks for {value}"),
            Event::Timeout => "times out".to_owned(),
            Event::Crash => String::new(),
            Event::Other(what) => what.clone(),
            Event::Message(flight) => {
                let remark = match flight.fate {
                    Fate::Arrives => "",
                    Fate::ArrivesAgain => " again",
                    Fate::Ignored => " ignored",
                    Fate::Lost => " lost",
                };
                format!("{}{remark}", flight.envelope.message)
            }
        }
    }
}
