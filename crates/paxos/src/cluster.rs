//! Which node plays which role.

use crate::{NodeId, NodeSet};

/// The placement of the three roles. All on each of 2m+1 servers, or apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Placement"))]
pub struct Cluster {
    proposers: NodeSet,
    acceptors: NodeSet,
    learners: NodeSet,
}

/// What a cluster is read from, before it is known to be one.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct Placement {
    proposers: NodeSet,
    acceptors: NodeSet,
    learners: NodeSet,
}

#[cfg(feature = "serde")]
impl TryFrom<Placement> for Cluster {
    type Error = &'static str;

    fn try_from(placed: Placement) -> Result<Cluster, &'static str> {
        Cluster::apart(placed.proposers, placed.acceptors, placed.learners)
            .ok_or("a cluster has a proposer and an acceptor")
    }
}

impl Cluster {
    /// A cluster with these roles; a node may be in several sets. `None` without a proposer or
    /// without an acceptor, since such a cluster could never decide.
    pub fn apart(proposers: NodeSet, acceptors: NodeSet, learners: NodeSet) -> Option<Cluster> {
        let decides = !proposers.is_empty() && !acceptors.is_empty();
        decides.then_some(Cluster {
            proposers,
            acceptors,
            learners,
        })
    }

    /// All three roles on each of `servers` nodes; 2m+1 of them survive the failure of m. `None`
    /// for no server, or more than [`NodeId::LIMIT`].
    pub fn all_roles(servers: usize) -> Option<Cluster> {
        if servers > NodeId::LIMIT {
            return None;
        }
        let all = NodeSet::first(servers);
        Cluster::apart(all, all, all)
    }

    /// Who takes requests and tries to convince acceptors.
    pub const fn proposers(&self) -> NodeSet {
        self.proposers
    }

    /// Who votes.
    pub const fn acceptors(&self) -> NodeSet {
        self.acceptors
    }

    /// Who is told of every vote, and announces the outcome.
    pub const fn learners(&self) -> NodeSet {
        self.learners
    }

    /// Everybody.
    pub const fn nodes(&self) -> NodeSet {
        self.proposers.union(self.acceptors).union(self.learners)
    }

    /// Who hears of a vote in a ballot of `proposer`: the proposer and all learners.
    pub const fn vote_recipients(&self, proposer: NodeId) -> NodeSet {
        self.learners.with(proposer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_could_never_decide_is_refused() {
        let some = NodeSet::first(1);
        assert_eq!(Cluster::apart(NodeSet::EMPTY, some, some), None);
        assert_eq!(Cluster::apart(some, NodeSet::EMPTY, some), None);
        assert!(Cluster::apart(some, some, NodeSet::EMPTY).is_some());
        assert_eq!(Cluster::all_roles(0), None);
        assert_eq!(Cluster::all_roles(NodeId::LIMIT + 1), None);
        assert!(Cluster::all_roles(NodeId::LIMIT).is_some());
    }
}
