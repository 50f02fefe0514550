//! How a fingerprint is cut up to be kept in the table.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::offers::Fingerprint;

/// The upper 40 bits of a fingerprint: enough to find the few entries that have them, and a third less than
/// all of it. How a parent is remembered.
pub(crate) type Parent = u64;

/// How many bits a [`Parent`] has.
pub(crate) const PARENT_BITS: u32 = 40;

/// A fingerprint as the table keeps it.
pub(crate) trait Key: Fingerprint {
    /// Words of a line that one entry's fingerprint takes.
    const WORDS: usize;
    /// Entries in a line: what fits beside the parents, the tags and the lock.
    const ENTRIES: usize;
    /// Bytes of a fingerprint on disk.
    const BYTES: usize;

    /// The upper 64 bits.
    fn high(self) -> u64;
    /// The lower 64 bits; 0 if there are none.
    fn low(self) -> u64;
    /// The fingerprint of these two parts.
    fn join(high: u64, low: u64) -> Self;

    /// How a child remembers it.
    fn as_parent(self) -> Parent {
        self.high() >> (64 - PARENT_BITS)
    }

    /// Its bytes, so that their order is that of the numbers.
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.high().to_be_bytes());
        if Self::WORDS == 2 {
            bytes.extend_from_slice(&self.low().to_be_bytes());
        }
    }

    /// The fingerprint of these bytes, of which there have to be [`Key::BYTES`].
    fn get(bytes: &[u8]) -> Self {
        let word = |at: usize| {
            u64::from_be_bytes(
                bytes[at..at + 8]
                    .try_into()
                    .expect("a slice of eight bytes"),
            )
        };
        Self::join(word(0), if Self::WORDS == 2 { word(8) } else { 0 })
    }
}

impl Key for u64 {
    const WORDS: usize = 1;
    const ENTRIES: usize = 5;
    const BYTES: usize = 8;

    fn high(self) -> u64 {
        self
    }

    fn low(self) -> u64 {
        0
    }

    fn join(high: u64, _low: u64) -> Self {
        high
    }
}

impl Key for u128 {
    const WORDS: usize = 2;
    const ENTRIES: usize = 3;
    const BYTES: usize = 16;

    fn high(self) -> u64 {
        (self >> 64) as u64
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower half is what is wanted"
    )]
    fn low(self) -> u64 {
        self as u64
    }

    fn join(high: u64, low: u64) -> Self {
        Self::from(high) << 64 | Self::from(low)
    }
}

/// What is looked up by fingerprints of 64 bits.
pub(crate) type ByKey<V> = HashMap<u64, V, BuildHasherDefault<AsItIs>>;

/// Fingerprints are as good as random already.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
