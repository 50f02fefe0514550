//! Clients and what can fail between them and the nodes, or at the nodes' disks: the eight points of a request and
//! its reply, and some that come with them.
//!
//! Where a scenario has no such faults, a request is handled when it is made, and its client is told with the
//! news. Where it has, the answer is on its way first; and a client waits no longer whenever it pleases,
//! concludes what [`paxos::client`] lets it, and asks again.

mod failures;

use std::fmt;

use paxos::client::{Attempt, Copies, Failure, Refusal, conclude};
use paxos::{NodeId, NodeSet};
use serde::{Deserialize, Serialize};

use crate::{Ask, Event, Letter, Letters, Mutant, Outcome, State, World};

/// Declares the faults with their names and meanings, so that each is written once.
macro_rules! faults {
    ($($(#[doc = $what:literal])+ $variant:ident,)+) => {
        /// What can fail, once for each of the scenario's `faults-most`.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum Fault {
            $($(#[doc = $what])+ $variant,)+
        }

        impl Fault {
            /// Every one.
            pub const ALL: &[Fault] = &[$(Fault::$variant,)+];

            /// What it is, in words.
            pub const fn meaning(self) -> &'static str {
                match self { $(Fault::$variant => concat!($($what),+).trim_ascii(),)+ }
            }
        }
    };
}

faults! {
    /// 1, post request: it cannot leave
    PostRefused,
    /// 2, deliver request: it arrives, and the node crashes right after
    CrashOnDelivery,
    /// 3, validate request: the node finds it invalid, and refuses it for good
    RequestInvalid,
    /// 4, update server state: the node cannot save, and stops for good
    StorageFails,
    /// 5, post reply: the node cannot send its answer
    ReplyNotSent,
    /// 6, deliver reply: the answer is lost
    ReplyLost,
    /// 7, validate reply: the client finds the answer invalid
    ReplyInvalid,
    /// 8, update client state: the client gets the answer and fails to record it
    ClientForgets,
    /// the node has some trouble that passes, does nothing, and says so
    NodeBusy,
    /// an answer arrives after its client has asked again
    ReplyStale,
    /// an answer arrives twice
    ReplyDuplicated,
    /// a node crashes with what it wrote last not yet flushed: the disk has lost it
    NotFlushed,
    /// a node crashes, finds its store corrupted and does not start again
    StoreCorrupted,
}

/// An answer on its way to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reply {
    /// This value is chosen.
    Chosen(Letter),
    /// The node has too much to do.
    Busy,
    /// The node refuses the request.
    Refused,
}

/// Where something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// A request, by its place among the scenario's.
    Ask(u8),
    /// An answer to one.
    Reply(u8, Reply),
    /// A node that handles an event.
    Event(Event),
    /// A node.
    Node(NodeId),
}

/// What is under way between clients and nodes, in a world where that may fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Clients {
    /// For each [`Ask`], what its client and its node remember of it.
    pub calls: [Call; Ask::LIMIT],
    /// How often something has failed.
    pub faults: u8,
    /// How often a client has asked again.
    pub again: u8,
    /// The nodes that have stopped for good, as [`NodeSet::bits`].
    stopped: u16,
}

/// A request, once it may fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Call {
    /// What the client has seen of it.
    pub attempt: Attempt,
    /// Whether the node will answer when it knows the outcome.
    pub is_owed: bool,
    /// Whether a node has ever taken it in. Seen by properties only.
    pub is_done: bool,
    /// Whether its client was ever left with UNKNOWN. Seen by properties only.
    pub was_unknown: bool,
    /// Answers on their way.
    pub replies: Replies,
    /// Answers from before the client asked again.
    pub stale: Replies,
}

/// A set of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Replies {
    chosen: u8,
    busy: bool,
    refused: bool,
}

impl Replies {
    /// All of them, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = Reply> {
        let chosen = Letters::from_bits(self.chosen).iter().map(Reply::Chosen);
        let busy = self.busy.then_some(Reply::Busy);
        chosen
            .chain(busy)
            .chain(self.refused.then_some(Reply::Refused))
    }

    fn set(&mut self, reply: Reply, there: bool) {
        match (reply, there) {
            (Reply::Chosen(value), true) => self.chosen |= 1 << value.index(),
            (Reply::Chosen(value), false) => self.chosen &= !(1 << value.index()),
            (Reply::Busy, _) => self.busy = there,
            (Reply::Refused, _) => self.refused = there,
        }
    }
}

impl Clients {
    /// Whether a node has stopped for good.
    pub fn has_stopped(&self, node: NodeId) -> bool {
        self.stopped >> node.index() & 1 == 1
    }

    /// The nodes that have stopped for good.
    pub fn stopped(&self) -> NodeSet {
        NodeSet::from_bits(self.stopped)
    }

    fn stop(&mut self, node: NodeId) {
        self.stopped |= 1 << node.index();
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Outcome {
        match failure {
            Failure::PostFailed => Outcome::PostFailed,
            Failure::Retryable => Outcome::Retryable,
            Failure::Fatal => Outcome::Fatal,
            Failure::Unknown => Outcome::Unknown,
        }
    }
}

impl World {
    /// Whether clients and disks may fail here, so that a state has [`State::clients`].
    pub(crate) fn has_faults(&self) -> bool {
        !self.scenario().world.faults.is_empty()
    }

    /// What there is of clients when nothing has happened yet.
    pub(crate) fn clients(&self) -> Option<Box<Clients>> {
        self.has_faults().then(Box::default)
    }

    /// Whether a request can be made now, as far as its client goes.
    pub(crate) fn may_ask(&self, state: &State, index: u8) -> bool {
        match state.asks[usize::from(index)] {
            Outcome::NotAsked => true,
            Outcome::Unknown if self.rules().is(Mutant::NeverAsksAgain) => false,
            Outcome::Unknown if self.endless().is_some() => true,
            Outcome::PostFailed | Outcome::Retryable | Outcome::Unknown => {
                let most = self.scenario().world.asks_again;
                let clients = state.clients.as_ref();
                clients.is_some_and(|clients| clients.again < most)
            }
            Outcome::Asked | Outcome::Fatal | Outcome::Success(_) => false,
        }
    }

    /// A client asks, or tries to.
    pub(crate) fn begin(&self, next: &mut State, index: u8) {
        let outcome = &mut next.asks[usize::from(index)];
        let before = std::mem::replace(outcome, Outcome::Asked);
        let keeps_stale = self.allows(Fault::ReplyStale);
        let Some(clients) = &mut next.clients else {
            return;
        };
        let call = &mut clients.calls[usize::from(index)];
        if before == Outcome::NotAsked {
            return;
        }
        clients.again += 1;
        if before != Outcome::Unknown {
            // Nothing was done of that one, so this is a request of its own.
            *call = Call::default();
            return;
        }
        let late = std::mem::take(&mut call.replies);
        if keeps_stale {
            late.iter().for_each(|reply| call.stale.set(reply, true));
        }
    }

    /// The request has left, and a node takes it in.
    pub(crate) fn taken_in(&self, next: &mut State, index: u8) {
        let is_first = next.asks[usize::from(index)] == Outcome::NotAsked;
        self.begin(next, index);
        if let Some(clients) = &mut next.clients {
            let call = &mut clients.calls[usize::from(index)];
            call.attempt.posted();
            call.is_owed = !(is_first && self.rules().is(Mutant::AnswersOnlyAgain));
            call.is_done = true;
        }
    }

    /// A node knows the outcome: so does everybody who asked it and waits, or an answer is on its way to them.
    pub(crate) fn tell_clients(&self, next: &mut State, at: NodeId, value: Letter) {
        self.tell_readers(next, at, value);
        let asks = self.scenario().ask.iter().enumerate();
        for (index, ask) in asks.filter(|(_, ask)| ask.of == at.index()) {
            let value = match self.rules().is(Mutant::AnswersOwn) {
                true => ask.value,
                false => value,
            };
            match &mut next.clients {
                Some(clients) => {
                    let call = &mut clients.calls[index];
                    if std::mem::take(&mut call.is_owed) {
                        call.replies.set(Reply::Chosen(value), true);
                    }
                }
                None => {
                    let outcome = &mut next.asks[index];
                    let is_silent = self.rules().is(Mutant::AnswersOnlyAgain);
                    if *outcome == Outcome::Asked && !is_silent {
                        *outcome = Outcome::Success(value);
                    }
                }
            }
        }
    }

    /// A node loses its memory, and with it who asked.
    pub(crate) fn forget_clients(&self, next: &mut State, at: NodeId) {
        self.forget_readers(next, at);
        let asks = self.scenario().ask.iter().enumerate();
        for (index, _) in asks.filter(|(_, ask)| ask.of == at.index()) {
            match &mut next.clients {
                Some(clients) => clients.calls[index].is_owed = false,
                None => {
                    let outcome = &mut next.asks[index];
                    if *outcome == Outcome::Asked {
                        *outcome = Outcome::Unknown;
                    }
                }
            }
        }
    }

    /// The world after an answer has reached its client.
    pub(crate) fn answer(&self, state: &State, ask: u8, reply: Reply) -> Option<State> {
        let mut next = state.clone();
        let index = usize::from(ask);
        next.clients.as_mut()?.calls[index]
            .replies
            .set(reply, false);
        self.hear(&mut next, index, reply)?;
        Some(next)
    }

    /// The world after a client has waited long enough.
    pub(crate) fn give_up(&self, state: &State, ask: u8) -> Option<State> {
        let mut next = state.clone();
        let index = usize::from(ask);
        let call = &mut next.clients.as_mut()?.calls[index];
        let outcome = match self.rules().is(Mutant::SilenceIsFailure) {
            true => Outcome::Retryable,
            false => conclude([call.attempt.known()]).into(),
        };
        call.was_unknown |= outcome == Outcome::Unknown;
        next.asks[index] = outcome;
        Some(next)
    }

    /// A client that waits hears something.
    fn hear(&self, next: &mut State, index: usize, reply: Reply) -> Option<()> {
        // A request that leaves arrives once at most here.
        let copies = match self.rules().is(Mutant::RefusalsBelieved) {
            true => Copies::ReadOnly,
            false => Copies::Never,
        };
        let attempt = &mut next.clients.as_mut()?.calls[index].attempt;
        next.asks[index] = match reply {
            Reply::Chosen(value) => Outcome::Success(value),
            Reply::Busy => refused(attempt, Refusal::Busy, copies),
            Reply::Refused => refused(attempt, Refusal::Refused, copies),
        };
        Some(())
    }
}

/// What a client knows when a node says that it did nothing.
fn refused(attempt: &mut Attempt, refusal: Refusal, copies: Copies) -> Outcome {
    attempt.refused(refusal, copies);
    match attempt.is_pending() {
        true => Outcome::Asked,
        false => conclude([attempt.known()]).into(),
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Chosen(value) => write!(f, "chosen {value}"),
            Reply::Busy => f.write_str("busy"),
            Reply::Refused => f.write_str("refused"),
        }
    }
}

impl fmt::Display for Fault {
    /// As scenarios have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
