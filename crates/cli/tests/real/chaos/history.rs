//! What clients did and were told, in the order of real time.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use node::client::{Outcome, Told};

/// What a client asked. Values are distinct: no two operations propose the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// That this value be chosen.
    Propose(String),
    /// What is chosen.
    Get,
}

/// What it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This value is chosen.
    Chosen(String),
    /// Nothing is chosen.
    Undecided,
    /// UNKNOWN, by name, or what is not known better: it may have been done, or may yet be.
    MayBeDone(&'static str),
    /// POST_FAILED, RETRYABLE or FATAL, by name: it was not done, and will not be.
    NotDone(&'static str),
}

/// What a request went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// A network in which one datagram may become more.
    MakesCopies,
    /// This machine's loopback alone.
    MakesNone,
}

/// One operation on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// When it was asked: its place among all askings and answerings.
    pub asked_at: u64,
    /// When it was answered, or given up.
    pub answered_at: u64,
    /// Who asked whom, for people.
    pub who: String,
    /// What was asked.
    pub ask: Ask,
    /// What was answered.
    pub answer: Answer,
}

/// Writes operations down as they happen, from many threads.
#[derive(Debug, Default)]
pub struct Recorder {
    now: AtomicU64,
    keys: Vec<Mutex<Vec<Operation>>>,
}

impl Recorder {
    /// For so many keys.
    pub fn new(keys: usize) -> Recorder {
        Recorder {
            now: AtomicU64::new(0),
            keys: (0..keys).map(|_| Mutex::default()).collect(),
        }
    }

    /// Does it, and writes down that it was done. What came of it, in the article's word.
    pub fn record(
        &self,
        key: usize,
        who: String,
        road: Road,
        ask: Ask,
        operate: impl FnOnce(&Ask) -> Outcome,
    ) -> &'static str {
        let asked_at = self.now.fetch_add(1, Ordering::SeqCst);
        let outcome = operate(&ask);
        let answered_at = self.now.fetch_add(1, Ordering::SeqCst);
        let operation = Operation {
            asked_at,
            answered_at,
            who,
            ask,
            answer: Answer::of(&outcome, road),
        };
        self.keys[key].lock().unwrap().push(operation);
        outcome.name()
    }

    /// What happened to a key so far.
    pub fn history(&self, key: usize) -> Vec<Operation> {
        self.keys[key].lock().unwrap().clone()
    }
}

impl Answer {
    /// What an outcome tells of what was done.
    ///
    /// RETRYABLE is what a node says of the datagram it got: it did nothing about it. Where the
    /// network makes copies, another one may have been taken in, or may be in a while, by this node's
    /// next process perhaps. Nobody can rule that out, so after a road that makes copies it counts as
    /// nothing known.
    pub fn of(outcome: &Outcome, road: Road) -> Answer {
        match (outcome, road) {
            (Outcome::Success(Told::Chosen(value)), _) => Answer::Chosen(value.to_string()),
            (Outcome::Success(Told::Undecided), _) => Answer::Undecided,
            (Outcome::Unknown(_), _) | (Outcome::Retryable(_), Road::MakesCopies) => {
                Answer::MayBeDone(outcome.name())
            }
            (Outcome::PostFailed(_) | Outcome::Fatal(_), _)
            | (Outcome::Retryable(_), Road::MakesNone) => Answer::NotDone(outcome.name()),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.asked_at, self.answered_at);
        write!(f, "{from:>6} – {to:<6} {:<22} ", self.who)?;
        match &self.ask {
            Ask::Propose(value) => write!(f, "propose {value}: ")?,
            Ask::Get => f.write_str("get: ")?,
        }
        match &self.answer {
            Answer::Chosen(value) => write!(f, "{value} is chosen"),
            Answer::Undecided => f.write_str("undecided"),
            Answer::MayBeDone(name) | Answer::NotDone(name) => f.write_str(name),
        }
    }
}
