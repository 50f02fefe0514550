//! What the engine asks of whatever it explores, be it a plain model or one that offers more.

use std::hash::Hash;

use stateright::Model;

use crate::offers::{Fingerprint, Offers};
use crate::reductions::{Reduction, Reductions, Refusal};

/// The state of a space.
pub(crate) type State<P> = <<P as Space>::Model as Model>::State;
/// The action of a space.
pub(crate) type Action<P> = <<P as Space>::Model as Model>::Action;

/// A model, and how its states are treated.
pub(crate) trait Space: Sync {
    type Model: Model + Sync;

    fn model(&self) -> &Self::Model;

    /// What the state is told apart by: with symmetry on, that of its orbit.
    fn fingerprint<F: Fingerprint>(&self, state: &State<Self>) -> F;

    /// The actions to be taken in a state. What is idle there is counted, if there is anything to count with.
    fn actions(&self, state: &State<Self>, actions: &mut Vec<Action<Self>>, kinds: &mut [u64]);

    /// Takes out what is dead, if that is on.
    fn prune(&self, state: &mut State<Self>);

    /// As [`Offers::truths`].
    fn truths(&self, state: &State<Self>) -> Option<u64>;

    /// What makes one state a worse end of a path than another.
    fn oddity(&self, state: &State<Self>) -> u64;

    /// As [`Offers::kinds`].
    fn kinds(&self) -> &'static [&'static str];

    /// As [`Offers::kind`].
    fn kind(&self, state: &State<Self>, action: &Action<Self>) -> usize;

    /// As [`Offers::advance`].
    fn advance(&self, state: &State<Self>, action: Action<Self>) -> Option<(usize, State<Self>)>;

    /// As [`Offers::give_all`].
    fn give_all(
        &self,
        state: &State<Self>,
        give: &mut impl FnMut(usize, Option<State<Self>>),
    ) -> bool;

    /// As [`Offers::refusal`].
    fn refusal(&self) -> Option<Refusal>;

    /// What is applied.
    fn reductions(&self) -> Reductions;

    /// Which model this is. `None`: its states cannot be written.
    fn identity(&self) -> Option<String>;

    /// Whether states can be written.
    fn can_write(&self) -> bool;

    /// Appends a state to `bytes`.
    fn write(&self, state: &State<Self>, bytes: &mut Vec<u8>);

    /// The state of these bytes, if they are those of one, and of nothing else.
    fn read(&self, bytes: &[u8]) -> Option<State<Self>>;

    /// What states cannot be read without.
    fn dictionary(&self) -> Vec<u8>;

    /// Takes in the dictionary of another process.
    fn learn(&self, dictionary: &[u8]) -> bool;
}

/// A model that offers nothing.
pub(crate) struct Plain<'a, M: Model> {
    pub(crate) model: &'a M,
    pub(crate) oddity: &'a (dyn Fn(&M::State) -> u64 + Sync),
}

impl<M> Space for Plain<'_, M>
where
    M: Model + Sync,
    M::State: Hash,
{
    type Model = M;

    fn model(&self) -> &M {
        self.model
    }

    fn fingerprint<F: Fingerprint>(&self, state: &M::State) -> F {
        F::of(state)
    }

    fn actions(&self, state: &M::State, actions: &mut Vec<M::Action>, _kinds: &mut [u64]) {
        self.model.actions(state, actions);
    }

    fn prune(&self, _state: &mut M::State) {}

    fn truths(&self, _state: &M::State) -> Option<u64> {
        None
    }

    fn oddity(&self, state: &M::State) -> u64 {
        (self.oddity)(state)
    }

    fn kinds(&self) -> &'static [&'static str] {
        &[]
    }

    fn kind(&self, _state: &M::State, _action: &M::Action) -> usize {
        0
    }

    fn advance(&self, state: &M::State, action: M::Action) -> Option<(usize, M::State)> {
        Some((0, self.model.next_state(state, action)?))
    }

    fn give_all(&self, _state: &M::State, _give: &mut impl FnMut(usize, Option<M::State>)) -> bool {
        false
    }

    fn refusal(&self) -> Option<Refusal> {
        None
    }

    fn reductions(&self) -> Reductions {
        Reductions::NONE
    }

    fn identity(&self) -> Option<String> {
        None
    }

    fn can_write(&self) -> bool {
        false
    }

    fn write(&self, _state: &M::State, _bytes: &mut Vec<u8>) {}

    fn read(&self, _bytes: &[u8]) -> Option<M::State> {
        None
    }

    fn dictionary(&self) -> Vec<u8> {
        Vec::new()
    }

    fn learn(&self, _dictionary: &[u8]) -> bool {
        false
    }
}

/// A model that offers something, and which of it is used.
pub(crate) struct Offering<'a, M> {
    model: &'a M,
    reductions: Reductions,
    is_dead: bool,
    is_symmetry: bool,
    is_order: bool,
    can_write: bool,
}

impl<'a, M: Offers> Offering<'a, M> {
    pub(crate) fn new(model: &'a M, reductions: Reductions) -> Self {
        Self {
            model,
            reductions,
            is_dead: reductions.contains(Reduction::Dead),
            is_symmetry: reductions.contains(Reduction::Symmetry),
            is_order: reductions.contains(Reduction::Order),
            can_write: model.identity().is_some(),
        }
    }
}

impl<M: Offers + Sync> Space for Offering<'_, M> {
    type Model = M;

    fn model(&self) -> &M {
        self.model
    }

    fn fingerprint<F: Fingerprint>(&self, state: &M::State) -> F {
        if self.is_symmetry {
            self.model.orbit(state)
        } else {
            self.model.fingerprint(state)
        }
    }

    fn actions(&self, state: &M::State, actions: &mut Vec<M::Action>, kinds: &mut [u64]) {
        self.model.actions(state, actions);
        if !kinds.is_empty() {
            self.model.idle(state, actions, kinds);
        }
        if self.is_order {
            self.model.order(state, actions);
        }
    }

    fn prune(&self, state: &mut M::State) {
        if self.is_dead {
            self.model.prune(state);
        }
    }

    fn truths(&self, state: &M::State) -> Option<u64> {
        self.model.truths(state)
    }

    fn oddity(&self, state: &M::State) -> u64 {
        self.model.oddity(state)
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.model.kinds()
    }

    fn kind(&self, state: &M::State, action: &M::Action) -> usize {
        self.model.kind(state, action)
    }

    fn advance(&self, state: &M::State, action: M::Action) -> Option<(usize, M::State)> {
        self.model.advance(state, action)
    }

    fn give_all(&self, state: &M::State, give: &mut impl FnMut(usize, Option<M::State>)) -> bool {
        !self.is_order && self.model.give_all(state, give)
    }

    fn refusal(&self) -> Option<Refusal> {
        self.model.refusal()
    }

    fn reductions(&self) -> Reductions {
        self.reductions
    }

    fn identity(&self) -> Option<String> {
        self.model.identity()
    }

    fn can_write(&self) -> bool {
        self.can_write
    }

    fn write(&self, state: &M::State, bytes: &mut Vec<u8>) {
        self.model.write(state, bytes);
    }

    fn read(&self, mut bytes: &[u8]) -> Option<M::State> {
        let state = self.model.read(&mut bytes)?;
        bytes.is_empty().then_some(state)
    }

    fn dictionary(&self) -> Vec<u8> {
        self.model.dictionary()
    }

    fn learn(&self, dictionary: &[u8]) -> bool {
        self.model.learn(dictionary)
    }
}
