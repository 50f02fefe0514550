//! Clients that fail and are failed: what each failure does, and that what clients conclude is judged.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each test is about some of what can happen"
)]

use std::collections::BTreeSet;

use crate::common::{explored, reachable, shipped, small, steps};
use model::{Action, Event, Fault, Mutant, Outcome, Point, Reply, State, World, properties};
use paxos::NodeId;
use stateright::Model as _;

fn actions(world: &World, state: &State) -> Vec<Action> {
    let mut actions = Vec::new();
    world.actions(state, &mut actions);
    actions
}

fn each_transition(world: &World, mut judge: impl FnMut(&State, Action, &State)) {
    for state in reachable(world) {
        for action in actions(world, &state) {
            if let Some(next) = world.next_state(&state, action) {
                judge(&state, action, &next);
            }
        }
    }
}

fn worlds() -> [World; 2] {
    [shipped("clients-and-faults"), shipped("disks-fail")]
}

#[test]
fn faults_are_counted_and_each_happens() {
    let mut seen = BTreeSet::new();
    for world in worlds() {
        let bounds = world.scenario().world.clone();
        each_transition(&world, |state, action, next| {
            let (before, after) = (
                state.clients.as_ref().unwrap(),
                next.clients.as_ref().unwrap(),
            );
            assert!(after.faults <= bounds.faults_most && after.again <= bounds.asks_again);
            match action {
                Action::Fail { fault, .. } => {
                    assert_eq!(after.faults, before.faults + 1);
                    seen.insert(fault);
                }
                _ => assert_eq!(after.faults, before.faults, "{action}"),
            }
        });
    }
    let all: BTreeSet<Fault> = Fault::ALL.iter().copied().collect();
    assert_eq!(seen, all);
}

/// Whom a failure or an answer concerns, and what the client is left with.
#[test]
fn clients_are_left_with_what_they_can_know() {
    let world = shipped("clients-and-faults");
    let mut left = BTreeSet::new();
    each_transition(&world, |state, action, next| {
        let about = match action {
            Action::Answer { ask, .. }
            | Action::GiveUp(ask)
            | Action::Step(Event::Ask { index: ask, .. })
            | Action::Fail {
                at:
                    Point::Ask(ask) | Point::Reply(ask, _) | Point::Event(Event::Ask { index: ask, .. }),
                ..
            } => Some(usize::from(ask)),
            _ => None,
        };
        for (index, (was, is)) in state.asks.iter().zip(next.asks).enumerate() {
            if Some(index) != about {
                assert_eq!(*was, is, "{action}");
                continue;
            }
            left.insert(is);
            let had_left = state.clients.as_ref().unwrap().calls[index]
                .attempt
                .is_pending()
                && *was == Outcome::Unknown;
            match action {
                Action::Answer {
                    reply: Reply::Chosen(value),
                    ..
                } => {
                    assert_eq!(is, Outcome::Success(value));
                }
                Action::GiveUp(_) => assert_eq!(is, Outcome::Unknown),
                Action::Fail {
                    fault: Fault::ClientForgets,
                    ..
                } => assert_eq!(is, Outcome::Unknown),
                // Sure only where nothing had left before.
                Action::Fail {
                    fault: Fault::PostRefused,
                    ..
                } => {
                    assert_eq!(is == Outcome::PostFailed, !had_left);
                }
                _ => {}
            }
        }
    });
    for outcome in [
        Outcome::PostFailed,
        Outcome::Retryable,
        Outcome::Fatal,
        Outcome::Unknown,
    ] {
        assert!(left.contains(&outcome), "{outcome}");
    }
}

/// A request that failed at its node, or was refused, has done nothing there.
#[test]
fn what_is_not_taken_in_does_nothing() {
    let world = shipped("clients-and-faults");
    let n0 = NodeId::new(0).unwrap();
    each_transition(&world, |state, action, next| {
        let Action::Fail {
            fault,
            at: Point::Ask(_),
        } = action
        else {
            return;
        };
        assert_eq!(state.mail, next.mail, "nothing is said");
        assert_eq!(state.server(n0).disk, next.server(n0).disk);
        if fault != Fault::CrashOnDelivery {
            assert_eq!(state.server(n0), next.server(n0));
        }
    });
}

#[test]
fn a_disk_that_fails_keeps_what_it_had_and_nothing_leaves() {
    let (mut stopped, mut restarted) = (0, 0);
    for world in worlds() {
        each_transition(&world, |state, action, next| {
            let Action::Fail {
                fault,
                at: Point::Event(event),
            } = action
            else {
                return;
            };
            let at = world.react(state, event).unwrap().at;
            assert_eq!(state.server(at).disk, next.server(at).disk, "{action}");
            assert_eq!(state.server(at).announced, next.server(at).announced);
            assert_eq!(state.mail, next.mail, "{action}");
            let has_stopped = next.clients.as_ref().unwrap().has_stopped(at);
            assert_eq!(has_stopped, fault == Fault::StorageFails);
            stopped += usize::from(has_stopped);
            restarted += usize::from(!has_stopped);
        });
    }
    assert!(stopped > 100 && restarted > 100, "{stopped} {restarted}");
}

#[test]
fn a_node_that_has_stopped_is_silent_for_good() {
    let mut seen = 0;
    for world in worlds() {
        each_transition(&world, |state, _, next| {
            let stopped = state.clients.as_ref().unwrap().stopped();
            for node in stopped.iter() {
                assert_eq!(state.server(node), next.server(node));
                assert!(next.clients.as_ref().unwrap().has_stopped(node));
                let said =
                    |state: &State| state.mail.iter().filter(|one| one.from() == node).count();
                assert_eq!(said(state), said(next));
                seen += 1;
            }
        });
    }
    assert!(seen > 1000, "{seen}");
}

fn is_true(name: &str, world: &World, state: &State) -> bool {
    (properties::Known::named(name).unwrap().property().condition)(world, state)
}

/// `failure-is-true` as a path shows it: the client says that nothing was done, and a node took that request in.
#[test]
fn failures_are_judged_by_the_whole_path() {
    for mutant in [
        None,
        Some(Mutant::RefusalsBelieved),
        Some(Mutant::SilenceIsFailure),
        Some(Mutant::BusyAfterDoing),
    ] {
        let mut world = shipped("clients-and-faults");
        if let Some(mutant) = mutant {
            world = world.with_mutant(mutant);
        }
        let (mut kept, mut broken) = (0, 0);
        let mut paths = vec![(world.init_states().remove(0), [false; 2])];
        for _ in 0..4 {
            let mut longer = Vec::new();
            for (state, done) in &paths {
                for action in actions(&world, state) {
                    let Some(next) = world.next_state(state, action) else {
                        continue;
                    };
                    let mut done = *done;
                    let takes_in = match action {
                        Action::Step(Event::Ask { index, .. }) => Some((index, true)),
                        Action::Fail {
                            fault: Fault::NodeBusy,
                            at: Point::Ask(index),
                        } => Some((index, mutant == Some(Mutant::BusyAfterDoing))),
                        Action::Fail {
                            at: Point::Ask(index),
                            ..
                        } => Some((index, false)),
                        _ => None,
                    };
                    if let Some((index, takes_in)) = takes_in {
                        let index = usize::from(index);
                        // Only after UNKNOWN is it the same request again.
                        let goes_on = state.asks[index] == Outcome::Unknown;
                        done[index] = takes_in || (goes_on && done[index]);
                    }
                    let lied = |(outcome, done): (&Outcome, bool)| outcome.is_failure() && done;
                    let lies = next.asks.iter().zip(done).any(lied);
                    assert_eq!(!lies, is_true("failure-is-true", &world, &next), "{action}");
                    match lies {
                        true => broken += 1,
                        false => kept += 1,
                    }
                    longer.push((next, done));
                }
            }
            paths = longer;
        }
        assert!(kept > 100, "{kept}");
        assert_eq!(broken > 0, mutant.is_some(), "{mutant:?}");
    }
}

/// Late answers and several copies are what the rule about refusals is for: without asking again, believing every
/// refusal is right.
#[test]
fn refusals_can_be_believed_where_nobody_asks_again() {
    let mut scenario = shipped("clients-and-faults").scenario().clone();
    scenario.world.asks_again = 0;
    let world = World::new(scenario.into()).unwrap();
    let world = world.with_mutant(Mutant::RefusalsBelieved);
    let run = explored(&world, checker::Until::Exhausted);
    assert_eq!(steps(&run, "failure-is-true"), None);
}

#[test]
fn a_world_without_faults_has_no_more_to_remember() {
    let world = small("servers = 1", "");
    assert!(
        reachable(&world)
            .iter()
            .all(|state| state.clients.is_none())
    );
}
