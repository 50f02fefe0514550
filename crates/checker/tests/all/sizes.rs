//! Estimates of the number of states, against the number.

use std::sync::Mutex;

use checker::{Limits, Reduction, Reductions, Storage, estimate_size, explore_stored};

use crate::models::Grid;
use crate::reduced::TwoPhase;

#[test]
fn an_estimate_from_a_sample_is_right_for_most_seeds() {
    for (side, effort) in [(20_u8, 20_000), (20, 50_000), (32, 100_000)] {
        let all = u64::from(side).pow(4);
        let mut right = 0;
        for seed in 0..10 {
            let grid = Grid::new(side, 200);
            let size = estimate_size(&grid, Reductions::NONE, seed * 100, effort).unwrap();
            println!("{side} {effort}: {all} {size:?}");
            assert!(size.sampled <= effort && !size.is_exact());
            assert!(size.high < size.low * 6, "{size:?}");
            right += u32::from(size.low <= all && all <= size.high);
        }
        assert!(right >= 8, "{right} of 10 with {effort} of {all}");
    }
}

#[test]
fn an_estimate_holds_for_a_model_of_another_kind() {
    for reductions in [Reductions::NONE, Reduction::Dead.into()] {
        let model = TwoPhase::new(8);
        let storage = Storage::default();
        let run = explore_stored(&model, reductions, &storage, &Limits::default(), &|_| ());
        let all = run.unwrap().unique;
        let (mut right, mut complete) = (0, 0);
        for seed in 0..10 {
            let size = estimate_size(&model, reductions, seed * 100, all / 10).unwrap();
            println!("two-phase {reductions}: {all} {size:?}");
            // The margin is fitted to the grids above and not to this model. What is not complete claims no end.
            right += u32::from(size.low <= all && (all <= size.high || !size.is_complete));
            complete += u32::from(size.is_complete);
        }
        assert!(right >= 9, "{right} of 10 of {all}");
        assert!(complete >= 3, "{complete} of 10");
    }
}

#[test]
fn a_sample_of_all_is_exact() {
    let size = estimate_size(&Grid::new(5, 20), Reductions::NONE, 0, 10_000).unwrap();
    assert!(size.is_exact());
    assert_eq!((size.low, size.sampled), (625, 625));
}

#[test]
fn progress_tells_memory_and_how_many_there_will_be() {
    let last = Mutex::new(None);
    let run = explore_stored(
        &Grid::new(12, 200),
        Reductions::NONE,
        &Storage::default(),
        &Limits::default(),
        &|progress| *last.lock().unwrap() = Some(*progress),
    );
    let (run, last) = (run.unwrap(), last.into_inner().unwrap().unwrap());
    assert!(last.memory > 0);
    // At the end the last levels are too small to say anything more than what there is.
    assert!(
        last.estimate
            .is_none_or(|estimate| estimate.low >= run.unique / 2)
    );
    assert_eq!(last.unique, run.unique);
}
