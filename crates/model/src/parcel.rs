//! A message and its addressees, packed into one machine word.
//!
//! The network is most of a state, and states are cloned, hashed and compared by the million: a
//! sorted row of words is the cheapest set there is. Layout, from the high bits: kind, sender,
//! ballot, second ballot, value, addressees. So parcels of one message to different nodes are
//! neighbours, and all that acceptors say ([`Parcel::is_testimony`]) is at the end.

use std::fmt;

use paxos::{Ballot, Envelope, Message, MessageKind, MessageParts, NodeId, NodeSet, Round};
use serde::{Deserialize, Serialize};

use crate::Letter;

/// One message of one sender to a set of nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Parcel(u64);

const TO_BITS: u32 = NodeId::LIMIT as u32;
/// By how much a tag is shifted.
const TAG_AT: u32 = TO_BITS + 32;

/// A number for a kind, from 1: commitments of acceptors are the highest, and votes the highest of these.
#[inline]
const fn tag(kind: MessageKind) -> u64 {
    match kind {
        MessageKind::Prepare => 1,
        MessageKind::Propose => 2,
        MessageKind::Nack => 3,
        MessageKind::Promise => 4,
        MessageKind::Accepted => 5,
    }
}

/// The kind of each tag.
const KINDS: [Option<MessageKind>; 8] = {
    let mut kinds = [None; 8];
    let mut place = 0;
    while place < MessageKind::ALL.len() {
        let kind = MessageKind::ALL[place];
        assert!(
            kinds[tag(kind) as usize].is_none(),
            "two kinds have one tag"
        );
        kinds[tag(kind) as usize] = Some(kind);
        place += 1;
    }
    kinds
};

impl Parcel {
    /// The highest round that fits into a parcel.
    pub const ROUND_MAX: u32 = u8::MAX as u32;

    /// Packs. Rounds above [`Parcel::ROUND_MAX`] do not fit: scenarios have fewer.
    #[inline]
    pub fn new(from: NodeId, to: NodeSet, message: Message<Letter>) -> Parcel {
        let parts = message.parts();
        let mut word = tag(parts.kind);
        word = word << 4 | from.index() as u64;
        word = word << 12 | u64::from(rank(Some(parts.ballot)));
        word = word << 12 | u64::from(rank(parts.other));
        word = word << 4 | parts.value.map_or(0, |value| value.index() as u64);
        Parcel(word << TO_BITS | u64::from(to.bits()))
    }

    /// Who sent it.
    #[inline]
    pub fn from(self) -> NodeId {
        node(self.0 >> (TO_BITS + 28))
    }

    /// Whom it is for.
    #[inline]
    pub fn to(self) -> NodeSet {
        NodeSet::from_bits(self.0 as u16)
    }

    /// What it says.
    #[inline]
    pub fn message(self) -> Message<Letter> {
        let parts = |value| MessageParts {
            kind: self.kind(),
            ballot: self.ballot(),
            other: ballot(self.second_rank()),
            value,
        };
        // A value that is not there is written as the first one: a message has one exactly if it cannot do without.
        let message = parts(None).message();
        let message = message.or_else(|| parts(Some(self.value())).message());
        message.expect("it was packed from the parts of a message")
    }

    /// The ballot it is about.
    #[inline]
    pub fn ballot(self) -> Ballot {
        ballot(self.ballot_rank()).expect("every message has a ballot")
    }

    /// The envelopes, one an addressee, lowest first.
    #[inline]
    pub fn envelopes(self) -> impl Iterator<Item = Envelope<Letter>> {
        let (from, message) = (self.from(), self.message());
        self.to()
            .iter()
            .map(move |to| Envelope { from, to, message })
    }

    /// The same message to each of its addressees alone.
    #[inline]
    pub(crate) fn singles(self) -> impl Iterator<Item = Parcel> {
        let to = self.to().iter();
        to.map(move |to| self.addressed(NodeSet::EMPTY.with(to)))
    }

    /// The same message to these.
    #[inline]
    fn addressed(self, to: NodeSet) -> Parcel {
        Parcel(self.unaddressed().0 | u64::from(to.bits()))
    }

    /// Whether an acceptor commits itself here: a promise or a vote.
    #[inline]
    pub fn is_testimony(self) -> bool {
        self.kind().is_commitment()
    }

    /// Whether this is a vote.
    #[inline]
    pub fn is_vote(self) -> bool {
        self.has(MessageKind::Accepted)
    }

    /// Whether it is a promise.
    #[inline]
    pub(crate) fn is_promise(self) -> bool {
        self.has(MessageKind::Promise)
    }

    /// The same message to nobody.
    #[must_use]
    pub fn unaddressed(self) -> Parcel {
        Parcel(self.0 >> TO_BITS << TO_BITS)
    }

    /// The same message, to one addressee less.
    #[must_use]
    pub(crate) fn without(self, node: NodeId) -> Parcel {
        Parcel(self.0 & !u64::from(NodeSet::EMPTY.with(node).bits()))
    }

    /// The same message to the addressees of both.
    #[must_use]
    pub(crate) fn joined(self, other: Parcel) -> Parcel {
        debug_assert_eq!(self.unaddressed(), other.unaddressed());
        Parcel(self.0 | other.0)
    }

    /// What it says, whoever sent it and to whomever, as one number.
    #[inline]
    pub(crate) fn anonymous(self) -> u64 {
        self.0 >> TO_BITS & !(0xf << 28)
    }

    /// All of it, as one number.
    #[inline]
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    /// The ballot it is about, as an opaque number ordered as ballots are, never 0.
    #[inline]
    pub(crate) fn ballot_rank(self) -> u16 {
        (self.0 >> (TO_BITS + 16)) as u16 & 0xfff
    }

    /// The second ballot, in the same terms; 0 is none.
    #[inline]
    pub(crate) fn second_rank(self) -> u16 {
        (self.0 >> (TO_BITS + 4)) as u16 & 0xfff
    }

    /// The value it carries, if [`Parcel::is_vote`] or [`Parcel::is_proposal`].
    #[inline]
    pub(crate) fn value(self) -> Letter {
        Letter::new((self.0 >> TO_BITS & 0x7) as usize).expect("three bits name a letter")
    }

    /// Whether this proposes a value.
    #[inline]
    pub(crate) fn is_proposal(self) -> bool {
        self.has(MessageKind::Propose)
    }

    #[inline]
    fn has(self, kind: MessageKind) -> bool {
        self.0 >> TAG_AT == tag(kind)
    }

    #[inline]
    fn kind(self) -> MessageKind {
        let kind = KINDS.get((self.0 >> TAG_AT) as usize).copied().flatten();
        kind.expect("it was packed from the tag of a kind")
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} {}", self.from(), self.to(), self.message())
    }
}

/// A ballot as a number of 12 bits, ordered as ballots are; 0 is none.
#[inline]
pub(crate) fn rank(ballot: Option<Ballot>) -> u16 {
    ballot.map_or(0, |ballot| {
        debug_assert!(ballot.round.number() <= Parcel::ROUND_MAX);
        (ballot.round.number() as u16) << 4 | ballot.node.index() as u16
    })
}

/// The ballot of this [`rank`]; bits above the twelfth do not matter.
#[inline]
pub(crate) fn ballot(rank: u16) -> Option<Ballot> {
    Some(Ballot {
        round: Round::new(u32::from(rank >> 4 & 0xff))?,
        node: node(u64::from(rank)),
    })
}

#[inline]
fn node(bits: u64) -> NodeId {
    NodeId::new((bits & 0xf) as usize).expect("four bits name a node")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Message<Letter>> {
        let ballots: Vec<Ballot> = [1, 2, 255]
            .into_iter()
            .flat_map(|round| {
                [0, 7, 15].map(|node| Ballot {
                    round: Round::new(round).unwrap(),
                    node: NodeId::new(node).unwrap(),
                })
            })
            .collect();
        let others: Vec<Option<Ballot>> = ballots.iter().copied().map(Some).chain([None]).collect();
        let values = [None, Letter::new(0), Letter::new(1), Letter::new(7)];
        let mut all = Vec::new();
        for kind in MessageKind::ALL {
            for &ballot in &ballots {
                for &other in &others {
                    let parts = values.map(|value| MessageParts {
                        kind,
                        ballot,
                        other,
                        value,
                    });
                    all.extend(parts.into_iter().filter_map(MessageParts::message));
                }
            }
        }
        all
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        for message in messages() {
            for from in [0, 15] {
                for to in [NodeSet::EMPTY, NodeSet::first(3), NodeSet::first(16)] {
                    let from = NodeId::new(from).unwrap();
                    let parcel = Parcel::new(from, to, message);
                    assert_eq!(
                        (parcel.from(), parcel.to(), parcel.message()),
                        (from, to, message)
                    );
                }
            }
        }
    }

    #[test]
    fn testimony_is_sorted_to_the_end() {
        let mut parcels: Vec<Parcel> = messages()
            .into_iter()
            .map(|m| Parcel::new(NodeId::new(1).unwrap(), NodeSet::first(2), m))
            .collect();
        parcels.sort_unstable();
        assert!(parcels.is_sorted_by_key(|p| p.is_testimony()));
        for parcel in parcels {
            let kind = parcel.message().kind();
            assert_eq!(parcel.is_testimony(), kind.is_commitment());
        }
    }
}
