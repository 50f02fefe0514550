//! The answers for machines.

use std::collections::BTreeMap;

use model::Pairs;
use model::guard::{CORE, SecondLook};
use serde::Serialize;

use crate::{Answer, Error, Found, Judged, Regression, Tail};

/// Raised when a reader of the old form could misunderstand the new one. The form is described in
/// `schema/summary-2.json`, and a test holds it.
const VERSION: u32 = 2;

#[derive(Serialize)]
struct Summary<'a> {
    version: u32,
    /// The core that was checked, and the World that asked it, as a digest.
    core: &'static str,
    /// What came of a second look at it. Only where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_check: Option<CrossCheck<'a>>,
    /// How many scenarios were asked for and not explored.
    not_run: usize,
    scenarios: Vec<Scenario<'a>>,
    /// Only where traces are kept and were replayed.
    #[serde(skip_serializing_if = "<[Regression]>::is_empty")]
    regressions: &'a [Regression],
}

#[derive(Serialize)]
struct CrossCheck<'a> {
    contradictions: &'a [String],
    unfinished: &'a [&'static str],
}

#[derive(Serialize)]
struct Scenario<'a> {
    name: &'a str,
    title: &'a str,
    /// `met`, `unmet` or `truncated`.
    outcome: String,
    /// The reductions that were on: `none`, `dead`, `symmetry` or `all`.
    reductions: String,
    /// What could not be used, and why, a line each. Only where a premise is not true of this core.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
    /// As the reductions leave them, like the two numbers that follow.
    states: u64,
    generated: u64,
    depth: u32,
    fingerprint_bits: u32,
    /// That a state was taken for another one, and not visited.
    collision_chance: f64,
    /// `exhausted`, or why it was cut.
    ending: String,
    /// What is not as expected, a line each.
    unmet: Vec<String>,
    /// For each kind of thing that can happen, how many transitions are of that kind; of messages that are ignored, in
    /// how many states one could arrive and change nothing.
    kinds: BTreeMap<&'a str, u64>,
    /// How many states each depth has, from 0 on. Only where that was counted.
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    levels: &'a [u64],
    /// How many states have so many transitions, from 0 on. Only where that was counted.
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    out_degrees: &'a [u64],
    /// How many pairs of kinds come one after the other on some path. Only where that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<usize>,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    expected: Option<String>,
    /// `holds`, `violated`, `witnessed`, `never` or `unknown`.
    found: &'static str,
    steps: Option<usize>,
    /// Whether it holds only since nothing of what it speaks of ever happens.
    vacuous: bool,
    /// The path that shows it, a line a step.
    trace: Option<Vec<String>>,
    /// Why it is broken. Only where something that must be true in every state is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Vec<String>>,
    /// How many of the steps come before those that go on for ever. Only where something has to happen and does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    stem: Option<usize>,
}

/// The answers as JSON, in their order; `not_run` scenarios have none. Then the traces that are kept, and what came of a
/// second look at the core.
///
/// # Errors
/// If they cannot be written as JSON.
pub fn summary(
    answers: &[Answer],
    not_run: usize,
    regressions: &[Regression],
    second_look: Option<&SecondLook>,
) -> Result<String, Error> {
    let summary = Summary {
        version: VERSION,
        core: CORE,
        cross_check: second_look.map(|look| CrossCheck {
            contradictions: &look.contradictions,
            unfinished: &look.unfinished,
        }),
        not_run,
        scenarios: answers.iter().map(scenario).collect(),
        regressions,
    };
    Ok(serde_json::to_string_pretty(&summary)? + "\n")
}

fn scenario(answer: &Answer) -> Scenario<'_> {
    Scenario {
        name: &answer.scenario().name,
        title: &answer.scenario().title,
        outcome: answer.outcome().to_string(),
        reductions: answer.reductions.to_string(),
        refused: answer.refused.iter().map(ToString::to_string).collect(),
        states: answer.unique,
        generated: answer.generated,
        depth: answer.depth,
        fingerprint_bits: answer.fingerprint.bits(),
        collision_chance: answer.collision_chance,
        ending: answer.ending.to_string(),
        unmet: answer.unmet(),
        kinds: answer.kinds.iter().copied().collect(),
        levels: &answer.levels,
        out_degrees: &answer.out_degrees,
        pairs: answer.pairs.as_ref().map(Pairs::happened),
        properties: answer
            .judged
            .iter()
            .map(|judged| property(answer, judged))
            .collect(),
    }
}

fn property(answer: &Answer, judged: &Judged) -> Property {
    let (found, steps) = match judged.found() {
        Found::Holds => ("holds", None),
        Found::Violated(steps) => ("violated", Some(steps)),
        Found::Witnessed(steps) => ("witnessed", Some(steps)),
        Found::Never => ("never", None),
        Found::Unknown(_) => ("unknown", None),
    };
    Property {
        name: judged.property,
        expected: judged.expected.map(|expected| expected.to_string()),
        found,
        vacuous: judged.vacuous,
        steps,
        trace: judged.lines(&answer.world),
        why: judged.why(&answer.world).map(|why| why.sentences),
        stem: judged.tail.as_ref().and_then(Tail::stem),
    }
}
