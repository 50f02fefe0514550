//! A model that is judged by one property, as all contestants' models are.

use checker::{Fingerprint, Offers};
use stateright::{Model, Property};

/// A model with one property in place of its own: agreement.
pub(crate) struct Judged<M: Model> {
    model: M,
    agreement: fn(&M, &M::State) -> bool,
}

impl<M: Model> Judged<M> {
    /// The model, judged by this formulation of agreement.
    pub(crate) fn by(agreement: fn(&M, &M::State) -> bool, model: M) -> Judged<M> {
        Judged { model, agreement }
    }
}

impl<M: Model> Model for Judged<M> {
    type State = M::State;
    type Action = M::Action;

    fn init_states(&self) -> Vec<M::State> {
        self.model.init_states()
    }

    fn actions(&self, state: &M::State, actions: &mut Vec<M::Action>) {
        self.model.actions(state, actions);
    }

    fn next_state(&self, state: &M::State, action: M::Action) -> Option<M::State> {
        self.model.next_state(state, action)
    }

    fn within_boundary(&self, state: &M::State) -> bool {
        self.model.within_boundary(state)
    }

    fn properties(&self) -> Vec<Property<Judged<M>>> {
        vec![Property::always(
            "agreement",
            |judged: &Judged<M>, state| (judged.agreement)(&judged.model, state),
        )]
    }
}

/// What the search asks of a model without reductions and checkpoints.
impl<M: Offers> Offers for Judged<M> {
    #[inline]
    fn fingerprint<F: Fingerprint>(&self, state: &M::State) -> F {
        self.model.fingerprint(state)
    }

    fn oddity(&self, state: &M::State) -> u64 {
        self.model.oddity(state)
    }

    fn identity(&self) -> Option<String> {
        self.model.identity()
    }

    #[inline]
    fn write(&self, state: &M::State, bytes: &mut Vec<u8>) {
        self.model.write(state, bytes);
    }

    #[inline]
    fn read(&self, bytes: &mut &[u8]) -> Option<M::State> {
        self.model.read(bytes)
    }
}
