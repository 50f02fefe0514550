//! Whether anything is decided, however long it takes.

use maud::{Markup, html};
use model::properties::Known;

use super::chapter::{Chapter, Property};
use super::ways::{page_at, scenario_page, wide};
use crate::words::number;

pub(super) fn page(chapters: &[Chapter]) -> String {
    let (live, bounded): (Vec<&Chapter>, Vec<&Chapter>) =
        chapters.iter().partition(|chapter| chapter.is_live);
    let asked: Vec<&Chapter> = bounded
        .into_iter()
        .filter(|chapter| chapter.outlook.is_some())
        .collect();
    let main = html! {
        h1 { "Whether anything is decided, however long it takes" }
        @if live.is_empty() {
            p { "No scenario here has rounds that never end." }
        } @else {
            p {
                "In these worlds proposers may try again for ever. Ballots are only compared, so a state is kept up to the \
                 order of the ballots in it, and all of the finitely many states and steps are looked at. A path is fair if \
                 a message that is sent again and again arrives in the end, and if hosts, clients and time-outs do in the \
                 end what they can always do; nothing fails because it has to."
            }
            p {
                code { "decides" } ": on every fair path some node learns what is chosen. If not, the link leads to the \
                 shortest way into a round of steps that can be repeated for ever. " code { "can-decide" }
                ": from every state that can be reached there is a way to a decision. " code { "announced-in-the-end" }
                ": on every fair path, once a quorum has voted for a value, every learner that runs announces it in the end."
            }
            (wide("Worlds whose rounds never end", &table(&live)))
            @for chapter in &live {
                @if let Some([lamport, notes]) = &chapter.another_round { (another_round(chapter, lamport, notes)) }
            }
        }
        @if !asked.is_empty() {
            h2 { "In every other scenario" }
            p {
                "Rounds end in those worlds, so something else is asked of each of their states, if a majority and a \
                 proposer are up: that some proposer, asked and left alone from there on, gets a value decided if rounds do \
                 not end. The protocol itself plays it out from each state. States that are images of each other are \
                 counted as one."
            }
            (wide("Whether deciding stays possible", &outlooks(&asked)))
        }
    };
    page_at("", "Liveness", &main)
}

fn table(live: &[&Chapter]) -> Markup {
    let names = live.first().map_or(&[][..], |chapter| &chapter.properties);
    html! {
        table {
            thead { tr {
                th scope="col" { "Scenario" }
                @for property in names.iter().filter(|one| is_live(one)) { th scope="col" { (property.name) } }
                th.number scope="col" { "States" } th.number scope="col" { "Transitions" }
            } }
            tbody { @for chapter in live { tr {
                th scope="row" {
                    a href=(scenario_page(&chapter.name)) { (chapter.name) }
                    div.quiet { (chapter.title.trim()) }
                }
                @for property in chapter.properties.iter().filter(|one| is_live(one)) { td {
                    @match property.is_met {
                        Some(false) => span.bad { "✗ not as expected: " },
                        Some(true) => span.good { "✓ " },
                        None => span.doubt { "? " },
                    }
                    @if property.has_path {
                        a href={ (scenario_page(&chapter.name)) "#" (property.name) } { (property.told) }
                    } @else { (property.told) }
                } }
                td.number { (number(chapter.states)) }
                td.number { (number(chapter.transitions)) }
            } } }
        }
    }
}

/// Whether it is that something has to happen.
fn is_live(property: &Property) -> bool {
    Known::named(&property.name).is_some_and(Known::is_live)
}

/// The same story by both rules.
fn another_round(chapter: &Chapter, lamport: &[String], notes: &[String]) -> Markup {
    html! {
        h2 { "Where the notes' rule needs another round" }
        p {
            "The shortest story of " a href=(scenario_page(&chapter.name)) { (chapter.name) }
            " in which Lamport's rule decides and the notes' does not: an acceptor that has missed the Prepare may vote by \
             the one, and not by the other."
        }
        h3 { "By Lamport's rule" }
        ul.steps { @for line in lamport { li { (line) } } }
        h3 { "By the notes'" }
        p { "The same as far as it can happen; after that nothing is decided without another round." }
        ul.steps { @for line in notes { li { (line) } } }
    }
}

fn outlooks(asked: &[&Chapter]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Scenario" } th.number scope="col" { "States" } th scope="col" { "Deciding stays possible" }
            } }
            tbody { @for chapter in asked {
                @if let Some((states, found)) = &chapter.outlook { tr {
                    th scope="row" { a href=(scenario_page(&chapter.name)) { (chapter.name) } }
                    td.number { (number(*states)) }
                    td { (found) }
                } }
            } }
        }
    }
}
