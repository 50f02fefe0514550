//! What a node does in one step, asked of the World when it is first wanted.

use std::sync::atomic::Ordering;

use paxos::NodeId;
use stateright::Model as _;

use super::{Cell, Entry, Rest, Tables, Transition};
use crate::compiled::local::Local;
use crate::{Event, Kind, State};

impl Tables {
    pub(crate) fn is_torn(&self) -> bool {
        self.world.scenario().world.torn
    }

    /// What the arrival of an envelope does to its addressee in this state.
    #[inline]
    pub(crate) fn delivery(&self, entry: &Entry, number: u32, envelope: usize) -> Cell {
        let cell = &entry.deliveries[usize::from(self.universe.slots[envelope])];
        match cell.load(Ordering::Acquire) {
            0 => {
                let at = self.universe.to[envelope];
                let event = self.arrival(envelope);
                let transition = self.whole(at, number, event);
                let found = Cell::new(transition);
                cell.store(found.0, Ordering::Release);
                if transition.is_none() {
                    entry.nothing[envelope / 64].fetch_or(1 << (envelope % 64), Ordering::Relaxed);
                }
                found
            }
            known => Cell(known),
        }
    }

    pub(crate) fn arrival(&self, envelope: usize) -> Event {
        let mut one = self.universe.envelopes[envelope].envelopes();
        Event::Deliver(one.next().expect("an envelope has an addressee"))
    }

    /// Takes out of these envelopes those whose arrival is known to do nothing in this state of a node.
    #[inline]
    pub(crate) fn leave_out_nothing(&self, entry: &Entry, mail: &mut [u64]) {
        for (mail, nothing) in mail.iter_mut().zip(&entry.nothing) {
            *mail &= !nothing.load(Ordering::Relaxed);
        }
    }

    /// The ways to crash over an envelope.
    pub(crate) fn tears(&self, number: u32, envelope: usize) -> &[(u8, u32)] {
        let at = self.universe.to[envelope];
        let entry = self.entry(at.index(), number);
        let place = &entry.torn[usize::from(self.universe.slots[envelope])];
        place.get_or_init(|| self.torn(at, number, self.arrival(envelope)).into())
    }

    /// What happens to a node beside deliveries.
    pub(crate) fn rest(&self, at: NodeId, number: u32) -> &Rest {
        let entry = self.entry(at.index(), number);
        entry.rest.get_or_init(|| {
            let mut rest = Rest::default();
            if self.world.is_down(at) {
                return rest;
            }
            for (ask, index) in self.world.scenario().ask.iter().zip(0..) {
                if ask.of != at.index() {
                    continue;
                }
                let (of, value) = (at, ask.value);
                let event = Event::Ask { index, of, value };
                if let Some((transition, _)) = self.whole(at, number, event) {
                    rest.asks.push((index, transition));
                }
                let torn = self.torn(at, number, event);
                let torn = torn.into_iter().map(|(sends, to)| (index, sends, to));
                rest.asks_torn.extend(torn);
            }
            if self.world.cluster().proposers().contains(at) {
                let event = Event::Timeout(at);
                rest.timeout = self.whole(at, number, event).map(|(number, _)| number);
                rest.timeout_torn = self.torn(at, number, event);
            }
            rest.crash = self.crash(at, number);
            rest
        })
    }

    /// The world with one node in some state, and nothing on the network.
    fn staged(&self, at: NodeId, local: &Local) -> State {
        let mut staged = self.stage.clone();
        staged.set_server(at, &local.packed.unpack());
        staged.asks = local.asks;
        staged
    }

    fn whole(&self, at: NodeId, number: u32, event: Event) -> Option<(u32, bool)> {
        let local = &self.entry(at.index(), number).local;
        let staged = self.staged(at, local);
        let (_, reaction) = self.world.reaction(&staged, event)?;
        let before = staged.server(at).node(at, *self.world.cluster());
        let kind = Kind::of(event, &before, &reaction);
        let next = self.world.step(&staged, event)?;
        let stirs = match event {
            Event::Ask { .. } => true,
            Event::Deliver(_) | Event::Timeout(_) => {
                reaction.changed || reaction.effects.chosen.is_some()
            }
        };
        Some((self.transit(at, number, &next, stirs, kind), stirs))
    }

    fn torn(&self, at: NodeId, number: u32, event: Event) -> Vec<(u8, u32)> {
        if !self.is_torn() || !self.world.may_crash(at) {
            return Vec::new();
        }
        let local = &self.entry(at.index(), number).local;
        let staged = self.staged(at, local);
        let Some((_, reaction)) = self.world.reaction(&staged, event) else {
            return Vec::new();
        };
        let tears = self.world.tears(&reaction);
        let torn = tears.filter_map(|sends| {
            let next = self.world.torn(&staged, event, usize::from(sends))?;
            let kind = Kind::of_torn(sends);
            Some((sends, self.transit(at, number, &next, true, kind)))
        });
        torn.collect()
    }

    fn crash(&self, at: NodeId, number: u32) -> Option<u32> {
        if !self.world.may_crash(at) {
            return None;
        }
        let local = &self.entry(at.index(), number).local;
        let staged = self.staged(at, local);
        let next = self.world.next_state(&staged, crate::Action::Crash(at))?;
        let kind = Kind::of_crash(next.mid_ballot);
        Some(self.transit(at, number, &next, true, kind))
    }

    /// Takes down what changed for a node between the staged world and `next`.
    fn transit(&self, at: NodeId, number: u32, next: &State, stirs: bool, kind: Kind) -> u32 {
        let entry = self.entry(at.index(), number);
        let said = next.mail.iter().fold(entry.local.said, |said, sent| {
            said.and(&self.universe, *sent)
        });
        let to = self.number(
            at.index(),
            Local {
                packed: next.packed()[at.index()],
                asks: next.asks,
                said,
            },
        );
        let sends = next.mail.iter().flat_map(|all| all.singles());
        let sends = sends.map(|envelope| self.universe.id(envelope) as u16);
        let transition = Transition {
            to,
            stirs,
            kind,
            mid_ballot: next.mid_ballot,
            delta: self.entry(at.index(), to).key.wrapping_sub(entry.key),
            sends: sends.collect(),
        };
        self.transitions.push(transition) as u32
    }
}
