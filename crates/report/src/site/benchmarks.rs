//! What was measured, as it is written down in `benches/results.toml`.

use maud::{Markup, html};
use serde::Deserialize;

use super::plot::share;
use super::ways::{page_at, wide};

/// What was measured, in the order in which it is shown.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmarks {
    /// One for each question.
    #[serde(default, rename = "benchmark")]
    pub benchmarks: Vec<Benchmark>,
}

/// A question, and how it was answered by measuring.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    /// What was asked.
    pub title: String,
    /// How to measure it again.
    pub command: String,
    /// Where it was measured, and what else is to be known.
    pub measured: String,
    /// The file that these numbers stand in as well.
    pub source: String,
    /// The commit that wrote them down first.
    pub commit: String,
    /// What the numbers are, as in "µs at the median".
    pub unit: String,
    /// The numbers.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

/// One number.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it is of.
    pub what: String,
    /// The number, as it was written down.
    pub value: u64,
    /// Ours over this one, as it was measured turn by turn; not the quotient of the two numbers.
    pub ratio: Option<String>,
    /// What else is to be known of it.
    pub note: Option<String>,
}

pub(super) fn page(benchmarks: &Benchmarks) -> String {
    let main = html! {
        h1 { "How fast it is, beside others" }
        p {
            "Numbers that were measured once, on one machine, as " code { "benches/results.toml" } " has them. Each table \
             names the command that measures again; only numbers of one table can be compared."
        }
        @if benchmarks.benchmarks.is_empty() { p { "There are none." } }
        @for benchmark in &benchmarks.benchmarks { (section(benchmark)) }
    };
    page_at("", "Benchmarks", &main)
}

fn section(benchmark: &Benchmark) -> Markup {
    let most = benchmark
        .rows
        .iter()
        .map(|row| row.value)
        .max()
        .unwrap_or(0);
    let has_ratios = benchmark.rows.iter().any(|row| row.ratio.is_some());
    let table = html! {
        table.mix {
            thead { tr {
                th scope="col" { "What" } th.number scope="col" { (benchmark.unit) }
                th scope="col" { "Beside the others" }
                @if has_ratios { th.number scope="col" { "Ours over it" } }
            } }
            tbody { @for row in &benchmark.rows { tr {
                th scope="row" {
                    (row.what)
                    @if let Some(note) = &row.note { div.quiet { (note) } }
                }
                td.number { (crate::words::number(row.value)) }
                td { span.bar style={ "width:" (share(row.value, most)) "%" } {} }
                @if has_ratios { td.number { (row.ratio.as_deref().unwrap_or("–")) } }
            } } }
        }
    };
    html! {
        h2 { (benchmark.title) }
        (wide(&benchmark.title, &table))
        p {
            (benchmark.measured) " Measured by " code { (benchmark.command) } "; first written down in "
            code { (benchmark.source) } " at " code { (benchmark.commit) } "."
        }
    }
}
