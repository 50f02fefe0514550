//! Nodes, ballots and messages as a trace writes them.

use model::Letter;
use paxos::{Ballot, Envelope, Message, NodeId, NodeSet, Round, Vote};
use serde::{Deserialize, Serialize};

/// Nothing: the empty tuple.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    #[serde(rename = "#tup")]
    nothing: [u8; 0],
}

/// An option.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value")]
pub(super) enum Maybe<T> {
    None(Unit),
    Some(T),
}

/// A set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set<T> {
    #[serde(rename = "#set")]
    members: Vec<T>,
}

/// Something for each node.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ByNode<T> {
    #[serde(rename = "#map")]
    pairs: Vec<(Name, T)>,
}

/// A node by its name, as in `n0`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Name(pub(super) NodeId);

/// A round by its number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(super) struct Number(Round);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BallotRecord {
    round: Number,
    node: Name,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoteRecord {
    ballot: BallotRecord,
    value: Letter,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value", deny_unknown_fields)]
pub(super) enum MessageRecord {
    Prepare {
        ballot: BallotRecord,
    },
    Promise {
        ballot: BallotRecord,
        accepted: Maybe<VoteRecord>,
    },
    Propose {
        ballot: BallotRecord,
        value: Letter,
    },
    Accepted {
        ballot: BallotRecord,
        value: Letter,
    },
    Nack {
        ballot: BallotRecord,
        promised: BallotRecord,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvelopeRecord {
    from: Name,
    to: Name,
    message: MessageRecord,
}

/// One message to some nodes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ParcelRecord {
    from: Name,
    to: Set<Name>,
    message: MessageRecord,
}

/// What somebody said, to nobody in particular.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SaidRecord {
    from: Name,
    message: MessageRecord,
}

impl<T> Maybe<T> {
    /// An option, in the words of a trace.
    pub(super) fn of<S>(option: Option<S>) -> Maybe<T>
    where
        T: From<S>,
    {
        match option {
            Some(value) => Maybe::Some(value.into()),
            None => Maybe::None(Unit::default()),
        }
    }

    fn option(self) -> Option<T> {
        match self {
            Maybe::Some(value) => Some(value),
            Maybe::None(_) => None,
        }
    }
}

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Set<T> {
        Set {
            members: members.into_iter().collect(),
        }
    }
}

impl Set<Name> {
    pub(super) fn of(nodes: NodeSet) -> Set<Name> {
        nodes.iter().map(Name).collect()
    }
}

impl<T> FromIterator<(NodeId, T)> for ByNode<T> {
    fn from_iter<I: IntoIterator<Item = (NodeId, T)>>(pairs: I) -> ByNode<T> {
        let pairs = pairs.into_iter();
        ByNode {
            pairs: pairs.map(|(node, value)| (Name(node), value)).collect(),
        }
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Name, String> {
        let number = name
            .strip_prefix('n')
            .and_then(|number| number.parse().ok());
        number
            .and_then(NodeId::new)
            .map(Name)
            .ok_or_else(|| format!("`{name}` names no node; nodes are n0 to n15"))
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0.to_string()
    }
}

impl TryFrom<u32> for Number {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Number, &'static str> {
        Round::new(number)
            .map(Number)
            .ok_or("rounds are numbered from 1")
    }
}

impl From<Number> for u32 {
    fn from(number: Number) -> u32 {
        number.0.number()
    }
}

impl From<Round> for Number {
    fn from(round: Round) -> Number {
        Number(round)
    }
}

impl From<Ballot> for BallotRecord {
    fn from(ballot: Ballot) -> BallotRecord {
        BallotRecord {
            round: Number(ballot.round),
            node: Name(ballot.node),
        }
    }
}

impl From<BallotRecord> for Ballot {
    fn from(record: BallotRecord) -> Ballot {
        Ballot {
            round: record.round.0,
            node: record.node.0,
        }
    }
}

impl From<Vote<Letter>> for VoteRecord {
    fn from(vote: Vote<Letter>) -> VoteRecord {
        VoteRecord {
            ballot: vote.ballot.into(),
            value: vote.value,
        }
    }
}

impl From<VoteRecord> for Vote<Letter> {
    fn from(record: VoteRecord) -> Vote<Letter> {
        Vote {
            ballot: record.ballot.into(),
            value: record.value,
        }
    }
}

impl From<Message<Letter>> for MessageRecord {
    fn from(message: Message<Letter>) -> MessageRecord {
        match message {
            Message::Prepare { ballot } => MessageRecord::Prepare {
                ballot: ballot.into(),
            },
            Message::Promise { ballot, accepted } => MessageRecord::Promise {
                ballot: ballot.into(),
                accepted: Maybe::of(accepted),
            },
            Message::Propose { ballot, value } => MessageRecord::Propose {
                ballot: ballot.into(),
                value,
            },
            Message::Accepted { ballot, value } => MessageRecord::Accepted {
                ballot: ballot.into(),
                value,
            },
            Message::Nack { ballot, promised } => MessageRecord::Nack {
                ballot: ballot.into(),
                promised: promised.into(),
            },
        }
    }
}

impl From<MessageRecord> for Message<Letter> {
    fn from(record: MessageRecord) -> Message<Letter> {
        match record {
            MessageRecord::Prepare { ballot } => Message::Prepare {
                ballot: ballot.into(),
            },
            MessageRecord::Promise { ballot, accepted } => Message::Promise {
                ballot: ballot.into(),
                accepted: accepted.option().map(Vote::from),
            },
            MessageRecord::Propose { ballot, value } => Message::Propose {
                ballot: ballot.into(),
                value,
            },
            MessageRecord::Accepted { ballot, value } => Message::Accepted {
                ballot: ballot.into(),
                value,
            },
            MessageRecord::Nack { ballot, promised } => Message::Nack {
                ballot: ballot.into(),
                promised: promised.into(),
            },
        }
    }
}

impl From<Envelope<Letter>> for EnvelopeRecord {
    fn from(envelope: Envelope<Letter>) -> EnvelopeRecord {
        EnvelopeRecord {
            from: Name(envelope.from),
            to: Name(envelope.to),
            message: envelope.message.into(),
        }
    }
}

impl From<EnvelopeRecord> for Envelope<Letter> {
    fn from(record: EnvelopeRecord) -> Envelope<Letter> {
        Envelope {
            from: record.from.0,
            to: record.to.0,
            message: record.message.into(),
        }
    }
}

impl From<model::Parcel> for ParcelRecord {
    fn from(parcel: model::Parcel) -> ParcelRecord {
        ParcelRecord {
            from: Name(parcel.from()),
            to: Set::of(parcel.to()),
            message: parcel.message().into(),
        }
    }
}

impl From<model::Parcel> for SaidRecord {
    fn from(parcel: model::Parcel) -> SaidRecord {
        SaidRecord {
            from: Name(parcel.from()),
            message: parcel.message().into(),
        }
    }
}
