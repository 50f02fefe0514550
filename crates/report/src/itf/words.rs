//! Options, sets, nodes and ballots as a trace writes them.

use model::Letter;
use paxos::{Ballot, NodeId, NodeSet, Round, Vote};
use serde::{Deserialize, Serialize};

/// Nothing: the empty tuple.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    #[serde(rename = "#tup")]
    nothing: [u8; 0],
}

/// An option.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "tag", content = "value")]
pub(super) enum Maybe<T> {
    None(Unit),
    Some(T),
}

/// A set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set<T> {
    #[serde(rename = "#set")]
    members: Vec<T>,
}

/// Something for each node.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ByNode<T> {
    #[serde(rename = "#map")]
    pairs: Vec<(Name, T)>,
}

/// A node by its name, as in `n0`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Name(pub(super) NodeId);

/// A round by its number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(super) struct Number(Round);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BallotRecord {
    round: Number,
    node: Name,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoteRecord {
    ballot: BallotRecord,
    value: Letter,
}

impl<T> Maybe<T> {
    /// An option, in the words of a trace.
    pub(super) fn of<S>(option: Option<S>) -> Maybe<T>
    where
        T: From<S>,
    {
        match option {
            Some(value) => Maybe::Some(value.into()),
            None => Maybe::None(Unit::default()),
        }
    }

    pub(super) fn option(self) -> Option<T> {
        match self {
            Maybe::Some(value) => Some(value),
            Maybe::None(_) => None,
        }
    }
}

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Set<T> {
        Set {
            members: members.into_iter().collect(),
        }
    }
}

impl Set<Name> {
    pub(super) fn of(nodes: NodeSet) -> Set<Name> {
        nodes.iter().map(Name).collect()
    }
}

impl<T> FromIterator<(NodeId, T)> for ByNode<T> {
    fn from_iter<I: IntoIterator<Item = (NodeId, T)>>(pairs: I) -> ByNode<T> {
        let pairs = pairs.into_iter();
        ByNode {
            pairs: pairs.map(|(node, value)| (Name(node), value)).collect(),
        }
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Name, String> {
        let number = name
            .strip_prefix('n')
            .and_then(|number| number.parse().ok());
        number
            .and_then(NodeId::new)
            .map(Name)
            .ok_or_else(|| format!("`{name}` names no node; nodes are n0 to n15"))
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0.to_string()
    }
}

impl TryFrom<u32> for Number {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Number, &'static str> {
        Round::new(number)
            .map(Number)
            .ok_or("rounds are numbered from 1")
    }
}

impl From<Number> for u32 {
    fn from(number: Number) -> u32 {
        number.0.number()
    }
}

impl From<Round> for Number {
    fn from(round: Round) -> Number {
        Number(round)
    }
}

impl From<Ballot> for BallotRecord {
    fn from(ballot: Ballot) -> BallotRecord {
        BallotRecord {
            round: Number(ballot.round),
            node: Name(ballot.node),
        }
    }
}

impl From<BallotRecord> for Ballot {
    fn from(record: BallotRecord) -> Ballot {
        Ballot {
            round: record.round.0,
            node: record.node.0,
        }
    }
}

impl From<Vote<Letter>> for VoteRecord {
    fn from(vote: Vote<Letter>) -> VoteRecord {
        VoteRecord {
            ballot: vote.ballot.into(),
            value: vote.value,
        }
    }
}

impl From<VoteRecord> for Vote<Letter> {
    fn from(record: VoteRecord) -> Vote<Letter> {
        Vote {
            ballot: record.ballot.into(),
            value: record.value,
        }
    }
}
