//! A list that grows while many threads read it. What is in it stays where it is.
//!
//! Read several times for each step of an exploration. Written out here, and not taken from a library, since a look-up has to be put
//! in line where it is made, which a compiler that works on small units does only with what is marked so.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many entries the first block has. Each of the others has twice as many as the one before.
const FIRST: usize = 64;
const BLOCKS: usize = 40;

type Block<T> = Box<[OnceLock<T>]>;

/// A list that grows while many threads read it.
pub(crate) struct Growing<T> {
    blocks: [OnceLock<Block<T>>; BLOCKS],
    len: AtomicUsize,
}

impl<T> Default for Growing<T> {
    fn default() -> Growing<T> {
        Growing {
            blocks: std::array::from_fn(|_| OnceLock::new()),
            len: AtomicUsize::new(0),
        }
    }
}

/// The block of an entry, and its place there.
#[inline]
fn locate(index: usize) -> (usize, usize) {
    let from = index + FIRST;
    let block = from.ilog2() - FIRST.ilog2();
    (block as usize, from - (FIRST << block))
}

impl<T> Growing<T> {
    /// The entry at this index; `None` if there is none so far.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let (block, place) = locate(index);
        self.blocks.get(block)?.get()?.get(place)?.get()
    }

    /// Adds an entry; its index.
    pub(crate) fn push(&self, entry: T) -> usize {
        let index = self.len.fetch_add(1, Ordering::Relaxed);
        let (block, place) = locate(index);
        let entries = self.blocks[block]
            .get_or_init(|| (0..FIRST << block).map(|_| OnceLock::new()).collect());
        let is_free = entries[place].set(entry).is_ok();
        assert!(is_free, "an index is given once");
        index
    }

    /// How many entries there are, or are being added.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// The entries there are, by index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len()).map_while(|index| self.get(index))
    }
}

impl<T> std::ops::Index<usize> for Growing<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        self.get(index).expect("an entry that was added")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_where_they_were_put_while_others_come() {
        let list = Growing::default();
        std::thread::scope(|scope| {
            for thread in 0..4_usize {
                let list = &list;
                scope.spawn(move || {
                    for number in 0..1_000 {
                        let index = list.push((thread, number));
                        assert_eq!(list.get(index), Some(&(thread, number)));
                    }
                });
            }
        });
        assert_eq!((list.len(), list.iter().count()), (4_000, 4_000));
        for thread in 0..4 {
            let own = list.iter().filter(|(of, _)| *of == thread);
            assert!(own.map(|(_, number)| *number).eq(0..1_000));
        }
        assert_eq!(list.get(4_000), None);
        assert_eq!(list.get(usize::MAX - FIRST), None);
    }

    #[test]
    fn blocks_follow_each_other() {
        assert_eq!(locate(0), (0, 0));
        assert_eq!(locate(FIRST - 1), (0, FIRST - 1));
        assert_eq!(locate(FIRST), (1, 0));
        assert_eq!(locate(3 * FIRST), (2, 0));
        assert_eq!(locate(7 * FIRST - 1), (2, 4 * FIRST - 1));
    }
}
