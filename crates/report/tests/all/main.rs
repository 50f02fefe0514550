//! What reports say of small worlds.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod answers;
mod folder;
mod golden;
mod pictures;
mod schemas;
mod site;
mod stories;
mod traces;
mod traces_for_ever;
mod why;
mod worlds;
