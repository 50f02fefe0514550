//! How the table grows.

use std::{array, thread};

use super::shard::{SEGMENT_LINES, SHARDS, Segment, Shard, new_segment};
use super::{Table, room_of};
use crate::key::Key;
use crate::line::Line;

/// Below this the table doubles: there is little to save.
const DOUBLING_BYTES_MAX: u64 = 8 << 20;
/// By how much it grows, in percent.
const GROWTH_PERCENT: u64 = 10;
/// A growth of less than this is not worth another thread.
const ALONE_BYTES_MAX: u64 = 8 << 20;

impl<K: Key> Table<K> {
    /// The number of lines in each shard that it would grow to.
    fn next_lines(&self) -> usize {
        if bytes_of(self.lines) * 2 <= DOUBLING_BYTES_MAX {
            return self.lines * 2;
        }
        let segments = (self.lines / SEGMENT_LINES) as u64;
        let more = segments * GROWTH_PERCENT / 100;
        (segments + more.max(1)) as usize * SEGMENT_LINES
    }

    /// What [`Table::bytes`] would be after it has grown.
    pub(crate) fn grown_bytes(&self) -> u64 {
        bytes_of(self.next_lines())
    }

    /// Makes room, with the help of so many threads.
    ///
    /// # Panics
    ///
    /// If fingerprints are not spread at all, so that no table would do.
    pub(crate) fn grow(&mut self, threads: usize) {
        self.version += 1;
        let mut lines = self.next_lines();
        while !self.regrow(lines, threads) {
            assert!(
                self.len() * 50 > room_of::<K>(lines),
                "fingerprints crowd together: all their bits have to be as good as random"
            );
            lines *= 2;
        }
    }

    /// Gives each shard so many lines. `false`: that was not enough for one, and nothing is lost.
    fn regrow(&mut self, lines: usize, threads: usize) -> bool {
        let old_lines = std::mem::replace(&mut self.lines, lines);
        let mut shards = std::mem::replace(
            &mut self.shards,
            Box::new(array::from_fn(|_| Shard::default())),
        );
        let this = &*self;
        let regrow_all = |first: usize, shards: &mut [Shard]| {
            let mut spare = Vec::new();
            (first..)
                .zip(shards)
                .all(|(index, shard)| this.regrow_shard(index, shard, &mut spare))
        };
        let is_done = if threads == 1 || bytes_of(old_lines) <= ALONE_BYTES_MAX {
            regrow_all(0, shards.as_mut_slice())
        } else {
            let share = SHARDS.div_ceil(threads);
            thread::scope(|scope| {
                let handles: Vec<_> = shards
                    .chunks_mut(share)
                    .enumerate()
                    .map(|(index, shards)| scope.spawn(move || regrow_all(index * share, shards)))
                    .collect();
                handles
                    .into_iter()
                    .all(|handle| handle.join().expect("growing does not panic"))
            })
        };
        self.shards = shards;
        is_done
    }

    /// Gives a shard more lines, from the spare segments first, and leaves its old ones as spare ones. `false`: some
    /// entry found no place, and the shard stays as it was.
    fn regrow_shard(&self, index: usize, shard: &mut Shard, spare: &mut Vec<Segment>) -> bool {
        let segments = self.lines / SEGMENT_LINES;
        let fresh = (0..segments).map(|_| spare.pop().unwrap_or_else(new_segment));
        let fresh = Shard(fresh.collect());
        for line in shard.lines() {
            for entry in line.entries::<K>(index) {
                if !self.insert(&fresh, index, entry) {
                    return false;
                }
            }
        }
        let mut old = std::mem::replace(shard, fresh);
        old.lines_mut().for_each(Line::clear);
        spare.append(&mut old.0);
        true
    }
}

/// Bytes of so many lines a shard.
pub(super) fn bytes_of(lines: usize) -> u64 {
    (SHARDS * lines * size_of::<Line>()) as u64
}
