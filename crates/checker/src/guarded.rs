//! A model around the model, by which stateright's checkers are stopped and kept honest.
//!
//! stateright ends a run of its own accord in ways that look like completeness. So it is given no
//! limits; instead the wrapper, once a limit is reached, yields no more actions and notes that it did.
//! One extra property, which comes true only then, also makes the checker drop what it has queued. As it
//! is false until then, a checker never stops because everything was found.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use stateright::{Expectation, Model, Property};

use crate::limits::Until;
use crate::offers::Fingerprint;
use crate::run::Cut;
use crate::trace::settles;
use crate::watch::{HaltOnPanic, Watch};

/// The name of the extra property.
pub(crate) const HALTED: &str = "(the run was halted)";
/// Expansions between two looks at the clock.
const LOOK_EVERY: u64 = 64;

/// What the wrapper notes while the checker runs.
#[derive(Default)]
pub(crate) struct Notes {
    /// How often actions were asked for: for breadth- and depth-first once for each state expanded.
    pub(crate) expanded: AtomicU64,
    pub(crate) beyond_boundary: AtomicU64,
    /// Whether anything was withheld from the checker. Only if not, it has seen everything.
    pub(crate) is_cut: AtomicBool,
    /// Set when the run is over and stateright walks the paths it found once more: nothing is
    /// withheld or counted any longer.
    pub(crate) is_replay: AtomicBool,
}

/// The wrapper.
pub(crate) struct Guarded<M: Model> {
    pub(crate) inner: Arc<M>,
    pub(crate) inner_properties: Vec<Property<M>>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) notes: Arc<Notes>,
    /// Random walks: leave out actions that lead nowhere. stateright would number the actions of such a
    /// path wrongly, and rebuild another path than the one it walked.
    pub(crate) is_walk: bool,
}

impl<M: Model> Guarded<M> {
    fn is_replay(&self) -> bool {
        self.notes.is_replay.load(Ordering::Acquire)
    }

    /// Judges the property with this index, and halts the run if that is what it was to find.
    fn judge(&self, index: usize, state: &M::State) -> bool {
        let _halt = HaltOnPanic(&self.watch);
        let property = &self.inner_properties[index];
        let is_settled = settles(&*self.inner, property, state);
        let is_wanted = match self.watch.limits().until {
            Until::Exhausted => false,
            Until::Found(name) => name == property.name,
            Until::FirstViolation => property.expectation == Expectation::Always,
        };
        if is_settled && is_wanted && !self.is_replay() {
            self.watch.halt(Cut::Found);
        }
        match property.expectation {
            Expectation::Always => !is_settled,
            Expectation::Sometimes | Expectation::Eventually => is_settled,
        }
    }

    /// The extra property.
    fn is_halted(&self, _state: &M::State) -> bool {
        let is_halted = self.watch.is_halted() && !self.is_replay();
        if is_halted {
            self.notes.is_cut.store(true, Ordering::Release);
        }
        is_halted
    }

    /// Counts an expansion, looks at the limits, and says whether to withhold the state's actions.
    fn is_withheld(&self) -> bool {
        if self.is_replay() {
            return false;
        }
        let before = self.notes.expanded.fetch_add(1, Ordering::Relaxed);
        if let Some(max) = self.watch.limits().max_states
            && before >= max
        {
            self.watch.halt(Cut::MaxStates(max));
        }
        if before.is_multiple_of(LOOK_EVERY) {
            self.watch.look();
        }
        let is_halted = self.watch.is_halted();
        if is_halted {
            self.notes.is_cut.store(true, Ordering::Release);
        }
        is_halted
    }
}

impl<M> Model for Guarded<M>
where
    M: Model,
    M::State: Hash,
    M::Action: Clone,
{
    type State = M::State;
    type Action = M::Action;

    /// Without repeats, which breadth- and depth-first would expand twice; and within the boundary,
    /// because stateright numbers those only, but looks the numbers up among all.
    fn init_states(&self) -> Vec<M::State> {
        let mut seen = HashSet::new();
        let mut states = self.inner.init_states();
        states.retain(|state| self.inner.within_boundary(state) && seen.insert(u64::of(state)));
        states
    }

    fn actions(&self, state: &M::State, actions: &mut Vec<M::Action>) {
        let _halt = HaltOnPanic(&self.watch);
        if self.is_withheld() {
            return;
        }
        self.inner.actions(state, actions);
        if self.is_walk {
            actions.retain(|action| self.inner.next_state(state, action.clone()).is_some());
        }
    }

    fn next_state(&self, last_state: &M::State, action: M::Action) -> Option<M::State> {
        let _halt = HaltOnPanic(&self.watch);
        self.inner.next_state(last_state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties: Vec<_> = self
            .inner_properties
            .iter()
            .zip(conditions())
            .map(|(inner, condition)| Property {
                expectation: inner.expectation.clone(),
                name: inner.name,
                condition,
            })
            .collect();
        // The last one, so that what a state settles is known before it is asked.
        properties.push(Property::sometimes(HALTED, Self::is_halted));
        properties
    }

    fn within_boundary(&self, state: &M::State) -> bool {
        let _halt = HaltOnPanic(&self.watch);
        let is_within = self.inner.within_boundary(state);
        if !is_within && !self.is_replay() {
            self.notes.beyond_boundary.fetch_add(1, Ordering::Relaxed);
        }
        is_within
    }
}

/// The number of properties that a guarded model can have.
pub(crate) const PROPERTIES_MAX: usize = 32;

type Condition<M> = fn(&Guarded<M>, &<M as Model>::State) -> bool;

/// A condition is a bare function and cannot carry an index, so there is one function for each index.
fn conditions<M: Model>() -> [Condition<M>; PROPERTIES_MAX] {
    fn nth<const I: usize, M: Model>(guarded: &Guarded<M>, state: &M::State) -> bool {
        guarded.judge(I, state)
    }
    [
        nth::<0, M>,
        nth::<1, M>,
        nth::<2, M>,
        nth::<3, M>,
        nth::<4, M>,
        nth::<5, M>,
        nth::<6, M>,
        nth::<7, M>,
        nth::<8, M>,
        nth::<9, M>,
        nth::<10, M>,
        nth::<11, M>,
        nth::<12, M>,
        nth::<13, M>,
        nth::<14, M>,
        nth::<15, M>,
        nth::<16, M>,
        nth::<17, M>,
        nth::<18, M>,
        nth::<19, M>,
        nth::<20, M>,
        nth::<21, M>,
        nth::<22, M>,
        nth::<23, M>,
        nth::<24, M>,
        nth::<25, M>,
        nth::<26, M>,
        nth::<27, M>,
        nth::<28, M>,
        nth::<29, M>,
        nth::<30, M>,
        nth::<31, M>,
    ]
}
