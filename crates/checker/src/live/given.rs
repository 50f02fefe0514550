//! A round that somebody gives us, judged without the states around it.

use std::collections::BTreeSet;

use crate::live::{Fairness, Live};

/// What fairness says of a round that is taken again and again, by the places of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenRound {
    /// Classes of which fairness asks an action where the round has none. If there are none, it is fair.
    pub unfair: Vec<usize>,
    /// Classes that are possible on the round and are never taken, as in [`Lasso::starved`](crate::Lasso::starved).
    pub starved: Vec<usize>,
}

/// Judges a round by the states that it visits, in order, and by what is taken in each: as many actions as states, or
/// none where a path stops for ever in its one state. Whether the last action leads to the first state again, the caller
/// knows.
///
/// # Panics
///
/// If `states` is empty: a path that stops does so in a state.
pub fn judge_round<M>(model: &M, states: &[M::State], actions: &[M::Action]) -> GivenRound
where
    M: Live,
    M::State: PartialEq,
    M::Action: Clone,
{
    assert!(!states.is_empty(), "a path that stops does so in a state");
    let class = |state: &M::State, action: M::Action| {
        let class = model.class(state, &action);
        let next = model.next_state(state, action)?;
        (next != *state).then_some(class)
    };
    let possible = |state: &M::State| -> BTreeSet<usize> {
        let mut actions = Vec::new();
        model.actions(state, &mut actions);
        actions
            .into_iter()
            .filter_map(|action| class(state, action))
            .collect()
    };
    let possible: Vec<BTreeSet<usize>> = states.iter().map(possible).collect();
    let steps = states.iter().zip(actions.iter().cloned());
    let taken: BTreeSet<usize> = steps
        .filter_map(|(state, action)| class(state, action))
        .collect();
    let is_owed = |place: usize, fairness| match fairness {
        Fairness::Unfair => false,
        Fairness::Weak => possible.iter().all(|here| here.contains(&place)),
        Fairness::Strong => possible.iter().any(|here| here.contains(&place)),
    };
    let classes = model.classes().into_iter().enumerate();
    let owed = classes.filter(|(place, class)| is_owed(*place, class.fairness));
    let anywhere: BTreeSet<usize> = possible.iter().flatten().copied().collect();
    GivenRound {
        unfair: owed
            .map(|(place, _)| place)
            .filter(|place| !taken.contains(place))
            .collect(),
        starved: anywhere.difference(&taken).copied().collect(),
    }
}
