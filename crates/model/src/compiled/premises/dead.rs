//! What taking out dead envelopes takes for granted, part by part.
//!
//! Which envelopes are dead is a guess, made of automata of single roles ([`crate::compiled::outlook`]). What makes it right:
//! 1. An envelope that is dead for a part does nothing there, torn steps included. One that does is not dead there.
//! 2. What is dead for a part is dead for every part that a step leads to. So by 1 it never does anything again.
//! 3. The same of envelopes that only repeat what is said: where they change anything, or say a vote, a promise or a proposal that
//!    was not said before, they are no repetitions; and what they say grows on no step.
//! 4. What is dead while a crash may come is dead when none may come any more.
//! 5. The ballots that a part may yet vote or propose in grow on no step, and it votes and proposes in no others.
//! 6. A vote is cast on the arrival of a proposal of its ballot, or it was cast before: the proposals of a ballot in which nobody may
//!    propose, and of which none is on its way, are asked for by nobody.
//!
//! 1 to 4 are an induction over the steps of the reduced world: where it holds, every step of the whole world is a step of the reduced
//! one, or does nothing.

use checker::Reduction;
use paxos::NodeId;

use crate::compiled::input::{Input, Outcome, What};
use crate::compiled::local::Local;
use crate::compiled::tables::{Prospect, Tables};
use crate::compiled::universe::Mask;

impl Tables {
    fn refuse_dead(&self, premise: String) {
        self.premises.refuse(Reduction::Dead, premise);
    }

    /// Premises 1 and 3, of one part: what does more than was guessed is not given up there.
    pub(crate) fn confirm_prospect(&self, at: NodeId, local: &Local, prospect: &mut Prospect) {
        if !self.premises.asks_for(Reduction::Dead) {
            return;
        }
        for id in &self.universe.inboxes[at.index()] {
            if !prospect.dead.has(*id) {
                continue;
            }
            let what = What::Arrival(*id as u16);
            let is_torn = !self.tears_of(at, local, what).is_empty();
            if is_torn || self.ask_once(at, local, Input::Whole(what)).is_some() {
                prospect.dead.clear(*id);
            }
        }
        let mut repeating = std::mem::take(&mut prospect.repeating);
        repeating.retain(|(id, sends)| {
            let input = Input::Whole(What::Arrival(*id as u16));
            self.ask_once(at, local, input)
                .is_none_or(|outcome| self.is_repetition(local, prospect, sends, &outcome))
        });
        prospect.repeating = repeating;
    }

    /// Whether nothing changes, nothing is said but `sends`, and no vote, promise or proposal is new.
    fn is_repetition(
        &self,
        local: &Local,
        prospect: &Prospect,
        sends: &Mask,
        outcome: &Outcome,
    ) -> bool {
        let (before, after) = (local.said, outcome.to.said);
        let voted = self.universe.ballots_of(before.votes);
        let read = prospect.may_vote | voted;
        outcome.to.packed == local.packed
            && outcome.to.asks == local.asks
            && outcome.sends.iter().all(|id| sends.has(usize::from(*id)))
            && after.votes == before.votes
            && after.reported == before.reported
            && after.proposals == before.proposals
            && after.committed == before.committed
            && after.forbidden & read == before.forbidden & read
    }

    /// Premises 2 to 6, of one step.
    pub(crate) fn certify_dead(&self, at: NodeId, number: u32, input: Input, outcome: &Outcome) {
        if !self.premises.asks_for(Reduction::Dead) {
            return;
        }
        let to = self.number(at.index(), outcome.to);
        let has_crashes = self.world.scenario().world.crashes > 0;
        // Whether a crash may come before the step, and after it.
        let mut modes = vec![(false, false)];
        if has_crashes {
            modes.push((true, true));
            if input.is_crash() {
                modes[0] = (true, false);
            }
        }
        for (before, after) in modes {
            let (one, other) = (
                self.prospect(at.index(), number, before),
                self.prospect(at.index(), to, after),
            );
            if let Some(id) = self.revived(at, one, other) {
                let (name, step) = (self.arrives(id), self.name(at, input));
                self.refuse_dead(format!(
                    "`{name}` was thought to have no effect any more, and may have one after `{step}`"
                ));
            }
            self.certify_says(at, number, input, outcome, one);
            let grows = other.may_vote & !one.may_vote | other.may_propose & !one.may_propose;
            if grows != 0 {
                let step = self.name(at, input);
                self.refuse_dead(format!(
                    "after `{step}` a ballot is open again that was thought to be over"
                ));
            }
        }
        if has_crashes {
            let (one, other) = (
                self.prospect(at.index(), number, true),
                self.prospect(at.index(), number, false),
            );
            if let Some(id) = self.revived(at, one, other) {
                let name = self.arrives(id);
                self.refuse_dead(format!(
                    "`{name}` was thought to have no effect while crashes may come, and has one without"
                ));
            }
        }
    }

    /// What is said in a step: premises 5 and 6.
    fn certify_says(
        &self,
        at: NodeId,
        number: u32,
        input: Input,
        outcome: &Outcome,
        prospect: &Prospect,
    ) {
        let said = self.entry(at.index(), number).local.said;
        let arrived = input
            .arrival()
            .map(|id| self.universe.envelopes[id])
            .filter(|envelope| envelope.is_proposal());
        for id in &outcome.sends {
            let envelope = self.universe.envelopes[usize::from(*id)];
            if !envelope.is_vote() && !envelope.is_proposal() {
                continue;
            }
            let ballot = 1 << self.universe.ballot(envelope.ballot_rank());
            let may = if envelope.is_vote() {
                prospect.may_vote
            } else {
                prospect.may_propose
            };
            if may & ballot == 0 {
                let step = self.name(at, input);
                self.refuse_dead(format!(
                    "`{step}` makes {at} speak in a ballot that was thought to be over for it"
                ));
            }
            let pair = 1 << self.universe.pair(envelope.ballot_rank(), envelope.value());
            let is_asked =
                arrived.is_some_and(|asked| asked.ballot_rank() == envelope.ballot_rank());
            if envelope.is_vote() && !is_asked && said.votes & pair == 0 {
                let step = self.name(at, input);
                self.refuse_dead(format!(
                    "`{step}` makes {at} vote where nothing is proposed"
                ));
            }
        }
    }

    fn arrives(&self, id: usize) -> String {
        let to = self.universe.to[id];
        self.name(to, Input::Whole(What::Arrival(id as u16)))
    }

    /// An envelope that `one` gives up and `other` does not.
    fn revived(&self, at: NodeId, one: &Prospect, other: &Prospect) -> Option<usize> {
        let inbox = self.universe.inboxes[at.index()].iter().copied();
        let says = |prospect: &Prospect, id: usize| {
            let mut all = prospect.repeating.iter();
            all.find(|(own, _)| *own == id)
                .map(|(_, sends)| sends.clone())
        };
        let mut revived = inbox.filter(|id| {
            if other.dead.has(*id) {
                return false;
            }
            if one.dead.has(*id) {
                return true;
            }
            match (says(one, *id), says(other, *id)) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(mut before), Some(after)) => before.add(&after),
            }
        });
        revived.next()
    }
}
