//! What the tables and the reductions take for granted of the core, and how the core at hand is asked for it.
//!
//! A reduction that is sound for the protocol as it ships need not be for a changed one. So nothing is relied upon that was not
//! asked, exhaustively where it is local to a node, else of each part (a node in one state) when it is first met. A premise that
//! fails refuses what rests on it ([`Refusal`]), and the exploration begins again without.
//!
//! **Tables** (refused as a form: the World is explored as it is)
//! 1. What a node does is a function of its state, its clients and the input. Each input is asked twice ([`super::input`]).
//! 2. Every envelope that is sent is one that some role says by itself, and every state of a role is one that the role can come to
//!    by itself ([`super::roles`]). What is not foreseen is added to the automata, and they are run again ([`Beyond`]).
//! 3. A node has no more states than its number has room for.
//!
//! **Dead envelopes**: [`dead`]. **Order**: [`order`]. **Symmetry**: [`symmetry`].
//!
//! **Properties** read nothing that is forgotten: each says what of the past it reads ([`crate::properties::Past`]), and one that says
//! nothing may read all of it.
//!
//! The premises of several reductions hold for all of them together: each is asked on the parts that are met under all that are on,
//! and on those that the others leave out but pass through (counting in another order, renamed nodes).

mod dead;
mod order;
mod symmetry;

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use checker::{Reduction, Reductions, Refusal, Refused};
use parking_lot::Mutex;
use paxos::{NodeId, Role};

pub(crate) use order::Met;
pub(crate) use symmetry::Swaps;

use super::roles::Part;
use crate::Parcel;

/// Whether the core is asked for what tables and reductions take for granted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Everything is asked.
    Everything,
    /// Nothing is, and what is not so goes unnoticed: a message that no role says is lost. For tests of what notices it besides.
    Nothing,
}

/// What no role says or comes to by itself, and yet some node does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beyond {
    pub(crate) parcels: BTreeSet<Parcel>,
    pub(crate) views: HashSet<(NodeId, Role, Part)>,
}

impl Beyond {
    /// Adds what was found; whether any of it is new.
    pub(crate) fn add(&mut self, other: Beyond) -> bool {
        let known = (self.parcels.len(), self.views.len());
        self.parcels.extend(other.parcels);
        self.views.extend(other.views);
        known != (self.parcels.len(), self.views.len())
    }
}

/// What is held against its premises, and what was found.
pub(crate) struct Premises {
    asking: Asking,
    on: Reductions,
    is_broken: AtomicBool,
    found: Mutex<Found>,
    pub(crate) swaps: Swaps,
}

#[derive(Default)]
struct Found {
    refusals: BTreeSet<Refusal>,
    differs: BTreeSet<String>,
    beyond: Beyond,
}

impl Premises {
    /// Nothing found yet. `on`: the reductions whose premises are asked for.
    pub(crate) fn new(asking: Asking, on: Reductions) -> Premises {
        Premises {
            asking,
            on,
            is_broken: AtomicBool::new(false),
            found: Mutex::default(),
            swaps: Swaps::default(),
        }
    }

    /// Whether this reduction is on, and held against its premises.
    pub(crate) fn asks_for(&self, reduction: Reduction) -> bool {
        self.are_asked() && self.on.contains(reduction)
    }

    /// Whether anything is asked of the core.
    pub(crate) fn are_asked(&self) -> bool {
        self.asking == Asking::Everything
    }

    /// The first thing that was found, by content: the same whichever thread found it first, at the end of a level.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        if !self.is_broken.load(Ordering::Acquire) {
            return None;
        }
        let found = self.found.lock();
        let form = |premise: String| Refusal {
            what: Refused::Form,
            premise,
        };
        if let Some(differs) = found.differs.first() {
            return Some(form(differs.clone()));
        }
        if let Some(parcel) = found.beyond.parcels.first() {
            return Some(form(format!("{parcel:?} is said by no role alone")));
        }
        if let Some((node, role, _)) = found
            .beyond
            .views
            .iter()
            .min_by_key(|view| (view.0, view.1))
        {
            let role = role.name();
            return Some(form(format!(
                "{node} is in a state that its {role} alone cannot come to"
            )));
        }
        found.refusals.first().cloned()
    }

    /// What answered differently when asked again.
    pub(crate) fn what_differs(&self) -> Option<String> {
        self.found.lock().differs.first().cloned()
    }

    /// What was not foreseen.
    pub(crate) fn beyond(&self) -> Beyond {
        self.found.lock().beyond.clone()
    }

    pub(crate) fn answers_differ(&self, place: String) {
        self.find(|found| {
            found.differs.insert(place);
        });
    }

    pub(crate) fn unknown_parcel(&self, parcel: Parcel) {
        self.find(|found| {
            found.beyond.parcels.extend(parcel.singles());
        });
    }

    pub(crate) fn unknown_view(&self, node: NodeId, role: Role, part: Part) {
        self.find(|found| {
            found.beyond.views.insert((node, role, part));
        });
    }

    pub(crate) fn refuse_form(&self, premise: String) {
        let what = Refused::Form;
        self.find(|found| {
            found.refusals.insert(Refusal { what, premise });
        });
    }

    pub(crate) fn refuse(&self, reduction: Reduction, premise: String) {
        let what = Refused::Reduction(reduction);
        self.find(|found| {
            found.refusals.insert(Refusal { what, premise });
        });
    }

    fn find(&self, note: impl FnOnce(&mut Found)) {
        if !self.are_asked() {
            return;
        }
        note(&mut self.found.lock());
        self.is_broken.store(true, Ordering::Release);
    }
}
