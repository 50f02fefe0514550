//! Exploring a world in the form that is fastest for it.

use std::sync::{Arc, OnceLock};

use checker::{
    Error, Fingerprint, Graph, Limits, Offers, Progress, Reduction, Reductions, Refusal, Refused,
    Run, SizeEstimate, Storage,
};
use stateright::{Model, Path, Property};

use crate::compiled::{Asking, Beyond};
use crate::properties::CAN_DECIDE;
use crate::{Action, Compiled, Event, Kind, Move, Plan, State, World};

/// Explores a world: [`Compiled`] if it can be, else as it is. The paths are paths of the World, and the
/// states are counted as the reductions leave them.
///
/// [`Reductions::ALL`] means all that the scenario allows, [`Run::reductions`](checker::Run) tells which; of any others
/// the scenario has to allow each. What tables and reductions take for granted of the core is asked of the core; where it is not so,
/// they are not used, and [`Run::refused`](checker::Run) says why.
///
/// # Errors
/// As [`checker::explore_stored`]; and [`Error::AnswersDiffer`] if a node is no function of its state.
pub fn explore(
    world: &World,
    reductions: Reductions,
    storage: &Storage,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<State, Action>, Error> {
    explore_with(
        Asking::Everything,
        world,
        reductions,
        storage,
        limits,
        progress,
    )
}

/// As [`explore`].
pub(crate) fn explore_with(
    asking: Asking,
    world: &World,
    reductions: Reductions,
    storage: &Storage,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<State, Action>, Error> {
    let task = Explore {
        asking,
        question: None,
        reductions,
        storage,
        limits,
        progress,
    };
    in_best_form(world, &task)
}

/// About how many states a world has under these reductions, from a sample: see [`checker::estimate_size`].
///
/// # Errors
/// As [`checker::estimate_size`].
pub fn estimate(world: &World, reductions: Reductions) -> Result<SizeEstimate, Error> {
    in_best_form(world, &Estimate { reductions })
}

/// The graph of a world in that form: see [`checker::graph()`].
pub(crate) fn graph(
    world: &World,
    reductions: Reductions,
    is_idle_told: bool,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Graph, Error> {
    let task = Draw {
        reductions,
        is_idle_told,
        limits,
        progress,
    };
    in_best_form(world, &task)
}

/// Whether something is true of every state of a world, under those of these reductions that it offers. No other property is looked
/// at.
pub(crate) fn on_every_state(
    world: &World,
    reductions: Reductions,
    is_well: StatePredicate,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<State, Action>, Error> {
    let task = Explore {
        asking: Asking::Everything,
        question: Some(is_well),
        reductions,
        storage: &Storage::default(),
        limits,
        progress,
    };
    in_best_form(world, &task)
}

/// What is asked of every state in place of the properties.
pub(crate) type StatePredicate = Arc<dyn Fn(&State) -> bool + Send + Sync>;

/// How many states are expanded to estimate the number of all.
const EFFORT: u64 = 200_000;
/// Any number will do, as long as it is always the same.
const SEED: u64 = 1;

/// How often tables are made again with what nodes were found to do beyond their roles.
const BEYOND_MAX: usize = 24;

/// What is done to a world, whatever form it has.
trait Task {
    type Done;

    /// What is asked for.
    fn reductions(&self) -> Reductions;

    /// Whether what was begun is kept in a folder, so that it cannot begin again with something else.
    fn is_kept(&self) -> bool {
        false
    }

    /// Whether the core is asked for what is taken for granted of it.
    fn asking(&self) -> Asking {
        Asking::Everything
    }

    /// What is asked in place of the properties. A form takes it in, so that exploring for it needs no machine code of its own.
    fn question(&self) -> Option<StatePredicate> {
        None
    }

    /// Does it, without the reductions that are `denied`. `path` gives a path of the form as one of the World; `None` if there is
    /// none.
    fn on<M>(
        &self,
        model: &M,
        denied: &[Refusal],
        path: impl Fn(Path<M::State, M::Action>) -> Option<Path<State, Action>>,
    ) -> Result<Self::Done, Error>
    where
        M: Offers + Sync,
        M::State: PartialEq + Send + Sync + 'static,
        M::Action: Clone + PartialEq + Send;
}

/// Does a task on the form that is fastest, of those whose premises hold for the core at hand.
fn in_best_form<T: Task>(world: &World, task: &T) -> Result<T::Done, Error> {
    let question = task.question();
    let as_it_is = |denied: &[Refusal]| match &question {
        None => task.on(world, denied, Some),
        Some(question) => {
            let asked = Asked { world, question };
            task.on(&asked, denied, |path| {
                let actions = path.into_actions();
                let start = world.init_states().remove(0);
                Path::from_actions(world, start, &actions)
            })
        }
    };
    let mut denied: Vec<Refusal> = Vec::new();
    let mut beyond = Beyond::default();
    let mut attempts = 0;
    loop {
        let on = without(task.reductions(), &denied);
        let Ok(plan) = Plan::asking(world.clone(), &beyond, task.asking(), on) else {
            return as_it_is(&denied);
        };
        let tables = plan.tables();
        let plan = plan.with_question(question.clone());
        // Each width is machine code of its own, so there are few.
        let done = match plan.words() {
            0..=4 => on_compiled(task, &denied, &plan.compile::<4>()),
            5..=6 => on_compiled(task, &denied, &plan.compile::<6>()),
            7..=10 => on_compiled(task, &denied, &plan.compile::<10>()),
            11..=20 => on_compiled(task, &denied, &plan.compile::<20>()),
            _ => return as_it_is(&denied),
        };
        let refusal = match done {
            Err(Error::Refused(refusal)) => refusal,
            done => return done,
        };
        if let Some(place) = tables.premises.what_differs() {
            return Err(Error::AnswersDiffer(place));
        }
        if task.is_kept() {
            return Err(Error::Refused(refusal));
        }
        attempts += 1;
        let is_news = beyond.add(tables.premises.beyond());
        match refusal.what {
            Refused::Form if is_news && attempts < BEYOND_MAX => {}
            Refused::Form => {
                denied.push(refusal);
                return as_it_is(&denied);
            }
            Refused::Reduction(_) => denied.push(refusal),
        }
    }
}

fn on_compiled<T: Task, const W: usize>(
    task: &T,
    denied: &[Refusal],
    compiled: &Compiled<W>,
) -> Result<T::Done, Error> {
    let path = |path: Path<_, Move>| compiled.path(&path.into_actions()).ok();
    task.on(compiled, denied, path)
}

/// What is left of these reductions.
fn without(reductions: Reductions, denied: &[Refusal]) -> Reductions {
    denied
        .iter()
        .fold(reductions, |left, refusal| match refusal.what {
            Refused::Form => Reductions::NONE,
            Refused::Reduction(one) => left.without(one),
        })
}

struct Explore<'a> {
    asking: Asking,
    question: Option<StatePredicate>,
    reductions: Reductions,
    storage: &'a Storage,
    limits: &'a Limits,
    progress: &'a (dyn Fn(&Progress) + Sync),
}

impl Task for Explore<'_> {
    type Done = Run<State, Action>;

    fn is_kept(&self) -> bool {
        self.storage.checkpoint.is_some() || self.storage.resume.is_some()
    }

    fn asking(&self) -> Asking {
        self.asking
    }

    fn question(&self) -> Option<StatePredicate> {
        self.question.clone()
    }

    fn reductions(&self) -> Reductions {
        self.reductions
    }

    fn on<M>(
        &self,
        model: &M,
        denied: &[Refusal],
        path: impl Fn(Path<M::State, M::Action>) -> Option<Path<State, Action>>,
    ) -> Result<Self::Done, Error>
    where
        M: Offers + Sync,
        M::State: PartialEq + Send + Sync + 'static,
        M::Action: Clone + PartialEq + Send,
    {
        let reductions = if self.question.is_some() {
            without(self.reductions.common(model.offered()), denied)
        } else {
            sound(self.reductions, model, denied)
        };
        let mut run =
            checker::explore_stored(model, reductions, self.storage, self.limits, self.progress)?;
        run.refused = denied.to_vec();
        run.with_paths(path)
    }
}

struct Estimate {
    reductions: Reductions,
}

impl Task for Estimate {
    type Done = SizeEstimate;

    fn reductions(&self) -> Reductions {
        self.reductions
    }

    fn on<M>(
        &self,
        model: &M,
        denied: &[Refusal],
        _: impl Fn(Path<M::State, M::Action>) -> Option<Path<State, Action>>,
    ) -> Result<Self::Done, Error>
    where
        M: Offers + Sync,
        M::State: PartialEq + Send + Sync + 'static,
        M::Action: Clone + PartialEq + Send,
    {
        checker::estimate_size(model, sound(self.reductions, model, denied), SEED, EFFORT)
    }
}

struct Draw<'a> {
    reductions: Reductions,
    is_idle_told: bool,
    limits: &'a Limits,
    progress: &'a (dyn Fn(&Progress) + Sync),
}

impl Task for Draw<'_> {
    type Done = Graph;

    fn reductions(&self) -> Reductions {
        self.reductions
    }

    fn on<M>(
        &self,
        model: &M,
        denied: &[Refusal],
        _: impl Fn(Path<M::State, M::Action>) -> Option<Path<State, Action>>,
    ) -> Result<Self::Done, Error>
    where
        M: Offers + Sync,
        M::State: PartialEq + Send + Sync + 'static,
        M::Action: Clone + PartialEq + Send,
    {
        let reductions = sound(self.reductions, model, denied);
        checker::graph(
            model,
            reductions,
            self.is_idle_told,
            self.limits,
            self.progress,
        )
    }
}

/// A world as it is, of which one thing is asked.
struct Asked<'a> {
    world: &'a World,
    question: &'a StatePredicate,
}

impl Model for Asked<'_> {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.world.init_states()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.world.actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        self.world.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let is_well = |asked: &Self, state: &State| (asked.question)(state);
        vec![Property::always(CAN_DECIDE, is_well)]
    }
}

impl Offers for Asked<'_> {
    fn fingerprint<F: Fingerprint>(&self, state: &State) -> F {
        F::of(state)
    }

    fn oddity(&self, state: &State) -> u64 {
        state.oddity()
    }
}

/// The reductions that are meant, but for those that are denied: all are all that the model offers.
fn sound<M: Offers>(asked: Reductions, model: &M, denied: &[Refusal]) -> Reductions {
    let meant = match asked {
        Reductions::ALL => model.offered(),
        others => others,
    };
    without(meant, denied)
}

impl Offers for World {
    fn objection(&self, _reduction: Reduction) -> String {
        match Plan::new(self.clone()) {
            Ok(_) => "it is offered by the compiled world".to_owned(),
            Err(why) => why,
        }
    }

    fn fingerprint<F: Fingerprint>(&self, state: &State) -> F {
        F::of(state)
    }

    fn oddity(&self, state: &State) -> u64 {
        state.oddity()
    }

    fn kinds(&self) -> &'static [&'static str] {
        Kind::NAMES
    }

    fn kind(&self, state: &State, action: &Action) -> usize {
        World::kind(self, state, *action) as usize
    }

    fn give_all(&self, state: &State, give: &mut impl FnMut(usize, Option<State>)) -> bool {
        let mut others = Vec::new();
        self.each_event(state, |event, before, reaction| {
            match (self.after(state, event, before, reaction), event) {
                (Some(next), _) => {
                    let kind = self.kind_of(state, event, before, reaction);
                    give(kind as usize, Some(next));
                }
                (None, Event::Deliver(envelope)) => {
                    give(Kind::of_ignored(&envelope.message) as usize, None);
                }
                (None, Event::Ask { .. } | Event::Timeout(_)) => {}
            }
            self.cut_short(state, event, reaction, &mut others);
        });
        self.other_actions(state, &mut others);
        for action in others {
            if let Some(next) = self.next_state(state, action) {
                give(World::kind(self, state, action) as usize, Some(next));
            }
        }
        true
    }

    fn idle(&self, state: &State, actions: &[Action], counts: &mut [u64]) {
        self.count_idle(state, actions, counts);
    }

    fn identity(&self) -> Option<String> {
        // The whole question but for what is expected: two scenarios of one name can differ.
        let settings = format!("{:?} {:?}", self.scenario().settings(), self.rules());
        let mutant = self
            .rules()
            .mutant
            .map_or(String::new(), |mutant| format!(" with {mutant}"));
        Some(format!(
            "{}{mutant} (settings {:016x}, program {:016x})",
            self.scenario().name,
            u64::of(&settings),
            program()?,
        ))
    }

    fn write(&self, state: &State, bytes: &mut Vec<u8>) {
        let state = postcard::to_stdvec(state).expect("memory takes all that is written to it");
        bytes.extend_from_slice(&state);
    }

    fn read(&self, bytes: &mut &[u8]) -> Option<State> {
        let (state, rest) = postcard::take_from_bytes(bytes).ok()?;
        *bytes = rest;
        Some(state)
    }
}

/// Which program this is, rules and all: what one build has begun, another must not go on with, since a
/// rule may have changed. `None` if the program cannot be read.
fn program() -> Option<u64> {
    static PROGRAM: OnceLock<Option<u64>> = OnceLock::new();
    *PROGRAM.get_or_init(|| {
        let program = std::fs::read(std::env::current_exe().ok()?).ok()?;
        Some(u64::of(&program))
    })
}
