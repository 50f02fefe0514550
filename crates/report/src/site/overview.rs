//! The first page: every scenario with its verdict, and what else there is.

use maud::{Markup, html};

use super::chapter::{Chapter, Property};
use super::ways::{filter, page_at, scenario_page, wide};
use super::{FaultChapter, Parts};
use crate::Outcome;
use crate::words::{counted, number};

/// The table that the filter goes by.
const TABLE: &str = "scenarios";

pub(super) fn page(parts: &Parts<'_>) -> String {
    let chapters = parts.chapters;
    let main = html! {
        h1 { "What was checked, and what was found" }
        p {
            "Each scenario is a small cluster of Paxos nodes and everything that may happen to it. Every state it can get \
             into was visited and judged, by the code that also runs for real. Open one to read what may happen in it, \
             what holds, and the shortest stories of what can be seen."
        }
        (sum(chapters))
        (filter(TABLE, "Show only scenarios with"))
        (wide("Scenarios", &table(chapters)))
        h2 { "Beside the scenarios" }
        ul {
            li { a href="mutants.html" { "Known faults" } ": " (faults(parts.faults)) }
            li { a href="liveness.html" { "Liveness" } ": whether anything is decided, however long it takes" }
            li { a href="coverage.html" { "Coverage" } ": what was put to the test, and after what" }
            li { a href="benchmarks.html" { "Benchmarks" } ": how fast it is, beside others" }
        }
        h2 { "How to read all this" }
        p {
            "An invariant must be true in every state; a witness is something good that has to be possible, so that the \
             invariants are not true of an idle world only. \"Holds\" means that all was explored. These pages are made by "
            code { "paxos report" } ", which is " code { "cargo run --release -- report" }
            " in a clone; the same code makes the same pages, byte for byte."
        }
    };
    page_at("", "Overview", &main)
}

/// How many are as expected, in a sentence.
fn sum(chapters: &[Chapter]) -> Markup {
    let count = |outcome| chapters.iter().filter(|one| one.outcome == outcome).count();
    let all = counted(chapters.len() as u64, "scenario", "scenarios");
    html! {
        p.sum {
            (all) ": " strong.good { (count(Outcome::Met)) " as expected" }
            @let unmet = count(Outcome::Unmet);
            @if unmet > 0 { ", " strong.bad { (unmet) " not as expected" } }
            @let truncated = count(Outcome::Truncated);
            @if truncated > 0 { ", " strong.doubt { (truncated) " cut short, so not known" } }
            "."
        }
    }
}

fn faults(faults: Option<&[FaultChapter]>) -> String {
    let Some(faults) = faults else {
        return "not tried, since these pages are not about the whole suite".to_owned();
    };
    let met = faults.iter().filter(|one| one.is_met == Some(true)).count();
    format!(
        "{met} of {} are what they should be, a fault found out or a control that survives",
        faults.len()
    )
}

fn table(chapters: &[Chapter]) -> Markup {
    html! {
        table id=(TABLE) {
            thead { tr {
                th scope="col" { "Scenario" } th scope="col" { "Verdict" }
                th.number scope="col" { "States" } th.number scope="col" { "Depth" }
                th scope="col" { "Invariants" } th scope="col" { "Witnesses" }
            } }
            tbody { @for chapter in chapters { tr {
                th scope="row" {
                    a href=(scenario_page(&chapter.name)) { (chapter.name) }
                    div.quiet { (chapter.title.trim()) }
                }
                td { (verdict(chapter.outcome)) }
                td.number { (number(chapter.states)) }
                td.number { (chapter.depth) }
                td { (properties(chapter, true)) }
                td { (properties(chapter, false)) }
            } } }
        }
    }
}

fn verdict(outcome: Outcome) -> Markup {
    html! {
        @match outcome {
            Outcome::Met => span.good { "✓ as expected" },
            Outcome::Unmet => span.bad { "✗ not as expected" },
            Outcome::Truncated => span.doubt { "? cut short" },
        }
    }
}

/// "9 hold", and each that has a path by name, leading to it.
fn properties(chapter: &Chapter, invariants: bool) -> Markup {
    let asked = || {
        let all = chapter.properties.iter();
        all.filter(move |property| property.is_invariant == invariants)
    };
    let violated: Vec<&Property> = asked()
        .filter(|property| property.has_path && property.is_invariant)
        .collect();
    let counts = counts(asked());
    html! {
        (counts)
        @for property in violated {
            div { a href={ (scenario_page(&chapter.name)) "#" (property.name) } { (property.name) } }
        }
    }
}

/// "8 hold", "5 hold, 3 violated", "4 witnessed, 1 never".
fn counts<'a>(properties: impl Iterator<Item = &'a Property>) -> String {
    let words = ["holds", "violated", "witnessed", "never", "unknown"];
    let mut counts = [0; 5];
    for property in properties {
        if let Some(at) = words
            .iter()
            .position(|word| property.told.starts_with(word))
        {
            counts[at] += 1;
        }
    }
    let said = ["hold", "violated", "witnessed", "never", "unknown"];
    let parts: Vec<String> = counts
        .iter()
        .zip(said)
        .filter(|(count, _)| **count > 0)
        .map(|(count, word)| match (*count, word) {
            (1, "hold") => "1 holds".to_owned(),
            (count, word) => format!("{count} {word}"),
        })
        .collect();
    parts.join(", ")
}
