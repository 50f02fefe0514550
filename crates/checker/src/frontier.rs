//! The states of a level, waiting to be expanded.

use parking_lot::Mutex;
use stateright::Model;

use crate::folder::{Disk, DiskFile};
use crate::key::{Key, PARENT_BITS, Parent};
use crate::packed::{Packer, Unpacker};
use crate::space::{Space, State};
use crate::states::StatesReader;

/// States that a worker takes at a time.
pub(crate) const CHUNK_STATES: usize = 256;

const PARENT_BYTES: usize = (PARENT_BITS / 8) as usize;
type ParentBytes = [u8; PARENT_BYTES];

/// A state waiting to be expanded, and how its children will remember it.
pub(crate) struct Node<S> {
    pub(crate) state: S,
    pub(crate) own: Parent,
}

/// Some states waiting to be expanded.
pub(crate) struct Chunk<S> {
    held: Held<S>,
    len: usize,
    /// Bytes that it was let wait in memory with, to be given back when it is expanded.
    pub(crate) granted: u64,
}

/// How they are held.
enum Held<S> {
    /// As bytes: a quarter of the memory, say.
    Packed(Unpacker),
    /// As they are, where they cannot be written. Their parents are apart, or would be padded.
    Plain(Vec<S>, Vec<ParentBytes>),
}

impl<S> Chunk<S> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory, without what the states point to.
    pub(crate) fn bytes(&self) -> u64 {
        let bytes = match &self.held {
            Held::Packed(packed) => packed.bytes(),
            Held::Plain(states, _) => states.capacity() * (size_of::<S>() + PARENT_BYTES),
        };
        bytes as u64
    }

    /// Takes a state out.
    #[inline]
    pub(crate) fn pull<P>(&mut self, space: &P) -> Option<Node<S>>
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        self.len = self.len.checked_sub(1)?;
        Some(match &mut self.held {
            Held::Packed(packed) => unpack(space, packed),
            Held::Plain(states, own) => Node {
                state: states.pop()?,
                own: parent_of(&own.pop()?),
            },
        })
    }

    /// The states of a packed chunk, which stay there. (Of one that is not, none: they cannot be written.)
    pub(crate) fn packed<P>(&self, space: &P) -> impl Iterator<Item = S>
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let packed = match &self.held {
            Held::Packed(packed) => Some(packed.clone()),
            Held::Plain(..) => None,
        };
        let states = move |mut packed: Unpacker| {
            (0..self.len).map(move |_| unpack(space, &mut packed).state)
        };
        packed.into_iter().flat_map(states)
    }
}

fn unpack<P: Space>(space: &P, packed: &mut Unpacker) -> Node<State<P>> {
    let (own, bytes) = packed.pull();
    Node {
        state: space.read(bytes).expect("a state reads what it wrote"),
        own: parent_of(&own),
    }
}

fn parent_of(own: &ParentBytes) -> Parent {
    let mut bytes = [0; 8];
    bytes[..PARENT_BYTES].copy_from_slice(own);
    Parent::from_le_bytes(bytes)
}

/// A chunk being filled.
pub(crate) struct Filling<S> {
    packer: Packer,
    states: Vec<S>,
    own: Vec<ParentBytes>,
    len: usize,
}

impl<S> Filling<S> {
    pub(crate) fn new() -> Self {
        Self {
            packer: Packer::default(),
            states: Vec::new(),
            own: Vec::new(),
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn push<P>(&mut self, space: &P, state: S, own: Parent)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let bytes = own.to_le_bytes();
        let own = bytes.first_chunk().expect("a parent's bytes");
        if space.can_write() {
            self.packer.push(own, |bytes| space.write(&state, bytes));
        } else {
            self.states.push(state);
            self.own.push(*own);
        }
        self.len += 1;
    }

    /// The chunk, if there is anything in it. What comes next is another one.
    pub(crate) fn finish<P: Space>(&mut self, space: &P) -> Option<Chunk<S>> {
        let len = std::mem::take(&mut self.len);
        let held = || match space.can_write() {
            true => Held::Packed(self.packer.finish()),
            false => {
                let states = std::mem::replace(&mut self.states, Vec::with_capacity(CHUNK_STATES));
                Held::Plain(states, std::mem::take(&mut self.own))
            }
        };
        (len > 0).then(held).map(|held| Chunk {
            held,
            len,
            granted: 0,
        })
    }
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
