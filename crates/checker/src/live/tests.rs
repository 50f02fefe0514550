//! Small graphs with known answers, and random ones beside a second formulation that looks at every set of states.

mod naive;

use stateright::{Model, Property};

use super::*;
use crate::offers::Fingerprint;

use Fairness::{Strong, Unfair, Weak};

/// What is claimed of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Eventually,
    LeadsTo,
    AlwaysEventually,
    StaysPossible,
}

const CLAIMS: [Which; 4] = [
    Which::Eventually,
    Which::LeadsTo,
    Which::AlwaysEventually,
    Which::StaysPossible,
];

/// Numbered states from 0 on, and transitions between them, each of a class.
#[derive(Clone, Debug)]
struct Net {
    arrows: Vec<(u8, u8, usize)>,
    classes: Vec<Fairness>,
    /// The states in which the goal is reached, and those from which on it has to be, a bit each.
    goal: u64,
    trigger: u64,
    which: Which,
    /// States from here on lie beyond the boundary.
    boundary: u8,
}

impl Net {
    fn new(arrows: &[(u8, u8, usize)], classes: &[Fairness], which: Which, goal: &[u8]) -> Net {
        Net {
            arrows: arrows.to_vec(),
            classes: classes.to_vec(),
            goal: goal.iter().fold(0, |bits, state| bits | 1 << state),
            trigger: 0,
            which,
            boundary: u8::MAX,
        }
    }

    fn judged(&self) -> LiveRun<u8, (u8, usize)> {
        explore_live(self, &Limits::default(), &|_| {}).unwrap()
    }

    fn verdict(&self) -> LiveVerdict<u8, (u8, usize)> {
        let run = self.judged();
        assert_eq!(run.findings.len(), 1);
        run.findings.into_iter().next().unwrap().verdict
    }

    /// The stem, and the round with the state it comes back to; the starved.
    fn lasso(&self) -> Option<(Vec<u8>, Vec<u8>, Vec<usize>)> {
        match self.verdict() {
            LiveVerdict::Lasso(lasso) => {
                let states = lasso.path.into_states();
                let (stem, round) = states.split_at(lasso.stem + 1);
                Some((stem.to_vec(), round.to_vec(), lasso.starved))
            }
            LiveVerdict::Exhausted => None,
            LiveVerdict::Closed(_) | LiveVerdict::Truncated(_) => panic!("{self:?}"),
        }
    }

    fn is_goal(&self, state: u8) -> bool {
        is_in(self.goal, state)
    }

    fn from(&self, state: u8) -> impl Iterator<Item = (u8, usize)> + '_ {
        let from = self.arrows.iter().filter(move |arrow| arrow.0 == state);
        from.map(|&(_, to, class)| (to, class))
    }
}

fn is_in(set: u64, state: u8) -> bool {
    state < 64 && set >> state & 1 == 1
}

impl Model for Net {
    type State = u8;
    type Action = (u8, usize);

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<(u8, usize)>) {
        actions.extend(self.from(*state));
    }

    fn next_state(&self, _: &u8, (to, _): (u8, usize)) -> Option<u8> {
        Some(to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Vec::new()
    }

    fn within_boundary(&self, state: &u8) -> bool {
        *state < self.boundary
    }
}

impl Offers for Net {
    fn fingerprint<F: Fingerprint>(&self, state: &u8) -> F {
        F::of(state)
    }
}

impl Live for Net {
    fn classes(&self) -> Vec<Class> {
        let classes = self.classes.iter().enumerate();
        classes
            .map(|(place, &fairness)| Class {
                name: place.to_string(),
                fairness,
            })
            .collect()
    }

    fn class(&self, _: &u8, &(_, class): &(u8, usize)) -> usize {
        class
    }

    fn wishes(&self) -> Vec<Wish<Self>> {
        let goal: Condition<Self> = |net, &state| net.is_goal(state);
        let trigger: Condition<Self> = |net, &state| is_in(net.trigger, state);
        let claim = match self.which {
            Which::Eventually => Claim::Eventually(goal),
            Which::LeadsTo => Claim::LeadsTo(trigger, goal),
            Which::AlwaysEventually => Claim::AlwaysEventually(goal),
            Which::StaysPossible => Claim::StaysPossible(goal),
        };
        vec![Wish {
            name: "goal",
            claim,
        }]
    }
}

#[test]
fn a_cycle_that_only_an_unfair_action_leaves() {
    // 0 ⇄ 1, and from 1 by class 2 to the goal.
    let arrows = [(0, 1, 0), (1, 0, 1), (1, 2, 2)];
    let of = |leaving| Net::new(&arrows, &[Weak, Weak, leaving], Which::Eventually, &[2]);
    assert_eq!(of(Unfair).lasso(), Some((vec![0], vec![1, 0], vec![2])));
    // It is not possible all the time, so weak fairness does not help; strong fairness does.
    assert_eq!(of(Weak).lasso(), Some((vec![0], vec![1, 0], vec![2])));
    assert_eq!(of(Strong).lasso(), None);
}

#[test]
fn a_cycle_that_is_left_where_leaving_is_always_possible() {
    let arrows = [(0, 1, 0), (1, 0, 0), (0, 2, 1), (1, 2, 1)];
    let of = |leaving| Net::new(&arrows, &[Unfair, leaving], Which::Eventually, &[2]);
    assert_eq!(of(Weak).lasso(), None);
    assert_eq!(of(Strong).lasso(), None);
    // Nothing at all has to happen: it stops at the start.
    assert_eq!(of(Unfair).lasso(), Some((vec![0], vec![], vec![0, 1])));
}

#[test]
fn a_join_that_a_check_of_each_path_misses() {
    // 1 is reached first by way of the goal 2's sister, and 4 ends without the goal: 0 → 1 → 3 → 4 and 0 → 2 → 3. Whoever
    // marks 3 as seen on the path through the goal misses the other.
    let arrows = [(0, 2, 0), (0, 1, 0), (2, 3, 0), (1, 3, 0), (3, 4, 0)];
    let net = Net::new(&arrows, &[Weak], Which::Eventually, &[2]);
    assert_eq!(net.lasso(), Some((vec![0, 1, 3, 4], vec![], vec![])));
    let run = net.judged();
    assert_eq!(run.levels, [1, 2, 1, 1]);
    assert_eq!(run.out_degrees, [1, 3, 1]);
    let all = Net::new(&arrows, &[Weak], Which::Eventually, &[2, 1]);
    assert_eq!(all.lasso(), None);
}

#[test]
fn a_fair_component_within_an_unfair_one() {
    // 0 ⇄ 1 ⇄ 2 ⇄ 3 are one component. At 0 the goal is possible by a class of strong fairness that is never taken
    // there, so what visits 0 is not fair; 2 ⇄ 3 is.
    let arrows = [
        (0, 1, 0),
        (1, 0, 0),
        (1, 2, 0),
        (2, 1, 0),
        (2, 3, 0),
        (3, 2, 0),
        (0, 4, 1),
        (1, 4, 1),
    ];
    let net = Net::new(&arrows, &[Weak, Strong], Which::Eventually, &[4]);
    assert_eq!(net.lasso(), Some((vec![0, 1, 2], vec![3, 2], vec![])));
    // Without 2 ⇄ 3 nothing fair is left.
    let net = Net::new(&arrows[2..], &[Weak, Strong], Which::Eventually, &[4]);
    assert!(net.lasso().is_none());
    let mut without = arrows.to_vec();
    without.retain(|arrow| arrow.1 != 3);
    let net = Net::new(&without, &[Weak, Strong], Which::Eventually, &[4]);
    assert_eq!(net.lasso(), None);
}

#[test]
fn of_several_fair_parts_the_one_that_is_reached_first() {
    // Two rounds of two in one component, and between them what strong fairness does not allow to stay.
    let arrows = [
        (0, 1, 0),
        (1, 2, 0),
        (2, 1, 0),
        (2, 3, 0),
        (3, 4, 0),
        (4, 5, 0),
        (5, 4, 0),
        (5, 6, 0),
        (6, 1, 0),
        (3, 7, 1),
        (6, 7, 1),
    ];
    let net = Net::new(&arrows, &[Weak, Strong], Which::Eventually, &[7]);
    assert_eq!(net.lasso(), Some((vec![0, 1], vec![2, 1], vec![])));
}

#[test]
fn it_stops_for_ever_where_nothing_is_possible() {
    let arrows = [(0, 1, 0), (1, 2, 0)];
    let net = Net::new(&arrows, &[Weak], Which::Eventually, &[3]);
    assert_eq!(net.lasso(), Some((vec![0, 1, 2], vec![], vec![])));
    let net = Net::new(&arrows, &[Weak], Which::Eventually, &[2]);
    assert_eq!(net.lasso(), None);
    // A loop that changes nothing is no action: it neither keeps a path going nor has to be taken.
    let arrows = [(0, 1, 0), (1, 1, 0)];
    let net = Net::new(&arrows, &[Strong], Which::Eventually, &[2]);
    assert_eq!(net.lasso(), Some((vec![0, 1], vec![], vec![])));
}

#[test]
fn a_round_does_all_that_fairness_asks_and_no_more() {
    // A ring of four, a shortcut that leaves out what class 1 asks for, and a detour.
    let arrows = [
        (0, 1, 0),
        (1, 2, 0),
        (2, 3, 1),
        (3, 0, 0),
        (1, 0, 0),
        (2, 4, 0),
        (4, 3, 0),
    ];
    let of = |class| Net::new(&arrows, &[Weak, class], Which::AlwaysEventually, &[9]);
    // Class 1 is not possible at 0, so weak fairness is content with the shortcut, and so is strong fairness.
    for class in [Unfair, Weak, Strong] {
        assert_eq!(of(class).lasso().unwrap().1, [1, 0]);
    }
    // Where the shortcut is missing, 2 is on every round, and class 1 has to be taken if it is strong.
    let mut ring = of(Strong);
    ring.arrows.retain(|&arrow| arrow != (1, 0, 0));
    assert_eq!(ring.lasso(), Some((vec![0], vec![1, 2, 3, 0], vec![])));
    // Petals around one state, each begun by a class of its own: a fair round has to go through all of them, also where
    // there are too many to try every order.
    for petals in [2, 5, 40] {
        let arrows: Vec<_> = (1..=petals)
            .flat_map(|petal| [(0, petal, usize::from(petal)), (petal, 0, 0)])
            .collect();
        let classes = vec![Strong; usize::from(petals) + 1];
        let flower = Net::new(&arrows, &classes, Which::AlwaysEventually, &[]);
        let LiveVerdict::Lasso(lasso) = flower.verdict() else {
            panic!("{petals}")
        };
        holds_what_it_says(&flower, &lasso);
        let steps = lasso.path.into_actions().len();
        assert_eq!(steps - lasso.stem, 2 * usize::from(petals));
    }
}

#[test]
fn what_leads_to_something_need_not_happen_at_first() {
    // The goal is reached again and again, but once 2 is entered it is not.
    let arrows = [(0, 1, 0), (1, 0, 0), (1, 2, 1), (2, 3, 0), (3, 2, 0)];
    let of = |which| Net::new(&arrows, &[Weak, Unfair], which, &[1]);
    assert_eq!(of(Which::Eventually).lasso(), None);
    let again = of(Which::AlwaysEventually).lasso();
    assert_eq!(again, Some((vec![0, 1, 2], vec![3, 2], vec![])));
    let mut leads = of(Which::LeadsTo);
    assert_eq!(leads.lasso(), None);
    leads.trigger = 0b1;
    assert_eq!(leads.lasso(), None);
    leads.trigger = 0b1000;
    let found = leads.lasso().unwrap();
    assert_eq!(
        (found.0.as_slice(), found.1.as_slice()),
        (&[0, 1, 2, 3][..], &[2, 3][..])
    );
}

#[test]
fn what_stays_possible_need_not_happen() {
    let arrows = [
        (0, 1, 0),
        (1, 0, 0),
        (1, 2, 0),
        (1, 3, 0),
        (3, 4, 0),
        (4, 3, 0),
    ];
    let of = |goal: &[u8]| Net::new(&arrows, &[Unfair], Which::StaysPossible, goal).verdict();
    let LiveVerdict::Closed(closed) = of(&[2]) else {
        panic!("3 ⇄ 4 is never left")
    };
    assert_eq!(closed.path.into_states(), [0, 1, 3]);
    assert_eq!(closed.states, 2);
    assert_eq!(of(&[2, 4]), LiveVerdict::Exhausted);
}

#[test]
fn what_was_not_looked_at_has_no_verdict() {
    let arrows = [(0, 1, 0), (1, 0, 0), (1, 2, 1)];
    let mut net = Net::new(&arrows, &[Weak, Strong], Which::Eventually, &[2]);
    assert_eq!(net.verdict(), LiveVerdict::Exhausted);
    net.boundary = 2;
    assert_eq!(net.verdict(), LiveVerdict::Truncated(Cut::Boundary(1)));
    net.boundary = 0;
    let nowhere = explore_live(&net, &Limits::default(), &|_| {});
    assert_eq!(nowhere, Err(Error::NoInitialState));
    net.boundary = 9;
    let limits = Limits {
        max_states: Some(2),
        ..Limits::default()
    };
    let run = explore_live(&net, &limits, &|_| {}).unwrap();
    let cut = Cut::MaxStates(2);
    assert_eq!(run.findings[0].verdict, LiveVerdict::Truncated(cut));
}

/// Whether what was found is what it is said to be, from the definitions alone.
fn holds_what_it_says(net: &Net, lasso: &Lasso<u8, (u8, usize)>) {
    let states = lasso.path.clone().into_states();
    let actions = lasso.path.clone().into_actions();
    assert_eq!(states[0], 0);
    for (step, action) in states.windows(2).zip(&actions) {
        assert!(net.from(step[0]).any(|one| one == *action) && action.0 == step[1]);
    }
    let (round, taken) = (&states[lasso.stem..], &actions[lasso.stem..]);
    assert_eq!(round.first(), round.last());
    let first = match net.which {
        Which::Eventually => 0,
        // The last moment from which on it has to happen.
        Which::LeadsTo => {
            let is_trigger = |&state: &u8| is_in(net.trigger, state);
            states.iter().rposition(is_trigger).unwrap()
        }
        Which::AlwaysEventually | Which::StaysPossible => lasso.stem,
    };
    assert!(!states[first..].iter().any(|&state| net.is_goal(state)));
    let is_possible = |state, class| net.from(state).any(|(to, one)| to != state && one == class);
    for (class, fairness) in net.classes.iter().enumerate() {
        let is_taken = taken.iter().any(|&(_, one)| one == class);
        let always = round.iter().all(|&state| is_possible(state, class));
        let ever = round.iter().any(|&state| is_possible(state, class));
        assert!(match fairness {
            Unfair => true,
            Weak => is_taken || !always,
            Strong => is_taken || !ever,
        });
        assert_eq!(lasso.starved.contains(&class), ever && !is_taken);
    }
    let visited = &round[..taken.len().max(1)];
    let given = judge_round(net, visited, taken);
    assert_eq!(
        (given.unfair, given.starved),
        (vec![], lasso.starved.clone())
    );
    // No step of a round changes nothing.
    assert!(round.windows(2).all(|step| step[0] != step[1]));
}

#[test]
fn a_given_round_that_is_not_fair_is_told_by_what_it_owes() {
    // 0 ⇄ 1 by class 0. Class 1 leaves both, class 2 only 1, and class 3 changes nothing.
    let arrows = [
        (0, 1, 0),
        (1, 0, 0),
        (0, 2, 1),
        (1, 2, 1),
        (1, 2, 2),
        (0, 0, 3),
    ];
    let of = |classes: [Fairness; 4], states: &[u8], actions: &[(u8, usize)]| {
        let net = Net::new(&arrows, &classes, Which::Eventually, &[2]);
        let GivenRound { unfair, starved } = judge_round(&net, states, actions);
        (unfair, starved)
    };
    let round = |classes| of(classes, &[0, 1], &[(1, 0), (0, 0)]);
    assert_eq!(round([Weak, Unfair, Weak, Weak]), (vec![], vec![1, 2]));
    assert_eq!(round([Weak, Weak, Weak, Strong]), (vec![1], vec![1, 2]));
    assert_eq!(
        round([Weak, Strong, Strong, Strong]),
        (vec![1, 2], vec![1, 2])
    );
    // Who does what changes nothing has done nothing, and who stops owes all that is possible there.
    assert_eq!(
        of([Weak, Unfair, Unfair, Weak], &[0], &[(0, 3)]),
        (vec![0], vec![0, 1])
    );
    assert_eq!(of([Strong; 4], &[0], &[]), (vec![0, 1], vec![0, 1]));
    assert_eq!(of([Strong; 4], &[2], &[]), (vec![], vec![]));
}

/// A generator of numbers that are as good as random, for tests alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        u64::of(&self.0) % most
    }
}

#[test]
fn random_graphs_are_judged_as_by_looking_at_every_set_of_states() {
    let (mut dice, mut counts) = (Dice(1), [[0; 2]; CLAIMS.len()]);
    for _ in 0..8_000 {
        let count = 2 + dice.below(6) as u8;
        let most = u64::from(count);
        let classes: Vec<Fairness> = (0..3)
            .map(|_| [Unfair, Weak, Strong][dice.below(3) as usize])
            .collect();
        let arrows: Vec<_> = (0..1 + dice.below(3 * most))
            .map(|_| {
                let (from, to) = (dice.below(most) as u8, dice.below(most) as u8);
                (from, to, dice.below(3) as usize)
            })
            .collect();
        let mut net = Net::new(&arrows, &classes, Which::Eventually, &[]);
        net.goal = dice.below(1 << count) & dice.below(1 << count);
        net.trigger = dice.below(1 << count);
        for (claim, which) in CLAIMS.into_iter().enumerate() {
            net.which = which;
            let is_false = naive::is_false(&net, count);
            counts[claim][usize::from(is_false)] += 1;
            match net.verdict() {
                LiveVerdict::Exhausted => assert!(!is_false, "{net:?}"),
                LiveVerdict::Lasso(lasso) => {
                    assert!(is_false, "{net:?}");
                    holds_what_it_says(&net, &lasso);
                    naive::is_least(&net, count, &lasso);
                }
                LiveVerdict::Closed(closed) => {
                    assert!(is_false, "{net:?}");
                    assert!(!net.is_goal(*closed.path.last_state()));
                }
                LiveVerdict::Truncated(cut) => panic!("{cut}"),
            }
        }
    }
    // Both answers come up often, for each claim.
    assert!(
        counts.as_flattened().iter().all(|&count| count > 400),
        "{counts:?}"
    );
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    let arrows: Vec<_> = (0..200_u8)
        .flat_map(|state| [(state, (state + 1) % 200, 0), (state, state / 2, 1)])
        .collect();
    let net = Net::new(&arrows, &[Weak, Strong], Which::AlwaysEventually, &[]);
    let limits = Limits {
        threads: std::num::NonZeroUsize::new(3).unwrap(),
        ..Limits::default()
    };
    assert_eq!(explore_live(&net, &limits, &|_| {}).unwrap(), net.judged());
}
