//! The fingerprints seen so far, in memory: about 15 bytes for each state, and nothing of the state itself.
//!
//! The upper 8 bits of a fingerprint choose the shard, the next 32 the lines in it: so the 40 bits by which a
//! parent is remembered lead to it. Lines lie in segments of one size, so that what growing frees is what
//! growing needs, and no more than one shard exists twice at a time.

mod growing;
mod relocating;
mod shard;

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use relocating::RELOCATIONS_MAX;
use shard::{Locked, SEGMENT_LINES, SHARDS, Shard, lines_of, new_segment, shard_of};

use crate::folder::Disk;
use crate::key::{Key, PARENT_BITS, Parent};
use crate::line::{Entry, Line, OLD, TAG_MAX, Tag, Told};
use crate::trace::Ancestry;

/// The share of entries filled at which the table grows, in percent.
const LOAD_PERCENT_MAX: u64 = 90;

/// What became of a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Nobody had seen it before.
    New,
    /// It had been seen.
    Seen,
    /// It is new, but was not to be added.
    Refused,
    /// It is new, and there is no line for it. The table has to grow.
    Full,
}

/// The table.
pub(crate) struct Table<K> {
    shards: Box<[Shard; SHARDS]>,
    /// Lines in each shard.
    lines: usize,
    /// Entries, as far as [`Table::note`] was told.
    len: AtomicU64,
    /// Entries that are let in, however many there would be room for.
    len_max: u64,
    /// How often it was grown or cleared.
    version: u64,
    /// How often all entries were made old.
    ages: u32,
    /// What new entries are tagged with, and the tag of the level being built.
    tag: Tag,
    /// Whether one thread alone works with it, so that nothing need be locked.
    is_alone: bool,
    key: std::marker::PhantomData<K>,
}

/// How far a look-up has come.
pub(crate) struct Probe {
    lines: [usize; 2],
    is_second: bool,
}

impl<K: Key> Table<K> {
    /// An empty table, with no more entries than fit into so many bytes.
    pub(crate) fn new(is_alone: bool, bytes_max: u64) -> Self {
        let mut table = Self {
            shards: Box::new(array::from_fn(|_| Shard::default())),
            lines: SEGMENT_LINES,
            len: AtomicU64::new(0),
            len_max: entries_in::<K>(bytes_max),
            version: 0,
            ages: 0,
            tag: OLD + 1,
            is_alone,
            key: std::marker::PhantomData,
        };
        for shard in table.shards.iter_mut() {
            shard.0 = vec![new_segment()];
        }
        table
    }

    /// Entries, as far as [`Table::note`] was told.
    pub(crate) fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    /// Bytes of all lines.
    #[cfg(test)]
    fn bytes(&self) -> u64 {
        growing::bytes_of(self.lines)
    }

    /// Begins to look up a fingerprint.
    #[inline]
    pub(crate) fn probe(&self, key: K) -> Probe {
        Probe {
            lines: lines_of(key.high(), self.lines),
            is_second: false,
        }
    }

    /// Brings the line that is looked at next into the cache. The result means nothing.
    #[inline]
    pub(crate) fn touch(&self, key: K, probe: &Probe) -> u64 {
        let line = probe.lines[usize::from(probe.is_second)];
        self.shards[shard_of(key.high())].line(line).touch()
    }

    /// Looks at one line for a fingerprint reached from `parent`, and adds it if it is new and `may_add` agrees. Of
    /// the parents of an entry of the level being built the smallest is kept. `None`: the other line has to
    /// be looked at, which may have to come from memory.
    #[inline]
    pub(crate) fn admit(
        &self,
        key: K,
        parent: Parent,
        probe: &mut Probe,
        mut may_add: impl FnMut() -> bool,
    ) -> Option<Admission> {
        let shard = &self.shards[shard_of(key.high())];
        let [first, second] = probe.lines;
        let line = shard.line(if probe.is_second { second } else { first });
        match line.look(key) {
            Told::Here(place) if !line.may_lower::<K>(place, parent, self.tag) => {
                return Some(Admission::Seen);
            }
            Told::Absent { room, has_strayed }
                if !probe.is_second && (has_strayed || room.is_none()) =>
            {
                probe.is_second = true;
                return None;
            }
            Told::Here(_) | Told::Absent { .. } => {}
        }
        let entry = Entry {
            key,
            parent,
            tag: self.tag,
        };
        if !probe.is_second {
            let admission = self.admit_first(line, entry, &mut may_add);
            probe.is_second = admission.is_none();
            return admission;
        }
        Some(self.admit_locked(shard, entry, probe.lines, may_add))
    }

    /// As [`Table::admit`], with the first line locked. `None`: the other one matters too.
    #[inline]
    fn admit_first(
        &self,
        line: &Line,
        entry: Entry<K>,
        may_add: impl FnOnce() -> bool,
    ) -> Option<Admission> {
        let _locked = Locked::one(line, self.is_alone);
        match line.look(entry.key) {
            Told::Here(place) => {
                line.lower::<K>(place, entry.parent, self.tag);
                Some(Admission::Seen)
            }
            Told::Absent {
                has_strayed: false,
                room: Some(place),
            } => Some(if may_add() {
                line.put(place, entry);
                Admission::New
            } else {
                Admission::Refused
            }),
            Told::Absent { .. } => None,
        }
    }

    /// As [`Table::admit`], with the lines locked.
    fn admit_locked(
        &self,
        shard: &Shard,
        entry: Entry<K>,
        lines: [usize; 2],
        mut may_add: impl FnMut() -> bool,
    ) -> Admission {
        let [first, second] = lines.map(|line| shard.line(line));
        for _ in 0..RELOCATIONS_MAX {
            let _locked = Locked::new(shard, lines, self.is_alone);
            let told = [first, second].map(|line| line.look(entry.key));
            for (line, told) in [first, second].into_iter().zip(told) {
                if let Told::Here(place) = told {
                    line.lower::<K>(place, entry.parent, self.tag);
                    return Admission::Seen;
                }
            }
            let rooms = [first, second].map(Line::room::<K>);
            if rooms == [None, None] {
                drop(_locked);
                if !self.relocate(shard, shard_of(entry.key.high()), lines) {
                    return Admission::Full;
                }
                continue;
            }
            if !may_add() {
                return Admission::Refused;
            }
            if let Some(place) = rooms[0] {
                first.put(place, entry);
            } else if let Some(place) = rooms[1] {
                first.note_strayed();
                second.put(place, entry);
            }
            return Admission::New;
        }
        Admission::Full
    }

    /// Counts entries that were added, and says whether the table should grow.
    pub(crate) fn note(&self, added: u64) -> bool {
        let len = if added == 0 {
            self.len()
        } else {
            self.len.fetch_add(added, Ordering::Relaxed) + added
        };
        len > self.room()
    }

    /// Entries that are let in before the table grows.
    fn room(&self) -> u64 {
        room_of::<K>(self.lines).min(self.len_max)
    }

    /// Changes whenever there may be more room than before.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// How often all entries were made old, and the tag of the level being built: together they tell levels apart.
    pub(crate) fn epoch(&self) -> (u32, Tag) {
        (self.ages, self.tag)
    }

    /// Begins the next level: the entries so far keep their parents.
    pub(crate) fn next_level(&mut self) {
        if self.tag == TAG_MAX {
            self.age();
        } else {
            self.tag += 1;
        }
    }

    /// Makes all entries old, and begins counting levels anew.
    fn age(&mut self) {
        for shard in self.shards.iter_mut() {
            shard.lines_mut().for_each(Line::age::<K>);
        }
        self.tag = OLD + 1;
        self.ages += 1;
    }

    /// Removes all entries, and keeps the lines.
    pub(crate) fn clear(&mut self) {
        for shard in self.shards.iter_mut() {
            shard.lines_mut().for_each(Line::clear);
        }
        *self.len.get_mut() = 0;
        self.version += 1;
    }

    /// Adds an entry of an earlier run that is not there.
    pub(crate) fn restore(&mut self, key: K, parent: Parent, tag: Tag) {
        let (index, entry) = (shard_of(key.high()), Entry { key, parent, tag });
        while self.len() >= room_of::<K>(self.lines)
            || !self.insert(&self.shards[index], index, entry)
        {
            self.grow(1);
        }
        *self.len.get_mut() += 1;
    }

    /// Whether this is an entry. Asked while none is added.
    pub(crate) fn contains(&self, key: K) -> bool {
        let shard = &self.shards[shard_of(key.high())];
        lines_of(key.high(), self.lines)
            .into_iter()
            .any(|line| matches!(shard.line(line).look(key), Told::Here(_)))
    }

    /// The entries of each shard, sorted: all of them in the order of the fingerprints.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = Vec<Entry<K>>> {
        self.shards.iter().enumerate().map(|(index, shard)| {
            let mut entries: Vec<_> = shard
                .lines()
                .flat_map(|line| line.entries::<K>(index))
                .collect();
            entries.sort_unstable_by_key(|entry| entry.key);
            entries
        })
    }
}

impl<K: Key> Ancestry<K> for Table<K> {
    fn starting_with(&self, wanted: Parent) -> Disk<Vec<(K, Parent)>> {
        let high = wanted << (64 - PARENT_BITS);
        let index = shard_of(high);
        let [first, second] = lines_of(high, self.lines);
        let lines = [Some(first), (second != first).then_some(second)];
        let mut found: Vec<_> = lines
            .into_iter()
            .flatten()
            .flat_map(|line| self.shards[index].line(line).entries::<K>(index))
            .filter(|entry| entry.key.as_parent() == wanted)
            .map(|entry| (entry.key, entry.parent))
            .collect();
        found.sort_unstable();
        Ok(found)
    }
}

/// Entries that are let into so many lines a shard.
fn room_of<K: Key>(lines: usize) -> u64 {
    (SHARDS * lines * K::ENTRIES) as u64 * LOAD_PERCENT_MAX / 100
}

/// Entries that are let into so many bytes.
pub(crate) fn entries_in<K: Key>(bytes: u64) -> u64 {
    bytes / size_of::<Line>() as u64 * K::ENTRIES as u64 / 100 * LOAD_PERCENT_MAX
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::thread;

    use parking_lot::RwLock;

    use super::*;
    use crate::offers::Fingerprint;

    /// Adds states as workers do. Says which were new.
    fn admit<K: Key>(table: &RwLock<Table<K>>, key: K, parent: Parent) -> bool {
        loop {
            let held = table.read();
            let mut probe = held.probe(key);
            let admission = loop {
                if let Some(admission) = held.admit(key, parent, &mut probe, || true) {
                    break admission;
                }
            };
            let version = held.version();
            let is_crowded = held.note(u64::from(admission == Admission::New));
            drop(held);
            if is_crowded || admission == Admission::Full {
                let mut table = table.write();
                if table.version() == version {
                    table.grow(2);
                }
            }
            match admission {
                Admission::New => return true,
                Admission::Seen => return false,
                Admission::Full => {}
                Admission::Refused => panic!("nothing is refused here"),
            }
        }
    }

    /// Several threads add the same states, each from other parents, level by level.
    fn agrees_with_a_map<K: Key>() {
        const THREADS: u64 = 4;
        const LEVELS: u64 = 70;
        const STATES: u64 = 6_000;
        let table = RwLock::new(Table::<K>::new(false, u64::MAX));
        let mut naive: HashMap<K, Parent> = HashMap::new();
        for level in 0..LEVELS {
            // A third of them are of levels before.
            let arrival = |number: u64, thread: u64| {
                let key = K::of(&(level * STATES * 2 / 3 + number));
                let parent = u64::of(&(key, level, thread)) >> (64 - PARENT_BITS);
                (key, parent)
            };
            let mut of_level: HashMap<K, Parent> = HashMap::new();
            for thread in 0..THREADS {
                for (key, parent) in (0..STATES).map(|number| arrival(number, thread)) {
                    if !naive.contains_key(&key) {
                        let least = of_level.entry(key).or_insert(parent);
                        *least = parent.min(*least);
                    }
                }
            }
            let arrival = &arrival;
            let new: u64 = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|thread| {
                        let table = &table;
                        scope.spawn(move || {
                            (0..STATES)
                                .map(|number| arrival((number * 7 + thread) % STATES, thread))
                                .filter(|&(key, parent)| admit(table, key, parent))
                                .count() as u64
                        })
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .sum()
            });
            assert_eq!(new, of_level.len() as u64);
            naive.extend(of_level);
            table.write().next_level();
        }
        let table = table.into_inner();
        assert_eq!(table.len(), naive.len() as u64);
        let mut last = None;
        let mut count = 0;
        for entry in table.sorted().flatten() {
            assert!(last < Some(entry.key));
            last = Some(entry.key);
            assert_eq!(naive[&entry.key], entry.parent);
            count += 1;
        }
        assert_eq!(count, naive.len());
        for (&key, &parent) in &naive {
            assert!(table.contains(key));
            let found = table.starting_with(key.as_parent()).unwrap();
            assert!(found.contains(&(key, parent)));
        }
        assert!((0..1_000_u64).all(|number| !table.contains(K::of(&(number, "other")))));
    }

    #[test]
    fn many_threads_see_what_a_map_sees() {
        agrees_with_a_map::<u64>();
        agrees_with_a_map::<u128>();
    }

    /// The most and, on average, the bytes that a state takes between these numbers of states.
    fn bytes_per_state<K: Key>(from: u64, to: u64) -> (f64, f64) {
        let table = RwLock::new(Table::<K>::new(true, u64::MAX));
        let (mut most, mut sum) = (0.0_f64, 0.0);
        for number in 0..to {
            assert!(admit(&table, K::of(&number), 0));
            if number >= from {
                let bytes = table.read().bytes() as f64 / (number + 1) as f64;
                most = most.max(bytes);
                sum += bytes;
            }
        }
        (most, sum / (to - from) as f64)
    }

    #[test]
    fn a_state_takes_sixteen_bytes() {
        let (most, mean) = bytes_per_state::<u64>(1_000_000, 3_000_000);
        assert!(most <= 16.0 && mean <= 15.0, "{most} {mean}");
        let (most, mean) = bytes_per_state::<u128>(1_000_000, 2_000_000);
        assert!(most <= 27.0 && mean <= 25.5, "{most} {mean}");
    }
}
