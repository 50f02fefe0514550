//! One random run, step by step.

use stateright::Model;

use crate::chance::Chance;
use crate::order::{Order, Waiting};
use crate::walk::{self, Walk};

/// A random run on its way. Everything it does follows from the model, the seed, the number of the run and
/// the order.
pub(crate) struct Wanderer<'a, M: Model> {
    model: &'a M,
    chance: Chance,
    waiting: Waiting<M::Action>,
    /// Where it started, as a place among the model's initial states.
    pub(crate) initial: usize,
    /// Where it is.
    pub(crate) state: M::State,
}

impl<'a, M> Wanderer<'a, M>
where
    M: Model,
    M::Action: Clone + PartialEq,
{
    /// A run at its start. `None`: no initial state lies within the boundary.
    pub(crate) fn start(model: &'a M, seed: u64, run: u64, order: Order) -> Option<Self> {
        let mut chance = Chance::of(seed, run);
        let mut states = model.init_states();
        let is_within = |&place: &usize| model.within_boundary(&states[place]);
        let places: Vec<usize> = (0..states.len()).filter(is_within).collect();
        if places.is_empty() {
            return None;
        }
        let initial = places[chance.place(places.len())];
        Some(Self {
            model,
            waiting: Waiting::new(order, &mut chance),
            chance,
            initial,
            state: states.swap_remove(initial),
        })
    }

    /// What happens next, and where it leads. `None`: nothing is possible any more.
    pub(crate) fn choose(&mut self) -> Option<(M::Action, M::State)> {
        self.waiting
            .come_to(self.model, &self.state, &mut self.chance);
        loop {
            let action = self.waiting.take(&mut self.chance)?;
            if let Some(next) = walk::step(self.model, &self.state, action.clone()) {
                return Some((action, next));
            }
        }
    }

    /// Goes so many steps at most, and tells which.
    pub(crate) fn walk(mut self, steps_max: u32) -> Walk<M::Action> {
        let mut walk = Walk {
            initial: self.initial,
            actions: Vec::new(),
        };
        for _ in 0..steps_max {
            let Some((action, next)) = self.choose() else {
                break;
            };
            walk.actions.push(action);
            self.state = next;
        }
        walk
    }
}
