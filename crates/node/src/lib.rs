//! One node of Paxos for real: a UDP socket, a disk, a clock, and clients.
//!
//! The protocol is [`paxos::Node`], the very code that the model checker explores; this crate is its
//! host. It obtains inputs (datagrams it could authenticate, requests of clients, time-outs), calls
//! [`paxos::Node::handle`], and carries out the effects in their order: persist, then send, then timers,
//! then news. It hosts many decrees, one for each [`Key`], each a node of its own.
//!
//! # Changing what is stored or sent
//!
//! Add a field to [`paxos::Durable`], a message, a [`Record`] or a line of the journal, and build. Stores, journals and
//! datagrams name the [`Schema`] of what they hold, and it follows from the types: those of the program before are
//! refused by name, without anybody having thought of it. What is left to do:
//!
//! 1. `cargo test -p node` does not compile where samples name every field, or names the kind that has no sample: add it.
//! 2. Then the golden tests say which version to raise ([`store::FORMAT`], [`journal::FORMAT`], [`wire::VERSION`]);
//!    `UPDATE_GOLDEN=1 cargo test -p node` writes golden files for the new one. Those of other versions stay as they are.
//! 3. Whoever wants to go on with old stores teaches `store/format.rs` to read them, as it does those of format 1. Else
//!    a new core begins with a new cluster.
//!
//! A field that keeps its name and type and comes to mean something else is in no schema and in no golden bytes: rename
//! it, or raise the version.
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

pub use config::{ClusterFile, ConfigError, Member, RulesName, Timing};
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
