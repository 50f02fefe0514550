//! In which form a store is: the layout of its files, by number, and the schema of its records.
//!
//! The number is raised by hand when files are laid out otherwise, or when a field comes to mean something else without
//! being renamed. The schema follows from [`Record`] as it was compiled, so that a field added to
//! [`paxos::Durable`] makes this program refuse the stores of the one before, and the other way round.

use std::sync::LazyLock;

use super::{FORMAT, Record};
use crate::{Schema, SchemaError};

/// The layouts that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A batch is one list, and the schema is not named. The first opening makes it [`Format::Second`].
    First,
    /// A batch is one entry after another, and the header names the schema.
    Second,
}

/// The schema of all stores of format 1, which do not name it. Never changed: it is what was.
const SCHEMA_OF_FORMAT_1: &str = "Record; Ballot { round: Round, node: u8 }; \
    Durable { round: option Round, promised: option Ballot, accepted: option Vote }; \
    Record = Open(Durable) | Chosen(bytes); Round(u32); Vote { ballot: Ballot, value: bytes }";

static SCHEMA: LazyLock<Result<Schema, SchemaError>> =
    LazyLock::new(|| Schema::of::<Record>("a record"));

impl Format {
    /// The layout of this number; `None` if this program does not read it.
    pub(super) const fn numbered(number: u32) -> Option<Format> {
        match number {
            1 => Some(Format::First),
            FORMAT => Some(Format::Second),
            _ => None,
        }
    }
}

/// The schema of this program's records.
pub(super) fn schema() -> Result<&'static Schema, SchemaError> {
    SCHEMA.as_ref().map_err(SchemaError::clone)
}

/// The schema of the records of a store of format 1.
pub(super) fn schema_of_format_1() -> Schema {
    Schema::from_text(SCHEMA_OF_FORMAT_1.to_owned())
}
