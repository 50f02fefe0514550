//! States of a compiled world as bytes: their words. The sum of keys is made anew, since nothing in it is like
//! anything in the sum of another state, and it is as long as all that differs.

use super::{Code, Compiled, bits_of};

impl<const W: usize> Compiled<W> {
    #[inline]
    pub(crate) fn write_code(code: &Code<W>, bytes: &mut Vec<u8>) {
        for word in code.words() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// The state at the start of these bytes; `None` if it is not one of this world as far as it is known.
    pub(crate) fn read_code(&self, bytes: &mut &[u8]) -> Option<Code<W>> {
        let mut code = Code::EMPTY;
        let (words, rest) = bytes.split_at_checked(size_of::<[u64; W]>())?;
        *bytes = rest;
        for (word, bytes) in code.words_mut().iter_mut().zip(words.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let crashes = u128::from(code.crashes());
        let mut sum = crashes.wrapping_mul(self.crash_key);
        if code.mid_ballot() {
            sum = sum.wrapping_add(self.mid_key);
        }
        for node in 0..self.nodes() {
            let entry = self.tables.known(node, code.number(node))?;
            sum = sum.wrapping_add(entry.key);
        }
        for envelope in bits_of(*code.words(), self.mail) {
            sum = sum.wrapping_add(*self.tables.envelope_keys.get(envelope)?);
        }
        code.add(sum);
        Some(code)
    }
}
