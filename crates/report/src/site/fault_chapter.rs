//! All that the site has of one known fault.

use serde::{Deserialize, Serialize};

use super::{Files, fault};
use crate::{Error, MutantFate, Trial};

/// All that the site has of one known fault: its page, its trace, and its row in the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultChapter {
    /// The fault.
    pub name: String,
    /// Whether a fault was found out and a control was not; `None` if that is not known.
    pub is_met: Option<bool>,
    /// What became of it, in a line.
    pub told: String,
    pub(super) fault: String,
    /// Why it is no fault; nothing if it is one.
    pub(super) control: Option<String>,
    pub(super) death: Option<Death>,
    /// The scenarios that did not find it out, and all their states.
    pub(super) survived: (usize, u64),
    pub(super) files: Files,
}

/// Where a fault was found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Death {
    pub(super) scenario: String,
    pub(super) states: u64,
    /// What finds it out, with the steps of its trace; nothing if a witness is missing.
    pub(super) by: Vec<(String, Option<usize>)>,
}

impl FaultChapter {
    /// What the site has of a trial.
    ///
    /// # Errors
    /// If a trace cannot be written.
    pub fn new(trial: &Trial) -> Result<FaultChapter, Error> {
        let death = match &trial.fate {
            MutantFate::Killed { answer, by } => Some(Death {
                scenario: answer.scenario().name.clone(),
                states: answer.unique,
                by: by
                    .iter()
                    .map(|known| {
                        let mut judged = answer.judged.iter();
                        let judged = judged.find(|judged| judged.property == known.name);
                        let path = judged.and_then(|judged| judged.verdict.path());
                        let steps = path.map(|path| path.clone().into_actions().len());
                        (known.name.to_owned(), steps)
                    })
                    .collect(),
            }),
            MutantFate::Survived | MutantFate::Unknown(_) => None,
        };
        Ok(FaultChapter {
            name: trial.mutant.name().to_owned(),
            is_met: trial.is_met(),
            told: trial.to_string(),
            fault: trial.mutant.fault().trim().to_owned(),
            control: trial
                .mutant
                .control()
                .map(|control| control.reason.to_owned()),
            death,
            survived: (trial.survived.len(), trial.states_survived()),
            files: fault::files(trial)?,
        })
    }
}
