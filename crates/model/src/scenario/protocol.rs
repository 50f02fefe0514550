//! By which rules a scenario goes.

use serde::{Deserialize, Serialize};

use super::Quorums;

/// By which rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Protocol {
    /// `lamport` (the default) or `notes`: the accept rule.
    pub rules: RulesName,
    /// How many promises make a quorum; a majority if absent. Goes with `accept-quorum`.
    pub prepare_quorum: Option<usize>,
    /// How many votes make a quorum; a majority if absent. Goes with `prepare-quorum`.
    pub accept_quorum: Option<usize>,
    /// Quorums that are no sizes; goes without the two sizes above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorums: Option<Quorums>,
    /// Whether acceptors tell proposers of refusals, or stay silent.
    pub nack: bool,
}

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol {
            rules: RulesName::Lamport,
            prepare_quorum: None,
            accept_quorum: None,
            quorums: None,
            nack: false,
        }
    }
}

/// The accept rules to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RulesName {
    /// An acceptor votes in any ballot not below its promise.
    Lamport,
    /// An acceptor votes only in the very ballot it promised.
    #[serde(rename = "notes")]
    StrictAccept,
}
