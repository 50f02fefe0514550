//! What may happen in a scenario, and how often.

use serde::{Deserialize, Serialize};

use crate::{Fault, Network};

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
    /// Whether hosts answer again what they are asked again, where the first answer may be lost. Their questions need not
    /// be asked again: on a network that is a set they arrive any number of times.
    #[serde(skip_serializing_if = "is_off")]
    pub repeats: bool,
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

/// Whether something does not happen.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this signature"
)]
fn is_off(happens: &bool) -> bool {
    !*happens
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
            repeats: false,
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
    /// Whether what must never be is judged as well, beside what has to happen. Nothing is forgotten for that, so it takes more
    /// states.
    #[serde(default, skip_serializing_if = "is_off")]
    pub safety: bool,
    /// Whether time-outs may be too short: they come at any moment.
    #[serde(default)]
    pub impatient: bool,
}
