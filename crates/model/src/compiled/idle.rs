//! What could happen in a compiled world and would change nothing.

use super::{Code, Compiled, DELIVER, Move};
use crate::Kind;

impl<const W: usize> Compiled<W> {
    /// Counts the messages whose arrival is none of these moves.
    pub(crate) fn count_idle(&self, code: &Code<W>, moves: &[Move], counts: &mut [u64]) {
        let universe = &self.tables.universe;
        let mail = &code.words()[self.mail..];
        for (kind, of_kind) in &universe.heard {
            let there = mail.iter().zip(&of_kind.0);
            let there: u32 = there.map(|(mail, mask)| (mail & mask).count_ones()).sum();
            counts[*kind as usize] += u64::from(there);
        }
        for arrival in moves.iter().filter(|one| one.kind() == DELIVER) {
            let envelope = universe.envelopes[arrival.index()];
            counts[Kind::of_ignored(&envelope.message()) as usize] -= 1;
        }
    }
}
