//! What can still come of what is on its way to a node, and the node without what can come to nothing.

use std::sync::atomic::{AtomicU32, Ordering};

use paxos::{NodeId, Role};

use super::{Entry, Prospect, Tables};
use crate::compiled::outlook::outlooks;
use crate::properties::{Known, Past};

impl Tables {
    /// What can still come of what is on its way to a node.
    #[inline]
    pub(crate) fn prospect(&self, node: usize, number: u32, crash: bool) -> &Prospect {
        let entry = self.entry(node, number);
        entry.prospects[usize::from(crash)].get_or_init(|| self.new_prospect(node, entry, crash))
    }

    fn new_prospect(&self, node: usize, entry: &Entry, crash: bool) -> Prospect {
        let universe = &self.universe;
        let mut dead = universe.nothing();
        universe.inboxes[node].iter().for_each(|id| dead.set(*id));
        let mut prospect = Prospect {
            dead,
            repeating: Vec::new(),
            may_vote: 0,
            may_propose: 0,
        };
        let at = NodeId::new(node).expect("a node of the cluster");
        if self.world.is_down(at) {
            return prospect;
        }
        let all = self.outlooks[usize::from(crash)].get_or_init(|| {
            let automata = self.roles.automata.iter();
            automata
                .map(|automaton| outlooks(universe, automaton, crash))
                .collect()
        });
        let server = entry.local.packed.unpack();
        let mut say = universe.nothing();
        for role in Role::ALL {
            let automaton = self.roles.automaton(at, role);
            let place = node * Role::ALL.len() + role as usize;
            let (part, state) = automaton.find(server, entry.local.asks);
            let Some(state) = state else {
                self.premises.unknown_view(at, role, part);
                return Prospect::anything(universe);
            };
            let outlook = &all[place][state];
            for (dead, stirring) in prospect.dead.0.iter_mut().zip(&outlook.stirring.0) {
                *dead &= !stirring;
            }
            for (id, sends) in &outlook.repeating {
                prospect.dead.0[id / 64] &= !(1 << (id % 64));
                prospect.repeating.push((*id, sends.clone()));
            }
            say.add(&outlook.may_say);
        }
        for (id, envelope) in universe.envelopes.iter().enumerate() {
            if say.has(id) && (envelope.is_vote() || envelope.is_proposal()) {
                let ballot = 1 << universe.ballot(envelope.ballot_rank());
                match envelope.is_vote() {
                    true => prospect.may_vote |= ballot,
                    false => prospect.may_propose |= ballot,
                }
            }
        }
        self.confirm_prospect(at, &entry.local, &mut prospect);
        prospect
    }

    /// The same state without what no property will ask for any more: the ballots it must not vote in,
    /// if it never will.
    #[inline]
    pub(crate) fn normal(&self, node: usize, number: u32, crash: bool) -> u32 {
        let entry = self.entry(node, number);
        let known = &entry.normal[usize::from(crash)];
        if let Some(normal) = known.load(Ordering::Acquire).checked_sub(1) {
            return normal;
        }
        let prospect = self.prospect(node, number, crash);
        let mut local = entry.local;
        let voted = self.universe.ballots_of(local.said.votes);
        if !Known::any_reads(Past::ClosedGaps) {
            local.said.forbidden &= prospect.may_vote | voted;
        }
        let normal = self.number(node, local);
        known.store(normal + 1, Ordering::Release);
        normal
    }

    /// The same state with the proposals of one ballot forgotten.
    #[inline]
    pub(crate) fn forgetting(&self, node: usize, number: u32, ballot: usize) -> u32 {
        let entry = self.entry(node, number);
        let ballots = self.universe.ballots.len();
        let all = entry
            .forgetting
            .get_or_init(|| (0..ballots).map(|_| AtomicU32::new(0)).collect());
        if let Some(known) = all[ballot].load(Ordering::Acquire).checked_sub(1) {
            return known;
        }
        let mut local = entry.local;
        local.said.proposals &= !self.universe.pairs_of[ballot];
        let found = self.number(node, local);
        all[ballot].store(found + 1, Ordering::Release);
        found
    }
}
