//! What says what can happen: one of the two that are compared.

use checker::{Ending, Limits, Progress, Reductions, Storage, Verdict};
use model::{Action, Expected, State, World};
use serde::{Deserialize, Serialize};
use stateright::{Expectation, Model as _};

use crate::Error;

/// One of the two that are compared: it says what can happen in a state.
pub trait Side {
    /// The state in which nothing has happened yet.
    ///
    /// # Errors
    /// If it cannot be asked.
    fn start(&mut self) -> Result<State, Error>;

    /// For each state, the actions that change it, least first, each with the state it leads to.
    ///
    /// # Errors
    /// If it cannot be asked.
    fn steps(&mut self, states: &[&State]) -> Result<Vec<Vec<Step>>, Error>;

    /// What comes of an action, in words: "saves promise 1.0; sends …"; nothing if it changes nothing.
    ///
    /// # Errors
    /// If it cannot be asked.
    fn told(&mut self, state: &State, action: Action) -> Result<Vec<String>, Error>;

    /// How large its world is, and what becomes of each property in it.
    ///
    /// # Errors
    /// If it cannot be asked, or its world cannot be explored.
    fn explored(
        &mut self,
        limits: &Limits,
        tell: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Explored, Error>;
}

/// Something that can happen, and the state it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// The state afterwards.
    pub next: State,
}

/// A world as a whole, without reductions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explored {
    /// How many states there are, or were seen before the cut.
    pub states: u64,
    /// How many steps the longest of the shortest ways to a state has.
    pub depth: u32,
    /// Why not everything was explored, in words; `None` if everything was.
    pub cut: Option<String>,
    /// One for each property, in the model's order.
    pub found: Vec<Found>,
}

/// What became of one property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its name.
    pub property: String,
    /// The verdict; `None` if nothing is known, since not everything was explored.
    pub verdict: Option<Expected>,
    /// The length of its shortest path, if it has one.
    pub steps: Option<usize>,
}

/// A World in this process.
#[derive(Clone, Debug)]
pub struct Here {
    world: World,
}

impl Here {
    /// A side that is this world.
    pub fn new(world: World) -> Here {
        Here { world }
    }
}

impl Side for Here {
    fn start(&mut self) -> Result<State, Error> {
        let mut starts = self.world.init_states();
        Ok(starts.remove(0))
    }

    fn steps(&mut self, states: &[&State]) -> Result<Vec<Vec<Step>>, Error> {
        Ok(states
            .iter()
            .map(|state| steps_of(&self.world, state))
            .collect())
    }

    fn told(&mut self, state: &State, action: Action) -> Result<Vec<String>, Error> {
        let happening = self.world.happening(state, action);
        let consequences = happening.consequences.iter();
        Ok(consequences.map(ToString::to_string).collect())
    }

    fn explored(
        &mut self,
        limits: &Limits,
        tell: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Explored, Error> {
        let storage = Storage::default();
        let run = model::explore(&self.world, Reductions::NONE, &storage, limits, tell)?;
        let found = run.findings.iter().map(|finding| {
            let is_witness = finding.expectation == Expectation::Sometimes;
            Found {
                property: finding.property.to_owned(),
                verdict: match &finding.verdict {
                    Verdict::Exhausted if is_witness => Some(Expected::Never),
                    Verdict::Exhausted => Some(Expected::Holds),
                    Verdict::Violated(_) => Some(Expected::Violated),
                    Verdict::Witnessed(_) => Some(Expected::Witnessed),
                    Verdict::Truncated(_) => None,
                },
                steps: finding
                    .verdict
                    .path()
                    .map(|path| path.clone().into_actions().len()),
            }
        });
        Ok(Explored {
            states: run.unique,
            depth: run.depth,
            cut: match run.ending {
                Ending::Exhausted => None,
                Ending::Truncated(cut) => Some(cut.to_string()),
            },
            found: found.collect(),
        })
    }
}

/// What can happen in a state of a world.
pub(crate) fn steps_of(world: &World, state: &State) -> Vec<Step> {
    let mut actions = Vec::new();
    world.actions(state, &mut actions);
    let step = |action| {
        let next = world.next_state(state, action)?;
        (next != *state).then_some(Step { action, next })
    };
    let mut steps: Vec<Step> = actions.into_iter().filter_map(step).collect();
    in_order(&mut steps);
    steps
}

/// Least action first, each once.
pub(crate) fn in_order(steps: &mut Vec<Step>) {
    steps.sort_by_key(|step| step.action);
    steps.dedup_by_key(|step| step.action);
}
