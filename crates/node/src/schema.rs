//! The schema of a type: its fields and variants, and their types, as serde sees them.
//!
//! Records and datagrams are encoded by position: bytes do not tell of which type they are, so a field added to the
//! core would change how old bytes are read, without an error anywhere. Therefore stores, journals and datagrams name the
//! schema that they were written by, and readers compare it with their own. A schema follows from the types as they
//! were compiled: nobody has to remember to raise a version when the core changes.
//!
//! What is taken for granted of a type:
//!
//! 1. Its `Serialize` and `Deserialize` agree, as derived ones do.
//! 2. Its checks, if it has any, accept 1, "1" and collections of one element.
//! 3. It does not contain itself.
//! 4. It can be read without looking at the input first (no `untagged`, `flatten` or `tag`), which holds for
//!    whatever can be encoded by position.
//!
//! A type that breaks 2, 3 or 4 is refused, with the reason. Not in a schema: what a field means, and how a
//! hand-written `Serialize` writes a number or a string. Whoever changes a meaning renames the field or raises the
//! version; the writing is held by golden bytes.

mod explorer;
mod reader;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use explorer::Explorer;

/// What stands between two types of a schema.
const SEPARATOR: &str = "; ";

/// The schema of a type as one line of text: the type, then every named type in it, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    text: String,
    id: SchemaId,
}

/// A digest of a schema, written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId([u8; 8]);

/// A type that has no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the schema of {what} cannot be found: {problem}; what is stored or sent must be plain data that does not contain \
     itself, and if it is checked when it is read, 1 must be accepted for each number"
)]
pub struct SchemaError {
    /// What it is the schema of.
    pub what: &'static str,
    /// Why there is none.
    pub problem: String,
}

impl Schema {
    /// The schema of a type; errors call it `what`.
    ///
    /// # Errors
    /// If the type is not of the kind that the module's page describes.
    pub fn of<T: Deserialize<'static>>(what: &'static str) -> Result<Schema, SchemaError> {
        let explored = Explorer::explore::<T>();
        let (root, types) = explored.map_err(|problem| SchemaError { what, problem })?;
        let all: Vec<String> = [root].into_iter().chain(types).collect();
        Ok(Schema::from_text(all.join(SEPARATOR)))
    }

    /// A schema that was written down.
    pub(crate) fn from_text(text: String) -> Schema {
        let mut bytes = [0; 8];
        let mut hasher = blake3::Hasher::new();
        hasher.update(text.as_bytes());
        hasher.finalize_xof().fill(&mut bytes);
        Schema {
            text,
            id: SchemaId(bytes),
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its digest.
    pub const fn id(&self) -> SchemaId {
        self.id
    }

    /// The types that another schema does not have, or has otherwise.
    pub(crate) fn without(&self, other: &Schema) -> String {
        let theirs: BTreeSet<&str> = other.text.split(SEPARATOR).collect();
        let types = self.text.split(SEPARATOR);
        let ours: Vec<&str> = types.filter(|one| !theirs.contains(one)).collect();
        ours.join(SEPARATOR)
    }
}

impl SchemaId {
    /// The digest of these bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> SchemaId {
        SchemaId(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Digits where people read, bytes elsewhere.
impl Serialize for SchemaId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for SchemaId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SchemaId, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 8]>::deserialize(deserializer).map(SchemaId);
        }
        let text = String::deserialize(deserializer)?;
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| digits);
        number
            .map(|number| SchemaId(number.to_be_bytes()))
            .ok_or_else(|| de::Error::custom("a schema's id is 16 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn text<T: Deserialize<'static>>() -> String {
        Schema::of::<T>("it").unwrap().text().to_owned()
    }

    #[test]
    fn names_types_and_order_are_told() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        struct All {
            pairs: Option<Vec<(u8, bool)>>,
            bytes: [u8; 16],
            map: BTreeMap<String, Wrapped>,
            unit: Empty,
        }
        #[derive(Deserialize)]
        struct Empty;
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        struct Wrapped(std::num::NonZeroU32);
        assert_eq!(
            text::<All>(),
            "All; All { pairs: option list (u8, bool), bytes: u8[16], map: map string to Wrapped, unit: Empty }; \
             Wrapped(u32)"
        );
    }

    #[test]
    fn every_variant_of_every_enum_is_found() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        enum Outer {
            None,
            Inner(Option<Inner>),
            Both { left: Inner, right: Inner },
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        enum Inner {
            A(Leaf),
            B,
        }
        #[derive(Deserialize)]
        enum Leaf {
            One,
            Two,
            Three,
        }
        assert_eq!(
            text::<Outer>(),
            "Outer; Inner = A(Leaf) | B; Leaf = One | Two | Three; Outer = None | Inner(option Inner) | Both { left: \
             Inner, right: Inner }"
        );
    }

    #[test]
    fn two_types_of_one_name_are_both_told() {
        mod other {
            #[derive(serde::Deserialize)]
            #[expect(dead_code, reason = "only its shape is asked for")]
            pub(super) struct Same(u16);
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        struct Same(u8);
        assert_eq!(
            text::<(Same, other::Same)>(),
            "(Same, Same); Same(u16); Same(u8)"
        );
    }

    #[test]
    fn what_cannot_be_described_is_refused_with_the_reason() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        struct Tree(Vec<Tree>);
        #[derive(Deserialize)]
        #[serde(untagged)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        enum Either {
            Number(u8),
            Text(String),
        }
        #[derive(Deserialize)]
        #[serde(try_from = "u8")]
        struct Even;
        impl TryFrom<u8> for Even {
            type Error = &'static str;

            fn try_from(number: u8) -> Result<Even, &'static str> {
                if number.is_multiple_of(2) {
                    Ok(Even)
                } else {
                    Err("it is odd")
                }
            }
        }
        let problem = |refused: Result<Schema, SchemaError>| refused.unwrap_err().problem;
        assert_eq!(problem(Schema::of::<Tree>("it")), "it contains itself");
        assert_eq!(
            problem(Schema::of::<Either>("it")),
            "it can only be read by looking at the input"
        );
        assert_eq!(problem(Schema::of::<Even>("it")), "it is odd");
    }

    #[test]
    fn ids_survive_text_and_differ() {
        let (one, other) = (
            Schema::from_text("A(u8)".to_owned()).id(),
            Schema::from_text("A(u16)".to_owned()).id(),
        );
        assert_ne!(one, other);
        let json = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<SchemaId>(&json).unwrap(), one);
        assert!(serde_json::from_str::<SchemaId>("\"+123456789abcdef\"").is_err());
    }
}
