//! Why an exploration could not be started, or its result not be trusted.

use std::fmt;
use std::path::PathBuf;

use crate::folder::DiskFault;
use crate::reductions::{Reduction, Reductions, Refusal};

/// Why there is no [`Run`](crate::Run). Nothing here is a verdict on the model's properties.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The model has an eventually-property of this name. stateright judges those at terminal states
    /// only: cycles and joins are missed and boundaries raise false alarms, so no engine here takes
    /// them. State the wish as a sometimes-property, or as an always-property of terminal states.
    Eventually(&'static str),
    /// Two properties share this name, so that a finding could not say which one it is of.
    DuplicateProperty(&'static str),
    /// [`Until::Found`](crate::Until::Found) names no property of the model.
    UnknownProperty(&'static str),
    /// The adapter to stateright's checkers has a fixed number of places.
    TooManyProperties {
        /// How many properties the model has.
        got: usize,
        /// How many the adapter can take.
        max: usize,
    },
    /// No initial state lies within the boundary: every property would hold of nothing.
    NoInitialState,
    /// A simulation without a limit of states or time would never end.
    Endless,
    /// A memory limit was asked for, but this system does not tell the size of the process.
    MemoryUnknown,
    /// The model answered differently when asked again, so a path that was found could not be
    /// rebuilt. Counts and verdicts of such a model mean nothing.
    ModelNotDeterministic {
        /// The property whose path was being rebuilt.
        property: &'static str,
        /// The step that failed; 0 is the choice of the initial state.
        step: usize,
        /// The number of steps the path should have.
        steps: usize,
    },
    /// A reduction was asked for that the model does not offer.
    NotOffered {
        /// What was asked for.
        reduction: Reduction,
        /// Why not, in the model's words.
        objection: String,
    },
    /// A path found with reductions is not one of the model itself, so what the model offers is not sound.
    Unsound {
        /// The property whose path it is.
        property: &'static str,
        /// The reductions that were on.
        reductions: Reductions,
    },
    /// The model has found out that it cannot be explored like this: see [`Offers::refusal`](crate::Offers::refusal).
    Refused(Refusal),
    /// The model has answered differently when asked again. Counts and verdicts of such a model mean nothing.
    AnswersDiffer(String),
    /// A checkpoint cannot be resumed, or cannot be written to this folder.
    Checkpoint {
        /// The folder of the checkpoint.
        folder: PathBuf,
        /// Why not, and what can be done.
        why: String,
    },
    /// To put states on disk was asked for, but the model cannot write them: it has no identity.
    NotWritable,
    /// A limit of memory was given together with a folder to go on in, but the process is as large before
    /// it starts.
    MemoryTooSmall {
        /// The limit, in bytes.
        limit: u64,
        /// What the process has, in bytes.
        used: u64,
    },
    /// A file failed before the run started, or when the path for a property was read.
    Disk(DiskFault),
    /// No width of fingerprints has this name.
    UnknownWidth(String),
    /// No set of reductions has this name.
    UnknownReductions(String),
    /// No engine has this name.
    UnknownEngine(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eventually(name) => write!(
                f,
                "property \"{name}\" is an eventually-property, which cannot be judged soundly \
                 (cycles are missed, boundaries raise false alarms); state it as a sometimes-property \
                 or as an always-property of terminal states"
            ),
            Self::DuplicateProperty(name) => {
                write!(
                    f,
                    "two properties are named \"{name}\"; give each its own name"
                )
            }
            Self::UnknownProperty(name) => {
                write!(
                    f,
                    "asked to stop at property \"{name}\", but the model has none of that name"
                )
            }
            Self::Refused(refusal) => write!(
                f,
                "{refusal}; what was begun with it cannot go on without: begin again in an empty folder, with other reductions"
            ),
            Self::AnswersDiffer(where_) => write!(
                f,
                "the model answered differently when asked again, so nothing it says means anything: {where_}; \
                 look for clocks, chance, iteration over hash tables and state that is hidden from it"
            ),
            Self::TooManyProperties { got, max } => write!(
                f,
                "the model has {got} properties, stateright's engines take at most {max} here; \
                 use the engine \"own\""
            ),
            Self::NoInitialState => {
                write!(
                    f,
                    "no initial state lies within the boundary, so there is nothing to check"
                )
            }
            Self::Endless => {
                write!(
                    f,
                    "a simulation never ends by itself; limit its states or its time"
                )
            }
            Self::MemoryUnknown => write!(
                f,
                "this system does not tell how much memory the process uses; \
                 limit the states or the time instead"
            ),
            Self::ModelNotDeterministic {
                property,
                step,
                steps,
            } => write!(
                f,
                "the path for property \"{property}\" could not be rebuilt: expected {steps} steps, but \
                 step {step} no longer leads where it led before. The model's init_states, actions, \
                 next_state or the state's Hash must depend on their arguments alone (look for clocks, \
                 chance, counters, or the iteration order of a HashMap)"
            ),
            Self::NotOffered {
                reduction,
                objection,
            } => write!(
                f,
                "the reduction \"{reduction}\" is not offered here: {objection}; run without it"
            ),
            Self::Unsound {
                property,
                reductions,
            } => write!(
                f,
                "the path for property \"{property}\" was found with the reductions \"{reductions}\", but \
                 the model without them does not take it, or does not show the property at its end: a \
                 reduction that the model offers is not sound. Run with \"none\""
            ),
            Self::Checkpoint { folder, why } => {
                write!(f, "the checkpoint in {}: {why}", folder.display())
            }
            Self::NotWritable => write!(
                f,
                "the states of this model cannot be put on disk, since it has no identity; run without a \
                 folder for the disk, a checkpoint or a resumption"
            ),
            Self::MemoryTooSmall { limit, used } => write!(
                f,
                "the process may use {} MiB of memory, but has {} MiB before it starts; give it at \
                 least {} MiB",
                limit >> 20,
                used.div_ceil(1 << 20),
                (used >> 20) + 32
            ),
            Self::Disk(fault) => write!(f, "{fault}"),
            Self::UnknownWidth(name) => write!(
                f,
                "fingerprints have no width of \"{name}\"; expected 64 or 128"
            ),
            Self::UnknownReductions(name) => write!(
                f,
                "no reductions are named \"{name}\"; expected none, all, or some of \
                 dead,symmetry,order"
            ),
            Self::UnknownEngine(name) => write!(
                f,
                "no engine is named \"{name}\"; expected own, stateright-bfs, stateright-dfs or \
                 stateright-simulation"
            ),
        }
    }
}

impl std::error::Error for Error {}

impl From<DiskFault> for Error {
    fn from(fault: DiskFault) -> Self {
        Self::Disk(fault)
    }
}
