//! Which phase of its ballot a proposer enters.

use std::fmt;

use model::{Consequence, Letter, State};
use paxos::{Ballot, NodeId, Progress, Vote};

/// What a proposer begins to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// It asks for promises of this ballot.
    Prepares(Ballot),
    /// It asks for votes.
    Proposes(Vote<Letter>),
}

/// Which proposer enters which phase in a step, if any does. It enters the second one with each value that it proposes: one,
/// unless a rule is wrong.
pub(crate) fn entered(
    before: &State,
    after: &State,
    came: &[Consequence],
) -> Vec<(NodeId, Entered)> {
    let mut servers = after.servers();
    let changed = servers.find_map(|(node, server)| {
        let (was, is) = (
            before.server(node).proposer.progress,
            server.proposer.progress,
        );
        (was != is).then_some((node, was, is))
    });
    let Some((node, was, is)) = changed else {
        return Vec::new();
    };
    let (Progress::Preparing { ballot, .. } | Progress::Proposing { ballot }) = is else {
        return Vec::new();
    };
    let votes = came.iter().filter_map(proposed);
    let proposes = votes.map(|value| Entered::Proposes(Vote { ballot, value }));
    let mut entered: Vec<Entered> = proposes.collect();
    // In the same ballot a promise was counted, and nothing is entered.
    let is_known = matches!(was, Progress::Preparing { ballot: was, .. } if was == ballot);
    if entered.is_empty() && !is_known && matches!(is, Progress::Preparing { .. }) {
        entered.push(Entered::Prepares(ballot));
    }
    entered.into_iter().map(|entered| (node, entered)).collect()
}

/// The value that is proposed by a step, whether or not the proposal leaves.
fn proposed(came: &Consequence) -> Option<Letter> {
    let (Consequence::Sends(said) | Consequence::DoesNotSend(said)) = came else {
        return None;
    };
    said.message.proposal().map(|proposed| proposed.value)
}

impl fmt::Display for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entered::Prepares(ballot) => write!(f, "prepares {ballot}"),
            Entered::Proposes(vote) => write!(f, "proposes {vote}"),
        }
    }
}
