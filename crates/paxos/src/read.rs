//! A read: what a client is told that asks for the outcome and proposes nothing.
//!
//! The host asks the acceptors for their votes, and [`Read`] says what the answers amount to. If a quorum of phase 1 has no
//! vote, nothing was chosen when the read began: what is chosen has the votes of a quorum of phase 2, which shares an acceptor
//! with that quorum, and a vote once cast is there for good or in favour of a later one. If there is a vote, it may be chosen or
//! not; only a ballot can tell, and makes it so.
//!
//! What it rests on:
//!
//! 1. The answers were given after the client had asked. Earlier ones say nothing of what was chosen in between.
//! 2. [`Acceptor::accepted`] is never empty again, not even after a crash.
//! 3. Every quorum of phase 1 meets every quorum of phase 2.

use crate::{Acceptor, Cluster, NodeId, NodeSet, Phase, Rules, Value, Vote};

/// The answers of acceptors to a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Read<V> {
    /// Who has answered.
    pub heard: NodeSet,
    /// The vote to respect among those told; `None` if none was.
    pub best: Option<Vote<V>>,
}

/// What the answers to a read amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadOutcome<V> {
    /// Too few have answered.
    Pending,
    /// When the read began, nothing was chosen.
    NothingChosen,
    /// This value may be chosen: propose it ([`Input::Propose`](crate::Input::Propose)), and tell what is chosen then.
    MayBeChosen(V),
}

impl<V: Value> Read<V> {
    /// Nobody has answered yet.
    pub const fn begin() -> Read<V> {
        Read {
            heard: NodeSet::EMPTY,
            best: None,
        }
    }

    /// What an acceptor tells a reader: its last vote, `None` if it has never voted.
    pub fn answer(acceptor: &Acceptor<V>) -> Option<Vote<V>> {
        acceptor.accepted.clone()
    }

    /// An acceptor's [answer](Read::answer) arrives. Answers of nodes that are no acceptors do not count.
    pub fn hear(
        &mut self,
        rules: &impl Rules,
        cluster: &Cluster,
        from: NodeId,
        vote: Option<Vote<V>>,
    ) -> ReadOutcome<V> {
        if cluster.acceptors().contains(from) {
            self.heard = self.heard.with(from);
            self.best = rules.pick_vote(self.best.take(), vote);
        }
        if !rules.is_quorum(Phase::Prepare, cluster, self.heard) {
            return ReadOutcome::Pending;
        }
        match &self.best {
            Some(vote) => ReadOutcome::MayBeChosen(vote.value.clone()),
            None => ReadOutcome::NothingChosen,
        }
    }
}
