//! The explorer's own pages: the list of all that can be explored, and what is said of an address that is nothing.

use maud::{Markup, PreEscaped, html};
use model::{Expected, Mutant};

use super::catalogue::{Catalogue, Verdict};
use super::place::{Place, RULES, rules_name};
use super::route::Lost;
use crate::load::Loaded;
use crate::print;

/// Where the style sheet of pages is.
const STYLE: &str = "/page.css";

/// The list of all that can be explored.
pub(crate) fn front(catalogue: &Catalogue) -> String {
    let main = html! {
        link rel="stylesheet" href="/ui/front.css";
        h1 { "What can be explored" }
        p {
            "Every scenario here can be walked through step by step: from its start, or from the end of the shortest path \
             that shows something. Looking for one may take a few seconds."
        }
        (beginning(catalogue))
        p.filter hidden {
            label for="filter" { "Only names and words with" } " "
            input #filter type="search" autocomplete="off";
            " " span #count role="status" {}
        }
        (form(catalogue))
        h2 { "Scenarios" }
        ul.worlds {
            @for loaded in &catalogue.scenarios { (scenario(catalogue, loaded)) }
        }
        h2 #faults { "Known faults" }
        p {
            "Each is one thing done wrong on purpose. The link leads to where it was found out first, the shortest path that \
             shows it; the form above opens any of them in any scenario."
        }
        ul.worlds {
            @for mutant in Mutant::ALL { (fault(catalogue, *mutant)) }
        }
        script { (PreEscaped(include_str!("ui/front.js"))) }
    };
    report::page(
        STYLE,
        "Explorer",
        &[("Scenarios", "/"), ("Known faults", "#faults")],
        &main,
    )
}

/// Where to begin: the first scenario in which two clients can disagree as it ships.
fn beginning(catalogue: &Catalogue) -> Markup {
    let is_violated = |loaded: &&Loaded| {
        let verdicts = &loaded.scenario.expect.verdicts;
        verdicts.get("agreement") == Some(&Expected::Violated)
    };
    let broken = catalogue.scenarios.iter().find(is_violated);
    html! {
        @if let Some(loaded) = broken {
            p {
                "A counterexample to begin with: "
                a href=(Place::of(&loaded.scenario).at("agreement")) { "two values are chosen in " (loaded.scenario.name) }
                "."
            }
        }
    }
}

/// Puts a world together from its parts.
fn form(catalogue: &Catalogue) -> Markup {
    html! {
        form action="/open" {
            label { "Scenario " select name="scenario" {
                @for loaded in &catalogue.scenarios { option { (loaded.scenario.name) } }
            } }
            label { "with " select name="mutant" {
                option value="" { "no fault" }
                @for mutant in Mutant::ALL { option { (mutant.name()) } }
            } }
            label { "by " select name="rules" {
                option value="" { "its own rules" }
                @for rules in RULES { option value=(rules_name(rules)) { "the rules of " (rules_name(rules)) } }
            } }
            button { "Open" }
        }
    }
}

fn scenario(catalogue: &Catalogue, loaded: &Loaded) -> Markup {
    let scenario = &loaded.scenario;
    let place = Place::of(scenario);
    let verdicts = catalogue.verdicts(loaded);
    let size = match (loaded.is_live(), scenario.expect.states) {
        (true, _) => "its rounds never end".to_owned(),
        (false, Some(states)) => format!("{} states", print::number(states)),
        (false, None) => match scenario.expect.states_visited() {
            Some(states) => format!("{} states when reduced", print::number(states)),
            None => "size unknown".to_owned(),
        },
    };
    let can_be_found = !Catalogue::is_too_large(loaded);
    let source = match catalogue.is_answered(loaded) {
        true => "as the last full run answered",
        false => "as the file expects",
    };
    let violated = verdicts
        .iter()
        .filter(|one| one.expected == Some(Expected::Violated));
    html! {
        li {
            h3 { a href=(place.address()) { (scenario.name) } }
            p { (scenario.title) " " span.quiet { "(" (size) ")" } }
            @for one in violated { p { (verdict(&place, one, can_be_found)) } }
            details {
                summary { (counted(&verdicts)) " " span.quiet { (source) } }
                ul { @for one in &verdicts { li { (verdict(&place, one, can_be_found)) } } }
            }
        }
    }
}

/// A property, and what is known of it; where there is a path that can be found, a link to its end.
fn verdict(place: &Place, one: &Verdict, can_be_found: bool) -> Markup {
    let (word, tone) = match one.expected {
        Some(Expected::Holds) => ("holds", "good"),
        Some(Expected::Violated) => ("violated", "bad"),
        Some(Expected::Witnessed) => ("witnessed", "good"),
        Some(Expected::Never) => ("never", "quiet"),
        None => ("not said", "quiet"),
    };
    let steps = match one.steps {
        None => String::new(),
        Some(1) => " in 1 step".to_owned(),
        Some(steps) => format!(" in {steps} steps"),
    };
    let name = one.property.name;
    html! {
        @if one.has_path() && can_be_found { a href=(place.at(name)) { (name) } } @else { (name) }
        " " span class=(tone) title=(one.property.reason) { (word) (steps) }
    }
}

/// "9 hold, 5 witnessed, 1 never".
fn counted(verdicts: &[Verdict]) -> String {
    let words = [
        (Some(Expected::Holds), "hold"),
        (Some(Expected::Violated), "violated"),
        (Some(Expected::Witnessed), "witnessed"),
        (Some(Expected::Never), "never"),
        (None, "not said"),
    ];
    let count = |expected| {
        let same = verdicts.iter().filter(|one| one.expected == expected);
        same.count()
    };
    let parts: Vec<String> = words
        .into_iter()
        .map(|(expected, word)| (count(expected), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

fn fault(catalogue: &Catalogue, mutant: Mutant) -> Markup {
    html! {
        li {
            h3 { (mutant.name()) }
            p { (mutant.fault().trim()) }
            p { (fate(catalogue, mutant)) }
        }
    }
}

/// Where a fault is found out, with a link there.
fn fate(catalogue: &Catalogue, mutant: Mutant) -> Markup {
    if let Some(control) = mutant.control() {
        return html! { span.quiet { "No fault after all: " (control.reason) "." } };
    }
    let Some(fate) = catalogue.fate(mutant) else {
        return html! { span.quiet { "Where it is found out is not known here: " code { "paxos mutants" } " tries them all." } };
    };
    let found = fate.scenario.as_deref().and_then(|name| {
        let loaded = catalogue.scenario(name)?;
        let mutant = Some(mutant);
        Some(Place {
            mutant,
            ..Place::of(&loaded.scenario)
        })
    });
    match (found, fate.killed_by.first(), fate.steps) {
        (Some(place), Some(property), Some(steps)) => html! {
            "Found out in " (place.scenario) ": "
            a href=(place.at(property)) { (property) } " " span.bad { "violated in " (steps) " steps" }
        },
        (Some(place), Some(property), None) => html! {
            "Found out in " a href=(place.address()) { (place.scenario) } ": " (property) " is never seen"
        },
        (_, _, _) => html! { span.quiet { "Not found out by the suite that is here" } },
    }
}

/// What is said in place of a page that cannot be.
pub(crate) fn lost(lost: &Lost) -> String {
    let main = html! {
        h1 { "Nothing to show" }
        p.bad { (lost.what) }
        @if !lost.near.is_empty() {
            p { "Perhaps "
                @for (i, (name, address)) in lost.near.iter().enumerate() {
                    @if i > 0 { ", or " }
                    a href=(address) { (name) }
                }
                " was meant."
            }
        }
        p { a href="/" { "All that can be explored" } }
    };
    report::page(
        STYLE,
        "Nothing to show",
        &[("All that can be explored", "/")],
        &main,
    )
}
