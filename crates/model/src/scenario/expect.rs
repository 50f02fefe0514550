//! What should be found in a scenario.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::properties::Known;

/// What should be found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// How many unique states there are. Written by `--update`.
    pub states: Option<u64>,
    /// How many steps the longest of the shortest ways to a state has. Written by `--update`.
    pub depth: Option<u32>,
    /// The same with all reductions that are sound for this world. Written by `--update`.
    pub reduced: Option<Size>,
    /// Whether all that `paxos check` counts has to be as in the committed reports.
    #[serde(default)]
    pub locked: bool,
    /// For each property, what is found: `holds` or `violated`, `witnessed` or `never`.
    #[serde(default)]
    pub verdicts: BTreeMap<String, Expected>,
}

/// How large a world is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Size {
    /// As [`Expect::states`].
    pub states: Option<u64>,
    /// As [`Expect::depth`].
    pub depth: Option<u32>,
}

/// The verdict that is expected of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// True in every state.
    Holds,
    /// False in some state.
    Violated,
    /// True in some state.
    Witnessed,
    /// True in no state.
    Never,
}

impl Expect {
    /// The number of states that a check visits by default, as far as it is known.
    pub fn states_visited(&self) -> Option<u64> {
        let reduced = self.reduced.and_then(|size| size.states);
        reduced.or(self.states)
    }

    pub(super) fn validate(&self, judged: &[Known]) -> Result<(), String> {
        for (name, expected) in &self.verdicts {
            let Some(property) = judged.iter().find(|known| known.name == name) else {
                let names: Vec<&str> = judged.iter().map(|known| known.name).collect();
                return Err(format!(
                    "expect.verdicts names `{name}`, which is no property; the properties are {}",
                    names.join(", ")
                ));
            };
            let fits = match expected {
                Expected::Holds | Expected::Violated => property.is_invariant(),
                Expected::Witnessed | Expected::Never => !property.is_invariant(),
            };
            if !fits {
                return Err(format!(
                    "expect.verdicts.{name} is `{expected}`, but must be {}",
                    if property.is_invariant() {
                        "`holds` or `violated`"
                    } else {
                        "`witnessed` or `never`"
                    }
                ));
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Expected::Holds => "holds",
            Expected::Violated => "violated",
            Expected::Witnessed => "witnessed",
            Expected::Never => "never",
        })
    }
}
