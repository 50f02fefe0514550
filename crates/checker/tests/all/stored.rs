//! What is remembered of states, and where, makes no difference to the result.
#![expect(clippy::unwrap_used, reason = "a test ends if it cannot go on")]

use checker::{Limits, Reductions, Run, Storage, Width, explore, explore_stored};

use crate::models::{self, Grid};

fn stored(grid: &Grid, storage: &Storage, limits: &Limits) -> Run<[u8; 4], usize> {
    explore_stored(grid, Reductions::NONE, storage, limits, &|_| ()).unwrap()
}

#[test]
fn both_widths_find_the_same() {
    let grid = Grid::new(9, 12);
    let plain = explore(&grid, &Limits::default(), &|_| ()).unwrap();
    assert_eq!((plain.unique, plain.depth), (6_561, 32));
    for width in Width::ALL {
        for threads in [1, 2] {
            let limits = models::threads(threads);
            let storage = Storage {
                fingerprint: width,
                ..Storage::default()
            };
            let run = stored(&grid, &storage, &limits);
            assert_eq!(run.fingerprint, width);
            assert!(run.collision_chance() < 1e-11);
            // The upper half of the wide fingerprint is the narrow one, so even ties are settled alike.
            let fingerprint = Width::Bits64;
            assert_eq!(Run { fingerprint, ..run }, plain);
        }
    }
}
