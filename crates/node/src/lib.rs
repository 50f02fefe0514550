//! One node of Paxos for real: a UDP socket, a disk, a clock, and clients.
//!
//! The protocol is [`paxos::Node`], the very code that the model checker explores; this crate is its
//! host. It obtains inputs (datagrams it could authenticate, requests of clients, time-outs), calls
//! [`paxos::Node::handle`], and carries out the effects in their order: persist, then send, then timers,
//! then news. It hosts many decrees, one for each [`Key`], each a node of its own.
//!
//! There is no stateright in here, no async runtime, and no protocol.

pub mod client;
mod config;
mod decree;
mod error;
mod host;
mod id;
pub mod journal;
mod metrics;
mod net;
mod schema;
mod secret;
mod serve;
pub mod store;
mod value;
pub mod wire;

pub use config::{ClusterFile, ConfigError, Member, Role, RulesName, Timing};
pub use error::HostError;
pub use host::Host;
pub use id::{ClusterId, RequestId};
pub use metrics::Metrics;
pub use net::{Net, Out, Source};
pub use schema::{Schema, SchemaError, SchemaId};
pub use secret::{Secret, SecretError};
pub use serve::{Serve, Started, init, start};
pub use store::{Header, Record, Store, StoreError};
pub use value::{Key, Value, WrongLength};
