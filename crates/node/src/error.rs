//! What ends a node.

use std::net::SocketAddr;

use paxos::NodeId;

use crate::journal::JournalError;
use crate::{ConfigError, Key, SchemaError, StoreError, Value};

/// Why a node does not start, or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The cluster file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is sent or written down cannot be described.
    #[error(transparent)]
    NoSchema(#[from] SchemaError),
    /// The address is taken, or not this machine's.
    #[error(
        "cannot listen on {listen}: {source}; is the node running already, or the address another machine's?"
    )]
    Bind {
        /// Where.
        listen: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The socket cannot be used any more.
    #[error("the socket failed: {0}")]
    Socket(std::io::Error),
    /// Two values are decided. This cannot happen as long as no store forgets and nobody lies.
    #[error(
        "agreement is broken for {key}: {ours} is decided here and {theirs} at {from}; stop the cluster, \
         and look for a store that was replaced by an empty or an older one"
    )]
    Disagreement {
        /// Which decree.
        key: Key,
        /// Who says otherwise.
        from: NodeId,
        /// What is decided here.
        ours: Value,
        /// What is decided there.
        theirs: Value,
    },
    /// The metrics cannot be served.
    #[error("cannot serve metrics on {address}: {problem}; choose another address with --metrics")]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// Why.
        problem: String,
    },
}
