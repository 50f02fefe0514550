//! The cluster file: who takes part, where, by which rules and how patiently.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use paxos::{
    Cluster, Durable, Handled, Input, Node, NodeId, NodeSet, Phase, Read, ReadOutcome, Role,
    Rules as _, Variant, Vote, with_rules,
};
use serde::{Deserialize, Serialize};

use crate::ClusterId;
use crate::secret::{Secret, SecretError};

/// By which rules; all nodes of a cluster use the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RulesName {
    /// [`paxos::Lamport`].
    #[default]
    Lamport,
    /// [`paxos::StrictAccept`].
    #[serde(rename = "notes")]
    StrictAccept,
}

/// A cluster file, read and found consistent.
#[derive(Clone, Debug)]
pub struct ClusterFile {
    /// Where it was read from.
    pub path: PathBuf,
    /// Which cluster.
    pub cluster: ClusterId,
    /// By which rules.
    pub rules: RulesName,
    /// How patiently.
    pub timing: Timing,
    /// Who takes part, lowest id first.
    pub nodes: Vec<Member>,
    /// Who plays which role.
    pub roles: Cluster,
    /// What datagrams are authenticated with. [`Secret::none`] where the file names none; then all
    /// addresses are of this machine.
    pub secret: Secret,
}

/// One node of a cluster file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Member {
    /// Its number, below 16.
    pub id: NodeId,
    /// Where it receives datagrams.
    pub address: SocketAddr,
    /// Whether its store was ever made. Set by `paxos init`.
    #[serde(default)]
    pub initialised: bool,
    /// Its roles; all three if absent.
    #[serde(default = "all_roles")]
    pub roles: Vec<Role>,
}

/// How long a node waits, and for how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Timing {
    /// Milliseconds until it asks again, at first. Shorter than a disk's stalls (50 ms happen), and
    /// healthy nodes are asked twice.
    pub retry_ms: u64,
    /// The most it comes to, doubling each time.
    pub retry_ms_max: u64,
    /// Milliseconds for which a decree that nobody asks about stays in memory.
    pub idle_ms: u64,
    /// How many clients may wait for a node's answer at a time; more are told to come back. A node with
    /// 0 only votes.
    pub waiting_max: usize,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            retry_ms: 100,
            retry_ms_max: 3_000,
            idle_ms: 10_000,
            waiting_max: 16_384,
        }
    }
}

impl Timing {
    /// [`Timing::idle_ms`].
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms)
    }

    /// How long to wait the `attempt`-th time, 0 being the first, before chance has its say.
    pub fn patience(&self, attempt: u32) -> Duration {
        let doubled = self
            .retry_ms
            .checked_shl(attempt)
            .filter(|ms| *ms >> attempt == self.retry_ms);
        Duration::from_millis(doubled.unwrap_or(u64::MAX).min(self.retry_ms_max))
    }
}

impl fmt::Display for RulesName {
    /// As in the cluster file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RulesName::Lamport => "lamport",
            RulesName::StrictAccept => "notes",
        })
    }
}

impl RulesName {
    /// The variant of the protocol that is called this.
    pub fn variant(self) -> Variant {
        match self {
            RulesName::Lamport => Variant::Lamport,
            RulesName::StrictAccept => Variant::StrictAccept,
        }
    }

    /// [`Node::start`] by these rules.
    pub fn start<V: paxos::Value>(self, id: NodeId, roles: Cluster, disk: Durable<V>) -> Node<V> {
        with_rules!(self.variant(), |rules| Node::start(id, roles, rules, disk))
    }

    /// [`Handled::by`] these rules.
    pub fn handle<V: paxos::Value>(self, node: &mut Node<V>, input: Input<V>) -> Handled<V> {
        with_rules!(self.variant(), |rules| Handled::by(rules, node, input))
    }

    /// [`paxos::Rules::is_quorum`] by these rules.
    pub fn is_quorum(self, phase: Phase, roles: &Cluster, voters: NodeSet) -> bool {
        with_rules!(self.variant(), |rules| rules
            .is_quorum(phase, roles, voters))
    }

    /// [`Read::hear`] by these rules.
    pub fn hear<V: paxos::Value>(
        self,
        read: &mut Read<V>,
        roles: &Cluster,
        from: NodeId,
        vote: Option<Vote<V>>,
    ) -> ReadOutcome<V> {
        with_rules!(self.variant(), |rules| read.hear(rules, roles, from, vote))
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Text {
    cluster: ClusterId,
    #[serde(default)]
    rules: RulesName,
    #[serde(default)]
    secret: Option<PathBuf>,
    #[serde(default)]
    timing: Timing,
    #[serde(default)]
    node: Vec<Member>,
}

/// Why a cluster file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read or written.
    #[error("cannot use the cluster file {}: {source}", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not what a cluster file looks like.
    #[error("{}: {problem}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where and what, from the parser.
        problem: String,
    },
    /// It contradicts itself.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and the way out.
        problem: String,
    },
    /// The secret cannot be used.
    #[error("{}: {source}", path.display())]
    Secret {
        /// Which cluster file.
        path: PathBuf,
        /// Why.
        source: SecretError,
    },
}

fn all_roles() -> Vec<Role> {
    vec![Role::Proposer, Role::Acceptor, Role::Learner]
}

impl ClusterFile {
    /// Reads a cluster file and its secret.
    ///
    /// # Errors
    /// If either cannot be read, or makes no sense; in words that say where and what to do.
    pub fn read(path: &Path) -> Result<ClusterFile, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Failed {
            path: path.to_owned(),
            source,
        })?;
        let parsed: Text = toml::from_str(&text).map_err(|error| ConfigError::Malformed {
            path: path.to_owned(),
            problem: error.to_string().trim_end().to_owned(),
        })?;
        let wrong = |problem| ConfigError::Wrong {
            path: path.to_owned(),
            problem,
        };
        let secret = match &parsed.secret {
            None => Secret::none(),
            Some(file) => {
                let beside = path.parent().unwrap_or(Path::new("")).join(file);
                Secret::read(&beside).map_err(|source| ConfigError::Secret {
                    path: path.to_owned(),
                    source,
                })?
            }
        };
        parsed.check().map_err(wrong)?;
        let roles = parsed.roles().map_err(wrong)?;
        let mut nodes = parsed.node;
        nodes.sort_by_key(|node| node.id);
        Ok(ClusterFile {
            path: path.to_owned(),
            cluster: parsed.cluster,
            rules: parsed.rules,
            timing: parsed.timing,
            nodes,
            roles,
            secret: secret.with_roles(&roles),
        })
    }

    /// A node of it.
    ///
    /// # Errors
    /// If the file has no such node.
    pub fn member(&self, id: NodeId) -> Result<&Member, ConfigError> {
        let known = || {
            let names: Vec<String> = self.nodes.iter().map(|node| node.id.to_string()).collect();
            names.join(", ")
        };
        let found = self.nodes.iter().find(|node| node.id == id);
        found.ok_or_else(|| ConfigError::Wrong {
            path: self.path.clone(),
            problem: format!("there is no node {id} in this cluster, only {}", known()),
        })
    }

    /// Writes down that a node has its store, so that it is never made again by mistake.
    ///
    /// # Errors
    /// If the file cannot be rewritten.
    pub fn mark_initialised(&self, id: NodeId) -> Result<(), ConfigError> {
        let failed = |source| ConfigError::Failed {
            path: self.path.clone(),
            source,
        };
        // The file itself, where the path is a link to it.
        let path = std::fs::canonicalize(&self.path).map_err(failed)?;
        // Nodes of one machine may share the file, and each adds its mark to those that are there. The folder is what is
        // locked, since the file is replaced.
        let folder =
            std::fs::File::open(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        folder.lock().map_err(failed)?;
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        let mut document: toml_edit::DocumentMut =
            text.parse()
                .map_err(|error: toml_edit::TomlError| ConfigError::Malformed {
                    path: self.path.clone(),
                    problem: error.to_string(),
                })?;
        if let Some(nodes) = document.get_mut("node") {
            if let Some(tables) = nodes.as_array_of_tables_mut() {
                tables.iter_mut().for_each(|node| mark(node, id));
            } else if let Some(array) = nodes.as_array_mut() {
                let tables = array
                    .iter_mut()
                    .filter_map(toml_edit::Value::as_inline_table_mut);
                tables.for_each(|node| mark(node, id));
            }
        }
        let new = path.with_extension("toml.new");
        std::fs::write(&new, document.to_string()).map_err(failed)?;
        let mode = std::fs::metadata(&path).map_err(failed)?.permissions();
        std::fs::set_permissions(&new, mode).map_err(failed)?;
        std::fs::File::open(&new)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
        std::fs::rename(&new, &path).map_err(failed)?;
        folder.sync_all().map_err(failed)
    }
}

/// Writes into a node's table, if it is this node's, that it is initialised; comments stay.
fn mark(node: &mut dyn toml_edit::TableLike, id: NodeId) {
    let number = node.get("id").and_then(toml_edit::Item::as_integer);
    if number != i64::try_from(id.index()).ok() {
        return;
    }
    match node
        .get_mut("initialised")
        .and_then(toml_edit::Item::as_value_mut)
    {
        Some(value) => {
            let around = value.decor().clone();
            *value = true.into();
            *value.decor_mut() = around;
        }
        None => {
            node.insert("initialised", toml_edit::value(true));
        }
    }
}

impl Text {
    fn check(&self) -> Result<(), String> {
        let ids: BTreeSet<NodeId> = self.node.iter().map(|node| node.id).collect();
        let places: BTreeSet<SocketAddr> = self.node.iter().map(|node| node.address).collect();
        if ids.len() < self.node.len() {
            return Err("two nodes have one id; give each its own".to_owned());
        }
        if places.len() < self.node.len() {
            return Err("two nodes have one address; give each its own".to_owned());
        }
        if let Some(node) = self.node.iter().find(|node| node.address.port() == 0) {
            return Err(format!(
                "{} has port 0; choose the port that others find it at",
                node.id
            ));
        }
        let open = |node: &&Member| !node.address.ip().is_loopback();
        if let (None, Some(node)) = (&self.secret, self.node.iter().find(open)) {
            return Err(format!(
                "{} is at {}, where anybody can send to it: name a file with a secret \
                 (`secret = \"cluster.secret\"`, mode 0600), or use loopback addresses only",
                node.id, node.address
            ));
        }
        let timing = &self.timing;
        if timing.retry_ms == 0 || timing.retry_ms_max < timing.retry_ms {
            return Err(format!(
                "timing: retry-ms is {}, and must be at least 1 and at most retry-ms-max, {}",
                timing.retry_ms, timing.retry_ms_max
            ));
        }
        Ok(())
    }

    fn roles(&self) -> Result<Cluster, String> {
        let playing = |role: Role| -> NodeSet {
            let playing = self.node.iter().filter(|node| node.roles.contains(&role));
            playing.map(|node| node.id).collect()
        };
        Cluster::apart(
            playing(Role::Proposer),
            playing(Role::Acceptor),
            playing(Role::Learner),
        )
        .ok_or_else(|| {
            "a cluster has at least one proposer and one acceptor; add [[node]] tables, or roles to them"
                .to_owned()
        })
    }
}
