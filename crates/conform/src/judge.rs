//! The run of a decree, driven through the model: its own step at each line, and its properties in
//! each state.

use model::properties::ALL;
use model::{Action, Event, Letter, Parcel, State, World};
use paxos::{Effects, NodeSet};
use stateright::Model as _;

use crate::admit::{Admitted, Spot};
use crate::divergence::{Cause, Divergence};
use crate::imagine::{Imagined, Unfit, is_idle};

/// What the model says of a run.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The actions that changed something.
    pub(crate) actions: Vec<Action>,
    /// How many states there were, the first among them.
    pub(crate) states: u64,
    /// For each of [`ALL`] that is a witness, whether it was seen.
    pub(crate) witnessed: Vec<bool>,
    /// The first line after which the model does not agree.
    pub(crate) objection: Option<Objection>,
}

/// Where the model does not agree.
#[derive(Debug)]
pub(crate) struct Objection {
    spot: Spot,
    cause: Cause,
    problem: String,
    expected: String,
    found: String,
}

/// Drives the model along a run.
pub(crate) fn judge(imagined: &Imagined) -> Result<Judged, Unfit> {
    let world = &imagined.world;
    let mut judged = Judged {
        witnessed: vec![false; ALL.len()],
        ..Judged::default()
    };
    let properties = world.properties();
    let Some(mut state) = world.init_states().pop() else {
        return Ok(judged);
    };
    judged.states = 1;
    for step in &imagined.moves {
        let restarts = matches!(step.action, Action::Crash(_) | Action::Torn { .. });
        if restarts && state.crashes == u8::MAX - 1 {
            return Err(Unfit::Crashes);
        }
        if let Some(objection) = differs(world, &state, step.action, step.effects, step.spot) {
            judged.objection = Some(objection);
            return Ok(judged);
        }
        let Some(next) = world.next_state(&state, step.action) else {
            continue;
        };
        judged.actions.push(step.action);
        judged.states += 1;
        state = next;
        for (index, (known, property)) in ALL.iter().zip(&properties).enumerate() {
            let is_true = (property.condition)(world, &state);
            if !known.is_invariant() {
                judged.witnessed[index] |= is_true;
            } else if !is_true {
                judged.objection = Some(Objection {
                    spot: step.spot,
                    cause: Cause::Violates(known.name),
                    problem: format!("after this, {} is violated", known.name),
                    expected: known.reason.to_owned(),
                    found: format!("{}, and then it is not so", step.action),
                });
                return Ok(judged);
            }
        }
    }
    Ok(judged)
}

/// Whether the model does with an event what the journal says.
fn differs(
    world: &World,
    state: &State,
    action: Action,
    effects: Option<Effects<Letter>>,
    spot: Spot,
) -> Option<Objection> {
    let (Action::Step(event) | Action::Torn { event, .. }) = action else {
        return None;
    };
    let found = effects?;
    let objection = |expected: String| Objection {
        spot,
        cause: Cause::ModelDiffers,
        problem: "the model does something else".to_owned(),
        expected,
        found: format!("{found:?}"),
    };
    if let Event::Deliver(envelope) = event {
        let same = Parcel::new(envelope.from, NodeSet::EMPTY, envelope.message);
        let at = state.mail.partition_point(|parcel| *parcel < same);
        let parcel = state.mail.get(at);
        let is_there = parcel.is_some_and(|parcel| {
            parcel.unaddressed() == same && parcel.to().contains(envelope.to)
        });
        if !is_there {
            return Some(objection(format!("{envelope} is not on the network")));
        }
    }
    match world.react(state, event) {
        Some(reaction) if reaction.effects == found => None,
        Some(reaction) => Some(objection(format!("{:?}", reaction.effects))),
        // What cannot happen in the model changes nothing in a node.
        None if is_idle(&found) => None,
        None => Some(objection(format!("{action} cannot happen"))),
    }
}

impl Objection {
    /// As it is told.
    pub(crate) fn divergence(&self, all: &Admitted) -> Divergence {
        let journal = &all.journals[usize::from(self.spot.journal)];
        let decree = journal.decrees[self.spot.entry as usize];
        Divergence {
            cause: self.cause,
            place: all.place(self.spot).clone(),
            node: journal.node,
            key: all.keys.get(decree as usize).cloned(),
            problem: self.problem.clone(),
            before: None,
            expected: vec![self.expected.clone()],
            found: self.found.clone(),
            notes: Vec::new(),
        }
    }
}
