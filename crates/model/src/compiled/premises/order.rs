//! What counting without a break takes for granted, part by part.
//!
//! An envelope *is counted* if it is a promise or a vote, and a delivery of one *goes on* if afterwards the node is in the middle of
//! the count that this kind of envelope is for. Of each part that is met, for each two inputs that are met there:
//! 1. A delivery that goes on shows nothing: no fact that a property reads, nothing on disk, nothing said, nothing announced.
//! 2. A delivery that goes on is a right mover: whatever comes next at that node, but for another one of that count, leads from there
//!    to what it leads to if it comes first and the delivery follows, going on; or to what it leads to alone (the count is dropped);
//!    or back to where the delivery began, where it would do nothing (a crash that loses the count alone). Either way the same is said.
//! 3. A count begins with an envelope of its kind, and with nothing else.
//!
//! By 2 a delivery that goes on moves right until just before the next one of its count, or to the end, where it can be left out by 1. So
//! each path has one that is no longer, shows the same, and makes each count without a break; by 3 it begins none otherwise. Several
//! deliveries that go on are moved one by one, the last one first, so 1 and 2 are asked after each number of them as well
//! ([`Met::pairs`]). Other nodes' steps do not matter: they neither read what this node has counted nor take anything off a
//! network that is a set. This is asked of whole nodes: a role alone is never asked what another role's input does to it.

use std::sync::Arc;

use checker::Reduction;
use paxos::NodeId;

use crate::compiled::input::{Input, Outcome, What};
use crate::compiled::local::Local;
use crate::compiled::order::Count;
use crate::compiled::tables::{Map, Tables};

/// What has been met at a part.
#[derive(Debug, Default)]
pub(crate) struct Met {
    inputs: Vec<Input>,
    /// The part itself, at the [`BEGINNING`], and all that deliveries that go on lead to from it.
    parts: Vec<Local>,
    /// Deliveries that go on, between them.
    pairs: Vec<Pair>,
    /// What was asked of them, by their places.
    asked: Map<(usize, Input), Option<Arc<Outcome>>>,
}

const BEGINNING: usize = 0;

/// A delivery that goes on, and the places of the parts that it leads from and to.
#[derive(Clone, Copy, Debug)]
struct Pair {
    from: usize,
    envelope: u16,
    count: Count,
    to: usize,
}

impl Pair {
    fn delivery(self) -> Input {
        Input::Whole(What::Arrival(self.envelope))
    }
}

impl Tables {
    fn refuse_order(&self, premise: String) {
        self.premises.refuse(Reduction::Order, premise);
    }

    /// What an envelope is counted for.
    fn counted_for(&self, input: Input) -> Option<Count> {
        let envelope = self.universe.envelopes[input.arrival()?];
        if envelope.is_promise() {
            Some(Count::Promises)
        } else if envelope.is_vote() {
            Some(Count::Votes)
        } else {
            None
        }
    }

    /// Takes note that an input is met at a part, and asks for the premises of it and all that was met there before.
    pub(crate) fn certify_order(
        &self,
        at: NodeId,
        number: u32,
        input: Input,
        outcome: Option<&Outcome>,
    ) {
        if !self.premises.asks_for(Reduction::Order) {
            return;
        }
        let entry = self.entry(at.index(), number);
        self.certify_beginning(at, &entry.local, input, outcome);
        if entry.facts.count.is_some() {
            // What is met in the middle of a count was met where it began.
            return;
        }
        let mut met = entry.met.lock();
        let met = met.get_or_insert_with(|| {
            Box::new(Met {
                parts: vec![entry.local],
                ..Met::default()
            })
        });
        if met.inputs.contains(&input) {
            return;
        }
        let count = self.counted_for(input);
        if count.is_some() || !met.pairs.is_empty() {
            let known = outcome.cloned().map(Arc::new);
            met.asked.insert((BEGINNING, input), known);
        }
        for place in 0..met.pairs.len() {
            let pair = met.pairs[place];
            self.certify_mover(at, met, pair, input);
        }
        met.inputs.push(input);
        if let Some(count) = count {
            self.count_on(at, met, input, count);
        }
    }

    /// Premise 3.
    fn certify_beginning(
        &self,
        at: NodeId,
        local: &Local,
        input: Input,
        outcome: Option<&Outcome>,
    ) {
        let Some(outcome) = outcome else { return };
        for count in Count::ALL {
            if count.is_under_way(&outcome.to)
                && !count.is_under_way(local)
                && self.counted_for(input) != Some(count)
            {
                let (one, step) = (count.one(), self.name(at, input));
                self.refuse_order(format!(
                    "{at} counts a {one} that no {one} brought, by `{step}`"
                ));
            }
        }
    }

    /// Adds what deliveries that go on can lead to, now that another envelope is counted, and asks for the premises there.
    fn count_on(&self, at: NodeId, met: &mut Met, input: Input, count: Count) {
        let known = met.parts.len();
        let mut from = 0;
        while from < met.parts.len() {
            if from < known {
                self.count_one(at, met, from, input, count);
            } else {
                for place in 0..met.inputs.len() {
                    let input = met.inputs[place];
                    if let Some(count) = self.counted_for(input) {
                        self.count_one(at, met, from, input, count);
                    }
                }
            }
            from += 1;
        }
    }

    fn count_one(&self, at: NodeId, met: &mut Met, from: usize, input: Input, count: Count) {
        let Input::Whole(What::Arrival(envelope)) = input else {
            // A delivery that is torn loses the count.
            return;
        };
        let Some(outcome) = self.met_ask(at, met, from, input) else {
            return;
        };
        if !count.is_under_way(&outcome.to) {
            return;
        }
        if !self.is_invisible(at, &met.parts[from], &outcome) {
            let name = self.name(at, input);
            self.refuse_order(format!(
                "counting `{name}` shows before the count is complete"
            ));
        }
        let known = met.parts.iter().position(|part| *part == outcome.to);
        let pair = Pair {
            from,
            envelope,
            count,
            to: known.unwrap_or(met.parts.len()),
        };
        if known.is_none() {
            met.parts.push(outcome.to);
        }
        met.pairs.push(pair);
        for place in 0..met.inputs.len() {
            let input = met.inputs[place];
            self.certify_mover(at, met, pair, input);
        }
    }

    /// Premise 1.
    fn is_invisible(&self, at: NodeId, from: &Local, outcome: &Outcome) -> bool {
        let (before, after) = (from.packed.unpack(), outcome.to.packed.unpack());
        outcome.sends.is_empty()
            && !outcome.mid_ballot
            && before.disk == after.disk
            && before.announced == after.announced
            && before.retries == after.retries
            && from.asks == outcome.to.asks
            && from.said == outcome.to.said
            && self.facts(at.index(), from).without_count()
                == self.facts(at.index(), &outcome.to).without_count()
    }

    /// Premise 2, of one delivery that goes on and one input after it.
    fn certify_mover(&self, at: NodeId, met: &mut Met, pair: Pair, input: Input) {
        if self.counted_for(input) == Some(pair.count) {
            return;
        }
        let Some(after) = self.met_ask(at, met, pair.to, input) else {
            return;
        };
        let is_right_mover = match self.met_ask(at, met, pair.from, input) {
            Some(alone) => {
                let is_dropped = alone.to == after.to;
                alone.sends == after.sends
                    && alone.mid_ballot == after.mid_ballot
                    && (is_dropped || self.follows(at, pair, &alone.to, &after.to))
            }
            None => after.to == met.parts[pair.from] && after.sends.is_empty() && !after.mid_ballot,
        };
        if !is_right_mover {
            let (one, other) = (self.name(at, pair.delivery()), self.name(at, input));
            self.refuse_order(format!(
                "counting `{one}` before `{other}` changes what comes after"
            ));
        }
    }

    /// Whether the delivery leads from one part to the other, and goes on.
    fn follows(&self, at: NodeId, pair: Pair, from: &Local, to: &Local) -> bool {
        let outcome = self.ask_once(at, from, pair.delivery());
        outcome.is_some_and(|outcome| {
            outcome.to == *to
                && pair.count.is_under_way(&outcome.to)
                && self.is_invisible(at, from, &outcome)
        })
    }

    fn met_ask(
        &self,
        at: NodeId,
        met: &mut Met,
        part: usize,
        input: Input,
    ) -> Option<Arc<Outcome>> {
        let asked = met.asked.entry((part, input));
        let ask = || self.ask_once(at, &met.parts[part], input).map(Arc::new);
        asked.or_insert_with(ask).clone()
    }
}
