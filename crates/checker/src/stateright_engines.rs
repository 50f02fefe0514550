//! stateright's own checkers behind the same verdicts.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use stateright::{Checker, HasDiscoveries, Model, Path, Property, UniformChooser};

use crate::bfs::accepted_properties;
use crate::error::Error;
use crate::guarded::{Guarded, HALTED, Notes, PROPERTIES_MAX};
use crate::limits::{Limits, Progress};
use crate::offers::Fingerprint;
use crate::reductions::Reductions;
use crate::run::{Cut, Ending, Finding, Run, Verdict};
use crate::storage::Width;
use crate::trace::settles;
use crate::watch::{Watch, resident_bytes, watched};

/// The seed of the random walks: with one thread a simulation limited by states is repeatable.
const SEED: u64 = 0;

/// How stateright is to walk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Bfs,
    Dfs,
    Simulation,
}

/// Explores with one of stateright's checkers, see [`explore_with`](crate::explore_with).
pub(crate) fn explore_by_stateright<M>(
    strategy: Strategy,
    model: Arc<M>,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + PartialEq + 'static,
{
    let properties = accepted_properties(&*model, limits)?;
    if properties.len() > PROPERTIES_MAX {
        return Err(Error::TooManyProperties {
            got: properties.len(),
            max: PROPERTIES_MAX,
        });
    }
    if strategy == Strategy::Simulation && limits.max_states.is_none() && limits.timeout.is_none() {
        return Err(Error::Endless);
    }
    let initial = Initial::of(&*model)?;
    let session = Session {
        strategy,
        initial,
        watch: Arc::new(Watch::start(limits, false)?),
        notes: Arc::new(Notes::default()),
        properties: properties.clone(),
        model: Arc::clone(&model),
    };
    let guarded = Guarded {
        inner: model,
        inner_properties: properties,
        watch: Arc::clone(&session.watch),
        notes: Arc::clone(&session.notes),
        is_walk: strategy == Strategy::Simulation,
    };
    let builder = guarded
        .checker()
        .threads(limits.threads.get())
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([HALTED])));
    match strategy {
        Strategy::Bfs => session.conduct(builder.spawn_bfs(), progress),
        Strategy::Dfs => session.conduct(builder.spawn_dfs(), progress),
        Strategy::Simulation => {
            session.conduct(builder.spawn_simulation(SEED, UniformChooser), progress)
        }
    }
}

/// The initial states that stateright does not get to see: what to add to its counts.
struct Initial {
    repeats: u64,
    beyond_boundary: u64,
}

impl Initial {
    fn of<M: Model>(model: &M) -> Result<Self, Error>
    where
        M::State: Hash,
    {
        let mut states = model.init_states();
        let all = states.len();
        states.retain(|state| model.within_boundary(state));
        if states.is_empty() {
            return Err(Error::NoInitialState);
        }
        let unique: BTreeSet<_> = states.iter().map(u64::of).collect();
        Ok(Self {
            repeats: (states.len() - unique.len()) as u64,
            beyond_boundary: (all - states.len()) as u64,
        })
    }
}

type Findings<M> = Vec<Finding<<M as Model>::State, <M as Model>::Action>>;

/// One run of one of stateright's checkers.
struct Session<M: Model> {
    strategy: Strategy,
    initial: Initial,
    watch: Arc<Watch>,
    notes: Arc<Notes>,
    properties: Vec<Property<M>>,
    model: Arc<M>,
}

impl<M> Session<M>
where
    M: Model,
    M::State: Clone + Hash + PartialEq,
    M::Action: Clone + PartialEq,
{
    /// Waits for a checker that has been started, and reads its result.
    fn conduct(
        &self,
        mut checker: impl Checker<Guarded<M>> + Sync,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Run<M::State, M::Action>, Error>
    where
        M: Send + Sync,
    {
        let handles = checker.handles();
        watched(
            &self.watch,
            || self.snapshot(&checker),
            progress,
            || {
                for handle in handles {
                    handle
                        .join()
                        .unwrap_or_else(|panic| panic::resume_unwind(panic));
                }
            },
        );
        self.notes.is_replay.store(true, Ordering::Release);
        let ending = self.ending();
        let last = self.snapshot(&checker);
        Ok(Run {
            reductions: Reductions::NONE,
            refused: Vec::new(),
            ending,
            fingerprint: Width::Bits64,
            unique: last.unique,
            generated: last.generated,
            depth: last.depth,
            beyond_boundary: self.notes.beyond_boundary.load(Ordering::Relaxed)
                + self.initial.beyond_boundary,
            levels: Vec::new(),
            out_degrees: Vec::new(),
            kinds: Vec::new(),
            findings: self.findings(checker.discoveries(), ending)?,
        })
    }

    fn snapshot(&self, checker: &impl Checker<Guarded<M>>) -> Progress {
        let unique = checker.unique_state_count() as u64;
        let expanded = self.notes.expanded.load(Ordering::Relaxed);
        // Breadth- and depth-first count the initial state as one step.
        let (steps_too_many, repeats, queue) = match self.strategy {
            Strategy::Bfs | Strategy::Dfs => {
                (1, self.initial.repeats, unique.saturating_sub(expanded))
            }
            Strategy::Simulation => (0, 0, 0),
        };
        Progress {
            unique,
            generated: checker.state_count() as u64 + repeats,
            depth: u32::try_from(checker.max_depth().saturating_sub(steps_too_many))
                .unwrap_or(u32::MAX),
            queue,
            elapsed: self.watch.elapsed(),
            memory: resident_bytes().unwrap_or(0),
            estimate: None,
        }
    }

    fn ending(&self) -> Ending {
        let is_cut = self.notes.is_cut.load(Ordering::Acquire);
        match (self.strategy, self.watch.cut()) {
            // Its states and its time are what a simulation was given to spend, not a mishap.
            (Strategy::Simulation, None | Some(Cut::MaxStates(_) | Cut::Timeout(_))) => {
                Ending::Truncated(Cut::Sampled)
            }
            (Strategy::Simulation, Some(cut)) => Ending::Truncated(cut),
            (Strategy::Bfs | Strategy::Dfs, Some(cut)) if is_cut => Ending::Truncated(cut),
            // A limit reached when everything had been seen already cuts nothing.
            (Strategy::Bfs | Strategy::Dfs, _) => Ending::Exhausted,
        }
    }

    /// The verdicts. stateright's word for a path is not taken: its last state has to settle the property.
    fn findings(
        &self,
        mut discoveries: HashMap<&'static str, Path<M::State, M::Action>>,
        ending: Ending,
    ) -> Result<Findings<M>, Error> {
        let finding = |property: &Property<M>| {
            let path = discoveries.remove(property.name);
            if let Some(path) = &path
                && !settles(&*self.model, property, path.last_state())
            {
                let steps = path.clone().into_actions().len();
                return Err(Error::ModelNotDeterministic {
                    property: property.name,
                    step: steps,
                    steps,
                });
            }
            Ok(Finding {
                property: property.name,
                expectation: property.expectation.clone(),
                verdict: Verdict::of(&property.expectation, path, ending),
            })
        };
        self.properties.iter().map(finding).collect()
    }
}
