//! The three roles behind one door.

use crate::{
    Acceptor, Ballot, Broadcast, Cluster, Envelope, Learner, Message, NodeId, NodeSet, Progress,
    Proposer, Round, Rules, Value, Vote,
};

/// A name for a time to wait; how long is the host's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Timer {
    /// When it ends, an undecided proposer tries a higher ballot.
    Retry,
}

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Input<V> {
    /// A client asks for this value to be chosen.
    Propose(V),
    /// A message arrives.
    Receive(Envelope<V>),
    /// A timer ends; one that ends late or twice is harmless.
    Timeout(Timer),
}

/// What must be readable after a restart, whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Durable<V> {
    /// [`Proposer::last_round`].
    pub round: Option<Round>,
    /// [`Acceptor::promised`].
    pub promised: Option<Ballot>,
    /// [`Acceptor::accepted`].
    pub accepted: Option<Vote<V>>,
}

impl<V> Durable<V> {
    /// The disk of a node that has never run.
    pub const EMPTY: Durable<V> = Durable {
        round: None,
        promised: None,
        accepted: None,
    };
}

/// Work for the host, top to bottom; a line may begin only when the line above is done.
#[must_use = "a node that does not carry out its effects breaks its promises"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Effects<V> {
    /// 1. To be on disk, past fsync, before anything else; `None` if nothing durable changed.
    pub persist: Option<Durable<V>>,
    /// 2. To be sent; may be lost, doubled, reordered; may be to oneself.
    pub send: Option<Broadcast<V>>,
    /// 3. To be started, in place of one that runs already; a late one is harmless.
    pub set_timer: Option<Timer>,
    /// 4. News for the application: this value is chosen.
    pub chosen: Option<V>,
}

/// One node of one decree: a plain value, changed by [`Node::handle`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Node<V> {
    id: NodeId,
    cluster: Cluster,
    acceptor: Acceptor<V>,
    proposer: Proposer<V>,
    learner: Learner<V>,
}

impl<V: Value> Node<V> {
    /// A node as it starts, with what its disk holds ([`Durable::EMPTY`] if it has never run).
    pub fn start(id: NodeId, cluster: Cluster, rules: &impl Rules, disk: Durable<V>) -> Node<V> {
        let known = rules.recover(disk);
        Node {
            id,
            cluster,
            acceptor: Acceptor {
                promised: known.promised,
                accepted: known.accepted,
            },
            proposer: Proposer::restarted(known.round),
            learner: Learner::Unaware,
        }
    }

    /// A node in the very state of its roles: for a host that keeps nodes in another form than
    /// this one.
    pub const fn resume(
        id: NodeId,
        cluster: Cluster,
        acceptor: Acceptor<V>,
        proposer: Proposer<V>,
        learner: Learner<V>,
    ) -> Node<V>
    where
        V: Copy,
    {
        Node {
            id,
            cluster,
            acceptor,
            proposer,
            learner,
        }
    }

    /// Decides what the node does with an input. Total: whatever arrives, it neither fails nor
    /// panics; what is not for this node, or from a node whose role does not say such things,
    /// changes nothing. Beyond that it believes its peers: that a ballot is its sender's own is
    /// not checked here.
    pub fn handle(&mut self, rules: &impl Rules, input: Input<V>) -> Effects<V> {
        let before = self.durable();
        let mut chosen = None;
        let said = match input {
            Input::Propose(value) => match self.learner.chosen() {
                Some(known) => {
                    chosen = Some(known.clone());
                    None
                }
                None if self.cluster.proposers().contains(self.id) => self
                    .proposer
                    .on_request(rules, self.id, value)
                    .map(|message| (self.cluster.acceptors(), message)),
                None => None,
            },
            Input::Timeout(Timer::Retry) => self
                .proposer
                .on_timeout(rules, self.id)
                .map(|message| (self.cluster.acceptors(), message)),
            Input::Receive(envelope) if envelope.to != self.id => None,
            Input::Receive(envelope) => {
                self.on_message(rules, envelope.from, envelope.message, &mut chosen)
            }
        };
        let after = self.durable();
        let send = said.map(|(to, message)| Broadcast {
            from: self.id,
            to,
            message,
        });
        Effects {
            persist: (after != before).then_some(after),
            set_timer: send.as_ref().and_then(|send| match send.message {
                Message::Prepare { .. } | Message::Propose { .. } => Some(Timer::Retry),
                Message::Promise { .. } | Message::Accepted { .. } | Message::Nack { .. } => None,
            }),
            send,
            chosen,
        }
    }

    /// Gives a message to the role it is for; what is to be said, and to whom.
    fn on_message(
        &mut self,
        rules: &impl Rules,
        from: NodeId,
        message: Message<V>,
        chosen: &mut Option<V>,
    ) -> Option<(NodeSet, Message<V>)> {
        let from_proposer = self.cluster.proposers().contains(from);
        let from_acceptor = self.cluster.acceptors().contains(from);
        let acceptor = self.cluster.acceptors().contains(self.id);
        let sender = NodeSet::EMPTY.with(from);
        match message {
            // A proposer asks for a promise.
            Message::Prepare { ballot } if from_proposer && acceptor => {
                let answer = self.acceptor.on_prepare(rules, ballot)?;
                Some((sender, answer))
            }
            // A promise may complete the quorum of phase 1.
            Message::Promise { ballot, accepted } if from_acceptor => {
                let proposal =
                    self.proposer
                        .on_promise(rules, &self.cluster, from, ballot, accepted)?;
                Some((self.cluster.acceptors(), proposal))
            }
            // A proposer asks for a vote. The vote goes to all who count, a refusal to it alone.
            Message::Propose { ballot, value } if from_proposer && acceptor => {
                let answer = self.acceptor.on_propose(rules, ballot, value)?;
                let to = match answer {
                    Message::Accepted { .. } => self.cluster.vote_recipients(from),
                    Message::Nack { .. }
                    | Message::Prepare { .. }
                    | Message::Promise { .. }
                    | Message::Propose { .. } => sender,
                };
                Some((to, answer))
            }
            // A vote may complete the quorum of phase 2; then this node's own proposal is done.
            Message::Accepted { ballot, value } if from_acceptor => {
                *chosen = self
                    .learner
                    .on_accepted(rules, &self.cluster, from, ballot, value);
                if chosen.is_some() {
                    self.proposer.reset();
                }
                None
            }
            // A refusal tells the proposer which ballot to exceed.
            Message::Nack { ballot, promised } if from_acceptor => {
                self.proposer.on_nack(ballot, promised);
                None
            }
            // From a node whose role does not say such things, or to one that does not hear them.
            Message::Prepare { .. }
            | Message::Promise { .. }
            | Message::Propose { .. }
            | Message::Accepted { .. }
            | Message::Nack { .. } => None,
        }
    }

    /// What to answer to a question that has come before, where [`Node::handle`] has nothing more to say to it: the
    /// first answer may be lost. A promise stands, and so is given again, until its ballot is voted in or a higher one is
    /// promised. A vote is given again by [`Node::handle`] itself.
    ///
    /// Safe: a host that says this does what a network does that delivers a message twice.
    pub fn retransmit_promise(
        &self,
        rules: &impl Rules,
        from: NodeId,
        question: &Message<V>,
    ) -> Option<Broadcast<V>> {
        let Message::Prepare { ballot } = *question else {
            return None;
        };
        let accepted = &self.acceptor.accepted;
        let has_voted = accepted.as_ref().is_some_and(|vote| vote.ballot >= ballot);
        if self.acceptor.promised != Some(ballot) || has_voted {
            return None;
        }
        Some(Broadcast {
            from: self.id,
            to: NodeSet::EMPTY.with(from),
            message: Message::Promise {
                ballot,
                accepted: rules.report_vote(accepted.clone()),
            },
        })
    }

    /// Which node this is.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Who plays which role.
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What the acceptor remembers.
    pub const fn acceptor(&self) -> &Acceptor<V> {
        &self.acceptor
    }

    /// What the proposer remembers.
    pub const fn proposer(&self) -> &Proposer<V> {
        &self.proposer
    }

    /// What the learner remembers.
    pub const fn learner(&self) -> &Learner<V> {
        &self.learner
    }

    /// The value this node knows to be chosen.
    pub const fn chosen(&self) -> Option<&V> {
        self.learner.chosen()
    }

    /// Whether a ballot of its own is under way: a time-out would start another round, if one is
    /// left.
    pub fn is_proposing(&self) -> bool {
        match self.proposer.progress {
            Progress::Idle => false,
            Progress::Preparing { .. } | Progress::Proposing { .. } => true,
        }
    }

    /// What must survive a crash, as it is in memory now.
    pub fn durable(&self) -> Durable<V> {
        Durable {
            round: self.proposer.last_round,
            promised: self.acceptor.promised,
            accepted: self.acceptor.accepted.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_small_plain_data() {
        fn plain<T: Copy>() -> usize {
            size_of::<T>()
        }
        assert!(
            plain::<Node<u8>>() <= 128,
            "a node takes {} bytes",
            plain::<Node<u8>>()
        );
        assert!(plain::<Effects<u8>>() <= 128);
    }
}
