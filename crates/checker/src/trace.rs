//! From fingerprints back to a path that can be shown: the model is run once more along them.

use stateright::{Expectation, Model, Path, Property};

use crate::error::Error;
use crate::expander::Retraced;
use crate::folder::Disk;
use crate::key::{Key, Parent};
use crate::reductions::Reductions;
use crate::search::Target;
use crate::space::{Action, Space, State};

/// Where the parents of states are looked up.
pub(crate) trait Ancestry<K> {
    /// The seen states whose fingerprints begin so, with their parents: seldom more than one.
    fn starting_with(&self, wanted: Parent) -> Disk<Vec<(K, Parent)>>;
}

/// Walks along the keys of a path to a state that settles a property, by its place; whether the model itself takes that path. An
/// error is the step that could not be made.
pub(crate) type Retrace<'a, K> = dyn FnMut(usize, &[K]) -> Result<bool, usize> + 'a;

/// Finds a path to a seen state that settles a property.
pub(crate) fn rebuild<K: Key>(
    seen: &impl Ancestry<K>,
    property: (usize, &'static str),
    target: Target<K>,
    reductions: Reductions,
    retrace: &mut Retrace<'_, K>,
) -> Result<(), Error> {
    let steps = target.level as usize;
    let (place, property) = property;
    let broken = |step| Error::ModelNotDeterministic {
        property,
        step,
        steps,
    };
    let mut chains = Chains::new(seen, target)?;
    let mut failed_at = 0;
    while let Some(wanted) = chains.next()? {
        match retrace(place, &wanted) {
            Ok(true) => return Ok(()),
            Ok(false) if reductions == Reductions::NONE => return Err(broken(steps)),
            Ok(false) => {
                return Err(Error::Unsound {
                    property,
                    reductions,
                });
            }
            Err(step) => failed_at = failed_at.max(step),
        }
    }
    Err(broken(failed_at))
}

/// The path along these keys to a state that settles the property. At each step the first action that leads to the
/// wanted fingerprint is taken. It is found with the reductions that are on, and then walked without.
pub(crate) fn retrace<P, K>(space: &P, property: &Property<P::Model>, keys: &[K]) -> Retraced<P>
where
    P: Space,
    K: Key,
    State<P>: PartialEq,
    Action<P>: Clone + PartialEq,
{
    let (place, taken, last) = walk(space, keys)?;
    if !settles(space.model(), property, &last) {
        return Err(keys.len() - 1);
    }
    let start = space.model().init_states().into_iter().nth(place);
    Ok(start
        .and_then(|start| Path::from_actions(space.model(), start, &taken))
        .filter(|path| settles(space.model(), property, path.last_state())))
}

/// Whether this state is what a path for the property has to end in.
pub(crate) fn settles<M: Model>(model: &M, property: &Property<M>, state: &M::State) -> bool {
    is_settled(&property.expectation, (property.condition)(model, state))
}

/// Whether a path for a property ends in a state of which it is true, or not.
#[inline]
pub(crate) fn is_settled(expectation: &Expectation, is_true: bool) -> bool {
    match expectation {
        Expectation::Always => !is_true,
        Expectation::Sometimes => is_true,
        // Refused before the run starts.
        Expectation::Eventually => false,
    }
}

/// The place of the initial state, which need not be `Clone`, the actions, and the last state; or the step that
/// could not be made.
type Walked<P> = Result<(usize, Vec<Action<P>>, State<P>), usize>;

/// Walks along fingerprints.
fn walk<P, K>(space: &P, wanted: &[K]) -> Walked<P>
where
    P: Space,
    K: Key,
    Action<P>: Clone,
{
    let (place, mut state) = space
        .model()
        .init_states()
        .into_iter()
        .enumerate()
        .filter(|(_, state)| space.model().within_boundary(state))
        .map(|(place, state)| (place, pruned(space, state)))
        .find(|(_, state)| space.fingerprint::<K>(state) == wanted[0])
        .ok_or(0_usize)?;
    let mut taken = Vec::with_capacity(wanted.len() - 1);
    for (step, &next) in wanted.iter().enumerate().skip(1) {
        let (action, reached) = step_to(space, &state, next).ok_or(step)?;
        taken.push(action);
        state = reached;
    }
    Ok((place, taken, state))
}

fn pruned<P: Space>(space: &P, mut state: State<P>) -> State<P> {
    space.prune(&mut state);
    state
}

fn step_to<P, K>(space: &P, state: &State<P>, wanted: K) -> Option<(Action<P>, State<P>)>
where
    P: Space,
    K: Key,
    Action<P>: Clone,
{
    let mut actions = Vec::new();
    space.actions(state, &mut actions, &mut []);
    actions.into_iter().find_map(|action| {
        let next = space.model().next_state(state, action.clone())?;
        if !space.model().within_boundary(&next) {
            return None;
        }
        let next = pruned(space, next);
        (space.fingerprint::<K>(&next) == wanted).then_some((action, next))
    })
}

/// All chains of seen states from level 0 to a target. Nearly always there is one; where the beginning of
/// a parent's fingerprint fits several states, there may be more, and the model says which of them is a path.
struct Chains<'a, A, K> {
    seen: &'a A,
    target: Target<K>,
    /// For each level from the target's down: the candidates not tried so far, with their parents, and the one
    /// being tried last.
    open: Vec<Vec<(K, Parent)>>,
    /// Whether the candidates tried last were given as a chain.
    is_given: bool,
}

impl<'a, A: Ancestry<K>, K: Key> Chains<'a, A, K> {
    fn new(seen: &'a A, target: Target<K>) -> Disk<Self> {
        let mut first = seen.starting_with(target.key.as_parent())?;
        first.retain(|&(key, _)| key == target.key);
        Ok(Self {
            seen,
            target,
            open: vec![first],
            is_given: false,
        })
    }

    /// The next chain, from level 0 on.
    fn next(&mut self) -> Disk<Option<Vec<K>>> {
        let levels = self.target.level as usize + 1;
        let mut is_failed = std::mem::take(&mut self.is_given);
        while let Some(candidates) = self.open.last_mut() {
            if is_failed {
                candidates.pop();
            }
            // If no candidate is left, the one that they are parents of has failed.
            let Some(&(_, parent)) = candidates.last() else {
                self.open.pop();
                is_failed = true;
                continue;
            };
            if self.open.len() == levels {
                self.is_given = true;
                let keys = self.open.iter().rev().flat_map(|open| open.last());
                return Ok(Some(keys.map(|&(key, _)| key).collect()));
            }
            is_failed = false;
            self.open.push(self.seen.starting_with(parent)?);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// States by what their fingerprints begin with.
    struct Seen(HashMap<Parent, Vec<(u64, Parent)>>);

    impl Ancestry<u64> for Seen {
        fn starting_with(&self, wanted: Parent) -> Disk<Vec<(u64, Parent)>> {
            Ok(self.0.get(&wanted).cloned().unwrap_or_default())
        }
    }

    #[test]
    fn every_chain_is_given_where_beginnings_are_shared() {
        let key = |beginning: u64, rest: u64| beginning << 24 | rest;
        let seen = Seen(HashMap::from([
            (9, vec![(key(9, 0), 5)]),
            (5, vec![(key(5, 1), 3), (key(5, 2), 4)]),
            (3, vec![(key(3, 1), 0), (key(3, 2), 0)]),
            (4, vec![]),
        ]));
        let target = Target {
            key: key(9, 0),
            level: 2,
        };
        let mut chains = Chains::new(&seen, target).unwrap();
        let mut all = Vec::new();
        while let Some(chain) = chains.next().unwrap() {
            all.push(chain);
        }
        all.sort_unstable();
        assert_eq!(
            all,
            [1, 2].map(|start| vec![key(3, start), key(5, 1), key(9, 0)])
        );
    }
}
