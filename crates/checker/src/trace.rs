//! From fingerprints back to a path that can be shown: the model is run once more along them.

use std::hash::Hash;

use stateright::{Model, Path, Property};

use crate::error::Error;
use crate::visited::{Fingerprint, Visited, fingerprint};
use crate::worker::settles;

/// The path to a seen state that settles the property. At each step the first action that leads to the
/// wanted fingerprint is taken.
pub(crate) fn rebuild<M>(
    model: &M,
    visited: &Visited,
    property: &Property<M>,
    target: Fingerprint,
) -> Result<Path<M::State, M::Action>, Error>
where
    M: Model,
    M::State: Hash + PartialEq,
    M::Action: Clone + PartialEq,
{
    let wanted = visited
        .path_to(target)
        .expect("every seen state has a seen parent, one level earlier");
    let steps = wanted.len() - 1;
    let broken = |step| Error::ModelNotDeterministic {
        property: property.name,
        step,
        steps,
    };

    // Twice, because a state need not be `Clone`: one to walk on with, one to give to the path.
    let start = || {
        model
            .init_states()
            .into_iter()
            .find(|state| fingerprint(state) == wanted[0])
    };
    let mut state = start().ok_or_else(|| broken(0))?;
    let mut taken = Vec::with_capacity(steps);
    for (step, &next) in wanted.iter().enumerate().skip(1) {
        let (action, reached) = step_to(model, &state, next).ok_or_else(|| broken(step))?;
        taken.push(action);
        state = reached;
    }
    let path = start()
        .and_then(|start| Path::from_actions(model, start, &taken))
        .ok_or_else(|| broken(steps))?;
    let is_right =
        fingerprint(path.last_state()) == target && settles(model, property, path.last_state());
    if is_right {
        Ok(path)
    } else {
        Err(broken(steps))
    }
}

fn step_to<M>(model: &M, state: &M::State, wanted: Fingerprint) -> Option<(M::Action, M::State)>
where
    M: Model,
    M::State: Hash,
    M::Action: Clone,
{
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    actions.into_iter().find_map(|action| {
        let next = model.next_state(state, action.clone())?;
        (fingerprint(&next) == wanted).then_some((action, next))
    })
}
