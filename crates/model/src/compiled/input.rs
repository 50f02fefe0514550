//! What a node does with an input, asked of the [`World`](crate::World): the one door to it. Everything that the tables hold, and
//! everything that premises are judged by, has come through here.

use paxos::NodeId;
use serde::{Deserialize, Serialize};
use stateright::Model as _;

use super::local::Local;
use super::tables::Tables;
use crate::{Action, Event, Kind, State};

/// What can happen to a node, beside a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum What {
    /// An envelope arrives, by its number.
    Arrival(u16),
    /// A request, by its place among the scenario's.
    Ask(u8),
    /// It has waited long enough.
    Timeout,
}

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Input {
    /// A whole step.
    Whole(What),
    /// A step that is cut short by a crash, after so many sends.
    Torn(What, u8),
    /// A crash between two steps.
    Crash,
}

impl Input {
    /// The envelope that arrives, if one does.
    pub(crate) fn arrival(self) -> Option<usize> {
        match self {
            Input::Whole(What::Arrival(id)) | Input::Torn(What::Arrival(id), _) => {
                Some(usize::from(id))
            }
            Input::Whole(What::Ask(_) | What::Timeout)
            | Input::Torn(What::Ask(_) | What::Timeout, _)
            | Input::Crash => None,
        }
    }

    /// Whether the node loses its memory in it.
    pub(crate) fn is_crash(self) -> bool {
        match self {
            Input::Whole(_) => false,
            Input::Torn(..) | Input::Crash => true,
        }
    }
}

/// What becomes of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The node afterwards.
    pub(crate) to: Local,
    /// Whether the world changes whatever the network holds.
    pub(crate) stirs: bool,
    /// What kind of thing it is.
    pub(crate) kind: Kind,
    /// Whether a crash struck a ballot under way.
    pub(crate) mid_ballot: bool,
    /// What is sent, by number, in order.
    pub(crate) sends: Box<[u16]>,
}

impl Tables {
    /// What an input does to a node in this state; `None` if nothing. Asked twice: what answers differently is no function of its
    /// state, and no table can hold it.
    pub(crate) fn ask(&self, at: NodeId, local: &Local, input: Input) -> Option<Outcome> {
        let first = self.ask_once(at, local, input);
        if self.premises.are_asked() && first != self.ask_once(at, local, input) {
            self.premises
                .answers_differ(format!("{at} at {}", self.name(at, input)));
        }
        first
    }

    /// After how many sends a crash can cut a step short.
    pub(crate) fn tears_of(&self, at: NodeId, local: &Local, what: What) -> std::ops::Range<u8> {
        if !self.is_torn() || !self.world.may_crash(at) {
            return 0..0;
        }
        let reaction = self
            .world
            .reaction(&self.staged(at, local), self.event(at, what));
        reaction.map_or(0..0, |(_, reaction)| self.world.tears(&reaction))
    }

    /// An input as people write it.
    pub(crate) fn name(&self, at: NodeId, input: Input) -> String {
        let action = match input {
            Input::Whole(what) => Action::Step(self.event(at, what)),
            Input::Torn(what, sends) => Action::Torn {
                event: self.event(at, what),
                sends,
            },
            Input::Crash => Action::Crash(at),
        };
        action.to_string()
    }

    /// The same in the World's terms.
    pub(crate) fn event(&self, at: NodeId, what: What) -> Event {
        match what {
            What::Arrival(id) => self.arrival(usize::from(id)),
            What::Ask(index) => {
                let value = self.world.scenario().ask[usize::from(index)].value;
                Event::Ask {
                    index,
                    of: at,
                    value,
                }
            }
            What::Timeout => Event::Timeout(at),
        }
    }

    /// The world with one node in some state, and nothing on the network.
    fn staged(&self, at: NodeId, local: &Local) -> State {
        let mut staged = self.stage.clone();
        staged.set_server(at, &local.packed.unpack());
        staged.asks = local.asks;
        staged
    }

    pub(crate) fn ask_once(&self, at: NodeId, local: &Local, input: Input) -> Option<Outcome> {
        let staged = self.staged(at, local);
        let (next, stirs, kind) = match input {
            Input::Whole(what) => {
                let event = self.event(at, what);
                let (before, reaction) = self.world.reaction(&staged, event)?;
                let kind = Kind::of(event, &before.node(at, *self.world.cluster()), &reaction);
                let is_bounded = self.world.scenario().world.retries.is_some();
                let stirs = match what {
                    What::Ask(_) => true,
                    What::Timeout if is_bounded => true,
                    What::Arrival(_) | What::Timeout => {
                        reaction.changed || reaction.effects.chosen.is_some()
                    }
                };
                let next = self.world.after(&staged, event, &before, &reaction)?;
                (next, stirs, kind)
            }
            Input::Torn(what, sends) => {
                let next = self
                    .world
                    .torn(&staged, self.event(at, what), usize::from(sends))?;
                (next, true, Kind::of_torn(sends))
            }
            Input::Crash => {
                if !self.world.may_crash(at) {
                    return None;
                }
                let next = self.world.next_state(&staged, Action::Crash(at))?;
                let kind = Kind::of_crash(next.mid_ballot);
                (next, true, kind)
            }
        };
        Some(self.outcome(at, local, &next, stirs, kind))
    }

    /// What changed for a node between the staged world and `next`.
    fn outcome(&self, at: NodeId, local: &Local, next: &State, stirs: bool, kind: Kind) -> Outcome {
        let mut said = local.said;
        let mut sends = Vec::new();
        for parcel in &next.mail {
            let ids: Option<Vec<u16>> = parcel
                .singles()
                .map(|one| self.universe.id(one).map(|id| id as u16))
                .collect();
            match ids {
                Some(ids) => {
                    said = said.and(&self.universe, *parcel);
                    sends.extend(ids);
                }
                None => self.premises.unknown_parcel(*parcel),
            }
        }
        Outcome {
            to: Local {
                packed: next.packed()[at.index()],
                asks: next.asks,
                said,
            },
            stirs,
            kind,
            mid_ballot: next.mid_ballot,
            sends: sends.into_boxed_slice(),
        }
    }
}
