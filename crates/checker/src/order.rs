//! Which of the possible actions a random run takes.

use stateright::Model;

use crate::chance::Chance;

/// Which of the possible actions a random run takes.
///
/// Where a message can arrive at any time, taking any action with the same chance delays nothing for
/// long, and the faults that need one message to be very late are seldom met. So actions can be
/// given ranks, as threads are in "A Randomized Scheduler with Probabilistic Guarantees of Finding
/// Bugs" (Burckhardt and others, 2010): what is postponed stays postponed. No single way is best for
/// all faults, therefore the default changes from run to run, as in "Swarm Testing" (Groce and others,
/// 2012).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By rank, with so much whim that of 16 steps 0, 1, 4 or all 16 are taken as [`Order::Uniform`]
    /// does; which of the four, each run draws for itself.
    #[default]
    Mixed,
    /// Any of them, each as likely as any other.
    Uniform,
    /// The one of the highest rank. An action draws its rank when it becomes possible and keeps it
    /// until it is taken or is possible no longer.
    Ranked,
}

/// Whims are counted in sixteenths of all steps.
const WHIMS: u64 = 16;

/// What is possible in the state a run is in, and how it will choose.
pub(crate) struct Waiting<A> {
    /// Of [`WHIMS`] steps, so many are taken by any action.
    whims: u64,
    /// What is possible and was not taken in this state, with its rank, in the model's order.
    possible: Vec<(u64, A)>,
    /// The same of the state before.
    before: Vec<(u64, A)>,
    /// What the model says is possible; empty between two states.
    told: Vec<A>,
}

impl<A: PartialEq> Waiting<A> {
    pub(crate) fn new(order: Order, chance: &mut Chance) -> Self {
        let whims = match order {
            Order::Mixed => [0, 1, 4, WHIMS][chance.place(4)],
            Order::Uniform => WHIMS,
            Order::Ranked => 0,
        };
        Self {
            whims,
            possible: Vec::new(),
            before: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Comes to a state.
    pub(crate) fn come_to<M>(&mut self, model: &M, state: &M::State, chance: &mut Chance)
    where
        M: Model<Action = A>,
    {
        std::mem::swap(&mut self.possible, &mut self.before);
        self.possible.clear();
        model.actions(state, &mut self.told);
        let before = self.before.len();
        // Most actions are possible again, and in the same order: look first after the last one found.
        let mut after = 0;
        for action in self.told.drain(..) {
            let known = (after..before)
                .chain(0..after)
                .find(|&at| self.before[at].1 == action);
            let rank = match known {
                Some(at) => {
                    after = at + 1;
                    self.before[at].0
                }
                None => chance.any(),
            };
            self.possible.push((rank, action));
        }
    }

    /// Takes an action, which then is not among those left. `None`: there are none.
    pub(crate) fn take(&mut self, chance: &mut Chance) -> Option<A> {
        let left = self.possible.len();
        if left == 0 {
            return None;
        }
        let is_whim = match self.whims {
            0 => false,
            whims => whims == WHIMS || chance.below(WHIMS) < whims,
        };
        let at = match is_whim {
            true => chance.place(left),
            false => (0..left).max_by_key(|&at| self.possible[at].0)?,
        };
        Some(self.possible.remove(at).1)
    }
}

#[cfg(test)]
mod tests {
    use stateright::Property;

    use super::*;

    /// In state n, the actions up to n are possible.
    struct Stairs;

    impl Model for Stairs {
        type State = u32;
        type Action = u32;

        fn init_states(&self) -> Vec<u32> {
            vec![0]
        }

        fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
            actions.extend(0..=*state);
        }

        fn next_state(&self, _: &u32, _: u32) -> Option<u32> {
            None
        }

        fn properties(&self) -> Vec<Property<Self>> {
            vec![]
        }
    }

    fn all(waiting: &mut Waiting<u32>, chance: &mut Chance) -> Vec<u32> {
        std::iter::from_fn(|| waiting.take(chance)).collect()
    }

    #[test]
    fn every_order_takes_each_action_once() {
        for order in [Order::Mixed, Order::Uniform, Order::Ranked] {
            for run in 0..20 {
                let mut chance = Chance::of(1, run);
                let mut waiting = Waiting::new(order, &mut chance);
                waiting.come_to(&Stairs, &9, &mut chance);
                let mut taken = all(&mut waiting, &mut chance);
                taken.sort_unstable();
                assert_eq!(taken, Vec::from_iter(0..=9), "{order:?}");
            }
        }
    }

    #[test]
    fn ranks_are_kept_while_an_action_waits_and_drawn_anew_once_it_is_taken() {
        let mut kept = 0;
        for run in 0..20 {
            let mut chance = Chance::of(1, run);
            let mut waiting = Waiting::new(Order::Ranked, &mut chance);
            waiting.come_to(&Stairs, &5, &mut chance);
            let taken = waiting.take(&mut chance).expect("six are possible");
            let order: Vec<u32> = ranked(&waiting);
            waiting.come_to(&Stairs, &5, &mut chance);
            let again: Vec<u32> = ranked(&waiting)
                .into_iter()
                .filter(|a| *a != taken)
                .collect();
            assert_eq!(again, order);
            kept += u32::from(waiting.take(&mut chance) == Some(taken));
        }
        assert!(kept < 20, "what was taken keeps its rank");
    }

    fn ranked(waiting: &Waiting<u32>) -> Vec<u32> {
        let mut possible = waiting.possible.clone();
        possible.sort_unstable();
        possible.into_iter().map(|(_, action)| action).collect()
    }
}
