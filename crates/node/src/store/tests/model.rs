//! A store on a real disk against a map.

use super::*;
use crate::store::files;

#[test]
fn a_store_holds_what_a_map_holds() {
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let blocks = random.usize(2..12);
        files::init(
            folder.path(),
            CLUSTER,
            roles(),
            node(),
            blocks * BLOCK_BYTES,
        )
        .unwrap();
        let mut model = Model::new();
        for incarnation in 1..6 {
            let mut store = files::open(folder.path(), CLUSTER, roles(), node()).unwrap();
            assert_eq!(store.header().incarnation, incarnation);
            assert_eq!(contents(&store).unwrap(), model, "seed {seed}");
            for _ in 0..random.usize(..40) {
                let batch = batch(&mut random, 8);
                store.commit(&batch).unwrap();
                model.extend(batch);
                let key = &keys()[random.usize(..keys().len())];
                assert_eq!(
                    store.load(key).unwrap().as_ref(),
                    model.get(key),
                    "seed {seed}"
                );
            }
            assert_eq!(contents(&store).unwrap(), model, "seed {seed}");
        }
    }
}
