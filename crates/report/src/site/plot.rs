//! Counts as a picture, beside the same as a table.

use maud::{Markup, html};

use super::ways::wide;
use crate::words::number;

/// One bar for each number from 0 on.
pub(super) struct Bars<'a> {
    /// What is unique to it on the page.
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// What the numbers across are.
    pub(super) across: &'a str,
    /// What is counted.
    pub(super) what: &'a str,
    /// What is said of a number, as in "at depth 3".
    pub(super) at: fn(usize) -> String,
    /// Not empty.
    pub(super) counts: &'a [u64],
}

/// Pixels a bar has before the picture is stretched, with the gap beside it.
const PITCH: usize = 10;
const GAP: usize = 2;

impl Bars<'_> {
    /// The bars, stretched to the width of the page, with the table behind them.
    pub(super) fn figure(&self, table: &Markup) -> Markup {
        let (title, describes) = (format!("{}-title", self.id), format!("{}-desc", self.id));
        let most = self.counts.iter().copied().max().unwrap_or(0);
        let at = self.counts.iter().position(|count| *count == most);
        let at = at.unwrap_or(0);
        let last = self.counts.len().saturating_sub(1);
        let peak = format!(
            "Most {what}: {} of {}, {}.",
            number(most),
            number(self.counts.iter().sum()),
            (self.at)(at),
            what = self.what,
        );
        html! {
            h3 id=(self.id) { (self.title) }
            figure.plot {
                svg viewBox={ "0 0 " (self.counts.len() * PITCH) " 100" } preserveAspectRatio="none"
                    role="img" aria-labelledby={ (title) " " (describes) } {
                    title id=(title) { (self.title) }
                    desc id=(describes) { "Bars from 0 to " (last) ". " (peak) }
                    @for (index, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                        @let height = share(*count, most);
                        rect x=(index * PITCH) width=(PITCH - GAP) y=(rest(*count, most)) height=(height) {
                            title { (number(*count)) " " (self.what) ", " ((self.at)(index)) }
                        }
                    }
                }
                div.axis aria-hidden="true" {
                    span { "0" } span { (self.across) } span { (last) }
                }
                figcaption { (peak) }
            }
            details {
                summary { (self.title) ", as a table" }
                (wide(&format!("{}, as a table", self.title), table))
            }
        }
    }
}

/// A count in hundredths of the largest, with one digit behind the point; what is there is seen.
pub(super) fn share(count: u64, most: u64) -> String {
    tenths(thousandths(count, most))
}

/// What is left above a bar.
fn rest(count: u64, most: u64) -> String {
    tenths(1000 - thousandths(count, most))
}

fn thousandths(count: u64, most: u64) -> u128 {
    match (count, most) {
        (0, _) | (_, 0) => 0,
        (count, most) => (u128::from(count) * 1000 / u128::from(most)).clamp(5, 1000),
    }
}

fn tenths(number: u128) -> String {
    format!("{}.{}", number / 10, number % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_what_is_there_is_seen() {
        assert_eq!(share(0, 8), "0.0");
        assert_eq!(share(2, 8), "25.0");
        assert_eq!(rest(2, 8), "75.0");
        assert_eq!(share(8, 8), "100.0");
        assert_eq!(share(1, 1_000_000), "0.5");
        assert_eq!(share(0, 0), "0.0");
    }
}
