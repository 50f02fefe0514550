//! Which values are chosen at a moment, whether or not anybody knows.

use model::{Letter, Letters, State, World};
use paxos::{Ballot, Message, NodeSet, Phase, Rules as _};

/// The values for which a quorum has voted in one ballot.
pub(crate) fn chosen(world: &World, state: &State) -> Letters {
    let mut votes: Vec<(Ballot, Letter, NodeSet)> = Vec::new();
    for parcel in world.testimony(state).iter().filter(|said| said.is_vote()) {
        if let Message::Accepted { ballot, value } = parcel.message() {
            match votes
                .iter_mut()
                .find(|vote| (vote.0, vote.1) == (ballot, value))
            {
                Some(vote) => vote.2 = vote.2.with(parcel.from()),
                None => votes.push((ballot, value, NodeSet::EMPTY.with(parcel.from()))),
            }
        }
    }
    votes
        .into_iter()
        .filter(|(_, _, voters)| {
            world
                .rules()
                .is_quorum(Phase::Accept, world.cluster(), *voters)
        })
        .map(|(_, value, _)| value)
        .collect()
}

/// What is chosen now and was not before.
pub(crate) fn newly(before: Letters, after: Letters) -> Letters {
    after
        .iter()
        .filter(|value| !before.contains(*value))
        .collect()
}

/// A sentence on each value that is chosen now and was not before; the second one is the end of
/// agreement.
pub(crate) fn news(before: Letters, after: Letters) -> Vec<String> {
    let others = match before.is_empty() {
        true => "",
        false => ", too",
    };
    newly(before, after)
        .iter()
        .map(|value| format!("{value} is chosen{others}"))
        .collect()
}
