//! What became of one edit.

use std::collections::{BTreeMap, BTreeSet};

use super::Explained;
use crate::row;
use answers::{Answer, Found, Outcome};

/// An edit that compiles.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The file and the function.
    pub(crate) place: String,
    /// The edit, in words.
    pub(crate) what: String,
    /// What kind of edit it is.
    pub(crate) kind: &'static str,
    /// How many of the programs of the core's own tests fail.
    pub(crate) failing: usize,
    /// How the plain World notices it.
    pub(crate) noticed: Noticed,
    /// Where a form says something else than the plain World.
    pub(crate) differences: Vec<String>,
    /// The forms that were refused, with the worlds and the reason of one.
    pub(crate) refused: BTreeMap<String, (usize, String)>,
    /// The reductions that were on where all were asked for, in any world.
    pub(crate) on: BTreeSet<String>,
}

/// What the plain World makes of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Noticed {
    /// The core loops, overflows or panics, or no world can be made of it.
    NotTotal,
    /// A world grows beyond all bounds of time.
    TooLarge,
    /// An invariant is violated.
    Violated,
    /// A witness is lost.
    WitnessLost,
    /// The verdicts are the same, but numbers of states or steps have moved.
    OnlyCounts,
    /// Nothing at all has changed in these worlds.
    Same,
}

impl Judged {
    /// Whether somebody notices it, or why nobody does is known.
    pub(crate) fn is_accounted_for(&self, explained: &Explained) -> bool {
        !self.is_unnoticed() || explained.of(&self.place, &self.what).is_some()
    }

    /// Whether it changes what these worlds are, and no judge and no test of the core says so.
    pub(crate) fn is_unnoticed(&self) -> bool {
        self.noticed == Noticed::OnlyCounts && self.failing == 0
    }
}

/// The answers of the plain World among those of all forms.
fn plain(answers: &[Answer]) -> impl Iterator<Item = &Answer> {
    answers.iter().filter(|answer| answer.form == "plain")
}

/// How the plain World's answers differ from those of the core as it is.
pub(crate) fn noticed(as_it_is: &[Answer], answers: &[Answer]) -> Noticed {
    let pairs = plain(as_it_is).zip(plain(answers));
    let of = pairs.map(|(before, after)| {
        match after.outcome {
            Outcome::Panicked | Outcome::Refused => return Noticed::NotTotal,
            Outcome::Cut => return Noticed::TooLarge,
            Outcome::Answered => {}
        }
        let mut noticed = Noticed::Same;
        for (property, found) in &after.verdicts {
            let of_one = match (before.verdicts.get(property), found) {
                (Some(before), after) if before == after => Noticed::Same,
                (Some(Found::Holds), Found::Violated(_)) => Noticed::Violated,
                (Some(Found::Witnessed(_)), Found::Never) => Noticed::WitnessLost,
                (_, _) => Noticed::OnlyCounts,
            };
            noticed = noticed.min(of_one);
        }
        if noticed == Noticed::Same && before.states != after.states {
            Noticed::OnlyCounts
        } else {
            noticed
        }
    });
    of.min().unwrap_or(Noticed::Same)
}

/// Where a form says something else than the plain World of the same core.
pub(crate) fn differences(answers: &[Answer], forms: &[&str], worlds: &[&str]) -> Vec<String> {
    let mut differences = Vec::new();
    for (of_world, world) in answers.chunks(forms.len()).zip(worlds) {
        let Some((plain, others)) = of_world.split_first() else {
            continue;
        };
        if plain.outcome != Outcome::Answered {
            // The core is not total: there is no truth to compare with.
            continue;
        }
        for other in others {
            let why = other.why.clone().unwrap_or_default();
            let told = match other.outcome {
                Outcome::Refused if other.form == "all" => vec![format!("refused: {why}")],
                Outcome::Refused => Vec::new(),
                Outcome::Cut => vec![format!("cut: {why}")],
                Outcome::Panicked => vec![format!("panicked: {why}")],
                Outcome::Answered => row::differences(&plain.verdicts, other),
            };
            differences.extend(
                told.into_iter()
                    .map(|told| format!("{world}, {}: {told}", other.form)),
            );
        }
    }
    differences
}

/// The forms that are refused and are not of the core as it is.
pub(crate) fn refused(
    as_it_is: &[Answer],
    answers: &[Answer],
) -> BTreeMap<String, (usize, String)> {
    let mut refused = BTreeMap::new();
    let pairs = as_it_is.iter().zip(answers);
    let pairs = pairs.filter(|(before, after)| {
        after.outcome == Outcome::Refused && before.outcome != Outcome::Refused
    });
    for (_, answer) in pairs {
        let why = answer.why.clone().unwrap_or_default();
        refused.entry(answer.form.clone()).or_insert((0, why)).0 += 1;
    }
    refused
}

/// The reductions that were on where all were asked for.
pub(crate) fn on(answers: &[Answer]) -> BTreeSet<String> {
    let all = answers.iter().filter(|answer| answer.form == "all");
    all.flat_map(|answer| answer.on.iter().cloned()).collect()
}
