//! A saved trace, walked again on today's code.

use model::{Action, Scenario, State, World};
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
    /// Whether this is what the trace expects. Where the scenario is another one, nothing is: what was
    /// asked is not known any more.
    pub fn is_expected(&self, trace: &Trace) -> bool {
        match (trace.expect, self) {
            (Fate::Breaks, Replayed::Breaks { .. }) | (Fate::Mended, Replayed::Mended { .. }) => {
                true
            }
            (Fate::Mended, Replayed::Obsolete { step, .. }) => *step > 0,
            (Fate::Breaks, Replayed::Mended { .. } | Replayed::Obsolete { .. })
            | (Fate::Mended, Replayed::Breaks { .. }) => false,
        }
    }

    /// In one word, for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Replayed::Breaks { .. } => "breaks",
            Replayed::Mended { .. } => "mended",
            Replayed::Obsolete { .. } => "obsolete",
        }
    }

    /// How it goes on for ever, if that is what it shows again.
    pub fn tail(&self) -> Option<&Tail> {
        match self {
            Replayed::Breaks { tail, .. } => tail.as_ref(),
            Replayed::Mended { .. } | Replayed::Obsolete { .. } => None,
        }
    }

    /// Where the states are not as the trace has them, before the end or an obstacle.
    pub fn difference(&self) -> Option<&Difference> {
        match self {
            Replayed::Breaks { difference, .. }
            | Replayed::Mended { difference, .. }
            | Replayed::Obsolete { difference, .. } => difference.as_ref(),
        }
    }
}

/// Walks a trace through `world`, which is that of its scenario as it is today and with its mutant, as
/// far as the steps can be taken and until it shows what it showed. After each step every variable is
/// compared.
///
/// # Errors
/// If a state cannot be written as JSON.
pub fn replay(world: &World, trace: &Trace) -> Result<Replayed, Error> {
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
    let judged = match is_live {
        true => tail(world, trace)?.map(Some),
        false if shows(trace.shows, &property, world, &state) => Ok(None),
        false => Err(None),
    };
    Ok(match judged {
        Ok(tail) => Replayed::Breaks {
            steps,
            tail,
            difference,
        },
        Err(reason) => Replayed::Mended { reason, difference },
    })
}

/// How the path of a trace, all steps of which can be taken, goes on for ever; if it does not, why not.
fn tail(world: &World, trace: &Trace) -> Result<Result<Tail, Option<String>>, Error> {
    let path = trace.path(world, trace.steps.len());
    let judged = match trace.stem {
        Some(stem) => {
            model::judge_round(world, &path, stem).map(|starved| Tail::Round { stem, starved })
        }
        None if world.scenario().endless.is_some() => model::judge_closed(world, &path)?
            .map(Tail::Closed)
            .map_err(|steps| match steps {
                0 => "something is decided".to_owned(),
                more => format!(
                    "something can be decided, {} later",
                    counted(more as u64, "step", "steps")
                ),
            }),
        None => match world.can_decide_alone(path.last_state()) {
            true => Err(
                "a proposer that is asked and left alone gets a value decided, or no quorum is up"
                    .to_owned(),
            ),
            false => Ok(Tail::Helpless),
        },
    };
    Ok(judged.map_err(Some))
}

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
    let (Some(was), Some(is)) = (trace.settings.as_object(), today.as_object()) else {
        return Ok(Some(
            "the trace does not say what its scenario was".to_owned(),
        ));
    };
    let told = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "absent".to_owned(),
        Some(value) => value.to_string(),
    };
    let dropped = was.keys().filter(|part| !is.contains_key(*part));
    let parts = is.iter().chain(dropped.map(|part| (part, &Value::Null)));
    for (part, is) in parts {
        let was = was.get(part).unwrap_or(&Value::Null);
        if was == is {
            continue;
        }
        let fields = is.as_object().into_iter().flatten();
        let mut fields = fields.filter(|(name, value)| was.get(name) != Some(value));
        let (what, was, is) = match fields.next() {
            Some((name, value)) => (format!("{part}.{name}"), was.get(name), value),
            None => (part.clone(), Some(was), is),
        };
        return Ok(Some(format!(
            "the scenario `{}` is not what it was: {what} was {}, is {is}",
            scenario.name,
            told(was),
        )));
    }
    Ok(None)
}
