//! What could happen in a compiled world and would change nothing.

use super::{Code, Compiled, DELIVER, Move};

impl<const W: usize> Compiled<W> {
    /// Counts the messages whose arrival is none of these moves.
    pub(crate) fn count_idle(&self, code: &Code<W>, moves: &[Move], counts: &mut [u64]) {
        let universe = &self.tables.universe;
        let mail = &code.words()[self.mail..];
        for (kind, of_kind) in &universe.heard {
            for (word, mask) in of_kind.0.iter().enumerate() {
                counts[*kind as usize] += u64::from((mail[word] & mask).count_ones());
            }
        }
        for one in moves {
            if one.kind() == DELIVER {
                counts[universe.ignored[one.index()] as usize] -= 1;
            }
        }
    }
}
