//! The known faults: the matrix of what finds them out, and a page for each.

use std::collections::BTreeSet;

use checker::Ending;
use maud::{Markup, html};
use model::properties::{ALL, Known, LIVE};

use super::Files;
use super::fault_chapter::{Death, FaultChapter};
use super::story::{Story, trace_file};
use super::ways::{fault_page, filter, page_at, scenario_page, wide};
use crate::markdown::capital;
use crate::words::{listed, number};
use crate::{Answer, Error, Judged, MutantFate, Trial};

/// The table that the filter goes by.
const TABLE: &str = "faults";

/// Which property finds which fault out, and where.
pub(super) fn matrix_page(chapters: Option<&[FaultChapter]>) -> String {
    let main = html! {
        h1 { "What finds the known faults out" }
        @match chapters {
            None => p {
                "These pages are not about the whole suite, and the faults are tried against nothing less: "
                code { "paxos report" } " without names does."
            },
            Some(chapters) => (matrices(chapters)),
        }
    };
    page_at("", "Known faults", &main)
}

fn matrices(chapters: &[FaultChapter]) -> Markup {
    let (controls, faults): (Vec<&FaultChapter>, Vec<&FaultChapter>) =
        chapters.iter().partition(|one| one.control.is_some());
    html! {
        p {
            "Each is one deliberate fault, put beside the protocol from outside, and explored in the scenarios of the \
             suite, the smallest first, until one of them finds it out: an invariant is violated, or a witness is found in \
             no state at all. A number is the length of the shortest trace, \"none\" a witness that is missing. \
             The state counts are those explored up to there."
        }
        (filter(TABLE, "Show only faults with"))
        (wide("Faults and what finds them out", &matrix(&faults)))
        h2 { "Controls" }
        p { "They look like faults and are none. The whole suite must let them pass." }
        (wide("Controls", &controls_table(&controls)))
    }
}

fn matrix(faults: &[&FaultChapter]) -> Markup {
    let killers: BTreeSet<&str> = faults
        .iter()
        .filter_map(|one| one.death.as_ref())
        .flat_map(|death| death.by.iter().map(|(name, _)| name.as_str()))
        .collect();
    // In the order in which properties are told everywhere.
    let known = ALL.iter().chain(LIVE).map(|known| known.name);
    let killers: Vec<&str> = known.filter(|name| killers.contains(name)).collect();
    html! {
        table.matrix id=(TABLE) {
            thead { tr {
                th scope="col" { "Fault" } th scope="col" { "Found in" } th.number scope="col" { "States" }
                @for killer in &killers { th.turned scope="col" { span { (killer) } } }
            } }
            tbody { @for fault in faults { tr {
                th scope="row" {
                    a href=(fault_page(&fault.name)) { (fault.name) }
                    div.quiet { (fault.fault) }
                }
                @match &fault.death {
                    Some(death) => {
                        td { a href=(scenario_page(&death.scenario)) { (death.scenario) } }
                        td.number { (number(death.states)) }
                    },
                    None => {
                        td { span class=(class(fault)) { (fault.told) } }
                        td.number { (number(fault.survived.1)) }
                    },
                }
                @for killer in &killers { (cell(fault.death.as_ref(), killer)) }
            } } }
        }
    }
}

/// Whether, and after how many steps, this property finds it out.
fn cell(death: Option<&Death>, killer: &str) -> Markup {
    let mut by = death.into_iter().flat_map(|death| &death.by);
    let found = by.find(|(name, _)| name == killer);
    html! {
        @match found {
            Some((_, Some(steps))) => td.number.hit { (steps) },
            Some((_, None)) => td.number.hit { small { "none" } },
            None => td.number {},
        }
    }
}

fn controls_table(controls: &[&FaultChapter]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Control" } th scope="col" { "Why it is right" }
                th.number scope="col" { "Scenarios" } th.number scope="col" { "States" } th scope="col" { "Fate" }
            } }
            tbody { @for control in controls { tr {
                th scope="row" {
                    a href=(fault_page(&control.name)) { (control.name) }
                    div.quiet { (control.fault) }
                }
                td { (capital(control.control.as_deref().unwrap_or_default())) "." }
                td.number { (control.survived.0) }
                td.number { (number(control.survived.1)) }
                td { span class=(class(control)) { (control.told) } }
            } } }
        }
    }
}

fn class(one: &FaultChapter) -> &'static str {
    match one.is_met {
        Some(true) => "good",
        Some(false) => "bad",
        None => "doubt",
    }
}

/// The page of a fault, and its trace if it has one that can be saved.
pub(super) fn files(trial: &Trial) -> Result<Files, Error> {
    let mut files = vec![(fault_page(trial.mutant.name()), page(trial))];
    if let Some((answer, judged, _)) = trial.death() {
        files.extend(trace_file(answer, judged)?);
    }
    Ok(files)
}

fn page(trial: &Trial) -> String {
    let mutant = trial.mutant;
    let main = html! {
        h1 { (mutant.name()) }
        p { (mutant.fault().trim()) }
        @if let Some(control) = mutant.control() {
            p {
                "A control: " (control.reason) "."
                @if !control.forgoes.is_empty() { " Not asked of it: " (control.forgoes.join(", ")) "." }
            }
        }
        @if let Some((answer, judged, by)) = trial.death() { (death(answer, judged, by)) }
        @match &trial.fate {
            MutantFate::Unknown(cut) => p.doubt { "Not everything was explored (" (cut) "): what becomes of it is unknown." },
            MutantFate::Survived if mutant.control().is_none() => p.bad { "Nothing in the suite finds it out." },
            MutantFate::Survived | MutantFate::Killed { .. } => {},
        }
        @if !trial.survived.is_empty() { (survived(trial)) }
    };
    page_at("../", mutant.name(), &main)
}

fn death(answer: &Answer, judged: &Judged, by: &[&'static Known]) -> Markup {
    let scenario = &answer.scenario().name;
    let names: Vec<String> = by.iter().map(|known| known.name.to_owned()).collect();
    let all = match answer.ending {
        Ending::Exhausted => "all there are",
        Ending::Truncated(_) => "explored up to there",
    };
    html! {
        p {
            "Found out in " a href={ "../" (scenario_page(scenario)) } { (scenario) } " by " (listed(&names)) ": "
            (number(answer.unique)) " states, " (all) ". Reductions: " (answer.reductions.in_words()) "."
        }
        @if judged.verdict.path().is_some() {
            (Story::of(answer, judged).section("../"))
        } @else {
            h2 id=(judged.property) { (judged.property) ": " (judged.told()) }
            p { (capital(judged.reason())) ". There is no trace: it is so in none of these states." }
            p { "Found by " code { "paxos check " (scenario) " --mutant " (answer.world.rules().mutant.map_or("", |one| one.name())) } }
        }
    }
}

fn survived(trial: &Trial) -> Markup {
    let table = html! {
        table {
            thead { tr { th scope="col" { "Scenario" } th.number scope="col" { "States" } } }
            tbody { @for (name, states) in &trial.survived { tr {
                th scope="row" { a href={ "../" (scenario_page(name)) } { (name) } }
                td.number { (number(*states)) }
            } } }
        }
    };
    html! {
        h2 { "Where it does not show" }
        (wide("Scenarios that do not find it out", &table))
    }
}
