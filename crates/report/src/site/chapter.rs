//! All that the site has of one scenario.

use checker::Verdict;
use model::{Action, State, World};
use serde::{Deserialize, Serialize};
use stateright::Path;

use super::{Files, Sizes, scenario};
use crate::words::counted;
use crate::{Answer, Error, Judged, Outcome, Tally, lines};

/// All that the site has of one scenario: its page, its traces, and its rows on the pages of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chapter {
    /// The scenario.
    pub name: String,
    /// Whether all is as expected.
    pub outcome: Outcome,
    /// What is not, a line each.
    pub unmet: Vec<String>,
    /// What happened, and what after what.
    pub tally: Tally,
    pub(super) title: String,
    pub(super) is_live: bool,
    pub(super) states: u64,
    pub(super) transitions: u64,
    pub(super) depth: u32,
    pub(super) properties: Vec<Property>,
    /// From how many states it was asked whether deciding stays possible, and what was found.
    pub(super) outlook: Option<(u64, String)>,
    /// Where the notes' rule needs another round: by Lamport's rule, and by the notes'.
    pub(super) another_round: Option<[Vec<String>; 2]>,
    pub(super) files: Files,
}

/// What became of a property, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) is_invariant: bool,
    /// "violated in 8 steps".
    pub(super) told: String,
    /// Whether there is a path to look at.
    pub(super) has_path: bool,
    pub(super) is_met: Option<bool>,
    /// Whether it holds only since nothing of what it speaks of ever happens.
    pub(super) vacuous: bool,
}

impl Chapter {
    /// What the site has of an answer. `sizes`: how many states there would be otherwise.
    ///
    /// # Errors
    /// If a trace cannot be written.
    pub fn new(answer: &Answer, sizes: &Sizes) -> Result<Chapter, Error> {
        let another_round = answer.another_round.as_ref();
        Ok(Chapter {
            name: answer.scenario().name.clone(),
            outcome: answer.outcome(),
            unmet: answer.unmet(),
            tally: Tally::of(answer),
            title: answer.scenario().title.clone(),
            is_live: answer.is_live(),
            states: answer.unique,
            transitions: answer.generated,
            depth: answer.depth,
            properties: answer.judged.iter().map(Property::of).collect(),
            outlook: answer.outlook.as_ref().map(|outlook| {
                let found = match &outlook.verdict {
                    Verdict::Exhausted => "from every state".to_owned(),
                    Verdict::Truncated(cut) => format!("unknown ({cut})"),
                    Verdict::Violated(path) | Verdict::Witnessed(path) => {
                        let steps = path.clone().into_actions().len() as u64;
                        format!("not after {}", counted(steps, "step", "steps"))
                    }
                };
                (outlook.states, found)
            }),
            another_round: another_round.map(|found| [told(&found.lamport), told(&found.notes)]),
            files: scenario::files(answer, sizes)?,
        })
    }
}

impl Chapter {
    /// Whether its rounds never end.
    pub fn is_live(&self) -> bool {
        self.is_live
    }
}

impl Property {
    fn of(judged: &Judged) -> Property {
        Property {
            name: judged.property.to_owned(),
            is_invariant: judged.invariant,
            told: judged.told(),
            has_path: judged.verdict.path().is_some(),
            is_met: judged.is_met(),
            vacuous: judged.vacuous,
        }
    }
}

fn told((world, path): &(World, Path<State, Action>)) -> Vec<String> {
    lines(world, path)
}
