//! Who explores what.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use checker::{Limits, Reductions, Run, Verdict};
use model::{Actors, Compiled, Plan, Scenario, World, properties};
use stateright::{Checker, Model};

use crate::judged::Judged;
use crate::turn::{Counted, Turn};

/// A checker and the form of the model it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// This workspace's engine on the compiled World, with so many threads.
    Own { threads: NonZeroUsize },
    /// This workspace's engine on the World as it is.
    OwnPlain,
    /// stateright's breadth-first checker on the same World.
    StaterightBfs,
    /// stateright's depth-first checker on the same World.
    StaterightDfs,
    /// stateright's breadth-first checker on the same nodes as its own actors.
    ActorsBfs,
}

const ONE: NonZeroUsize = NonZeroUsize::MIN;

const ALL: [(&str, Contestant); 6] = [
    ("own-1", Contestant::Own { threads: ONE }),
    (
        "own-2",
        Contestant::Own {
            threads: ONE.saturating_add(1),
        },
    ),
    ("own-plain", Contestant::OwnPlain),
    ("stateright-bfs", Contestant::StaterightBfs),
    ("stateright-dfs", Contestant::StaterightDfs),
    ("actors-bfs", Contestant::ActorsBfs),
];

impl Contestant {
    /// The contestant of this name.
    pub(crate) fn named(wanted: &str) -> Result<Contestant, String> {
        ALL.iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, contestant)| *contestant)
            .ok_or_else(|| {
                format!(
                    "there is no contestant `{wanted}`; there are {}",
                    Contestant::names()
                )
            })
    }

    /// All names.
    pub(crate) fn names() -> String {
        ALL.map(|(name, _)| name).join(", ")
    }

    fn name(self) -> &'static str {
        ALL.iter()
            .find(|(_, contestant)| *contestant == self)
            .map_or("", |(name, _)| name)
    }

    /// Explores a scenario in full. To read it is not measured, to compile it is.
    ///
    /// # Errors
    /// In words, if there is no such scenario, if the contestant cannot explore it, or if agreement is
    /// found violated.
    pub(crate) fn explore(self, file: &str) -> Result<Turn, String> {
        let scenario = Scenario::read(Path::new(file)).map_err(|problem| problem.to_string())?;
        let name = scenario.name.clone();
        let world = World::new(Arc::new(scenario))?;
        let judged = |world| Judged::by(properties::agreement, world);
        match self {
            Contestant::Own { threads } => {
                let limits = Limits {
                    threads,
                    ..Limits::default()
                };
                let explore = || compile_and_explore(world, &limits);
                Turn::of(self.name(), &name, explore, Clone::clone)
            }
            Contestant::OwnPlain => {
                let model = judged(world);
                let explore = || checker::explore(&model, &Limits::default(), &|_| {});
                Turn::of(self.name(), &name, explore, counted_by_own)
            }
            Contestant::StaterightBfs => {
                let checker = judged(world).checker().threads(1);
                Turn::of(self.name(), &name, || checker.spawn_bfs().join(), counted)
            }
            Contestant::StaterightDfs => {
                let checker = judged(world).checker().threads(1);
                Turn::of(self.name(), &name, || checker.spawn_dfs().join(), counted)
            }
            Contestant::ActorsBfs => {
                let actors =
                    Actors::new(&world).ok_or("stateright's actors cannot express this world")?;
                let checker = actors.checker().threads(1);
                Turn::of(self.name(), &name, || checker.spawn_bfs().join(), counted)
            }
        }
    }
}

/// Compiles a world and explores it. Compiling is measured: without it there is nothing to explore.
fn compile_and_explore(world: World, limits: &Limits) -> Result<Counted, String> {
    let plan = Plan::new(world)?;
    match plan.words() {
        0..=2 => explore_compiled::<2>(plan, limits),
        3 => explore_compiled::<3>(plan, limits),
        4 => explore_compiled::<4>(plan, limits),
        5 => explore_compiled::<5>(plan, limits),
        6 => explore_compiled::<6>(plan, limits),
        words => Err(format!(
            "its states take {words} words, and this program knows up to 6"
        )),
    }
}

fn explore_compiled<const W: usize>(plan: Plan, limits: &Limits) -> Result<Counted, String> {
    let compiled: Compiled<W> = plan.compile();
    let properties = compiled.properties();
    let agreement = properties.iter().find(|one| one.name == "agreement");
    let agreement = agreement.ok_or("the tables do not know agreement")?;
    let model = Judged::by(agreement.condition, compiled);
    let run = checker::explore_offering(&model, Reductions::NONE, limits, &|_| {});
    counted_by_own(&run)
}

/// What this workspace's engine has counted.
fn counted_by_own<S, A>(found: &Result<Run<S, A>, checker::Error>) -> Result<Counted, String> {
    let run = found.as_ref().map_err(|problem| problem.to_string())?;
    let mut verdicts = run.findings.iter().map(|finding| &finding.verdict);
    if !verdicts.all(|verdict| matches!(verdict, Verdict::Exhausted)) {
        return Err(NO_MEASURE.to_owned());
    }
    Ok(Counted {
        states: run.unique,
        generated: run.generated,
    })
}

/// What a checker of stateright's has counted.
fn counted<M>(checker: &impl Checker<M>) -> Result<Counted, String>
where
    M: Model,
    M::Action: Clone + PartialEq,
    M::State: Clone + Hash + PartialEq,
{
    if !checker.is_done() || !checker.discoveries().is_empty() {
        return Err(NO_MEASURE.to_owned());
    }
    Ok(Counted {
        states: checker.unique_state_count() as u64,
        generated: checker.state_count() as u64,
    })
}

const NO_MEASURE: &str =
    "the run did not end, or agreement is violated: it is no measure of the whole graph";
