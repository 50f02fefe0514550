//! Models that no honest answer can be given about.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use checker::{Engine, Error, Limits, Run, Until, Verdict, explore, explore_with};
use stateright::Property;

use crate::models::{Chain, Grid, Moody, Step, Still, threads};

fn still(properties: fn() -> Vec<Property<Still>>) -> Still {
    Still {
        initial: vec![0],
        properties,
    }
}

fn explore_still(engine: Engine, model: Still) -> Result<Run<u8, Step>, Error> {
    let limits = Limits {
        max_states: Some(100),
        ..Limits::default()
    };
    explore_with(engine, Arc::new(model), &limits, &|_| {})
}

#[test]
fn eventually_is_refused() {
    for engine in Engine::ALL {
        let model = still(|| {
            vec![
                Property::always("fine", |_, _| true),
                Property::eventually("done", |_, _| true),
            ]
        });
        assert_eq!(
            explore_still(engine, model),
            Err(Error::Eventually("done")),
            "{engine}"
        );
    }
}

#[test]
fn a_name_used_twice_is_refused() {
    for engine in Engine::ALL {
        let model = still(|| {
            vec![
                Property::always("same", |_, _| true),
                Property::sometimes("same", |_, _| true),
            ]
        });
        assert_eq!(
            explore_still(engine, model),
            Err(Error::DuplicateProperty("same")),
            "{engine}"
        );
    }
}

#[test]
fn a_space_without_initial_states_is_refused() {
    for engine in Engine::ALL {
        for initial in [vec![], vec![100, 101]] {
            let model = Still {
                initial,
                properties: || vec![Property::always("fine", |_, _| false)],
            };
            assert_eq!(
                explore_still(engine, model),
                Err(Error::NoInitialState),
                "{engine}"
            );
        }
    }
}

#[test]
fn waiting_for_an_unknown_property_is_refused() {
    for engine in Engine::ALL {
        let limits = Limits {
            until: Until::Found("nonsense"),
            max_states: Some(9),
            ..Limits::default()
        };
        let run = explore_with(engine, Arc::new(Chain::new(3, 9)), &limits, &|_| {});
        assert_eq!(run, Err(Error::UnknownProperty("nonsense")), "{engine}");
    }
}

#[test]
fn a_simulation_without_an_end_is_refused() {
    let chain = Arc::new(Chain::new(3, 9));
    let run = explore_with(
        Engine::StaterightSimulation,
        chain,
        &Limits::default(),
        &|_| {},
    );
    assert_eq!(run, Err(Error::Endless));
}

/// Thirty-two conditions that can be told apart.
fn many() -> Vec<Property<Still>> {
    fn is<const I: u8>(_: &Still, state: &u8) -> bool {
        *state == I
    }
    #[rustfmt::skip]
    let conditions: [fn(&Still, &u8) -> bool; 32] = [
        is::<0>, is::<1>, is::<2>, is::<3>, is::<4>, is::<5>, is::<6>, is::<7>,
        is::<8>, is::<9>, is::<10>, is::<11>, is::<12>, is::<13>, is::<14>, is::<15>,
        is::<16>, is::<17>, is::<18>, is::<19>, is::<20>, is::<21>, is::<22>, is::<23>,
        is::<24>, is::<25>, is::<26>, is::<27>, is::<28>, is::<29>, is::<30>, is::<31>,
    ];
    let names: &'static str = "abcdefghijklmnopqrstuvwxyzABCDEF";
    (0..)
        .zip(conditions)
        .map(|(i, condition)| Property::sometimes(&names[i..=i], condition))
        .collect()
}

#[test]
fn thirty_two_properties_are_judged_each_by_itself() {
    for engine in Engine::ALL {
        let model = Still {
            initial: (0..32).collect(),
            properties: many,
        };
        let limits = Limits {
            max_states: Some(10_000),
            ..Limits::default()
        };
        let run = explore_with(engine, Arc::new(model), &limits, &|_| {}).expect("explored");
        for (index, finding) in (0..).zip(&run.findings) {
            let Verdict::Witnessed(path) = &finding.verdict else {
                panic!("{engine}: {index} not found")
            };
            assert_eq!(*path.last_state(), index, "{engine}");
        }
    }
}

#[test]
fn more_properties_than_places_are_refused_by_statrights_engines_only() {
    let one_more = || {
        let mut properties = many();
        properties.push(Property::always("one more", |_, _| true));
        properties
    };
    for engine in Engine::ALL {
        let run = explore_still(engine, still(one_more));
        if engine == Engine::Own {
            assert_eq!(
                run.expect("explored").findings[32].verdict,
                Verdict::Exhausted
            );
        } else {
            assert_eq!(
                run,
                Err(Error::TooManyProperties { got: 33, max: 32 }),
                "{engine}"
            );
        }
    }
}

#[test]
fn a_model_that_changes_its_mind_is_found_out() {
    let run = explore(&Moody::default(), &Limits::default(), &|_| {});
    assert_eq!(
        run,
        Err(Error::ModelNotDeterministic {
            property: "below three",
            step: 1,
            steps: 3
        })
    );
}

#[test]
fn a_panic_of_the_model_reaches_the_caller() {
    let grid = Arc::new(Grid {
        panics_at: Some([3, 4, 5, 6]),
        ..Grid::new(10, 200)
    });
    for engine in Engine::ALL {
        for n in [1, 2, 4] {
            let limits = Limits {
                max_states: Some(u64::MAX),
                ..threads(n)
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                explore_with(engine, Arc::clone(&grid), &limits, &|_| {})
            }));
            let payload = outcome.expect_err("the model panics");
            assert_eq!(
                payload.downcast_ref::<&str>(),
                Some(&"the grid is on fire"),
                "{engine}, {n} threads"
            );
        }
    }
}

#[test]
fn every_error_says_what_to_do() {
    let errors = [
        Error::Eventually("p"),
        Error::DuplicateProperty("p"),
        Error::UnknownProperty("p"),
        Error::TooManyProperties { got: 33, max: 32 },
        Error::NoInitialState,
        Error::Endless,
        Error::MemoryUnknown,
        Error::ModelNotDeterministic {
            property: "p",
            step: 1,
            steps: 2,
        },
        Error::UnknownEngine("e".to_owned()),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.len() > 40 && !text.contains("  "), "{text}");
    }
}
