//! The answers as Markdown for the page of a CI job.

use crate::markdown::plain;
use crate::{Answer, Found, Judged, Outcome, Regression, lines};

/// The answers as Markdown, as GitHub's `$GITHUB_STEP_SUMMARY` takes it: a table of the scenarios, what
/// is not as expected, and each violation's path, folded.
pub fn job_summary(answers: &[Answer], not_run: &[&str], regressions: &[Regression]) -> String {
    let mut page = String::from(
        "## paxos check\n\n| scenario | verdict | states | depth |\n|---|---|--:|--:|\n",
    );
    for answer in answers {
        page += &format!(
            "| {} | {} | {} | {} |\n",
            plain(&answer.scenario().name),
            mark(answer),
            answer.unique,
            answer.depth
        );
    }
    for name in not_run {
        page += &format!("| {} | ⚠️ not run | | |\n", plain(name));
    }
    let unmet = answers.iter().flat_map(|answer| {
        let name = plain(&answer.scenario().name);
        let unmet = answer.unmet().into_iter();
        unmet.map(move |line| format!("- {name}: {}\n", plain(&line)))
    });
    let wrong = regressions.iter().filter(|one| one.is_met == Some(false));
    let wrong = wrong.map(|one| {
        let told = format!("expected {}, but it {}", one.expected, one.told);
        format!("- regression {}: {}\n", plain(&one.file), plain(&told))
    });
    let problems: String = unmet.chain(wrong).collect();
    if !problems.is_empty() {
        page += &format!("\n**Not as expected:**\n\n{problems}");
    }
    for answer in answers {
        page += &violations(answer);
    }
    if !regressions.is_empty() {
        let met = regressions
            .iter()
            .filter(|one| one.is_met == Some(true))
            .count();
        page += &format!(
            "\n{met} of {} kept traces do what they are to do.\n",
            regressions.len()
        );
    }
    page + "\n"
}

fn mark(answer: &Answer) -> String {
    match (answer.outcome(), answer.cut()) {
        (Outcome::Met, _) => "✅ as expected".to_owned(),
        (Outcome::Unmet, _) => "❌ **not as expected**".to_owned(),
        (Outcome::Truncated, Some(cut)) => format!("⚠️ truncated: {}", plain(&cut.to_string())),
        (Outcome::Truncated, None) => "⚠️ truncated".to_owned(),
    }
}

fn violations(answer: &Answer) -> String {
    let violated = |judged: &&Judged| matches!(judged.found(), Found::Violated(_));
    let mut text = String::new();
    for judged in answer.judged.iter().filter(violated) {
        let Some(path) = judged.verdict.path() else {
            continue;
        };
        let as_expected = match judged.is_met() {
            Some(true) => ", as expected",
            Some(false) | None => "",
        };
        text += &format!(
            "\n<details><summary>{}: {} {}{as_expected}</summary>\n\n```text\n{}\n```\n\n</details>\n",
            plain(&answer.scenario().name),
            judged.property,
            judged.found(),
            lines(&answer.world, path).join("\n"),
        );
    }
    text
}
