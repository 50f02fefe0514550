//! Wrong protocols: Lamport's rules with one method replaced by a mistake.

use paxos::{
    Acceptor, Ballot, Cluster, Durable, NodeId, NodeSet, Phase, Round, Rules, Value, Vote,
};

macro_rules! wrong {
    ($($(#[$doc:meta])+ $name:ident { $($method:item)+ })+) => {
        $(
            $(#[$doc])+
            pub(crate) struct $name;
            impl Rules for $name { $($method)+ }
        )+
    };
}

wrong! {
    /// A round is started again.
    RoundReused {
        fn next_round(&self, last: Option<Round>, _: Option<Ballot>) -> Option<Round> {
            Some(last.unwrap_or(Round::FIRST))
        }
    }

    /// What was refused for its low round is tried again.
    SeenIgnored {
        fn next_round(&self, last: Option<Round>, _: Option<Ballot>) -> Option<Round> {
            last.map_or(Some(Round::FIRST), Round::next)
        }
    }

    /// After the last round comes the first.
    RoundsWrap {
        fn next_round(&self, last: Option<Round>, seen: Option<Ballot>) -> Option<Round> {
            let top = last.max(seen.map(|ballot| ballot.round));
            Some(top.and_then(Round::next).unwrap_or(Round::FIRST))
        }
    }

    /// All proposers draw from one set of ballots.
    BallotsNotUnique {
        fn ballot(&self, round: Round, _: NodeId) -> Ballot {
            Ballot { round, node: NodeId::new(0).unwrap() }
        }
    }

    /// Phase 1b promises the same ballot twice: `<=` in place of `<`.
    PromiseEqual {
        fn may_promise<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
            acceptor.promised <= Some(ballot)
        }
    }

    /// Phase 1b promises whatever is asked.
    PromiseStale {
        fn may_promise<V: Value>(&self, _: &Acceptor<V>, _: Ballot) -> bool {
            true
        }
    }

    /// Phase 1b compares with the vote and not with the promise.
    PromiseChecksVoteOnly {
        fn may_promise<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
            acceptor.accepted.as_ref().map(|vote| vote.ballot) < Some(ballot)
        }
    }

    /// The promise does not tell of the vote.
    PromiseHidesVote {
        fn report_vote<V: Value>(&self, _: Option<Vote<V>>) -> Option<Vote<V>> {
            None
        }
    }

    /// Phase 2a follows the vote of the lowest ballot.
    LowestVote {
        fn pick_vote<V: Value>(
            &self,
            best: Option<Vote<V>>,
            reported: Option<Vote<V>>,
        ) -> Option<Vote<V>> {
            match (best, reported) {
                (Some(a), Some(b)) => Some(if b.ballot < a.ballot { b } else { a }),
                (a, b) => a.or(b),
            }
        }
    }

    /// Phase 2a follows the vote heard of first.
    FirstVote {
        fn pick_vote<V: Value>(
            &self,
            best: Option<Vote<V>>,
            reported: Option<Vote<V>>,
        ) -> Option<Vote<V>> {
            best.or(reported)
        }
    }

    /// Phase 2a follows the vote heard of last.
    LastVote {
        fn pick_vote<V: Value>(
            &self,
            best: Option<Vote<V>>,
            reported: Option<Vote<V>>,
        ) -> Option<Vote<V>> {
            reported.or(best)
        }
    }

    /// Phase 2a follows the vote for the highest value.
    HighestValue {
        fn pick_vote<V: Value>(
            &self,
            best: Option<Vote<V>>,
            reported: Option<Vote<V>>,
        ) -> Option<Vote<V>> {
            best.into_iter().chain(reported).max_by_key(|vote| vote.value.clone())
        }
    }

    /// Phase 2a proposes the client's value whatever was voted for.
    OwnValue {
        fn choose_value<V: Value>(&self, _: Option<Vote<V>>, own: V) -> V {
            own
        }
    }

    /// Phase 2b votes below the promise.
    AcceptStale {
        fn may_accept<V: Value>(&self, _: &Acceptor<V>, _: Ballot) -> bool {
            true
        }
    }

    /// Phase 2b votes only above the promise.
    AcceptStrict {
        fn may_accept<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
            acceptor.promised < Some(ballot)
        }
    }

    /// A vote does not raise the promise.
    AcceptKeepsPromise {
        fn promise_of_vote(&self, promised: Option<Ballot>, _: Ballot) -> Option<Ballot> {
            promised
        }
    }

    /// Half the acceptors are a quorum.
    HalfQuorum {
        fn is_quorum(&self, _: Phase, cluster: &Cluster, voters: NodeSet) -> bool {
            2 * voters.len() >= cluster.acceptors().len()
        }
    }

    /// One promise is a quorum of phase 1.
    SmallPrepareQuorum {
        fn is_quorum(&self, phase: Phase, cluster: &Cluster, voters: NodeSet) -> bool {
            match phase {
                Phase::Prepare => !voters.is_empty(),
                Phase::Accept => voters.len() > cluster.acceptors().len() / 2,
            }
        }
    }

    /// A restarted proposer forgets its round.
    RoundForgotten {
        fn recover<V: Value>(&self, disk: Durable<V>) -> Durable<V> {
            Durable { round: None, ..disk }
        }
    }

    /// A restarted acceptor forgets its promise.
    PromiseForgotten {
        fn recover<V: Value>(&self, disk: Durable<V>) -> Durable<V> {
            Durable { promised: None, ..disk }
        }
    }

    /// A restarted acceptor forgets its vote.
    VoteForgotten {
        fn recover<V: Value>(&self, disk: Durable<V>) -> Durable<V> {
            Durable { accepted: None, ..disk }
        }
    }
}
