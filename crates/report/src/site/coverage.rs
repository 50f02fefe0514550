//! What was put to the test, and after what.

use maud::{Markup, html};
use model::{Kind, Pairs};

use super::chapter::Chapter;
use super::heat::Heat;
use super::ways::{page_at, scenario_page, wide};
use crate::Excuses;
use crate::coverage::{Tally, all_pairs, named_holes};
use crate::words::number;

pub(super) fn page(chapters: &[Chapter], excuses: Option<&Excuses>) -> String {
    // What happens where rounds never end is not counted.
    let bounded: Vec<&Chapter> = chapters.iter().filter(|one| !one.is_live).collect();
    let tallies: Vec<&Tally> = bounded.iter().map(|chapter| &chapter.tally).collect();
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let by_scenario = Heat {
        corner: "Scenario",
        columns: &kinds,
        rows: bounded
            .iter()
            .map(|chapter| (link(&chapter.name), chapter.tally.kinds.clone()))
            .collect(),
    };
    let main = html! {
        h1 { "What was put to the test" }
        p {
            "For each kind of thing that can happen, how many transitions are of that kind; of messages that are ignored, in \
             how many states one could arrive and change nothing. Counted as the reductions leave the states, in all \
             scenarios whose rounds end."
        }
        (holes(&tallies, excuses))
        h2 #kinds { "What happened" }
        (wide("What happened", &kinds_table(&tallies)))
        @if let Some(pairs) = all_pairs(&tallies) {
            h2 #pairs { "One after the other" }
            p {
                "For each kind (down) and each that comes later on the same path (across): how many transitions of the second \
                 can have one of the first before them. 12k is 12 thousand and something; the stronger the colour, the more."
            }
            (wide("What happened after what", &pairs_table(&pairs, &kinds)))
        }
        h2 #scenarios { "By scenario" }
        (wide("What happened in which scenario", &by_scenario.table()))
        (vacuous(&bounded))
    };
    page_at("", "Coverage", &main)
}

fn link(name: &str) -> Markup {
    html! { a href=(scenario_page(name)) { (name) } }
}

/// What nothing has done.
fn holes(tallies: &[&Tally], excuses: Option<&Excuses>) -> Markup {
    let holes = named_holes(tallies);
    html! {
        h2 #holes { "Holes" }
        @match (holes.is_empty(), excuses) {
            (true, _) => p { "There is none: all of it happens, and all of it after all of it." },
            (false, None) => p { (holes.len()) " things or pairs of things never happen. Nothing is demanded of these scenarios." },
            (false, Some(excuses)) => {
                p { "What no scenario does, or does after something else:" }
                ul { @for (name, meaning) in &holes { li {
                    strong { (name) } " (" (meaning) "): "
                    @match excuses.get(name) {
                        Some(reason) => (reason),
                        None => strong.bad { "not excused" },
                    }
                } } }
            },
        }
    }
}

fn kinds_table(tallies: &[&Tally]) -> Markup {
    html! {
        table.mix {
            thead { tr {
                th scope="col" { "What" } th.number scope="col" { "In all" } th.number scope="col" { "In scenarios" }
                th scope="col" { "Smallest" } th scope="col" { "Meaning" }
            } }
            tbody { @for kind in Kind::ALL {
                @let doing: Vec<&&Tally> = tallies.iter().filter(|tally| tally.count(*kind) > 0).collect();
                tr {
                    th scope="row" { (kind.name()) }
                    td.number { (number(doing.iter().map(|tally| tally.count(*kind)).sum())) }
                    td.number { (doing.len()) }
                    td {
                        @match doing.iter().min_by_key(|tally| tally.states) {
                            Some(smallest) => (link(&smallest.scenario)),
                            None => "–",
                        }
                    }
                    td.quiet { (kind.meaning()) }
                }
            } }
        }
    }
}

fn pairs_table(pairs: &Pairs, kinds: &[&str]) -> Markup {
    let row = |first: &Kind| {
        let counts = Kind::ALL.iter().map(|then| pairs.count(*first, *then));
        (html! { (first.name()) }, counts.collect())
    };
    let heat = Heat {
        corner: "First ↓ later →",
        columns: kinds,
        rows: Kind::ALL.iter().map(row).collect(),
    };
    heat.table()
}

/// The invariants that hold and were never put to the test.
fn vacuous(chapters: &[&Chapter]) -> Markup {
    let vacuous: Vec<(&str, &str)> = chapters
        .iter()
        .flat_map(|chapter| {
            let all = chapter
                .properties
                .iter()
                .filter(|property| property.vacuous);
            all.map(|property| (chapter.name.as_str(), property.name.as_str()))
        })
        .collect();
    html! {
        @if !vacuous.is_empty() {
            h2 #vacuous { "Never put to the test" }
            p { "These hold only since nothing of what they speak of ever happens:" }
            ul { @for (scenario, property) in vacuous { li { (link(scenario)) ": " (property) } } }
        }
    }
}
