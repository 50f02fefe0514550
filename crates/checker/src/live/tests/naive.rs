//! The second formulation: whether a claim is false, by every set of states that a path could stay in; and whether
//! what shows it is as short as can be.

use super::*;

/// The states reached from some within a set.
fn reach(net: &Net, from: u64, within: u64) -> u64 {
    let mut reached = from & within;
    loop {
        let before = reached;
        for &(state, to, _) in &net.arrows {
            if reached >> state & 1 == 1 && within >> to & 1 == 1 {
                reached |= 1 << to;
            }
        }
        if reached == before {
            return reached;
        }
    }
}

fn states(set: u64) -> impl Iterator<Item = u8> {
    (0..64).filter(move |state| set >> state & 1 == 1)
}

/// Whether a path that visits all of these for ever, and takes all transitions between them, is a fair one.
fn is_fair(net: &Net, set: u64) -> bool {
    let is_connected = states(set).all(|state| reach(net, 1 << state, set) == set);
    let is_possible = |state, class| net.from(state).any(|(to, one)| to != state && one == class);
    let is_taken = |class| {
        let mut arrows = net.arrows.iter();
        let within = |state: u8| is_in(set, state);
        arrows.any(|&(from, to, one)| one == class && from != to && within(from) && within(to))
    };
    is_connected
        && net
            .classes
            .iter()
            .enumerate()
            .all(|(class, fairness)| match fairness {
                Unfair => true,
                Weak => is_taken(class) || states(set).any(|state| !is_possible(state, class)),
                Strong => is_taken(class) || states(set).all(|state| !is_possible(state, class)),
            })
}

/// Whether the claim is false.
pub(super) fn is_false(net: &Net, count: u8) -> bool {
    let all = (1_u64 << count) - 1;
    let open = all & !net.goal;
    let reachable = reach(net, 1, all);
    let sources = match net.which {
        Which::Eventually => 1,
        Which::LeadsTo => net.trigger,
        Which::AlwaysEventually => all,
        Which::StaysPossible => {
            return states(reachable).any(|one| reach(net, 1 << one, all) & net.goal == 0);
        }
    };
    let region = reach(net, sources & reachable, open);
    (1..=all).any(|set| set & !region == 0 && is_fair(net, set))
}

/// By how many steps each state is reached from one, within a set.
fn distances(net: &Net, from: u8, within: u64) -> [usize; 8] {
    let mut steps = [usize::MAX; 8];
    let (mut reached, mut count) = (1_u64 << from & within, 0);
    loop {
        for state in states(reached) {
            let own = &mut steps[usize::from(state)];
            *own = count.min(*own);
        }
        let mut next = reached;
        for &(state, to, _) in &net.arrows {
            next |= u64::from(is_in(reached, state)) << to & within;
        }
        if next == reached {
            return steps;
        }
        (reached, count) = (next, count + 1);
    }
}

/// By how many steps each state is reached on a path on which the claim may still come to be false.
fn earliest(net: &Net, count: u8) -> [usize; 8] {
    let all = (1_u64 << count) - 1;
    let open = all & !net.goal;
    let sources = match net.which {
        Which::Eventually => 1,
        Which::LeadsTo => net.trigger,
        Which::AlwaysEventually | Which::StaysPossible => all,
    };
    let to_sources = distances(net, 0, all);
    let mut steps = [usize::MAX; 8];
    for source in states(sources & open) {
        let further = distances(net, source, open);
        for (own, further) in steps.iter_mut().zip(further) {
            let way = to_sources[usize::from(source)].saturating_add(further);
            *own = way.min(*own);
        }
    }
    steps
}

/// Whether a fair round of exactly so many steps that change the state goes through a set, from this state on.
fn has_round(net: &Net, set: u64, walk: &mut Vec<(u8, usize)>, left: usize) -> bool {
    let (first, here) = (walk[0].0, walk[walk.len() - 1].0);
    if left == 0 {
        let is_possible =
            |state, class| net.from(state).any(|(to, one)| to != state && one == class);
        let mut classes = net.classes.iter().enumerate();
        return here == first
            && classes.all(|(class, fairness)| {
                let is_taken = walk[1..].iter().any(|&(_, one)| one == class);
                let mut here = walk.iter().map(|&(state, _)| is_possible(state, class));
                match fairness {
                    Unfair => true,
                    Weak => is_taken || !here.all(|is_possible| is_possible),
                    Strong => is_taken || !here.any(|is_possible| is_possible),
                }
            });
    }
    net.from(here).any(|(to, class)| {
        let mut found = false;
        if to != here && is_in(set, to) {
            walk.push((to, class));
            found = has_round(net, set, walk, left - 1);
            walk.pop();
        }
        found
    })
}

/// No other lasso comes earlier to states in which a fair path can stay, and there is no shorter round in these.
pub(super) fn is_least(net: &Net, count: u8, lasso: &Lasso<u8, (u8, usize)>) {
    let steps = earliest(net, count);
    let first = |set| {
        let steps = states(set).map(|state| steps[usize::from(state)]);
        steps.min().unwrap()
    };
    let region = (0..count).fold(0, |region, state| {
        region | u64::from(steps[usize::from(state)] != usize::MAX) << state
    });
    let fair = |set: &u64| set & !region == 0 && is_fair(net, *set);
    let sets: Vec<u64> = (1..1_u64 << count).filter(fair).collect();
    let least = sets.iter().map(|&set| first(set)).min().unwrap();
    let taken = lasso.path.clone().into_states();
    let round = &taken[lasso.stem..];
    let visited = round.iter().fold(0_u64, |set, &state| set | 1 << state);
    let around = sets.iter().copied().filter(|set| set & visited == visited);
    let part = around.max_by_key(|set| set.count_ones()).unwrap();
    assert_eq!(first(part), least, "{net:?}: {taken:?}");
    assert_eq!(steps[usize::from(taken[lasso.stem])], lasso.stem, "{net:?}");
    for length in 1..round.len() - 1 {
        let mut starts = states(part);
        let is_shorter = starts.any(|start| has_round(net, part, &mut vec![(start, 0)], length));
        assert!(!is_shorter, "{net:?}: {round:?}, and one of {length} steps");
    }
}
