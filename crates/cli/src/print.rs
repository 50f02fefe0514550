//! How things look in a terminal, and plainly in a pipe.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table};
pub(crate) use report::number;

/// What a word means, for its colour.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    Good,
    Bad,
    Doubtful,
    Quiet,
}

/// `text` in the colour of its tone; the colour is taken out again where it may not be.
pub(crate) fn toned(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Good => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Tone::Bad => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
        Tone::Doubtful => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Tone::Quiet => Style::new().dimmed(),
    };
    format!("{style}{text}{style:#}")
}

/// An error message, as one line.
pub(crate) fn complaint(text: &str) -> String {
    format!("{} {text}", toned(Tone::Bad, "error:"))
}

/// Prints a line on standard output.
///
/// # Errors
/// If standard output is closed or full.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Says something beside the findings, on standard error.
pub(crate) fn say(text: &str) {
    anstream::eprintln!("{text}");
}

/// A table without lines.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    table
}

/// Aligns columns of numbers.
pub(crate) fn right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A table as text, without the blanks at both ends of its lines.
pub(crate) fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| {
            line.strip_prefix(' ')
                .unwrap_or(&line)
                .trim_end()
                .to_owned()
        })
        .collect();
    lines.join("\n")
}

/// So many columns are taken where nobody can tell how many there are.
const COLUMNS: usize = 100;

/// How wide standard output is: as `COLUMNS` says, as the terminal has it, or a hundred columns.
pub(crate) fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok();
    let asked = asked.and_then(|columns| columns.trim().parse().ok());
    let asked = asked.filter(|columns| *columns > 0);
    let of_terminal = || terminal_size::terminal_size_of(std::io::stdout());
    let columns = asked.or_else(|| of_terminal().map(|(width, _)| usize::from(width.0)));
    columns.unwrap_or(COLUMNS)
}

/// A number that is not known better than that: "2.3 M".
pub(crate) fn rounded(number: u64) -> String {
    let scaled = |unit: u64, name: &str| format!("{:.1} {name}", number as f64 / unit as f64);
    match number {
        0..10_000 => self::number(number),
        10_000..1_000_000 => format!("{} k", number / 1_000),
        1_000_000..1_000_000_000 => scaled(1_000_000, "M"),
        1_000_000_000.. => scaled(1_000_000_000, "G"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_guesses_are_short() {
        let told = [9_999, 12_345, 2_345_678, 7_000_000_000].map(rounded);
        assert_eq!(told, ["9,999", "12 k", "2.3 M", "7.0 G"]);
    }
}
