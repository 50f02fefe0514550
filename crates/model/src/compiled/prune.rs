//! Taking out of a state what can never again matter.

use super::local::Local;
use super::universe::Mask;
use super::{Code, Compiled};

impl<const W: usize> Compiled<W> {
    /// Takes out the envelopes that are dead, and what is remembered for properties that can no
    /// longer come to ask for it.
    pub(crate) fn forget(&self, code: &mut Code<W>) {
        let (tables, crash) = (&*self.tables, self.may_crash(code));
        let mut dead = [0; W];
        let mut may_propose = 0;
        let mut is_repeating = false;
        for node in 0..self.nodes() {
            let before = code.number(node);
            let number = tables.normal(node, before, crash);
            self.replace(code, node, before, number);
            let prospect = tables.prospect(node, number, crash);
            let dead = &mut dead[self.mail..];
            for (word, own) in prospect.dead.0.iter().enumerate() {
                dead[word] |= own;
            }
            may_propose |= prospect.may_propose;
            is_repeating |= !prospect.repeating.is_empty();
        }
        self.take_out(code, &dead);
        if is_repeating {
            self.take_out_repeating(code, &mut dead, crash);
        }
        if self.forgets_proposals {
            self.forget_proposals(code, may_propose);
        }
    }

    #[inline]
    fn replace(&self, code: &mut Code<W>, node: usize, before: u32, after: u32) {
        if before != after {
            let key = |number| self.tables.entry(node, number).key;
            code.set_number(node, after);
            code.add(key(after).wrapping_sub(key(before)));
        }
    }

    /// Takes out these envelopes. None of the words before them has a bit.
    pub(super) fn take_out(&self, code: &mut Code<W>, dead: &[u64; W]) {
        let mut keys: u128 = 0;
        for (word, dead) in dead.iter().enumerate() {
            let mut gone = code.words()[word] & dead;
            code.words_mut()[word] &= !gone;
            while gone != 0 {
                let id = (word - self.mail) * 64 + gone.trailing_zeros() as usize;
                keys = keys.wrapping_add(self.tables.envelope_keys[id]);
                gone &= gone - 1;
            }
        }
        code.add(keys.wrapping_neg());
    }

    /// An envelope that can only make its addressee repeat what is on its way or dead is dead too; and so
    /// others may be.
    fn take_out_repeating(&self, code: &mut Code<W>, dead: &mut [u64; W], crash: bool) {
        loop {
            let mut is_done = true;
            for node in 0..self.nodes() {
                let prospect = self.tables.prospect(node, code.number(node), crash);
                for (id, sends) in &prospect.repeating {
                    let (word, bit) = (self.mail + id / 64, 1 << (id % 64));
                    if dead[word] & bit != 0 {
                        continue;
                    }
                    let (mail, gone) = (&code.words()[self.mail..], &dead[self.mail..]);
                    let mut rest = sends.0.iter().enumerate();
                    let is_said = rest.all(|(at, sends)| sends & !(mail[at] | gone[at]) == 0);
                    if is_said && !self.is_promised_anew(code.number(node), node, sends, crash) {
                        dead[word] |= bit;
                        is_done = false;
                    }
                }
            }
            if is_done {
                break;
            }
        }
        self.take_out(code, dead);
    }

    /// Whether a promise among these tells properties something: one that a crash kept from leaving when it was given, and
    /// that is repeated, is said for the first time.
    fn is_promised_anew(&self, number: u32, node: usize, sends: &Mask, crash: bool) -> bool {
        let (tables, universe) = (&*self.tables, &self.tables.universe);
        let local = tables.entry(node, number).local;
        let said = sends
            .of_both(&universe.promises)
            .fold(local.said, |said, id| {
                said.and(universe, universe.envelopes[id])
            });
        said != local.said
            && tables.normal(node, tables.number(node, Local { said, ..local }), crash) != number
    }

    /// Proposals of a ballot matter as long as another one may be made in it, or voted for.
    ///
    /// One of an adopted value shows something by itself as well, and may be dead from the start, so it is kept.
    fn forget_proposals(&self, code: &mut Code<W>, may_propose: u64) {
        let universe = &self.tables.universe;
        let (mut proposed, mut stated) = (0, 0);
        for node in 0..self.nodes() {
            let facts = &self.tables.entry(node, code.number(node)).facts;
            proposed |= facts.proposals;
            stated |= facts.proposals | facts.votes;
        }
        if proposed == 0 {
            return;
        }
        let kept = proposed & universe.adopted;
        for (ballot, own) in universe.pairs_of.iter().enumerate() {
            let is_kept = own & kept != 0;
            let is_open =
                is_kept || may_propose >> ballot & 1 == 1 || (own & stated).count_ones() > 1 || {
                    let mail = &code.words()[self.mail..];
                    let mut proposals = universe.proposals_of[ballot].0.iter().enumerate();
                    proposals.any(|(at, proposals)| proposals & mail[at] != 0)
                };
            if own & proposed == 0 || is_open {
                continue;
            }
            for node in 0..self.nodes() {
                let before = code.number(node);
                if self.tables.entry(node, before).facts.proposals & own != 0 {
                    let after = self.tables.forgetting(node, before, ballot);
                    self.replace(code, node, before, after);
                }
            }
        }
    }
}
