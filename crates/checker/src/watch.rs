//! The one place that decides to stop early, and the thread that keeps an eye on it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::limits::{Limits, Progress};
use crate::run::Cut;

/// How often memory is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How many ticks lie between two calls of `progress`.
const TICKS_PER_PROGRESS: u32 = 5;

/// Whether to stop, and why. Shared by all threads of one run; the first reason stays.
pub(crate) struct Watch {
    limits: Limits,
    started: Instant,
    /// Set once, by whoever first finds a limit reached. Empty: nothing was cut.
    cut: OnceLock<Cut>,
    /// The same as a flag that costs nothing to read for every state.
    halted: AtomicBool,
}

impl Watch {
    /// Starts the clock, and looks at every limit once, so that a limit reached from the start cuts
    /// no matter how small the space is.
    ///
    /// `is_capped`: the limit of memory is kept by other means than a cut.
    pub(crate) fn start(limits: &Limits, is_capped: bool) -> Result<Self, Error> {
        if limits.max_memory.is_some() && resident_bytes().is_none() {
            return Err(Error::MemoryUnknown);
        }
        let watch = Self {
            limits: Limits {
                max_memory: limits.max_memory.filter(|_| !is_capped),
                ..limits.clone()
            },
            started: Instant::now(),
            cut: OnceLock::new(),
            halted: AtomicBool::new(false),
        };
        watch.look();
        watch.look_at_memory();
        Ok(watch)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn is_halted(&self) -> bool {
        // Acquire: whoever sees the flag also sees the reason.
        self.halted.load(Ordering::Acquire)
    }

    /// Why the run was halted, if it was.
    pub(crate) fn cut(&self) -> Option<Cut> {
        self.cut.get().copied()
    }

    /// Tells all threads to stop. Only the first reason is kept.
    pub(crate) fn halt(&self, cut: Cut) {
        self.cut.get_or_init(|| cut);
        self.halted.store(true, Ordering::Release);
    }

    /// Looks at the limits that cost little: the caller's flag and the clock.
    pub(crate) fn look(&self) {
        if self.limits.interrupt.load(Ordering::Relaxed) {
            self.halt(Cut::Interrupted);
        }
        if let Some(timeout) = self.limits.timeout
            && self.elapsed() >= timeout
        {
            self.halt(Cut::Timeout(timeout));
        }
    }

    fn look_at_memory(&self) {
        if let Some(max) = self.limits.max_memory
            && resident_bytes().is_some_and(|bytes| bytes > max)
        {
            self.halt(Cut::MaxMemory(max));
        }
    }
}

/// Bytes of the resident set of this process, if the system tells.
pub(crate) fn resident_bytes() -> Option<u64> {
    memory_stats::memory_stats().and_then(|stats| u64::try_from(stats.physical_mem).ok())
}

/// Halts the run when dropped by a panic, so that the other threads do not work on for nothing.
pub(crate) struct HaltOnPanic<'a>(pub(crate) &'a Watch);

impl Drop for HaltOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.halt(Cut::Interrupted);
        }
    }
}

/// Does `work` while a second thread looks at the limits and reports progress: about every 100 ms,
/// and once when the work is done. The second thread has ended when this returns or panics.
pub(crate) fn watched<R>(
    watch: &Watch,
    snapshot: impl Fn() -> Progress + Sync,
    progress: &(dyn Fn(&Progress) + Sync),
    work: impl FnOnce() -> R,
) -> R {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let monitor = scope.spawn(|| {
            let _halt = HaltOnPanic(watch);
            let mut ticks: u32 = 0;
            while !done.load(Ordering::Acquire) {
                thread::park_timeout(TICK);
                watch.look();
                watch.look_at_memory();
                ticks += 1;
                if ticks.is_multiple_of(TICKS_PER_PROGRESS) && !done.load(Ordering::Acquire) {
                    progress(&snapshot());
                }
            }
            progress(&snapshot());
        });
        let _finished = Finished {
            done: &done,
            monitor: monitor.thread().clone(),
        };
        work()
    })
}

/// Ends the monitor when the work returns, and also when it panics.
struct Finished<'a> {
    done: &'a AtomicBool,
    monitor: thread::Thread,
}

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
        self.monitor.unpark();
    }
}
