//! The search, level by level.

use std::sync::OnceLock;
use std::time::Instant;
use std::{panic, thread};

use parking_lot::RwLock;
use stateright::Expectation;

use crate::error::Error;
use crate::expander::Source;
use crate::folder::Disk;
use crate::frontier::{CHUNK_STATES, Frontier, Queues};
use crate::growth;
use crate::key::Key;
use crate::limits::{Limits, Progress, Until};
use crate::line::OLD;
use crate::resuming::{Start, resumed};
use crate::run::{Cut, Ending, Run};
use crate::saving::{Moment, Saver};
use crate::shared::{Counts, Level, Shared};
use crate::spill::{Room, SeenIn, Spill};
use crate::states::{StatesFile, StatesReader};
use crate::storage::Storage;
use crate::store::Store;
use crate::table::Table;
use crate::trace::{self, Retrace};
use crate::watch::{Watch, resident_bytes, watched};
use crate::worker::Worker;

/// Work for which it pays to start another thread.
const HELPER_NS_MIN: u64 = 100_000;

/// Where the path for a property ends, and how many steps it has.
#[derive(Clone, Copy)]
pub(crate) struct Target<K> {
    pub(crate) key: K,
    pub(crate) level: u32,
}

/// Explores a source, with fingerprints of this width. `room`: what may be in memory, if not what follows from the
/// limits. The run has no findings: for each property, whether there is a path, and `retrace` was given it.
pub(crate) fn search<K: Key>(
    source: &dyn Source<K>,
    limits: &Limits,
    storage: &Storage,
    room: Option<Room>,
    progress: &(dyn Fn(&Progress) + Sync),
    retrace: &mut Retrace<'_, K>,
) -> Result<Run<(), ()>, Error> {
    let store = Store::open(source, limits, storage, room)?;
    let spill = store.spill.as_ref();
    let table_bytes = spill.map_or(u64::MAX, |spill: &Spill<K>| spill.room().table);
    let mut table = Table::new(limits.threads.get() == 1, table_bytes);
    let start = match &store.resume {
        Some((manifest, folder)) => resumed(source, manifest, folder, &mut table, spill)?,
        None => Start::initial(source)?,
    };

    let (table, counts) = (
        RwLock::new(table),
        Counts::from(
            start.counted,
            start.kinds.clone(),
            start.out_degrees.clone(),
        ),
    );
    let watch = Watch::start(limits, store.is_capped)?;
    let shared = Shared {
        source,
        table: &table,
        counts: &counts,
        watch: &watch,
        spill,
        fault: OnceLock::new(),
    };
    let snapshot = || {
        let counted = counts.loaded();
        Progress {
            unique: counted.unique,
            generated: counted.generated,
            depth: counted.depth,
            queue: counted.queue,
            elapsed: watch.elapsed(),
            memory: resident_bytes().unwrap_or(0),
            estimate: *counts.estimate.lock(),
        }
    };
    let mut search = Search::new(&shared, store.saver);
    let ending = watched(&watch, snapshot, progress, || search.run(start));
    let (found, sizes) = (search.found, search.sizes);
    if let Some(refusal) = source.refusal() {
        return Err(Error::Refused(refusal));
    }

    let table = &*table.read();
    let seen = SeenIn { table, spill };
    let reductions = source.reductions();
    for (place, (property, target)) in source.properties().iter().zip(found).enumerate() {
        if let Some(target) = target {
            trace::rebuild(&seen, (place, property.name), target, reductions, retrace)?;
        }
    }
    let counted = counts.loaded();
    Ok(Run {
        ending,
        reductions,
        refused: Vec::new(),
        fingerprint: storage.fingerprint,
        unique: counted.unique,
        generated: counted.generated,
        depth: counted.depth,
        beyond_boundary: counted.beyond_boundary,
        levels: levels(sizes, counted.unique),
        out_degrees: counts.out_degrees(),
        kinds: source.kinds().iter().copied().zip(counts.kinds()).collect(),
        findings: Vec::new(),
    })
}

/// How many states each level has. `sizes` are those of complete levels; what is beyond them is the level that was cut.
fn levels(mut sizes: Vec<u64>, unique: u64) -> Vec<u64> {
    let complete: u64 = sizes.iter().sum();
    sizes.push(unique.saturating_sub(complete));
    // The last complete level of a whole run is the one on which nothing was new.
    while sizes.last() == Some(&0) {
        sizes.pop();
    }
    sizes
}

struct Search<'a, K: Key> {
    shared: &'a Shared<'a, K>,
    workers: Vec<Worker<'a, K>>,
    /// For each property: the state that its path ends in. Set at the end of the first level that has
    /// one. `None`: not found so far.
    found: Vec<Option<Target<K>>>,
    /// New states of each level so far.
    sizes: Vec<u64>,
    /// States of the next frontier on disk.
    next_files: Vec<StatesFile>,
    /// `None`: no checkpoints are written.
    saver: Option<Saver>,
    /// What it took to expand a state of the last level, by one thread.
    state_ns: u64,
}

/// How a worker treats what is in the queue.
#[derive(Clone, Copy)]
enum Task {
    /// It looks for what the states lead to.
    Expand,
    /// It takes what is new of them.
    Sift,
}

impl<'a, K: Key> Search<'a, K> {
    fn new(shared: &'a Shared<'a, K>, saver: Option<Saver>) -> Self {
        let threads = shared.watch.limits().threads.get();
        Self {
            shared,
            workers: (0..threads)
                .map(|index| Worker::new(index, shared.source))
                .collect(),
            found: vec![None; shared.source.properties().len()],
            sizes: Vec::new(),
            next_files: Vec::new(),
            saver,
            state_ns: 0,
        }
    }

    fn run(&mut self, start: Start<'a, K>) -> Ending {
        self.levels(start)
            .unwrap_or_else(|fault| Ending::Truncated(Cut::Disk(fault)))
    }

    /// Builds level after level. A fault: states may be lost, and the last checkpoint stays.
    fn levels(&mut self, start: Start<'a, K>) -> Disk<Ending> {
        self.found = start.found;
        self.sizes = start.sizes;
        self.next_files = start.next;
        self.workers[0].best = start.best;
        self.workers[0].batch = start.pending;
        self.workers[0].expander = start.expander;
        let mut level = start.level;
        let mut frontier = Frontier::on_disk(start.frontier);
        loop {
            let left = self.build(level, frontier, Task::Expand)?;
            if self.is_cut() {
                self.save_within(level, &left)?;
                self.gather(level);
                return Ok(self.truncated());
            }
            if let Some(spill) = self.shared.spill {
                spill.discard(left.files.done.iter().map(|file| &file.place));
                if spill.is_external() {
                    self.settle_level(level, &left)?;
                }
            }
            frontier = self.gather(level);
            if self.is_cut() {
                return Ok(self.truncated());
            }
            if self.shared.source.refusal().is_some() {
                // What was found so far means nothing, and is not saved.
                return Ok(Ending::Truncated(Cut::Found));
            }
            self.sizes.push(frontier.len());
            *self.shared.counts.estimate.lock() = growth::estimate(&self.sizes);
            let ending = if frontier.len() == 0 {
                Some(Ending::Exhausted)
            } else if self.is_satisfied() {
                self.shared.watch.halt(Cut::Found);
                Some(self.truncated())
            } else {
                None
            };
            level += 1;
            self.save_between(level, &frontier, ending.is_some())?;
            if let Some(ending) = ending {
                return Ok(ending);
            }
            self.shared.table.write().next_level();
        }
    }

    /// Finds out which of a level's tentative states are new, and takes them.
    fn settle_level(&mut self, level: u32, left: &Frontier) -> Disk<()> {
        let shared = self.shared;
        let Some(spill) = shared.spill else {
            return Ok(());
        };
        let tentative = spill.flush_batch(&mut shared.table.write())?;
        let unique = shared.counts.loaded().unique;
        if let Some(max) = shared.watch.limits().max_states
            && unique + tentative > max
        {
            // If they are too many, some of them will be taken and some not: that cannot be resumed.
            self.save_within(level, left)?;
        }
        for survivors in spill.settle()? {
            {
                let mut table = shared.table.write();
                let mut cursor = survivors.keys.cursor()?;
                while let Some((key, parent)) = cursor.next()? {
                    table.restore(key, parent, OLD);
                }
            }
            if !self.is_cut() {
                let states = StatesReader::new(survivors.states);
                let sifted = self.build(level, Frontier::on_disk(states), Task::Sift)?;
                spill.discard(sifted.files.done.iter().map(|file| &file.place));
            }
            spill.discard([&survivors.keys.place]);
            shared.table.write().clear();
        }
        Ok(())
    }

    /// Writes a checkpoint of a level that is not complete.
    fn save_within(&mut self, level: u32, left: &Frontier) -> Disk<()> {
        let Some(saver) = &mut self.saver else {
            return Ok(());
        };
        self.next_files
            .extend(self.shared.spill.and_then(Spill::take_next));
        let best = |index: usize| best_of(&self.workers, index);
        saver.save(
            self.shared,
            &Moment {
                level,
                is_between: false,
                found: &self.found,
                best: (0..self.found.len()).map(best).collect(),
                sizes: &self.sizes,
                frontier: left,
                next: self
                    .workers
                    .iter()
                    .flat_map(|worker| &worker.next)
                    .collect(),
                next_files: &self.next_files,
                pending: self
                    .workers
                    .iter()
                    .map(|worker| (&*worker.expander, &*worker.batch))
                    .collect(),
            },
        )
    }

    /// Writes a checkpoint of a level that is about to be built, if one is due.
    fn save_between(&mut self, level: u32, frontier: &Frontier, is_last: bool) -> Disk<()> {
        let Some(saver) = self
            .saver
            .as_mut()
            .filter(|saver| is_last || saver.is_due())
        else {
            return Ok(());
        };
        saver.save(
            self.shared,
            &Moment {
                level,
                is_between: true,
                found: &self.found,
                best: vec![None; self.found.len()],
                sizes: &self.sizes,
                frontier,
                next: Vec::new(),
                next_files: &[],
                pending: Vec::new(),
            },
        )
    }

    /// Whether anything was left undone.
    fn is_cut(&self) -> bool {
        self.workers.iter().any(|worker| worker.is_cut)
    }

    fn truncated(&self) -> Ending {
        Ending::Truncated(
            self.shared
                .watch
                .cut()
                .expect("a worker stops early only when the run is halted"),
        )
    }

    /// Properties without a path so far.
    fn open(&self) -> Vec<usize> {
        (0..self.found.len())
            .filter(|&index| self.found[index].is_none())
            .collect()
    }

    /// Lets the workers deal with a frontier: as many of them as there is work for, the first one in this thread.
    /// Gives what they left of it.
    fn build(&mut self, level: u32, frontier: Frontier, task: Task) -> Disk<Frontier> {
        let open = self.open();
        let states = frontier.len();
        let helpers = self.helpers(states);
        let level = Level {
            level,
            open: &open,
            queues: Queues::new(frontier),
        };
        let (shared, at) = (self.shared, &level);
        let work = |worker: &mut Worker<'a, K>| match task {
            Task::Expand => worker.build(shared, at),
            Task::Sift => worker.sift(shared, at),
        };
        let (first, others) = self.workers.split_first_mut().expect("at least one thread");
        let started = Instant::now();
        thread::scope(|scope| {
            let handles: Vec<_> = others[..helpers]
                .iter_mut()
                .map(|worker| scope.spawn(|| work(worker)))
                .collect();
            work(first);
            for handle in handles {
                // The model's own words are worth more than "a scoped thread panicked".
                handle
                    .join()
                    .unwrap_or_else(|panic| panic::resume_unwind(panic));
            }
        });
        let took = started.elapsed().as_nanos() as u64 * (helpers as u64 + 1);
        self.state_ns = took / states.max(1);
        match shared.fault.get() {
            Some(fault) => Err(*fault),
            None => Ok(level.queues.into_frontier()),
        }
    }

    /// How many threads to start for so many states.
    fn helpers(&self, states: u64) -> usize {
        let worth = states.saturating_mul(self.state_ns) / HELPER_NS_MIN;
        let chunks = states.div_ceil(CHUNK_STATES as u64).max(1) - 1;
        let helpers = chunks.min(worth).min(self.workers.len() as u64 - 1);
        usize::try_from(helpers).expect("less than there are workers")
    }

    /// Takes from the workers what they gathered of a level: the next frontier, and where paths end.
    fn gather(&mut self, level: u32) -> Frontier {
        self.next_files
            .extend(self.shared.spill.and_then(Spill::take_next));
        for index in self.open() {
            self.found[index] = best_of(&self.workers, index).map(|(_, key)| Target { key, level });
        }
        let chunks = self.workers.iter_mut();
        Frontier {
            chunks: chunks
                .map(|worker| std::mem::take(&mut worker.next))
                .collect(),
            files: StatesReader::new(std::mem::take(&mut self.next_files)),
        }
    }

    fn is_satisfied(&self) -> bool {
        let mut found = self
            .shared
            .source
            .properties()
            .iter()
            .zip(&self.found)
            .filter(|(_, found)| found.is_some());
        match self.shared.watch.limits().until {
            Until::Exhausted => false,
            Until::Found(name) => found.any(|(property, _)| property.name == name),
            Until::FirstViolation => {
                found.any(|(property, _)| property.expectation == Expectation::Always)
            }
        }
    }
}

/// The least odd end of a path for a property that any worker found on the level being built.
fn best_of<K: Key>(workers: &[Worker<'_, K>], property: usize) -> Option<(u64, K)> {
    workers
        .iter()
        .filter_map(|worker| worker.best[property])
        .min()
}
