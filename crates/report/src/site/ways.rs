//! From page to page, and to the explorer.

use maud::{Markup, html};
use model::{Action, State, World};
use stateright::Path;

use crate::page;

/// What leads to every part of the site, from a page that is `up` folders from its top.
const WAYS: [(&str, &str); 5] = [
    ("Scenarios", "index.html"),
    ("Known faults", "mutants.html"),
    ("Liveness", "liveness.html"),
    ("Coverage", "coverage.html"),
    ("Benchmarks", "benchmarks.html"),
];

/// Where `paxos explore` listens if nothing else is said.
const EXPLORER: &str = "http://localhost:3000";

/// A page of the site. `top` leads from it to the top: nothing, or `../`.
pub(super) fn page_at(top: &str, title: &str, main: &Markup) -> String {
    let ways = WAYS.map(|(text, file)| (text, format!("{top}{file}")));
    let ways: Vec<(&str, &str)> = ways.iter().map(|(text, way)| (*text, &**way)).collect();
    page(
        &format!("{top}style.css"),
        &format!("{title} – Paxos, checked"),
        &ways,
        main,
    )
}

/// The address of a scenario's page, from the top.
pub(super) fn scenario_page(name: &str) -> String {
    format!("scenario/{name}.html")
}

/// The address of a fault's page, from the top.
pub(super) fn fault_page(name: &str) -> String {
    format!("mutant/{name}.html")
}

/// The address that opens the explorer at the end of a path.
pub(super) fn explorer(world: &World, path: &Path<State, Action>) -> String {
    let scenario = &world.scenario().name;
    let mutant = world.rules().mutant;
    let mutant = mutant.map_or(String::new(), |mutant| format!("{mutant}/"));
    let steps = path.encode(world);
    format!("{EXPLORER}/explore/{scenario}/{mutant}#/steps/{steps}")
}

/// A box that scrolls by itself if what is in it is wider than the screen.
pub(super) fn wide(label: &str, content: &Markup) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(label) { (content) }
    }
}

/// Where rows are hidden that do not have what is typed: those of the table of this id. Without JavaScript there is
/// nothing of it.
pub(super) fn filter(table: &str, label: &str) -> Markup {
    html! {
        p.filter hidden {
            label for=(format!("{table}-filter")) { (label) }
            " "
            input id=(format!("{table}-filter")) type="search" autocomplete="off" data-filters=(table);
            " "
            output for=(format!("{table}-filter")) {}
        }
        script { (maud::PreEscaped(FILTER)) }
    }
}

const FILTER: &str = include_str!("filter.js");
