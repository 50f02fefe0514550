//! A second look at a core that the committed reports were not made with: small worlds, explored in every way there is.
//!
//! Tables and reductions ask the core for what they take for granted ([`crate::explore`]). This is for what nobody thought of: the same
//! worlds explored by the [`World`] as it is, without tables and without reductions, and as [`Actors`] by stateright's own engine. All
//! have to come to the same verdicts, and the first two to the same lengths.
//!
//! **What is held.** With nothing asked of the core, the second look finds a contradiction for every core of the gallery that the
//! tables or a reduction then misjudge: `cargo run -p gallery -- alone` checks it, and the gate runs that. It also fails if one of the
//! worlds were enough by itself. Of a changed core that is not in the gallery nothing is known beforehand: the worlds are small, and a
//! premise that breaks in larger ones only goes unnoticed here.

use std::path::Path;
use std::sync::Arc;

use checker::{Ending, Engine, Error, Limits, Progress, Reductions, Run, Storage, Verdict};
use stateright::{Model, Property};

use crate::compiled::Asking;
use crate::explore::explore_with;
use crate::properties::Known;
use crate::{Action, Actors, Scenario, State, World};

/// The worlds, by what is in them and what their clients ask, each small enough to be explored in every way in a second or so. Each
/// says for which cores of the gallery it is there; these are told by no other one.
const WORLDS: [(&str, &str, &str); 5] = [
    // half-with-the-first: half of an even number is a quorum, if it is the right half. Symmetry takes either half for the other.
    (
        "two proposers, two acceptors, a learner",
        "[cluster]\nproposers = 2\nacceptors = 2\nlearners = 1",
        DUEL,
    ),
    // No core of the gallery needs it. It is the only world with a crash.
    (
        "one proposer that restarts",
        "[cluster]\nproposers = 1\nacceptors = 1\n[world]\nrounds = 2\ncrashes = 1",
        RIVALS_OF_ONE,
    ),
    // answers-before-quorum and promises-to-itself: what is counted shows before the count is complete, or is begun by no message, and
    // so the order of counting matters. adopts-from-own-acceptor-only: a node says what none of its roles says alone, and the tables do
    // not know it. All of them need several roles on one node.
    ("two servers", "[cluster]\nservers = 2", DUEL),
    // promises-kept-over-rounds: promises of the last round are counted in the next, so it matters when they arrived. It takes a retry.
    (
        "quorums of two and one, a retry",
        "[cluster]\nproposers = 2\nacceptors = 2\n[protocol]\nprepare-quorum = 2\naccept-quorum = 1\n\
         [world]\nrounds = 2\nretries = 1",
        DUEL,
    ),
    // No core of the gallery needs it. It is the only world in which a majority is neither all nor half.
    (
        "two proposers, three acceptors",
        "[cluster]\nproposers = 2\nacceptors = 3",
        DUEL,
    ),
];

/// Two clients ask two proposers for different values.
const DUEL: &str = "[[ask]]\nvalue = 'A'\nof = 0\n[[ask]]\nvalue = 'B'\nof = 1";
/// Two clients ask one proposer for different values.
const RIVALS_OF_ONE: &str = "[[ask]]\nvalue = 'A'\nof = 0\n[[ask]]\nvalue = 'B'\nof = 0";

/// The engine of stateright that is asked: the one that needs least memory.
const OTHER: Engine = Engine::StaterightDfs;

/// A world of the second look that has more unique states than this is left unfinished: with the core as it ships the largest
/// has less than a tenth of it, and a changed core must not keep who waits for its verdict.
pub const STATES_MAX: u64 = 1_000_000;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondLook {
    /// Where two explorations of one world contradict each other, a line each.
    pub contradictions: Vec<String>,
    /// Worlds that were not explored to their end, so that nothing was compared.
    pub unfinished: Vec<&'static str>,
}

impl SecondLook {
    /// Whether everything was compared, and nothing contradicts anything.
    pub fn is_clean(&self) -> bool {
        self.contradictions.is_empty() && self.unfinished.is_empty()
    }
}

/// A digest of the core that this program has, and of the World that asks it.
pub const CORE: &str = env!("CORE");

/// Explores the worlds of the second look in every way.
///
/// # Errors
/// As [`crate::explore()`].
pub fn second_look(
    limits: &Limits,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Result<SecondLook, Error> {
    let mut found = SecondLook::default();
    for looked in WORLDS {
        look_at(looked, Asking::Everything, &mut found, limits, tell)?;
    }
    Ok(found)
}

/// The names of the worlds, in order.
pub fn worlds() -> impl Iterator<Item = &'static str> {
    WORLDS.iter().map(|(name, _, _)| *name)
}

/// The second look at one of the worlds, with nothing asked of the core before tables and reductions are relied upon. What this finds,
/// the second look finds alone. For the gallery of changed cores. `None` if no world has this name.
///
/// # Errors
/// As [`crate::explore()`].
#[doc(hidden)]
pub fn second_look_unasked(name: &str, limits: &Limits) -> Option<Result<SecondLook, Error>> {
    let looked = WORLDS.into_iter().find(|(own, _, _)| *own == name)?;
    let mut found = SecondLook::default();
    let done = look_at(looked, Asking::Nothing, &mut found, limits, &|_| ());
    Some(done.map(|()| found))
}

/// [`crate::explore()`] with nothing asked of the core before tables and reductions are relied upon, so that what comes of it is true
/// of the core that ships and perhaps of no other. For the gallery of changed cores.
///
/// # Errors
/// As [`crate::explore()`].
#[doc(hidden)]
pub fn explore_unasked(
    world: &World,
    reductions: Reductions,
    limits: &Limits,
) -> Result<Run<State, Action>, Error> {
    let (asking, storage) = (Asking::Nothing, Storage::default());
    explore_with(asking, world, reductions, &storage, limits, &|_| ())
}

fn look_at(
    (name, placed, asks): (&'static str, &str, &str),
    asking: Asking,
    found: &mut SecondLook,
    limits: &Limits,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Result<(), Error> {
    let text = format!("title = ''\nabout = ''\n{placed}\n{asks}\n");
    let scenario = Scenario::parse(Path::new("second-look.toml"), &text);
    let scenario = scenario.map_err(|problem| problem.to_string());
    let world = match scenario.and_then(|scenario| World::new(Arc::new(scenario))) {
        Ok(world) => world,
        Err(problem) => {
            // They are valid as the core ships, so this is the core's doing.
            found.contradictions.push(format!("{name}: {problem}"));
            return Ok(());
        }
    };
    let limits = &Limits {
        max_states: Some(limits.max_states.unwrap_or(STATES_MAX).min(STATES_MAX)),
        ..limits.clone()
    };
    let storage = Storage::default();
    let fast = explore_with(asking, &world, Reductions::ALL, &storage, limits, tell)?;
    let plain = checker::explore_offering(&world, Reductions::NONE, limits, tell)?;
    if !is_exhausted(&plain) {
        found.unfinished.push(name);
        return Ok(());
    }
    let mut is_done = is_exhausted(&fast);
    let mut lines = differences(&fast, &plain);
    if let Some(actors) = Actors::new(&world) {
        let judged = Judged {
            actors,
            world: world.clone(),
        };
        let theirs = checker::explore_with(OTHER, Arc::new(judged), limits, tell)?;
        is_done &= is_exhausted(&theirs);
        lines.extend(differences_of_engines(&plain, &theirs));
    }
    if is_done {
        let lines = lines.into_iter().map(|line| format!("{name}: {line}"));
        found.contradictions.extend(lines);
    } else {
        found.unfinished.push(name);
    }
    Ok(())
}

fn is_exhausted<S, A>(run: &Run<S, A>) -> bool {
    run.ending == Ending::Exhausted
}

/// Verdict and length in words.
fn told<S, A>(verdict: &Verdict<S, A>) -> String
where
    S: Clone,
    A: Clone,
{
    let steps = |path: &stateright::Path<S, A>| path.clone().into_actions().len();
    match verdict {
        Verdict::Exhausted => "no path".to_owned(),
        Verdict::Violated(path) => format!("violated in {} steps", steps(path)),
        Verdict::Witnessed(path) => format!("witnessed in {} steps", steps(path)),
        Verdict::Truncated(cut) => cut.to_string(),
    }
}

/// Where tables and reductions come to something else than the World as it is.
fn differences(fast: &Run<State, Action>, plain: &Run<State, Action>) -> Vec<String> {
    let pairs = fast.findings.iter().zip(&plain.findings);
    let lines = pairs.filter_map(|(fast, plain)| {
        let (ours, theirs) = (told(&fast.verdict), told(&plain.verdict));
        (ours != theirs).then(|| {
            format!(
                "{}: {ours} by tables and reductions, {theirs} without",
                fast.property
            )
        })
    });
    lines.collect()
}

/// Where stateright's engine, on actors, comes to something else than ours on the World.
fn differences_of_engines<S, A>(plain: &Run<State, Action>, theirs: &Run<S, A>) -> Vec<String> {
    let mut lines = Vec::new();
    if plain.unique != theirs.unique {
        lines.push(format!(
            "{} states here, {} as actors by {OTHER}",
            plain.unique, theirs.unique
        ));
    }
    for other in &theirs.findings {
        let Some(ours) = plain.finding(other.property) else {
            continue;
        };
        let has_path = |is_some: bool| if is_some { "a path" } else { "no path" };
        let (own, other_has) = (
            ours.verdict.path().is_some(),
            other.verdict.path().is_some(),
        );
        if own != other_has {
            lines.push(format!(
                "{}: {} here, {} as actors by {OTHER}",
                other.property,
                has_path(own),
                has_path(other_has)
            ));
        }
    }
    lines
}

/// Actors, judged by the World's own properties.
struct Judged {
    actors: Actors,
    world: World,
}

impl Judged {
    fn holds(&self, property: &str, state: &<Actors as Model>::State) -> bool {
        Known::named(property)
            .is_none_or(|known| known.is_true(&self.world, &self.actors.view(state)))
    }
}

impl Model for Judged {
    type State = <Actors as Model>::State;
    type Action = <Actors as Model>::Action;

    fn init_states(&self) -> Vec<Self::State> {
        self.actors.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.actors.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.actors.next_state(state, action)
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        Model::within_boundary(&self.actors, state)
    }

    fn properties(&self) -> Vec<Property<Judged>> {
        vec![
            Property::always("agreement", |judged, state| {
                judged.holds("agreement", state)
            }),
            Property::always("validity", |judged, state| judged.holds("validity", state)),
            Property::always("announced-is-chosen", |judged, state| {
                judged.holds("announced-is-chosen", state)
            }),
            Property::always("votes-are-safe", |judged, state| {
                judged.holds("votes-are-safe", state)
            }),
            Property::sometimes("value-chosen", |judged, state| {
                judged.holds("value-chosen", state)
            }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_as_it_is_stands_a_second_look() {
        // A tenth of what a changed core is given.
        let limits = Limits {
            max_states: Some(STATES_MAX / 10),
            ..Limits::default()
        };
        let look = second_look(&limits, &|_| ()).unwrap();
        assert_eq!(look, SecondLook::default());
        for name in worlds() {
            let alone = second_look_unasked(name, &Limits::default()).unwrap();
            assert_eq!(alone.unwrap(), SecondLook::default());
        }
    }

    #[test]
    fn what_is_not_explored_to_its_end_is_not_compared() {
        let limits = Limits {
            max_states: Some(100),
            ..Limits::default()
        };
        let look = second_look(&limits, &|_| ()).unwrap();
        assert!(look.unfinished.len() > 3 && !look.is_clean(), "{look:?}");
    }

    #[test]
    fn explorations_that_contradict_each_other_are_noticed() {
        let explored = |asks: &str| {
            let text = format!("title = ''\nabout = ''\n[cluster]\nservers = 1\n{asks}\n");
            let scenario = Scenario::parse(Path::new("one.toml"), &text).unwrap();
            let world = World::new(Arc::new(scenario)).unwrap();
            checker::explore(&world, &Limits::default(), &|_| ()).unwrap()
        };
        let (one, two) = (
            explored("[[ask]]\nvalue = 'A'\nof = 0"),
            explored(RIVALS_OF_ONE),
        );
        assert_eq!(differences(&one, &one), [""; 0]);
        let mut blind = two.clone();
        for finding in &mut blind.findings {
            finding.verdict = Verdict::Exhausted;
        }
        assert!(!differences(&two, &blind).is_empty());
        assert!(!differences_of_engines(&two, &blind).is_empty());
        assert_eq!(differences_of_engines(&one, &two).len(), 1, "states");
    }
}
