//! What became of the known faults, for machines.

use serde::Serialize;

use crate::{Error, MutantFate, Trial, lines};

/// Raised when a reader of the old form could misunderstand the new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Summary<'a> {
    version: u32,
    /// How many mutants were asked for and not tried.
    not_run: usize,
    mutants: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'static str,
    fault: &'static str,
    /// Why it is no fault; nothing if it is one.
    control: Option<&'static str>,
    /// `killed`, `survived` or `unknown`.
    fate: &'static str,
    as_expected: Option<bool>,
    /// The properties that find it out, the one with the shortest trace first.
    killed_by: Vec<&'static str>,
    /// Where.
    scenario: Option<&'a str>,
    /// Those of the shortest trace; nothing if a witness is missing.
    steps: Option<usize>,
    /// Those explored of this scenario.
    states: Option<u64>,
    /// The trace, a line a step.
    trace: Option<Vec<String>>,
    /// Why it is broken. Only where something that must be true in every state is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Vec<String>>,
    survived: Vec<&'a str>,
    states_survived: u64,
}

/// The trials as JSON, in their order; `not_run` mutants have none.
///
/// # Errors
/// If they cannot be written as JSON.
pub fn mutant_summary(trials: &[Trial], not_run: usize) -> Result<String, Error> {
    let summary = Summary {
        version: VERSION,
        not_run,
        mutants: trials.iter().map(json_row).collect(),
    };
    Ok(serde_json::to_string_pretty(&summary)? + "\n")
}

fn json_row(trial: &Trial) -> Row<'_> {
    let death = trial.death();
    let path = death.and_then(|(_, judged, _)| judged.verdict.path());
    Row {
        name: trial.mutant.name(),
        fault: trial.mutant.fault().trim(),
        control: trial.mutant.control().map(|control| control.reason),
        fate: match trial.fate {
            MutantFate::Killed { .. } => "killed",
            MutantFate::Survived => "survived",
            MutantFate::Unknown(_) => "unknown",
        },
        as_expected: trial.is_met(),
        killed_by: death.map_or(Vec::new(), |(_, _, by)| {
            by.iter().map(|known| known.name).collect()
        }),
        scenario: death.map(|(answer, _, _)| answer.scenario().name.as_str()),
        steps: path.map(|path| path.clone().into_actions().len()),
        states: death.map(|(answer, _, _)| answer.unique),
        trace: death
            .zip(path)
            .map(|((answer, _, _), path)| lines(&answer.world, path)),
        why: death
            .and_then(|(answer, judged, _)| judged.why(&answer.world))
            .map(|why| why.sentences),
        survived: trial
            .survived
            .iter()
            .map(|(name, _)| name.as_str())
            .collect(),
        states_survived: trial.states_survived(),
    }
}
