//! The disk by itself: one record, one flush, the next.

use std::io;
use std::path::Path;
use std::time::Instant;

use bench::{Figures, Latencies};

use crate::SpanArgs;
use crate::log::Log;

/// Writes until the span is over.
///
/// # Errors
/// If the file fails.
pub(crate) fn run(file: &Path, args: &SpanArgs) -> io::Result<Figures> {
    let mut log = Log::create(file)?;
    let span = args.span();
    let mut latencies = Latencies::default();
    let mut now = Instant::now();
    let mut number = 0;
    while now < span.end {
        let asked = now;
        log.append(number);
        log.flush()?;
        number += 1;
        now = Instant::now();
        latencies.note(&span, asked, now);
    }
    Ok(Figures {
        operations: latencies.count(),
        seconds: span.seconds(),
        per_second: latencies.count() as f64 / span.seconds(),
        p50_us: latencies.per_mille(500),
        p99_us: latencies.per_mille(990),
        max_us: latencies.per_mille(1_000),
        errors: 0,
        retransmitted: None,
        in_flight: 1,
        load: "to the disk alone".to_owned(),
    })
}
