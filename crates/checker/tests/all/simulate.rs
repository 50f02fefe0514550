//! Random runs: the same for everybody, honest about what they are, and their violations made short.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use checker::{
    Cut, Effort, Error, Limits, Order, Simulated, Simulation, Until, Walk, explore, minimise,
    simulate, walk_of_run,
};
use stateright::{Model, Property};

use crate::models::{Chain, Graph, Grid, Moody, Step, Still, Vault};

static NEVER: AtomicBool = AtomicBool::new(false);

/// More than any test needs.
const AMPLE: Effort<'_> = Effort {
    steps_max: 10_000_000,
    interrupt: &NEVER,
};

fn many(until: Until) -> Simulation {
    Simulation {
        runs: 600,
        steps_max: 200,
        until,
        ..Simulation::default()
    }
}

fn simulated<M>(model: &M, simulation: &Simulation) -> Simulated<M::Action>
where
    M: Model + Sync,
    M::Action: Clone + PartialEq,
{
    simulate(model, simulation, &|_| {}).unwrap()
}

/// Goes a walk the slow way, skipping what is not possible; whether its last state violates the property,
/// and no state before.
fn violates<M>(model: &M, property: &Property<M>, walk: &Walk<M::Action>) -> bool
where
    M: Model,
    M::Action: Clone + PartialEq,
{
    let mut state = model.init_states().swap_remove(walk.initial);
    for action in &walk.actions {
        if !(property.condition)(model, &state) {
            return true;
        }
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        if actions.contains(action)
            && let Some(next) = model.next_state(&state, action.clone())
            && model.within_boundary(&next)
        {
            state = next;
        }
    }
    !(property.condition)(model, &state)
}

/// Asserts that a violation is made short as promised; by how many steps it is longer than the shortest.
fn assert_minimised<M>(model: &M, name: &'static str, walk: &Walk<M::Action>) -> usize
where
    M: Model + Sync,
    M::State: Clone + std::hash::Hash + PartialEq + Send + 'static,
    M::Action: Clone + PartialEq + std::fmt::Debug + Send,
{
    let properties = model.properties();
    let property = properties.iter().find(|known| known.name == name).unwrap();
    let minimised = minimise(model, name, walk, AMPLE).unwrap();
    let short = &minimised.walk;
    assert!(minimised.is_minimal && short.actions.len() <= walk.actions.len());
    assert!(violates(model, property, short));
    assert!(short.path(model).is_some(), "it is a path of the model");
    for left_out in 0..short.actions.len() {
        let mut shorter = short.clone();
        shorter.actions.remove(left_out);
        assert!(
            !violates(model, property, &shorter),
            "without {left_out}: {shorter:?}"
        );
    }
    assert_eq!(minimise(model, name, walk, AMPLE).unwrap(), minimised);
    let limits = Limits {
        until: Until::Found(name),
        ..Limits::default()
    };
    let run = explore(model, &limits, &|_| {}).unwrap();
    let shortest = run.finding(name).unwrap().verdict.path().unwrap().clone();
    short.actions.len() - shortest.into_actions().len()
}

#[test]
fn what_is_found_does_not_depend_on_threads() {
    for until in [
        Until::Exhausted,
        Until::FirstViolation,
        Until::Found("half open"),
    ] {
        for order in [Order::Mixed, Order::Uniform, Order::Ranked] {
            let mut simulation = many(until);
            simulation.order = order;
            let one = simulated(&Vault, &simulation);
            for threads in [2, 5] {
                simulation.threads = threads.try_into().unwrap();
                assert_eq!(simulated(&Vault, &simulation), one, "{until:?} {order:?}");
            }
            simulation.seed = 2;
            assert_ne!(simulated(&Vault, &simulation), one);
        }
    }
}

#[test]
fn every_run_can_be_had_alone() {
    let simulation = many(Until::Exhausted);
    let all = simulated(&Vault, &simulation);
    assert_eq!(all.violations().len(), 1);
    for seen in all.sightings.iter().filter_map(|one| one.seen.as_ref()) {
        let whole = walk_of_run(&Vault, &simulation, seen.run).unwrap();
        assert_eq!(whole.initial, seen.walk.initial);
        assert!(whole.actions.starts_with(&seen.walk.actions));
        let alone = Simulation {
            first: seen.run,
            runs: 1,
            ..simulation.clone()
        };
        let alone = simulated(&Vault, &alone);
        assert!(
            alone
                .sightings
                .iter()
                .any(|one| one.seen.as_ref() == Some(seen))
        );
        assert_eq!(alone.steps, whole.actions.len() as u64);
    }
}

/// Computed on one machine; they must come out on every other.
#[test]
fn runs_never_change() {
    let first = |seed, order| {
        let simulation = Simulation {
            seed,
            steps_max: 12,
            order,
            ..Simulation::default()
        };
        walk_of_run(&Vault, &simulation, 3).unwrap().actions
    };
    assert_eq!(
        first(1, Order::Uniform),
        [1, 0, 1, 0, 3, 0, 4, 3, 3, 2, 1, 4]
    );
    assert_eq!(
        first(1, Order::Ranked),
        [1, 0, 0, 4, 4, 2, 1, 1, 1, 1, 4, 4]
    );
    assert_eq!(
        first(u64::MAX, Order::Mixed),
        [5, 3, 1, 0, 0, 3, 0, 3, 1, 1, 1, 2]
    );
}

#[test]
fn a_run_goes_on_until_nothing_is_possible_or_it_is_long_enough() {
    let chain = Chain::new(40, 1_000);
    let mut simulation = many(Until::Exhausted);
    simulation.runs = 10;
    let done = simulated(&chain, &simulation);
    assert_eq!(
        (done.runs, done.steps, done.longest, done.unfinished),
        (10, 400, 40, 0)
    );
    simulation.steps_max = 40;
    assert_eq!(simulated(&chain, &simulation).unfinished, 0);
    simulation.steps_max = 39;
    let done = simulated(&chain, &simulation);
    assert_eq!((done.longest, done.unfinished), (39, 10));
    assert!(done.cut.is_none());
    assert!(done.sightings[2].seen.is_none(), "the end was not reached");
    // Never beyond the boundary, never by an action that leads nowhere.
    let vault = simulated(&Vault, &many(Until::Exhausted));
    assert_eq!(
        (vault.longest, vault.steps, vault.unfinished),
        (99, 99 * 600, 0)
    );
    assert!(vault.sightings[1].seen.is_none() && vault.sightings[3].seen.is_none());
}

#[test]
fn the_runs_end_with_the_first_that_violates() {
    let simulation = many(Until::FirstViolation);
    let done = simulated(&Vault, &simulation);
    let (property, seen) = done.violations()[0];
    assert_eq!((property, done.runs), ("closed", seen.run + 1));
    assert!(done.cut.is_none());
    let simulation = Simulation {
        runs: seen.run,
        ..simulation
    };
    assert!(simulated(&Vault, &simulation).violations().is_empty());
}

#[test]
fn a_cut_is_told_and_what_was_found_is_kept() {
    let chain = Chain::new(600, 30);
    let simulation = Simulation {
        // The chain sets it in the middle of the second run.
        interrupt: chain.at_500.clone(),
        ..many(Until::Exhausted)
    };
    let done = simulated(&chain, &simulation);
    assert_eq!(
        (done.runs, done.cut),
        (600, None),
        "200 steps do not get that far"
    );
    let simulation = Simulation {
        steps_max: 1_000,
        ..simulation
    };
    let done = simulated(&chain, &simulation);
    assert_eq!((done.runs, done.cut), (0, Some(Cut::Interrupted)));
    assert!(
        done.sightings
            .iter()
            .all(|sighting| sighting.seen.is_none())
    );

    let late = Simulation {
        timeout: Some(Duration::ZERO),
        ..many(Until::Exhausted)
    };
    let done = simulated(&Vault, &late);
    assert_eq!(
        (done.runs, done.cut),
        (0, Some(Cut::Timeout(Duration::ZERO)))
    );
}

#[test]
fn violations_are_made_short() {
    let done = simulated(&Vault, &many(Until::FirstViolation));
    let (_, seen) = done.violations()[0];
    assert!(seen.walk.actions.len() > 3);
    let short = minimise(&Vault, "closed", &seen.walk, AMPLE).unwrap().walk;
    assert_eq!((short.initial, short.actions), (1, vec![3, 1, 4]));

    let grid = Grid::new(12, 20);
    let done = simulated(&grid, &many(Until::FirstViolation));
    assert_eq!(
        assert_minimised(&grid, "small sum", &done.violations()[0].1.walk),
        0
    );

    let mut longer = 0;
    let mut found = 0;
    for seed in 0..300 {
        let graph = Graph::random(seed, 60);
        let Ok(done) = simulate(&graph, &many(Until::FirstViolation), &|_| {}) else {
            continue;
        };
        if let Some((property, seen)) = done.violations().first() {
            found += 1;
            longer += assert_minimised(&graph, property, &seen.walk);
        }
    }
    // Leaving out is not looking for another way: sometimes there is a shorter one.
    assert!(
        found > 100 && longer > 0,
        "{longer} steps more in {found} graphs"
    );
}

#[test]
fn effort_has_an_end() {
    let done = simulated(&Vault, &many(Until::FirstViolation));
    let (_, seen) = done.violations()[0];
    let little = Effort {
        steps_max: 1,
        ..AMPLE
    };
    let cut = minimise(&Vault, "closed", &seen.walk, little).unwrap();
    assert_eq!(
        (cut.is_minimal, cut.tries, &cut.walk),
        (false, 1, &seen.walk)
    );
    let interrupt = AtomicBool::new(true);
    let interrupted = Effort {
        interrupt: &interrupt,
        ..AMPLE
    };
    assert!(
        !minimise(&Vault, "closed", &seen.walk, interrupted)
            .unwrap()
            .is_minimal
    );
    interrupt.store(false, Ordering::Relaxed);
    assert!(
        minimise(&Vault, "closed", &seen.walk, interrupted)
            .unwrap()
            .is_minimal
    );
}

#[test]
fn what_cannot_be_worked_with_is_refused() {
    let still = |initial: Vec<u8>, properties| Still {
        initial,
        properties,
    };
    let eventually: fn() -> _ = || vec![Property::eventually("later", |_: &Still, _: &u8| true)];
    let refused = simulate(
        &still(vec![0], eventually),
        &many(Until::Exhausted),
        &|_| {},
    );
    assert_eq!(refused, Err(Error::Eventually("later")));
    let refused = simulate(
        &still(vec![100], Vec::new),
        &many(Until::Exhausted),
        &|_| {},
    );
    assert_eq!(refused, Err(Error::NoInitialState));
    let refused = simulate(&still(vec![0], Vec::new), &many(Until::Found("x")), &|_| {});
    assert_eq!(refused, Err(Error::UnknownProperty("x")));

    let calm = Walk {
        initial: 1,
        actions: vec![3, 1],
    };
    let error = |step| Error::ModelNotDeterministic {
        property: "closed",
        step,
        steps: 2,
    };
    assert_eq!(minimise(&Vault, "closed", &calm, AMPLE), Err(error(2)));
    assert_eq!(
        minimise(&Vault, "open", &calm, AMPLE),
        Err(Error::UnknownProperty("open"))
    );
    let nowhere = Walk { initial: 7, ..calm };
    assert_eq!(minimise(&Vault, "closed", &nowhere, AMPLE), Err(error(2)));
    assert!(nowhere.path(&Vault).is_none());
}

/// Its violation is a matter of how often it was asked.
struct Fickle(Moody);

impl Model for Fickle {
    type State = (u8, u64);
    type Action = Step;

    fn init_states(&self) -> Vec<Self::State> {
        self.0.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Step>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, step: Step) -> Option<Self::State> {
        self.0.next_state(state, step)
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        self.0.within_boundary(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("asked little", |_, state: &(u8, u64)| {
            state.1 != 20
        })]
    }
}

#[test]
fn a_violation_that_does_not_come_again_is_an_error() {
    let refused = simulate(&Fickle(Moody::default()), &many(Until::Exhausted), &|_| {});
    assert!(
        matches!(
            refused,
            Err(Error::ModelNotDeterministic {
                property: "asked little",
                ..
            })
        ),
        "{refused:?}"
    );
}
