//! A page for each scenario.

use std::fmt::Write as _;

use checker::Ending;
use model::World;

use crate::{Answer, Found, Judged, Outcome, Why, words};

/// The page of a scenario: what it is, what was found, and every path in words and as a picture.
pub(crate) fn page(answer: &Answer) -> String {
    let (world, scenario) = (&answer.world, answer.scenario());
    let mut page = format!(
        "# {}\n\n{}\n",
        plain(&scenario.title),
        scenario.about.trim()
    );
    page.push('\n');
    for sentence in words::sentences(world) {
        page += &format!("- {sentence}\n");
    }
    page += "\n## Verdicts\n\n";
    page += &verdicts(answer);
    page += &counts(answer);
    for judged in &answer.judged {
        let Some(told) = judged.lines(world) else {
            continue;
        };
        page += &format!(
            "\n## {}: {}\n\n{}.\n\n```text\n",
            judged.property,
            judged.told(),
            capital(judged.reason())
        );
        for line in told {
            page += &line;
            page.push('\n');
        }
        page += "```\n\n";
        page += &why(judged, world);
        let picture = picture(answer, judged);
        page += &format!("![{}: {}]({picture})\n", judged.property, judged.told());
    }
    page
}

/// Why a path breaks what it breaks, for below its lines; empty if there is nothing to explain.
pub(crate) fn why(judged: &Judged, world: &World) -> String {
    let Some(Why { sentences, .. }) = judged.why(world) else {
        return String::new();
    };
    let mut told = String::from("### Why it broke\n\n");
    for sentence in sentences {
        told += &format!("- {}\n", plain(&sentence));
    }
    told.push('\n');
    told
}

/// The name of the file with the picture of a path.
pub(crate) fn picture(answer: &Answer, judged: &Judged) -> String {
    format!("{}.{}.svg", answer.scenario().name, judged.property)
}

/// Text in a table or a heading: what has a meaning there is escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn verdicts(answer: &Answer) -> String {
    let mut table =
        String::from("| property | what it says | expected | found | |\n|---|---|---|---|---|\n");
    for judged in &answer.judged {
        let expected = judged
            .expected
            .map_or("–".to_owned(), |expected| expected.to_string());
        let found = match judged.found() {
            Found::Violated(_) | Found::Witnessed(_) => {
                format!("[{}]({})", judged.told(), picture(answer, judged))
            }
            found @ (Found::Holds | Found::Never | Found::Unknown(_)) => found.to_string(),
        };
        writeln!(
            table,
            "| {} | {} | {expected} | {found} | {} |",
            judged.property,
            plain(judged.reason()),
            mark(judged)
        )
        .expect("a string takes all that is written to it");
    }
    table
}

fn mark(judged: &Judged) -> &'static str {
    match (judged.found(), judged.is_met()) {
        (Found::Unknown(_), _) => "?",
        (_, Some(true)) => "✓",
        (_, Some(false)) => "✗",
        (_, None) => "",
    }
}

fn counts(answer: &Answer) -> String {
    let whole = match answer.ending {
        Ending::Exhausted => "every state was explored".to_owned(),
        Ending::Truncated(cut) => format!("**not** every state was explored: {cut}"),
    };
    let mut told = format!(
        "\n{} states, {} transitions generated, depth {}; {whole}. Reductions: {}. {}.\n",
        answer.unique,
        answer.generated,
        answer.depth,
        answer.reductions.in_words(),
        words::collisions(answer),
    );
    for refusal in &answer.refused {
        told += &format!("\n{}.\n", plain(&refusal.to_string()));
    }
    if answer.outcome() == Outcome::Unmet {
        told += "\n**Not as expected:**\n\n";
        for line in answer.unmet() {
            told += &format!("- {}\n", plain(&line));
        }
    }
    told
}

pub(crate) fn capital(sentence: &str) -> String {
    let mut characters = sentence.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
