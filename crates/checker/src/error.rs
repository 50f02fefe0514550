//! Why an exploration could not be started, or its result not be trusted.

use std::fmt;

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
            Self::UnknownEngine(name) => write!(
                f,
                "no engine is named \"{name}\"; expected own, stateright-bfs, stateright-dfs or \
                 stateright-simulation"
            ),
        }
    }
}

impl std::error::Error for Error {}
