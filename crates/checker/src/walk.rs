//! A way through a model: written down, and walked again.

use stateright::{Model, Path, Property};

use crate::trace::settles;

/// A way through a model, as little as is needed to go it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk<A> {
    /// Where it starts, as a place among the model's initial states.
    pub initial: usize,
    /// What happens, in order.
    pub actions: Vec<A>,
}

impl<A: Clone + PartialEq> Walk<A> {
    /// The same way with its states. `None`: the model does not allow it.
    pub fn path<M>(&self, model: &M) -> Option<Path<M::State, A>>
    where
        M: Model<Action = A>,
        M::State: PartialEq,
    {
        Path::from_actions(model, start(model, self.initial)?, &self.actions)
    }

    /// Goes the same way as far as the model allows: an action that is not possible where it comes up,
    /// or leads beyond the boundary, is skipped. Ends at the first state that settles the property, and
    /// gives what was really gone. `None`: no state on it does.
    ///
    /// Counts the states it expands.
    pub(crate) fn retrace<M>(
        &self,
        model: &M,
        property: &Property<M>,
        expanded: &mut u64,
    ) -> Option<Walk<A>>
    where
        M: Model<Action = A>,
    {
        let mut state = start(model, self.initial)?;
        let mut gone = Walk {
            initial: self.initial,
            actions: Vec::with_capacity(self.actions.len()),
        };
        let mut possible = Vec::new();
        for action in &self.actions {
            if settles(model, property, &state) {
                return Some(gone);
            }
            possible.clear();
            model.actions(&state, &mut possible);
            *expanded += 1;
            if !possible.contains(action) {
                continue;
            }
            if let Some(next) = step(model, &state, action.clone()) {
                gone.actions.push(action.clone());
                state = next;
            }
        }
        settles(model, property, &state).then_some(gone)
    }
}

/// The initial state at this place.
pub(crate) fn start<M: Model>(model: &M, initial: usize) -> Option<M::State> {
    model.init_states().into_iter().nth(initial)
}

/// Where an action leads, if it leads anywhere within the boundary.
pub(crate) fn step<M: Model>(model: &M, state: &M::State, action: M::Action) -> Option<M::State> {
    model
        .next_state(state, action)
        .filter(|next| model.within_boundary(next))
}
