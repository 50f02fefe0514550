//! The states seen so far: fingerprint, parent and level of each, and nothing of the state itself.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use parking_lot::Mutex;
use rapidhash::quality::RapidHasher;

/// Number of tables, each behind its own lock.
pub(crate) const SHARDS: usize = 64;

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

/// A state that was just generated and has yet to be looked up.
pub(crate) struct Arrival<S> {
    pub(crate) fingerprint: Fingerprint,
    /// The state it was generated from; means nothing for an initial state.
    pub(crate) parent: Fingerprint,
    /// Set by [`Visited::admit`]: nobody has seen this state before.
    pub(crate) is_new: bool,
    pub(crate) state: S,
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

    /// The table that a fingerprint belongs to. Taken from the middle bits: the tables themselves use
    /// the lowest and the highest.
    pub(crate) fn shard_of(fingerprint: Fingerprint) -> usize {
        usize::try_from((fingerprint >> 40) % SHARDS as u64)
            .expect("less than the number of shards")
    }

    /// Looks up a batch of arrivals of one shard and marks the new ones. `may_admit` is asked for each
    /// new state; once it refuses, the state is forgotten and the answer is `false`.
    pub(crate) fn admit<S>(
        &self,
        shard: usize,
        level: u32,
        batch: &mut [Arrival<S>],
        mut may_admit: impl FnMut() -> bool,
    ) -> bool {
        let mut table = self.shards[shard].0.lock();
        let mut all = true;
        for arrival in batch {
            let wanted = arrival.fingerprint;
            let place = table.entry(
                wanted,
                |seen| { seen.fingerprint } == wanted,
                |seen| seen.fingerprint,
            );
            match place {
                // Reached again within the level being built: of all its parents keep the smallest.
                // A state of an earlier level stays as it is, this path to it is longer.
                Entry::Occupied(mut place) => {
                    let seen = place.get_mut();
                    if { seen.level } == level && arrival.parent < { seen.parent } {
                        seen.parent = arrival.parent;
                    }
                }
                Entry::Vacant(place) => {
                    if may_admit() {
                        place.insert(Seen {
                            fingerprint: wanted,
                            parent: arrival.parent,
                            level,
                        });
                        arrival.is_new = true;
                    } else {
                        all = false;
                    }
                }
            }
        }
        all
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
        let table = self.shards[Self::shard_of(wanted)].0.lock();
        table
            .find(wanted, |seen| { seen.fingerprint } == wanted)
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(fingerprint: u64, parent: u64) -> Arrival<()> {
        Arrival {
            fingerprint,
            parent,
            is_new: false,
            state: (),
        }
    }

    #[test]
    fn the_smallest_parent_of_the_first_level_wins() {
        for parents in [[7, 9], [9, 7]] {
            let visited = Visited::new();
            assert!(visited.admit(0, 0, &mut [arrival(7, 0), arrival(9, 0)], || true));
            let mut batch = parents.map(|parent| arrival(1, parent));
            assert!(visited.admit(0, 1, &mut batch, || true));
            assert_eq!(batch.map(|a| a.is_new), [true, false]);
            // A later level does not move it, whatever the parent.
            assert!(visited.admit(0, 2, &mut [arrival(1, 1)], || true));
            assert_eq!(visited.path_to(1), Some(vec![7, 1]));
        }
    }

    #[test]
    fn a_refused_state_is_forgotten_and_reported() {
        let visited = Visited::new();
        let mut room = 1;
        let mut batch = [arrival(1, 0), arrival(1, 0), arrival(2, 0)];
        let all = visited.admit(0, 0, &mut batch, || std::mem::replace(&mut room, 0) == 1);
        assert!(!all);
        assert_eq!(batch.map(|a| a.is_new), [true, false, false]);
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
