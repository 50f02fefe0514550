//! Where the notes' rule for votes needs another round, and Lamport's does not.

use std::collections::{HashSet, VecDeque};

use stateright::{Model as _, Path};

use crate::{Action, State, Variant, World};

/// The same things happen under both rules, as far as they can.
#[derive(Clone, Debug)]
pub struct AnotherRound {
    /// By Lamport's rule, at the end of which some node learns what is chosen.
    pub lamport: (World, Path<State, Action>),
    /// By the notes', after which no node ever does, unless another round is started.
    pub notes: (World, Path<State, Action>),
}

/// A pair of states, how it was reached, and from which one.
struct Pair {
    lamport: State,
    notes: State,
    by: Option<(usize, Action)>,
}

/// The shortest story in a world without further rounds in which something is decided by Lamport's rule, and no longer can
/// be by the notes' if the same happens; `None` if there is none. For small worlds: all pairs of states are kept.
///
/// # Panics
/// If the world has other rounds than the first ones: there would be no end of it.
pub fn another_round(world: &World) -> Option<AnotherRound> {
    assert_eq!(
        world.scenario().world.retries,
        Some(0),
        "a world of first rounds"
    );
    let lamport = world.clone().with_variant(Variant::Lamport);
    let notes = world.clone().with_variant(Variant::StrictAccept);
    let start = world.init_states().remove(0);
    let mut pairs = vec![Pair {
        lamport: start.clone(),
        notes: start.clone(),
        by: None,
    }];
    let mut seen = HashSet::from([(start.clone(), start)]);
    let mut next = 0;
    while next < pairs.len() {
        let at = next;
        next += 1;
        // The story ends with the decision.
        if lamport.is_decided(&pairs[at].lamport) {
            continue;
        }
        let mut actions = Vec::new();
        lamport.actions(&pairs[at].lamport, &mut actions);
        for action in actions {
            let pair = &pairs[at];
            let Some(one) = lamport.next_state(&pair.lamport, action) else {
                continue;
            };
            let other = taken(&notes, &pair.notes, action).unwrap_or_else(|| pair.notes.clone());
            if !seen.insert((one.clone(), other.clone())) {
                continue;
            }
            let is_found = lamport.is_decided(&one) && !can_come_to_it(&notes, &other);
            pairs.push(Pair {
                lamport: one,
                notes: other,
                by: Some((at, action)),
            });
            if is_found {
                let story = story(&pairs);
                let [lamport, notes] = [lamport, notes].map(|world| {
                    let path = walked(&world, &story);
                    (world, path)
                });
                return Some(AnotherRound { lamport, notes });
            }
        }
    }
    None
}

/// The state after an action, if it is possible.
fn taken(world: &World, state: &State, action: Action) -> Option<State> {
    let mut actions = Vec::new();
    world.actions(state, &mut actions);
    let is_possible = actions.contains(&action);
    is_possible.then(|| world.next_state(state, action))?
}

/// Whether some node can still learn what is chosen.
fn can_come_to_it(world: &World, state: &State) -> bool {
    let mut seen = HashSet::from([state.clone()]);
    let mut pending = VecDeque::from([state.clone()]);
    while let Some(state) = pending.pop_front() {
        if world.is_decided(&state) {
            return true;
        }
        let next = world.next_states(&state).into_iter();
        pending.extend(next.filter(|next| seen.insert(next.clone())));
    }
    false
}

/// The actions that lead to the last pair.
fn story(pairs: &[Pair]) -> Vec<Action> {
    let mut story = Vec::new();
    let mut at = pairs.len() - 1;
    while let Some((before, action)) = pairs[at].by {
        story.push(action);
        at = before;
    }
    story.reverse();
    story
}

/// The path of those actions that are possible.
fn walked(world: &World, story: &[Action]) -> Path<State, Action> {
    let start = world.init_states().remove(0);
    let (mut here, mut actions) = (start.clone(), Vec::new());
    for action in story {
        if let Some(next) = taken(world, &here, *action) {
            here = next;
            actions.push(*action);
        }
    }
    Path::from_actions(world, start, &actions).expect("each was possible")
}
