//! A saved trace, walked again on today's code.

use checker::{Cut, Limits, Progress};
use model::{Action, Onward, Ranked, Scenario, State, World};
use serde_json::{Map, Value};
use stateright::{Model as _, Property};

use super::difference::{difference, normal};
use super::obstacle::obstacle;
use super::state::StateRecord;
use super::trace::settings;
use super::{Difference, Fate, Shows, Trace};
use crate::words::counted;
use crate::{Error, Tail};

/// What came of a saved trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It shows again what it showed.
    Breaks {
        /// After how many steps, which may be fewer than the trace has.
        steps: usize,
        /// How it goes on for ever, if that is what it shows: judged anew.
        tail: Option<Tail>,
        /// Where the states are not as they were.
        difference: Option<Difference>,
    },
    /// All steps can be taken, and the property is as it should be all the way.
    Mended {
        /// Why, in half a sentence, where something that has to happen does happen, or may.
        reason: Option<String>,
        /// Where the states are not as they were.
        difference: Option<Difference>,
    },
    /// All steps can be taken, and what follows was not all explored.
    Unknown {
        /// Why not.
        cut: Cut,
        /// Where the states are not as they were.
        difference: Option<Difference>,
    },
    /// A step cannot be taken.
    Obsolete {
        /// Which one, from 1; 0 if the scenario is another one.
        step: usize,
        /// Why.
        reason: String,
        /// Where the states are not as they were before.
        difference: Option<Difference>,
    },
}

impl Replayed {
    /// Whether this is what the trace expects; `None` if it is not known what becomes of it. Where the scenario is
    /// another one, nothing is: what was asked is not known any more.
    pub fn is_expected(&self, trace: &Trace) -> Option<bool> {
        Some(match (trace.expect, self) {
            (_, Replayed::Unknown { .. }) => return None,
            (Fate::Breaks, Replayed::Breaks { .. }) | (Fate::Mended, Replayed::Mended { .. }) => {
                true
            }
            (Fate::Mended, Replayed::Obsolete { step, .. }) => *step > 0,
            (Fate::Breaks, Replayed::Mended { .. } | Replayed::Obsolete { .. })
            | (Fate::Mended, Replayed::Breaks { .. }) => false,
        })
    }

    /// In one word, for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Replayed::Breaks { .. } => "breaks",
            Replayed::Mended { .. } => "mended",
            Replayed::Unknown { .. } => "unknown",
            Replayed::Obsolete { .. } => "obsolete",
        }
    }

    /// How it goes on for ever, if that is what it shows again.
    pub fn tail(&self) -> Option<&Tail> {
        match self {
            Replayed::Breaks { tail, .. } => tail.as_ref(),
            Replayed::Mended { .. } | Replayed::Unknown { .. } | Replayed::Obsolete { .. } => None,
        }
    }

    /// Where the states are not as the trace has them, before the end or an obstacle.
    pub fn difference(&self) -> Option<&Difference> {
        match self {
            Replayed::Breaks { difference, .. }
            | Replayed::Mended { difference, .. }
            | Replayed::Unknown { difference, .. }
            | Replayed::Obsolete { difference, .. } => difference.as_ref(),
        }
    }
}

/// Walks a trace through `world`, which is the trace's own ([`Trace::world`]) or that of another scenario, as
/// far as the steps can be taken and until it shows what it showed. After each step every variable is
/// compared. Where it shows that nothing can be decided any more, what follows is explored within these limits.
///
/// # Errors
/// If a state cannot be written as JSON, or what follows cannot be explored.
pub fn replay(
    world: &World,
    trace: &Trace,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Replayed, Error> {
    if let Some(reason) = other_settings(world.scenario(), trace)? {
        return Ok(Replayed::Obsolete {
            step: 0,
            reason,
            difference: None,
        });
    }
    let property = trace.property.property();
    let mut state = world.init_states().remove(0);
    let mut parted = compare(world, 0, None, &state, &trace.start)?;
    let mut steps = 0;
    let is_live = trace.property.is_live();
    for (action, saved) in &trace.steps {
        if !is_live && shows(trace.shows, &property, world, &state) {
            break;
        }
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        let next = actions
            .contains(action)
            .then(|| world.next_state(&state, *action));
        let Some(next) = next.flatten() else {
            return Ok(Replayed::Obsolete {
                step: steps + 1,
                reason: format!("`{action}`: {}", obstacle(world, &state, *action)),
                difference: parted,
            });
        };
        state = next;
        steps += 1;
        if parted.is_none() {
            parted = compare(world, steps, Some(*action), &state, saved)?;
        }
    }
    let difference = parted;
    let ever_after = match is_live {
        true => ever_after(world, trace, limits, progress)?,
        false if shows(trace.shows, &property, world, &state) => EverAfter::Breaks(None),
        false => EverAfter::Mended(None),
    };
    Ok(match ever_after {
        EverAfter::Breaks(tail) => Replayed::Breaks {
            steps,
            tail,
            difference,
        },
        EverAfter::Mended(reason) => Replayed::Mended { reason, difference },
        EverAfter::Unknown(cut) => Replayed::Unknown { cut, difference },
    })
}

/// What follows on a path for ever.
enum EverAfter {
    Breaks(Option<Tail>),
    Mended(Option<String>),
    Unknown(Cut),
}

/// What follows on the path of a trace, all steps of which can be taken, if it is to show that nothing is decided.
fn ever_after(
    world: &World,
    trace: &Trace,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<EverAfter, Error> {
    let path = trace.path(world, trace.steps.len());
    if world.scenario().endless.is_none() {
        return Ok(match world.can_decide_alone(path.last_state()) {
            false => EverAfter::Breaks(Some(Tail::Helpless)),
            true => EverAfter::Mended(Some(POSSIBLE.to_owned())),
        });
    }
    let ranked = Ranked::new(world.clone()).map_err(Error::Ranked)?;
    Ok(match trace.stem {
        Some(stem) => match model::judge_round(&ranked, &path, stem, trace.property) {
            Ok(starved) => EverAfter::Breaks(Some(Tail::Round { stem, starved })),
            Err(reason) => EverAfter::Mended(Some(reason)),
        },
        None => match model::onward(&ranked, &path, limits, progress)? {
            Onward::Closed(states) => EverAfter::Breaks(Some(Tail::Closed(states))),
            Onward::Decides(0) => EverAfter::Mended(Some("something is decided".to_owned())),
            Onward::Decides(more) => EverAfter::Mended(Some(format!(
                "something can be decided, {} later",
                counted(more as u64, "step", "steps")
            ))),
            Onward::Unknown(cut) => EverAfter::Unknown(cut),
        },
    })
}

/// What is said where rounds end and `can-decide` is true.
const POSSIBLE: &str = "deciding is possible after them: something is decided already, a proposer that is asked and \
                        left alone gets it decided, or no proposer or no quorum is up";

fn shows(shows: Shows, property: &Property<World>, world: &World, state: &State) -> bool {
    let holds = (property.condition)(world, state);
    match shows {
        Shows::Violated => !holds,
        Shows::Witnessed => holds,
    }
}

fn compare(
    world: &World,
    step: usize,
    action: Option<Action>,
    state: &State,
    saved: &Map<String, Value>,
) -> Result<Option<Difference>, Error> {
    let record = StateRecord::new(world, step, action, state);
    let found = match normal(serde_json::to_value(&record)?) {
        Value::Object(found) => found,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    Ok(difference(step, saved, &found))
}

/// What is otherwise in today's scenario, in words; `None` if nothing is.
fn other_settings(scenario: &Scenario, trace: &Trace) -> Result<Option<String>, Error> {
    let today = settings(scenario)?;
    // Settings that there were not when it was written are as if they were not set.
    let was = match trace.scenario() {
        Ok(own) => settings(&own)?,
        Err(_) => trace.settings.clone(),
    };
    let (Some(was), Some(is)) = (was.as_object(), today.as_object()) else {
        return Ok(Some(
            "the trace does not say what its scenario was".to_owned(),
        ));
    };
    let dropped = was.keys().filter(|part| !is.contains_key(*part));
    let parts = is.iter().map(|(part, is)| (part, Some(is)));
    for (part, is) in parts.chain(dropped.map(|part| (part, None))) {
        let was = was.get(part);
        if was == is {
            continue;
        }
        let field = was.zip(is).and_then(|(was, is)| differing_field(was, is));
        let (what, was, is) = match field {
            Some((name, was, is)) => (format!("{part}.{name}"), was, is),
            None => (part.clone(), was, is),
        };
        let told = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
        return Ok(Some(format!(
            "the scenario `{}` is not what it was: {what} was {}, is {}",
            scenario.name,
            told(was),
            told(is),
        )));
    }
    Ok(None)
}

/// The first field in which two objects differ, with what it is in each.
fn differing_field<'a>(
    was: &'a Value,
    is: &'a Value,
) -> Option<(&'a String, Option<&'a Value>, Option<&'a Value>)> {
    let (was, is) = (was.as_object()?, is.as_object()?);
    let mut names = is.keys().chain(was.keys());
    let name = names.find(|name| was.get(*name) != is.get(*name))?;
    Some((name, was.get(name), is.get(name)))
}
