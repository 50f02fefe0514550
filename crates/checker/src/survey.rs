//! A walk over the nearest states of a model, that notes all that the model says and whether it says it twice.

use std::collections::{HashSet, VecDeque};
use std::fmt::{Debug, Write as _};
use std::hash::{Hash, Hasher as _};
use std::sync::atomic::Ordering;

use rapidhash::quality::RapidHasher;
use stateright::{Model, Property};

use crate::difference::Difference;
use crate::paranoid::{Broken, Paranoia};

/// How often everything is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    One,
    Two,
}

/// A breadth-first search that keeps an eye on the model.
pub(crate) struct Survey<'a, M: Model> {
    model: &'a M,
    times: Times,
    queue: VecDeque<M::State>,
    /// Fingerprints of the states that are or were in the queue.
    seen: HashSet<u64>,
    looked_at: u64,
}

impl<'a, M> Survey<'a, M>
where
    M: Model,
    M::State: Debug + Hash + PartialEq,
    M::Action: Clone + Debug + PartialEq,
{
    pub(crate) fn start(model: &'a M, times: Times) -> Result<Self, Broken> {
        let states = twice(times, None, "init_states", || model.init_states())?;
        let mut survey = Self {
            model,
            times,
            queue: VecDeque::new(),
            seen: HashSet::new(),
            looked_at: 0,
        };
        for state in states {
            survey.arrive(state);
        }
        Ok(survey)
    }

    pub(crate) fn may_go_on(&self, paranoia: &Paranoia<'_>) -> bool {
        self.looked_at < paranoia.states_max && !paranoia.interrupt.load(Ordering::Relaxed)
    }

    /// Whether there is no state left to look at.
    pub(crate) fn is_done(&self) -> bool {
        self.queue.is_empty()
    }

    fn arrive(&mut self, state: M::State) {
        if self.model.within_boundary(&state) && self.seen.insert(digest(&state)) {
            self.queue.push_back(state);
        }
    }

    /// The next state, and the digest of all that the model says of it. `None`: there is none.
    pub(crate) fn next(
        &mut self,
        properties: &[Property<M>],
    ) -> Option<Result<(M::State, u64), Broken>> {
        let state = self.queue.pop_front()?;
        self.looked_at += 1;
        Some(
            self.look_at(&state, properties)
                .map(|digest| (state, digest)),
        )
    }

    fn look_at(&mut self, state: &M::State, properties: &[Property<M>]) -> Result<u64, Broken> {
        let model = self.model;
        let mut all = RapidHasher::new(0);
        state.hash(&mut all);
        format!("{state:?}").hash(&mut all);
        let about = Some(state as &dyn Debug);
        let actions = twice(self.times, about, "actions", || actions(model, state))?;
        for action in actions {
            let asked = || format!("next_state by {action:?}");
            let next = || model.next_state(state, action.clone());
            let next = twice_hashed(self.times, about, &asked, next)?;
            format!("{action:?}").hash(&mut all);
            next.as_ref().map(digest).hash(&mut all);
            if let Some(next) = next {
                let within = || model.within_boundary(&next);
                twice(self.times, Some(&next), "within_boundary", within)?.hash(&mut all);
                self.arrive(next);
            }
        }
        for property in properties {
            let judge = || (property.condition)(model, state);
            let asked = format!("the property \"{}\"", property.name);
            twice(self.times, about, &asked, judge)?.hash(&mut all);
        }
        Ok(all.finish())
    }
}

fn actions<M: Model>(model: &M, state: &M::State) -> Vec<M::Action> {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    actions
}

/// The answer to a question that is asked as often as that.
fn twice<T: Debug + PartialEq>(
    times: Times,
    state: Option<&dyn Debug>,
    asked: &str,
    ask: impl Fn() -> T,
) -> Result<T, Broken> {
    let first = ask();
    if times == Times::Two {
        let second = ask();
        if first != second {
            return Err(broken(state, asked, &first, &second));
        }
    }
    Ok(first)
}

/// The same, where equal answers must also have equal hashes.
fn twice_hashed<T: Debug + PartialEq + Hash>(
    times: Times,
    state: Option<&dyn Debug>,
    asked: &dyn Fn() -> String,
    ask: impl Fn() -> T,
) -> Result<T, Broken> {
    let first = ask();
    if times == Times::Two {
        let second = ask();
        if first != second || digest(&first) != digest(&second) {
            return Err(broken(state, &asked(), &first, &second));
        }
    }
    Ok(first)
}

fn broken(state: Option<&dyn Debug>, asked: &str, first: &dyn Debug, second: &dyn Debug) -> Broken {
    Broken {
        asked: asked.to_owned(),
        state: state.map(|state| format!("{state:?}")),
        difference: Difference::of(&format!("{first:#?}"), &format!("{second:#?}")),
    }
}

fn digest(value: &impl Hash) -> u64 {
    let mut hasher = RapidHasher::new(0);
    value.hash(&mut hasher);
    hasher.finish()
}

/// After this, a record has the state once more, as people read it.
pub(crate) const STATE_TEXT: &str = "\nthe state in short:\n";

/// All that the digest of a state stands for, as text.
pub(crate) fn written<M>(model: &M, properties: &[Property<M>], state: &M::State) -> String
where
    M: Model,
    M::State: Debug + Hash,
    M::Action: Clone + Debug,
{
    let mut text = format!("state: {state:#?}\nhash of the state: {}", digest(state));
    let actions = actions(model, state);
    let _ = write!(text, "\nactions: {actions:#?}");
    for action in actions {
        let next = model.next_state(state, action.clone());
        let hash = next.as_ref().map(digest);
        let within = next.as_ref().map(|next| model.within_boundary(next));
        let _ = write!(
            text,
            "\nnext state: {next:#?}\nhash of the next state: {hash:?}"
        );
        let _ = write!(text, "\nwithin the boundary: {within:?}");
    }
    for property in properties {
        let value = (property.condition)(model, state);
        let _ = write!(text, "\nproperty {}: {value}", property.name);
    }
    text + STATE_TEXT + &format!("{state:?}")
}
