//! When to stop before everything has been explored, and what is told meanwhile.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// When to stop before everything has been explored. The default is: never, with one thread.
///
/// Every limit that takes effect shows in the result as [`Ending::Truncated`](crate::Ending::Truncated).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Threads that expand states. The result of [`explore`](crate::explore) does not depend on it.
    pub threads: NonZeroUsize,
    /// Unique states. A space of exactly this size is explored in full and not cut. The own engine
    /// never counts more; stateright's breadth-first and depth-first engines stop expanding at this
    /// number but count the successors seen by then. For a simulation: states visited, with repeats.
    pub max_states: Option<u64>,
    /// Bytes of the resident set of the whole process, looked at every few hundredths of a second.
    pub max_memory: Option<u64>,
    /// Wall time of the exploration; rebuilding the paths found is not counted.
    pub timeout: Option<Duration>,
    /// Set to `true` by anyone (a signal handler) to end the exploration soon.
    pub interrupt: Arc<AtomicBool>,
    /// What, once found, makes further exploration pointless.
    pub until: Until,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            threads: NonZeroUsize::MIN,
            max_states: None,
            max_memory: None,
            timeout: None,
            interrupt: Arc::new(AtomicBool::new(false)),
            until: Until::Exhausted,
        }
    }
}

/// What, once found, makes further exploration pointless.
///
/// The own engine judges this when a level is complete, so that the path it stops with is the same
/// for every number of threads. stateright's engines stop at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Nothing: go on to the end.
    Exhausted,
    /// A path for the property of this name.
    Found(&'static str),
    /// A violation of any always-property.
    FirstViolation,
}

/// How far an exploration has come. The numbers are read while others write them: each is right
/// for about now, and they need not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// As [`Run::unique`](crate::Run::unique).
    pub unique: u64,
    /// As [`Run::generated`](crate::Run::generated).
    pub generated: u64,
    /// As [`Run::depth`](crate::Run::depth).
    pub depth: u32,
    /// States seen but not yet expanded. A simulation has none.
    pub queue: u64,
    /// Wall time since the start.
    pub elapsed: Duration,
    /// Bytes of the resident set of the whole process; 0 if the system does not tell.
    pub memory: u64,
    /// How many states there will be in all. `None`: nothing can be said so far.
    pub estimate: Option<Estimate>,
}

/// How many unique states there will be in all, guessed from how levels have grown so far. Told only if the guesses of
/// some levels agree within a factor of ten: which they mostly do not before the widest level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// As few as this are likely.
    pub low: u64,
    /// As many as this are likely.
    pub high: u64,
}
