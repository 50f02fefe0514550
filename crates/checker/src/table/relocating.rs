//! How room is made for an entry both of whose lines are full.

use std::hint;

use super::Table;
use super::shard::{Locked, Shard, lines_of};
use crate::key::Key;
use crate::line::Entry;

/// Lines that are looked at to make room for an entry, before the table grows instead.
const RELOCATION_LINES_MAX: usize = 500;
/// How often room is made for an entry that others are faster to take.
pub(super) const RELOCATIONS_MAX: usize = 100;

/// A line that an entry could be moved to.
struct Step<K> {
    line: usize,
    /// From which step's line, which place in it, and which entry. `None`: this is where room is wanted.
    moved: Option<(usize, usize, K)>,
}

impl<K> Step<K> {
    fn root(line: usize) -> Self {
        Self { line, moved: None }
    }
}

impl<K: Key> Table<K> {
    /// Makes room in one of two lines, by moving entries to their other lines. `false`: there is no way.
    pub(super) fn relocate(&self, shard: &Shard, index: usize, lines: [usize; 2]) -> bool {
        // Breadth-first, so that as few entries as possible are moved.
        let mut steps = Vec::with_capacity(32);
        steps.extend(lines.map(Step::root));
        let mut at = 0;
        while at < steps.len() && steps.len() < RELOCATION_LINES_MAX {
            let from: usize = steps[at].line;
            let first_step = steps.len();
            for place in 0..K::ENTRIES {
                let Some(entry) = shard.line(from).entry::<K>(index, place) else {
                    return true;
                };
                let [first, second] = lines_of(entry.key.high(), self.lines);
                if first != second {
                    steps.push(Step {
                        line: if first == from { second } else { first },
                        moved: Some((at, place, entry.key)),
                    });
                }
            }
            let (before, new) = steps.split_at(first_step);
            // All are asked for, and then looked at.
            let sum = |sum: u64, step: &Step<K>| sum.wrapping_add(shard.line(step.line).touch());
            hint::black_box(new.iter().fold(0, sum));
            let is_room = |step: &&Step<K>| shard.line(step.line).room::<K>().is_some();
            if let Some(step) = new.iter().find(is_room) {
                return self.move_along(shard, index, before, step);
            }
            at += 1;
        }
        false
    }

    /// Moves the entries of a way, the last one first. If another thread has come between, part of it is left.
    fn move_along(&self, shard: &Shard, index: usize, steps: &[Step<K>], last: &Step<K>) -> bool {
        let mut step = last;
        while let Some((before, place, key)) = step.moved {
            let from = &steps[before];
            let _locked = Locked::new(shard, [from.line, step.line], self.is_alone);
            let (source, target) = (shard.line(from.line), shard.line(step.line));
            let Some(entry) = source.entry::<K>(index, place) else {
                return true;
            };
            let Some(room) = target.room::<K>() else {
                return true;
            };
            if entry.key != key {
                return true;
            }
            // First there, then gone here: a look-up that goes from its own line to the other sees it.
            if lines_of(key.high(), self.lines)[0] == from.line {
                source.note_strayed();
            }
            target.put(room, entry);
            source.remove(place);
            step = from;
        }
        true
    }

    /// Adds an entry that is not there, by a thread that has the shard for itself.
    pub(super) fn insert(&self, shard: &Shard, index: usize, entry: Entry<K>) -> bool {
        let lines = lines_of(entry.key.high(), self.lines);
        let [first, second] = lines.map(|line| shard.line(line));
        for _ in 0..RELOCATIONS_MAX {
            if let Some(place) = first.room::<K>() {
                first.put(place, entry);
                return true;
            }
            if let Some(place) = second.room::<K>() {
                first.note_strayed();
                second.put(place, entry);
                return true;
            }
            if !self.nudge(shard, index, lines) && !self.relocate(shard, index, lines) {
                return false;
            }
        }
        false
    }

    /// As [`Table::relocate`], if the move of one entry is enough: as it is, mostly, and the lines are in the cache.
    fn nudge(&self, shard: &Shard, index: usize, lines: [usize; 2]) -> bool {
        for from in lines {
            for place in 0..K::ENTRIES {
                let source = shard.line(from);
                let Some(entry) = source.entry::<K>(index, place) else {
                    return true;
                };
                let [first, second] = lines_of(entry.key.high(), self.lines);
                let other = if first == from { second } else { first };
                if other != from
                    && let Some(room) = shard.line(other).room::<K>()
                {
                    if first == from {
                        source.note_strayed();
                    }
                    shard.line(other).put(room, entry);
                    source.remove(place);
                    return true;
                }
            }
        }
        false
    }
}
