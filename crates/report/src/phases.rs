//! Which phase of its ballot a proposer enters.

use std::fmt;

use model::{Consequence, Letter, State};
use paxos::{Ballot, Message, NodeId, Progress, Vote};

/// What a proposer begins to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// It asks for promises of this ballot.
    Prepares(Ballot),
    /// It asks for votes.
    Proposes(Vote<Letter>),
}

/// Which proposer enters which phase in a step; `None` if none does.
pub(crate) fn entered(
    before: &State,
    after: &State,
    came: &[Consequence],
) -> Option<(NodeId, Entered)> {
    let mut servers = after.servers();
    let (node, was, is) = servers.find_map(|(node, server)| {
        let (was, is) = (
            before.server(node).proposer.progress,
            server.proposer.progress,
        );
        (was != is).then_some((node, was, is))
    })?;
    let entered = match is {
        Progress::Idle => None,
        Progress::Preparing { ballot, .. } => {
            // In the same ballot a promise was counted, and nothing is entered.
            let is_known = matches!(was, Progress::Preparing { ballot: was, .. } if was == ballot);
            (!is_known).then_some(Entered::Prepares(ballot))
        }
        Progress::Proposing { ballot } => {
            let value = came.iter().find_map(proposed);
            value.map(|value| Entered::Proposes(Vote { ballot, value }))
        }
    };
    Some((node, entered?))
}

/// The value that is proposed by a step, whether or not the proposal leaves.
fn proposed(came: &Consequence) -> Option<Letter> {
    let (Consequence::Sends(said) | Consequence::DoesNotSend(said)) = came else {
        return None;
    };
    match said.message {
        Message::Propose { value, .. } => Some(value),
        Message::Prepare { .. }
        | Message::Promise { .. }
        | Message::Accepted { .. }
        | Message::Nack { .. } => None,
    }
}

impl fmt::Display for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entered::Prepares(ballot) => write!(f, "prepares {ballot}"),
            Entered::Proposes(vote) => write!(f, "proposes {vote}"),
        }
    }
}
