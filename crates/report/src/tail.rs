//! How a path goes on for ever after its last step.

use crate::words::counted;

/// How a path goes on for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The steps after the stem again and again, up to the order of ballots; if there are none, nothing more has to
    /// happen.
    Round {
        /// How many steps come before.
        stem: usize,
        /// Classes of actions that are possible on the round and never taken.
        starved: Vec<String>,
    },
    /// Within so many states, which are never left and in which it cannot happen.
    Closed(u64),
    /// In any way at all: no proposer that is up, asked and left alone, can get a value decided, though a quorum is up.
    Helpless,
}

impl Tail {
    /// What a path of so many steps shows by it, in a few words.
    pub fn told(&self, steps: usize) -> String {
        let count = |steps: usize| counted(steps as u64, "step", "steps");
        match self {
            Tail::Round { stem, .. } => match steps - stem {
                0 => format!("violated: {}, then nothing for ever", count(*stem)),
                round => format!("violated: {}, then {round} for ever", count(*stem)),
            },
            Tail::Closed(_) | Tail::Helpless => {
                format!("violated: impossible after {}", count(steps))
            }
        }
    }

    /// After how many steps a part begins that goes on for ever.
    pub fn stem(&self) -> Option<usize> {
        match self {
            Tail::Round { stem, .. } => Some(*stem),
            Tail::Closed(_) | Tail::Helpless => None,
        }
    }

    /// What is to be said after the last step.
    pub fn after(&self) -> Option<String> {
        match self {
            Tail::Round { starved, .. } => {
                let names = starved.join(", ");
                (!starved.is_empty()).then(|| format!("possible and never taken: {names}"))
            }
            Tail::Closed(states) => Some(format!(
                "…and from here on it cannot happen any more, in any of {states} states"
            )),
            Tail::Helpless => Some(
                "…and from here on no proposer, asked and left alone, gets a value decided"
                    .to_owned(),
            ),
        }
    }
}
