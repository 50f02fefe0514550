//! A core's row: what every form answered in every world of it, and where that is not the truth.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::list::Core;
use crate::truth::Verdicts;
use answers::{Answer, Found, Outcome};

/// What became of a core.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// The core.
    pub(crate) name: String,
    /// What it does otherwise.
    pub(crate) about: String,
    /// What is true of it, in a few words.
    pub(crate) verdict: String,
    /// The reductions that were on where all were asked for, and in how many worlds.
    pub(crate) on: BTreeMap<String, usize>,
    /// The forms that did not apply, with the reason of one world, and in how many.
    pub(crate) refused: BTreeMap<String, (usize, String)>,
    /// What is not as it should be. Empty: the row is green.
    pub(crate) wrong: Vec<String>,
    /// All exploring together.
    pub(crate) millis: u64,
}

impl Row {
    /// Of a core, with the answers of each of its worlds beside the truth.
    pub(crate) fn new(core: &Core, worlds: &[(&str, Option<&Verdicts>, Vec<Answer>)]) -> Row {
        let mut row = Row {
            name: core.name.clone(),
            about: core.about.clone(),
            verdict: verdict(core),
            on: BTreeMap::new(),
            refused: BTreeMap::new(),
            wrong: Vec::new(),
            millis: 0,
        };
        for (world, truth, answers) in worlds {
            for answer in answers {
                row.millis += answer.millis;
                row.take(core, world, *truth, answer);
            }
        }
        row
    }

    /// Whether all is as it should be.
    pub(crate) fn is_green(&self) -> bool {
        self.wrong.is_empty()
    }

    fn take(&mut self, core: &Core, world: &str, truth: Option<&Verdicts>, answer: &Answer) {
        let form = answer.form.as_str();
        let why = answer.why.clone().unwrap_or_default();
        if answer.outcome == Outcome::Refused {
            let refused = self
                .refused
                .entry(form.to_owned())
                .or_insert((0, why.clone()));
            refused.0 += 1;
        }
        if form == "all" {
            for refusal in &answer.refused {
                let (what, why) = refusal.split_once(": not used: ").unwrap_or((refusal, ""));
                let refused = self.refused.entry(what.to_owned());
                refused.or_insert((0, why.to_owned())).0 += 1;
            }
            for reduction in &answer.on {
                *self.on.entry(reduction.clone()).or_default() += 1;
            }
        }
        let is_direct = matches!(form, "plain" | "actors" | "stateright");
        let wrong = match (answer.outcome, truth) {
            (Outcome::Panicked, _) => Some(format!("panicked: {why}")),
            (Outcome::Answered | Outcome::Cut, _) if core.unsteady => (!is_direct).then(|| {
                "gave a verdict of a core that answers differently when asked again".to_owned()
            }),
            (Outcome::Refused, _) if core.unsteady => None,
            (Outcome::Cut, _) => Some(why),
            (Outcome::Refused, _) if matches!(form, "plain" | "all") => {
                Some(format!("refused: {why}"))
            }
            (Outcome::Refused, _) => None,
            (Outcome::Answered, None) => {
                Some("no truth is recorded of this world; run `gallery establish`".to_owned())
            }
            (Outcome::Answered, Some(truth)) => {
                let differences = differences(&truth.verdicts, answer);
                (!differences.is_empty()).then(|| differences.join(", "))
            }
        };
        if let Some(wrong) = wrong {
            self.wrong.push(format!("{world}, {form}: {wrong}"));
        }
    }
}

/// What is true of a core, in a few words.
fn verdict(core: &Core) -> String {
    match (&core.breaks, &core.unjudged) {
        (Some(breaks), _) => match breaks.steps {
            Some(steps) => format!("{} {steps}", breaks.property),
            None => format!("{} never", breaks.property),
        },
        (None, Some(_)) => "wrong, unjudged".to_owned(),
        (None, None) if core.unsteady => "unsteady".to_owned(),
        (None, None) if core.gives_up.is_empty() => "safe".to_owned(),
        (None, None) => format!("safe but for {}", core.gives_up.join(", ")),
    }
}

/// Where an answer is not the truth. The paths of stateright's own search need not be shortest.
pub(crate) fn differences(truth: &BTreeMap<String, Found>, answer: &Answer) -> Vec<String> {
    let is_equal = |told: Found, true_: Found| {
        if answer.form == "stateright" {
            told.is_alike(true_)
        } else {
            told == true_
        }
    };
    let of = truth
        .iter()
        .filter_map(|(property, expected)| match answer.verdicts.get(property) {
            Some(found) if is_equal(*found, *expected) => None,
            Some(found) => Some(format!("{property} {found} where it is {expected}")),
            None => Some(format!("{property} not judged where it is {expected}")),
        });
    of.collect()
}
