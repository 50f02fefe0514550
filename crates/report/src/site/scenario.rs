//! The page of a scenario.

use checker::Ending;
use maud::{Markup, html};

use super::story::{Story, trace_file};
use super::ways::{page_at, scenario_page, wide};
use super::{Files, Sizes, space};
use crate::markdown::capital;
use crate::words;
use crate::{Answer, Error, Found, Judged, Outcome};

/// The page of a scenario, and a trace for each path that can be saved.
pub(super) fn files(answer: &Answer, sizes: &Sizes) -> Result<Files, Error> {
    let mut files = vec![(scenario_page(&answer.scenario().name), page(answer, sizes))];
    for judged in &answer.judged {
        files.extend(trace_file(answer, judged)?);
    }
    Ok(files)
}

fn page(answer: &Answer, sizes: &Sizes) -> String {
    let scenario = answer.scenario();
    let (broken, others): (Vec<&Judged>, Vec<&Judged>) = answer
        .judged
        .iter()
        .filter(|judged| judged.verdict.path().is_some())
        .partition(|judged| matches!(judged.found(), Found::Violated(_)));
    let main = html! {
        h1 { (scenario.title.trim()) }
        p.quiet { code { (scenario.name) } }
        @for paragraph in scenario.about.trim().split("\n\n") { p { (paragraph) } }
        ul { @for sentence in words::sentences(&answer.world) { li { (sentence) } } }
        h2 #verdicts { "Verdicts" }
        (outcome(answer))
        (wide("Properties and verdicts", &properties(answer)))
        (commands(answer))
        h2 #states { "The state space" }
        (space::section(answer, sizes))
        @for judged in broken.into_iter().chain(others) {
            (Story::of(answer, judged).section("../"))
        }
    };
    page_at("../", &scenario.name, &main)
}

/// Whether all is as expected, in a sentence, and what is not.
fn outcome(answer: &Answer) -> Markup {
    let explored = match answer.ending {
        Ending::Exhausted => "Every state was explored".to_owned(),
        Ending::Truncated(cut) => format!("Not every state was explored ({cut})"),
    };
    html! {
        @match answer.outcome() {
            Outcome::Met => p { (explored) ". " strong.good { "All is as expected." } },
            Outcome::Unmet => {
                p { (explored) ". " strong.bad { "Not as expected:" } }
                ul { @for line in answer.unmet() { li { (line) } } }
            },
            Outcome::Truncated => {
                p { (explored) ". " strong.doubt { "What was not explored is unknown." } }
            },
        }
    }
}

fn properties(answer: &Answer) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Property" } th scope="col" { "Found" } th scope="col" { "Expected" }
                th scope="col" { "What it says, and why" }
            } }
            tbody { @for judged in &answer.judged { tr {
                th scope="row" { code { (judged.property) } }
                td { (found(judged)) }
                td { (judged.expected.map_or("–".to_owned(), |expected| expected.to_string())) }
                td { (capital(judged.reason())) "." }
            } } }
        }
    }
}

/// What was found, with a word on whether that was expected; it leads to the path, if there is one.
fn found(judged: &Judged) -> Markup {
    let told = judged.told();
    let (class, mark) = match (judged.found(), judged.is_met()) {
        (Found::Unknown(_), _) => ("doubt", "? "),
        (_, Some(true)) => ("good", "✓ "),
        (_, Some(false)) => ("bad", "✗ not as expected: "),
        (_, None) => ("", ""),
    };
    html! {
        span class=(class) { (mark) }
        @if judged.verdict.path().is_some() { a href={ "#" (judged.property) } { (told) } }
        @else { (told) }
        @if judged.vacuous { " " span.doubt { "(never put to the test)" } }
    }
}

/// How to ask the same again.
fn commands(answer: &Answer) -> Markup {
    html! {
        p { "The same again, in a terminal: " code { "paxos check " (answer.scenario().name) } }
    }
}
