//! The proposer: takes a client's value and tries to convince a quorum of acceptors.

use crate::{Ballot, Cluster, Message, NodeId, NodeSet, Phase, Round, Rules, Value, Vote};

/// How far a proposer's current ballot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Progress<V> {
    /// No ballot under way: nothing was asked, or a restart, or it is decided.
    Idle,
    /// Phase 1: collecting promises.
    Preparing {
        /// The ballot under way.
        ballot: Ballot,
        /// Who has promised it.
        promises: NodeSet,
        /// The vote to respect among those reported; `None` if none was.
        best: Option<Vote<V>>,
    },
    /// Phase 2: the value is proposed, votes are awaited.
    Proposing {
        /// The ballot under way.
        ballot: Ballot,
    },
}

/// What a proposer remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Proposer<V> {
    /// The last round used; `None` before the first. Durable: without it a restarted proposer
    /// would use one ballot for two values.
    pub last_round: Option<Round>,
    /// The client's value; `None` if nobody asked. Lost in a crash: the client asks again.
    pub client_value: Option<V>,
    /// The highest ballot heard of in a refusal, to be exceeded next time. Lost in a crash.
    pub highest_nack: Option<Ballot>,
    /// The ballot under way. Lost in a crash.
    pub progress: Progress<V>,
}

impl<V: Value> Proposer<V> {
    /// A proposer that remembers its last round and nothing else.
    pub(crate) const fn restarted(last_round: Option<Round>) -> Proposer<V> {
        Proposer {
            last_round,
            client_value: None,
            highest_nack: None,
            progress: Progress::Idle,
        }
    }

    /// A client asks. The first value asked for is the one that is pursued; a second one finds the
    /// proposer busy and is not.
    pub(crate) fn on_request(
        &mut self,
        rules: &impl Rules,
        me: NodeId,
        value: V,
    ) -> Option<Message<V>> {
        if self.client_value.is_some() {
            return None;
        }
        self.client_value = Some(value);
        self.start_round(rules, me)
    }

    /// Phase 1a, again: too little was heard for too long, so try with a higher ballot.
    pub(crate) fn on_timeout(&mut self, rules: &impl Rules, me: NodeId) -> Option<Message<V>> {
        self.client_value.as_ref()?;
        self.start_round(rules, me)
    }

    /// Phase 2a, once a quorum has promised. The proposal for all acceptors.
    pub(crate) fn on_promise(
        &mut self,
        rules: &impl Rules,
        cluster: &Cluster,
        from: NodeId,
        promised: Ballot,
        accepted: Option<Vote<V>>,
    ) -> Option<Message<V>> {
        let Progress::Preparing {
            ballot,
            promises,
            best,
        } = &mut self.progress
        else {
            return None;
        };
        if promised != *ballot || promises.contains(from) {
            return None;
        }
        *promises = promises.with(from);
        *best = rules.pick_vote(best.take(), accepted);
        if !rules.is_quorum(Phase::Prepare, cluster, *promises) {
            return None;
        }
        let value = rules.choose_value(best.take(), self.client_value.clone()?);
        self.progress = Progress::Proposing { ballot: promised };
        Some(Message::Propose {
            ballot: promised,
            value,
        })
    }

    /// An acceptor refuses a ballot. If it is the one under way, remember what to exceed; the
    /// ballot goes on, since others may make a quorum.
    pub(crate) fn on_nack(&mut self, refused: Ballot, promised: Ballot) {
        let (Progress::Preparing { ballot, .. } | Progress::Proposing { ballot }) = self.progress
        else {
            return;
        };
        if refused == ballot {
            self.highest_nack = self.highest_nack.max(Some(promised));
        }
    }

    /// The value is chosen: nothing is left to do.
    pub(crate) fn reset(&mut self) {
        *self = Proposer::restarted(self.last_round);
    }

    fn start_round(&mut self, rules: &impl Rules, me: NodeId) -> Option<Message<V>> {
        let round = rules.next_round(self.last_round, self.highest_nack)?;
        let ballot = rules.ballot(round, me);
        self.last_round = Some(round);
        self.progress = Progress::Preparing {
            ballot,
            promises: NodeSet::EMPTY,
            best: None,
        };
        Some(Message::Prepare { ballot })
    }
}
