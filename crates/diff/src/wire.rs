//! What two processes say to each other: one line of JSON each.
//!
//! States and actions are written by `model` and not by `paxos`: a state as the bytes that `model` keeps of it, in
//! hexadecimal digits; an action by the numbers of nodes and requests and the word of a `model::Parcel`. So the two can
//! have cores that keep their nodes otherwise, as long as both are built with the same `model`, which [`FORM`] tells.

use data_encoding::HEXLOWER;
use model::{Action, Event, Fault, Letter, Parcel, Point, ReadStep, Reply, Scenario, State};
use paxos::{Envelope, NodeId, NodeSet};
use serde::{Deserialize, Serialize};

use crate::Explored;

/// Which sources the form rests on.
pub(crate) const FORM: &str = env!("FORM");

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// From now on it is about this scenario.
    Open {
        /// Its name.
        name: String,
        /// The text of its file.
        text: String,
        /// By which rules.
        rules: String,
    },
    /// What can happen in each of these states?
    Steps(Vec<StateText>),
    /// What comes of an action?
    Tell {
        /// Where.
        state: StateText,
        /// Which.
        action: ActionText,
    },
    /// How large is the world, and what becomes of the properties?
    Explore {
        /// As in `checker::Limits`.
        threads: usize,
        /// As in `checker::Limits`.
        max_states: Option<u64>,
        /// As in `checker::Limits`, in milliseconds.
        timeout_ms: Option<u64>,
    },
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Said first, unasked: [`FORM`].
    Hello(String),
    /// The state in which nothing has happened yet.
    Opened(StateText),
    /// For each state what can happen, and the state it leads to.
    Steps(Vec<Vec<(ActionText, StateText)>>),
    /// What comes of the action.
    Told(Vec<String>),
    /// What the world is like.
    Explored(Explored),
    /// The question makes no sense, or cannot be answered.
    Refused(String),
}

/// A state as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StateText(String);

impl StateText {
    pub(crate) fn new(state: &State) -> Result<StateText, String> {
        let bytes = postcard::to_stdvec(state).map_err(|error| error.to_string())?;
        Ok(StateText(HEXLOWER.encode(&bytes)))
    }

    pub(crate) fn state(&self) -> Result<State, String> {
        let wrong = |problem: String| format!("`{}` is not a state: {problem}", self.0);
        let bytes = HEXLOWER.decode(self.0.as_bytes());
        let bytes = bytes.map_err(|error| wrong(error.to_string()))?;
        postcard::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))
    }
}

/// An action as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionText {
    /// [`Action::Step`].
    Step(EventText),
    /// [`Action::Torn`].
    Torn(EventText, u8),
    /// [`Action::Crash`].
    Crash(usize),
    /// [`Action::Lose`].
    Lose(Parcel),
    /// [`Action::Answer`].
    Answer(u8, ReplyText),
    /// [`Action::GiveUp`].
    GiveUp(u8),
    /// [`Action::Read`]: its place among the scenario's reads, and the step.
    Read(u8, ReadText),
    /// [`Action::Fail`].
    Fail(Fault, PointText),
    /// [`Action::Repeat`].
    Repeat(usize),
    /// [`Action::Stop`].
    Stop(usize),
    /// [`Action::Settle`].
    Settle,
}

/// A step of a read as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReadText {
    /// [`ReadStep::Ask`].
    Ask,
    /// [`ReadStep::Tell`].
    Tell(usize),
    /// [`ReadStep::Hear`].
    Hear(usize),
}

/// An answer as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplyText {
    /// [`Reply::Chosen`].
    Chosen(Letter),
    /// [`Reply::Busy`].
    Busy,
    /// [`Reply::Refused`].
    Refused,
}

/// Where something fails, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PointText {
    /// [`Point::Ask`].
    Ask(u8),
    /// [`Point::Reply`].
    Reply(u8, ReplyText),
    /// [`Point::Event`].
    Event(EventText),
    /// [`Point::Node`].
    Node(usize),
}

/// An event as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventText {
    /// [`Event::Ask`]: its place among the scenario's asks.
    Ask(u8),
    /// [`Event::Deliver`].
    Deliver(Parcel),
    /// [`Event::Timeout`].
    Timeout(usize),
}

impl ActionText {
    pub(crate) fn new(action: Action) -> ActionText {
        match action {
            Action::Step(event) => ActionText::Step(EventText::new(event)),
            Action::Torn { event, sends } => ActionText::Torn(EventText::new(event), sends),
            Action::Crash(node) => ActionText::Crash(node.index()),
            Action::Lose(envelope) => ActionText::Lose(parcel(&envelope)),
            Action::Answer { ask, reply } => ActionText::Answer(ask, reply.into()),
            Action::GiveUp(ask) => ActionText::GiveUp(ask),
            Action::Read { read, step, .. } => ActionText::Read(
                read,
                match step {
                    ReadStep::Ask => ReadText::Ask,
                    ReadStep::Tell(node) => ReadText::Tell(node.index()),
                    ReadStep::Hear(node) => ReadText::Hear(node.index()),
                },
            ),
            Action::Repeat(node) => ActionText::Repeat(node.index()),
            Action::Stop(node) => ActionText::Stop(node.index()),
            Action::Settle => ActionText::Settle,
            Action::Fail { fault, at } => ActionText::Fail(
                fault,
                match at {
                    Point::Ask(ask) => PointText::Ask(ask),
                    Point::Reply(ask, reply) => PointText::Reply(ask, reply.into()),
                    Point::Event(event) => PointText::Event(EventText::new(event)),
                    Point::Node(node) => PointText::Node(node.index()),
                },
            ),
        }
    }

    pub(crate) fn action(&self, scenario: &Scenario) -> Result<Action, String> {
        Ok(match self {
            ActionText::Step(event) => Action::Step(event.event(scenario)?),
            ActionText::Torn(event, sends) => Action::Torn {
                event: event.event(scenario)?,
                sends: *sends,
            },
            ActionText::Crash(number) => Action::Crash(node(*number)?),
            ActionText::Lose(parcel) => Action::Lose(envelope(*parcel)?),
            ActionText::Answer(ask, reply) => Action::Answer {
                ask: *ask,
                reply: (*reply).into(),
            },
            ActionText::GiveUp(ask) => Action::GiveUp(*ask),
            ActionText::Read(read, step) => {
                let asked = scenario.read.get(usize::from(*read));
                let asked = asked.ok_or_else(|| format!("there is no read {read}"))?;
                Action::Read {
                    read: *read,
                    of: node(asked.of)?,
                    step: match step {
                        ReadText::Ask => ReadStep::Ask,
                        ReadText::Tell(number) => ReadStep::Tell(node(*number)?),
                        ReadText::Hear(number) => ReadStep::Hear(node(*number)?),
                    },
                }
            }
            ActionText::Repeat(number) => Action::Repeat(node(*number)?),
            ActionText::Stop(number) => Action::Stop(node(*number)?),
            ActionText::Settle => Action::Settle,
            ActionText::Fail(fault, at) => Action::Fail {
                fault: *fault,
                at: match at {
                    PointText::Ask(ask) => Point::Ask(*ask),
                    PointText::Reply(ask, reply) => Point::Reply(*ask, (*reply).into()),
                    PointText::Event(event) => Point::Event(event.event(scenario)?),
                    PointText::Node(number) => Point::Node(node(*number)?),
                },
            },
        })
    }
}

impl EventText {
    fn new(event: Event) -> EventText {
        match event {
            Event::Ask { index, .. } => EventText::Ask(index),
            Event::Deliver(envelope) => EventText::Deliver(parcel(&envelope)),
            Event::Timeout(node) => EventText::Timeout(node.index()),
        }
    }

    fn event(&self, scenario: &Scenario) -> Result<Event, String> {
        Ok(match self {
            EventText::Ask(index) => {
                let ask = scenario.ask.get(usize::from(*index));
                let ask = ask.ok_or_else(|| format!("there is no request {index}"))?;
                Event::Ask {
                    index: *index,
                    of: node(ask.of)?,
                    value: ask.value,
                }
            }
            EventText::Deliver(parcel) => Event::Deliver(envelope(*parcel)?),
            EventText::Timeout(number) => Event::Timeout(node(*number)?),
        })
    }
}

impl From<Reply> for ReplyText {
    fn from(reply: Reply) -> ReplyText {
        match reply {
            Reply::Chosen(value) => ReplyText::Chosen(value),
            Reply::Busy => ReplyText::Busy,
            Reply::Refused => ReplyText::Refused,
        }
    }
}

impl From<ReplyText> for Reply {
    fn from(reply: ReplyText) -> Reply {
        match reply {
            ReplyText::Chosen(value) => Reply::Chosen(value),
            ReplyText::Busy => Reply::Busy,
            ReplyText::Refused => Reply::Refused,
        }
    }
}

fn parcel(envelope: &Envelope<Letter>) -> Parcel {
    let to = NodeSet::EMPTY.with(envelope.to);
    Parcel::new(envelope.from, to, envelope.message)
}

fn envelope(parcel: Parcel) -> Result<Envelope<Letter>, String> {
    let mut envelopes = parcel.envelopes();
    envelopes
        .next()
        .ok_or_else(|| "a message is for nobody".to_owned())
}

fn node(number: usize) -> Result<NodeId, String> {
    NodeId::new(number).ok_or_else(|| format!("there is no node {number}"))
}
