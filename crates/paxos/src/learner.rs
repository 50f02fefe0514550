//! The learner: counts votes and announces the outcome.

use crate::{Ballot, Cluster, NodeId, NodeSet, Phase, Rules, Value};

/// What a learner remembers. None of it is durable: the acceptors remember.
///
/// It counts the votes of one ballot at a time, the highest it has heard of. Hearing too late of
/// an older ballot's quorum costs time and never a wrong answer: the next ballot to reach a quorum
/// is for the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Learner<V> {
    /// No vote heard of.
    Unaware,
    /// Votes heard of, not yet a quorum.
    Counting {
        /// The highest ballot heard of.
        ballot: Ballot,
        /// Its value.
        value: V,
        /// Who voted in it.
        voters: NodeSet,
    },
    /// A quorum voted in one ballot: the value is chosen. For good.
    Chosen(V),
}

impl<V: Value> Learner<V> {
    /// The value known to be chosen.
    pub const fn chosen(&self) -> Option<&V> {
        match self {
            Learner::Chosen(value) => Some(value),
            Learner::Unaware | Learner::Counting { .. } => None,
        }
    }

    /// An acceptor has voted. The value, if this vote makes it chosen.
    pub(crate) fn on_accepted(
        &mut self,
        rules: &impl Rules,
        cluster: &Cluster,
        from: NodeId,
        ballot: Ballot,
        value: V,
    ) -> Option<V> {
        let voters = match self {
            Learner::Chosen(_) => return None,
            Learner::Unaware => NodeSet::EMPTY,
            Learner::Counting {
                ballot: counted, ..
            } if *counted > ballot => return None,
            Learner::Counting {
                ballot: counted, ..
            } if *counted < ballot => NodeSet::EMPTY,
            // One value for each ballot: a vote that says otherwise is not of this protocol.
            Learner::Counting { value: counted, .. } if *counted != value => return None,
            Learner::Counting { voters, .. } => *voters,
        }
        .with(from);
        if rules.is_quorum(Phase::Accept, cluster, voters) {
            *self = Learner::Chosen(value.clone());
            return Some(value);
        }
        *self = Learner::Counting {
            ballot,
            value,
            voters,
        };
        None
    }
}
