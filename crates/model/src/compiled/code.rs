//! A state of a compiled world: some words, and their sum of keys.

use std::hash::{Hash, Hasher};

/// A state of a compiled world. What it means, its [`Compiled`](super::Compiled) world knows.
///
/// The first words hold the number of each node's state, three to a word, and in the first word's last
/// bits the crashes; the others hold the envelopes on their way, a bit each. The sum adds up a key
/// for each of these, and so grows with every step instead of being made anew.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code<const W: usize> {
    words: [u64; W],
    sum: [u64; 2],
}

const PER_WORD: usize = 3;
const BITS: usize = 20;
const NUMBER: u64 = (1 << BITS) - 1;
const CRASHES: u32 = 60;
const MID_BALLOT: u32 = 63;

/// More crashes than this do not fit.
pub(crate) const CRASHES_MAX: u8 = 7;

/// How many words the nodes take.
#[inline]
pub(crate) const fn node_words(nodes: usize) -> usize {
    nodes.div_ceil(PER_WORD)
}

impl<const W: usize> Code<W> {
    pub(crate) const EMPTY: Code<W> = Code {
        words: [0; W],
        sum: [0; 2],
    };

    /// The number of a node's state.
    #[inline]
    pub(crate) fn number(&self, node: usize) -> u32 {
        (self.words[node / PER_WORD] >> (node % PER_WORD * BITS) & NUMBER) as u32
    }

    /// Puts a node into another state. The sum is the caller's affair.
    #[inline]
    pub(crate) fn set_number(&mut self, node: usize, number: u32) {
        let shift = node % PER_WORD * BITS;
        let word = &mut self.words[node / PER_WORD];
        *word = *word & !(NUMBER << shift) | u64::from(number) << shift;
    }

    #[inline]
    pub(crate) fn crashes(&self) -> u8 {
        (self.words[0] >> CRASHES) as u8 & CRASHES_MAX
    }

    #[inline]
    pub(crate) fn mid_ballot(&self) -> bool {
        self.words[0] >> MID_BALLOT == 1
    }

    /// One crash more. The sum is the caller's affair.
    #[inline]
    pub(crate) fn crash(&mut self, mid_ballot: bool) {
        self.words[0] += 1 << CRASHES;
        self.words[0] |= u64::from(mid_ballot) << MID_BALLOT;
    }

    #[inline]
    pub(crate) fn words(&self) -> &[u64; W] {
        &self.words
    }

    #[inline]
    pub(crate) fn words_mut(&mut self) -> &mut [u64; W] {
        &mut self.words
    }

    #[inline]
    pub(crate) fn sum(&self) -> u128 {
        u128::from(self.sum[1]) << 64 | u128::from(self.sum[0])
    }

    #[inline]
    pub(crate) fn add(&mut self, key: u128) {
        let sum = self.sum().wrapping_add(key);
        self.sum = [sum as u64, (sum >> 64) as u64];
    }
}

impl<const W: usize> Hash for Code<W> {
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Two sums are equal only if the words are, but for a chance of one in 2¹²⁸.
        hasher.write_u64(self.sum[0]);
        hasher.write_u64(self.sum[1]);
    }
}

impl<const W: usize> std::fmt::Debug for Code<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x?}", self.words)
    }
}
