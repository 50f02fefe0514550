//! What is found to be the same and what is not, also by sides that are made to differ.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use checker::{Cut, Ending, Limits, Progress};
use diff::{Comparison, Error, Explored, Here, RuleSetName, Side, Step, compare};
use model::{Action, Event, Place, Scenario, State, World, differences};
use paxos::Message;

fn world(name: &str) -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let scenario = Scenario::read(&folder.join(format!("{name}.toml"))).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

fn side(scenario: &str, rules: &str) -> Here {
    let rules: RuleSetName = rules.parse().unwrap();
    Here::new(rules.on(world(scenario)))
}

fn compared(a: &mut dyn Side, b: &mut dyn Side, limits: &Limits) -> Comparison {
    compare(a, b, limits, &|_, _, _| ()).unwrap()
}

fn all(a: &mut dyn Side, b: &mut dyn Side) -> Comparison {
    compared(a, b, &Limits::default())
}

/// A world in which one thing is done otherwise.
struct Odd {
    world: Here,
    odd: fn(&State, &mut Vec<Step>),
}

impl Side for Odd {
    fn start(&mut self) -> Result<State, Error> {
        self.world.start()
    }

    fn steps(&mut self, states: &[&State]) -> Result<Vec<Vec<Step>>, Error> {
        let mut all = self.world.steps(states)?;
        for (state, steps) in states.iter().zip(&mut all) {
            (self.odd)(state, steps);
        }
        Ok(all)
    }

    fn told(&mut self, state: &State, action: Action) -> Result<Vec<String>, Error> {
        self.world.told(state, action)
    }

    fn explored(
        &mut self,
        limits: &Limits,
        tell: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Explored, Error> {
        self.world.explored(limits, tell)
    }
}

fn is_vote_delivered(step: &Step) -> bool {
    match step.action {
        Action::Step(Event::Deliver(envelope)) => {
            matches!(envelope.message, Message::Accepted { .. })
        }
        Action::Step(Event::Ask { .. } | Event::Timeout(_))
        | Action::Torn { .. }
        | Action::Crash(_)
        | Action::Lose(_)
        | Action::Answer { .. }
        | Action::GiveUp(_)
        | Action::Read { .. }
        | Action::Repeat(_)
        | Action::Stop(_)
        | Action::Settle
        | Action::Fail { .. } => false,
    }
}

#[test]
fn what_is_the_same_is_looked_at_as_a_whole() {
    for name in ["one-acceptor", "one-proposer-restarts", "ordered-network"] {
        let found = all(&mut side(name, "scenario"), &mut side(name, "scenario"));
        assert!(found.is_same(), "{name}");
        let expect = world(name).scenario().expect.clone();
        assert_eq!(Some(found.pairs), expect.states, "{name}");
        assert_eq!(Some(found.depth), expect.depth, "{name}");
    }
}

#[test]
fn a_step_that_is_missing_is_found_on_its_side() {
    let odd = |_: &State, steps: &mut Vec<Step>| steps.retain(|step| !is_vote_delivered(step));
    let world = || side("one-acceptor", "scenario");
    let mut less = Odd {
        world: world(),
        odd,
    };
    let found = all(&mut less, &mut world());
    assert!(found.is_parted() && !found.is_same());
    assert_eq!(found.only_a, None);
    assert_eq!(found.ending, Ending::Exhausted);
    let parting = found.only_b.unwrap();
    // Asked, promised, proposed, voted; and then the vote arrives.
    assert_eq!(parting.steps(), 5);
    assert!(parting.after_a.is_none() && parting.after_b.is_some());
    let turned = all(&mut world(), &mut less);
    assert_eq!(turned.only_b, None);
    assert_eq!(turned.only_a.unwrap().common, parting.common);
}

#[test]
fn a_step_that_leads_elsewhere_is_a_trace_of_either_side() {
    let odd = |_: &State, steps: &mut Vec<Step>| {
        let votes = steps.iter_mut().filter(|step| is_vote_delivered(step));
        votes.for_each(|step| step.next.mid_ballot = true);
    };
    let world = || side("one-acceptor", "scenario");
    let mut other = Odd {
        world: world(),
        odd,
    };
    let found = all(&mut world(), &mut other);
    assert_eq!(found.only_a, found.only_b);
    assert_eq!(found.ending, Ending::Truncated(Cut::Found));
    let parting = found.only_a.unwrap();
    let [a, b] = parting.apart();
    let told = differences(a, b);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].a.as_str(), told[0].b.as_str()), ("no", "yes"));
    assert!(told[0].place == Place::Count && !told[0].place.is_observable());
}

/// Level by level, and each trace by itself: what `compare` does, told more simply.
#[test]
fn the_shortest_trace_is_the_one_that_a_naive_search_finds() {
    for (name, a, b) in [
        ("one-acceptor", "lamport", "accept-stale"),
        ("one-acceptor", "own-value", "lamport"),
        ("one-proposer-restarts", "lamport", "ballot-reused"),
        ("one-proposer-restarts", "vote-not-durable", "lamport"),
    ] {
        let (mut a, mut b) = (side(name, a), side(name, b));
        let found = all(&mut a, &mut b);
        let expected = naive(&mut a, &mut b);
        let steps = [&found.only_a, &found.only_b].map(|one| one.as_ref().map(|one| one.steps()));
        assert_eq!(steps, expected, "{name}");
        assert!(found.is_parted(), "{name}");
    }
}

fn naive(a: &mut Here, b: &mut Here) -> [Option<usize>; 2] {
    let mut level = vec![a.start().unwrap()];
    let mut seen: HashSet<State> = level.iter().cloned().collect();
    let mut shortest = [None; 2];
    let mut steps = 0;
    while !level.is_empty() {
        steps += 1;
        let mut next = Vec::new();
        for state in level {
            let of_a = a.steps(&[&state]).unwrap().remove(0);
            let of_b = b.steps(&[&state]).unwrap().remove(0);
            for (mine, others, at) in [(&of_a, &of_b, 0), (&of_b, &of_a, 1)] {
                if mine.iter().any(|step| !others.contains(step)) {
                    shortest[at].get_or_insert(steps);
                }
            }
            let both = of_a.into_iter().filter(|step| of_b.contains(step));
            next.extend(
                both.map(|step| step.next)
                    .filter(|next| seen.insert(next.clone())),
            );
        }
        level = next;
    }
    shortest
}

#[test]
fn what_was_cut_is_never_the_same() {
    let limits = |max_states| Limits {
        max_states: Some(max_states),
        ..Limits::default()
    };
    let run = |limits: &Limits| {
        let (mut a, mut b) = (
            side("one-acceptor", "notes"),
            side("one-acceptor", "lamport"),
        );
        compared(&mut a, &mut b, limits)
    };
    let cut = run(&limits(361));
    assert_eq!(cut.ending, Ending::Truncated(Cut::MaxStates(361)));
    assert!(!cut.is_same() && !cut.is_parted());
    assert!(run(&limits(362)).is_same());
    let interrupted = Limits::default();
    interrupted
        .interrupt
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        run(&interrupted).ending,
        Ending::Truncated(Cut::Interrupted)
    );
}

#[test]
fn worlds_that_start_differently_part_before_any_step() {
    struct Late(Here);
    impl Side for Late {
        fn start(&mut self) -> Result<State, Error> {
            let mut start = self.0.start()?;
            start.crashes = 1;
            Ok(start)
        }
        fn steps(&mut self, states: &[&State]) -> Result<Vec<Vec<Step>>, Error> {
            self.0.steps(states)
        }
        fn told(&mut self, state: &State, action: Action) -> Result<Vec<String>, Error> {
            self.0.told(state, action)
        }
        fn explored(
            &mut self,
            limits: &Limits,
            tell: &(dyn Fn(&Progress) + Sync),
        ) -> Result<Explored, Error> {
            self.0.explored(limits, tell)
        }
    }
    let world = || side("one-acceptor", "scenario");
    let found = all(&mut world(), &mut Late(world()));
    assert_eq!(found.only_a, found.only_b);
    assert_eq!(found.only_a.unwrap().steps(), 0);
}
