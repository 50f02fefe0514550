//! The states seen so far: fingerprint, parent and level of each, and nothing of the state itself.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use parking_lot::Mutex;
use rapidhash::quality::RapidHasher;

/// Number of tables, each behind its own lock.
const SHARDS: usize = 256;

/// What a state is remembered by. Two states with equal fingerprints are taken for one: with n
/// states the chance that this ever happens is about n²/2⁶⁵ (3 in 10,000 for 100 million).
pub(crate) type Fingerprint = u64;

/// The fingerprint of a state: the same in every run and on every thread.
pub(crate) fn fingerprint(state: &impl Hash) -> Fingerprint {
    const START: RapidHasher<'static> = RapidHasher::new(0x7061_7468_7374_6570);
    let mut hasher = START;
    state.hash(&mut hasher);
    hasher.finish()
}

/// What became of a generated state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Nobody had seen it before.
    New,
    /// It had been seen.
    Seen,
    /// It is new, but there was no room for it. It is forgotten.
    Refused,
}

/// One seen state. Packed, because there may be hundreds of millions: 20 bytes instead of 24.
#[derive(Clone, Copy)]
#[repr(C, packed(4))]
struct Seen {
    fingerprint: Fingerprint,
    /// The smallest fingerprint among the states of the level before that lead here: a choice that
    /// does not depend on the order of work. Means nothing at level 0.
    parent: Fingerprint,
    /// The steps of a shortest path.
    level: u32,
}

/// A table on a cache line of its own, so that neighbouring locks do not slow each other down.
#[repr(align(64))]
struct Shard(Mutex<HashTable<Seen>>);

/// The states seen so far, shared by all workers.
pub(crate) struct Visited {
    shards: Vec<Shard>,
}

impl Visited {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS)
            .map(|_| Shard(Mutex::new(HashTable::new())))
            .collect();
        Self { shards }
    }

    /// The table that a fingerprint belongs to. Chosen by the middle bits: the tables themselves use the
    /// lowest and the highest.
    fn shard(&self, fingerprint: Fingerprint) -> &Mutex<HashTable<Seen>> {
        let index = usize::try_from((fingerprint >> 40) % SHARDS as u64);
        &self.shards[index.expect("less than the number of shards")].0
    }

    /// Looks up a state generated from `parent`, which means nothing at level 0, and remembers it if it is
    /// new and `may_admit` agrees.
    ///
    /// One state at a time, although that takes a lock for each transition: gathering states for a lock
    /// was measured to cost far more, because most are repeats and best dropped while still in the cache.
    pub(crate) fn admit(
        &self,
        fingerprint: Fingerprint,
        parent: Fingerprint,
        level: u32,
        may_admit: impl FnOnce() -> bool,
    ) -> Admission {
        let mut table = self.shard(fingerprint).lock();
        let is_same = |seen: &Seen| { seen.fingerprint } == fingerprint;
        match table.entry(fingerprint, is_same, |seen| seen.fingerprint) {
            // Reached again within the level being built: of all its parents keep the smallest. A state
            // of an earlier level stays as it is, this path to it is longer.
            Entry::Occupied(mut place) => {
                let seen = place.get_mut();
                if { seen.level } == level && parent < { seen.parent } {
                    seen.parent = parent;
                }
                Admission::Seen
            }
            Entry::Vacant(place) => {
                if !may_admit() {
                    return Admission::Refused;
                }
                place.insert(Seen {
                    fingerprint,
                    parent,
                    level,
                });
                Admission::New
            }
        }
    }

    /// The fingerprints of a shortest path to a seen state, from its initial state on. `None` if the
    /// chain is broken, which only a wrong caller could bring about.
    pub(crate) fn path_to(&self, target: Fingerprint) -> Option<Vec<Fingerprint>> {
        let mut path = vec![target];
        let mut seen = self.find(target)?;
        while { seen.level } > 0 {
            let parent = self.find(seen.parent)?;
            path.push(parent.fingerprint);
            seen = parent;
        }
        path.reverse();
        Some(path)
    }

    fn find(&self, wanted: Fingerprint) -> Option<Seen> {
        let table = self.shard(wanted).lock();
        table
            .find(wanted, |seen| { seen.fingerprint } == wanted)
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_parent_of_the_first_level_wins() {
        for parents in [[7, 9], [9, 7]] {
            let visited = Visited::new();
            let admit =
                |fingerprint, parent, level| visited.admit(fingerprint, parent, level, || true);
            assert_eq!([admit(7, 0, 0), admit(9, 0, 0)], [Admission::New; 2]);
            assert_eq!(admit(1, parents[0], 1), Admission::New);
            assert_eq!(admit(1, parents[1], 1), Admission::Seen);
            // A later level does not move it, whatever the parent.
            assert_eq!(admit(1, 1, 2), Admission::Seen);
            assert_eq!(visited.path_to(1), Some(vec![7, 1]));
        }
    }

    #[test]
    fn a_refused_state_is_forgotten() {
        let visited = Visited::new();
        assert_eq!(visited.admit(1, 0, 0, || true), Admission::New);
        assert_eq!(visited.admit(1, 0, 0, || false), Admission::Seen);
        assert_eq!(visited.admit(2, 0, 0, || false), Admission::Refused);
        assert_eq!(visited.path_to(2), None);
    }

    #[test]
    fn fingerprints_never_change() {
        // Committed traces and counts rest on these: a new version of the hash must be noticed.
        assert_eq!(fingerprint(&(1_u8, 2_u16)), fingerprint(&(1_u8, 2_u16)));
        assert_ne!(fingerprint(&(1_u8, 2_u16)), fingerprint(&(2_u8, 1_u16)));
        assert_eq!(
            fingerprint(&0x0123_4567_89ab_cdef_u64),
            10_239_104_786_856_077_352
        );
    }

    #[test]
    fn an_entry_takes_twenty_bytes() {
        assert_eq!(size_of::<Seen>(), 20);
    }
}
