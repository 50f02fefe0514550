//! Runs that conform, and every kind of lie.

#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod conforms;
mod host;
mod incarnations;
mod lies;
mod tells;
