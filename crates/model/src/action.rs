//! What can happen in a world, and what a node makes of it.

use paxos::{Broadcast, Effects, Envelope, Input, Node, NodeId, NodeSet, Timer};

use crate::{Fault, Letter, Point, ReadStep, Reply};

/// Something that happens to one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// A client's request arrives.
    Ask {
        /// Its place among the scenario's asks.
        index: u8,
        /// The node asked.
        of: NodeId,
        /// The value asked for.
        value: Letter,
    },
    /// A message arrives.
    Deliver(Envelope<Letter>),
    /// The node has waited long enough.
    Timeout(NodeId),
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A node handles an event, and its host carries out all effects.
    Step(Event),
    /// A node handles an event; its host persists and makes so many of the sends, and then
    /// crashes and restarts from disk.
    Torn {
        /// What happened to the node.
        event: Event,
        /// How many envelopes left before the crash.
        sends: u8,
    },
    /// A node loses its memory and restarts from disk.
    Crash(NodeId),
    /// The network loses a message: an ordered one the head of a link.
    Lose(Envelope<Letter>),
    /// An answer reaches its client.
    Answer {
        /// The request, by its place among the scenario's asks.
        ask: u8,
        /// The answer.
        reply: Reply,
    },
    /// A client has waited long enough for the answer to this request.
    GiveUp(u8),
    /// Something fails.
    Fail {
        /// What.
        fault: Fault,
        /// Where.
        at: Point,
    },
    /// A read goes on.
    Read {
        /// The read, by its place among the scenario's.
        read: u8,
        /// The node that its client asked.
        of: NodeId,
        /// What happens.
        step: ReadStep,
    },
    /// A host says again what its proposer asks, to all who have not answered.
    Repeat(NodeId),
    /// A node stops for ever.
    Stop(NodeId),
    /// From now on one proposer alone tries again.
    Settle,
}

/// What an event is to the node that it happens to.
#[inline]
pub(crate) fn input(event: Event) -> (NodeId, Input<Letter>) {
    match event {
        Event::Ask { of, value, .. } => (of, Input::Propose(value)),
        Event::Deliver(envelope) => (envelope.to, Input::Receive(envelope)),
        Event::Timeout(at) => (at, Input::Timeout(Timer::Retry)),
    }
}

/// What a node does with an event.
#[derive(Clone, Copy, Debug)]
pub struct Reaction {
    /// Which node.
    pub at: NodeId,
    /// Its memory afterwards.
    pub node: Node<Letter>,
    /// Whether that differs from before.
    pub changed: bool,
    /// What its host is to do.
    pub effects: Effects<Letter>,
    /// What a mutant makes it say besides.
    pub also: Option<Broadcast<Letter>>,
}

impl Reaction {
    /// All that is to be said, in order.
    #[inline]
    pub fn said(&self) -> impl Iterator<Item = Broadcast<Letter>> {
        self.effects.send.into_iter().chain(self.also)
    }

    /// The first `sends` envelopes of what is to be said.
    pub(crate) fn sent_before_crash(
        &self,
        sends: usize,
    ) -> impl Iterator<Item = Broadcast<Letter>> {
        let mut left = sends;
        self.said().map(move |said| {
            let to: NodeSet = said.to.iter().take(left).collect();
            left -= to.len();
            Broadcast { to, ..said }
        })
    }
}
