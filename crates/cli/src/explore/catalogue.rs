//! What can be explored, and what is known of it.

use std::path::Path;

use model::properties::Known;
use model::{Expected, Mutant, World};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::place::Place;
use crate::error::Error;
use crate::load::{self, Loaded};
use crate::reports::{self, MUTANTS, SUMMARY};

/// The scenarios that can be opened, and what the last full run answered.
pub(crate) struct Catalogue {
    pub(crate) scenarios: Vec<Loaded>,
    answers: Vec<Answered>,
    fates: Vec<Fate>,
}

/// What is known of a property in a scenario as it ships.
pub(crate) struct Verdict {
    pub(crate) property: &'static Known,
    pub(crate) expected: Option<Expected>,
    /// How many steps the shortest path has that shows it, if that is known.
    pub(crate) steps: Option<u64>,
}

impl Verdict {
    /// Whether there is a path to open.
    pub(crate) fn has_path(&self) -> bool {
        match self.expected {
            Some(Expected::Violated | Expected::Witnessed) => true,
            Some(Expected::Holds | Expected::Never) | None => false,
        }
    }
}

/// A scenario in the summary of a full run.
#[derive(Deserialize)]
struct Answered {
    name: String,
    outcome: String,
    states: u64,
    properties: Vec<AnsweredProperty>,
}

#[derive(Deserialize)]
struct AnsweredProperty {
    name: String,
    expected: Option<String>,
    steps: Option<u64>,
}

/// What became of a mutant when all of them were tried.
#[derive(Deserialize)]
pub(crate) struct Fate {
    name: String,
    pub(crate) killed_by: Vec<String>,
    pub(crate) scenario: Option<String>,
    pub(crate) steps: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Summary {
    scenarios: Vec<Answered>,
}

#[derive(Default, Deserialize)]
struct Fates {
    mutants: Vec<Fate>,
}

impl Catalogue {
    /// Everything in `models`, and the scenario that was given, which takes the place of one of the same name.
    ///
    /// # Errors
    /// If a scenario cannot be read, or there is none.
    pub(crate) fn read(given: Option<&Loaded>) -> Result<Catalogue, Error> {
        let mut scenarios = match (load::shipped(true), given) {
            // A file of one's own needs no others around it.
            (Err(Error::NoFolder { .. } | Error::EmptyFolder { .. }), Some(_)) => Vec::new(),
            (shipped, _) => shipped?,
        };
        if let Some(given) = given {
            scenarios.retain(|one| one.scenario.name != given.scenario.name);
            scenarios.push(given.clone());
        }
        scenarios.sort_by(|one, other| one.scenario.name.cmp(&other.scenario.name));
        let reports = Path::new(reports::FOLDER);
        let summary: Summary = json(&reports.join(SUMMARY));
        let fates: Fates = json(&reports.join(MUTANTS));
        Ok(Catalogue {
            scenarios,
            answers: summary.scenarios,
            fates: fates.mutants,
        })
    }

    /// The scenario of this name.
    pub(crate) fn scenario(&self, name: &str) -> Option<&Loaded> {
        self.scenarios
            .iter()
            .find(|loaded| loaded.scenario.name == name)
    }

    /// The names that look like one that is none.
    pub(crate) fn near(&self, name: &str) -> Vec<String> {
        let names = self.scenarios.iter().map(|one| one.scenario.name.clone());
        load::nearest(name, names)
    }

    /// The world of a place.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn world(&self, place: &Place) -> Result<World, Error> {
        match self.scenario(&place.scenario) {
            Some(loaded) => place.world(loaded),
            None => Err(Error::UnknownScenario {
                name: place.scenario.clone(),
                folder: load::FOLDER.into(),
                near: self.near(&place.scenario),
            }),
        }
    }

    /// Whether it would take minutes to find a path here while a browser waits: a lasso needs every state, a shortest path
    /// only those before its end.
    pub(crate) fn is_too_large(loaded: &Loaded) -> bool {
        loaded.is_live() && loaded.is_large()
    }

    /// Whether the last full run answered the scenario as it is now, and as it expects.
    pub(crate) fn is_answered(&self, loaded: &Loaded) -> bool {
        self.answer(loaded).is_some()
    }

    fn answer(&self, loaded: &Loaded) -> Option<&Answered> {
        let expect = &loaded.scenario.expect;
        let is_same = |one: &AnsweredProperty| {
            let now = expect.verdicts.get(&one.name).map(ToString::to_string);
            now == one.expected
        };
        self.answers.iter().find(|answered| {
            answered.name == loaded.scenario.name
                && answered.outcome == "met"
                && Some(answered.states) == expect.states_visited()
                && answered.properties.iter().all(is_same)
        })
    }

    /// What is known of each property of a scenario: as the last full run answered, else as the file expects.
    pub(crate) fn verdicts(&self, loaded: &Loaded) -> Vec<Verdict> {
        let answer = self.answer(loaded);
        let steps = |name: &str| {
            let mut properties = answer?.properties.iter();
            properties.find(|one| one.name == name)?.steps
        };
        let judged = Known::of(&loaded.scenario).iter();
        judged
            .filter(|known| !known.is_excluded(&loaded.scenario))
            .map(|known| Verdict {
                property: known,
                expected: loaded.scenario.expect.verdicts.get(known.name).copied(),
                steps: steps(known.name),
            })
            .collect()
    }

    /// What became of a mutant, if all of them were tried.
    pub(crate) fn fate(&self, mutant: Mutant) -> Option<&Fate> {
        self.fates.iter().find(|fate| fate.name == mutant.name())
    }
}

/// What a file of reports has; nothing if there is none, or none of this form.
fn json<T: Default + DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
