//! What is decided, and under which name: [`Key`] and [`Value`], bytes of bounded length.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use bstr::ByteVec as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of a decree: 1 to [`Key::BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<[u8]>);

/// What a client wants to be chosen: 1 to [`Value::BYTES_MAX`] bytes. An empty value is refused,
/// since a broken peer's empty answer must not look like a decision.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Arc<[u8]>);

/// Bytes that are too few or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {what} has 1 to {most} bytes, and this one has {found}")]
pub struct WrongLength {
    /// `key` or `value`.
    pub what: &'static str,
    /// The most there may be.
    pub most: usize,
    /// How many there are.
    pub found: usize,
}

/// Bytes as text: what is text and can be seen as it is, everything else as `\xNN`, so that the bytes
/// can be read from it again.
fn write_text(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                character if character.is_control() => {
                    let mut encoded = [0; 4];
                    for byte in character.encode_utf8(&mut encoded).bytes() {
                        write!(f, "\\x{byte:02x}")?;
                    }
                }
                character => f.write_char(character)?,
            }
        }
        for byte in chunk.invalid() {
            write!(f, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

/// Writes the same for both: they differ in name and in length alone.
macro_rules! bounded_bytes {
    ($name:ident, $what:literal, $most:literal) => {
        impl $name {
            /// The most bytes there may be.
            pub const BYTES_MAX: usize = $most;

            /// These bytes.
            ///
            /// # Errors
            /// If there are none, or more than [`Self::BYTES_MAX`].
            pub fn new(bytes: &[u8]) -> Result<$name, WrongLength> {
                if bytes.is_empty() || bytes.len() > $most {
                    return Err(WrongLength {
                        what: $what,
                        most: $most,
                        found: bytes.len(),
                    });
                }
                Ok($name(bytes.into()))
            }

            /// The bytes.
            pub fn bytes(&self) -> &[u8] {
                &self.0
            }
        }

        /// As text; what is not printable is escaped.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_text(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        /// The bytes of the text, as they are.
        impl FromStr for $name {
            type Err = WrongLength;

            fn from_str(text: &str) -> Result<$name, WrongLength> {
                $name::new(text.as_bytes())
            }
        }

        /// Bytes for machines, escaped text for formats that people read.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let parsed = if deserializer.is_human_readable() {
                    $name::new(&Vec::unescape_bytes(String::deserialize(deserializer)?))
                } else {
                    $name::new(<&[u8]>::deserialize(deserializer)?)
                };
                parsed.map_err(de::Error::custom)
            }
        }
    };
}

bounded_bytes!(Key, "key", 64);
bounded_bytes!(Value, "value", 1000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_bounded() {
        assert!(Key::new(&[]).is_err());
        assert!(Key::new(&[0; 64]).is_ok());
        assert!(Key::new(&[0; 65]).is_err());
        assert!(Value::new(&[]).is_err());
        assert!(Value::new(&[0; 1000]).is_ok());
        let refused = Value::new(&[0; 1001]).unwrap_err().to_string();
        assert_eq!(
            refused,
            "a value has 1 to 1000 bytes, and this one has 1001"
        );
    }

    #[test]
    fn text_is_shown_as_it_is_and_the_rest_so_that_it_can_be_read() {
        let shown = |bytes: &[u8]| Value::new(bytes).unwrap().to_string();
        assert_eq!(shown("life 1: é".as_bytes()), "life 1: é");
        assert_eq!(shown(b"a\nb\\c\xff"), "a\\x0ab\\\\c\\xff");
    }

    #[test]
    fn every_byte_survives_both_forms() {
        for byte in 0..=u8::MAX {
            let accented = "é €".as_bytes();
            let next_to_text = [&[byte], accented, &[byte]].concat();
            for bytes in [
                vec![byte],
                vec![b'\\', byte],
                vec![byte, b'x', b'4', b'1'],
                next_to_text,
            ] {
                let value = Value::new(&bytes).unwrap();
                let json = serde_json::to_string(&value).unwrap();
                assert_eq!(
                    serde_json::from_str::<Value>(&json).unwrap(),
                    value,
                    "{json}"
                );
                let packed = postcard::to_stdvec(&value).unwrap();
                assert_eq!(postcard::from_bytes::<Value>(&packed).unwrap(), value);
            }
        }
    }
}
