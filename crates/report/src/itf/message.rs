//! Messages as a trace writes them.

use model::{Letter, Parcel};
use paxos::{Envelope, Message, Vote};
use serde::{Deserialize, Serialize};

use super::words::{BallotRecord, Maybe, Name, Set, VoteRecord};

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

impl From<Parcel> for ParcelRecord {
    fn from(parcel: Parcel) -> ParcelRecord {
        ParcelRecord {
            from: Name(parcel.from()),
            to: Set::of(parcel.to()),
            message: parcel.message().into(),
        }
    }
}

impl From<Parcel> for SaidRecord {
    fn from(parcel: Parcel) -> SaidRecord {
        SaidRecord {
            from: Name(parcel.from()),
            message: parcel.message().into(),
        }
    }
}
