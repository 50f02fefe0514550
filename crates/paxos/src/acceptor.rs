//! The acceptor: promises, votes, and never forgets either.

use crate::{Ballot, Message, Rules, Value, Vote};

/// What an acceptor remembers. All of it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Acceptor<V> {
    /// The highest ballot promised, "max_id"; `None` before the first Prepare. Set by Prepare and
    /// Propose; survives a crash.
    pub promised: Option<Ballot>,
    /// The last vote, "accepted_ID, accepted_VALUE"; `None` before the first. Set by Propose;
    /// survives a crash.
    pub accepted: Option<Vote<V>>,
}

impl<V: Value> Acceptor<V> {
    /// Phase 1b. The answer for the proposer; `None` is silence.
    pub(crate) fn on_prepare(&mut self, rules: &impl Rules, ballot: Ballot) -> Option<Message<V>> {
        if !rules.may_promise(self, ballot) {
            return self.refusal(ballot);
        }
        self.promised = Some(ballot);
        Some(Message::Promise {
            ballot,
            accepted: rules.report_vote(self.accepted.clone()),
        })
    }

    /// Phase 2b. The vote, for the proposer and all learners, or a refusal, for the proposer
    /// alone; `None` is silence.
    pub(crate) fn on_propose(
        &mut self,
        rules: &impl Rules,
        ballot: Ballot,
        value: V,
    ) -> Option<Message<V>> {
        if !rules.may_accept(self, ballot) {
            return self.refusal(ballot);
        }
        self.promised = rules.promise_of_vote(self.promised, ballot);
        self.accepted = Some(Vote {
            ballot,
            value: value.clone(),
        });
        Some(Message::Accepted { ballot, value })
    }

    /// "Fail", if a higher promise stands in the way. Else silence, since there is no ballot for the
    /// proposer to exceed: it repeats what was promised already, or asks for a vote that
    /// [`StrictAccept`](crate::StrictAccept) refuses for want of a promise.
    fn refusal(&self, ballot: Ballot) -> Option<Message<V>> {
        let promised = self.promised.filter(|promised| *promised > ballot)?;
        Some(Message::Nack { ballot, promised })
    }
}
