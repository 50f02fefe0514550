//! Paths that somebody gives us as ones after which nothing is ever decided: judged by themselves, without the rest of
//! their world.

use checker::{Cut, Error, Limits, Progress, Until, Verdict};
use stateright::{Model, Path, Property};

use crate::live::class_names;
use crate::properties::{ANNOUNCED, Known};
use crate::{Action, Ranked, State, Turn};

/// The classes of actions that are possible on a round and never taken, if the steps of a path after its first `stem`
/// can be taken for ever from there on, up to the order of ballots, and fairness has nothing against that: then it breaks
/// `property`, one of [`Known::is_of_paths`]. A round of no steps is a path that stops.
///
/// # Errors
/// In half a sentence, if it is no such round, or if what has to happen happens on the path.
///
/// # Panics
/// If the path has fewer steps than the stem.
pub fn judge_round(
    ranked: &Ranked,
    path: &Path<State, Action>,
    stem: usize,
    property: &Known,
) -> Result<Vec<String>, String> {
    let (world, states) = (ranked.world(), path.clone().into_states());
    if property.name == ANNOUNCED {
        if let Some(steps) = states
            .iter()
            .position(|state| world.is_announced_by_all(state))
        {
            return Err(format!(
                "every learner has announced a value after step {steps}"
            ));
        }
        if !states.iter().any(|state| world.is_chosen(state)) {
            return Err("nothing is chosen on it".to_owned());
        }
    } else if let Some(steps) = states.iter().position(|state| world.is_decided(state)) {
        return Err(format!("something is decided after step {steps}"));
    }
    let turns = turns(ranked, path, stem).map_err(|step| {
        format!("step {step} is of a message that can never again be anything to its node")
    })?;
    let mut visited: Vec<State> = states[stem..].iter().map(|one| ranked.kept(one)).collect();
    if visited.first() != visited.last() {
        return Err(format!(
            "the world is not as it was after step {stem}, up to the order of ballots"
        ));
    }
    if visited.len() > 1 {
        visited.pop();
    }
    let judged = checker::judge_round(ranked, &visited, &turns);
    let names = class_names(world);
    match judged.unfair.first() {
        Some(class) => Err(format!(
            "it is not fair: {} is possible and never comes",
            names[*class]
        )),
        None => Ok(judged
            .starved
            .iter()
            .map(|place| names[*place].clone())
            .collect()),
    }
}

/// A path with the steps after its first `stem` taken once more, in higher ballots; `None` if they cannot be.
pub fn once_more(
    ranked: &Ranked,
    path: &Path<State, Action>,
    stem: usize,
) -> Option<Path<State, Action>> {
    let (states, mut actions) = (path.clone().into_states(), path.clone().into_actions());
    let mut here = path.last_state().clone();
    for (turn, after) in turns(ranked, path, stem)
        .ok()?
        .into_iter()
        .zip(&states[stem + 1..])
    {
        let action = ranked.unkept(&here, turn.action)?;
        let next = ranked.world().next_state(&here, action);
        here = next.filter(|next| ranked.kept(next) == ranked.kept(after))?;
        actions.push(action);
    }
    Path::from_actions(ranked.world(), states.into_iter().next()?, &actions)
}

/// What the steps of a path after its first `stem` are, in states as they are kept.
///
/// # Errors
/// The step that is nothing there, from 1.
fn turns(ranked: &Ranked, path: &Path<State, Action>, stem: usize) -> Result<Vec<Turn>, usize> {
    let (states, actions) = (path.clone().into_states(), path.clone().into_actions());
    let steps = states.windows(2).zip(actions).zip(1..).skip(stem);
    let turn = |((pair, action), step): ((&[State], Action), usize)| {
        ranked.turn(&pair[0], action, &pair[1]).ok_or(step)
    };
    steps.map(turn).collect()
}

/// What can come after a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// Nothing is decided in any of so many states, which are all that can be reached, kept up to the order of their
    /// ballots.
    Closed(u64),
    /// Something can be decided after so many more steps.
    Decides(usize),
    /// The search was cut before anything was decided.
    Unknown(Cut),
}

/// Whether anything can be decided after the end of a path.
///
/// # Errors
/// As [`checker::explore`].
pub fn onward(
    ranked: &Ranked,
    path: &Path<State, Action>,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Onward, Error> {
    let model = StartingAt {
        ranked,
        start: ranked.kept(path.last_state()),
    };
    let limits = Limits {
        until: Until::FirstViolation,
        ..limits.clone()
    };
    let run = checker::explore(&model, &limits, progress)?;
    let mut findings = run.findings.into_iter();
    let undecided = findings.next().expect("one thing is asked").verdict;
    Ok(match undecided {
        Verdict::Exhausted => Onward::Closed(run.unique),
        Verdict::Violated(path) | Verdict::Witnessed(path) => {
            Onward::Decides(path.into_actions().len())
        }
        Verdict::Truncated(cut) => Onward::Unknown(cut),
    })
}

/// A world without end from some state on.
struct StartingAt<'a> {
    ranked: &'a Ranked,
    start: State,
}

impl Model for StartingAt<'_> {
    type State = State;
    type Action = Turn;

    fn init_states(&self) -> Vec<State> {
        vec![self.start.clone()]
    }

    fn actions(&self, state: &State, turns: &mut Vec<Turn>) {
        self.ranked.actions(state, turns);
    }

    fn next_state(&self, state: &State, turn: Turn) -> Option<State> {
        self.ranked.next_state(state, turn)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("undecided", |model: &Self, state| {
            !model.ranked.world().is_decided(state)
        })]
    }
}
