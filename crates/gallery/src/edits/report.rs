//! `reports/random-edits.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::judged::{Judged, Noticed};
use super::{Draw, Explained, FILES, WORLDS};

/// The report of a draw, of which these edits compile.
pub(crate) fn report(
    draw: &Draw,
    drawn: usize,
    judged: &[Judged],
    explained: &Explained,
) -> String {
    let mut text = String::from("# Random edits of the core\n\n");
    let count = |noticed| judged.iter().filter(|one| one.noticed == noticed).count();
    let differing: Vec<&Judged> = judged
        .iter()
        .filter(|one| !one.differences.is_empty())
        .collect();
    let refused: Vec<&Judged> = judged
        .iter()
        .filter(|one| !one.refused.is_empty())
        .collect();
    let unnoticed: Vec<&Judged> = judged.iter().filter(|one| one.is_unnoticed()).collect();
    let _ = writeln!(
        text,
        "{drawn} edits of one token, drawn with seed {} from all there are in {} of `crates/paxos/src`. Each is judged in \
         {} by the plain World, by the tables, and by the tables under each reduction and under all of them: verdict and \
         length of every property have to be equal, or the form refused by name. `cargo run -p gallery -- edits` makes \
         this again.\n",
        draw.seed,
        FILES.join(", "),
        WORLDS.join(", "),
    );
    let rows = [
        ("drawn", drawn),
        ("compile", judged.len()),
        (
            "the core loops, overflows or panics, or no world can be made of it",
            count(Noticed::NotTotal),
        ),
        (
            "a world grows too large to be judged",
            count(Noticed::TooLarge),
        ),
        ("an invariant is violated", count(Noticed::Violated)),
        ("a witness is lost", count(Noticed::WitnessLost)),
        (
            "only numbers of states or steps move",
            count(Noticed::OnlyCounts),
        ),
        (
            "of those: noticed by a test of `crates/paxos`",
            count(Noticed::OnlyCounts) - unnoticed.len(),
        ),
        ("nothing changes in these worlds", count(Noticed::Same)),
        (
            "a form refuses that does not refuse the core as it is",
            refused.len(),
        ),
        ("**a form differs from the plain World**", differing.len()),
    ];
    text.push_str("| edits | |\n|---|--:|\n");
    for (what, number) in rows {
        let _ = writeln!(text, "| {what} | {number} |");
    }
    by_kind(&mut text, judged);
    kept_on(&mut text, judged);
    text.push_str("\n## Where a form differs\n\n");
    for one in &differing {
        let _ = writeln!(text, "- {}: {}", one.place, one.what);
        for difference in &one.differences {
            let _ = writeln!(text, "  - {difference}");
        }
    }
    if differing.is_empty() {
        text.push_str("Nowhere.\n");
    }
    text.push_str("\n## Changed and not noticed\n\n");
    text.push_str("No property breaks, no witness is lost and no test of the core fails, but there are other states.\n\n");
    text.push_str("| where | edit | why nobody notices |\n|---|---|---|\n");
    for one in &unnoticed {
        let why = explained
            .of(&one.place, &one.what)
            .unwrap_or("**not explained**");
        let _ = writeln!(
            text,
            "| {} | {} | {why} |",
            one.place,
            one.what.replace('|', "\\|")
        );
    }
    text
}

fn by_kind(text: &mut String, judged: &[Judged]) {
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for one in judged {
        let kind = kinds.entry(one.kind).or_default();
        kind.0 += 1;
        kind.1 += usize::from(one.noticed < Noticed::OnlyCounts || one.failing > 0);
    }
    text.push_str(
        "\n| kind of edit | compile | a judge or a test of the core notices |\n|---|--:|--:|\n",
    );
    for (kind, (compile, noticed)) in kinds {
        let _ = writeln!(text, "| {kind} | {compile} | {noticed} |");
    }
}

fn kept_on(text: &mut String, judged: &[Judged]) {
    let mut on: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in judged {
        for reduction in &one.on {
            *on.entry(reduction).or_default() += 1;
        }
        for (form, (_, why)) in &one.refused {
            *refused.entry((form, why)).or_default() += 1;
        }
    }
    text.push_str(
        "\n| reduction | stays on, in any of the worlds, for so many edits |\n|---|--:|\n",
    );
    for (reduction, edits) in on {
        let _ = writeln!(text, "| {reduction} | {edits} |");
    }
    text.push_str("\n| form refused | the reason, of one world | edits |\n|---|---|--:|\n");
    for ((form, why), edits) in refused {
        let _ = writeln!(text, "| {form} | {why} | {edits} |");
    }
}
