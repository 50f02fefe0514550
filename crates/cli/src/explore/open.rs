//! One world as the explorer's page asks for it: its states, their pictures, and what a checker makes of it.
//!
//! This is the interface of stateright's own explorer, served by ourselves. Its server binds a port of its own for each
//! world and never lets go of it, ends when a browser goes away in the middle of an answer, draws every picture
//! at each click, and infers what holds in a state instead of looking. Here a state is evaluated, one picture is
//! drawn, and the checker behind is stateright's with an end to it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use checker::{Engine, Limits, Progress, Run, Verdict};
use model::properties::{ALL, CAN_DECIDE, Known};
use model::{Action, State, World};
use serde::Serialize;
use stateright::{Expectation, Model as _, Path, Property};

use super::place::Place;
use crate::print;

/// How many states stateright's checker may visit: it takes about a kilobyte for each.
const STATES_MAX: u64 = 300_000;

/// An opened world.
pub(crate) struct Open {
    pub(crate) place: Place,
    pub(crate) world: Arc<World>,
    check: Arc<Mutex<Check>>,
    /// Set when nobody asks for this world any more.
    stop: Arc<AtomicBool>,
}

/// What stateright's checker has come to.
enum Check {
    NotRun,
    Running(Option<Progress>),
    Done(Box<Run<State, Action>>),
    Failed(String),
}

/// One state that can come next.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    action: Option<String>,
    outcome: Option<String>,
    state: String,
    /// Its place among the actions: what paths are made of.
    action_index: usize,
    /// What is expected of each property, its name, and whether it is true in this very state.
    properties: Vec<(String, &'static str, bool)>,
}

/// A property that a path breaks, and why.
#[derive(Serialize)]
pub(crate) struct Broken {
    property: &'static str,
    /// None if those before have told it all.
    sentences: Vec<String>,
}

/// What is known of the whole world.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    model: String,
    about: String,
    /// How far stateright's checker is, in words.
    progress: String,
    can_run: bool,
    is_running: bool,
    properties: Vec<Judged>,
}

/// What the checker found of one property.
#[derive(Serialize)]
struct Judged {
    name: &'static str,
    verdict: String,
    /// The class that the verdict is coloured by.
    tone: &'static str,
    path: Option<String>,
}

impl Open {
    pub(crate) fn new(place: Place, world: World) -> Open {
        Open {
            place,
            world: Arc::new(world.with_diagram(report::diagram)),
            check: Arc::new(Mutex::new(Check::NotRun)),
            stop: Arc::new(AtomicBool::new(false)),
        }
    }

    /// What can come next after the path of these actions, by their places; the first is of an initial state.
    ///
    /// # Errors
    /// In words, if there is no such path.
    pub(crate) fn next(&self, indices: &[usize]) -> Result<Vec<View>, String> {
        let world = &*self.world;
        if indices.is_empty() {
            let states = world.init_states().into_iter().enumerate();
            return Ok(states
                .map(|(index, state)| self.view(index, None, None, &state))
                .collect());
        }
        let (last, _) = self.walk(indices)?;
        let mut actions = Vec::new();
        world.actions(&last, &mut actions);
        let views = actions
            .into_iter()
            .enumerate()
            .filter_map(|(index, action)| {
                // What would change nothing is no choice.
                let next = world.next_state(&last, action)?;
                let outcome = world.format_step(&last, action);
                Some(self.view(index, Some(world.format_action(&action)), outcome, &next))
            });
        Ok(views.collect())
    }

    fn view(
        &self,
        action_index: usize,
        action: Option<String>,
        outcome: Option<String>,
        state: &State,
    ) -> View {
        let mark = |property: Property<World>| {
            let is_true = (property.condition)(&self.world, state);
            (
                format!("{:?}", property.expectation),
                property.name,
                is_true,
            )
        };
        View {
            action,
            outcome,
            state: format!("{state:#?}"),
            action_index,
            properties: self.properties().map(mark).collect(),
        }
    }

    /// What can be evaluated in a state: what is judged there, and in worlds without end, whether it is decided.
    fn properties(&self) -> impl Iterator<Item = Property<World>> {
        let scenario = self.world.scenario();
        let judged = ALL.iter().filter(|known| !known.is_excluded(scenario));
        let live = Known::of(scenario).iter().filter(|known| known.is_live());
        let decided = live.take(1).map(|known| Property {
            expectation: Expectation::Eventually,
            ..known.property()
        });
        judged.map(Known::property).chain(decided)
    }

    /// The path of these actions as a picture.
    ///
    /// # Errors
    /// In words, if there is no such path.
    pub(crate) fn picture(&self, indices: &[usize]) -> Result<String, String> {
        let path = self.path(indices)?;
        Ok(self.world.as_svg(path).unwrap_or_default())
    }

    /// Why the last state of the path of these actions breaks what it breaks, the properties that matter most first; what
    /// one has told the next does not tell again.
    ///
    /// # Errors
    /// In words, if there is no such path.
    pub(crate) fn why(&self, indices: &[usize]) -> Result<Vec<Broken>, String> {
        let path = self.path(indices)?;
        let mut told = HashSet::new();
        let judged = ALL
            .iter()
            .filter(|known| !known.is_excluded(self.world.scenario()));
        let broken = judged.filter_map(|known| {
            let why = report::why(&self.world, &path, known.name)?;
            let sentences = why.sentences.into_iter();
            Some(Broken {
                property: known.name,
                sentences: sentences.filter(|one| told.insert(one.clone())).collect(),
            })
        });
        Ok(broken.collect())
    }

    fn path(&self, indices: &[usize]) -> Result<Path<State, Action>, String> {
        let (_, actions) = self.walk(indices)?;
        let start = self.world.init_states().into_iter().nth(indices[0]);
        let path = start.and_then(|start| Path::from_actions(&*self.world, start, &actions));
        path.ok_or("the path cannot be walked again".to_owned())
    }

    /// The state after the path of these actions, and the actions.
    fn walk(&self, indices: &[usize]) -> Result<(State, Vec<Action>), String> {
        let (first, rest) = indices.split_first().ok_or("a path begins with a state")?;
        let mut state = self.world.init_states().into_iter().nth(*first);
        let mut taken = Vec::new();
        for (index, step) in rest.iter().zip(1..) {
            let before = state.ok_or_else(|| no_step(step - 1))?;
            let mut actions = Vec::new();
            self.world.actions(&before, &mut actions);
            let action = actions.get(*index).copied().ok_or_else(|| no_step(step))?;
            state = self.world.next_state(&before, action);
            taken.push(action);
        }
        Ok((state.ok_or_else(|| no_step(rest.len()))?, taken))
    }

    /// How stateright's checker comes along.
    pub(crate) fn status(&self) -> Status {
        let check = self.check.lock().unwrap_or_else(PoisonError::into_inner);
        let (progress, can_run) = match &*check {
            Check::NotRun => (
                "not run yet: states are made as they are looked at".to_owned(),
                true,
            ),
            Check::Running(progress) => {
                let unique = progress.map_or(0, |progress| progress.unique);
                (
                    format!("running: {} states so far", print::number(unique)),
                    false,
                )
            }
            Check::Done(run) => {
                let (states, depth) = (print::number(run.unique), run.depth);
                (
                    format!("{}: {states} states, {depth} deep", run.ending),
                    false,
                )
            }
            Check::Failed(why) => (why.clone(), true),
        };
        let scenario = self.world.scenario();
        let fault = self.place.mutant.map_or(String::new(), |mutant| {
            format!(". The fault: {}", mutant.fault().trim())
        });
        Status {
            model: self.place.to_string(),
            about: format!("{}{fault}", scenario.title),
            progress,
            can_run,
            is_running: matches!(*check, Check::Running(_)),
            properties: match scenario.endless {
                Some(_) => Known::of(scenario)
                    .iter()
                    .map(|one| self.judged(one, &Check::NotRun))
                    .collect(),
                None => {
                    let judged = ALL.iter().filter(|known| !known.is_excluded(scenario));
                    judged
                        .chain(Known::named(CAN_DECIDE))
                        .map(|known| self.judged(known, &check))
                        .collect()
                }
            },
        }
    }

    fn judged(&self, known: &'static Known, check: &Check) -> Judged {
        let mut judged = Judged {
            name: known.name,
            verdict: String::new(),
            tone: "quiet",
            path: None,
        };
        let Check::Done(run) = check else {
            return judged;
        };
        let Some(finding) = run.finding(known.name) else {
            return judged;
        };
        let steps = |path: &Path<State, Action>| path.clone().into_actions().len();
        (judged.verdict, judged.tone) = match &finding.verdict {
            Verdict::Exhausted if known.is_invariant() => ("holds".to_owned(), "good"),
            Verdict::Exhausted => ("never".to_owned(), "quiet"),
            Verdict::Violated(path) => (format!("violated in {} steps", steps(path)), "bad"),
            Verdict::Witnessed(path) => (format!("witnessed in {} steps", steps(path)), "good"),
            Verdict::Truncated(cut) => (format!("unknown: {cut}"), "doubt"),
        };
        judged.path = finding.verdict.path().map(|path| path.encode(&*self.world));
        judged
    }

    /// Lets stateright's checker visit every state, in a thread of its own; `busy` is set as long as it does.
    ///
    /// # Errors
    /// In words, if it runs already, here or elsewhere.
    pub(crate) fn run_to_completion(&self, busy: &Arc<AtomicBool>) -> Result<(), String> {
        let mut check = self.check.lock().unwrap_or_else(PoisonError::into_inner);
        match *check {
            Check::NotRun | Check::Failed(_) => {}
            Check::Running(_) | Check::Done(_) => return Ok(()),
        }
        if busy.swap(true, Ordering::AcqRel) {
            return Err("another world is being searched: wait until that is done".to_owned());
        }
        *check = Check::Running(None);
        let (world, told) = (Arc::clone(&self.world), Arc::clone(&self.check));
        let limits = Limits {
            threads: std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN),
            max_states: Some(STATES_MAX),
            interrupt: Arc::clone(&self.stop),
            ..Limits::default()
        };
        let busy = Busy(Arc::clone(busy));
        let work = move || {
            let _busy = busy;
            let note = |check| *told.lock().unwrap_or_else(PoisonError::into_inner) = check;
            let tell = |progress: &Progress| note(Check::Running(Some(*progress)));
            note(
                match model::as_it_is::explore_with(Engine::StaterightBfs, world, &limits, &tell) {
                    Ok(run) => Check::Done(Box::new(run)),
                    Err(error) => Check::Failed(error.to_string()),
                },
            );
        };
        let named = std::thread::Builder::new().name("checker".to_owned());
        if let Err(error) = named.spawn(work) {
            *check = Check::Failed(format!("no thread can be started: {error}"));
        }
        Ok(())
    }
}

/// Set as long as there is one.
struct Busy(Arc<AtomicBool>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn no_step(step: usize) -> String {
    format!("there is no such path: its step {step} cannot be taken")
}
