//! Votes, and which of them another value might still be chosen below.

use model::{Letter, State, World};
use paxos::{Ballot, NodeId, NodeSet, Phase, Vote};

use super::reading::Reading;
use crate::words;

/// A vote and its acceptor.
#[derive(Clone, Copy)]
pub(super) struct Cast {
    pub(super) from: NodeId,
    pub(super) vote: Vote<Letter>,
}

/// All votes of a state, by their acceptors' own words.
pub(super) fn all(world: &World, state: &State) -> Vec<Cast> {
    let said = world.testimony(state).iter();
    said.filter_map(|parcel| {
        Some(Cast {
            from: parcel.from(),
            vote: parcel.message().vote()?,
        })
    })
    .collect()
}

/// The highest ballot that an acceptor has promised or voted in, by its own words.
pub(super) fn committed(world: &World, state: &State, node: NodeId) -> Option<Ballot> {
    let said = world.testimony(state).iter();
    let own = said.filter(|parcel| parcel.from() == node);
    own.map(|parcel| parcel.ballot()).max()
}

/// A vote below whose ballot another value can be chosen, or was.
pub(super) fn facts(reading: &Reading<'_>) -> Vec<String> {
    let world = reading.world;
    let Some(step) = reading.steps.last() else {
        return Vec::new();
    };
    let state = &step.after;
    let acceptors = world.cluster().acceptors();
    let is_quorum = |nodes: NodeSet| {
        world
            .rules()
            .is_quorum(Phase::Accept, world.cluster(), nodes)
    };
    let cast = all(world, state);
    for Cast { from, vote } in &cast {
        let at = reading.voted_at(*from, *vote);
        let voted = match at {
            Some(at) => format!("{from} voted for {vote} at step {at}"),
            None => format!("{from} voted for {vote}"),
        };
        let free = acceptors
            .iter()
            .filter(|node| committed(world, state, *node) < Some(vote.ballot));
        let free: NodeSet = free.collect();
        if is_quorum(free) {
            let ballot = vote.ballot;
            let are = match free.len() {
                1 => "is bound by no ballot as high and counts as a quorum",
                _ => "are bound by no ballot as high and count as a quorum",
            };
            let told = format!(
                "{voted}, while {} {are}: another value can still be chosen below {ballot}.",
                words::names(free)
            );
            return [told].into_iter().chain(reading.missing()).collect();
        }
        for rival in cast.iter().map(|cast| cast.vote) {
            if rival.ballot >= vote.ballot || rival.value == vote.value {
                continue;
            }
            let [did, may] = supporters(reading, state, &cast, rival);
            if is_quorum(did.union(may)) {
                return vec![format!(
                    "{voted}, but {}.",
                    rivalry(rival, did, may, is_quorum(did))
                )];
            }
        }
    }
    Vec::new()
}

/// Who voted for a rival, and who has not voted in its ballot and still may.
fn supporters(
    reading: &Reading<'_>,
    state: &State,
    cast: &[Cast],
    rival: Vote<Letter>,
) -> [NodeSet; 2] {
    let world = reading.world;
    let in_ballot = |node: NodeId| {
        let own = cast.iter().filter(move |cast| cast.from == node);
        own.filter(|cast| cast.vote.ballot == rival.ballot)
    };
    let acceptors = world.cluster().acceptors();
    let did = acceptors
        .iter()
        .filter(|node| in_ballot(*node).any(|cast| cast.vote == rival));
    let may = acceptors.iter().filter(|node| {
        in_ballot(*node).next().is_none() && committed(world, state, *node) <= Some(rival.ballot)
    });
    [did.collect(), may.collect()]
}

fn rivalry(rival: Vote<Letter>, did: NodeSet, may: NodeSet, is_chosen: bool) -> String {
    let Vote { ballot, value } = rival;
    let did = words::names(did);
    match is_chosen {
        true => format!("{value} was chosen in {ballot}, by {did}"),
        false => format!(
            "{value} can still be chosen in {ballot}: {did} voted for it, and {} still may",
            words::names(may)
        ),
    }
}
