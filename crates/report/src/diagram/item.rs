//! What a row is made of.

use std::ops::RangeInclusive;

use model::{Letter, Outcome};
use paxos::{Broadcast, Envelope, NodeSet};

use crate::facts::Fact;
use crate::phases::Entered;
use crate::through::Through;
use crate::words::spaced;

/// One step, or some that are told together: what happened at a lane, and what came of it there.
pub(super) struct Row {
    /// The steps, counted from 1.
    pub(super) steps: RangeInclusive<usize>,
    /// What is said above it, across all lanes; empty if nothing is.
    pub(super) strip: String,
    /// The lane it happened at.
    pub(super) lane: usize,
    /// What happened.
    pub(super) event: Event,
    /// What came of it, in order.
    pub(super) items: Vec<Item>,
}

/// What begins a row.
#[derive(Clone)]
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
    /// Steps of waiting, in words: at no lane.
    Folded(String),
}

/// A message's way.
#[derive(Clone)]
pub(super) struct Flight {
    /// The message.
    pub(super) envelope: Envelope<Letter>,
    /// Where it was sent; `None` if the path does not show it.
    pub(super) sent: Option<Sent>,
    /// What became of it.
    pub(super) fate: Fate,
}

/// Where a message was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// The row.
    pub(super) row: usize,
    /// The item there; `None` where the row tells steps together.
    pub(super) item: Option<usize>,
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
    /// A proposer enters a phase of its ballot.
    Enters(Entered),
    /// A message leaves.
    Sends {
        /// What, and to whom.
        said: Broadcast<Letter>,
        /// Those it has not arrived at by the end of the path.
        missing: NodeSet,
        /// Those of them at whom it never will.
        never: NodeSet,
    },
    /// The crash kept this from leaving.
    DoesNotSend(Broadcast<Letter>),
    /// A phase of a ballot is through.
    Quorum(Through),
    /// The node announces that this value is chosen.
    Announces(Letter),
    /// A client is told that this value is chosen.
    Tells(Letter),
    /// The node stops, between two steps or midway through one.
    Crashes {
        /// Whether the rest of its step was cut off.
        midway: bool,
    },
    /// What a client is left with.
    Leaves(Outcome),
    /// An answer leaves, for a client or for a node that reads: in words.
    Answers(String),
    /// The node stops for good.
    Stops,
    /// The node runs again, with what it knows from its disk.
    Restarts(Vec<Fact>),
    /// What is on the disk and the node does not know.
    Forgets(Vec<Fact>),
}

/// The box of an item: its lines, and the value of its mark.
pub(super) struct Boxed {
    pub(super) lines: Vec<String>,
    pub(super) value: Option<Letter>,
}

impl Item {
    /// What is written beside an item; empty if nothing is.
    pub(super) fn remark(&self) -> String {
        match self {
            Item::Sends { missing, .. } if missing.is_empty() => String::new(),
            Item::Sends {
                said,
                missing,
                never,
            } => {
                let still = missing.iter().filter(|to| !never.contains(*to)).collect();
                let parts = [("in flight to", still), ("never arrives at", *never)];
                let whole = (said.to == *missing).then(|| said.message.to_string());
                let parts = parts.into_iter().filter(|(_, to)| !to.is_empty());
                let parts = parts.map(|(what, to)| format!("{what} {}", spaced(to)));
                whole
                    .into_iter()
                    .chain(parts)
                    .collect::<Vec<_>>()
                    .join(", ")
            }
            Item::DoesNotSend(said) => format!("{} not sent to {}", said.message, spaced(said.to)),
            Item::DoesNotSave(_) => "not saved".to_owned(),
            Item::Forgets(_) => "forgotten".to_owned(),
            Item::Crashes { midway: false } => "crashes".to_owned(),
            Item::Crashes { midway: true } => "crashes midway".to_owned(),
            Item::Restarts(known) if known.is_empty() => "restarts, knows nothing".to_owned(),
            Item::Restarts(_) => "restarts, knows".to_owned(),
            Item::Saves(_)
            | Item::Enters(_)
            | Item::Quorum(_)
            | Item::Announces(_)
            | Item::Tells(_)
            | Item::Leaves(_) => String::new(),
            Item::Answers(reply) => format!("answers: {reply}"),
            Item::Stops => "stops for good".to_owned(),
        }
    }

    /// Boxes centred on the lane, one under the other.
    pub(super) fn boxes(&self) -> Vec<Boxed> {
        match self {
            Item::Saves(facts)
            | Item::DoesNotSave(facts)
            | Item::Restarts(facts)
            | Item::Forgets(facts) => facts.iter().map(Boxed::fact).collect(),
            Item::Enters(entered) => {
                let value = match entered {
                    Entered::Prepares(_) => None,
                    Entered::Proposes(vote) => Some(vote.value),
                };
                vec![Boxed::line(entered.to_string(), value)]
            }
            Item::Quorum(through) => vec![Boxed {
                lines: through.lines(),
                value: through.value(),
            }],
            Item::Announces(value) => vec![Boxed::line(format!("chosen {value}"), Some(*value))],
            Item::Sends { .. }
            | Item::DoesNotSend(_)
            | Item::Tells(_)
            | Item::Crashes { .. }
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
            | Item::Enters(_)
            | Item::Sends { .. }
            | Item::DoesNotSend(_)
            | Item::Quorum(_)
            | Item::Announces(_)
            | Item::Crashes { .. }
            | Item::Answers(_)
            | Item::Stops
            | Item::Restarts(_)
            | Item::Forgets(_) => None,
        }
    }
}

impl Boxed {
    fn line(text: String, value: Option<Letter>) -> Boxed {
        Boxed {
            lines: vec![text],
            value,
        }
    }

    fn fact(fact: &Fact) -> Boxed {
        let value = match fact {
            Fact::Vote(vote) => Some(vote.value),
            Fact::Round(_) | Fact::Promise(_) => None,
        };
        Boxed::line(fact.to_string(), value)
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
            Event::Crash | Event::Folded(_) => String::new(),
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

    /// The message that arrives or is lost.
    pub(super) fn flight(&self) -> Option<&Flight> {
        match self {
            Event::Message(flight) => Some(flight),
            Event::Ask(_) | Event::Timeout | Event::Crash | Event::Other(_) | Event::Folded(_) => {
                None
            }
        }
    }
}
