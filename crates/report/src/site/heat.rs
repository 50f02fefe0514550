//! A table of counts whose cells have the more colour the more there is.

use maud::{Markup, html};

/// Rows of counts under the same headings.
pub(super) struct Heat<'a> {
    pub(super) corner: &'a str,
    pub(super) columns: &'a [&'a str],
    /// What each row is called, as it is shown, and its counts.
    pub(super) rows: Vec<(Markup, Vec<u64>)>,
}

impl Heat<'_> {
    pub(super) fn table(&self) -> Markup {
        html! {
            table.heat {
                thead { tr {
                    th scope="col" { (self.corner) }
                    @for column in self.columns { th.turned scope="col" { span { (column) } } }
                } }
                tbody { @for (name, counts) in &self.rows { tr {
                    th scope="row" { (name) }
                    @for count in counts { td class={ "h" (digits(*count)) } { (short(*count)) } }
                } } }
            }
        }
    }
}

/// How many digits a count has, none for 0, and no more than there are shades.
fn digits(count: u64) -> u32 {
    count.checked_ilog10().map_or(0, |log| (log + 1).min(8))
}

/// A count in at most four characters, rounded down: "999", "12k", "3M".
fn short(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}k", count / 1_000),
        1_000_000..1_000_000_000 => format!("{}M", count / 1_000_000),
        1_000_000_000.. => format!("{}G", count / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_short() {
        let shown = [0, 999, 1_000, 12_999, 3_999_999, 7_000_000_000].map(short);
        assert_eq!(shown, ["0", "999", "1k", "12k", "3M", "7G"]);
    }

    #[test]
    fn nothing_has_a_shade_of_its_own() {
        assert_eq!([0, 1, 9, 10, u64::MAX].map(digits), [0, 1, 1, 2, 8]);
    }
}
