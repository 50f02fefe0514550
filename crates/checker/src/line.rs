//! One cache line of the table: five entries of 64-bit fingerprints, or three of 128 bits.
//!
//! An entry's fingerprint takes one word or two, less the upper 8 bits, which its shard implies; in their
//! place are the upper 8 bits of its parent. The other 32 bits of the parents, two a word, follow. The last
//! word holds the last entry's parent, a tag of 6 bits for each entry, and the lock:
//!
//! ```text
//! word 0 … 4     fingerprint (56 bits) · parent (upper 8)        for each of five entries
//! word 5, 6      parent (lower 32) · parent (lower 32)           entries 0, 1 and 2, 3
//! word 7         lock · strayed · 5 tags of 6 bits · parent (lower 32)     entry 4
//! ```
//!
//! Entries are written under the lock and read without it: a tag is written last, and whoever sees it sees
//! the entry. The bit beside the lock says that an entry which belongs here had to go to its other line.

use std::hint;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::key::{Key, Parent};

const WORDS: usize = 8;
const LAST: usize = WORDS - 1;
const LOCK: u64 = 1 << 63;
const STRAYED: u64 = 1 << 62;
const TAG_BITS: usize = 6;
const TAGS_AT: usize = 32;

/// Which level an entry is of, as far as that is needed.
pub(crate) type Tag = u8;
/// No entry.
const EMPTY: Tag = 0;
/// An entry of an earlier level: its parent stays.
pub(crate) const OLD: Tag = 1;
/// The greatest tag. Those between stand for levels.
pub(crate) const TAG_MAX: Tag = (1 << TAG_BITS) - 1;

/// One entry, taken out of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<K> {
    pub(crate) key: K,
    pub(crate) parent: Parent,
    pub(crate) tag: Tag,
}

/// What a line says of a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is here, at this place.
    Here(usize),
    /// It is not here.
    Absent {
        /// A place where it could be put.
        room: Option<usize>,
        /// Whether an entry that belongs here is in its other line, so that this one may be there too.
        has_strayed: bool,
    },
}

/// A line, as above.
#[repr(align(64))]
pub(crate) struct Line([AtomicU64; WORDS]);

impl Line {
    /// A line without entries.
    pub(crate) const fn empty() -> Self {
        Self([const { AtomicU64::new(0) }; WORDS])
    }

    /// Brings the line into the cache.
    pub(crate) fn touch(&self) -> u64 {
        self.0[LAST].load(Ordering::Relaxed)
    }

    fn tag(last: u64, place: usize) -> Tag {
        (last >> (TAGS_AT + TAG_BITS * place)) as Tag & TAG_MAX
    }

    fn tagged(last: u64, place: usize, tag: Tag) -> u64 {
        let at = TAGS_AT + TAG_BITS * place;
        last & !(u64::from(TAG_MAX) << at) | u64::from(tag) << at
    }

    fn parent_place<K: Key>(place: usize) -> (usize, u32) {
        (
            K::WORDS * K::ENTRIES + place / 2,
            if place.is_multiple_of(2) { 0 } else { 32 },
        )
    }

    /// Looks for a fingerprint. Without the lock, an entry that is just being moved may not be seen.
    #[inline]
    pub(crate) fn look<K: Key>(&self, key: K) -> Told {
        let last = self.0[LAST].load(Ordering::Acquire);
        let wanted = key.high() << 8;
        let mut room = None;
        for place in 0..K::ENTRIES {
            let is_empty = Self::tag(last, place) == EMPTY;
            if is_empty {
                room = Some(place);
            }
            let word = self.0[place * K::WORDS].load(Ordering::Relaxed);
            if word & !0xff == wanted
                && (K::WORDS == 1
                    || self.0[place * K::WORDS + 1].load(Ordering::Relaxed) == key.low())
                && !is_empty
            {
                return Told::Here(place);
            }
        }
        Told::Absent {
            room,
            has_strayed: last & STRAYED != 0,
        }
    }

    /// A place without an entry.
    #[inline]
    pub(crate) fn room<K: Key>(&self) -> Option<usize> {
        let last = self.0[LAST].load(Ordering::Relaxed);
        (0..K::ENTRIES).find(|&place| Self::tag(last, place) == EMPTY)
    }

    /// Waits for the lock and takes it.
    pub(crate) fn lock(&self) {
        let last = &self.0[LAST];
        loop {
            let now = last.load(Ordering::Relaxed);
            if now & LOCK == 0
                && last
                    .compare_exchange_weak(now, now | LOCK, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return;
            }
            hint::spin_loop();
        }
    }

    /// Gives the lock back.
    pub(crate) fn unlock(&self) {
        let last = self.0[LAST].load(Ordering::Relaxed);
        self.0[LAST].store(last & !LOCK, Ordering::Release);
    }

    /// Whether this parent is less than that of the entry, if the entry is of the level being built. Without the
    /// lock, it may be said to be less when it is not.
    #[inline]
    pub(crate) fn may_lower<K: Key>(&self, place: usize, parent: Parent, tag: Tag) -> bool {
        // The upper bits of a parent only ever fall.
        let upper = self.0[place * K::WORDS].load(Ordering::Relaxed) & 0xff;
        parent >> 32 <= upper && Self::tag(self.0[LAST].load(Ordering::Relaxed), place) == tag
    }

    /// Keeps the smaller parent of an entry, if it is of the level being built. Under the lock.
    pub(crate) fn lower<K: Key>(&self, place: usize, parent: Parent, tag: Tag) {
        if self.may_lower::<K>(place, parent, tag) && parent < self.parent::<K>(place) {
            let word = &self.0[place * K::WORDS];
            let key = word.load(Ordering::Relaxed) & !0xff;
            word.store(key | parent >> 32, Ordering::Relaxed);
            self.set_parent::<K>(place, parent);
        }
    }

    /// Writes an entry to a place without one. Under the lock.
    #[inline]
    pub(crate) fn put<K: Key>(&self, place: usize, entry: Entry<K>) {
        self.0[place * K::WORDS].store(
            entry.key.high() << 8 | entry.parent >> 32,
            Ordering::Relaxed,
        );
        if K::WORDS == 2 {
            self.0[place * K::WORDS + 1].store(entry.key.low(), Ordering::Relaxed);
        }
        self.set_parent::<K>(place, entry.parent);
        let last = self.0[LAST].load(Ordering::Relaxed);
        self.0[LAST].store(Self::tagged(last, place, entry.tag), Ordering::Release);
    }

    /// Removes the entry of a place. Under the lock.
    pub(crate) fn remove(&self, place: usize) {
        let last = self.0[LAST].load(Ordering::Relaxed);
        self.0[LAST].store(Self::tagged(last, place, EMPTY), Ordering::Release);
    }

    /// Notes that an entry that belongs here is in its other line. Under the lock.
    pub(crate) fn note_strayed(&self) {
        let last = self.0[LAST].load(Ordering::Relaxed);
        self.0[LAST].store(last | STRAYED, Ordering::Release);
    }

    fn parent<K: Key>(&self, place: usize) -> Parent {
        let (index, shift) = Self::parent_place::<K>(place);
        let lower = self.0[index].load(Ordering::Relaxed) >> shift & 0xffff_ffff;
        let upper = self.0[place * K::WORDS].load(Ordering::Relaxed) & 0xff;
        upper << 32 | lower
    }

    /// Sets the lower 32 bits of a parent.
    fn set_parent<K: Key>(&self, place: usize, parent: Parent) {
        let (index, shift) = Self::parent_place::<K>(place);
        let word = self.0[index].load(Ordering::Relaxed);
        self.0[index].store(
            word & !(0xffff_ffff << shift) | (parent & 0xffff_ffff) << shift,
            Ordering::Relaxed,
        );
    }

    /// The entry at a place, if there is one. `shard` is what the upper 8 bits of its fingerprint are.
    #[inline]
    pub(crate) fn entry<K: Key>(&self, shard: usize, place: usize) -> Option<Entry<K>> {
        let tag = Self::tag(self.0[LAST].load(Ordering::Acquire), place);
        let word = self.0[place * K::WORDS].load(Ordering::Relaxed);
        let low = if K::WORDS == 2 {
            self.0[place * K::WORDS + 1].load(Ordering::Relaxed)
        } else {
            0
        };
        (tag != EMPTY).then(|| Entry {
            key: K::join(word >> 8 | (shard as u64) << 56, low),
            parent: self.parent::<K>(place),
            tag,
        })
    }

    /// All entries, see [`Line::entry`].
    pub(crate) fn entries<K: Key>(&self, shard: usize) -> impl Iterator<Item = Entry<K>> {
        (0..K::ENTRIES).filter_map(move |place| self.entry(shard, place))
    }

    /// Makes all entries old.
    pub(crate) fn age<K: Key>(&mut self) {
        let last = self.0[LAST].get_mut();
        for place in 0..K::ENTRIES {
            if Self::tag(*last, place) != EMPTY {
                *last = Self::tagged(*last, place, OLD);
            }
        }
    }

    /// Removes all entries.
    pub(crate) fn clear(&mut self) {
        for word in &mut self.0 {
            *word.get_mut() = 0;
        }
    }
}
