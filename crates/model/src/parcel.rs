//! A message and its addressees, packed into one machine word.
//!
//! The network is most of a state, and states are cloned, hashed and compared by the million: a
//! sorted row of words is the cheapest set there is. Layout, from the high bits: kind, sender,
//! ballot, second ballot, value, addressees. So parcels of one message to different nodes are
//! neighbours, and all that acceptors say ([`Parcel::is_testimony`]) is at the end.

use std::fmt;

use paxos::{Ballot, Envelope, Message, NodeId, NodeSet, Round, Vote};
use serde::{Deserialize, Serialize};

use crate::Letter;

/// One message of one sender to a set of nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Parcel(u64);

const TO_BITS: u32 = NodeId::LIMIT as u32;
const PREPARE: u64 = 1;
const PROPOSE: u64 = 2;
const NACK: u64 = 3;
const PROMISE: u64 = 4;
const ACCEPTED: u64 = 5;

impl Parcel {
    /// The highest round that fits into a parcel.
    pub const ROUND_MAX: u32 = u8::MAX as u32;

    /// Packs. Rounds above [`Parcel::ROUND_MAX`] do not fit: scenarios have fewer.
    pub fn new(from: NodeId, to: NodeSet, message: Message<Letter>) -> Parcel {
        let (kind, first, second, value) = match message {
            Message::Prepare { ballot } => (PREPARE, Some(ballot), None, None),
            Message::Propose { ballot, value } => (PROPOSE, Some(ballot), None, Some(value)),
            Message::Nack { ballot, promised } => (NACK, Some(ballot), Some(promised), None),
            Message::Promise { ballot, accepted } => (
                PROMISE,
                Some(ballot),
                accepted.map(|vote| vote.ballot),
                accepted.map(|vote| vote.value),
            ),
            Message::Accepted { ballot, value } => (ACCEPTED, Some(ballot), None, Some(value)),
        };
        let mut word = kind;
        word = word << 4 | from.index() as u64;
        word = word << 12 | pack_ballot(first);
        word = word << 12 | pack_ballot(second);
        word = word << 4 | value.map_or(0, |value| value.index() as u64);
        Parcel(word << TO_BITS | u64::from(to.bits()))
    }

    /// Who sent it.
    pub fn from(self) -> NodeId {
        node(self.0 >> (TO_BITS + 28))
    }

    /// Whom it is for.
    pub fn to(self) -> NodeSet {
        NodeSet::from_bits(self.0 as u16)
    }

    /// What it says.
    pub fn message(self) -> Message<Letter> {
        let first = self.ballot();
        let second = ballot(self.second_rank());
        let value = self.value();
        match self.kind() {
            PREPARE => Message::Prepare { ballot: first },
            PROPOSE => Message::Propose {
                ballot: first,
                value,
            },
            NACK => Message::Nack {
                ballot: first,
                promised: second.expect("a refusal has two ballots"),
            },
            PROMISE => Message::Promise {
                ballot: first,
                accepted: second.map(|ballot| Vote { ballot, value }),
            },
            _ => Message::Accepted {
                ballot: first,
                value,
            },
        }
    }

    /// The ballot it is about.
    pub fn ballot(self) -> Ballot {
        ballot(self.ballot_rank()).expect("every message has a ballot")
    }

    /// The envelopes, one an addressee, lowest first.
    pub fn envelopes(self) -> impl Iterator<Item = Envelope<Letter>> {
        let (from, message) = (self.from(), self.message());
        self.to()
            .iter()
            .map(move |to| Envelope { from, to, message })
    }

    /// The same message to each of its addressees alone.
    pub(crate) fn singles(self) -> impl Iterator<Item = Parcel> {
        let to = self.to().iter();
        to.map(move |to| self.addressed(NodeSet::EMPTY.with(to)))
    }

    /// The same message to these.
    fn addressed(self, to: NodeSet) -> Parcel {
        Parcel(self.unaddressed().0 | u64::from(to.bits()))
    }

    /// Whether an acceptor commits itself here: a promise or a vote.
    pub fn is_testimony(self) -> bool {
        self.kind() >= PROMISE
    }

    /// Whether this is a vote.
    pub fn is_vote(self) -> bool {
        self.kind() == ACCEPTED
    }

    /// Whether it is a promise.
    pub(crate) fn is_promise(self) -> bool {
        self.kind() == PROMISE
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
    pub(crate) fn anonymous(self) -> u64 {
        self.0 >> TO_BITS & !(0xf << 28)
    }

    /// All of it, as one number.
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    /// The ballot it is about, as an opaque number ordered as ballots are, never 0.
    pub(crate) fn ballot_rank(self) -> u16 {
        (self.0 >> (TO_BITS + 16)) as u16 & 0xfff
    }

    /// The second ballot, in the same terms; 0 is none.
    pub(crate) fn second_rank(self) -> u16 {
        (self.0 >> (TO_BITS + 4)) as u16 & 0xfff
    }

    /// The value it carries, if [`Parcel::is_vote`] or [`Parcel::is_proposal`].
    pub(crate) fn value(self) -> Letter {
        Letter::new((self.0 >> TO_BITS & 0x7) as usize).expect("three bits name a letter")
    }

    /// Whether this proposes a value.
    pub(crate) fn is_proposal(self) -> bool {
        self.kind() == PROPOSE
    }

    fn kind(self) -> u64 {
        self.0 >> (TO_BITS + 32)
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} {}", self.from(), self.to(), self.message())
    }
}

fn pack_ballot(ballot: Option<Ballot>) -> u64 {
    u64::from(rank(ballot))
}

/// A ballot as a number of 12 bits, ordered as ballots are; 0 is none.
pub(crate) fn rank(ballot: Option<Ballot>) -> u16 {
    ballot.map_or(0, |ballot| {
        debug_assert!(ballot.round.number() <= Parcel::ROUND_MAX);
        (ballot.round.number() as u16) << 4 | ballot.node.index() as u16
    })
}

/// The ballot of this [`rank`]; bits above the twelfth do not matter.
pub(crate) fn ballot(rank: u16) -> Option<Ballot> {
    Some(Ballot {
        round: Round::new(u32::from(rank >> 4 & 0xff))?,
        node: node(u64::from(rank)),
    })
}

fn node(bits: u64) -> NodeId {
    NodeId::new((bits & 0xf) as usize).expect("four bits name a node")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Message<Letter>> {
        let mut all = Vec::new();
        let ballots: Vec<Ballot> = [1, 2, 255]
            .into_iter()
            .flat_map(|round| {
                [0, 7, 15].map(|node| Ballot {
                    round: Round::new(round).unwrap(),
                    node: NodeId::new(node).unwrap(),
                })
            })
            .collect();
        for &ballot in &ballots {
            all.push(Message::Prepare { ballot });
            all.push(Message::Promise {
                ballot,
                accepted: None,
            });
            for value in [0, 1, 7].map(|i| Letter::new(i).unwrap()) {
                all.push(Message::Propose { ballot, value });
                all.push(Message::Accepted { ballot, value });
                for &other in &ballots {
                    all.push(Message::Nack {
                        ballot,
                        promised: other,
                    });
                    all.push(Message::Promise {
                        ballot,
                        accepted: Some(Vote {
                            ballot: other,
                            value,
                        }),
                    });
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
            let testimony = match parcel.message() {
                Message::Promise { .. } | Message::Accepted { .. } => true,
                Message::Prepare { .. } | Message::Propose { .. } | Message::Nack { .. } => false,
            };
            assert_eq!(parcel.is_testimony(), testimony);
        }
    }
}
