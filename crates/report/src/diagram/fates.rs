//! Which messages can never arrive, where rounds never end.

use std::collections::BTreeSet;

use model::{Action, Event, Letter, Ranked, State, World};
use paxos::{Envelope, NodeSet};
use stateright::Path;

use super::Telling;

/// What becomes of messages that have not arrived by the end of a path.
pub(super) struct Fates {
    /// Those of rounds that their proposers have left behind, as the network then loses them.
    left_behind: BTreeSet<Envelope<Letter>>,
    /// The nodes that have failed for ever.
    failed: NodeSet,
    /// Whether nothing happens any more.
    is_over: bool,
}

impl Fates {
    /// Of a path, and where a part of it goes on for ever, of the next time around as well.
    pub(super) fn new(world: &World, path: &Path<State, Action>, telling: &Telling) -> Fates {
        let steps = path.clone().into_actions().len();
        let stem = telling.round();
        let ranked = stem.and_then(|_| Ranked::new(world.clone()).ok());
        let further = ranked
            .zip(stem)
            .and_then(|(ranked, stem)| model::once_more(&ranked, path, stem.min(steps)));
        let states = further.as_ref().unwrap_or(path).clone().into_vec();
        Fates {
            left_behind: match world.scenario().endless {
                Some(_) => left_behind(&states),
                None => BTreeSet::new(),
            },
            failed: path.last_state().stopped,
            is_over: stem == Some(steps),
        }
    }

    /// Whether a message that has not arrived never will.
    pub(super) fn never_arrives(&self, envelope: Envelope<Letter>) -> bool {
        self.is_over || self.failed.contains(envelope.to) || self.left_behind.contains(&envelope)
    }
}

/// What has not arrived and is not there any more after so many steps, though no step took it from the network.
fn left_behind(states: &[(State, Option<Action>)]) -> BTreeSet<Envelope<Letter>> {
    let envelopes = |state: &State| -> BTreeSet<Envelope<Letter>> {
        let parcels = state.mail.iter();
        parcels.flat_map(|parcel| parcel.envelopes()).collect()
    };
    let mut gone = BTreeSet::new();
    for step in states.windows(2) {
        gone.extend(
            envelopes(&step[0].0)
                .difference(&envelopes(&step[1].0))
                .copied(),
        );
    }
    for (_, action) in states {
        if let Some(Action::Step(Event::Deliver(envelope)) | Action::Lose(envelope)) = action {
            gone.remove(envelope);
        }
    }
    gone
}
