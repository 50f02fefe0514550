//! The own engine: breadth-first, one level after the other, many threads, one result.
//!
//! A level is complete before the next one is begun, so the first path found is a shortest one. Where
//! there is a choice, it is made by the smallest fingerprint among all candidates of the level, and
//! not by who came first: of several parents, of several states that settle a property and that the
//! caller likes equally well. That makes the result the same for every number of threads.

use std::hash::Hash;
use std::panic;
use std::sync::atomic::Ordering;
use std::thread;

use stateright::{Expectation, Model, Property};

use crate::error::Error;
use crate::limits::{Limits, Progress, Until};
use crate::run::{Cut, Ending, Finding, Run, Verdict};
use crate::trace;
use crate::visited::{Fingerprint, Visited};
use crate::watch::{Watch, watched};
use crate::worker::{CHUNK_STATES, Chunks, Counts, Level, Shared, Worker};

/// Explores a model breadth-first and says what was found, and whether everything was seen.
///
/// `progress` is called about every 100 ms and once at the end, always from one other thread, and
/// never again after this returns.
///
/// Counts, findings and paths are the same for every number of threads and in every run, unless the
/// run is cut within a level (by states, memory, time or interrupt). Also then every path reported is a
/// shortest one, but which of several equally short ones is no longer determined.
///
/// # Errors
///
/// See [`Error`]: the model's properties or initial states cannot be worked with, or the model is not
/// deterministic. The model has to change.
///
/// # Panics
///
/// When the model or `progress` panics; the other threads are ended first.
pub fn explore<M>(
    model: &M,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Model + Sync,
    M::State: Hash + PartialEq + Send,
    M::Action: Clone + PartialEq,
{
    explore_preferring(model, &|_| 0, limits, progress)
}

/// As [`explore`]; of the equally short paths that show a property, one that ends in a state with
/// the least `oddity`. With the number of crashes so far, say, no crash is told that the story can
/// do without.
///
/// # Errors
///
/// As [`explore`].
///
/// # Panics
///
/// As [`explore`].
pub fn explore_preferring<M>(
    model: &M,
    oddity: &(dyn Fn(&M::State) -> u64 + Sync),
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Model + Sync,
    M::State: Hash + PartialEq + Send,
    M::Action: Clone + PartialEq,
{
    let properties = accepted_properties(model, limits)?;
    let (visited, counts) = (Visited::new(), Counts::default());
    let watch = Watch::start(limits)?;
    let shared = Shared {
        model,
        oddity,
        properties: &properties,
        visited: &visited,
        counts: &counts,
        watch: &watch,
    };
    let initial = initial_states(&shared)?;
    let snapshot = || Progress {
        unique: counts.unique.load(Ordering::Relaxed),
        generated: counts.generated.load(Ordering::Relaxed),
        depth: counts.depth.load(Ordering::Relaxed),
        queue: counts.queue.load(Ordering::Relaxed),
        elapsed: watch.elapsed(),
    };
    let mut search = Search::new(&shared);
    let ending = watched(&watch, snapshot, progress, || search.run(initial));
    let found = search.found;

    let mut findings = Vec::with_capacity(properties.len());
    for (property, target) in properties.iter().zip(found) {
        let path = target
            .map(|target| trace::rebuild(model, &visited, property, target))
            .transpose()?;
        findings.push(Finding {
            property: property.name,
            expectation: property.expectation.clone(),
            verdict: Verdict::of(&property.expectation, path, ending),
        });
    }
    Ok(Run {
        ending,
        unique: counts.unique.into_inner(),
        generated: counts.generated.into_inner(),
        depth: counts.depth.into_inner(),
        beyond_boundary: counts.beyond_boundary.into_inner(),
        findings,
    })
}

/// The model's properties, if every engine can be honest about them.
pub(crate) fn accepted_properties<M: Model>(
    model: &M,
    limits: &Limits,
) -> Result<Vec<Property<M>>, Error> {
    let properties = model.properties();
    for (index, property) in properties.iter().enumerate() {
        if property.expectation == Expectation::Eventually {
            return Err(Error::Eventually(property.name));
        }
        if properties[..index]
            .iter()
            .any(|earlier| earlier.name == property.name)
        {
            return Err(Error::DuplicateProperty(property.name));
        }
    }
    match limits.until {
        Until::Found(name) if properties.iter().all(|property| property.name != name) => {
            Err(Error::UnknownProperty(name))
        }
        Until::Found(_) | Until::Exhausted | Until::FirstViolation => Ok(properties),
    }
}

/// The initial states within the boundary, in the model's order, with repeats.
fn initial_states<M: Model>(shared: &Shared<'_, M>) -> Result<Vec<M::State>, Error> {
    let mut states = shared.model.init_states();
    let all = states.len();
    states.retain(|state| shared.model.within_boundary(state));
    if states.is_empty() {
        return Err(Error::NoInitialState);
    }
    shared
        .counts
        .generated
        .fetch_add(states.len() as u64, Ordering::Relaxed);
    shared
        .counts
        .beyond_boundary
        .fetch_add((all - states.len()) as u64, Ordering::Relaxed);
    Ok(states)
}

/// The search, level by level.
struct Search<'a, M: Model> {
    shared: &'a Shared<'a, M>,
    workers: Vec<Worker<M::State>>,
    /// For each property: the state that its path ends in. Set at the end of the first level that has
    /// one. `None`: not found so far.
    found: Vec<Option<Fingerprint>>,
}

impl<'a, M> Search<'a, M>
where
    M: Model + Sync,
    M::State: Hash + Send,
{
    fn new(shared: &'a Shared<'a, M>) -> Self {
        let properties = shared.properties.len();
        let threads = shared.watch.limits().threads.get();
        Self {
            shared,
            workers: (0..threads)
                .map(|index| Worker::new(index, properties))
                .collect(),
            found: vec![None; properties],
        }
    }

    fn run(&mut self, initial: Vec<M::State>) -> Ending {
        let open = self.open();
        let seeds = Level::new(0, &open, vec![Vec::new()]);
        for state in initial {
            self.workers[0].arrive(self.shared, &seeds, 0, state);
        }
        // The queue is empty: this only hands over what has arrived.
        self.workers[0].build(self.shared, &seeds);

        let mut level = 0;
        loop {
            let (frontiers, is_cut) = self.gather();
            if is_cut {
                return self.truncated();
            }
            if frontiers.iter().all(Vec::is_empty) {
                return Ending::Exhausted;
            }
            if self.is_satisfied() {
                self.shared.watch.halt(Cut::Found);
                return self.truncated();
            }
            level += 1;
            self.build(level, frontiers);
        }
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

    /// Lets the workers build a level: all of them if there is enough to do, else the first one in this
    /// thread, because a thread costs more to start than a chunk to expand.
    fn build(&mut self, level: u32, frontiers: Vec<Chunks<M::State>>) {
        let open = self.open();
        let states: usize = frontiers.iter().flatten().map(Vec::len).sum();
        let helpers = states.div_ceil(CHUNK_STATES).min(self.workers.len()) - 1;
        let level = Level::new(level, &open, frontiers);
        let (shared, level) = (self.shared, &level);
        let (first, others) = self.workers.split_first_mut().expect("at least one thread");
        if helpers == 0 {
            return first.build(shared, level);
        }
        thread::scope(|scope| {
            let handles: Vec<_> = others[..helpers]
                .iter_mut()
                .map(|worker| scope.spawn(|| worker.build(shared, level)))
                .collect();
            first.build(shared, level);
            for handle in handles {
                // The model's own words are worth more than "a scoped thread panicked".
                handle
                    .join()
                    .unwrap_or_else(|panic| panic::resume_unwind(panic));
            }
        });
    }

    /// Takes from the workers what they gathered: the next frontier, each worker's part of it in chunks, and
    /// whether anything was left undone.
    fn gather(&mut self) -> (Vec<Chunks<M::State>>, bool) {
        let mut frontiers = Vec::with_capacity(self.workers.len());
        let mut is_cut = false;
        for worker in &mut self.workers {
            frontiers.push(std::mem::take(&mut worker.next));
            is_cut |= worker.is_cut;
        }
        for index in self.open() {
            self.found[index] = self
                .workers
                .iter()
                .filter_map(|worker| worker.best[index])
                .min()
                .map(|(_, fingerprint)| fingerprint);
        }
        (frontiers, is_cut)
    }

    fn is_satisfied(&self) -> bool {
        let mut found = self
            .shared
            .properties
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
