//! Actions as a trace writes them: a name, and what it takes to do the same again.

use model::{Action, Event, Fault, Letter, Point, ReadStep};
use serde::{Deserialize, Serialize};

use super::clients::ReplyRecord;
use super::message::EnvelopeRecord;
use super::words::{Name, Unit};

/// How a state was reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value", deny_unknown_fields)]
pub(super) enum ActionRecord {
    /// It is the first one.
    Init(Unit),
    /// [`Event::Ask`].
    Ask(AskRecord),
    /// [`Event::Deliver`].
    Deliver(EnvelopeRecord),
    /// [`Event::Timeout`].
    Timeout(NodeRecord),
    /// [`Action::Torn`].
    Torn(TornRecord),
    /// [`Action::Crash`].
    Crash(NodeRecord),
    /// [`Action::Lose`].
    Lose(EnvelopeRecord),
    /// [`Action::Answer`].
    Answer(AnswerRecord),
    /// [`Action::GiveUp`].
    GiveUp(RequestRecord),
    /// [`Action::Read`].
    Read(ReadRecord),
    /// [`Action::Fail`].
    Fail(FailRecord),
    /// [`Action::Repeat`].
    Repeat(NodeRecord),
    /// [`Action::Stop`].
    Stop(NodeRecord),
    /// [`Action::Settle`].
    Settle(Unit),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerRecord {
    ask: u8,
    reply: ReplyRecord,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestRecord {
    ask: u8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FailRecord {
    fault: Fault,
    at: PointRecord,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadRecord {
    read: u8,
    of: Name,
    step: ReadStepRecord,
}

/// A step of a read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value", deny_unknown_fields)]
pub(super) enum ReadStepRecord {
    Ask(Unit),
    Tell(NodeRecord),
    Hear(NodeRecord),
}

/// Where something fails.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value", deny_unknown_fields)]
pub(super) enum PointRecord {
    Ask(RequestRecord),
    Reply(AnswerRecord),
    Event(EventRecord),
    Node(NodeRecord),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskRecord {
    index: u8,
    of: Name,
    value: Letter,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeRecord {
    node: Name,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TornRecord {
    event: EventRecord,
    sends: u8,
}

/// What happened to a node before it crashed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value", deny_unknown_fields)]
pub(super) enum EventRecord {
    Ask(AskRecord),
    Deliver(EnvelopeRecord),
    Timeout(NodeRecord),
}

impl ActionRecord {
    /// The action; `None` if there was none.
    pub(super) fn action(self) -> Option<Action> {
        Some(match self {
            ActionRecord::Init(_) => return None,
            ActionRecord::Ask(ask) => Action::Step(ask.event()),
            ActionRecord::Deliver(envelope) => Action::Step(Event::Deliver(envelope.into())),
            ActionRecord::Timeout(at) => Action::Step(Event::Timeout(at.node.0)),
            ActionRecord::Torn(torn) => Action::Torn {
                event: torn.event.event(),
                sends: torn.sends,
            },
            ActionRecord::Crash(at) => Action::Crash(at.node.0),
            ActionRecord::Lose(envelope) => Action::Lose(envelope.into()),
            ActionRecord::Answer(answer) => Action::Answer {
                ask: answer.ask,
                reply: answer.reply.into(),
            },
            ActionRecord::GiveUp(request) => Action::GiveUp(request.ask),
            ActionRecord::Read(read) => Action::Read {
                read: read.read,
                of: read.of.0,
                step: match read.step {
                    ReadStepRecord::Ask(_) => ReadStep::Ask,
                    ReadStepRecord::Tell(at) => ReadStep::Tell(at.node.0),
                    ReadStepRecord::Hear(at) => ReadStep::Hear(at.node.0),
                },
            },
            ActionRecord::Repeat(at) => Action::Repeat(at.node.0),
            ActionRecord::Stop(at) => Action::Stop(at.node.0),
            ActionRecord::Settle(_) => Action::Settle,
            ActionRecord::Fail(fail) => Action::Fail {
                fault: fail.fault,
                at: match fail.at {
                    PointRecord::Ask(request) => Point::Ask(request.ask),
                    PointRecord::Reply(answer) => Point::Reply(answer.ask, answer.reply.into()),
                    PointRecord::Event(event) => Point::Event(event.event()),
                    PointRecord::Node(at) => Point::Node(at.node.0),
                },
            },
        })
    }
}

impl EventRecord {
    fn event(self) -> Event {
        match self {
            EventRecord::Ask(ask) => ask.event(),
            EventRecord::Deliver(envelope) => Event::Deliver(envelope.into()),
            EventRecord::Timeout(at) => Event::Timeout(at.node.0),
        }
    }
}

impl AskRecord {
    fn event(self) -> Event {
        Event::Ask {
            index: self.index,
            of: self.of.0,
            value: self.value,
        }
    }
}

impl From<Option<Action>> for ActionRecord {
    fn from(action: Option<Action>) -> ActionRecord {
        match action {
            None => ActionRecord::Init(Unit::default()),
            Some(Action::Step(event)) => match EventRecord::from(event) {
                EventRecord::Ask(ask) => ActionRecord::Ask(ask),
                EventRecord::Deliver(envelope) => ActionRecord::Deliver(envelope),
                EventRecord::Timeout(at) => ActionRecord::Timeout(at),
            },
            Some(Action::Torn { event, sends }) => ActionRecord::Torn(TornRecord {
                event: event.into(),
                sends,
            }),
            Some(Action::Crash(node)) => ActionRecord::Crash(NodeRecord { node: Name(node) }),
            Some(Action::Lose(envelope)) => ActionRecord::Lose(envelope.into()),
            Some(Action::Answer { ask, reply }) => ActionRecord::Answer(AnswerRecord {
                ask,
                reply: reply.into(),
            }),
            Some(Action::GiveUp(ask)) => ActionRecord::GiveUp(RequestRecord { ask }),
            Some(Action::Read { read, of, step }) => ActionRecord::Read(ReadRecord {
                read,
                of: Name(of),
                step: match step {
                    ReadStep::Ask => ReadStepRecord::Ask(Unit::default()),
                    ReadStep::Tell(node) => ReadStepRecord::Tell(NodeRecord { node: Name(node) }),
                    ReadStep::Hear(node) => ReadStepRecord::Hear(NodeRecord { node: Name(node) }),
                },
            }),
            Some(Action::Repeat(node)) => ActionRecord::Repeat(NodeRecord { node: Name(node) }),
            Some(Action::Stop(node)) => ActionRecord::Stop(NodeRecord { node: Name(node) }),
            Some(Action::Settle) => ActionRecord::Settle(Unit::default()),
            Some(Action::Fail { fault, at }) => ActionRecord::Fail(FailRecord {
                fault,
                at: match at {
                    Point::Ask(ask) => PointRecord::Ask(RequestRecord { ask }),
                    Point::Reply(ask, reply) => PointRecord::Reply(AnswerRecord {
                        ask,
                        reply: reply.into(),
                    }),
                    Point::Event(event) => PointRecord::Event(event.into()),
                    Point::Node(node) => PointRecord::Node(NodeRecord { node: Name(node) }),
                },
            }),
        }
    }
}

impl From<Event> for EventRecord {
    fn from(event: Event) -> EventRecord {
        match event {
            Event::Ask { index, of, value } => EventRecord::Ask(AskRecord {
                index,
                of: Name(of),
                value,
            }),
            Event::Deliver(envelope) => EventRecord::Deliver(envelope.into()),
            Event::Timeout(node) => EventRecord::Timeout(NodeRecord { node: Name(node) }),
        }
    }
}
