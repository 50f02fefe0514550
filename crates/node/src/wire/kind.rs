//! What a body is made of, and by which schema.

use std::sync::LazyLock;

use super::{Line, Party, Reply, Request};
use crate::{Schema, SchemaError, SchemaId};

/// What a body is made of; it follows from who speaks to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A [`Request`].
    Request,
    /// A [`Reply`].
    Reply,
    /// One [`Line`] after another.
    Lines,
}

type Found = LazyLock<Result<Schema, SchemaError>>;

static REQUEST: Found = LazyLock::new(|| Schema::of::<Request>("a request"));
static REPLY: Found = LazyLock::new(|| Schema::of::<Reply>("a reply"));
static LINE: Found = LazyLock::new(|| Schema::of::<Line>("what nodes tell each other"));

impl Kind {
    /// What is said by `from` to `to`. Clients do not talk with each other.
    pub const fn between(from: Party, to: Party) -> Kind {
        match (from, to) {
            (Party::Client, Party::Node(_) | Party::Client) => Kind::Request,
            (Party::Node(_), Party::Client) => Kind::Reply,
            (Party::Node(_), Party::Node(_)) => Kind::Lines,
        }
    }

    /// The schema of such bodies in this program.
    ///
    /// # Errors
    /// If the core's messages are such that none can be found.
    pub fn schema(self) -> Result<&'static Schema, SchemaError> {
        let found: &'static Found = match self {
            Kind::Request => &REQUEST,
            Kind::Reply => &REPLY,
            Kind::Lines => &LINE,
        };
        found.as_ref().map_err(SchemaError::clone)
    }

    /// What datagrams name it by. Where there is no schema, the reason stands for it; no node serves then.
    pub fn schema_id(self) -> SchemaId {
        match self.schema() {
            Ok(schema) => schema.id(),
            Err(error) => Schema::from_text(error.problem).id(),
        }
    }
}
