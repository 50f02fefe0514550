//! What a long exploration says meanwhile: a moving line in a terminal, a line now and then
//! elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use bytesize::ByteSize;
use checker::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::print;

/// How long a pipe is left without news.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Tells how one scenario comes along, on standard error.
pub(crate) struct Meter {
    name: String,
    bar: Option<ProgressBar>,
    last_plain: Mutex<Duration>,
}

impl Meter {
    pub(crate) fn new(name: &str) -> Meter {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}")
                .expect("the template is a constant");
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.set_message(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Meter {
            name: name.to_owned(),
            bar,
            last_plain: Mutex::new(Duration::ZERO),
        }
    }

    /// Takes note of how far it has come.
    pub(crate) fn update(&self, progress: &Progress) {
        self.tell(progress.elapsed, &describe(progress));
    }

    /// Takes note of how far it has come, in words.
    pub(crate) fn tell(&self, elapsed: Duration, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}  {text}", self.name));
            return;
        }
        let mut last = self
            .last_plain
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if elapsed >= *last + PLAIN_EVERY {
            *last = elapsed;
            anstream::eprintln!("{}: {text}", self.name);
        }
    }

    /// Takes the moving line away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn describe(progress: &Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64();
    let rate = a_second(progress.unique, progress.elapsed);
    let mut told = format!(
        "{} states, {} a second, depth {}, queue {}, {:.0} s",
        print::number(progress.unique),
        print::number(rate),
        progress.depth,
        print::number(progress.queue),
        seconds
    );
    if progress.memory > 0 {
        told += &format!(", {}", ByteSize(progress.memory).display().iec());
    }
    if let Some(estimate) = progress.estimate {
        let [low, high] = [estimate.low, estimate.high].map(print::rounded);
        told += &format!("; {low} to {high} in all, if levels go on as they do");
    }
    told
}

/// So many in this time are how many a second.
pub(crate) fn a_second(count: u64, time: Duration) -> u64 {
    match time.as_secs_f64() {
        seconds if seconds > 0.0 => (count as f64 / seconds) as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use checker::Estimate;

    use super::*;

    #[test]
    fn progress_has_rate_depth_and_queue() {
        let progress = Progress {
            unique: 1_000_000,
            generated: 5_000_000,
            depth: 12,
            queue: 34_567,
            memory: 3 << 29,
            estimate: Some(Estimate {
                low: 2_345_678,
                high: 9_876_543,
            }),
            elapsed: Duration::from_secs(4),
        };
        assert_eq!(
            describe(&progress),
            "1,000,000 states, 250,000 a second, depth 12, queue 34,567, 4 s, 1.5 GiB; 2.3 M to 9.9 M in \
             all, if levels go on as they do"
        );
    }
}
