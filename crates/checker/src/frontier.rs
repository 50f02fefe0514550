//! The states of a level, waiting to be expanded.

use std::any::Any;

use parking_lot::Mutex;

use crate::expander::{Expander, Slot, Waiting};
use crate::folder::{Disk, DiskFile};
use crate::key::{Key, PARENT_BITS, Parent};
use crate::packed::{Packer, Unpacker};
use crate::states::StatesReader;

/// States that a worker takes at a time.
pub(crate) const CHUNK_STATES: usize = 256;

const PARENT_BYTES: usize = (PARENT_BITS / 8) as usize;
type ParentBytes = [u8; PARENT_BYTES];

/// Some states waiting to be expanded.
pub(crate) struct Chunk {
    held: Held,
    len: usize,
    /// Bytes that it was let wait in memory with, to be given back when it is expanded.
    pub(crate) granted: u64,
}

/// How they are held.
enum Held {
    /// As bytes: a quarter of the memory, say.
    Packed(Unpacker),
    /// As they are, where they cannot be written. Their parents are apart, or would be padded.
    Plain {
        states: Box<dyn Any + Send>,
        own: Vec<ParentBytes>,
        bytes: usize,
    },
}

impl Chunk {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory, without what the states point to.
    pub(crate) fn bytes(&self) -> u64 {
        let bytes = match &self.held {
            Held::Packed(packed) => packed.bytes(),
            Held::Plain { own, bytes, .. } => bytes + own.capacity() * PARENT_BYTES,
        };
        bytes as u64
    }

    /// The next state, which has to be taken where it is, and how its children will remember it.
    #[inline]
    pub(crate) fn pull(&mut self) -> Option<(Parent, Waiting<'_>)> {
        self.len = self.len.checked_sub(1)?;
        Some(match &mut self.held {
            Held::Packed(packed) => {
                let (own, bytes) = packed.pull();
                (parent_of(&own), Waiting::Written(bytes))
            }
            Held::Plain { states, own, .. } => {
                (parent_of(&own.pop()?), Waiting::Held(states.as_mut()))
            }
        })
    }

    /// Shows the bytes of each state of a packed chunk, which stay there. (Of one that is not, none: they cannot be written.)
    pub(crate) fn for_each_packed(&self, mut show: impl FnMut(&[u8])) {
        if let Held::Packed(packed) = &self.held {
            let mut packed = packed.clone();
            for _ in 0..self.len {
                let (_, bytes) = packed.pull::<PARENT_BYTES>();
                show(bytes);
            }
        }
    }
}

fn parent_of(own: &ParentBytes) -> Parent {
    let mut bytes = [0; 8];
    bytes[..PARENT_BYTES].copy_from_slice(own);
    Parent::from_le_bytes(bytes)
}

/// A chunk being filled.
pub(crate) struct Filling {
    packer: Packer,
    is_packed: bool,
    own: Vec<ParentBytes>,
    len: usize,
}

impl Filling {
    /// `is_packed`: whether states can be written.
    pub(crate) fn new(is_packed: bool) -> Self {
        Self {
            packer: Packer::default(),
            is_packed,
            own: Vec::new(),
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds the state in a slot.
    #[inline]
    pub(crate) fn push<K>(&mut self, expander: &mut dyn Expander<K>, slot: Slot, own: Parent) {
        if self.is_packed {
            self.push_written(own, |bytes| expander.write(slot, bytes));
        } else {
            expander.hold(slot);
            self.own.push(bytes_of(own));
            self.len += 1;
        }
    }

    /// Adds a state that can be written, as `write` does.
    #[inline]
    pub(crate) fn push_written(&mut self, own: Parent, write: impl FnOnce(&mut Vec<u8>)) {
        self.packer.push(&bytes_of(own), write);
        self.len += 1;
    }

    /// The chunk, if there is anything in it. What comes next is another one.
    pub(crate) fn finish<K>(&mut self, expander: &mut dyn Expander<K>) -> Option<Chunk> {
        let len = std::mem::take(&mut self.len);
        let held = || {
            if self.is_packed {
                return Held::Packed(self.packer.finish());
            }
            let (states, bytes) = expander.held();
            Held::Plain {
                states,
                own: std::mem::take(&mut self.own),
                bytes,
            }
        };
        (len > 0).then(held).map(|held| Chunk {
            held,
            len,
            granted: 0,
        })
    }
}

fn bytes_of(own: Parent) -> ParentBytes {
    let bytes = own.to_le_bytes();
    *bytes.first_chunk().expect("a parent's bytes")
}

/// The states of a level that are not expanded so far.
pub(crate) struct Frontier {
    /// By the worker that found them.
    pub(crate) chunks: Vec<Vec<Chunk>>,
    pub(crate) files: StatesReader,
}

impl Frontier {
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
pub(crate) struct Queues {
    chunks: Vec<Mutex<Vec<Chunk>>>,
    files: Mutex<StatesReader>,
}

impl Queues {
    pub(crate) fn new(frontier: Frontier) -> Self {
        Self {
            chunks: frontier.chunks.into_iter().map(Mutex::new).collect(),
            files: Mutex::new(frontier.files),
        }
    }

    /// The next chunk for a worker: one of its own, else someone else's. A state is best dropped by the
    /// thread that allocated it, else the threads wait for each other in the allocator.
    pub(crate) fn take(&self, worker: usize) -> Option<Chunk> {
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
    pub(crate) fn give_back(&self, chunk: Chunk) {
        self.chunks[0].lock().push(chunk);
    }

    /// What is left.
    pub(crate) fn into_frontier(self) -> Frontier {
        Frontier {
            chunks: self.chunks.into_iter().map(Mutex::into_inner).collect(),
            files: self.files.into_inner(),
        }
    }
}
