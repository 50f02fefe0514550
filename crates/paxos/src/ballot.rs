//! Who takes part and how proposals are numbered: [`NodeId`], [`NodeSet`], [`Round`], [`Ballot`].

use core::fmt;
use core::num::NonZeroU32;

/// Which node: a small number, fixed for the life of a cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u8", into = "u8"))]
pub struct NodeId(u8);

impl TryFrom<u8> for NodeId {
    type Error = &'static str;

    /// The node of this number.
    ///
    /// # Errors
    /// In words, if the number is not below [`NodeId::LIMIT`].
    fn try_from(number: u8) -> Result<NodeId, &'static str> {
        NodeId::new(usize::from(number)).ok_or("a node's number is below 16")
    }
}

impl From<NodeId> for u8 {
    fn from(node: NodeId) -> u8 {
        node.0
    }
}

impl NodeId {
    /// How many nodes a cluster can name; ids are below this.
    pub const LIMIT: usize = u16::BITS as usize;

    /// The node of this number; `None` if it is not below [`NodeId::LIMIT`].
    pub const fn new(number: usize) -> Option<NodeId> {
        if number < NodeId::LIMIT {
            Some(NodeId(number as u8))
        } else {
            None
        }
    }

    /// The number, for indexing.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of nodes, one bit each; a quorum is one of these.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NodeSet(u16);

impl NodeSet {
    /// No node.
    pub const EMPTY: NodeSet = NodeSet(0);

    /// The nodes `0..count`; all that can be named if `count` is larger.
    pub fn first(count: usize) -> NodeSet {
        (0..count).map_while(NodeId::new).collect()
    }

    /// Whether `node` is a member.
    pub const fn contains(self, node: NodeId) -> bool {
        self.0 & (1 << node.0) != 0
    }

    /// How many members.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set and `node`.
    #[must_use]
    pub const fn with(self, node: NodeId) -> NodeSet {
        NodeSet(self.0 | 1 << node.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 & other.0)
    }

    /// The members as bits, node 0 the lowest: what a host hashes or packs.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set of these bits.
    pub const fn from_bits(bits: u16) -> NodeSet {
        NodeSet(bits)
    }

    /// The members, lowest first.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            if rest == 0 {
                return None;
            }
            let lowest = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            Some(NodeId(lowest))
        })
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> NodeSet {
        nodes.into_iter().fold(NodeSet::EMPTY, NodeSet::with)
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, node) in self.iter().enumerate() {
            write!(f, "{}{node}", if i == 0 { "" } else { " " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How often a proposer has tried: 1, 2, 3, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Round(NonZeroU32);

impl Round {
    /// The round of a proposer that has neither tried nor heard of a ballot.
    pub const FIRST: Round = Round(NonZeroU32::MIN);

    /// The round of this number; `None` for 0.
    pub fn new(number: u32) -> Option<Round> {
        NonZeroU32::new(number).map(Round)
    }

    /// The number, at least 1.
    pub const fn number(self) -> u32 {
        self.0.get()
    }

    /// The round after this one; `None` if the numbers are used up.
    pub fn next(self) -> Option<Round> {
        self.0.checked_add(1).map(Round)
    }
}

impl fmt::Debug for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The "unique, ever-increasing ID" of a proposal: ordered by round, and by proposer where rounds
/// tie. Written `round.node`, as in `2.1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ballot {
    /// Which of its proposer's tries.
    pub round: Round,
    /// The proposer, which makes the ballot unique.
    pub node: NodeId,
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round.number(), self.node.0)
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(round: u32, node: usize) -> Ballot {
        Ballot {
            round: Round::new(round).unwrap(),
            node: NodeId::new(node).unwrap(),
        }
    }

    #[test]
    fn ballots_are_ordered_by_round_and_then_by_node() {
        assert!(ballot(1, 0) < ballot(1, 1));
        assert!(ballot(1, 1) < ballot(2, 0));
    }

    #[test]
    fn ids_stop_where_the_set_ends() {
        assert!(NodeId::new(15).is_some());
        assert_eq!(NodeId::new(16), None);
        assert_eq!(NodeSet::first(99).len(), NodeId::LIMIT);
    }

    #[test]
    fn rounds_end_rather_than_wrap() {
        assert_eq!(Round::FIRST.number(), 1);
        assert_eq!(Round::new(0), None);
        assert_eq!(Round::new(u32::MAX).unwrap().next(), None);
    }

    #[test]
    fn a_set_agrees_with_counting_its_members() {
        for bits in 0..=u16::MAX {
            let set = NodeSet(bits);
            let members: [bool; NodeId::LIMIT] =
                core::array::from_fn(|i| set.contains(NodeId(i as u8)));
            assert_eq!(set.len(), members.iter().filter(|m| **m).count());
            assert_eq!(set.iter().collect::<NodeSet>(), set);
            assert_eq!(set.iter().count(), set.len());
            assert_eq!(set.is_empty(), !members.contains(&true));
        }
    }
}
