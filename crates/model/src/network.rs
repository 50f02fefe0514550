//! What becomes of messages once they are sent.

use paxos::{Broadcast, Envelope, NodeSet};
use serde::{Deserialize, Serialize};

use crate::{Letter, Parcel};

/// How the network treats messages. Loss is in each of them, as a delivery that never comes; on an
/// ordered link it is an action of its own, since the next message waits behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Every message ever sent can arrive at any time, any number of times, in any order: loss,
    /// delay, reordering and duplication in one idea.
    #[default]
    Set,
    /// Each copy sent arrives at most once, in any order.
    Bag,
    /// Each link from one node to another delivers in the order of sending, at most once.
    Ordered,
}

impl Network {
    /// Adds what is sent. `mail` is kept sorted: by parcel in a set and a bag, by link in an
    /// ordered network. What is addressed to nobody is not sent.
    #[inline]
    pub(crate) fn send(self, mail: &mut Vec<Parcel>, broadcast: &Broadcast<Letter>) {
        if broadcast.to.is_empty() {
            return;
        }
        let all = Parcel::new(broadcast.from, broadcast.to, broadcast.message);
        match self {
            Network::Set => insert(mail, all),
            Network::Bag => {
                for one in singles(all) {
                    let at = mail.partition_point(|parcel| *parcel <= one);
                    mail.insert(at, one);
                }
            }
            Network::Ordered => {
                for one in singles(all) {
                    let at = mail.partition_point(|parcel| link(*parcel) <= link(one));
                    mail.insert(at, one);
                }
            }
        }
    }

    /// Whether sending this would change nothing.
    #[inline]
    pub(crate) fn is_known(self, mail: &[Parcel], broadcast: &Broadcast<Letter>) -> bool {
        if broadcast.to.is_empty() {
            return true;
        }
        let all = Parcel::new(broadcast.from, broadcast.to, broadcast.message);
        match self {
            Network::Set => {
                let at = mail.partition_point(|other| *other < all.unaddressed());
                mail.get(at).is_some_and(|same| {
                    same.unaddressed() == all.unaddressed() && same.joined(all) == *same
                })
            }
            Network::Bag | Network::Ordered => false,
        }
    }

    /// What can be delivered next, in a fixed order.
    #[inline]
    pub(crate) fn deliverable(
        self,
        mail: &[Parcel],
    ) -> impl Iterator<Item = Envelope<Letter>> + use<'_> {
        mail.iter()
            .enumerate()
            .filter(move |(i, parcel)| match self {
                Network::Set => true,
                // One copy stands for all that are equal.
                Network::Bag => *i == 0 || mail[i - 1] != **parcel,
                // Only the head of a link.
                Network::Ordered => *i == 0 || link(mail[i - 1]) != link(**parcel),
            })
            .flat_map(|(_, parcel)| parcel.envelopes())
    }

    /// Takes out what was delivered or lost.
    #[inline]
    pub(crate) fn take(self, mail: &mut Vec<Parcel>, envelope: &Envelope<Letter>) {
        match self {
            Network::Set => {}
            Network::Bag | Network::Ordered => {
                let one = single(envelope);
                if let Some(at) = mail.iter().position(|parcel| *parcel == one) {
                    mail.remove(at);
                }
            }
        }
    }
}

/// Adds a parcel to a sorted set of them; addressees of the same message are joined.
#[inline]
pub(crate) fn insert(set: &mut Vec<Parcel>, parcel: Parcel) {
    let key = parcel.unaddressed();
    let at = set.partition_point(|other| *other < key);
    match set.get_mut(at) {
        Some(same) if same.unaddressed() == key => *same = same.joined(parcel),
        Some(_) | None => set.insert(at, parcel),
    }
}

/// Takes an addressee out of a set of parcels. What was said stays known, be it to nobody.
#[inline]
pub(crate) fn lose(set: &mut [Parcel], envelope: &Envelope<Letter>) {
    let one = single(envelope);
    if let Some(same) = set
        .iter_mut()
        .find(|parcel| parcel.unaddressed() == one.unaddressed())
    {
        *same = same.without(envelope.to);
    }
}

#[inline]
fn single(envelope: &Envelope<Letter>) -> Parcel {
    Parcel::new(
        envelope.from,
        NodeSet::EMPTY.with(envelope.to),
        envelope.message,
    )
}

#[inline]
fn singles(all: Parcel) -> impl Iterator<Item = Parcel> {
    all.envelopes().map(|envelope| single(&envelope))
}

#[inline]
fn link(parcel: Parcel) -> (paxos::NodeId, NodeSet) {
    (parcel.from(), parcel.to())
}

#[cfg(test)]
mod tests {
    use paxos::{Ballot, Message, NodeId, Round};

    use super::*;

    #[test]
    fn what_is_addressed_to_nobody_is_not_sent() {
        let from = NodeId::new(0).unwrap();
        let broadcast = |to| Broadcast {
            from,
            to,
            message: Message::Prepare {
                ballot: Ballot {
                    round: Round::FIRST,
                    node: from,
                },
            },
        };
        for network in [Network::Set, Network::Bag, Network::Ordered] {
            let mut mail = Vec::new();
            network.send(&mut mail, &broadcast(NodeSet::EMPTY));
            assert!(mail.is_empty() && network.is_known(&mail, &broadcast(NodeSet::EMPTY)));
            network.send(&mut mail, &broadcast(NodeSet::first(1)));
            assert_eq!(mail.len(), 1);
        }
    }
}
