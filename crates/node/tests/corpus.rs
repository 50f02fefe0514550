//! What the fuzzer has found worth keeping, played by every run of the tests.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[expect(
    unreachable_pub,
    reason = "it is a library for the fuzzer and a module here"
)]
#[path = "../fuzz/src/lib.rs"]
mod harness;

fn play(target: &str, harness: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let entries = fs::read_dir(&folder).expect("the corpus is committed");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    let mut failed = Vec::new();
    let mut played = 0;
    for path in paths {
        let bytes = fs::read(&path).expect("it can be read");
        if catch_unwind(AssertUnwindSafe(|| harness(&bytes))).is_err() {
            failed.push(path);
        }
        played += 1;
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(played >= 20, "only {played} in {}", folder.display());
}

#[test]
fn datagrams_and_bodies() {
    play("decode", harness::decode);
}

#[test]
fn nodes_that_hear_them() {
    let metrics = node::Metrics::new();
    play("decode_then_step", |bytes| {
        harness::decode_then_step(bytes, &metrics)
    });
}
