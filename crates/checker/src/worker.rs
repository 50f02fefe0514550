//! One thread's share of a level: expand states, look up what they lead to, judge what is new.

use std::hash::Hash;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use stateright::{Expectation, Model, Property};

use crate::run::Cut;
use crate::visited::{Admission, Fingerprint, Visited, fingerprint};
use crate::watch::{HaltOnPanic, Watch};

/// States that a worker takes at a time.
pub(crate) const CHUNK_STATES: usize = 256;

/// A state waiting to be expanded.
pub(crate) struct Node<S> {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) state: S,
}

/// States waiting to be expanded, as they are handed out.
pub(crate) type Chunks<S> = Vec<Vec<Node<S>>>;

/// The counts of a run, written by all workers.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) unique: AtomicU64,
    pub(crate) generated: AtomicU64,
    pub(crate) beyond_boundary: AtomicU64,
    pub(crate) queue: AtomicU64,
    pub(crate) depth: AtomicU32,
}

/// What all workers of a run share.
pub(crate) struct Shared<'a, M: Model> {
    pub(crate) model: &'a M,
    /// What makes one state a worse end of a path than another.
    pub(crate) oddity: &'a (dyn Fn(&M::State) -> u64 + Sync),
    pub(crate) properties: &'a [Property<M>],
    pub(crate) visited: &'a Visited,
    pub(crate) counts: &'a Counts,
    pub(crate) watch: &'a Watch,
}

impl<M: Model> Shared<'_, M> {
    /// Counts a new unique state, or halts the run if that would be one too many.
    fn may_admit(&self) -> bool {
        let Some(max) = self.watch.limits().max_states else {
            self.counts.unique.fetch_add(1, Ordering::Relaxed);
            return true;
        };
        let one_more = |unique| (unique < max).then_some(unique + 1);
        let is_room = self
            .counts
            .unique
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok();
        if !is_room {
            self.watch.halt(Cut::MaxStates(max));
        }
        is_room
    }
}

/// One level's work.
pub(crate) struct Level<'a, S> {
    /// The level being built, one more than that of the states in the queue.
    pub(crate) level: u32,
    /// Properties without a path so far, by index. The others need not be judged any more.
    pub(crate) open: &'a [usize],
    /// The states to expand, in chunks, by the worker that found them.
    queues: Vec<Mutex<Chunks<S>>>,
}

impl<'a, S> Level<'a, S> {
    pub(crate) fn new(level: u32, open: &'a [usize], frontiers: Vec<Chunks<S>>) -> Self {
        Self {
            level,
            open,
            queues: frontiers.into_iter().map(Mutex::new).collect(),
        }
    }

    /// The next chunk for a worker: one of its own, else someone else's. A state is best dropped by the
    /// thread that allocated it, else the threads wait for each other in the allocator.
    fn take(&self, worker: usize) -> Option<Vec<Node<S>>> {
        let (before, from) = self.queues.split_at(worker);
        from.iter()
            .chain(before)
            .find_map(|queue| queue.lock().pop())
    }
}

/// What one worker gathers while a level is built, until the next is begun.
pub(crate) struct Worker<S> {
    /// Its place among the workers.
    index: usize,
    /// New states of the level being built, in full chunks and a last one.
    pub(crate) next: Chunks<S>,
    last: Vec<Node<S>>,
    /// For each property: of the new states that settle it, the least oddity, and the smallest
    /// fingerprint that has it.
    pub(crate) best: Vec<Option<(u64, Fingerprint)>>,
    /// Whether any state or arrival was left undone.
    pub(crate) is_cut: bool,
}

impl<S> Worker<S> {
    pub(crate) fn new(index: usize, properties: usize) -> Self {
        Self {
            index,
            next: Vec::new(),
            last: Vec::new(),
            best: vec![None; properties],
            is_cut: false,
        }
    }

    /// Expands chunks until the queue is empty or the run is halted.
    pub(crate) fn build<M>(&mut self, shared: &Shared<'_, M>, level: &Level<'_, S>)
    where
        M: Model<State = S>,
        S: Hash,
    {
        let _halt = HaltOnPanic(shared.watch);
        let mut actions = Vec::new();
        loop {
            shared.watch.look();
            let Some(chunk) = level.take(self.index) else {
                break;
            };
            self.expand(shared, level, chunk, &mut actions);
            if self.is_cut {
                break;
            }
        }
        if !self.last.is_empty() {
            self.next.push(std::mem::take(&mut self.last));
        }
    }

    fn expand<M>(
        &mut self,
        shared: &Shared<'_, M>,
        level: &Level<'_, S>,
        chunk: Vec<Node<S>>,
        actions: &mut Vec<M::Action>,
    ) where
        M: Model<State = S>,
        S: Hash,
    {
        let (mut expanded, mut generated, mut beyond_boundary) = (0, 0, 0);
        for node in chunk {
            if shared.watch.is_halted() {
                self.is_cut = true;
                break;
            }
            shared.model.actions(&node.state, actions);
            for action in actions.drain(..) {
                let Some(state) = shared.model.next_state(&node.state, action) else {
                    continue;
                };
                if !shared.model.within_boundary(&state) {
                    beyond_boundary += 1;
                    continue;
                }
                generated += 1;
                self.arrive(shared, level, node.fingerprint, state);
            }
            expanded += 1;
        }
        shared
            .counts
            .generated
            .fetch_add(generated, Ordering::Relaxed);
        shared
            .counts
            .beyond_boundary
            .fetch_add(beyond_boundary, Ordering::Relaxed);
        shared.counts.queue.fetch_sub(expanded, Ordering::Relaxed);
    }

    /// Takes in a state within the boundary.
    pub(crate) fn arrive<M>(
        &mut self,
        shared: &Shared<'_, M>,
        level: &Level<'_, S>,
        parent: Fingerprint,
        state: S,
    ) where
        M: Model<State = S>,
        S: Hash,
    {
        let fingerprint = fingerprint(&state);
        let may_admit = || shared.may_admit();
        match shared
            .visited
            .admit(fingerprint, parent, level.level, may_admit)
        {
            Admission::New => self.keep(shared, level, Node { fingerprint, state }),
            Admission::Seen => {}
            Admission::Refused => self.is_cut = true,
        }
    }

    /// Judges a new state and puts it into the next frontier.
    fn keep<M>(&mut self, shared: &Shared<'_, M>, level: &Level<'_, S>, node: Node<S>)
    where
        M: Model<State = S>,
    {
        for &index in level.open {
            if settles(shared.model, &shared.properties[index], &node.state) {
                let own = ((shared.oddity)(&node.state), node.fingerprint);
                let best = self.best[index].get_or_insert(own);
                *best = own.min(*best);
            }
        }
        if self.last.is_empty() {
            shared
                .counts
                .depth
                .fetch_max(level.level, Ordering::Relaxed);
        }
        shared.counts.queue.fetch_add(1, Ordering::Relaxed);
        self.last.push(node);
        if self.last.len() == CHUNK_STATES {
            self.next.push(std::mem::take(&mut self.last));
        }
    }
}

/// Whether this state is what a path for the property has to end in.
pub(crate) fn settles<M: Model>(model: &M, property: &Property<M>, state: &M::State) -> bool {
    let holds = (property.condition)(model, state);
    match property.expectation {
        Expectation::Always => !holds,
        Expectation::Sometimes => holds,
        // Refused before the run starts.
        Expectation::Eventually => false,
    }
}
