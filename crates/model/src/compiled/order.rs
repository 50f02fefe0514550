//! Counting without a break: of the orders in which promises and votes can be counted, few matter.
//!
//! A proposer that counts promises, and a learner that counts votes, shows nothing of it until the count is
//! complete; and what is on its way in a network that is a set stays there. So each message that is counted
//! can as well arrive just before the one that completes the count, with nothing in between; and if
//! none does, it need not arrive at all. The path gets no longer by that, and shows the same. (A partial order
//! reduction: an early count is a right mover, as Lipton has it.)
//!
//! So while a count is under way, only what is counted in it may happen; and a count is begun only if
//! it can be completed by what is on its way.

use super::local::Local;
use super::{Code, Compiled, DELIVER, Move, TORN};

/// What a node is in the middle of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Count {
    Promises,
    Votes,
}

impl Count {
    pub(crate) const ALL: [Count; 2] = [Count::Promises, Count::Votes];

    /// What a node in this state is in the middle of counting, the promises first. A learner that has announced
    /// something is not: with wrong rules it may have done so by this very count.
    pub(crate) fn of(local: &Local) -> Option<Count> {
        Count::ALL
            .into_iter()
            .find(|count| count.is_under_way(local))
    }

    /// Whether a node in this state is in the middle of this count.
    pub(crate) fn is_under_way(self, local: &Local) -> bool {
        match self {
            Count::Promises => local.packed.counts_promises(),
            Count::Votes => local.packed.counts_votes() && local.packed.announced().is_empty(),
        }
    }

    /// What is counted, in the singular.
    pub(crate) fn one(self) -> &'static str {
        match self {
            Count::Promises => "promise",
            Count::Votes => "vote",
        }
    }
}

impl<const W: usize> Compiled<W> {
    /// Leaves the moves that are to be made where counts are made without a break.
    pub(super) fn keep_in_order(&self, code: &Code<W>, moves: &mut Vec<Move>) {
        let counting = (0..self.nodes()).find_map(|node| {
            let count = self.tables.entry(node, code.number(node)).facts.count?;
            Some((node, count))
        });
        match counting {
            Some((node, count)) => moves.retain(|one| {
                let (kind, envelope) = (one.kind(), one.index());
                (kind == DELIVER || kind == TORN)
                    && self.tables.universe.to[envelope].index() == node
                    && self.is_counted(envelope, count)
                    && (kind == DELIVER || !self.is_counting_on(code, node, envelope))
            }),
            None => {
                moves.retain(|one| one.kind() != DELIVER || self.is_worth_it(code, one.index()))
            }
        }
    }

    #[inline]
    fn is_counted(&self, envelope: usize, count: Count) -> bool {
        let envelope = self.tables.universe.envelopes[envelope];
        match count {
            Count::Promises => envelope.is_promise(),
            Count::Votes => envelope.is_vote(),
        }
    }

    /// Whether a node is in the middle of a count after this delivery.
    #[inline]
    fn is_counting_on(&self, code: &Code<W>, node: usize, envelope: usize) -> bool {
        self.count_after(node, code.number(node), envelope)
            .is_some_and(|(_, count)| count.is_some())
    }

    /// The state of a node after a delivery, and what it is then in the middle of counting.
    #[inline]
    fn count_after(
        &self,
        node: usize,
        number: u32,
        envelope: usize,
    ) -> Option<(u32, Option<Count>)> {
        let tables = &*self.tables;
        let entry = tables.entry(node, number);
        let transition = tables.delivery(entry, number, envelope).transition()?;
        let to = tables.transition(transition).to;
        Some((to, tables.entry(node, to).facts.count))
    }

    /// Whether a delivery is no beginning of a count, or of one that can be completed.
    fn is_worth_it(&self, code: &Code<W>, envelope: usize) -> bool {
        let node = self.tables.universe.to[envelope].index();
        let number = code.number(node);
        match self.count_after(node, number, envelope) {
            Some((to, Some(count))) => self.can_complete(code, node, to, count, &mut Vec::new()),
            Some((_, None)) | None => true,
        }
    }

    /// Whether what is on its way completes a count, from this state of a node.
    fn can_complete(
        &self,
        code: &Code<W>,
        node: usize,
        number: u32,
        count: Count,
        seen: &mut Vec<u32>,
    ) -> bool {
        if seen.contains(&number) {
            return false;
        }
        seen.push(number);
        let inbox = &self.tables.universe.inboxes[node];
        let mut there = inbox.iter().filter(|envelope| {
            self.has_sent(code, **envelope) && self.is_counted(**envelope, count)
        });
        there.any(|envelope| match self.count_after(node, number, *envelope) {
            Some((_, None)) => true,
            Some((to, Some(_))) => self.can_complete(code, node, to, count, seen),
            None => false,
        })
    }
}
