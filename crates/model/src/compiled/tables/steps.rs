//! What a node does in one step, asked of the World when it is first wanted.

use std::sync::atomic::Ordering;

use paxos::NodeId;

use super::{Cell, Entry, Rest, Tables, Transition};
use crate::Event;
use crate::compiled::input::{Input, Outcome, What};

impl Tables {
    #[inline]
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
                let transition = self.whole(at, number, What::Arrival(envelope as u16));
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
        for (word, nothing) in entry.nothing.iter().enumerate() {
            mail[word] &= !nothing.load(Ordering::Relaxed);
        }
    }

    /// The ways to crash over an envelope.
    #[inline]
    pub(crate) fn tears(&self, number: u32, envelope: usize) -> &[(u8, u32)] {
        let at = self.universe.to[envelope];
        let entry = self.entry(at.index(), number);
        let place = &entry.torn[usize::from(self.universe.slots[envelope])];
        place.get_or_init(|| self.torn(at, number, What::Arrival(envelope as u16)).into())
    }

    /// What happens to a node beside deliveries.
    #[inline]
    pub(crate) fn rest(&self, at: NodeId, number: u32) -> &Rest {
        let entry = self.entry(at.index(), number);
        entry.rest.get_or_init(|| {
            let mut rest = Rest::default();
            if self.world.is_down(at) {
                return rest;
            }
            for index in self.asks_of(at) {
                let what = What::Ask(index);
                if let Some((transition, _)) = self.whole(at, number, what) {
                    rest.asks.push((index, transition));
                }
                let torn = self.torn(at, number, what);
                let torn = torn.into_iter().map(|(sends, to)| (index, sends, to));
                rest.asks_torn.extend(torn);
            }
            if self.world.cluster().proposers().contains(at) {
                let timeout = self.whole(at, number, What::Timeout);
                rest.timeout = timeout.map(|(number, _)| number);
                rest.timeout_torn = self.torn(at, number, What::Timeout);
            }
            rest.crash = self
                .step(at, number, Input::Crash)
                .map(|(number, _)| number);
            rest
        })
    }

    /// The requests to a node, by their places among the scenario's.
    pub(crate) fn asks_of(&self, at: NodeId) -> impl Iterator<Item = u8> {
        let asks = self.world.scenario().ask.iter().zip(0..);
        asks.filter(move |(ask, _)| ask.of == at.index())
            .map(|(_, index)| index)
    }

    fn whole(&self, at: NodeId, number: u32, what: What) -> Option<(u32, bool)> {
        self.step(at, number, Input::Whole(what))
    }

    fn torn(&self, at: NodeId, number: u32, what: What) -> Vec<(u8, u32)> {
        let tears = self.tears_of(at, &self.entry(at.index(), number).local, what);
        let torn = tears.filter_map(|sends| {
            let (transition, _) = self.step(at, number, Input::Torn(what, sends))?;
            Some((sends, transition))
        });
        torn.collect()
    }

    /// Asks for a step, and holds it against what the reductions take for granted.
    fn step(&self, at: NodeId, number: u32, input: Input) -> Option<(u32, bool)> {
        let local = self.entry(at.index(), number).local;
        let outcome = self.ask(at, &local, input);
        self.certify_order(at, number, input, outcome.as_ref());
        self.certify_symmetry(at, &local, input);
        let outcome = outcome?;
        let transition = self.transit(at, number, &outcome);
        self.certify_dead(at, number, input, &outcome);
        Some((transition, outcome.stirs))
    }

    /// Takes down what becomes of a node.
    fn transit(&self, at: NodeId, number: u32, outcome: &Outcome) -> u32 {
        let entry = self.entry(at.index(), number);
        let to = self.number(at.index(), outcome.to);
        let transition = Transition {
            to,
            stirs: outcome.stirs,
            kind: outcome.kind,
            mid_ballot: outcome.mid_ballot,
            delta: self.entry(at.index(), to).key.wrapping_sub(entry.key),
            sends: outcome.sends.clone(),
        };
        self.transitions.push(transition) as u32
    }
}
