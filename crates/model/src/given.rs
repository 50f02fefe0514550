//! Paths that somebody gives us as ones after which nothing is ever decided: judged by themselves, without the rest of
//! their world.

use checker::{Error, Limits, Verdict};
use stateright::{Model, Path, Property};

use crate::live::class_names;
use crate::{Action, Ranked, State, Turn, World};

/// The classes of actions that are possible on a round and never taken, if the steps of a path after its first `stem`
/// can be taken for ever from there on, up to the order of ballots, and fairness has nothing against that. A round of no
/// steps is a path that stops.
///
/// # Errors
/// In half a sentence, if it is no such round, or if something is decided on the path.
///
/// # Panics
/// If the path has fewer steps than the stem, or the world's rounds end.
pub fn judge_round(
    world: &World,
    path: &Path<State, Action>,
    stem: usize,
) -> Result<Vec<String>, String> {
    let ranked = Ranked::new(world.clone())?;
    let (states, actions) = (path.clone().into_states(), path.clone().into_actions());
    if let Some(steps) = states.iter().position(|state| world.is_decided(state)) {
        return Err(format!("something is decided after step {steps}"));
    }
    let mut turns = Vec::new();
    for (pair, (action, step)) in states[stem..]
        .windows(2)
        .zip(actions[stem..].iter().zip(stem + 1..))
    {
        let turn = ranked.turn(&pair[0], *action, &pair[1]);
        turns.push(turn.ok_or_else(|| {
            format!("step {step} is of a message that can never again be anything to its node")
        })?);
    }
    let mut visited: Vec<State> = states[stem..]
        .iter()
        .map(|state| ranked.kept(state))
        .collect();
    if visited.first() != visited.last() {
        return Err(format!(
            "the world is not as it was after step {stem}, up to the order of ballots"
        ));
    }
    if visited.len() > 1 {
        visited.pop();
    }
    let judged = checker::judge_round::<Ranked>(&ranked, &visited, &turns);
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

/// How many states can be reached from the end of a path, kept up to the order of their ballots, if nothing is decided in
/// any of them.
///
/// # Errors
/// As [`checker::explore`]; within, the number of steps to where something is decided.
///
/// # Panics
/// If the world's rounds end.
pub fn judge_closed(
    world: &World,
    path: &Path<State, Action>,
) -> Result<Result<u64, usize>, Error> {
    let ranked = Ranked::new(world.clone()).expect("a world without end");
    let start = ranked.kept(path.last_state());
    let run = checker::explore(&Onward { ranked, start }, &Limits::default(), &|_| {})?;
    let found = run.findings.first().map(|finding| &finding.verdict);
    Ok(match found.and_then(Verdict::path) {
        Some(path) => Err(path.clone().into_actions().len()),
        None => Ok(run.unique),
    })
}

/// A world without end from some state on.
struct Onward {
    ranked: Ranked,
    start: State,
}

impl Model for Onward {
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

    fn properties(&self) -> Vec<Property<Onward>> {
        vec![Property::always("undecided", |model: &Onward, state| {
            !model.ranked.world().is_decided(state)
        })]
    }
}
