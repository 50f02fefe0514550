//! What the last full run counted, and what has moved since.

use std::collections::BTreeMap;
use std::path::Path;

use report::Answer;
use serde::Deserialize;

use crate::print;
use crate::reports::SUMMARY;

/// The counts in the folder of reports, by scenario. None that were not written by this form of the summary.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    /// The digest of the core that the reports were made with.
    core: Option<String>,
    counts: BTreeMap<String, Counts>,
}

#[derive(Debug, Default, Deserialize)]
struct Summary {
    core: Option<String>,
    #[serde(default)]
    scenarios: Vec<Counts>,
}

#[derive(Debug, Deserialize)]
struct Counts {
    name: String,
    reductions: String,
    states: u64,
    generated: u64,
    depth: u64,
    #[serde(default)]
    kinds: BTreeMap<String, u64>,
    pairs: Option<u64>,
}

impl Baseline {
    /// The baseline of a folder; empty if there is none, or none that can be read: then everything is new.
    pub(crate) fn read(folder: &Path) -> Baseline {
        let text = std::fs::read_to_string(folder.join(SUMMARY)).unwrap_or_default();
        let summary: Summary = serde_json::from_str(&text).unwrap_or_default();
        let scenarios = summary.scenarios.into_iter();
        Baseline {
            core: summary.core,
            counts: scenarios
                .map(|counts| (counts.name.clone(), counts))
                .collect(),
        }
    }

    /// The digest of the core that the reports were made with; `None`: there are none, or they do not say.
    pub(crate) fn core(&self) -> Option<&str> {
        self.core.as_deref()
    }

    /// What an exhausted scenario counts otherwise than it did, a line each.
    pub(crate) fn moved(&self, answer: &Answer) -> Vec<String> {
        let before = self.counts.get(&answer.scenario().name);
        let Some(before) = before.filter(|before| {
            answer.cut().is_none() && before.reductions == answer.reductions.to_string()
        }) else {
            return Vec::new();
        };
        let mut rows = vec![
            ("states", before.states, answer.unique),
            ("transitions", before.generated, answer.generated),
            ("depth", before.depth, u64::from(answer.depth)),
        ];
        for (kind, now) in &answer.kinds {
            // A kind that was not counted then has not moved.
            if let Some(before) = before.kinds.get(*kind) {
                rows.push((kind, *before, *now));
            }
        }
        let pairs = answer.pairs.as_ref().map(|pairs| pairs.happened() as u64);
        if let (Some(before), Some(now)) = (before.pairs, pairs) {
            rows.push(("pairs that happen", before, now));
        }
        let moved = rows.into_iter().filter(|(_, before, now)| before != now);
        moved
            .map(|(what, before, now)| {
                format!("{what}: {} → {}", print::number(before), print::number(now))
            })
            .collect()
    }
}
