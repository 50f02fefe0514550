//! The values of imagined worlds: one letter each.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value a client may propose: `A` to `H`, ordered as in the alphabet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letter(u8);

impl Letter {
    /// How many letters there are.
    pub const LIMIT: usize = 8;

    /// The letter of this index, 0 being `A`; `None` if it is not below [`Letter::LIMIT`].
    #[inline]
    pub const fn new(index: usize) -> Option<Letter> {
        if index < Letter::LIMIT {
            Some(Letter(index as u8))
        } else {
            None
        }
    }

    /// The index, 0 being `A`.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(b'A' + self.0))
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Letter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Letter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Letter, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_bytes() {
            [letter @ b'A'..=b'H'] => Ok(Letter(letter - b'A')),
            _ => Err(de::Error::invalid_value(
                de::Unexpected::Str(&text),
                &"one letter from \"A\" to \"H\"",
            )),
        }
    }
}

/// A set of letters, one bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letters(u8);

impl Letters {
    /// No letter.
    pub const EMPTY: Letters = Letters(0);

    /// This set and `letter`.
    #[must_use]
    pub const fn with(self, letter: Letter) -> Letters {
        Letters(self.0 | 1 << letter.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Letters) -> Letters {
        Letters(self.0 | other.0)
    }

    /// Whether `letter` is a member.
    #[inline]
    pub const fn contains(self, letter: Letter) -> bool {
        self.0 & (1 << letter.0) != 0
    }

    /// Whether every member is one of `other`.
    #[inline]
    pub const fn is_subset(self, other: Letters) -> bool {
        self.0 & !other.0 == 0
    }

    /// How many members.
    #[inline]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is no member.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of the alphabet.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Letter> {
        (0..Letter::LIMIT)
            .filter_map(Letter::new)
            .filter(move |letter| self.contains(*letter))
    }

    /// The bits, for packing.
    #[inline]
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// The set of these bits.
    #[inline]
    pub(crate) const fn from_bits(bits: u8) -> Letters {
        Letters(bits)
    }
}

impl FromIterator<Letter> for Letters {
    #[inline]
    fn from_iter<I: IntoIterator<Item = Letter>>(letters: I) -> Letters {
        letters.into_iter().fold(Letters::EMPTY, Letters::with)
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for letter in self.iter() {
            write!(f, "{letter}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
