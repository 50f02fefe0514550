//! One thread's share of a level: expand states, look up what they lead to, judge what is new.

use std::hint;
use std::sync::atomic::Ordering;

use stateright::{Expectation, Model, Property};

use crate::folder::{Disk, DiskFault};
use crate::frontier::{CHUNK_STATES, Chunk, Filling};
use crate::key::Key;
use crate::shared::{Arrival, Level, Shared};
use crate::space::{Space, State};
use crate::states::{Block, records};
use crate::table::{Admission, Probe};
use crate::watch::HaltOnPanic;

/// States that are generated before any of them is looked up: their places in the table are fetched from
/// memory all at once.
const BATCH_STATES: usize = 48;

/// What one worker gathers while a level is built, until the next is begun.
pub(crate) struct Worker<S, K> {
    /// Its place among the workers.
    index: usize,
    /// What was generated and not looked up so far. Between levels: what was refused.
    pub(crate) batch: Vec<Arrival<S, K>>,
    /// Where the states of the batch are looked for.
    probes: Vec<Probe>,
    /// New states of the level being built, in full chunks.
    pub(crate) next: Vec<Chunk<S>>,
    /// The chunk being filled.
    last: Filling<S>,
    /// For each property: of the new states that settle it, the least oddity, and the smallest
    /// fingerprint that has it.
    pub(crate) best: Vec<Option<(u64, K)>>,
    /// Tentative states, and the batch they belong to: see [`Spill`](crate::spill::Spill).
    tentative: Block,
    tentative_batch: usize,
    /// New states for which there is no room in memory.
    spilled: Block,
    /// For each kind of thing, how often it happened in the chunk being expanded.
    kinds: Vec<u64>,
    /// How many states of that chunk had so many transitions.
    out_degrees: Vec<u64>,
    /// Whether any state or arrival was left undone.
    pub(crate) is_cut: bool,
}

impl<S, K: Key> Worker<S, K> {
    pub(crate) fn new(index: usize, properties: usize, kinds: usize) -> Self {
        Self {
            index,
            batch: Vec::with_capacity(BATCH_STATES),
            probes: Vec::with_capacity(BATCH_STATES),
            next: Vec::new(),
            last: Filling::new(),
            best: vec![None; properties],
            tentative: Block::default(),
            tentative_batch: 0,
            spilled: Block::default(),
            kinds: vec![0; kinds],
            out_degrees: Vec::new(),
            is_cut: false,
        }
    }

    /// Expands chunks until the queue is empty or the run is halted.
    pub(crate) fn build<P>(&mut self, shared: &Shared<'_, P, K>, level: &Level<'_, S>)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let _halt = HaltOnPanic(shared.watch);
        let (mut actions, mut block) = (Vec::new(), Vec::new());
        while !self.is_cut {
            shared.watch.look();
            let chunk = match level.queues.take(self.index) {
                Some(chunk) => Ok(Some(chunk)),
                None => read_chunk(shared, level, &mut block),
            };
            match chunk {
                Ok(Some(chunk)) => self.expand(shared, level, chunk, &mut actions),
                Ok(None) => break,
                Err(fault) => self.fail(shared, fault),
            }
        }
        self.settle_batch(shared, level);
        self.finish(shared);
    }

    /// Takes what is new of the states in the queue: those whose fingerprints the table has.
    pub(crate) fn sift<P>(&mut self, shared: &Shared<'_, P, K>, level: &Level<'_, S>)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let _halt = HaltOnPanic(shared.watch);
        let max_states = shared.watch.limits().max_states;
        let mut block = Vec::new();
        while !self.is_cut {
            let file = match level.queues.read::<K>(&mut block) {
                Ok(Some(file)) => file,
                Ok(None) => break,
                Err(fault) => {
                    self.fail(shared, fault);
                    break;
                }
            };
            let table = shared.table.read();
            let mut added = 0;
            for (key, bytes) in records::<K>(&block).flatten() {
                if !table.contains(key) {
                    continue;
                }
                let Some(state) = shared.space.read(bytes) else {
                    self.fail(shared, DiskFault::damaged(file));
                    break;
                };
                if max_states.is_some_and(|max| !shared.may_admit(max)) {
                    self.is_cut = true;
                    break;
                }
                added += 1;
                let parent = 0;
                self.keep(shared, level, Arrival { key, parent, state });
            }
            drop(table);
            shared.added(added);
        }
        self.finish(shared);
    }

    /// Hands over what is not a full chunk or a full block.
    fn finish<P>(&mut self, shared: &Shared<'_, P, K>)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        self.finish_chunk(shared);
        if let Some(spill) = shared.spill {
            let written = spill
                .write_tentative(self.tentative_batch, &mut self.tentative)
                .and_then(|()| spill.write_next(&mut self.spilled));
            if let Err(fault) = written {
                self.fail(shared, fault);
            }
        }
    }

    /// A file has failed: states may be lost.
    fn fail<P: Space>(&mut self, shared: &Shared<'_, P, K>, fault: DiskFault) {
        shared.fail(fault);
        self.is_cut = true;
    }

    fn expand<P>(
        &mut self,
        shared: &Shared<'_, P, K>,
        level: &Level<'_, S>,
        mut chunk: Chunk<S>,
        actions: &mut Vec<<P::Model as Model>::Action>,
    ) where
        P: Space,
        P::Model: Model<State = S>,
    {
        let model = shared.space.model();
        let (mut expanded, mut generated, mut beyond_boundary) = (0, 0_u64, 0);
        let granted = chunk.granted;
        while !self.is_cut {
            if shared.watch.is_halted() {
                self.is_cut = chunk.len() > 0;
                break;
            }
            let Some(node) = chunk.pull(shared.space) else {
                break;
            };
            let kinds = &mut self.kinds;
            shared.space.actions(&node.state, actions, kinds);
            let generated_before = generated;
            for action in actions.drain(..) {
                let kind =
                    (!self.kinds.is_empty()).then(|| shared.space.kind(&node.state, &action));
                let Some(mut state) = model.next_state(&node.state, action) else {
                    continue;
                };
                if !model.within_boundary(&state) {
                    beyond_boundary += 1;
                    continue;
                }
                generated += 1;
                if let Some(kind) = kind {
                    self.kinds[kind] += 1;
                }
                shared.space.prune(&mut state);
                self.batch.push(Arrival {
                    key: shared.space.fingerprint(&state),
                    parent: node.own,
                    state,
                });
            }
            self.count_out_degree(generated - generated_before);
            expanded += 1;
            if self.batch.len() >= BATCH_STATES {
                self.settle_batch(shared, level);
            }
        }
        if chunk.len() > 0 {
            level.queues.give_back(chunk);
        }
        let counts = shared.counts;
        counts.generated.fetch_add(generated, Ordering::Relaxed);
        for (count, all) in self.kinds.iter_mut().zip(&counts.kinds) {
            all.fetch_add(std::mem::take(count), Ordering::Relaxed);
        }
        counts.take_out_degrees(&mut self.out_degrees);
        counts
            .beyond_boundary
            .fetch_add(beyond_boundary, Ordering::Relaxed);
        counts.queue.fetch_sub(expanded, Ordering::Relaxed);
        if let Some(spill) = shared.spill {
            spill.expanded(granted);
        }
    }

    /// Counts a state that has so many transitions.
    fn count_out_degree(&mut self, transitions: u64) {
        let degree = usize::try_from(transitions).expect("they were all made, one by one");
        if degree >= self.out_degrees.len() {
            self.out_degrees.resize(degree + 1, 0);
        }
        self.out_degrees[degree] += 1;
    }

    /// Looks up what was generated, and keeps what is new. What is refused stays in the batch.
    fn settle_batch<P>(&mut self, shared: &Shared<'_, P, K>, level: &Level<'_, S>)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let max_states = shared.watch.limits().max_states;
        let mut batch = std::mem::take(&mut self.batch);
        let mut refused = Vec::new();
        while !batch.is_empty() {
            let table = shared.table.read();
            // `None`: the table holds all there is, so what is new to it is new.
            let disk_batch = shared.spill.and_then(|spill| spill.batch());
            self.probes.clear();
            self.probes
                .extend(batch.iter().map(|arrival| table.probe(arrival.key)));
            let (mut added, mut is_full) = (0, false);
            // In each round all lines are asked for first, and then looked at.
            while !batch.is_empty() && !is_full {
                let lines = batch.iter().zip(&self.probes);
                hint::black_box(lines.fold(0, |sum: u64, (arrival, probe)| {
                    sum.wrapping_add(table.touch(arrival.key, probe))
                }));
                let mut index = 0;
                while index < batch.len() {
                    let arrival = &batch[index];
                    let may_add = || {
                        disk_batch.is_some() || max_states.is_none_or(|max| shared.may_admit(max))
                    };
                    let probe = &mut self.probes[index];
                    let Some(admission) = table.admit(arrival.key, arrival.parent, probe, may_add)
                    else {
                        index += 1;
                        continue;
                    };
                    if admission == Admission::Full {
                        is_full = true;
                        break;
                    }
                    self.probes.swap_remove(index);
                    let arrival = batch.swap_remove(index);
                    match admission {
                        Admission::New => {
                            added += 1;
                            match disk_batch {
                                None => self.keep(shared, level, arrival),
                                Some(batch) => self.put_off(shared, batch, &arrival),
                            }
                        }
                        Admission::Refused => refused.push(arrival),
                        Admission::Seen | Admission::Full => {}
                    }
                }
            }
            if disk_batch.is_none() {
                shared.added(added);
            }
            let version = table.version();
            let is_crowded = table.note(added);
            drop(table);
            if (is_full || is_crowded)
                && let Err(fault) = shared.make_room(version)
            {
                self.fail(shared, fault);
                break;
            }
        }
        self.is_cut |= !refused.is_empty();
        self.batch = batch;
        self.batch.append(&mut refused);
    }

    /// Judges a new state and puts it into the next frontier.
    #[inline]
    fn keep<P>(&mut self, shared: &Shared<'_, P, K>, level: &Level<'_, S>, arrival: Arrival<S, K>)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        for &index in level.open {
            if settles(
                shared.space.model(),
                &shared.properties[index],
                &arrival.state,
            ) {
                let own = (shared.space.oddity(&arrival.state), arrival.key);
                let best = self.best[index].get_or_insert(own);
                *best = own.min(*best);
            }
        }
        if self.last.len() == 0 {
            let depth = &shared.counts.depth;
            depth.fetch_max(level.level, Ordering::Relaxed);
        }
        let own = arrival.key.as_parent();
        self.last.push(shared.space, arrival.state, own);
        if self.last.len() == CHUNK_STATES {
            self.finish_chunk(shared);
        }
    }

    /// Lets the last chunk wait, in memory if there is room for it.
    fn finish_chunk<P>(&mut self, shared: &Shared<'_, P, K>)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let Some(mut chunk) = self.last.finish(shared.space) else {
            return;
        };
        if let Some(spill) = shared.spill {
            if !spill.may_wait(chunk.bytes()) {
                while let Some(node) = chunk.pull(shared.space) {
                    let key = shared.space.fingerprint(&node.state);
                    self.spilled
                        .push::<K>(key, |bytes| shared.space.write(&node.state, bytes));
                }
                if self.spilled.is_full()
                    && let Err(fault) = spill.write_next(&mut self.spilled)
                {
                    self.fail(shared, fault);
                }
                return;
            }
            chunk.granted = chunk.bytes();
        }
        self.next.push(chunk);
    }

    /// Writes down a state that is new to the table, which does not hold all there is.
    fn put_off<P>(&mut self, shared: &Shared<'_, P, K>, batch: usize, arrival: &Arrival<S, K>)
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let Some(spill) = shared.spill else {
            return;
        };
        if (self.tentative_batch != batch || self.tentative.is_full())
            && let Err(fault) = spill.write_tentative(self.tentative_batch, &mut self.tentative)
        {
            return self.fail(shared, fault);
        }
        self.tentative_batch = batch;
        self.tentative.push(arrival.key, |bytes| {
            shared.space.write(&arrival.state, bytes);
        });
    }
}

/// The next states that wait on disk.
fn read_chunk<P: Space, K: Key>(
    shared: &Shared<'_, P, K>,
    level: &Level<'_, State<P>>,
    block: &mut Vec<u8>,
) -> Disk<Option<Chunk<State<P>>>> {
    let Some(file) = level.queues.read::<K>(block)? else {
        return Ok(None);
    };
    let mut chunk = Filling::new();
    for (key, bytes) in records::<K>(block).flatten() {
        let state = shared.space.read(bytes);
        let state = state.ok_or_else(|| DiskFault::damaged(file))?;
        chunk.push(shared.space, state, key.as_parent());
    }
    Ok(chunk.finish(shared.space))
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
