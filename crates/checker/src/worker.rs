//! One thread's share of a level: expand states, look up what they lead to, judge what is new.

use std::hint;
use std::sync::atomic::Ordering;

use crate::expander::{Arrival, Expander, Source, Tally};
use crate::folder::{Disk, DiskFault};
use crate::frontier::{CHUNK_STATES, Chunk, Filling};
use crate::key::Key;
use crate::shared::{Level, Shared};
use crate::states::{Block, records};
use crate::table::{Admission, Probe};
use crate::watch::HaltOnPanic;

/// States that are generated before any of them is looked up: their places in the table are fetched from
/// memory all at once.
const BATCH_STATES: usize = 48;

/// What one worker gathers while a level is built, until the next is begun.
pub(crate) struct Worker<'a, K> {
    /// Its place among the workers.
    index: usize,
    /// What has the states of the batch.
    pub(crate) expander: Box<dyn Expander<K> + 'a>,
    /// What was generated and not looked up so far. Between levels: what was refused.
    pub(crate) batch: Vec<Arrival<K>>,
    /// Where the states of the batch are looked for.
    probes: Vec<Probe>,
    /// New states of the level being built, in full chunks.
    pub(crate) next: Vec<Chunk>,
    /// The chunk being filled.
    last: Filling,
    /// For each property: of the new states that settle it, the least oddity, and the smallest
    /// fingerprint that has it.
    pub(crate) best: Vec<Option<(u64, K)>>,
    /// Tentative states, and the batch they belong to: see [`Spill`](crate::spill::Spill).
    tentative: Block,
    tentative_batch: usize,
    /// New states for which there is no room in memory.
    spilled: Block,
    /// What was counted of the chunk being expanded.
    tally: Tally,
    /// How many states of that chunk had so many transitions.
    out_degrees: Vec<u64>,
    /// Whether any state or arrival was left undone.
    pub(crate) is_cut: bool,
}

impl<'a, K: Key> Worker<'a, K> {
    pub(crate) fn new(index: usize, source: &'a dyn Source<K>) -> Self {
        let tally = Tally {
            generated: 0,
            beyond_boundary: 0,
            kinds: vec![0; source.kinds().len()],
        };
        Self {
            index,
            expander: source.expander(),
            batch: Vec::with_capacity(BATCH_STATES),
            probes: Vec::with_capacity(BATCH_STATES),
            next: Vec::new(),
            last: Filling::new(source.can_write()),
            best: vec![None; source.properties().len()],
            tentative: Block::default(),
            tentative_batch: 0,
            spilled: Block::default(),
            tally,
            out_degrees: Vec::new(),
            is_cut: false,
        }
    }

    /// Expands chunks until the queue is empty or the run is halted.
    pub(crate) fn build(&mut self, shared: &Shared<'_, K>, level: &Level<'_>) {
        let _halt = HaltOnPanic(shared.watch);
        let mut block = Vec::new();
        while !self.is_cut {
            shared.watch.look();
            let chunk = match level.queues.take(self.index) {
                Some(chunk) => Ok(Some(chunk)),
                None => self.read_chunk(level, &mut block),
            };
            match chunk {
                Ok(Some(chunk)) => self.expand(shared, level, chunk),
                Ok(None) => break,
                Err(fault) => self.fail(shared, fault),
            }
        }
        self.settle_batch(shared, level);
        self.finish(shared);
    }

    /// Takes what is new of the states in the queue: those whose fingerprints the table has.
    pub(crate) fn sift(&mut self, shared: &Shared<'_, K>, level: &Level<'_>) {
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
                let Some(slot) = self.expander.read(bytes) else {
                    self.fail(shared, DiskFault::damaged(file));
                    break;
                };
                if max_states.is_some_and(|max| !shared.may_admit(max)) {
                    self.is_cut = true;
                    break;
                }
                added += 1;
                let parent = 0;
                self.keep(shared, level, &Arrival { key, parent, slot });
            }
            drop(table);
            self.expander.clear();
            shared.added(added);
        }
        self.finish(shared);
    }

    /// Hands over what is not a full chunk or a full block.
    fn finish(&mut self, shared: &Shared<'_, K>) {
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
    fn fail(&mut self, shared: &Shared<'_, K>, fault: DiskFault) {
        shared.fail(fault);
        self.is_cut = true;
    }

    fn expand(&mut self, shared: &Shared<'_, K>, level: &Level<'_>, mut chunk: Chunk) {
        let (mut expanded, mut generated) = (0, 0);
        let granted = chunk.granted;
        while !self.is_cut {
            if shared.watch.is_halted() {
                self.is_cut = chunk.len() > 0;
                break;
            }
            let Some((own, waiting)) = chunk.pull() else {
                break;
            };
            self.expander
                .expand(waiting, own, &mut self.tally, &mut self.batch);
            let transitions = std::mem::take(&mut self.tally.generated);
            generated += transitions;
            self.count_out_degree(transitions);
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
        for (count, all) in self.tally.kinds.iter_mut().zip(&counts.kinds) {
            all.fetch_add(std::mem::take(count), Ordering::Relaxed);
        }
        counts.take_out_degrees(&mut self.out_degrees);
        let beyond_boundary = std::mem::take(&mut self.tally.beyond_boundary);
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
    fn settle_batch(&mut self, shared: &Shared<'_, K>, level: &Level<'_>) {
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
                                None => self.keep(shared, level, &arrival),
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
        if self.batch.is_empty() {
            self.expander.clear();
        }
    }

    /// Judges a new state and puts it into the next frontier.
    #[inline]
    fn keep(&mut self, shared: &Shared<'_, K>, level: &Level<'_>, arrival: &Arrival<K>) {
        self.expander.judge(arrival, level.open, &mut self.best);
        if self.last.len() == 0 {
            let depth = &shared.counts.depth;
            depth.fetch_max(level.level, Ordering::Relaxed);
        }
        let own = arrival.key.as_parent();
        self.last.push(&mut *self.expander, arrival.slot, own);
        if self.last.len() == CHUNK_STATES {
            self.finish_chunk(shared);
        }
    }

    /// Lets the last chunk wait, in memory if there is room for it.
    fn finish_chunk(&mut self, shared: &Shared<'_, K>) {
        let Some(mut chunk) = self.last.finish(&mut *self.expander) else {
            return;
        };
        if let Some(spill) = shared.spill {
            if !spill.may_wait(chunk.bytes()) {
                chunk.for_each_packed(|bytes| {
                    let key = self.expander.key(bytes);
                    let key = key.expect("a state reads what it wrote");
                    self.spilled.push(key, |to| to.extend_from_slice(bytes));
                });
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
    fn put_off(&mut self, shared: &Shared<'_, K>, batch: usize, arrival: &Arrival<K>) {
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
            self.expander.write(arrival.slot, bytes);
        });
    }

    /// The next states that wait on disk.
    fn read_chunk(&mut self, level: &Level<'_>, block: &mut Vec<u8>) -> Disk<Option<Chunk>> {
        let Some(file) = level.queues.read::<K>(block)? else {
            return Ok(None);
        };
        let mut chunk = Filling::new(true);
        for (key, bytes) in records::<K>(block).flatten() {
            if self.expander.key(bytes).is_none() {
                return Err(DiskFault::damaged(file));
            }
            chunk.push_written(key.as_parent(), |to| to.extend_from_slice(bytes));
        }
        Ok(chunk.finish(&mut *self.expander))
    }
}
