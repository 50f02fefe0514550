//! Worlds without end: that keeping states up to the order of their ballots is exact, and what has to happen in them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use checker::{Limits, LiveVerdict, Reductions, Verdict, explore_live};
use model::{Action, Mutant, Ranked, Scenario, State, World};
use stateright::Model;

use crate::common::shipped;

pub(crate) fn world(body: &str) -> World {
    let text = format!("title = \"\"\nabout = \"\"\n{body}");
    let scenario = Scenario::parse(Path::new("small.toml"), &text).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

pub(crate) const DUEL: &str = "[cluster]\nproposers = 2\nacceptors = 1\n\
                    [[ask]]\nvalue = \"A\"\nof = 0\n[[ask]]\nvalue = \"B\"\nof = 1\n";
const LONE: &str = "[cluster]\nproposers = 1\nacceptors = 2\n[[ask]]\nvalue = \"A\"\nof = 0\n";

const HEARD: &str =
    "[cluster]\nproposers = 1\nacceptors = 2\nlearners = 1\n[[ask]]\nvalue = \"A\"\nof = 0\n";

/// Small worlds of every setting, and the rounds in which all that can be reached is reached.
pub(crate) fn worlds() -> Vec<(World, u32)> {
    let worlds = [
        (DUEL, "[endless]\nin-flight = 1\n", 6),
        (DUEL, "[endless]\nin-flight = 2\n", 6),
        (
            DUEL,
            "[endless]\nin-flight = 1\n[protocol]\nnack = true\n",
            6,
        ),
        (
            DUEL,
            "[endless]\nin-flight = 2\n[protocol]\nnack = true\n",
            7,
        ),
        (
            DUEL,
            "[endless]\nin-flight = 1\n[protocol]\nrules = \"notes\"\n",
            6,
        ),
        (DUEL, "[endless]\nin-flight = 1\nalone = 0\n", 6),
        (DUEL, "[endless]\nin-flight = 1\nimpatient = true\n", 13),
        (
            DUEL,
            "[endless]\nin-flight = 1\nrepeats = true\n[world]\nloss = true\n",
            8,
        ),
        (
            DUEL,
            "[endless]\nin-flight = 1\n[world]\ncrashes = 1\ntorn = true\n",
            7,
        ),
        (
            LONE,
            "[endless]\nin-flight = 1\nstops = 1\nstop-nodes = [1, 2]\n",
            4,
        ),
        (LONE, "[endless]\nin-flight = 1\nimpatient = true\n", 12),
        (LONE, "[endless]\nin-flight = 2\nimpatient = true\n", 12),
        (
            LONE,
            "[endless]\nin-flight = 1\n[protocol]\nrules = \"notes\"\n",
            4,
        ),
        (
            LONE,
            "[endless]\nin-flight = 1\nrepeats = true\n[world]\nloss = true\n",
            4,
        ),
        (
            LONE,
            "[endless]\nin-flight = 1\nlosses = 2\n[world]\nloss = true\n",
            5,
        ),
        (
            LONE,
            "[endless]\nin-flight = 1\n[world]\ncrashes = 2\ntorn = true\n",
            6,
        ),
        (HEARD, "[endless]\nin-flight = 1\n", 4),
        (
            HEARD,
            "[endless]\nin-flight = 2\n[world]\ncrashes = 1\ncrash-nodes = [0]\n",
            4,
        ),
    ];
    worlds
        .into_iter()
        .map(|(body, more, rounds)| (world(&format!("{more}{body}")), rounds))
        .collect()
}

/// All that there is only where rounds never end, in a world that is finite as it is.
pub(crate) fn with_all() -> World {
    world(&format!(
        "[endless]\nin-flight = 1\nalone = 0\nstops = 1\nrepeats = true\n\
         [world]\nloss = true\nretries = 1\n{LONE}"
    ))
}

pub(crate) fn is_decided(state: &State) -> bool {
    state
        .servers()
        .any(|(_, server)| !server.announced.is_empty())
}

fn is_duel(model: &Ranked) -> bool {
    model.world().cluster().proposers().len() > 1
}

fn last_round(state: &State) -> u32 {
    let rounds = state
        .servers()
        .map(|(_, server)| server.proposer.last_round);
    rounds.max().flatten().map_or(0, |round| round.number())
}

/// States, and steps that change them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    states: HashSet<State>,
    steps: HashSet<(State, State)>,
}

/// All that happens with ballots as they are, up to this round, as it is kept.
fn reached(model: &Ranked, rounds: u32) -> Seen {
    let world = model.world();
    let (mut all, mut seen) = (HashSet::new(), Seen::default());
    let mut pending = world.init_states();
    while let Some(state) = pending.pop() {
        if last_round(&state) > rounds || !all.insert(state.clone()) {
            continue;
        }
        let kept = model.kept(&state);
        if !world.is_over(&state) {
            for next in world.next_states(&state) {
                seen.steps.insert((kept.clone(), model.kept(&next)));
                pending.push(next);
            }
        }
        seen.states.insert(kept);
    }
    seen.steps.retain(|(from, to)| from != to);
    seen
}

/// The same, of states as they are kept.
fn kept(model: &Ranked) -> Seen {
    let mut seen = Seen::default();
    let mut pending = model.init_states();
    while let Some(state) = pending.pop() {
        if seen.states.insert(state.clone()) {
            for next in model.next_states(&state) {
                seen.steps.insert((state.clone(), next.clone()));
                pending.push(next);
            }
        }
    }
    seen.steps.retain(|(from, to)| from != to);
    seen
}

#[test]
fn what_is_kept_is_what_happens() {
    for (world, rounds) in worlds() {
        let settings = format!("{:?}", world.scenario());
        let model = Ranked::new(world).unwrap();
        let (kept, reached) = (kept(&model), reached(&model, rounds));
        let missing = reached.states.difference(&kept.states).next();
        assert_eq!(missing, None, "not kept\n{settings}");
        let missing = reached.steps.difference(&kept.steps).next();
        assert_eq!(missing, None, "not kept\n{settings}");
        if model.world().scenario().world.crashes > 0 && is_duel(&model) {
            // So few crashes do not open every gap that a wide one stands for.
            continue;
        }
        let spurious = kept.states.difference(&reached.states).next();
        assert_eq!(spurious, None, "never happens\n{settings}");
        let spurious = kept.steps.difference(&reached.steps).next();
        assert_eq!(spurious, None, "never happens\n{settings}");
    }
}

#[test]
fn where_time_outs_are_counted_both_are_finite_and_equal() {
    for retries in 0..4 {
        let more = format!("[endless]\nin-flight = 1\n[world]\nretries = {retries}\n");
        for body in [DUEL, LONE] {
            let world = world(&format!("{more}{body}"));
            let model = Ranked::new(world).unwrap();
            let (kept, reached) = (kept(&model), reached(&model, u32::MAX));
            let missing = reached.states.difference(&kept.states).next();
            assert_eq!(missing, None, "not kept");
            let spurious = kept.states.difference(&reached.states).next();
            assert_eq!(spurious, None, "never happens");
            assert!(kept.steps == reached.steps, "other steps");
        }
    }
}

#[test]
fn every_lasso_is_walked_with_ballots_as_they_are() {
    let mut walked = 0;
    for (world, _) in worlds() {
        let settings = format!("{:?}", world.scenario());
        let model = Ranked::new(world).unwrap();
        let run = explore_live(&model, &Limits::default(), &|_| {}).unwrap();
        for finding in run.findings {
            match finding.verdict {
                LiveVerdict::Lasso(lasso) => {
                    walked += 1;
                    let steps = lasso.path.clone().into_actions().len();
                    let path = model.walk(&lasso.path);
                    let path = path.unwrap_or_else(|step| {
                        panic!("{} of {settings} stops at step {step}", finding.name)
                    });
                    assert_eq!(path.clone().into_actions().len(), steps);
                    let states = path.into_states();
                    let [stem, end] = [lasso.stem, steps].map(|at| model.kept(&states[at]));
                    assert_eq!(stem, end, "it goes round");
                }
                LiveVerdict::Closed(_) | LiveVerdict::Exhausted | LiveVerdict::Truncated(_) => {}
            }
        }
    }
    assert!(walked >= 6, "{walked}");
}

/// The properties that are violated.
fn violated(world: &World) -> Vec<&'static str> {
    let run = model::explore_live(world, &Limits::default(), &|_| {}).unwrap();
    let findings = run.findings.into_iter();
    let violated = findings.filter(|finding| match &finding.verdict {
        LiveVerdict::Lasso(_) | LiveVerdict::Closed(_) => true,
        LiveVerdict::Exhausted => false,
        LiveVerdict::Truncated(cut) => panic!("{}: {cut}", finding.name),
    });
    violated.map(|finding| finding.name).collect()
}

pub(crate) fn shipped_live(name: &str) -> World {
    shipped(&format!("liveness/{name}"))
}

#[test]
fn faults_that_only_keep_things_from_being_done_are_caught_by_that() {
    let caught: [(Mutant, &str, &[&str]); 7] = [
        (Mutant::NoRetransmission, "lossy", &["decides"]),
        (Mutant::Duelling, "settles-nack", &["decides"]),
        (
            Mutant::AcceptStrict,
            "majority-of-1",
            &["decides", "can-decide"],
        ),
        (Mutant::NoTimer, "stopped-nack", &["decides", "can-decide"]),
        (
            Mutant::VotesToProposerOnly,
            "learner-hears-late",
            &["announced-in-the-end"],
        ),
        (
            Mutant::StaleVoteResets,
            "learner-hears-late",
            &["decides", "announced-in-the-end"],
        ),
        (
            Mutant::GivesUpOnNack,
            "stopped-nack",
            &["decides", "can-decide"],
        ),
    ];
    for (mutant, scenario, by) in caught {
        let world = shipped_live(scenario);
        assert_eq!(violated(&world), [""; 0], "{scenario}");
        assert_eq!(violated(&world.with_mutant(mutant)), by, "{mutant}");
    }
    // Those of them that are about nothing else change nothing where rounds end.
    for mutant in Mutant::ALL.iter().filter(|one| one.is_about_progress()) {
        let (right, wrong) = (
            shipped("one-acceptor"),
            shipped("one-acceptor").with_mutant(*mutant),
        );
        let count = |world: &World| {
            let all = model::explore(
                world,
                Reductions::NONE,
                &checker::Storage::default(),
                &Limits::default(),
                &|_| {},
            );
            all.unwrap()
        };
        assert_eq!(count(&right), count(&wrong), "{mutant}");
    }
}

#[test]
fn two_proposers_keep_each_other_from_it_in_turn() {
    let world = shipped_live("duel-nack");
    let run = model::explore_live(&world, &Limits::default(), &|_| {}).unwrap();
    let LiveVerdict::Lasso(lasso) = &run.findings[0].verdict else {
        panic!("{run:?}");
    };
    let round = &lasso.path.clone().into_actions()[lasso.stem..];
    let prepared: Vec<String> = round
        .iter()
        .map(Action::to_string)
        .filter(|told| told.contains("Prepare"))
        .map(|told| told[..2].to_owned())
        .collect();
    assert!(prepared.iter().any(|by| by == "n0") && prepared.iter().any(|by| by == "n1"));
    let told: Vec<String> = round.iter().map(Action::to_string).collect();
    assert!(told.iter().any(|one| one.contains("Propose")), "{told:?}");
    assert!(told.iter().any(|one| one.contains("Nack")), "{told:?}");
}

/// Whether deciding stays possible in a bounded world, and how many states were asked.
fn outlook(world: &World, reductions: Reductions) -> (Verdict<State, Action>, u64) {
    let run = model::outlook(world, reductions, &Limits::default(), &|_| {}).unwrap();
    (run.findings[0].verdict.clone(), run.unique)
}

#[test]
fn deciding_stays_possible_where_rounds_end_and_reductions_do_not_hide_it() {
    for name in [
        "one-acceptor",
        "one-proposer-restarts",
        "four-acceptors",
        "clients-give-up",
    ] {
        let world = shipped(name);
        let (whole, states) = outlook(&world, Reductions::NONE);
        assert_eq!(whole, Verdict::Exhausted, "{name}");
        assert_eq!(world.scenario().expect.states, Some(states), "{name}");
        let (reduced, _) = outlook(&world, Reductions::ALL);
        assert_eq!(reduced, Verdict::Exhausted, "{name}");
        // Faults that close ways that are open: at once, or only after some steps.
        for mutant in [
            Mutant::AcceptStrict,
            Mutant::VotesOnce,
            Mutant::NeverAnnounced,
        ] {
            let world = world.clone().with_mutant(mutant);
            let steps = |(verdict, _): (Verdict<State, Action>, u64)| {
                verdict.path().map(|path| path.clone().into_actions().len())
            };
            let whole = steps(outlook(&world, Reductions::NONE));
            assert_eq!(
                whole,
                steps(outlook(&world, Reductions::ALL)),
                "{name} {mutant}"
            );
            if mutant != Mutant::VotesOnce {
                assert_eq!(whole, Some(0), "{name} {mutant}");
            }
        }
    }
    let world = shipped("three-acceptors-retries").with_mutant(Mutant::VotesOnce);
    let (verdict, _) = outlook(&world, Reductions::ALL);
    let steps = verdict.path().map(|path| path.clone().into_actions().len());
    assert!(steps > Some(5), "{steps:?}");
}

#[test]
fn the_notes_rule_needs_another_round_where_an_acceptor_missed_the_prepare() {
    let world = shipped_live("one-round-notes");
    let found = model::another_round(&world).expect("there is a story");
    let told = |(_, path): &(World, stateright::Path<State, Action>)| {
        let actions = path.clone().into_actions();
        actions.iter().map(Action::to_string).collect::<Vec<_>>()
    };
    let (lamport, notes) = (told(&found.lamport), told(&found.notes));
    assert!(notes.len() < lamport.len(), "{lamport:?} {notes:?}");
    assert!(notes.iter().all(|one| lamport.contains(one)));
    let decided = found.lamport.1.clone().into_states();
    let decided = decided.iter().map(is_decided).collect::<Vec<_>>();
    let steps = lamport.len();
    assert_eq!(
        decided.iter().position(|is| *is),
        Some(steps),
        "it is the end"
    );
    // With no acceptor failing and nothing lost, they decide the same.
    let calm = "[endless]\nin-flight = 1\n[world]\nretries = 0\n";
    assert!(model::another_round(&self::world(&format!("{calm}{LONE}"))).is_none());
}

/// A world without end in which what must never be is judged.
fn judged(body: &str, more: &str) -> World {
    world(&format!(
        "[endless]\nin-flight = 1\nsafety = true\n{more}{body}"
    ))
}

/// How many steps each property takes to be violated.
fn unsafe_after(world: &World) -> Vec<(&'static str, usize)> {
    let run = model::explore_endless_safety(world, &Limits::default(), &|_| {}).unwrap();
    assert!(run.is_exhausted(), "{}", run.ending);
    let findings = run.findings.into_iter();
    let violated = findings.filter_map(|finding| match finding.verdict {
        Verdict::Violated(path) => Some((finding.property, path.into_actions().len())),
        Verdict::Exhausted => None,
        other @ (Verdict::Witnessed(_) | Verdict::Truncated(_)) => panic!("{other:?}"),
    });
    violated.collect()
}

/// A proposer that is asked twice, so that its first ballot can be over before its second.
const ASKED_TWICE: &str = "[cluster]\nproposers = 1\nacceptors = 1\n\
                           [[ask]]\nvalue = \"A\"\nof = 0\n[[ask]]\nvalue = \"B\"\nof = 0\n";

#[test]
fn nothing_false_is_chosen_however_many_rounds_there_are() {
    for (body, more) in [
        (DUEL, ""),
        (DUEL, "[protocol]\nnack = true\n"),
        (DUEL, "[protocol]\nrules = \"notes\"\n"),
        (DUEL, "repeats = true\n"),
        (ASKED_TWICE, "[world]\ncrashes = 1\ntorn = true\n"),
        (LONE, "repeats = true\n[world]\nloss = true\n"),
    ] {
        assert_eq!(unsafe_after(&judged(body, more)), [], "{more}");
    }
}

/// Faults that a bounded world finds are found in as many steps, and each path is one of the World's, on whose last
/// state the World's own property says the same.
#[test]
fn what_is_false_where_rounds_end_is_false_where_they_do_not() {
    let rows: [(Mutant, &str, &str, &str, usize); 5] = [
        (Mutant::OwnValue, DUEL, "", "agreement", 8),
        (Mutant::DefaultValue, DUEL, "", "validity", 4),
        (
            Mutant::FirstVoteIsChosen,
            LONE,
            "",
            "announced-is-chosen",
            7,
        ),
        (
            Mutant::TwoValuesOneBallot,
            DUEL,
            "",
            "one-value-per-ballot",
            3,
        ),
        (
            Mutant::RepeatHidesVote,
            DUEL,
            "repeats = true\n",
            "agreement",
            9,
        ),
    ];
    for (mutant, body, more, property, steps) in rows {
        let world = judged(body, more).with_mutant(mutant);
        let run = model::explore_endless_safety(&world, &Limits::default(), &|_| {}).unwrap();
        let verdict = &run.finding(property).unwrap().verdict;
        let path = verdict.path().expect(property);
        assert_eq!(path.clone().into_actions().len(), steps, "{mutant}");
        let known = model::properties::Known::named(property).unwrap();
        assert!(
            !(known.property().condition)(&world, path.last_state()),
            "{mutant}"
        );
    }
}

/// What was chosen in a ballot that is over is remembered: here its votes are lost before another value is chosen.
#[test]
fn what_was_chosen_in_a_ballot_that_is_over_still_counts() {
    let more = "[world]\ncrashes = 1\ntorn = true\n";
    let world = judged(ASKED_TWICE, more).with_mutant(Mutant::PromiseHidesVote);
    let violated = unsafe_after(&world);
    let steps = violated.iter().find(|(name, _)| *name == "agreement");
    assert!(steps.is_some(), "{violated:?}");
}

/// A core that goes on in a ballot that is over is not said to be safe.
#[test]
fn a_ballot_that_goes_on_when_it_is_over_leaves_the_verdict_open() {
    let more = "[world]\ncrashes = 1\nloss = true\n";
    let world = judged(ASKED_TWICE, more).with_mutant(Mutant::BallotReused);
    let run = model::explore_endless_safety(&world, &Limits::default(), &|_| {}).unwrap();
    assert!(!run.is_exhausted());
    for finding in &run.findings {
        assert!(
            !matches!(finding.verdict, Verdict::Exhausted),
            "{}",
            finding.property
        );
    }
}
