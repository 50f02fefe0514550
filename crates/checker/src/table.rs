//! The fingerprints seen so far, in memory: about 15 bytes for each state, and nothing of the state itself.
//!
//! The upper 8 bits of a fingerprint choose the shard, the next 32 the lines in it: so the 40 bits by which a
//! parent is remembered lead to it. Lines lie in segments of one size, so that what growing frees is what
//! growing needs, and no more than one shard exists twice at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::{array, hint, thread};

use crate::folder::Disk;
use crate::key::{Key, PARENT_BITS, Parent};
use crate::line::{Entry, Line, OLD, TAG_MAX, Tag, Told};
use crate::trace::Ancestry;

const SHARDS: usize = 256;
const SEGMENT_LINES: usize = 128;
/// Below this the table doubles: there is little to save.
const DOUBLING_BYTES_MAX: u64 = 8 << 20;
/// The share of entries filled at which the table grows, in percent.
const LOAD_PERCENT_MAX: u64 = 93;
/// By how much it grows, in percent.
const GROWTH_PERCENT: u64 = 15;
/// A growth of less than this is not worth another thread.
const ALONE_BYTES_MAX: u64 = 8 << 20;

/// Lines that are looked at to make room for an entry, before the table grows instead.
const RELOCATION_LINES_MAX: usize = 500;
/// How often room is made for an entry that others are faster to take.
const RELOCATIONS_MAX: usize = 100;

type Segment = Box<[Line; SEGMENT_LINES]>;

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

/// The lines of one shard.
#[derive(Default)]
struct Shard(Vec<Segment>);

impl Shard {
    fn line(&self, at: usize) -> &Line {
        &self.0[at / SEGMENT_LINES][at % SEGMENT_LINES]
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.0.iter().flat_map(|segment| segment.iter())
    }

    fn lines_mut(&mut self) -> impl Iterator<Item = &mut Line> {
        self.0.iter_mut().flat_map(|segment| segment.iter_mut())
    }
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

/// The shard of a fingerprint.
fn shard_of(high: u64) -> usize {
    (high >> 56) as usize
}

/// The two lines of a shard in which a fingerprint may be (cuckoo hashing): its own, and one for when that is
/// full.
fn lines_of(high: u64, lines: usize) -> [usize; 2] {
    let bits = (high >> 24) as u32;
    let line = |bits: u32| ((u64::from(bits) * lines as u64) >> 32) as usize;
    [line(bits), line(bits.wrapping_mul(0x915f_77f5))]
}

/// How far a look-up has come.
pub(crate) struct Probe {
    lines: [usize; 2],
    is_second: bool,
}

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

/// Two lines locked, until dropped.
struct Locked<'a>(Option<(&'a Line, Option<&'a Line>)>);

impl<'a> Locked<'a> {
    #[inline]
    fn one(line: &'a Line, is_alone: bool) -> Self {
        if is_alone {
            return Self(None);
        }
        line.lock();
        Self(Some((line, None)))
    }

    #[inline]
    fn new(shard: &'a Shard, [a, b]: [usize; 2], is_alone: bool) -> Self {
        if is_alone {
            return Self(None);
        }
        // In one order for all, so that nobody waits for each other.
        let (less, more) = (shard.line(a.min(b)), shard.line(a.max(b)));
        less.lock();
        let more = (a != b).then(|| {
            more.lock();
            more
        });
        Self(Some((less, more)))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some((less, more)) = self.0 {
            less.unlock();
            if let Some(more) = more {
                more.unlock();
            }
        }
    }
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

    /// Makes room in one of two lines, by moving entries to their other lines. `false`: there is no way.
    fn relocate(&self, shard: &Shard, index: usize, lines: [usize; 2]) -> bool {
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

    /// The number of lines in each shard that it would grow to.
    fn next_lines(&self) -> usize {
        if bytes_of(self.lines) * 2 <= DOUBLING_BYTES_MAX {
            return self.lines * 2;
        }
        let segments = (self.lines / SEGMENT_LINES) as u64;
        let more = (segments * GROWTH_PERCENT + 50) / 100;
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

    /// Adds an entry that is not there, by a thread that has the shard for itself.
    fn insert(&self, shard: &Shard, index: usize, entry: Entry<K>) -> bool {
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
            if !self.relocate(shard, index, lines) {
                return false;
            }
        }
        false
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

fn bytes_of(lines: usize) -> u64 {
    (SHARDS * lines * size_of::<Line>()) as u64
}

fn room_of<K: Key>(lines: usize) -> u64 {
    (SHARDS * lines * K::ENTRIES) as u64 * LOAD_PERCENT_MAX / 100
}

/// Entries that are let into so many bytes.
pub(crate) fn entries_in<K: Key>(bytes: u64) -> u64 {
    bytes / size_of::<Line>() as u64 * K::ENTRIES as u64 / 100 * LOAD_PERCENT_MAX
}

fn new_segment() -> Segment {
    Box::new([const { Line::empty() }; SEGMENT_LINES])
}
