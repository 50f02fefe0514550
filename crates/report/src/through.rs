//! Phases of ballots that are through, in the order in which they are.

use model::{Letter, World};
use paxos::Phase;

use crate::quorums::Quorum;
use crate::words::spaced;

/// The promises that a proposal rests on, or the votes by which a value is chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Through {
    pub(crate) quorum: Quorum,
    /// Whether they are a quorum by the rules in force. Promises need not be, where a rule is wrong.
    pub(crate) is_enough: bool,
    /// Whether another value was chosen before: the end of agreement.
    pub(crate) is_second: bool,
}

/// What is through at each of the quorums of a path.
pub(crate) fn through(world: &World, quorums: &[Quorum]) -> Vec<Through> {
    let (rules, cluster) = (world.rules(), world.cluster());
    let mut all: Vec<Through> = Vec::new();
    for quorum in quorums {
        let is_vote = quorum.phase == Phase::Accept;
        // Where a rule is wrong, two proposals can rest on the same promises.
        let is_told = |one: &Through| {
            let one = &one.quorum;
            (one.phase, one.ballot, one.step) == (quorum.phase, quorum.ballot, quorum.step)
        };
        if !is_vote && all.iter().any(is_told) {
            continue;
        }
        let is_other =
            |one: &Through| one.quorum.phase == Phase::Accept && one.quorum.value != quorum.value;
        all.push(Through {
            quorum: *quorum,
            is_enough: rules.is_quorum(quorum.phase, cluster, quorum.members),
            is_second: is_vote && all.iter().any(is_other),
        });
    }
    all
}

impl Through {
    /// What is through, and by whom.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Quorum {
            phase,
            ballot,
            value,
            members,
            ..
        } = self.quorum;
        let what = match (phase, self.is_enough, self.is_second) {
            (Phase::Prepare, false, _) if members.is_empty() => {
                return vec![format!("nobody promised {ballot}")];
            }
            (Phase::Prepare, false, _) => format!("no quorum for {ballot}"),
            (Phase::Prepare, true, _) => format!("quorum for {ballot}"),
            (Phase::Accept, _, false) => format!("quorum for {ballot}={value}"),
            (Phase::Accept, _, true) => format!("quorum for {ballot}={value}, too"),
        };
        vec![what, spaced(members)]
    }

    /// Promises are for no value.
    pub(crate) fn value(&self) -> Option<Letter> {
        match self.quorum.phase {
            Phase::Prepare => None,
            Phase::Accept => Some(self.quorum.value),
        }
    }

    /// Whether it should not have come about.
    pub(crate) fn is_bad(&self) -> bool {
        self.is_second || !self.is_enough
    }
}
