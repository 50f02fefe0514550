//! What can still come of the envelopes that are on their way to a role, given the state it is in.
//!
//! An envelope is dead if its delivery can never again change anything: not now, and not in any state
//! that its addressee can still come to. That is read off the role's automaton ([`super::roles`]), so it
//! is found for any rules, also for wrong ones, and nothing about promises that only rise is
//! taken for granted.

use super::roles::Automaton;
use super::universe::{Mask, Universe};

/// What can still come of what is on its way to a role in one state, or said by it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook {
    /// Envelopes whose arrival can still change the role.
    pub(crate) stirring: Mask,
    /// Envelopes whose arrival can only make it say something, and what: they are dead where that is
    /// on its way already, or dead itself.
    pub(crate) repeating: Vec<(usize, Mask)>,
    /// Envelopes that it may still send.
    pub(crate) may_say: Mask,
}

/// The outlook of each state of a role; with or without a crash to come.
pub(crate) fn outlooks(universe: &Universe, automaton: &Automaton, crash: bool) -> Vec<Outlook> {
    let states = automaton.len();
    let ids: Vec<usize> = automaton
        .inbox
        .iter()
        .map(|envelope| {
            universe
                .id(*envelope)
                .expect("inboxes hold what is numbered")
        })
        .collect();
    let mut all: Vec<Outlook> = (0..states)
        .map(|at| {
            let mut own = Outlook {
                stirring: universe.nothing(),
                repeating: Vec::new(),
                may_say: universe.mask(automaton.says[at].iter().copied()),
            };
            for (place, effect) in &automaton.effects[at] {
                if effect.stirs {
                    own.stirring.set(ids[*place]);
                } else {
                    let sends = universe.mask(effect.sends.iter().copied());
                    own.repeating.push((ids[*place], sends));
                }
            }
            own
        })
        .collect();
    // What can come of the states that follow can come of this one: until nothing is added.
    let mut is_done = false;
    while !is_done {
        is_done = true;
        for at in (0..states).rev() {
            for (to, by_crash) in &automaton.next[at] {
                if *by_crash && !crash {
                    continue;
                }
                let (own, other) = two(&mut all, at, *to);
                is_done &= !own.absorb(other);
            }
        }
    }
    for outlook in &mut all {
        let Outlook {
            stirring,
            repeating,
            ..
        } = outlook;
        repeating.retain(|(id, _)| !stirring.has(*id));
    }
    all
}

impl Outlook {
    /// Adds what can come of a state that can follow; whether that is news.
    fn absorb(&mut self, next: &Outlook) -> bool {
        let mut is_news = self.stirring.add(&next.stirring) | self.may_say.add(&next.may_say);
        for (id, sends) in &next.repeating {
            match self.repeating.iter_mut().find(|(own, _)| own == id) {
                Some((_, own)) => is_news |= own.add(sends),
                None => {
                    self.repeating.push((*id, sends.clone()));
                    is_news = true;
                }
            }
        }
        is_news
    }
}

/// Two different elements, the first to be changed.
fn two(all: &mut [Outlook], one: usize, other: usize) -> (&mut Outlook, &Outlook) {
    if one < other {
        let (low, high) = all.split_at_mut(other);
        (&mut low[one], &high[0])
    } else {
        let (low, high) = all.split_at_mut(one);
        (&mut high[0], &low[other])
    }
}
