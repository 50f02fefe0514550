//! What the person at the terminal asks for.

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// To whom operations are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum To {
    /// The leader: the others only pass operations on to it.
    Leader,
    /// All endpoints in turn.
    All,
}

/// Loads an etcd cluster with put-if-absent transactions of fresh keys.
#[derive(Clone, Debug, Parser)]
#[command(name = "etcd-load")]
pub(crate) struct Args {
    /// Where the nodes answer clients: `host:port`, separated by commas
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) endpoints: Vec<String>,
    /// How many operations are under way at any time
    #[arg(long, default_value_t = 1)]
    pub(crate) in_flight: usize,
    /// How long is measured
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// How long is loaded before that, unmeasured
    #[arg(long, default_value_t = 0.5)]
    pub(crate) warm_up_seconds: f64,
    /// What all keys begin with; a run that repeats one finds its keys taken
    #[arg(long)]
    pub(crate) prefix: String,
    /// How long a value is
    #[arg(long, default_value_t = 16)]
    pub(crate) value_bytes: usize,
    /// To whom operations are sent
    #[arg(long, value_enum, default_value_t = To::Leader)]
    to: To,
    /// How many connections to each of them
    #[arg(long, default_value_t = 1)]
    pub(crate) connections: usize,
    /// How many threads this program works with
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// How long a cluster without a leader is waited for
    #[arg(long, default_value_t = 10.0)]
    wait_seconds: f64,
    /// One line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Args {
    /// To whom operations are sent.
    pub(crate) fn to(&self) -> To {
        self.to
    }

    /// How long a cluster without a leader is waited for.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs_f64(self.wait_seconds)
    }
}
