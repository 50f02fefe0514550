//! The properties of [`crate::properties`], asked of compiled states. A test holds the two against each
//! other in every state of small worlds, right and wrong ones.

use paxos::{NodeId, NodeSet, Phase};
use stateright::Property;

use super::local::{Facts, Obligation};
use super::{Code, Compiled, places};
use crate::{Letters, properties};

type Condition<const W: usize> = fn(&Compiled<W>, &Code<W>) -> bool;

/// All of them, in the order of [`properties::ALL`].
pub(crate) fn properties<const W: usize>() -> Vec<Property<Compiled<W>>> {
    let all = properties::ALL.iter();
    all.filter_map(|known| {
        let condition = condition(known.name)?;
        Some(if known.is_invariant() {
            Property::always(known.name, condition)
        } else {
            Property::sometimes(known.name, condition)
        })
    })
    .collect()
}

/// A property that this module does not know, if there is one: worlds are explored without tables then.
pub(crate) fn unknown() -> Option<&'static str> {
    let mut all = properties::ALL.iter();
    all.find(|known| condition::<1>(known.name).is_none())
        .map(|known| known.name)
}

fn condition<const W: usize>(name: &str) -> Option<Condition<W>> {
    let condition: Condition<W> = match name {
        "agreement" => Compiled::agreement,
        "validity" => Compiled::validity,
        "stability" => |model, code| model.all_keep(code, Obligation::Stability),
        "announced-is-chosen" => |model, code| {
            let announced = model.announced(code);
            announced.is_empty()
                || announced.is_subset(model.chosen(code))
                || announced.is_subset(model.with_quorum(code, |facts| facts.testified))
        },
        "promises-rise" => |model, code| model.all_keep(code, Obligation::Memory),
        "no-vote-below-promise" => |model, code| model.all_keep(code, Obligation::Word),
        "one-value-per-ballot" => |model, code| {
            let stated = model.stated(code);
            let mut ballots = model.tables.universe.pairs_of.iter();
            stated.count_ones() <= 1 || ballots.all(|own| (own & stated).count_ones() <= 1)
        },
        "votes-are-safe" => Compiled::votes_are_safe,
        "waits-with-timer" => |model, code| model.all_keep(code, Obligation::Timer),
        "learned-is-announced" => |model, code| model.all_keep(code, Obligation::Announcement),
        "learner-learns" => |model, code| model.facts(code).any(|facts| facts.has_listened),
        "value-chosen" => |model, code| !model.chosen(code).is_empty(),
        "client-told" => |model, code| model.facts(code).any(|facts| facts.is_told),
        // Where clients can be told of a failure, or read, is not compiled.
        "failure-is-true" | "linearizable" => |_, _| true,
        "told-after-unknown" => |_, _| false,
        "value-adopted" => |model, code| model.stated(code) & model.tables.universe.adopted != 0,
        "vote-superseded" => |model, code| model.facts(code).any(|facts| facts.has_superseded),
        "restart-mid-ballot" => |_, code| code.mid_ballot(),
        _ => return None,
    };
    Some(condition)
}

impl<const W: usize> Compiled<W> {
    #[inline]
    fn facts<'a>(&'a self, code: &'a Code<W>) -> impl Iterator<Item = &'a Facts> {
        (0..self.nodes()).map(|node| &self.tables.entry(node, code.number(node)).facts)
    }

    /// Whether each node meets its obligations. No node needs to be looked at where no table holds one that does not.
    #[inline]
    fn all_keep(&self, code: &Code<W>, obligation: Obligation) -> bool {
        let bit = obligation.bit();
        self.tables.broken() & bit == 0 || self.facts(code).all(|facts| facts.breaks & bit == 0)
    }

    /// What was ever proposed or voted for, as far as it is remembered, as bits of pairs.
    fn stated(&self, code: &Code<W>) -> u64 {
        let stated = self.facts(code).map(|facts| facts.votes | facts.proposals);
        stated.fold(0, |all, own| all | own)
    }

    fn announced(&self, code: &Code<W>) -> Letters {
        let announced = self.facts(code).map(|facts| facts.announced);
        announced.fold(Letters::EMPTY, Letters::union)
    }

    /// What somebody voted for, as bits of pairs.
    fn voted(&self, code: &Code<W>) -> u64 {
        self.facts(code).fold(0, |all, facts| all | facts.votes)
    }

    fn letters(&self, pairs: u64) -> Letters {
        let values = places(pairs).map(|pair| self.tables.universe.pairs[pair].1);
        values.collect()
    }

    /// The values for which a quorum has voted in one ballot.
    pub(crate) fn chosen(&self, code: &Code<W>) -> Letters {
        self.with_quorum(code, |facts| facts.votes)
    }

    /// The values for which a quorum has voted in one ballot, by these votes.
    fn with_quorum(&self, code: &Code<W>, votes: fn(&Facts) -> u64) -> Letters {
        let voted = self.facts(code).fold(0, |all, facts| all | votes(facts));
        let is_chosen = |pair: &usize| {
            let has_voted = |facts: &Facts| votes(facts) >> pair & 1 == 1;
            self.is_quorum(self.whose(code, has_voted))
        };
        let chosen = places(voted).filter(is_chosen);
        chosen
            .map(|pair| self.tables.universe.pairs[pair].1)
            .collect()
    }

    /// The nodes of whom this is true.
    fn whose(&self, code: &Code<W>, is_so: impl Fn(&Facts) -> bool) -> NodeSet {
        let facts = self.facts(code).enumerate();
        let of = facts.filter(|(_, facts)| is_so(facts));
        of.filter_map(|(node, _)| NodeId::new(node)).collect()
    }

    fn is_quorum(&self, voters: NodeSet) -> bool {
        let world = self.world();
        let voters = voters.intersection(world.cluster().acceptors());
        world
            .rules()
            .is_quorum(Phase::Accept, world.cluster(), voters)
    }

    /// See [`properties::agreement`].
    pub fn agreement(&self, code: &Code<W>) -> bool {
        let announced = self.announced(code);
        self.letters(self.voted(code)).union(announced).len() <= 1
            || self.chosen(code).union(announced).len() <= 1
    }

    fn validity(&self, code: &Code<W>) -> bool {
        let values = self.world().values();
        self.announced(code).is_subset(values)
            && (self.letters(self.voted(code)).is_subset(values)
                || self.chosen(code).is_subset(values))
    }

    fn votes_are_safe(&self, code: &Code<W>) -> bool {
        let voted = self.voted(code);
        let universe = &self.tables.universe;
        places(voted).all(|vote| {
            let (below, value) = universe.pairs[vote];
            let is_voted = |at: u16| {
                let mut ballots = places(voted);
                ballots.any(|other| universe.pairs[other].0 == at)
            };
            self.world()
                .highest_ballot_below(below, is_voted)
                .is_none_or(|at| !self.is_quorum(self.whose(code, |facts| facts.committed <= at)))
                && places(voted).all(|rival| {
                    let (at, other) = universe.pairs[rival];
                    if at >= below || other == value {
                        return true;
                    }
                    let own = universe.pairs_of[universe.ballot(at)];
                    !self.is_quorum(self.whose(code, |facts| match facts.votes & own {
                        0 => facts.committed <= at,
                        votes => votes >> rival & 1 == 1,
                    }))
                })
        })
    }
}
