//! What was found, for the terminal and for machines.

use std::collections::BTreeMap;

use checker::Ending;
use model::properties::Known;
use report::{Answer, Found, Judged, Outcome};

use crate::args::StoryArgs;
use crate::check::Checked;
use crate::error::Error;
use crate::print::{self, Tone};
use crate::story;

/// A word for an outcome, and its tone.
pub(crate) fn mark(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Met => (Tone::Good, "as expected"),
        Outcome::Unmet => (Tone::Bad, "NOT AS EXPECTED"),
        Outcome::Truncated => (Tone::Doubtful, "truncated"),
    }
}

/// Each violation, with its shortest trace. Properties violated by the same path share it.
pub(crate) fn print_violations(args: StoryArgs, checked: &Checked) -> Result<(), Error> {
    let answer = &checked.answer;
    let violated: Vec<&Judged> = answer
        .judged
        .iter()
        .filter(|judged| matches!(judged.found(), Found::Violated(_)))
        .collect();
    let mut told: Vec<&Judged> = Vec::new();
    for judged in &violated {
        let Some(path) = judged.verdict.path() else {
            continue;
        };
        if told.iter().any(|other| other.verdict.path() == Some(path)) {
            continue;
        }
        told.push(judged);
        let same: Vec<&&Judged> = violated
            .iter()
            .filter(|other| other.verdict.path() == Some(path))
            .collect();
        let names: Vec<&str> = same.iter().map(|judged| judged.property).collect();
        let (tone, as_expected) = match same.iter().all(|judged| judged.is_met() == Some(true)) {
            true => (Tone::Quiet, ", as expected"),
            false => (Tone::Bad, ""),
        };
        let heading = format!(
            "{}: {} {}{as_expected}",
            answer.scenario().name,
            names.join(", "),
            judged.told()
        );
        print::line(&print::toned(tone, &heading))?;
        story::print_judged(args, &answer.world, judged)?;
        story::print_why(judged.why(&answer.world).as_ref())?;
        print::line("")?;
    }
    Ok(())
}

/// One line a scenario, then what is not as expected, then the sum of it.
pub(crate) fn print_table(checked: &[Checked], not_run: usize) -> Result<(), Error> {
    let header = [
        "scenario",
        "states",
        "depth",
        "invariants",
        "witnesses",
        "verdict",
    ];
    let mut table = print::table(&header);
    for one in checked {
        let answer = &one.answer;
        table.add_row([
            answer.scenario().name.clone(),
            print::number(answer.unique),
            one.depth.map_or("-".to_owned(), |depth| depth.to_string()),
            tally(answer, true),
            tally(answer, false),
            mark(one.answer.outcome()).1.to_owned(),
        ]);
    }
    print::right(&mut table, &[1, 2]);
    print::line(&coloured(&print::trimmed(&table)))?;
    print::line("")?;
    for one in checked {
        for problem in one.answer.unmet() {
            let problem = format!("{}: {problem}", one.answer.scenario().name);
            print::line(&print::toned(Tone::Bad, &problem))?;
        }
        if let Some(cut) = one.answer.cut() {
            let name = &one.answer.scenario().name;
            let problem = match one.answer.ending {
                Ending::Truncated(_) => format!("{name}: {cut}; what was not explored is unknown"),
                Ending::Exhausted => format!("{name}: the other engine was not done: {cut}"),
            };
            print::line(&print::toned(Tone::Doubtful, &problem))?;
        }
    }
    for line in vacuous(checked) {
        print::line(&print::toned(Tone::Doubtful, &line))?;
    }
    print::line(&sum(checked, not_run))?;
    Ok(())
}

/// So many scenarios are named; where there are more, their number says enough: the pages have the names.
const NAMED_MAX: usize = 3;

/// What was never put to the test though the scenario allows it, a line for each property. What a scenario excludes is
/// told on its page only.
fn vacuous(checked: &[Checked]) -> Vec<String> {
    let mut where_vacuous: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in checked {
        let vacuous = one.answer.judged.iter().filter(|judged| judged.vacuous);
        let scenario = one.answer.scenario();
        let is_excluded = |judged: &&Judged| {
            let known = Known::named(judged.property);
            known.is_some_and(|known| known.is_excluded(scenario))
        };
        for judged in vacuous.filter(|judged| !is_excluded(judged)) {
            let names = where_vacuous.entry(judged.property).or_default();
            names.push(&scenario.name);
        }
    }
    let told = where_vacuous.into_iter().map(|(property, names)| {
        let places = match names.len() {
            0..=NAMED_MAX => names.join(", "),
            many => format!("{many} of {} scenarios", checked.len()),
        };
        format!("{places}: {property} holds only since nothing of what it speaks of ever happens")
    });
    told.collect()
}

/// Colours the last word of each row.
fn coloured(table: &str) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| {
            let marks = [Outcome::Met, Outcome::Unmet, Outcome::Truncated].map(mark);
            // "NOT AS EXPECTED" is not the end of "as expected", so the order does not matter.
            let fitting = marks.into_iter().find(|(_, word)| line.ends_with(word));
            match fitting {
                Some((tone, word)) => {
                    let start = &line[..line.len() - word.len()];
                    format!("{start}{}", print::toned(tone, word))
                }
                None => line.to_owned(),
            }
        })
        .collect();
    lines.join("\n")
}

/// "8 hold", "5 hold, 3 violated", "4 witnessed, 1 never".
fn tally(answer: &Answer, invariants: bool) -> String {
    let words = ["hold", "violated", "witnessed", "never", "unknown"];
    let mut counts = [0; 5];
    for judged in answer
        .judged
        .iter()
        .filter(|one| one.invariant == invariants)
    {
        let at = match judged.found() {
            Found::Holds => 0,
            Found::Violated(_) => 1,
            Found::Witnessed(_) => 2,
            Found::Never => 3,
            Found::Unknown(_) => 4,
        };
        counts[at] += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .zip(words)
        .filter(|(count, _)| **count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

fn sum(checked: &[Checked], not_run: usize) -> String {
    let count = |outcome| {
        checked
            .iter()
            .filter(|one| one.answer.outcome() == outcome)
            .count()
    };
    let scenarios = match checked.len() {
        1 => "1 scenario".to_owned(),
        count => format!("{count} scenarios"),
    };
    let mut parts = Vec::new();
    for outcome in [Outcome::Met, Outcome::Unmet, Outcome::Truncated] {
        let (tone, word) = mark(outcome);
        match count(outcome) {
            0 => {}
            count => parts.push(print::toned(tone, &format!("{count} {word}"))),
        }
    }
    if not_run > 0 {
        parts.push(print::toned(Tone::Doubtful, &format!("{not_run} not run")));
    }
    format!("{scenarios}: {}", parts.join(", "))
}
