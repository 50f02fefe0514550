//! Runs that conform, and every kind of lie.

#![expect(clippy::unwrap_used, reason = "tests")]

mod conforms;
mod host;
mod lies;
mod tells;
