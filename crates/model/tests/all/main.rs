//! Worlds, what judges them, and the faults that must show. One program, so that it is linked once and its tests run
//! side by side.

#![expect(clippy::unwrap_used, reason = "tests")]

mod actors;
mod clients;
mod common;
mod endless;
mod given;
mod mutants;
mod properties;
mod reads;
mod scenarios;
mod world;
