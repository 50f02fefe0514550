//! A disk that refuses: after that nothing is acknowledged, and what was acknowledged is there.

use super::tape::{Crash, Disk};
use super::*;

/// Commits until the story ends; all states, and how many of the commits were acknowledged.
fn run(disk: &Disk, settled: bool) -> Result<(Vec<Model>, usize), StoreError> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut store = open(disk)?;
    let (mut states, mut acknowledged, mut refused) = (vec![Model::new()], 0, false);
    for _ in 0..12 {
        let batch = batch(&mut random, 6);
        let committed = store.commit(&batch);
        if settled {
            store.settle();
        }
        if refused {
            let error = committed.unwrap_err().to_string();
            assert!(error.contains("it failed before"), "{error}");
            continue;
        }
        let mut state = states[acknowledged].clone();
        state.extend(batch);
        states.push(state);
        match committed {
            Ok(()) => acknowledged += 1,
            Err(error) => {
                assert!(matches!(error, StoreError::Failed { .. }), "{error}");
                refused = true;
            }
        }
    }
    Ok((states, acknowledged))
}

#[test]
fn after_a_failure_nothing_is_acknowledged_and_nothing_is_lost() {
    let mut random = fastrand::Rng::with_seed(2);
    for settled in [true, false] {
        for good in 0.. {
            let disk = Disk::default();
            make(&disk, 5);
            let (start, made) = (disk.image(), disk.tape().len());
            disk.fail_after(good);
            let (states, acknowledged) =
                run(&disk, settled).unwrap_or_else(|_| (vec![Model::new()], 0));
            let tape = disk.tape().split_off(made);
            for image in Crash::after(&start, &tape, [false; 3]).images(&mut random) {
                let held = contents(&open(&Disk::with(image)).unwrap()).unwrap();
                let expected = &states[acknowledged..];
                assert!(
                    expected.contains(&held),
                    "operation {good}, {acknowledged} commits"
                );
            }
            if !disk.has_failed() {
                assert!(good > 50, "{good}");
                break;
            }
        }
    }
}
