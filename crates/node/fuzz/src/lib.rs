//! What is asked of any bytes that reach a node: they are read in one way or refused, and whatever
//! happens to it, a node answers nobody it does not believe, and speaks of nothing it has not saved.
//!
//! The fuzzer makes the bytes up; a test of the crate `node` plays the committed ones. There is no
//! chance and no file in here.

mod decode;
mod disk;
pub mod seal;
mod step;

pub use decode::decode;
pub use step::decode_then_step;

use paxos::NodeId;

/// The node of this number.
///
/// # Panics
/// If there is none.
pub fn node_id(number: usize) -> NodeId {
    NodeId::new(number).expect("the numbers here are below 16")
}
