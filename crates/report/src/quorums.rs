//! The quorums that come about along a path, and where each is complete.

use model::{Action, Consequence, Event, Letter, State, World};
use paxos::{Ballot, NodeSet, Phase, Progress, Vote};
use stateright::Path;

/// Enough acceptors for a phase of a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quorum {
    /// Promises (phase 1) or votes (phase 2).
    pub(crate) phase: Phase,
    /// The ballot promised, or voted in.
    pub(crate) ballot: Ballot,
    /// What is proposed on the strength of the promises, or what the votes are for.
    pub(crate) value: Letter,
    /// The acceptors. Of promises those that the proposer has counted, however few they are.
    pub(crate) members: NodeSet,
    /// The step that completes it; the first is 1.
    pub(crate) step: usize,
}

/// All quorums of a path, in the order in which they are complete: of each proposal the promises that it rests on, and of
/// each ballot and value the votes by which it is chosen.
pub(crate) fn quorums(world: &World, path: &Path<State, Action>) -> Vec<Quorum> {
    let states = path.clone().into_states();
    let story = model::story(world, path);
    let mut found: Vec<Quorum> = Vec::new();
    for ((happening, states), step) in story.iter().zip(states.windows(2)).zip(1..) {
        let (before, after) = (&states[0], &states[1]);
        for consequence in &happening.consequences {
            let Consequence::Sends(said) = consequence else {
                continue;
            };
            let Some(Vote { ballot, value }) = said.message.proposal() else {
                continue;
            };
            // The promise that completes them is not counted yet.
            let mut members = match before.server(said.from).proposer.progress {
                Progress::Preparing {
                    ballot: own,
                    promises,
                    ..
                } if own == ballot => promises,
                Progress::Preparing { .. } | Progress::Idle | Progress::Proposing { .. } => {
                    NodeSet::EMPTY
                }
            };
            members = members.union(promiser(happening.action, ballot));
            let is_known = found
                .iter()
                .any(|one| (one.phase, one.ballot, one.value) == (Phase::Prepare, ballot, value));
            if !is_known {
                found.push(Quorum {
                    phase: Phase::Prepare,
                    ballot,
                    value,
                    members,
                    step,
                });
            }
        }
        for (ballot, value) in votes(world, after) {
            let is_known = found
                .iter()
                .any(|one| (one.phase, one.ballot, one.value) == (Phase::Accept, ballot, value));
            let members = voters(world, after, ballot, value);
            let is_quorum = world
                .rules()
                .is_quorum(Phase::Accept, world.cluster(), members);
            if is_quorum && !is_known {
                found.push(Quorum {
                    phase: Phase::Accept,
                    ballot,
                    value,
                    members,
                    step,
                });
            }
        }
    }
    found
}

/// The acceptors that have voted for a value in a ballot.
pub(crate) fn voters(world: &World, state: &State, ballot: Ballot, value: Letter) -> NodeSet {
    let said = world.testimony(state).iter().filter(|parcel| {
        parcel.is_vote() && parcel.message().vote() == Some(Vote { ballot, value })
    });
    said.map(|parcel| parcel.from()).collect()
}

/// Everything that was voted for, lowest ballot first.
fn votes(world: &World, state: &State) -> Vec<(Ballot, Letter)> {
    let said = world.testimony(state).iter();
    let mut votes: Vec<(Ballot, Letter)> = said
        .filter_map(|parcel| parcel.message().vote())
        .map(|vote| (vote.ballot, vote.value))
        .collect();
    votes.sort_unstable();
    votes.dedup();
    votes
}

/// Whose promise of this ballot arrives with an action.
fn promiser(action: Action, ballot: Ballot) -> NodeSet {
    let (Action::Step(Event::Deliver(envelope))
    | Action::Torn {
        event: Event::Deliver(envelope),
        ..
    }) = action
    else {
        return NodeSet::EMPTY;
    };
    let message = envelope.message;
    if message.promise().is_some() && message.ballot() == ballot {
        NodeSet::EMPTY.with(envelope.from)
    } else {
        NodeSet::EMPTY
    }
}
