//! Paths that are said to go on for ever without a decision, judged by themselves.

use checker::{Cut, Limits, LiveVerdict};
use model::properties::{DECIDES, Known};
use model::{
    Action, Event, Onward, Ranked, State, World, class_names, judge_round, once_more, onward,
};
use stateright::{Model, Path};

use crate::endless::{self, DUEL, is_decided, shipped_live};

/// The first steps of a path.
fn first(world: &World, path: &Path<State, Action>, steps: usize) -> Path<State, Action> {
    let start = world.init_states().remove(0);
    let actions = path.clone().into_actions();
    Path::from_actions(world, start, &actions[..steps]).unwrap()
}

#[test]
fn what_is_found_in_the_graph_is_found_again_on_the_path_alone() {
    let names = [
        "minority-of-1",
        "minority-of-3",
        "duel-nack",
        "impatient",
        "one-round-notes",
    ];
    let shipped = names.map(shipped_live);
    let worlds = endless::worlds()
        .into_iter()
        .map(|(world, _)| world)
        .chain(shipped);
    let (mut rounds, mut stops, mut closed) = (0, 0, 0);
    for world in worlds {
        let run = model::explore_live(&world, &Limits::default(), &|_| {}).unwrap();
        let ranked = Ranked::new(world.clone()).unwrap();
        for finding in run.findings {
            let property = Known::named(finding.name).unwrap();
            match finding.verdict {
                LiveVerdict::Lasso(lasso) => {
                    let (path, stem) = (&lasso.path, lasso.stem);
                    let steps = path.clone().into_actions().len();
                    let names = class_names(&world);
                    let starved = lasso.starved.iter().map(|place| names[*place].clone());
                    let judged = judge_round(&ranked, path, stem, property);
                    assert_eq!(
                        judged.clone(),
                        Ok(starved.collect()),
                        "{}",
                        world.scenario().name
                    );
                    let is_stop = stem == steps;
                    *(if is_stop { &mut stops } else { &mut rounds }) += 1;
                    let twice = once_more(&ranked, path, stem).unwrap();
                    let turned = twice.clone().into_actions().len();
                    assert_eq!(turned, steps + (steps - stem));
                    assert_eq!(judge_round(&ranked, &twice, stem, property), judged);
                    assert_eq!(judge_round(&ranked, &twice, steps, property), judged);
                    // Who stops earlier is not done, and a round that lacks a step is none.
                    let short = first(&world, path, steps - 1);
                    let refused = judge_round(&ranked, &short, stem.min(steps - 1), property);
                    let refused = refused.unwrap_err();
                    let why = if is_stop {
                        "it is not fair"
                    } else {
                        "is not as it was after step"
                    };
                    assert!(refused.contains(why), "{refused}");
                }
                LiveVerdict::Closed(found) => {
                    closed += 1;
                    let path = &found.path;
                    assert_eq!(after(&ranked, path), Onward::Closed(found.states));
                    // Nothing is lost one step before.
                    let steps = path.clone().into_actions().len();
                    let before = first(&world, path, steps - 1);
                    let before = after(&ranked, &before);
                    assert!(matches!(before, Onward::Decides(1..)), "{before:?}");
                }
                LiveVerdict::Exhausted => {}
                LiveVerdict::Truncated(cut) => panic!("{cut}"),
            }
        }
    }
    assert!(
        rounds >= 6 && stops >= 2 && closed >= 3,
        "{rounds} {stops} {closed}"
    );
}

fn decides() -> &'static Known {
    Known::named(DECIDES).unwrap()
}

fn after(ranked: &Ranked, path: &Path<State, Action>) -> Onward {
    onward(ranked, path, &Limits::default(), &|_| {}).unwrap()
}

const NACK: &str = "[protocol]\nnack = true\n";

#[test]
fn a_round_on_which_something_is_decided_or_owed_is_none() {
    let duel = endless::world(&format!("[endless]\nin-flight = 1\n{NACK}{DUEL}"));
    let lasso = model::explore_live(&duel, &Limits::default(), &|_| {}).unwrap();
    let LiveVerdict::Lasso(lasso) = lasso.findings[0].verdict.clone() else {
        panic!("a duel goes on for ever")
    };
    // Where one proposer is to be alone in the end, a duel for ever owes just that.
    let alone = endless::world(&format!(
        "[endless]\nin-flight = 1\nalone = 0\n{NACK}{DUEL}"
    ));
    let start = alone.init_states().remove(0);
    let path = Path::from_actions(&alone, start, &lasso.path.into_actions()).unwrap();
    let owed = "it is not fair: that one proposer is alone is possible and never comes";
    let alone = Ranked::new(alone).unwrap();
    let judged = judge_round(&alone, &path, lasso.stem, decides());
    assert_eq!(judged, Err(owed.to_owned()));

    let world = shipped_live("settles");
    let mut state = world.init_states().remove(0);
    let mut taken = Vec::new();
    while !is_decided(&state) {
        // Everything that one proposer says arrives.
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        let (action, next) = actions
            .into_iter()
            .filter(|action| matches!(action, Action::Step(event) if !matches!(event, Event::Timeout(_))))
            .find_map(|action| Some((action, world.next_state(&state, action)?)))
            .unwrap();
        (state, _) = (next, taken.push(action));
    }
    let start = world.init_states().remove(0);
    let path = Path::from_actions(&world, start, &taken).unwrap();
    let decided = format!("something is decided after step {}", taken.len());
    let ranked = Ranked::new(world).unwrap();
    assert_eq!(
        judge_round(&ranked, &path, taken.len(), decides()),
        Err(decided)
    );
    assert_eq!(after(&ranked, &path), Onward::Decides(0));
}

#[test]
fn what_follows_is_looked_at_until_something_is_decided_or_the_search_is_cut() {
    let ranked = Ranked::new(shipped_live("settles-three")).unwrap();
    let start = ranked.world().init_states().remove(0);
    let path = Path::from_actions(ranked.world(), start, &[]).unwrap();
    // All there is would be thirteen million states.
    let mut limits = Limits {
        max_states: Some(100_000),
        ..Limits::default()
    };
    let found = onward(&ranked, &path, &limits, &|_| {}).unwrap();
    assert_eq!(found, Onward::Decides(9));
    limits.max_states = Some(100);
    let found = onward(&ranked, &path, &limits, &|_| {}).unwrap();
    assert_eq!(found, Onward::Unknown(Cut::MaxStates(100)));
}
