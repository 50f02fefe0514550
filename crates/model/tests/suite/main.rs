//! The suite of scenarios as it ships: that it answers what it expects, and that no part of it is idle.

#![expect(clippy::unwrap_used, reason = "tests")]

mod answers;
mod idle;
mod worlds;
