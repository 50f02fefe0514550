//! What the engine asks of whatever it explores: states by slot, by key and by bytes.
//!
//! So the engine knows no type of a model, and is compiled once, in this crate, for each width of fingerprints. A model brings with it
//! what is in here and no more: its states are expanded, judged and written in its own terms, one call a state.

use std::any::Any;

use stateright::{Expectation, Model, Path, Property};

use crate::bfs::{Paths, accepted_properties};
use crate::error::Error;
use crate::key::{Key, Parent};
use crate::limits::Limits;
use crate::reductions::{Reductions, Refusal};
use crate::space::{Action, Space, State};
use crate::trace;

/// A property, without what it asks of a state.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) expectation: Expectation,
}

/// Whatever is explored, as all threads see it.
pub(crate) trait Source<K>: Sync {
    /// The properties, in the model's order.
    fn properties(&self) -> &[Named];

    /// As [`Space::kinds`].
    fn kinds(&self) -> &'static [&'static str];

    /// As [`Space::refusal`].
    fn refusal(&self) -> Option<Refusal>;

    /// As [`Space::reductions`].
    fn reductions(&self) -> Reductions;

    /// As [`Space::identity`].
    fn identity(&self) -> Option<String>;

    /// Whether states are held as bytes, and can go to disk.
    fn can_write(&self) -> bool;

    /// As [`Space::dictionary`].
    fn dictionary(&self) -> Vec<u8>;

    /// As [`Space::learn`].
    fn learn(&self, dictionary: &[u8]) -> bool;

    /// What expands states in one thread.
    fn expander(&self) -> Box<dyn Expander<K> + '_>;
}

/// Where an [`Expander`] has a state.
pub(crate) type Slot = u32;

/// A state that was generated, and what it is told apart by.
pub(crate) struct Arrival<K> {
    pub(crate) key: K,
    pub(crate) parent: Parent,
    pub(crate) slot: Slot,
}

/// Where the next state to expand is.
pub(crate) enum Waiting<'a> {
    /// In these bytes.
    Written(&'a [u8]),
    /// At the end of what [`Expander::held`] gave.
    Held(&'a mut dyn Any),
}

/// What one thread counts while it expands states.
pub(crate) struct Tally {
    /// Transitions to states within the boundary.
    pub(crate) generated: u64,
    /// How often the boundary refused a successor.
    pub(crate) beyond_boundary: u64,
    /// For each kind of thing, how often it happened. Empty: none is told apart.
    pub(crate) kinds: Vec<u64>,
}

/// Expands states in one thread, and has those that are being dealt with, each in a slot.
pub(crate) trait Expander<K>: Send {
    /// Takes in the initial states within the boundary, in the model's order, with repeats. How many there are beyond it.
    fn begin(&mut self, batch: &mut Vec<Arrival<K>>) -> usize;

    /// Takes in all that a state leads to.
    fn expand(
        &mut self,
        from: Waiting<'_>,
        own: Parent,
        tally: &mut Tally,
        batch: &mut Vec<Arrival<K>>,
    );

    /// Notes which of these properties a state settles, if no better state is noted: by its oddity, then by its key.
    fn judge(&self, arrival: &Arrival<K>, open: &[usize], best: &mut [Option<(u64, K)>]);

    /// Takes in a written state; `None` if the bytes are not those of one.
    fn read(&mut self, bytes: &[u8]) -> Option<Slot>;

    /// The key of a written state; `None` if the bytes are not those of one.
    fn key(&self, bytes: &[u8]) -> Option<K>;

    /// Appends the state in a slot to `bytes`.
    fn write(&self, slot: Slot, bytes: &mut Vec<u8>);

    /// Takes the state out of a slot, to be given by [`Expander::held`].
    fn hold(&mut self, slot: Slot);

    /// The states that were held since the last time, and how many bytes they take.
    fn held(&mut self) -> (Box<dyn Any + Send>, usize);

    /// Empties all slots.
    fn clear(&mut self);
}

/// A space as a source.
pub(crate) struct Typed<'a, P: Space> {
    pub(crate) space: &'a P,
    pub(crate) properties: Vec<Property<P::Model>>,
    named: Vec<Named>,
}

impl<'a, P: Space> Typed<'a, P> {
    pub(crate) fn new(space: &'a P, limits: &Limits) -> Result<Self, Error> {
        let properties = accepted_properties(space.model(), limits)?;
        let named = properties.iter().map(|property| Named {
            name: property.name,
            expectation: property.expectation.clone(),
        });
        Ok(Self {
            space,
            named: named.collect(),
            properties,
        })
    }

    /// Puts the path along these keys to a state that settles a property into its place, and says whether the model itself takes it.
    /// An error is the step that could not be made.
    pub(crate) fn retrace_into<K: Key>(
        &self,
        paths: &mut Paths<P>,
        property: usize,
        keys: &[K],
    ) -> Result<bool, usize>
    where
        State<P>: PartialEq,
        Action<P>: Clone + PartialEq,
    {
        let path = trace::retrace(self.space, &self.properties[property], keys)?;
        paths[property] = path;
        Ok(paths[property].is_some())
    }
}

/// A path that was walked again, or the step at which that failed.
pub(crate) type Retraced<P> = Result<Option<Path<State<P>, Action<P>>>, usize>;

impl<P, K> Source<K> for Typed<'_, P>
where
    P: Space,
    K: Key,
    State<P>: Send + 'static,
    Action<P>: Send,
{
    fn properties(&self) -> &[Named] {
        &self.named
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.space.kinds()
    }

    fn refusal(&self) -> Option<Refusal> {
        self.space.refusal()
    }

    fn reductions(&self) -> Reductions {
        self.space.reductions()
    }

    fn identity(&self) -> Option<String> {
        self.space.identity()
    }

    fn can_write(&self) -> bool {
        self.space.can_write()
    }

    fn dictionary(&self) -> Vec<u8> {
        self.space.dictionary()
    }

    fn learn(&self, dictionary: &[u8]) -> bool {
        self.space.learn(dictionary)
    }

    fn expander(&self) -> Box<dyn Expander<K> + '_> {
        Box::new(Slots {
            typed: self,
            states: Vec::new(),
            held: Vec::new(),
            actions: Vec::new(),
        })
    }
}

/// The states of a space that are being dealt with.
struct Slots<'a, P: Space> {
    typed: &'a Typed<'a, P>,
    states: Vec<Option<State<P>>>,
    held: Vec<State<P>>,
    /// Scratch.
    actions: Vec<Action<P>>,
}

impl<P: Space> Slots<'_, P> {
    #[inline]
    fn put(&mut self, state: State<P>) -> Slot {
        let slot = self.states.len();
        self.states.push(Some(state));
        Slot::try_from(slot).expect("a batch has fewer states")
    }

    #[inline]
    fn arrive<K: Key>(&mut self, parent: Parent, mut state: State<P>) -> Arrival<K> {
        let space = self.typed.space;
        space.prune(&mut state);
        Arrival {
            key: space.fingerprint(&state),
            parent,
            slot: self.put(state),
        }
    }

    #[inline]
    fn state(&self, slot: Slot) -> &State<P> {
        let state = self.states[slot as usize].as_ref();
        state.expect("a slot is asked for while its state is there")
    }
}

impl<P, K> Expander<K> for Slots<'_, P>
where
    P: Space,
    K: Key,
    State<P>: Send + 'static,
    Action<P>: Send,
{
    fn begin(&mut self, batch: &mut Vec<Arrival<K>>) -> usize {
        let model = self.typed.space.model();
        let mut states = model.init_states();
        let all = states.len();
        states.retain(|state| model.within_boundary(state));
        let beyond = all - states.len();
        batch.extend(states.into_iter().map(|state| self.arrive(0, state)));
        beyond
    }

    fn expand(
        &mut self,
        from: Waiting<'_>,
        own: Parent,
        tally: &mut Tally,
        batch: &mut Vec<Arrival<K>>,
    ) {
        let space = self.typed.space;
        let model = space.model();
        let state = match from {
            Waiting::Written(bytes) => space.read(bytes).expect("a state reads what it wrote"),
            Waiting::Held(states) => {
                let states: Option<&mut Vec<State<P>>> = states.downcast_mut();
                let state = states.and_then(Vec::pop);
                state.expect("a chunk holds as many states as it says")
            }
        };
        let Tally {
            generated,
            beyond_boundary,
            kinds,
        } = tally;
        let is_given = space.give_all(&state, &mut |kind, next| {
            match next {
                Some(next) if model.within_boundary(&next) => {
                    *generated += 1;
                    batch.push(self.arrive(own, next));
                }
                Some(_) => {
                    *beyond_boundary += 1;
                    return;
                }
                None => {}
            }
            if let Some(count) = kinds.get_mut(kind) {
                *count += 1;
            }
        });
        if is_given {
            return;
        }
        let mut actions = std::mem::take(&mut self.actions);
        space.actions(&state, &mut actions, kinds);
        for action in actions.drain(..) {
            let Some((kind, next)) = space.advance(&state, action) else {
                continue;
            };
            if !model.within_boundary(&next) {
                *beyond_boundary += 1;
                continue;
            }
            *generated += 1;
            if let Some(count) = kinds.get_mut(kind) {
                *count += 1;
            }
            batch.push(self.arrive(own, next));
        }
        self.actions = actions;
    }

    fn judge(&self, arrival: &Arrival<K>, open: &[usize], best: &mut [Option<(u64, K)>]) {
        if open.is_empty() {
            return;
        }
        let state = self.state(arrival.slot);
        let (space, properties) = (self.typed.space, &self.typed.properties);
        let truths = space.truths(state);
        for &index in open {
            let property = &properties[index];
            let is_settled = match truths {
                Some(truths) => trace::is_settled(&property.expectation, truths >> index & 1 == 1),
                None => trace::settles(space.model(), property, state),
            };
            if is_settled {
                let own = (space.oddity(state), arrival.key);
                let best = best[index].get_or_insert(own);
                *best = own.min(*best);
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Option<Slot> {
        let state = self.typed.space.read(bytes)?;
        Some(self.put(state))
    }

    fn key(&self, bytes: &[u8]) -> Option<K> {
        let state = self.typed.space.read(bytes)?;
        Some(self.typed.space.fingerprint(&state))
    }

    fn write(&self, slot: Slot, bytes: &mut Vec<u8>) {
        self.typed.space.write(self.state(slot), bytes);
    }

    fn hold(&mut self, slot: Slot) {
        let state = self.states[slot as usize].take();
        self.held
            .push(state.expect("a slot is asked for while its state is there"));
    }

    fn held(&mut self) -> (Box<dyn Any + Send>, usize) {
        let held = std::mem::take(&mut self.held);
        let bytes = held.capacity() * size_of::<State<P>>();
        (Box::new(held), bytes)
    }

    fn clear(&mut self) {
        self.states.clear();
    }
}
