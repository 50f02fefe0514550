//! The small universe the exhaustive tests loop over, and the wrong rules they must reject.

pub(crate) mod wrong;

use paxos::{Ballot, NodeId, Round};

/// Ends a check with the reason, unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}
pub(crate) use ensure;

/// What a check finds: nothing, or the first input that is judged differently than by hand.
pub(crate) type Verdict = Result<(), String>;

/// The node of this number.
pub(crate) fn node(number: usize) -> NodeId {
    NodeId::new(number).unwrap()
}

/// The ballot written `round.number`.
pub(crate) fn ballot(round: u32, number: usize) -> Ballot {
    Ballot {
        round: Round::new(round).unwrap(),
        node: node(number),
    }
}

/// The names of the checks that fail.
pub(crate) fn failing(verdicts: Vec<(&'static str, Verdict)>) -> Vec<&'static str> {
    verdicts
        .into_iter()
        .filter(|(_, verdict)| verdict.is_err())
        .map(|(name, _)| name)
        .collect()
}
