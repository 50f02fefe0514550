//! Many random runs, shared out to threads, with a result that does not depend on them.

use std::panic;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stateright::{Expectation, Model, Property};

use crate::error::Error;
use crate::limits::Until;
use crate::run::Cut;
use crate::simulate::{Pace, Seen, Simulation, wanderer};
use crate::trace::settles;

/// Runs that the threads share out before what they found is put in order.
const BATCH_RUNS: u64 = 256;
/// Steps of a run between two looks at the limits.
const LOOK_EVERY: u32 = 64;
/// Between two calls of `progress`.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What the threads share.
pub(crate) struct Sampler<'a, M: Model> {
    model: &'a M,
    simulation: &'a Simulation,
    properties: &'a [Property<M>],
    progress: &'a (dyn Fn(&Pace) + Sync),
    started: Instant,
    /// When `progress` was last called.
    told: Mutex<Duration>,
    runs: AtomicU64,
    steps: AtomicU64,
    /// Set once, by whoever first finds that it is time to end.
    cut: OnceLock<Cut>,
}

/// What is kept of one run.
struct Trail {
    run: u64,
    steps: u32,
    is_unfinished: bool,
    /// For each property: after how many steps it was first settled.
    settled: Vec<Option<u32>>,
}

/// What is kept of all runs.
#[derive(Default)]
pub(crate) struct Sample {
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    pub(crate) longest: u32,
    pub(crate) unfinished: u64,
    /// For each property: the first run that settled it, and after how many steps.
    pub(crate) first: Vec<Option<(u64, u32)>>,
    /// Whether what was to be found has been.
    is_satisfied: bool,
    pub(crate) cut: Option<Cut>,
}

/// Runs to be shared out.
struct Batch {
    next: AtomicU64,
    /// The first run after the batch.
    end: u64,
    /// The lowest run so far that found what was to be found: later ones need not be made.
    enough: AtomicU64,
    trails: Mutex<Vec<Trail>>,
}

impl<'a, M> Sampler<'a, M>
where
    M: Model + Sync,
    M::Action: Clone + PartialEq,
{
    pub(crate) fn new(
        model: &'a M,
        simulation: &'a Simulation,
        properties: &'a [Property<M>],
        progress: &'a (dyn Fn(&Pace) + Sync),
    ) -> Self {
        Self {
            model,
            simulation,
            properties,
            progress,
            started: Instant::now(),
            told: Mutex::default(),
            runs: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            cut: OnceLock::new(),
        }
    }

    /// Makes all runs, as far as they are needed.
    pub(crate) fn sample(&self) -> Sample {
        let mut sample = Sample {
            first: vec![None; self.properties.len()],
            ..Sample::default()
        };
        let (first, runs) = (self.simulation.first, self.simulation.runs);
        let last = first.saturating_add(runs);
        let mut from = first;
        self.look();
        while from < last && !sample.is_satisfied && !self.is_cut() {
            let end = last.min(from.saturating_add(BATCH_RUNS));
            for trail in self.batch(from, end) {
                self.note(&mut sample, &trail);
                if sample.is_satisfied {
                    from = trail.run + 1;
                    break;
                }
                from = end;
            }
        }
        let is_whole = sample.runs == from - first && (sample.is_satisfied || from == last);
        sample.cut = self.cut.get().cloned().filter(|_| !is_whole);
        sample
    }

    /// What became of these runs, in their order; without those that were cut or not needed.
    fn batch(&self, from: u64, end: u64) -> Vec<Trail> {
        let batch = Batch {
            next: AtomicU64::new(from),
            end,
            enough: AtomicU64::new(u64::MAX),
            trails: Mutex::default(),
        };
        thread::scope(|scope| {
            let helpers: Vec<_> = (1..self.simulation.threads.get())
                .map(|_| scope.spawn(|| self.work(&batch)))
                .collect();
            self.work(&batch);
            for helper in helpers {
                // The model's own words are worth more than "a scoped thread panicked".
                helper
                    .join()
                    .unwrap_or_else(|panic| panic::resume_unwind(panic));
            }
        });
        let mut trails = batch.trails.into_inner();
        trails.sort_unstable_by_key(|trail| trail.run);
        trails
    }

    fn work(&self, batch: &Batch) {
        loop {
            let run = batch.next.fetch_add(1, Ordering::Relaxed);
            if run >= batch.end || run > batch.enough.load(Ordering::Relaxed) {
                return;
            }
            let Some(trail) = self.run(run) else {
                return;
            };
            if self.satisfies(&trail) {
                batch.enough.fetch_min(run, Ordering::Relaxed);
            }
            batch.trails.lock().push(trail);
        }
    }

    /// One run. `None`: it was cut.
    fn run(&self, run: u64) -> Option<Trail> {
        let mut wanderer = wanderer(self.model, self.simulation, run)
            .expect("the first run has an initial state, and so has any other");
        let mut trail = Trail {
            run,
            steps: 0,
            is_unfinished: false,
            settled: vec![None; self.properties.len()],
        };
        loop {
            if trail.steps.is_multiple_of(LOOK_EVERY) {
                self.look();
            }
            if self.is_cut() {
                return None;
            }
            for (property, settled) in self.properties.iter().zip(&mut trail.settled) {
                if settled.is_none() && settles(self.model, property, &wanderer.state) {
                    *settled = Some(trail.steps);
                }
            }
            let Some((_, next)) = wanderer.choose() else {
                break;
            };
            trail.is_unfinished = trail.steps == self.simulation.steps_max;
            if trail.is_unfinished {
                break;
            }
            wanderer.state = next;
            trail.steps += 1;
        }
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.steps
            .fetch_add(u64::from(trail.steps), Ordering::Relaxed);
        Some(trail)
    }

    /// Makes a run once more, for what it did in its first steps, which settle the property.
    pub(crate) fn again(
        &self,
        run: u64,
        steps: u32,
        property: &Property<M>,
    ) -> Result<Seen<M::Action>, Error> {
        let walk = wanderer(self.model, self.simulation, run)?.walk(steps);
        let gone = walk.retrace(self.model, property, &mut 0);
        let step = gone.as_ref().map_or(0, |gone| gone.actions.len());
        match gone.is_some_and(|gone| gone == walk) {
            true => Ok(Seen { run, walk }),
            false => Err(Error::ModelNotDeterministic {
                property: property.name,
                step,
                steps: steps as usize,
            }),
        }
    }

    fn note(&self, sample: &mut Sample, trail: &Trail) {
        sample.runs += 1;
        sample.steps += u64::from(trail.steps);
        sample.longest = sample.longest.max(trail.steps);
        sample.unfinished += u64::from(trail.is_unfinished);
        for (first, settled) in sample.first.iter_mut().zip(&trail.settled) {
            *first = first.or(settled.map(|steps| (trail.run, steps)));
        }
        sample.is_satisfied = self.satisfies(trail);
    }

    /// Whether a run found what was to be found.
    fn satisfies(&self, trail: &Trail) -> bool {
        let mut settled = self
            .properties
            .iter()
            .zip(&trail.settled)
            .filter(|(_, settled)| settled.is_some());
        match self.simulation.until {
            Until::Exhausted => false,
            Until::Found(name) => settled.any(|(property, _)| property.name == name),
            Until::FirstViolation => {
                settled.any(|(property, _)| property.expectation == Expectation::Always)
            }
        }
    }

    fn is_cut(&self) -> bool {
        self.cut.get().is_some()
    }

    /// Looks at the limits, and tells how far it has come if that is due.
    fn look(&self) {
        if self.simulation.interrupt.load(Ordering::Relaxed) {
            self.cut.get_or_init(|| Cut::Interrupted);
        }
        let elapsed = self.started.elapsed();
        if let Some(timeout) = self.simulation.timeout
            && elapsed >= timeout
        {
            self.cut.get_or_init(|| Cut::Timeout(timeout));
        }
        if let Some(mut told) = self.told.try_lock()
            && elapsed >= *told + PROGRESS_EVERY
        {
            *told = elapsed;
            (self.progress)(&Pace {
                runs: self.runs.load(Ordering::Relaxed),
                steps: self.steps.load(Ordering::Relaxed),
                elapsed,
            });
        }
    }
}
