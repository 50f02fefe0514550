//! Quorums that are no sizes, as a scenario has them: by weight, or listed.

use paxos::{NodeId, NodeSet, QuorumList, QuorumSets, Variant, Weighted};
use serde::{Deserialize, Serialize};

/// Either weights with a threshold for each phase, or the sets that are quorums of each phase.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Quorums {
    /// What each acceptor weighs, lowest node first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<u8>>,
    /// What promises have to weigh to be a quorum. Goes with `weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepare_weight: Option<u16>,
    /// What votes have to weigh to be a quorum. Goes with `weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_weight: Option<u16>,
    /// The sets of acceptors whose promises are a quorum; whoever includes one of them is one as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepare_sets: Option<Vec<Vec<usize>>>,
    /// The sets of acceptors whose votes are a quorum. Goes with `prepare-sets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_sets: Option<Vec<Vec<usize>>>,
}

impl Quorums {
    /// The rules by which these are the quorums of these acceptors.
    ///
    /// # Errors
    /// In words, if they do not fit: what was expected, what was found, the way out.
    pub(super) fn variant(&self, acceptors: NodeSet) -> Result<Variant, String> {
        match (
            &self.weights,
            self.prepare_weight,
            self.accept_weight,
            &self.prepare_sets,
            &self.accept_sets,
        ) {
            (Some(weights), Some(prepare), Some(accept), None, None) => {
                weighted(weights, prepare, accept, acceptors).map(Variant::Weighted)
            }
            (None, None, None, Some(prepare), Some(accept)) => Ok(Variant::QuorumSets(QuorumSets {
                prepare: listed("prepare-sets", prepare, acceptors)?,
                accept: listed("accept-sets", accept, acceptors)?,
            })),
            _ => Err(
                "protocol.quorums needs either `weights`, `prepare-weight` and `accept-weight`, or \
                      `prepare-sets` and `accept-sets`"
                    .into(),
            ),
        }
    }
}

fn weighted(
    weights: &[u8],
    prepare: u16,
    accept: u16,
    acceptors: NodeSet,
) -> Result<Weighted, String> {
    if weights.len() != acceptors.len() {
        return Err(format!(
            "protocol.quorums.weights has {} weights, but there are {} acceptors: give one for each, lowest node first",
            weights.len(),
            acceptors.len()
        ));
    }
    let mut by_node = [0; NodeId::LIMIT];
    for (node, weight) in acceptors.iter().zip(weights) {
        by_node[node.index()] = *weight;
    }
    let rules = Weighted {
        weights: by_node,
        prepare,
        accept,
    };
    let all = rules.weight(acceptors);
    for (name, threshold) in [("prepare-weight", prepare), ("accept-weight", accept)] {
        if !(1..=all).contains(&threshold) {
            return Err(format!(
                "protocol.quorums.{name} is {threshold}, but must be from 1 to what all acceptors weigh together, {all}"
            ));
        }
    }
    Ok(rules)
}

fn listed(name: &str, sets: &[Vec<usize>], acceptors: NodeSet) -> Result<QuorumList, String> {
    let name = format!("protocol.quorums.{name}");
    let mut listed = Vec::with_capacity(sets.len());
    for set in sets {
        if set.is_empty() {
            return Err(format!(
                "{name} has an empty set, by which nobody at all would be a quorum: leave it out"
            ));
        }
        let mut nodes = NodeSet::EMPTY;
        for number in set {
            let node = NodeId::new(*number).filter(|node| acceptors.contains(*node));
            let node = node.ok_or_else(|| {
                format!(
                    "{name} names node {number}, which is no acceptor; the acceptors are {acceptors}"
                )
            })?;
            nodes = nodes.with(node);
        }
        listed.push(nodes);
    }
    QuorumList::new(&listed).ok_or_else(|| {
        format!(
            "{name} has {} sets, but must have from 1 to {}",
            sets.len(),
            QuorumList::LIMIT
        )
    })
}
