//! Quorums that are no sizes: acceptors of different weight, and sets that are listed.
//!
//! As with [`Flexible`](crate::Flexible), only one thing is asked of them: every quorum of phase 1 meets every quorum of
//! phase 2 (Howard, Malkhi, Spiegelman, *Flexible Paxos*, 2016). Nothing here checks it.

use crate::{Cluster, NodeId, NodeSet, Phase, Rules};

/// Quorums by weight (Gifford, *Weighted Voting for Replicated Data*, 1979). Safe if the two thresholds add up to more than
/// all acceptors weigh together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// What each node weighs, by its number. Of nodes that are no acceptors it does not matter.
    pub weights: [u8; NodeId::LIMIT],
    /// What the promises of phase 1 have to weigh.
    pub prepare: u16,
    /// What the votes of phase 2 have to weigh.
    pub accept: u16,
}

impl Weighted {
    /// What these nodes weigh together.
    pub fn weight(&self, nodes: NodeSet) -> u16 {
        nodes
            .iter()
            .map(|node| u16::from(self.weights[node.index()]))
            .sum()
    }
}

impl Rules for Weighted {
    fn is_quorum(&self, phase: Phase, _cluster: &Cluster, voters: NodeSet) -> bool {
        match phase {
            Phase::Prepare => self.weight(voters) >= self.prepare,
            Phase::Accept => self.weight(voters) >= self.accept,
        }
    }
}

/// Quorums that are listed for each phase, as the rows and the columns of a grid (Cheung, Ammar, Ahamad, *The Grid
/// Protocol*, 1990). Safe exactly if every set of the one list meets every set of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumSets {
    /// The quorums of phase 1.
    pub prepare: QuorumList,
    /// The quorums of phase 2.
    pub accept: QuorumList,
}

impl Rules for QuorumSets {
    fn is_quorum(&self, phase: Phase, _cluster: &Cluster, voters: NodeSet) -> bool {
        match phase {
            Phase::Prepare => self.prepare.is_quorum(voters),
            Phase::Accept => self.accept.is_quorum(voters),
        }
    }
}

/// The least quorums of one phase: whoever includes one of them is a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumList {
    /// Those that are not empty are the quorums.
    sets: [NodeSet; QuorumList::LIMIT],
}

impl QuorumList {
    /// How many sets there can be.
    pub const LIMIT: usize = 16;

    /// These sets. `None` for no set, for more than [`QuorumList::LIMIT`], or if one of them is empty: nobody at all would be
    /// a quorum.
    pub fn new(sets: &[NodeSet]) -> Option<QuorumList> {
        if sets.is_empty() || sets.iter().any(|set| set.is_empty()) {
            return None;
        }
        let mut list = [NodeSet::EMPTY; QuorumList::LIMIT];
        list.get_mut(..sets.len())?.copy_from_slice(sets);
        Some(QuorumList { sets: list })
    }

    /// The sets.
    pub fn iter(&self) -> impl Iterator<Item = NodeSet> + '_ {
        let sets = self.sets.iter().copied();
        sets.filter(|set| !set.is_empty())
    }

    fn is_quorum(&self, voters: NodeSet) -> bool {
        let mut sets = self.iter();
        sets.any(|set| set.intersection(voters) == set)
    }
}
