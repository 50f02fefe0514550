//! What all workers of a run share, and what they are handed for a level.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use crate::expander::Source;
use crate::folder::{Disk, DiskFault};
use crate::frontier::Queues;
use crate::key::Key;
use crate::limits::Estimate;
use crate::run::Cut;
use crate::spill::Spill;
use crate::table::Table;
use crate::watch::Watch;

/// The counts of a run, written by all workers.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) unique: AtomicU64,
    pub(crate) generated: AtomicU64,
    pub(crate) beyond_boundary: AtomicU64,
    pub(crate) queue: AtomicU64,
    /// For each kind of thing, how often it happened.
    pub(crate) kinds: Box<[AtomicU64]>,
    /// As [`Run::out_degrees`](crate::Run::out_degrees).
    out_degrees: Mutex<Vec<u64>>,
    pub(crate) depth: AtomicU32,
    /// How many states there will be, as of the last complete level.
    pub(crate) estimate: Mutex<Option<Estimate>>,
}

/// Counts at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) unique: u64,
    pub(crate) generated: u64,
    pub(crate) beyond_boundary: u64,
    pub(crate) queue: u64,
    pub(crate) depth: u32,
}

impl Counts {
    /// Counts that go on from there.
    pub(crate) fn from(counted: Counted, kinds: Vec<u64>, out_degrees: Vec<u64>) -> Self {
        Self {
            unique: counted.unique.into(),
            generated: counted.generated.into(),
            beyond_boundary: counted.beyond_boundary.into(),
            queue: counted.queue.into(),
            kinds: kinds.into_iter().map(AtomicU64::new).collect(),
            out_degrees: Mutex::new(out_degrees),
            depth: counted.depth.into(),
            estimate: Mutex::default(),
        }
    }

    pub(crate) fn kinds(&self) -> Vec<u64> {
        let kinds = self.kinds.iter();
        kinds.map(|count| count.load(Ordering::Relaxed)).collect()
    }

    pub(crate) fn out_degrees(&self) -> Vec<u64> {
        self.out_degrees.lock().clone()
    }

    /// Takes over what a worker has counted, and leaves it at 0.
    pub(crate) fn take_out_degrees(&self, counted: &mut [u64]) {
        let mut all = self.out_degrees.lock();
        let longer = all.len().max(counted.len());
        all.resize(longer, 0);
        for (sum, count) in all.iter_mut().zip(counted) {
            *sum += std::mem::take(count);
        }
    }

    pub(crate) fn loaded(&self) -> Counted {
        Counted {
            unique: self.unique.load(Ordering::Relaxed),
            generated: self.generated.load(Ordering::Relaxed),
            beyond_boundary: self.beyond_boundary.load(Ordering::Relaxed),
            queue: self.queue.load(Ordering::Relaxed),
            depth: self.depth.load(Ordering::Relaxed),
        }
    }
}

/// What all workers of a run share.
pub(crate) struct Shared<'a, K> {
    pub(crate) source: &'a dyn Source<K>,
    /// Read to look up and to add, written to grow.
    pub(crate) table: &'a RwLock<Table<K>>,
    pub(crate) counts: &'a Counts,
    pub(crate) watch: &'a Watch,
    /// What goes to disk. `None`: nothing.
    pub(crate) spill: Option<&'a Spill<K>>,
    /// The first file that failed, after which states are lost.
    pub(crate) fault: OnceLock<DiskFault>,
}

impl<K: Key> Shared<'_, K> {
    /// Counts one more unique state, or halts the run if that would be one too many. Asked only if there is
    /// a limit, since all threads write to one place here.
    pub(crate) fn may_admit(&self, max: u64) -> bool {
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

    /// Counts new states, unless each was counted when it was let in.
    pub(crate) fn added(&self, added: u64) {
        if added > 0 {
            self.counts.queue.fetch_add(added, Ordering::Relaxed);
            if self.watch.limits().max_states.is_none() {
                self.counts.unique.fetch_add(added, Ordering::Relaxed);
            }
        }
    }

    /// Makes room in the table, unless another thread has done so since it had this version.
    pub(crate) fn make_room(&self, version: u64) -> Disk<()> {
        let mut table = self.table.write();
        if table.version() != version {
            return Ok(());
        }
        match self.spill {
            Some(spill) if !spill.may_grow_to(table.grown_bytes()) => spill.flush(&mut table),
            Some(_) | None => {
                table.grow(self.watch.limits().threads.get());
                Ok(())
            }
        }
    }

    /// A file has failed: ends the run.
    pub(crate) fn fail(&self, fault: DiskFault) {
        self.fault.get_or_init(|| fault);
        self.watch.halt(Cut::Disk(fault));
    }
}

/// One level's work.
pub(crate) struct Level<'a> {
    /// The level being built, one more than that of the states in the queue.
    pub(crate) level: u32,
    /// Properties without a path so far, by index. The others need not be judged any more.
    pub(crate) open: &'a [usize],
    /// The states to expand.
    pub(crate) queues: Queues,
}
