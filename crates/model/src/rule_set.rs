//! The rules a world plays by: one of the protocol's variants, or one made wrong on purpose.

use paxos::{
    Acceptor, Ballot, Cluster, Durable, Flexible, Lamport, NodeSet, Phase, Round, Rules,
    StrictAccept, Value, Vote,
};

use crate::Mutant;

/// A correct variant of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// [`Lamport`].
    Lamport,
    /// [`StrictAccept`].
    StrictAccept,
    /// [`Flexible`]; correct only if its quorums meet.
    Flexible(Flexible),
}

/// The rules in force in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// The variant.
    pub variant: Variant,
    /// The one thing done wrong; `None` is the protocol as it ships.
    pub mutant: Option<Mutant>,
    /// Nodes that never run. No protocol can know them: only a mutant looks.
    pub down: NodeSet,
}

impl RuleSet {
    /// Whether `mutant` is the thing done wrong.
    pub(crate) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

impl Rules for RuleSet {
    fn next_round(&self, last: Option<Round>, seen: Option<Ballot>) -> Option<Round> {
        Lamport.next_round(last, seen)
    }

    fn ballot(&self, round: Round, node: paxos::NodeId) -> Ballot {
        if self.is(Mutant::BallotsNotUnique) || self.is(Mutant::BallotsNotUniquePromiseEqual) {
            let node = paxos::NodeId::new(0).expect("0 names a node");
            return Lamport.ballot(round, node);
        }
        Lamport.ballot(round, node)
    }

    fn may_promise<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
        if self.is(Mutant::PromiseStale) {
            return true;
        }
        if self.is(Mutant::PromiseChecksVoteOnly) {
            return acceptor.accepted.as_ref().map(|vote| vote.ballot) < Some(ballot);
        }
        if self.is(Mutant::PromiseEqual) || self.is(Mutant::BallotsNotUniquePromiseEqual) {
            return acceptor.promised <= Some(ballot);
        }
        Lamport.may_promise(acceptor, ballot)
    }

    fn report_vote<V: Value>(&self, accepted: Option<Vote<V>>) -> Option<Vote<V>> {
        if self.is(Mutant::PromiseHidesVote) {
            return None;
        }
        if self.is(Mutant::VoteReportedLow) {
            return accepted.map(|vote| Vote {
                ballot: Ballot {
                    round: Round::new(1).unwrap_or(vote.ballot.round),
                    ..vote.ballot
                },
                ..vote
            });
        }
        Lamport.report_vote(accepted)
    }

    fn pick_vote<V: Value>(
        &self,
        best: Option<Vote<V>>,
        reported: Option<Vote<V>>,
    ) -> Option<Vote<V>> {
        if self.is(Mutant::FirstVote) {
            return best.or(reported);
        }
        if self.is(Mutant::LastVote) {
            return reported.or(best);
        }
        let (Some(one), Some(other)) = (&best, &reported) else {
            return best.or(reported);
        };
        if self.is(Mutant::LowestVote) {
            return if other.ballot < one.ballot {
                reported
            } else {
                best
            };
        }
        if self.is(Mutant::HighestValue) {
            return if other.value > one.value {
                reported
            } else {
                best
            };
        }
        Lamport.pick_vote(best, reported)
    }

    fn choose_value<V: Value>(&self, best: Option<Vote<V>>, own: V) -> V {
        if self.is(Mutant::OwnValue) {
            return own;
        }
        Lamport.choose_value(best, own)
    }

    fn may_accept<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
        if self.is(Mutant::AcceptStale) {
            return true;
        }
        if self.is(Mutant::AcceptStrict) {
            return acceptor.promised < Some(ballot);
        }
        let voted_elsewhere = |vote: &Vote<V>| vote.ballot != ballot;
        if self.is(Mutant::VotesOnce) && acceptor.accepted.as_ref().is_some_and(voted_elsewhere) {
            return false;
        }
        match self.variant {
            Variant::StrictAccept => StrictAccept.may_accept(acceptor, ballot),
            Variant::Lamport | Variant::Flexible(_) => Lamport.may_accept(acceptor, ballot),
        }
    }

    fn promise_of_vote(&self, promised: Option<Ballot>, ballot: Ballot) -> Option<Ballot> {
        if self.is(Mutant::AcceptKeepsPromise) {
            return promised;
        }
        if self.is(Mutant::RetryKeepsPromise) && ballot.round.number() > 1 {
            return promised;
        }
        Lamport.promise_of_vote(promised, ballot)
    }

    fn is_quorum(&self, phase: Phase, cluster: &Cluster, mut voters: NodeSet) -> bool {
        let acceptors = cluster.acceptors().len();
        if self.is(Mutant::DownIsPromised) && phase == Phase::Prepare {
            voters = voters.union(self.down.intersection(cluster.acceptors()));
        }
        if self.is(Mutant::SmallPrepareQuorum) && phase == Phase::Prepare {
            return voters.len() >= acceptors / 2;
        }
        if self.is(Mutant::HalfQuorums) {
            return voters.len() >= acceptors.div_ceil(2);
        }
        if self.is(Mutant::OverStrictQuorum) {
            return 2 * voters.len() == acceptors + 1;
        }
        match self.variant {
            Variant::Flexible(sizes) => sizes.is_quorum(phase, cluster, voters),
            Variant::Lamport | Variant::StrictAccept => Lamport.is_quorum(phase, cluster, voters),
        }
    }

    fn recover<V: Value>(&self, disk: Durable<V>) -> Durable<V> {
        let known = Lamport.recover(disk);
        if self.is(Mutant::BallotReused) {
            return Durable {
                round: None,
                ..known
            };
        }
        if self.is(Mutant::PromiseNotDurable) {
            return Durable {
                promised: known.accepted.as_ref().map(|vote| vote.ballot),
                ..known
            };
        }
        if self.is(Mutant::VoteNotDurable) {
            return Durable {
                accepted: None,
                ..known
            };
        }
        if self.is(Mutant::CorruptIsEmpty) {
            return Durable::EMPTY;
        }
        known
    }
}
