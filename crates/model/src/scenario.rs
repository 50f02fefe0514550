//! A scenario: one question, as a TOML file.
//!
//! Unknown fields are refused, with the allowed ones and the line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use paxos::{Cluster, Flexible, NodeId, NodeSet};
use serde::{Deserialize, Serialize};

use crate::properties::Known;
use crate::{Fault, Letter, Letters, Network, Parcel, RuleSet, Variant};

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

/// By which rules.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Protocol {
    /// `lamport` (the default) or `notes`: the accept rule.
    pub rules: RulesName,
    /// How many promises make a quorum; a majority if absent. Goes with `accept-quorum`.
    pub prepare_quorum: Option<usize>,
    /// How many votes make a quorum; a majority if absent. Goes with `prepare-quorum`.
    pub accept_quorum: Option<usize>,
    /// Whether acceptors tell proposers of refusals, or stay silent.
    pub nack: bool,
}

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol {
            rules: RulesName::Lamport,
            prepare_quorum: None,
            accept_quorum: None,
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
    Notes,
}

/// What may happen, and how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Bounds {
    /// What becomes of messages: `set` (any number of times, in any order, or never), `bag` (at
    /// most once, in any order) or `ordered` (at most once, in order on each link).
    pub network: Network,
    /// Whether an ordered network may lose messages. The others always may, by never delivering.
    pub loss: bool,
    /// The highest round a proposer may use.
    pub rounds: u32,
    /// How many time-outs may start another round, all proposers together; as many as `rounds`
    /// allows if absent.
    pub retries: Option<u8>,
    /// How many crashes there may be, all nodes together. A crashed node restarts from its disk.
    pub crashes: u8,
    /// Whether a crash may tear a step: after the persist, or after some of the sends.
    pub torn: bool,
    /// The nodes that may crash; all if absent.
    pub crash_nodes: Option<Vec<usize>>,
    /// The nodes that never run.
    pub down: Vec<usize>,
    /// What may fail between clients and nodes, and at the nodes' disks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// How often, all of these together. Goes with `faults`.
    #[serde(skip_serializing_if = "is_none")]
    pub faults_most: u8,
    /// How many times clients may ask again, all together. Goes with `faults`.
    #[serde(skip_serializing_if = "is_none")]
    pub asks_again: u8,
}

/// Whether a number of times is none.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this signature"
)]
fn is_none(times: &u8) -> bool {
    *times == 0
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            network: Network::Set,
            loss: false,
            rounds: 1,
            retries: None,
            crashes: 0,
            torn: false,
            crash_nodes: None,
            down: Vec::new(),
            faults: Vec::new(),
            faults_most: 0,
            asks_again: 0,
        }
    }
}

/// Rounds never end: proposers try again for ever, and the question is whether anything is decided. A time-out is long
/// enough: it comes only when nothing of the round is under way any more; and a client that is left with UNKNOWN asks again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Endless {
    /// Of how many rounds of each proposer messages are on the network; older ones are lost when it starts another.
    pub in_flight: u8,
    /// From some moment on this proposer alone tries again.
    pub alone: Option<usize>,
    /// How many nodes may stop for ever, at any moment.
    #[serde(default)]
    pub stops: u8,
    /// The nodes that may; all if absent.
    pub stop_nodes: Option<Vec<usize>>,
    /// How many messages may be lost, where `world.loss` is on; any number if absent.
    pub losses: Option<u8>,
    /// Whether hosts say again what was not answered, and answer again what is asked again.
    #[serde(default)]
    pub repeats: bool,
    /// Whether time-outs may be too short: they come at any moment.
    #[serde(default)]
    pub impatient: bool,
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

/// What should be found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// How many unique states there are. Written by `--update`.
    pub states: Option<u64>,
    /// How many steps the longest of the shortest ways to a state has. Written by `--update`.
    pub depth: Option<u32>,
    /// The same with all reductions that are sound for this world. Written by `--update`.
    pub reduced: Option<Size>,
    /// Whether all that `paxos check` counts has to be as in the committed reports.
    #[serde(default)]
    pub locked: bool,
    /// For each property, what is found: `holds` or `violated`, `witnessed` or `never`.
    #[serde(default)]
    pub verdicts: BTreeMap<String, Expected>,
}

/// How large a world is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Size {
    /// As [`Expect::states`].
    pub states: Option<u64>,
    /// As [`Expect::depth`].
    pub depth: Option<u32>,
}

/// The verdict that is expected of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// True in every state.
    Holds,
    /// False in some state.
    Violated,
    /// True in some state.
    Witnessed,
    /// True in no state.
    Never,
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
            ..
        } = self;
        (cluster, protocol, world, endless, ask)
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
        let variant = match (
            protocol.prepare_quorum,
            protocol.accept_quorum,
            protocol.rules,
        ) {
            (Some(prepare), Some(accept), _) => Variant::Flexible(Flexible { prepare, accept }),
            (_, _, RulesName::Notes) => Variant::Notes,
            (_, _, RulesName::Lamport) => Variant::Lamport,
        };
        let down = self.world.down.iter().copied();
        RuleSet {
            variant,
            mutant: None,
            down: down.filter_map(NodeId::new).collect(),
        }
    }

    /// The values clients ask for.
    pub fn values(&self) -> Letters {
        self.ask.iter().map(|ask| ask.value).collect()
    }

    fn validate(&self) -> Result<(), String> {
        let cluster = self.cluster()?;
        self.validate_protocol(cluster)?;
        let nodes = cluster.nodes().len();
        let node = |what: &str, number: usize| match number < nodes {
            true => Ok(()),
            false => Err(format!(
                "{what} names node {number}, but the nodes are 0 to {}",
                nodes - 1
            )),
        };
        for number in &self.world.down {
            node("world.down", *number)?;
        }
        for number in self.world.crash_nodes.iter().flatten() {
            node("world.crash-nodes", *number)?;
        }
        if !(1..=Parcel::ROUND_MAX).contains(&self.world.rounds) {
            return Err(format!(
                "world.rounds is {}, but must be from 1 to {}",
                self.world.rounds,
                Parcel::ROUND_MAX
            ));
        }
        if self.world.torn && self.world.crashes == 0 {
            return Err("world.torn needs world.crashes of at least 1".into());
        }
        if self.world.crash_nodes.is_some() && self.world.crashes == 0 {
            return Err("world.crash-nodes needs world.crashes of at least 1".into());
        }
        let needs_loss = self.world.network == Network::Ordered || self.endless.is_some();
        if self.world.loss && !needs_loss {
            return Err(
                "world.loss goes with network = \"ordered\": the other networks can \
                        always lose, by never delivering, so leave it out"
                    .into(),
            );
        }
        self.validate_faults()?;
        self.validate_endless(cluster)?;
        if self.ask.is_empty() || self.ask.len() > Ask::LIMIT {
            return Err(format!(
                "there are {} [[ask]] entries, but there must be from 1 to {}, each with the `value` a \
                 client asks for and the proposer it asks, `of`",
                self.ask.len(),
                Ask::LIMIT
            ));
        }
        for ask in &self.ask {
            node("ask.of", ask.of)?;
            if !NodeId::new(ask.of).is_some_and(|id| cluster.proposers().contains(id)) {
                return Err(format!(
                    "ask.of names node {}, which is no proposer; the proposers are {}",
                    ask.of,
                    cluster.proposers()
                ));
            }
        }
        if self.endless.is_some() && (self.expect.reduced.is_some() || self.expect.locked) {
            return Err(
                "expect.reduced and expect.locked do not go with [endless]: nothing is reduced there, \
                 and nothing of it is in the committed numbers"
                    .into(),
            );
        }
        self.expect.validate(Known::of(self))
    }

    fn validate_endless(&self, cluster: Cluster) -> Result<(), String> {
        let Some(endless) = &self.endless else {
            return Ok(());
        };
        if self.world.rounds != Bounds::default().rounds {
            return Err("world.rounds does not go with [endless], where rounds never end".into());
        }
        if self.world.network != Network::Set || !self.world.faults.is_empty() {
            return Err(
                "[endless] goes with network = \"set\" and without world.faults: nothing else is \
                        kept up to the order of ballots"
                    .into(),
            );
        }
        if endless.in_flight == 0 {
            return Err(
                "endless.in-flight is 0, but a round needs messages: give at least 1".into(),
            );
        }
        if let Some(number) = endless.alone {
            let id = NodeId::new(number).filter(|id| cluster.proposers().contains(*id));
            if id.is_none() {
                return Err(format!(
                    "endless.alone names node {number}, which is no proposer; the proposers are {}",
                    cluster.proposers()
                ));
            }
        }
        let nodes = cluster.nodes().len();
        let named = endless.stop_nodes.iter().flatten();
        if let Some(number) = named.copied().find(|number| *number >= nodes) {
            return Err(format!(
                "endless.stop-nodes names node {number}, but the nodes are 0 to {}",
                nodes - 1
            ));
        }
        if endless.losses.is_some() && !self.world.loss {
            return Err("endless.losses needs world.loss = true".into());
        }
        if endless.stop_nodes.is_some() && endless.stops == 0 {
            return Err("endless.stop-nodes needs endless.stops of at least 1".into());
        }
        Ok(())
    }

    fn validate_faults(&self) -> Result<(), String> {
        let bounds = &self.world;
        match (bounds.faults.is_empty(), bounds.faults_most) {
            (true, 0) if bounds.asks_again == 0 => Ok(()),
            (true, 0) => Err(
                "world.asks-again needs world.faults: a client whose request never fails \
                              has no cause to ask again"
                    .into(),
            ),
            (true, _) => Err("world.faults-most needs world.faults: which there may be".into()),
            (false, 0) => Err("world.faults needs world.faults-most of at least 1".into()),
            (false, _) => {
                let mut faults = bounds.faults.iter().enumerate();
                match faults.find(|(place, fault)| bounds.faults[..*place].contains(fault)) {
                    Some((_, fault)) => Err(format!("world.faults names {fault} twice")),
                    None => Ok(()),
                }
            }
        }
    }

    fn validate_protocol(&self, cluster: Cluster) -> Result<(), String> {
        let protocol = &self.protocol;
        let quorums = [
            ("prepare-quorum", protocol.prepare_quorum),
            ("accept-quorum", protocol.accept_quorum),
        ];
        if protocol.prepare_quorum.is_some() != protocol.accept_quorum.is_some() {
            return Err(
                "protocol.prepare-quorum and protocol.accept-quorum go together: give both, \
                        or neither for majorities"
                    .into(),
            );
        }
        if protocol.prepare_quorum.is_some() && protocol.rules == RulesName::Notes {
            return Err(
                "protocol.prepare-quorum and protocol.accept-quorum go with \
                        rules = \"lamport\" only, not with \"notes\""
                    .into(),
            );
        }
        let acceptors = cluster.acceptors().len();
        for (name, size) in quorums {
            if let Some(size) = size.filter(|size| !(1..=acceptors).contains(size)) {
                return Err(format!(
                    "protocol.{name} is {size}, but must be from 1 to the number of acceptors, \
                     {acceptors}"
                ));
            }
        }
        Ok(())
    }
}

impl Ask {
    /// How many asks a scenario can have.
    pub const LIMIT: usize = 8;
}

impl Expect {
    /// The number of states that a check visits by default, as far as it is known.
    pub fn states_visited(&self) -> Option<u64> {
        let reduced = self.reduced.and_then(|size| size.states);
        reduced.or(self.states)
    }

    fn validate(&self, judged: &[Known]) -> Result<(), String> {
        for (name, expected) in &self.verdicts {
            let Some(property) = judged.iter().find(|known| known.name == name) else {
                let names: Vec<&str> = judged.iter().map(|known| known.name).collect();
                return Err(format!(
                    "expect.verdicts names `{name}`, which is no property; the properties are {}",
                    names.join(", ")
                ));
            };
            let fits = match expected {
                Expected::Holds | Expected::Violated => property.is_invariant(),
                Expected::Witnessed | Expected::Never => !property.is_invariant(),
            };
            if !fits {
                return Err(format!(
                    "expect.verdicts.{name} is `{expected}`, but must be {}",
                    if property.is_invariant() {
                        "`holds` or `violated`"
                    } else {
                        "`witnessed` or `never`"
                    }
                ));
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Expected::Holds => "holds",
            Expected::Violated => "violated",
            Expected::Witnessed => "witnessed",
            Expected::Never => "never",
        })
    }
}

/// What the parser says, with the ranges of numbers in place of the names of their types.
fn in_words(source: &toml::de::Error) -> String {
    source
        .to_string()
        .trim_end()
        .replace("expected u8", "expected a number from 0 to 255")
        .replace("expected u32", "expected a number, 0 or more")
        .replace("expected usize", "expected a number, 0 or more")
}

fn too_many(nodes: usize) -> String {
    format!(
        "[cluster] has {nodes} nodes, but a world has room for {}: take fewer",
        NodeId::LIMIT
    )
}
