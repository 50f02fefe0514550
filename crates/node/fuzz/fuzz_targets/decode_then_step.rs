//! Any bytes, as what happens to a node.
#![no_main]

use std::sync::LazyLock;

use node::Metrics;

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_fuzz::decode_then_step(bytes, &METRICS));
