//! The kinds of things that can happen in a world, so that a run can say what it has put to the test.

use paxos::{Message, MessageKind, Node};

use crate::{Action, Event, Fault, Letter, Outcome, Reaction, Server, State, World};

/// Declares the kinds with their names and meanings, so that each is written once.
macro_rules! kinds {
    ($($(#[doc = $what:literal])+ $variant:ident = $name:literal,)+) => {
        /// What became of an event, or how a node failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[doc = $what])+ $variant,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$variant,)+];

            /// Their names, in the same order.
            pub(crate) const NAMES: &[&str] = &[$($name,)+];

            /// What it means, in words.
            pub const fn meaning(self) -> &'static str {
                match self { $(Kind::$variant => concat!($($what),+).trim_ascii(),)+ }
            }
        }
    };
}

kinds! {
    /// a request starts a ballot
    AskBegins = "ask begins",
    /// a request comes to a proposer that has a ballot under way
    AskWaits = "ask waits",
    /// a request comes to a node that knows the outcome
    AskAnswered = "ask answered",
    /// a Prepare is promised
    PreparePromised = "prepare promised",
    /// a Prepare that was promised before is promised again
    PromiseRepeated = "promise repeated",
    /// a Prepare is refused with a Nack
    PrepareRefused = "prepare refused",
    /// a Prepare is ignored
    PrepareIgnored = "prepare ignored",
    /// a Promise is counted and makes no quorum yet
    PromiseCounted = "promise counted",
    /// a Promise makes the quorum, and the proposer proposes its own value
    PromiseProposes = "promise proposes",
    /// a Promise makes the quorum, and the proposer proposes what another vote was for
    PromiseAdopts = "promise adopts",
    /// a Promise is ignored: it is a copy, or of another ballot
    PromiseIgnored = "promise ignored",
    /// a Propose is voted for
    ProposeVoted = "propose voted",
    /// a Propose is refused with a Nack
    ProposeRefused = "propose refused",
    /// a Propose is ignored
    ProposeIgnored = "propose ignored",
    /// an Accepted is counted and makes no quorum yet
    AcceptedCounted = "accepted counted",
    /// an Accepted makes the quorum: the node learns what is chosen
    AcceptedDecides = "accepted decides",
    /// an Accepted is ignored
    AcceptedIgnored = "accepted ignored",
    /// a Nack tells a proposer of a higher ballot
    NackHeard = "nack heard",
    /// a Nack is ignored
    NackIgnored = "nack ignored",
    /// a time-out starts another round
    TimeoutRetries = "timeout retries",
    /// a node crashes that has no ballot under way
    Crash = "crash",
    /// a node crashes with a ballot under way
    CrashMidBallot = "crash mid-ballot",
    /// a crash tears a step: saved, and nothing sent
    TornUnsent = "torn, nothing sent",
    /// a crash tears a step after some of the sends
    TornPartly = "torn, partly sent",
    /// the network loses a message (where messages are anything but in order, it loses them by never delivering)
    Lost = "lost",
    /// a host says again what its proposer asks
    Repeated = "repeated",
    /// a node stops for ever
    Stopped = "stopped",
    /// from now on one proposer alone tries again
    Settled = "settled",
    /// a client asks again that was told of no success
    AskedAgain = "asked again",
    /// an answer reaches the client that waits for it
    Answered = "answered",
    /// a client has waited long enough
    GivenUp = "given up",
    /// a client reads, and its node asks the acceptors
    ReadBegins = "read begins",
    /// a client reads at a node that knows the outcome
    ReadAnswered = "read answered",
    /// an acceptor tells a reader its vote
    VoteTold = "vote told",
    /// an answer to a reader makes no quorum yet
    ReadCounted = "read counted",
    /// a quorum has answered and has no vote: nothing was chosen
    ReadFindsNothing = "read finds nothing",
    /// a quorum has answered and has a vote: the node proposes its value
    ReadProposes = "read proposes",
    /// 1, a request cannot leave
    PostRefused = "post refused",
    /// 2, a request arrives, and the node crashes right after
    CrashOnDelivery = "crash on delivery",
    /// 3, a node finds a request invalid
    RequestInvalid = "request invalid",
    /// 4, a node cannot save, and stops
    StorageFails = "storage fails",
    /// 5, a node cannot send its answer
    ReplyNotSent = "reply not sent",
    /// 6, an answer is lost
    ReplyLost = "reply lost",
    /// 7, a client finds an answer invalid
    ReplyInvalid = "reply invalid",
    /// 8, a client gets the answer and fails to record it
    ClientForgets = "client forgets",
    /// a node does nothing with a request, and says so
    NodeBusy = "node busy",
    /// an answer arrives after its client has asked again
    ReplyStale = "reply stale",
    /// an answer arrives, and will again
    ReplyDuplicated = "reply duplicated",
    /// a node crashes, and its disk has lost what was not flushed
    NotFlushed = "not flushed",
    /// a node finds its store corrupted and does not start again
    StoreCorrupted = "store corrupted",
}

impl Kind {
    /// The name, as people write it.
    pub fn name(self) -> &'static str {
        Kind::NAMES[self as usize]
    }

    /// What happens to reads only.
    pub(crate) const OF_READS: [Kind; 6] = [
        Kind::ReadBegins,
        Kind::ReadAnswered,
        Kind::VoteTold,
        Kind::ReadCounted,
        Kind::ReadFindsNothing,
        Kind::ReadProposes,
    ];

    /// What a node made of an event. `before` is the node as it was.
    pub(crate) fn of(event: Event, before: &Node<Letter>, reaction: &Reaction) -> Kind {
        let said = reaction.effects.send.map(|said| said.message);
        let is_nack = said.is_some_and(|said| said.kind() == MessageKind::Nack);
        let proposed = said.and_then(|said| said.proposal());
        let own = before.proposer().client_value;
        let proposes_own = proposed.is_some_and(|proposed| own == Some(proposed.value));
        let has_decided = reaction.effects.chosen.is_some();
        let (changed, speaks) = (reaction.changed, said.is_some());
        match event {
            Event::Ask { .. } if has_decided => Kind::AskAnswered,
            Event::Ask { .. } if speaks => Kind::AskBegins,
            Event::Ask { .. } => Kind::AskWaits,
            Event::Timeout(_) => Kind::TimeoutRetries,
            Event::Deliver(envelope) => match envelope.message.kind() {
                MessageKind::Prepare if is_nack => Kind::PrepareRefused,
                MessageKind::Prepare if speaks && changed => Kind::PreparePromised,
                MessageKind::Prepare if speaks => Kind::PromiseRepeated,
                MessageKind::Promise if speaks && proposes_own => Kind::PromiseProposes,
                MessageKind::Promise if speaks => Kind::PromiseAdopts,
                MessageKind::Promise if changed => Kind::PromiseCounted,
                MessageKind::Propose if is_nack => Kind::ProposeRefused,
                MessageKind::Propose if speaks => Kind::ProposeVoted,
                MessageKind::Accepted if has_decided => Kind::AcceptedDecides,
                MessageKind::Accepted if changed => Kind::AcceptedCounted,
                MessageKind::Nack if changed => Kind::NackHeard,
                MessageKind::Prepare
                | MessageKind::Promise
                | MessageKind::Propose
                | MessageKind::Accepted
                | MessageKind::Nack => Kind::of_ignored(&envelope.message),
            },
        }
    }

    /// That a crash tears a step after so many sends.
    pub(crate) fn of_torn(sends: u8) -> Kind {
        match sends {
            0 => Kind::TornUnsent,
            1.. => Kind::TornPartly,
        }
    }

    /// That a node crashes.
    pub(crate) fn of_crash(mid_ballot: bool) -> Kind {
        match mid_ballot {
            true => Kind::CrashMidBallot,
            false => Kind::Crash,
        }
    }

    /// That something fails.
    pub(crate) fn of_fault(fault: Fault) -> Kind {
        match fault {
            Fault::PostRefused => Kind::PostRefused,
            Fault::CrashOnDelivery => Kind::CrashOnDelivery,
            Fault::RequestInvalid => Kind::RequestInvalid,
            Fault::StorageFails => Kind::StorageFails,
            Fault::ReplyNotSent => Kind::ReplyNotSent,
            Fault::ReplyLost => Kind::ReplyLost,
            Fault::ReplyInvalid => Kind::ReplyInvalid,
            Fault::ClientForgets => Kind::ClientForgets,
            Fault::NodeBusy => Kind::NodeBusy,
            Fault::ReplyStale => Kind::ReplyStale,
            Fault::ReplyDuplicated => Kind::ReplyDuplicated,
            Fault::NotFlushed => Kind::NotFlushed,
            Fault::StoreCorrupted => Kind::StoreCorrupted,
        }
    }

    /// What it is to ignore a message.
    pub(crate) fn of_ignored(message: &Message<Letter>) -> Kind {
        match message.kind() {
            MessageKind::Prepare => Kind::PrepareIgnored,
            MessageKind::Promise => Kind::PromiseIgnored,
            MessageKind::Propose => Kind::ProposeIgnored,
            MessageKind::Accepted => Kind::AcceptedIgnored,
            MessageKind::Nack => Kind::NackIgnored,
        }
    }
}

impl World {
    /// What an action is in a state in which it is possible.
    pub fn kind(&self, state: &State, action: Action) -> Kind {
        match action {
            Action::Step(event) => self.kind_of_event(state, event),
            Action::Torn { sends, .. } => Kind::of_torn(sends),
            Action::Crash(at) => {
                Kind::of_crash(crate::world::has_ballot_under_way(&state.server(at)))
            }
            Action::Lose(_) => Kind::Lost,
            Action::Read { .. } => self.kind_of_read(state, action),
            Action::Answer { .. } => Kind::Answered,
            Action::GiveUp(_) => Kind::GivenUp,
            Action::Fail { fault, .. } => Kind::of_fault(fault),
            Action::Repeat(_) => Kind::Repeated,
            Action::Stop(_) => Kind::Stopped,
            Action::Settle => Kind::Settled,
        }
    }

    fn kind_of_event(&self, state: &State, event: Event) -> Kind {
        match (self.reaction(state, event), event) {
            (Some((before, reaction)), _) => self.kind_of(state, event, &before, &reaction),
            (None, Event::Deliver(envelope)) => Kind::of_ignored(&envelope.message),
            (None, Event::Ask { index, .. }) => match self.is_asked_again(state, index) {
                true => Kind::AskedAgain,
                false => Kind::AskWaits,
            },
            (None, Event::Timeout(_)) => Kind::TimeoutRetries,
        }
    }

    /// What an event is where this is the reaction, of a server as it was `before`.
    pub(crate) fn kind_of(
        &self,
        state: &State,
        event: Event,
        before: &Server,
        reaction: &Reaction,
    ) -> Kind {
        match event {
            Event::Ask { index, .. } if self.is_asked_again(state, index) => Kind::AskedAgain,
            Event::Ask { .. } | Event::Deliver(_) | Event::Timeout(_) => {
                let before = before.node(reaction.at, *self.cluster());
                Kind::of(event, &before, reaction)
            }
        }
    }

    fn is_asked_again(&self, state: &State, index: u8) -> bool {
        state.asks[usize::from(index)] != Outcome::NotAsked
    }

    /// Counts the messages whose arrival would change nothing, so that it is none of these actions.
    pub(crate) fn count_idle(&self, state: &State, actions: &[Action], counts: &mut [u64]) {
        for envelope in self.network().deliverable(&state.mail) {
            let arrival = Action::Step(Event::Deliver(envelope));
            if !self.is_out(state, envelope.to) && !actions.contains(&arrival) {
                counts[Kind::of_ignored(&envelope.message) as usize] += 1;
            }
        }
    }
}
