//! What a load generator found, as it prints it.

use std::io::{self, Write as _};

use serde::Serialize;

/// What was measured in one slice. Latencies are of operations that ended well within the slice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// How many operations ended well within the slice.
    pub operations: u64,
    /// How long the slice was.
    pub seconds: f64,
    /// The first over the second.
    pub per_second: f64,
    /// Half of the operations took at most this long.
    pub p50_us: u64,
    /// 99 of 100 operations took at most this long.
    pub p99_us: u64,
    /// None took longer.
    pub max_us: u64,
    /// How many operations failed or were not acknowledged, the time before the slice included.
    pub errors: u64,
    /// How many requests were sent again because no answer came; `None` if the transport does that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retransmitted: Option<u64>,
    /// How many operations were in flight at any time.
    pub in_flight: usize,
    /// To whom the operations went, and how.
    pub load: String,
}

impl Figures {
    /// One line of JSON, or the same for a reader, on standard output.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn print(&self, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if json {
            serde_json::to_writer(&mut out, self)?;
            writeln!(out)
        } else {
            writeln!(
                out,
                "{:.0} operations a second, p50 {} us, p99 {} us, max {} us, {} errors ({} in flight; {})",
                self.per_second,
                self.p50_us,
                self.p99_us,
                self.max_us,
                self.errors,
                self.in_flight,
                self.load
            )
        }
    }
}
