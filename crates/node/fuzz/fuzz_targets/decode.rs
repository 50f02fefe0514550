//! Any bytes, as a datagram and as the body of one.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_fuzz::decode(bytes));
