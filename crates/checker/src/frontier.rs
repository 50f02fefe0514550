//! The states of a level, waiting to be expanded.

use parking_lot::Mutex;

use crate::folder::{Disk, DiskFile};
use crate::key::{Key, PARENT_BITS, Parent};
use crate::states::StatesReader;

/// States that a worker takes at a time.
pub(crate) const CHUNK_STATES: usize = 256;

const PARENT_BYTES: usize = (PARENT_BITS / 8) as usize;

/// A state waiting to be expanded, and how its children will remember it.
pub(crate) struct Node<S> {
    pub(crate) state: S,
    pub(crate) own: Parent,
}

/// Some states, and how their children will remember them: apart, since together they would be padded.
pub(crate) struct Chunk<S> {
    states: Vec<S>,
    own: Vec<[u8; PARENT_BYTES]>,
    /// Bytes that it was let wait in memory with, to be given back when it is expanded.
    pub(crate) granted: u64,
}

impl<S> Chunk<S> {
    pub(crate) fn new() -> Self {
        Self {
            states: Vec::with_capacity(CHUNK_STATES),
            own: Vec::with_capacity(CHUNK_STATES),
            granted: 0,
        }
    }

    pub(crate) fn push(&mut self, state: S, own: Parent) {
        let bytes = own.to_le_bytes();
        self.own
            .push(bytes[..PARENT_BYTES].try_into().expect("a parent's bytes"));
        self.states.push(state);
    }

    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    pub(crate) fn states(&self) -> &[S] {
        &self.states
    }

    /// Bytes of memory, without what the states point to.
    pub(crate) fn bytes(&self) -> u64 {
        (self.states.capacity() * size_of::<S>() + self.own.capacity() * PARENT_BYTES) as u64
    }
}

impl<S> IntoIterator for Chunk<S> {
    type Item = Node<S>;
    type IntoIter = Nodes<S>;

    fn into_iter(self) -> Nodes<S> {
        Nodes(self.states.into_iter().zip(self.own))
    }
}

/// The states of a chunk, one after the other.
pub(crate) struct Nodes<S>(
    std::iter::Zip<std::vec::IntoIter<S>, std::vec::IntoIter<[u8; PARENT_BYTES]>>,
);

impl<S> Iterator for Nodes<S> {
    type Item = Node<S>;

    fn next(&mut self) -> Option<Node<S>> {
        self.0.next().map(|(state, own)| Node {
            state,
            own: parent_of(&own),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<S> ExactSizeIterator for Nodes<S> {}

fn parent_of(own: &[u8; PARENT_BYTES]) -> Parent {
    let mut bytes = [0; 8];
    bytes[..PARENT_BYTES].copy_from_slice(own);
    Parent::from_le_bytes(bytes)
}

/// The states of a level that are not expanded so far.
pub(crate) struct Frontier<S> {
    /// By the worker that found them.
    pub(crate) chunks: Vec<Vec<Chunk<S>>>,
    pub(crate) files: StatesReader,
}

impl<S> Frontier<S> {
    /// The states of these files.
    pub(crate) fn on_disk(files: StatesReader) -> Self {
        Self {
            chunks: vec![Vec::new()],
            files,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        let waiting: usize = self.chunks.iter().flatten().map(Chunk::len).sum();
        waiting as u64 + self.files.left()
    }
}

/// A frontier that workers share.
pub(crate) struct Queues<S> {
    chunks: Vec<Mutex<Vec<Chunk<S>>>>,
    files: Mutex<StatesReader>,
}

impl<S> Queues<S> {
    pub(crate) fn new(frontier: Frontier<S>) -> Self {
        Self {
            chunks: frontier.chunks.into_iter().map(Mutex::new).collect(),
            files: Mutex::new(frontier.files),
        }
    }

    /// The next chunk for a worker: one of its own, else someone else's. A state is best dropped by the
    /// thread that allocated it, else the threads wait for each other in the allocator.
    pub(crate) fn take(&self, worker: usize) -> Option<Chunk<S>> {
        let (before, from) = self.chunks.split_at(worker.min(self.chunks.len()));
        from.iter()
            .chain(before)
            .find_map(|queue| queue.lock().pop())
    }

    /// Reads the next block of states that wait on disk, and says of which file it is.
    pub(crate) fn read<K: Key>(&self, block: &mut Vec<u8>) -> Disk<Option<DiskFile>> {
        self.files.lock().read::<K>(block)
    }

    /// Gives back a chunk that was not, or not wholly, expanded.
    pub(crate) fn give_back(&self, chunk: Chunk<S>) {
        self.chunks[0].lock().push(chunk);
    }

    /// What is left.
    pub(crate) fn into_frontier(self) -> Frontier<S> {
        Frontier {
            chunks: self.chunks.into_iter().map(Mutex::into_inner).collect(),
            files: self.files.into_inner(),
        }
    }
}
