//! A scenario: one question, as a TOML file.
//!
//! Unknown fields are refused, with the allowed ones and the line.

mod bounds;
mod expect;
mod protocol;
mod quorums;
mod validate;

use std::path::{Path, PathBuf};

use paxos::{Cluster, Flexible, NodeId, NodeSet};
use serde::{Deserialize, Serialize};

pub use bounds::{Bounds, Endless};
pub use expect::{Expect, Expected, Size};
pub use protocol::{Protocol, RulesName};
pub use quorums::Quorums;

use crate::{Letter, Letters, ReadAsk, RuleSet, Variant};

/// One question: who takes part, by which rules, what may go wrong, what is asked, and what the
/// answer should be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The file's name without `.toml`; not a field of the file.
    #[serde(skip)]
    pub name: String,
    /// One line: what this world is.
    pub title: String,
    /// A few sentences: why it is worth exploring, and what it catches.
    pub about: String,
    /// Words to select it by. `large` keeps it out of the default suite, `large-unreduced` out of what is
    /// explored without reductions for comparison.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who plays which role.
    pub cluster: Placement,
    /// By which rules.
    #[serde(default)]
    pub protocol: Protocol,
    /// What may happen.
    #[serde(default)]
    pub world: Bounds,
    /// Where rounds never end, what goes with that; absent where `world.rounds` bounds them.
    pub endless: Option<Endless>,
    /// What clients ask for. Each may be asked once, in any order; a client that gives up on one
    /// proposer (its outcome is UNKNOWN) and asks another is two entries with the same value.
    #[serde(default)]
    pub ask: Vec<Ask>,
    /// Clients that read: each asks a proposer for the outcome once, at any time, and proposes nothing.
    #[serde(default)]
    pub read: Vec<ReadAsk>,
    /// What should be found.
    #[serde(default)]
    pub expect: Expect,
}

/// Who plays which role: `servers`, or the three roles apart.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Placement {
    /// So many servers, n0 upwards, each with all three roles.
    pub servers: Option<usize>,
    /// So many nodes that only propose; they come first.
    pub proposers: Option<usize>,
    /// So many nodes that only accept; they come next.
    pub acceptors: Option<usize>,
    /// So many nodes that only learn; they come last.
    pub learners: Option<usize>,
}

/// A client asks a proposer for a value.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ask {
    /// The value, one letter.
    pub value: Letter,
    /// The node asked.
    pub of: usize,
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or not a scenario.
    #[error("{}: {}", path.display(), in_words(source))]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// It is a scenario that makes no sense.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What was expected, what was found, the way out.
        problem: String,
    },
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is not a scenario, or is one that makes no sense.
    pub fn read(path: &Path) -> Result<Scenario, ScenarioError> {
        let text = std::fs::read_to_string(path).map_err(|source| ScenarioError::Read {
            path: path.to_path_buf(),
            source,
        })?;
        Scenario::parse(path, &text)
    }

    /// Parses the text of a file; `path` gives the name, and is named in errors.
    ///
    /// # Errors
    /// If it is not a scenario, or one that makes no sense.
    pub fn parse(path: &Path, text: &str) -> Result<Scenario, ScenarioError> {
        let mut scenario: Scenario =
            toml::from_str(text).map_err(|source| ScenarioError::Parse {
                path: path.to_path_buf(),
                source: Box::new(source),
            })?;
        scenario.name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        scenario
            .validate()
            .map_err(|problem| ScenarioError::Invalid {
                path: path.to_path_buf(),
                problem,
            })?;
        Ok(scenario)
    }

    /// All that the worlds depend on, and nothing of what is said about them.
    pub(crate) fn settings(&self) -> impl std::fmt::Debug + '_ {
        let Scenario {
            cluster,
            protocol,
            world,
            endless,
            ask,
            read,
            ..
        } = self;
        (cluster, protocol, world, endless, ask, read)
    }

    /// Whether it carries `tag`.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// The placement of the roles.
    ///
    /// # Errors
    /// In words, if there is none.
    pub fn cluster(&self) -> Result<Cluster, String> {
        let place = self.cluster;
        let (proposers, acceptors, learners) = match (
            place.servers,
            place.proposers,
            place.acceptors,
            place.learners,
        ) {
            (Some(servers), None, None, None) => {
                return match servers {
                    0 => Err("cluster.servers is 0: a cluster needs at least one server".into()),
                    _ => Cluster::all_roles(servers).ok_or_else(|| too_many(servers)),
                };
            }
            (None, Some(proposers), Some(acceptors), learners) => {
                (proposers, acceptors, learners.unwrap_or(0))
            }
            _ => {
                return Err("[cluster] needs either `servers` (all roles on each), or \
                                `proposers` and `acceptors` (and `learners`), apart"
                    .into());
            }
        };
        if acceptors == 0 {
            return Err(
                "cluster.acceptors is 0: without acceptors nothing can be chosen; \
                        give at least 1"
                    .into(),
            );
        }
        if proposers == 0 {
            return Err(
                "cluster.proposers is 0: without proposers nothing is proposed; \
                        give at least 1"
                    .into(),
            );
        }
        let all = proposers.saturating_add(acceptors).saturating_add(learners);
        if all > NodeId::LIMIT {
            return Err(too_many(all));
        }
        let range = |from: usize, count: usize| -> NodeSet {
            (from..from + count).filter_map(NodeId::new).collect()
        };
        Ok(Cluster::apart(
            range(0, proposers),
            range(proposers, acceptors),
            range(proposers + acceptors, learners),
        )
        .expect("it has proposers and acceptors"))
    }

    /// The rules in force, as the file has them.
    pub fn rules(&self) -> RuleSet {
        let protocol = &self.protocol;
        let quorums = protocol.quorums.as_ref().and_then(|quorums| {
            let cluster = self.cluster().ok()?;
            quorums.variant(cluster.acceptors()).ok()
        });
        let by_name = match (
            protocol.prepare_quorum,
            protocol.accept_quorum,
            protocol.rules,
        ) {
            (Some(prepare), Some(accept), _) => Variant::Flexible(Flexible { prepare, accept }),
            (_, _, RulesName::StrictAccept) => Variant::StrictAccept,
            (_, _, RulesName::Lamport) => Variant::Lamport,
        };
        let down = self.world.down.iter().copied();
        RuleSet {
            variant: quorums.unwrap_or(by_name),
            mutant: None,
            down: down.filter_map(NodeId::new).collect(),
        }
    }

    /// The values clients ask for.
    pub fn values(&self) -> Letters {
        self.ask.iter().map(|ask| ask.value).collect()
    }
}

impl Ask {
    /// How many asks a scenario can have.
    pub const LIMIT: usize = 8;
}

/// What the parser says, with the ranges of numbers in place of the names of their types.
fn in_words(source: &toml::de::Error) -> String {
    source
        .to_string()
        .trim_end()
        .replace("expected u8", "expected a number from 0 to 255")
        .replace("expected u16", "expected a number from 0 to 65535")
        .replace("expected u32", "expected a number, 0 or more")
        .replace("expected usize", "expected a number, 0 or more")
}

fn too_many(nodes: usize) -> String {
    format!(
        "[cluster] has {nodes} nodes, but a world has room for {}: take fewer",
        NodeId::LIMIT
    )
}
