//! The answers for machines.

use checker::Ending;
use serde::Serialize;

use crate::{Answer, Error, Found, Judged};

/// Raised when a reader of the old form could misunderstand the new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Summary<'a> {
    version: u32,
    scenarios: Vec<Scenario<'a>>,
}

#[derive(Serialize)]
struct Scenario<'a> {
    name: &'a str,
    title: &'a str,
    /// `met`, `unmet` or `truncated`.
    outcome: String,
    states: u64,
    generated: u64,
    depth: u32,
    /// `exhausted`, or why it was cut.
    ending: String,
    exhausted: bool,
    properties: Vec<Property>,
    agreed: Vec<String>,
    disagreements: &'a [String],
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    expected: Option<String>,
    /// `holds`, `violated`, `witnessed`, `never` or `unknown`.
    found: &'static str,
    steps: Option<usize>,
}

/// The answers as JSON, in their order.
pub(crate) fn summary(answers: &[Answer]) -> Result<String, Error> {
    let summary = Summary {
        version: VERSION,
        scenarios: answers.iter().map(scenario).collect(),
    };
    Ok(serde_json::to_string_pretty(&summary)? + "\n")
}

fn scenario(answer: &Answer) -> Scenario<'_> {
    Scenario {
        name: &answer.scenario.name,
        title: &answer.scenario.title,
        outcome: answer.outcome().to_string(),
        states: answer.unique,
        generated: answer.generated,
        depth: answer.depth,
        ending: answer.ending.to_string(),
        exhausted: answer.ending == Ending::Exhausted,
        properties: answer.judged.iter().map(property).collect(),
        agreed: answer.agreed.iter().map(ToString::to_string).collect(),
        disagreements: &answer.disagreements,
    }
}

fn property(judged: &Judged) -> Property {
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
        steps,
    }
}
