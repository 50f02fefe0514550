//! A path written as a trace.

use model::Variant;
use serde::Serialize;
use serde_json::Value;

use super::state::{Besides, StateRecord};
use super::trace::{Fate, Recipe, Shows, settings};
use super::{DESCRIPTION, SCHEMA};
use crate::{Answer, Error, Found, Judged, Tail};

#[derive(Serialize)]
struct Meta<'a> {
    format: &'static str,
    #[serde(rename = "format-description")]
    format_description: &'static str,
    source: &'a str,
    description: String,
    /// The key is [`KEY`](super::KEY).
    paxos: Recipe,
}

/// The path found for a property in the Informal Trace Format, a state a line; `None` if there is none. One that goes on
/// for ever is written with its round once, and without the format's `loop`: a round comes back to where it began up to the
/// order of ballots alone.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn itf(answer: &Answer, judged: &Judged) -> Result<Option<String>, Error> {
    let shows = match judged.found() {
        Found::Violated(_) => Shows::Violated,
        Found::Witnessed(_) => Shows::Witnessed,
        Found::Holds | Found::Never | Found::Unknown(_) => return Ok(None),
    };
    let Some(path) = judged.verdict.path() else {
        return Ok(None);
    };
    let (world, scenario) = (&*answer.world, answer.scenario());
    let mutant = world.rules().mutant.map(|mutant| mutant.name().to_owned());
    let meta = Meta {
        format: "ITF",
        format_description: DESCRIPTION,
        source: &scenario.name,
        description: match &mutant {
            Some(mutant) => format!("{}: {}, with {mutant}", judged.property, judged.told()),
            None => format!("{}: {}", judged.property, judged.told()),
        },
        paxos: Recipe {
            schema: SCHEMA,
            scenario: scenario.name.clone(),
            title: Some(scenario.title.clone()),
            settings: settings(scenario)?,
            rules: rules(world.rules().variant).to_owned(),
            mutant,
            property: judged.property.to_owned(),
            verdict: shows,
            stem: judged.tail.as_ref().and_then(Tail::stem),
            expect: Fate::Breaks,
        },
    };
    let mut lines = Vec::new();
    let mut taken = None;
    for (index, (state, next)) in path.clone().into_vec().into_iter().enumerate() {
        let record = StateRecord::new(world, index, taken, &state);
        lines.push(format!("    {}", serde_json::to_string(&record)?));
        taken = next;
    }
    Ok(Some(format!(
        "{{\n  \"#meta\": {},\n  \"params\": [],\n  \"vars\": {},\n  \"states\": [\n{}\n  ]\n}}\n",
        indented(&meta)?,
        Value::from_iter(Besides::of(scenario).variables()),
        lines.join(",\n"),
    )))
}

/// The rules by the name that scenarios have for them.
fn rules(variant: Variant) -> &'static str {
    match variant {
        Variant::Lamport => "lamport",
        Variant::StrictAccept => "notes",
        Variant::Flexible(_) => "flexible",
        Variant::Weighted(_) => "weighted",
        Variant::QuorumSets(_) => "quorum-sets",
    }
}

/// Over several lines, the first of which is on one that has begun.
fn indented(meta: &Meta<'_>) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(meta)?;
    Ok(text.replace('\n', "\n  "))
}
