//! The properties of [`crate::properties`], asked of compiled states. A test holds the two against each
//! other in every state of small worlds, right and wrong ones.
//!
//! A property sees of a state only what is in a [`View`]: the facts of each node, and whether a crash ever struck a ballot under way.
//! So all states that show the same have the same verdicts, and these are kept: few states are judged anew.

use std::cell::RefCell;

use paxos::{NodeId, NodeSet, Phase};
use stateright::Property;

use super::local::{Facts, Obligation};
use super::tables::Tables;
use super::{Code, Compiled, places};
use crate::{Letters, properties};

type Condition = fn(&View<'_>) -> bool;

/// What properties see of a state.
pub(crate) struct View<'a> {
    tables: &'a Tables,
    facts: Vec<&'a Facts>,
    mid_ballot: bool,
}

/// How many verdicts a thread keeps. A power of two.
const KEPT: usize = 1 << 12;

thread_local! {
    /// What states show, by the keys of that, and which of the properties are true of it. The last ones that were met.
    static VERDICTS: RefCell<Vec<(u128, u64)>> = RefCell::new(vec![(0, 0); KEPT]);
}

/// Whether the property at this place is true of a state.
fn is_true<const W: usize, const PLACE: usize>(compiled: &Compiled<W>, code: &Code<W>) -> bool {
    compiled.truths_of(code) >> PLACE & 1 == 1
}

/// One for each place, since a [`Property`] takes a function, and none that knows more than its text.
fn by_place<const W: usize>() -> [fn(&Compiled<W>, &Code<W>) -> bool; PLACES] {
    macro_rules! places {
        ($($place:literal)*) => { [$(is_true::<W, $place>),*] };
    }
    places!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23)
}

/// The most properties there can be.
const PLACES: usize = 24;

/// All of them, in the order of [`properties::ALL`].
pub(crate) fn properties<const W: usize>() -> Vec<Property<Compiled<W>>> {
    let all = properties::ALL.iter().zip(by_place());
    all.map(|(known, condition)| match known.is_invariant() {
        true => Property::always(known.name, condition),
        false => Property::sometimes(known.name, condition),
    })
    .collect()
}

/// A property that this module does not know, if there is one: worlds are explored without tables then.
pub(crate) fn unknown() -> Option<&'static str> {
    let mut all = properties::ALL.iter().enumerate();
    all.find(|(place, known)| *place >= PLACES || condition(known.name).is_none())
        .map(|(_, known)| known.name)
}

/// What is asked for each of the properties that are known here.
pub(crate) fn conditions() -> Vec<Condition> {
    let all = properties::ALL.iter();
    all.filter_map(|known| condition(known.name)).collect()
}

impl<const W: usize> Compiled<W> {
    /// Which of the properties are true of a state, as bits by their places.
    #[inline]
    pub(crate) fn truths_of(&self, code: &Code<W>) -> u64 {
        let mut key = self.tables.salt;
        for node in 0..self.nodes() {
            let entry = self.tables.entry(node, code.number(node));
            key = key.wrapping_add(entry.facts_key);
        }
        if code.mid_ballot() {
            key = key.wrapping_add(self.mid_key);
        }
        VERDICTS.with_borrow_mut(|verdicts| {
            let kept = &mut verdicts[key as usize % KEPT];
            if kept.0 != key {
                *kept = (key, self.view(code).truths());
            }
            kept.1
        })
    }

    /// What properties see of a state.
    pub(crate) fn view(&self, code: &Code<W>) -> View<'_> {
        let facts = (0..self.nodes()).map(|node| {
            let entry = self.tables.entry(node, code.number(node));
            &entry.facts
        });
        View {
            tables: &self.tables,
            facts: facts.collect(),
            mid_ballot: code.mid_ballot(),
        }
    }
}

fn condition(name: &str) -> Option<Condition> {
    let condition: Condition = match name {
        "agreement" => |view| view.agreement(),
        "validity" => |view| view.validity(),
        "stability" => |view| view.all_keep(Obligation::Stability),
        "announced-is-chosen" => |view| {
            let announced = view.announced();
            announced.is_empty()
                || announced.is_subset(view.chosen())
                || announced.is_subset(view.with_quorum(|facts| facts.testified))
        },
        "promises-rise" => |view| view.all_keep(Obligation::Memory),
        "no-vote-below-promise" => |view| view.all_keep(Obligation::Word),
        "one-value-per-ballot" => |view| {
            let stated = view.stated();
            let mut ballots = view.tables.universe.pairs_of.iter();
            stated.count_ones() <= 1 || ballots.all(|own| (own & stated).count_ones() <= 1)
        },
        "votes-are-safe" => |view| view.votes_are_safe(),
        "waits-with-timer" => |view| view.all_keep(Obligation::Timer),
        "learned-is-announced" => |view| view.all_keep(Obligation::Announcement),
        "learner-learns" => |view| view.any(|facts| facts.has_listened),
        "value-chosen" => |view| !view.chosen().is_empty(),
        "client-told" => |view| view.any(|facts| facts.is_told),
        // Where clients can be told of a failure, or read, is not compiled.
        "failure-is-true" | "linearizable" => |_| true,
        "told-after-unknown" => |_| false,
        "value-adopted" => |view| view.stated() & view.tables.universe.adopted != 0,
        "vote-superseded" => |view| view.any(|facts| facts.has_superseded),
        "restart-mid-ballot" => |view| view.mid_ballot,
        _ => return None,
    };
    Some(condition)
}

impl View<'_> {
    /// Which of the properties are true, as bits by their places.
    fn truths(&self) -> u64 {
        let all = self.tables.conditions.iter().enumerate();
        all.fold(0, |bits, (place, is_true)| {
            bits | u64::from(is_true(self)) << place
        })
    }

    fn any(&self, is_so: impl Fn(&Facts) -> bool) -> bool {
        self.facts.iter().any(|facts| is_so(facts))
    }

    /// All the bits of all nodes.
    fn all_bits(&self, bits: impl Fn(&Facts) -> u64) -> u64 {
        self.facts.iter().fold(0, |all, facts| all | bits(facts))
    }

    /// Whether each node meets its obligations.
    fn all_keep(&self, obligation: Obligation) -> bool {
        !self.any(|facts| facts.breaks & obligation.bit() != 0)
    }

    /// What was ever proposed or voted for, as far as it is remembered, as bits of pairs.
    fn stated(&self) -> u64 {
        self.all_bits(|facts| facts.votes | facts.proposals)
    }

    fn announced(&self) -> Letters {
        let announced = self.facts.iter().map(|facts| facts.announced);
        announced.fold(Letters::EMPTY, Letters::union)
    }

    /// What somebody voted for, as bits of pairs.
    fn voted(&self) -> u64 {
        self.all_bits(|facts| facts.votes)
    }

    fn letters(&self, pairs: u64) -> Letters {
        let values = places(pairs).map(|pair| self.tables.universe.pairs[pair].1);
        values.collect()
    }

    /// The values for which a quorum has voted in one ballot.
    pub(crate) fn chosen(&self) -> Letters {
        self.with_quorum(|facts| facts.votes)
    }

    /// The values for which a quorum has voted in one ballot, by these votes.
    fn with_quorum(&self, votes: impl Fn(&Facts) -> u64) -> Letters {
        let mut chosen = Letters::EMPTY;
        for pair in places(self.all_bits(&votes)) {
            let has_voted = |facts: &Facts| votes(facts) >> pair & 1 == 1;
            if self.is_quorum(self.whose(has_voted)) {
                chosen = chosen.with(self.tables.universe.pairs[pair].1);
            }
        }
        chosen
    }

    /// The nodes of whom this is true.
    fn whose(&self, is_so: impl Fn(&Facts) -> bool) -> NodeSet {
        let facts = self.facts.iter().enumerate();
        let of = facts.filter(|(_, facts)| is_so(facts));
        of.filter_map(|(node, _)| NodeId::new(node)).collect()
    }

    fn is_quorum(&self, voters: NodeSet) -> bool {
        let world = &self.tables.world;
        let voters = voters.intersection(world.cluster().acceptors());
        world
            .rules()
            .is_quorum(Phase::Accept, world.cluster(), voters)
    }

    /// See [`properties::agreement`].
    fn agreement(&self) -> bool {
        let announced = self.announced();
        self.letters(self.voted()).union(announced).len() <= 1
            || self.chosen().union(announced).len() <= 1
    }

    fn validity(&self) -> bool {
        let values = self.tables.world.values();
        self.announced().is_subset(values)
            && (self.letters(self.voted()).is_subset(values) || self.chosen().is_subset(values))
    }

    fn votes_are_safe(&self) -> bool {
        let voted = self.voted();
        let universe = &self.tables.universe;
        places(voted).all(|vote| {
            let (below, value) = universe.pairs[vote];
            let is_voted = |at: u16| {
                let mut ballots = places(voted);
                ballots.any(|other| universe.pairs[other].0 == at)
            };
            self.tables
                .world
                .highest_ballot_below(below, is_voted)
                .is_none_or(|at| !self.is_quorum(self.whose(|facts| facts.committed <= at)))
                && places(voted).all(|rival| {
                    let (at, other) = universe.pairs[rival];
                    if at >= below || other == value {
                        return true;
                    }
                    let own = universe.pairs_of[universe.ballot(at)];
                    !self.is_quorum(self.whose(|facts| match facts.votes & own {
                        0 => facts.committed <= at,
                        votes => votes >> rival & 1 == 1,
                    }))
                })
        })
    }
}
