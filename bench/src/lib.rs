//! The comparison partners of the benchmark: what they have in common.
//!
//! Two programs load two systems: `etcd-load` an etcd cluster, `floor` three processes that do the message rounds and
//! the disk writes of one decision and nothing else. There is no Paxos in here.

mod figures;
mod latencies;

pub use figures::Figures;
pub use latencies::{Latencies, Span};
