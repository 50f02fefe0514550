//! The rules a world plays by: one of the protocol's variants, or one made wrong on purpose.
//!
//! Nothing of the protocol is answered here. Without a mutant the core is handed the very rules that real nodes run
//! ([`paxos::with_rules`]); with one, [`Mutated`] answers what the mutant has wrong and asks those rules for everything else.

use paxos::{
    Acceptor, Ballot, Broadcast, Cluster, Durable, Effects, Handled, Input, Message, Node, NodeId,
    NodeSet, Phase, Read, ReadOutcome, Round, Rules, Value, Variant, Vote, with_rules,
};

use crate::Mutant;

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

/// Evaluates an expression with the rules in force.
macro_rules! with_rules_in_force {
    ($set:expr, |$rules:ident| $body:expr) => {
        with_rules!($set.variant, |base| match $set.mutant {
            None => {
                let $rules = base;
                $body
            }
            Some(mutant) => {
                let $rules = &Mutated {
                    base,
                    mutant,
                    down: $set.down,
                };
                $body
            }
        })
    };
}

impl RuleSet {
    /// Whether `mutant` is the thing done wrong.
    pub(crate) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// [`Node::start`] by these rules.
    pub fn start<V: Value>(&self, id: NodeId, cluster: Cluster, disk: Durable<V>) -> Node<V> {
        with_rules_in_force!(self, |rules| Node::start(id, cluster, rules, disk))
    }

    /// [`Node::handle`] by these rules.
    pub fn handle<V: Value>(&self, node: &mut Node<V>, input: Input<V>) -> Effects<V> {
        with_rules_in_force!(self, |rules| node.handle(rules, input))
    }

    /// [`Handled::by`] these rules.
    pub fn handle_as_host<V: Value>(&self, node: &mut Node<V>, input: Input<V>) -> Handled<V> {
        with_rules_in_force!(self, |rules| Handled::by(rules, node, input))
    }

    /// [`Node::retransmit_promise`] by these rules.
    pub fn retransmit_promise<V: Value>(
        &self,
        node: &Node<V>,
        from: NodeId,
        question: &Message<V>,
    ) -> Option<Broadcast<V>> {
        with_rules_in_force!(self, |rules| node.retransmit_promise(rules, from, question))
    }

    /// [`Read::hear`] by these rules.
    pub fn hear<V: Value>(
        &self,
        read: &mut Read<V>,
        cluster: &Cluster,
        from: NodeId,
        vote: Option<Vote<V>>,
    ) -> ReadOutcome<V> {
        let outcome = with_rules_in_force!(self, |rules| read.hear(rules, cluster, from, vote));
        match outcome {
            ReadOutcome::Pending if self.is(Mutant::ReadFromOne) && read.best.is_none() => {
                ReadOutcome::NothingChosen
            }
            ReadOutcome::Pending | ReadOutcome::NothingChosen | ReadOutcome::MayBeChosen(_) => {
                outcome
            }
        }
    }

    /// [`Rules::next_round`] by these rules.
    pub fn next_round(&self, last: Option<Round>, seen: Option<Ballot>) -> Option<Round> {
        with_rules_in_force!(self, |rules| rules.next_round(last, seen))
    }

    /// [`Rules::ballot`] by these rules.
    pub fn ballot(&self, round: Round, node: NodeId) -> Ballot {
        with_rules_in_force!(self, |rules| rules.ballot(round, node))
    }

    /// [`Rules::is_quorum`] by these rules.
    pub fn is_quorum(&self, phase: Phase, cluster: &Cluster, voters: NodeSet) -> bool {
        with_rules_in_force!(self, |rules| rules.is_quorum(phase, cluster, voters))
    }
}

/// Rules of which one is answered wrongly.
struct Mutated<'a, R> {
    base: &'a R,
    mutant: Mutant,
    down: NodeSet,
}

impl<R> Mutated<'_, R> {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }
}

impl<R: Rules> Rules for Mutated<'_, R> {
    fn next_round(&self, last: Option<Round>, seen: Option<Ballot>) -> Option<Round> {
        if self.is(Mutant::NextRoundFromNack) && seen.is_some() {
            return self.base.next_round(None, seen);
        }
        self.base.next_round(last, seen)
    }

    fn ballot(&self, round: Round, node: NodeId) -> Ballot {
        if self.is(Mutant::BallotsNotUnique) || self.is(Mutant::BallotsNotUniquePromiseEqual) {
            let node = NodeId::new(0).expect("0 names a node");
            return self.base.ballot(round, node);
        }
        self.base.ballot(round, node)
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
        self.base.may_promise(acceptor, ballot)
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
        self.base.report_vote(accepted)
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
        if self.is(Mutant::LowestVote) || self.is(Mutant::HighestValue) {
            let (Some(one), Some(other)) = (&best, &reported) else {
                return best.or(reported);
            };
            let is_picked = if self.is(Mutant::LowestVote) {
                other.ballot < one.ballot
            } else {
                other.value > one.value
            };
            return if is_picked { reported } else { best };
        }
        self.base.pick_vote(best, reported)
    }

    fn choose_value<V: Value>(&self, best: Option<Vote<V>>, own: V) -> V {
        if self.is(Mutant::OwnValue) {
            return own;
        }
        self.base.choose_value(best, own)
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
        self.base.may_accept(acceptor, ballot)
    }

    fn promise_of_vote(&self, promised: Option<Ballot>, ballot: Ballot) -> Option<Ballot> {
        if self.is(Mutant::AcceptKeepsPromise) {
            return promised;
        }
        if self.is(Mutant::RetryKeepsPromise) && ballot.round.number() > 1 {
            return promised;
        }
        self.base.promise_of_vote(promised, ballot)
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
        if self.is(Mutant::QuorumsByCount) {
            let all = cluster.acceptors();
            let sets = (0..=all.bits()).map(|bits| NodeSet::from_bits(bits).intersection(all));
            let mut quorums = sets.filter(|set| self.base.is_quorum(phase, cluster, *set));
            return quorums.any(|quorum| quorum.len() <= voters.len());
        }
        self.base.is_quorum(phase, cluster, voters)
    }

    fn recover<V: Value>(&self, disk: Durable<V>) -> Durable<V> {
        let known = self.base.recover(disk);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use paxos::{Flexible, Lamport, StrictAccept};

    use super::*;

    /// The names of the methods in the item that begins with `start`, up to the brace that closes it.
    fn methods(source: &str, start: &str) -> BTreeSet<String> {
        let item = source.split_once(start).expect("the item is there").1;
        let item = item.split_once("\n}").expect("it has an end").0;
        let names = item.lines().filter_map(|line| {
            let rest = line.trim_start().strip_prefix("fn ")?;
            rest.split(['(', '<']).next().map(str::to_owned)
        });
        names.collect()
    }

    /// A method of [`Rules`] that [`Mutated`] does not forward would be answered by its default under every mutant, whatever the
    /// variant says.
    #[test]
    fn every_method_of_the_rules_is_forwarded() {
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../paxos/src/rules.rs");
        let rules = std::fs::read_to_string(rules).unwrap();
        let asked = methods(&rules, "pub trait Rules");
        assert!(asked.contains("pick_vote"), "{asked:?}");
        let forwarded = methods(
            include_str!("rule_set.rs"),
            "impl<R: Rules> Rules for Mutated",
        );
        assert_eq!(
            asked, forwarded,
            "rule_set.rs: forward what is missing to `self.base`"
        );
    }

    fn node(index: usize) -> NodeId {
        NodeId::new(index).unwrap()
    }

    /// Answers of rules to every small question.
    fn answers(rules: &impl Rules) -> Vec<String> {
        let rounds: Vec<Option<Round>> = (0..3).map(Round::new).collect();
        let ballots: Vec<Option<Ballot>> = [None]
            .into_iter()
            .chain(rounds.iter().flatten().flat_map(|round| {
                [0, 1].map(|at| {
                    Some(Ballot {
                        round: *round,
                        node: node(at),
                    })
                })
            }))
            .collect();
        let votes: Vec<Option<Vote<u8>>> = ballots
            .iter()
            .flat_map(|ballot| [1, 2].map(|value| ballot.map(|ballot| Vote { ballot, value })))
            .collect();
        let mut all = Vec::new();
        for round in &rounds {
            for ballot in &ballots {
                all.push(format!("{:?}", rules.next_round(*round, *ballot)));
            }
            all.extend(round.map(|round| format!("{:?}", rules.ballot(round, node(1)))));
        }
        for accepted in &votes {
            all.push(format!("{:?}", rules.report_vote(*accepted)));
            all.push(format!("{:?}", rules.choose_value(*accepted, 7)));
            for other in &votes {
                all.push(format!("{:?}", rules.pick_vote(*accepted, *other)));
            }
            for promised in &ballots {
                let acceptor = Acceptor {
                    promised: *promised,
                    accepted: *accepted,
                };
                for ballot in ballots.iter().flatten() {
                    all.push(format!("{:?}", rules.may_promise(&acceptor, *ballot)));
                    all.push(format!("{:?}", rules.may_accept(&acceptor, *ballot)));
                    all.push(format!("{:?}", rules.promise_of_vote(*promised, *ballot)));
                }
                let disk = Durable {
                    round: rounds[1],
                    promised: *promised,
                    accepted: *accepted,
                };
                all.push(format!("{:?}", rules.recover(disk)));
            }
        }
        for servers in 1..6 {
            let cluster = Cluster::all_roles(servers).unwrap();
            for voters in 0..1 << servers {
                let voters = NodeSet::from_bits(voters);
                for phase in [Phase::Prepare, Phase::Accept] {
                    all.push(format!("{:?}", rules.is_quorum(phase, &cluster, voters)));
                }
            }
        }
        all
    }

    /// A mutant of nobody's rules: it overrides none of them.
    const NO_RULE: Mutant = Mutant::SendFirst;

    #[test]
    fn what_a_mutant_does_not_have_wrong_is_asked_of_the_variant() {
        let sizes = Flexible {
            prepare: 3,
            accept: 2,
        };
        fn same(base: &impl Rules) {
            let mutated = Mutated {
                base,
                mutant: NO_RULE,
                down: NodeSet::EMPTY,
            };
            assert_eq!(answers(&mutated), answers(base));
        }
        same(&Lamport);
        same(&StrictAccept);
        same(&sizes);
        assert_ne!(
            answers(&Lamport),
            answers(&StrictAccept),
            "the questions tell variants apart"
        );
        assert_ne!(answers(&Lamport), answers(&sizes));
    }
}
