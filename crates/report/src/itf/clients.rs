//! Clients and their requests as a trace writes them, where these can fail.

use model::{Call, Letter, Outcome, ReadStatus, Reading, Replies, Reply, State};
use paxos::Read;
use paxos::client::Attempt;
use serde::{Deserialize, Serialize};

use super::words::{Maybe, Name, Set, Unit, VoteRecord};

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value", deny_unknown_fields)]
pub(super) enum ReplyRecord {
    Chosen(Letter),
    Busy(Unit),
    Refused(Unit),
}

/// What clients know: an outcome for each request, or all there is of them where they can fail.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum AsksRecord {
    Plain(Vec<OutcomeRecord>),
    Failing {
        calls: Vec<CallRecord>,
        stopped: Set<Name>,
        faults: u8,
        again: u8,
    },
}

#[derive(Serialize)]
#[serde(tag = "tag", content = "value")]
pub(super) enum OutcomeRecord {
    NotAsked(Unit),
    Asked(Unit),
    PostFailed(Unit),
    Retryable(Unit),
    Fatal(Unit),
    Unknown(Unit),
    Success(Letter),
}

#[derive(Serialize)]
pub(super) struct CallRecord {
    outcome: OutcomeRecord,
    attempt: Attempt,
    is_owed: bool,
    is_done: bool,
    was_unknown: bool,
    replies: Set<ReplyRecord>,
    stale: Set<ReplyRecord>,
}

/// A read.
#[derive(Serialize)]
pub(super) struct ReadingRecord {
    status: ReadStatusRecord,
    after_news: bool,
    answers: Maybe<AnswersRecord>,
    answered: Set<Name>,
    on_way: Set<VoteTold>,
}

#[derive(Serialize)]
#[serde(tag = "tag", content = "value")]
enum ReadStatusRecord {
    NotAsked(Unit),
    Asked(Unit),
    Unknown(Unit),
    NothingChosen(Unit),
    Chosen(Letter),
}

#[derive(Serialize)]
struct AnswersRecord {
    heard: Set<Name>,
    best: Maybe<VoteRecord>,
}

#[derive(Serialize)]
struct VoteTold {
    from: Name,
    vote: Maybe<VoteRecord>,
}

impl ReadingRecord {
    pub(super) fn new(reading: &Reading) -> ReadingRecord {
        ReadingRecord {
            status: reading.status.into(),
            after_news: reading.after_news,
            answers: Maybe::of(reading.answers),
            answered: Set::of(reading.answered),
            on_way: reading
                .on_way
                .iter()
                .map(|(from, vote)| VoteTold {
                    from: Name(*from),
                    vote: Maybe::of(*vote),
                })
                .collect(),
        }
    }
}

impl From<Read<Letter>> for AnswersRecord {
    fn from(answers: Read<Letter>) -> AnswersRecord {
        AnswersRecord {
            heard: Set::of(answers.heard),
            best: Maybe::of(answers.best),
        }
    }
}

impl From<ReadStatus> for ReadStatusRecord {
    fn from(status: ReadStatus) -> ReadStatusRecord {
        match status {
            ReadStatus::NotAsked => ReadStatusRecord::NotAsked(Unit::default()),
            ReadStatus::Asked => ReadStatusRecord::Asked(Unit::default()),
            ReadStatus::Unknown => ReadStatusRecord::Unknown(Unit::default()),
            ReadStatus::NothingChosen => ReadStatusRecord::NothingChosen(Unit::default()),
            ReadStatus::Chosen(value) => ReadStatusRecord::Chosen(value),
        }
    }
}

impl AsksRecord {
    /// Of the first `asks` requests.
    pub(super) fn new(state: &State, asks: usize) -> AsksRecord {
        let outcomes = state.asks.iter().take(asks).copied();
        match &state.clients {
            None => AsksRecord::Plain(outcomes.map(OutcomeRecord::from).collect()),
            Some(clients) => AsksRecord::Failing {
                calls: outcomes
                    .zip(&clients.calls)
                    .map(|(outcome, call)| CallRecord::new(outcome, call))
                    .collect(),
                stopped: clients.stopped().iter().map(Name).collect(),
                faults: clients.faults,
                again: clients.again,
            },
        }
    }
}

impl CallRecord {
    fn new(outcome: Outcome, call: &Call) -> CallRecord {
        let set = |replies: Replies| replies.iter().map(ReplyRecord::from).collect();
        CallRecord {
            outcome: outcome.into(),
            attempt: call.attempt,
            is_owed: call.is_owed,
            is_done: call.is_done,
            was_unknown: call.was_unknown,
            replies: set(call.replies),
            stale: set(call.stale),
        }
    }
}

impl From<Outcome> for OutcomeRecord {
    fn from(outcome: Outcome) -> OutcomeRecord {
        match outcome {
            Outcome::NotAsked => OutcomeRecord::NotAsked(Unit::default()),
            Outcome::Asked => OutcomeRecord::Asked(Unit::default()),
            Outcome::PostFailed => OutcomeRecord::PostFailed(Unit::default()),
            Outcome::Retryable => OutcomeRecord::Retryable(Unit::default()),
            Outcome::Fatal => OutcomeRecord::Fatal(Unit::default()),
            Outcome::Unknown => OutcomeRecord::Unknown(Unit::default()),
            Outcome::Success(value) => OutcomeRecord::Success(value),
        }
    }
}

impl From<Reply> for ReplyRecord {
    fn from(reply: Reply) -> ReplyRecord {
        match reply {
            Reply::Chosen(value) => ReplyRecord::Chosen(value),
            Reply::Busy => ReplyRecord::Busy(Unit::default()),
            Reply::Refused => ReplyRecord::Refused(Unit::default()),
        }
    }
}

impl From<ReplyRecord> for Reply {
    fn from(reply: ReplyRecord) -> Reply {
        match reply {
            ReplyRecord::Chosen(value) => Reply::Chosen(value),
            ReplyRecord::Busy(_) => Reply::Busy,
            ReplyRecord::Refused(_) => Reply::Refused,
        }
    }
}
