//! The decisions that safety rests on, each one expression beside the clause it implements.
//!
//! "PMS" is Lamport, *Paxos Made Simple* (2001); "notes" are the Rutgers CS 417 notes on Paxos.
//! A variant of the protocol is another implementation of [`Rules`]; every host takes any.

use crate::{Acceptor, Ballot, Cluster, Durable, NodeId, NodeSet, Round, Value, Vote};

/// Which of the two questions a quorum answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Phase 1: enough promises to propose.
    Prepare,
    /// Phase 2: enough votes for the value to be chosen.
    Accept,
}

/// What the protocol decides. The methods provided are single-decree Paxos with Lamport's accept
/// rule; a variant overrides the ones in which it differs.
pub trait Rules: Sync {
    /// The round of a proposer's next ballot: above its `last` one and above every ballot it has
    /// `seen`, so that no ballot is used twice, ever. `None`: no round is left.
    /// (PMS 2.2: "a proposer … chooses a new proposal number"; notes 1a.)
    fn next_round(&self, last: Option<Round>, seen: Option<Ballot>) -> Option<Round> {
        last.max(seen.map(|ballot| ballot.round))
            .map_or(Some(Round::FIRST), Round::next)
    }

    /// The ballot of a proposer's round: different proposers "choose their numbers from disjoint
    /// sets" (PMS 2.5).
    fn ballot(&self, round: Round, node: NodeId) -> Ballot {
        Ballot { round, node }
    }

    /// Phase 1b: whether the acceptor promises `ballot`: only above all it has promised (P1a's
    /// premise; notes: "if ID <= max_id" it does not).
    fn may_promise<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
        acceptor.promised < Some(ballot)
    }

    /// Phase 1b: what a promise tells of the acceptor's vote: all of it (PMS 2.2, 1(b)).
    fn report_vote<V: Value>(&self, accepted: Option<Vote<V>>) -> Option<Vote<V>> {
        accepted
    }

    /// Phase 2a, one step of a fold over the promises: of two reported votes the one of the
    /// highest ballot counts (PMS 2.2, P2c).
    fn pick_vote<V: Value>(
        &self,
        best: Option<Vote<V>>,
        reported: Option<Vote<V>>,
    ) -> Option<Vote<V>> {
        if reported.as_ref().map(|vote| vote.ballot) > best.as_ref().map(|vote| vote.ballot) {
            reported
        } else {
            best
        }
    }

    /// Phase 2a: the value to propose: the best reported vote's, "or else its own" (P2c).
    fn choose_value<V: Value>(&self, best: Option<Vote<V>>, own: V) -> V {
        best.map_or(own, |vote| vote.value)
    }

    /// Phase 2b: whether the acceptor votes in `ballot`: unless it has promised a higher one
    /// (P1a). Lamport's rule; the notes ask for equality, see [`StrictAccept`].
    fn may_accept<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
        acceptor.promised <= Some(ballot)
    }

    /// Phase 2b: what the acceptor has promised once it has voted in `ballot`: at least that
    /// ballot, so that it cannot vote below it later.
    fn promise_of_vote(&self, promised: Option<Ballot>, ballot: Ballot) -> Option<Ballot> {
        promised.max(Some(ballot))
    }

    /// Whether `voters`, all of them acceptors, suffice for `phase`: a majority, so that any two
    /// quorums share an acceptor.
    fn is_quorum(&self, phase: Phase, cluster: &Cluster, voters: NodeSet) -> bool {
        match phase {
            Phase::Prepare | Phase::Accept => voters.len() > cluster.acceptors().len() / 2,
        }
    }

    /// What a restarted node knows: all that was on its disk. "Acceptors may not forget."
    fn recover<V: Value>(&self, disk: Durable<V>) -> Durable<V> {
        Durable {
            round: disk.round,
            promised: disk.promised,
            accepted: disk.accepted,
        }
    }
}

/// The default: an acceptor votes in any ballot not below its promise. One that missed the
/// Prepare can still vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lamport;

impl Rules for Lamport {}

/// The notes' accept rule: an acceptor votes only in the very ballot it has promised. As safe as
/// Lamport's; an acceptor that missed the Prepare cannot vote, so it can need another round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StrictAccept;

impl Rules for StrictAccept {
    fn may_accept<V: Value>(&self, acceptor: &Acceptor<V>, ballot: Ballot) -> bool {
        acceptor.promised == Some(ballot)
    }
}

/// Quorums of chosen sizes (Howard, Malkhi, Spiegelman, *Flexible Paxos*, 2016). Safe exactly if
/// every quorum of phase 1 meets every quorum of phase 2: `prepare + accept` above the number of
/// acceptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flexible {
    /// How many promises phase 1 needs.
    pub prepare: usize,
    /// How many votes phase 2 needs.
    pub accept: usize,
}

impl Rules for Flexible {
    fn is_quorum(&self, phase: Phase, _cluster: &Cluster, voters: NodeSet) -> bool {
        match phase {
            Phase::Prepare => voters.len() >= self.prepare,
            Phase::Accept => voters.len() >= self.accept,
        }
    }
}
