//! Every envelope that can ever be sent in a world, numbered.

use std::collections::{BTreeSet, HashMap};

use paxos::{Message, NodeId, Vote};

use super::roles::Roles;
use crate::parcel::rank;
use crate::{Kind, Letter, Parcel, World};

/// A set of envelopes, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mask(pub(crate) Box<[u64]>);

impl Mask {
    pub(crate) fn set(&mut self, id: usize) {
        self.0[id / 64] |= 1 << (id % 64);
    }

    pub(crate) fn clear(&mut self, id: usize) {
        self.0[id / 64] &= !(1 << (id % 64));
    }

    pub(crate) fn has(&self, id: usize) -> bool {
        self.0[id / 64] >> (id % 64) & 1 == 1
    }

    /// The members of both, in order.
    pub(crate) fn of_both<'a>(&'a self, other: &'a Mask) -> impl Iterator<Item = usize> + 'a {
        let words = self.0.iter().zip(&other.0).map(|(one, other)| one & other);
        words
            .enumerate()
            .flat_map(|(word, bits)| super::places(bits).map(move |place| word * 64 + place))
    }

    /// Adds all of `other`; whether any of it is new.
    pub(crate) fn add(&mut self, other: &Mask) -> bool {
        let mut is_news = false;
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            is_news |= other & !*own != 0;
            *own |= other;
        }
        is_news
    }
}

/// Every envelope that can ever be sent, and what is said in them.
#[derive(Debug)]
pub(crate) struct Universe {
    /// By number, in the order of parcels: a broadcast is a row of neighbours.
    pub(crate) envelopes: Vec<Parcel>,
    ids: HashMap<Parcel, usize>,
    /// The addressee of each.
    pub(crate) to: Vec<NodeId>,
    /// Its place among all that are for the same addressee.
    pub(crate) slots: Vec<u16>,
    /// For each node, the envelopes for it.
    pub(crate) inboxes: Vec<Vec<usize>>,
    /// The ballots, as ranks, in order.
    pub(crate) ballots: Vec<u16>,
    /// The ballots and values that can be proposed or voted for, in order.
    pub(crate) pairs: Vec<(u16, Letter)>,
    /// For each ballot, its pairs.
    pub(crate) pairs_of: Vec<u64>,
    /// For each ballot, the envelopes that propose in it.
    pub(crate) proposals_of: Vec<Mask>,
    /// The promises.
    pub(crate) promises: Mask,
    /// For each envelope, what it is to ignore it.
    pub(crate) ignored: Vec<Kind>,
    /// For each kind of message, what it is to ignore one, and those for nodes that run.
    pub(crate) heard: Vec<(Kind, Mask)>,
    /// Pairs of a value that no client of the ballot's proposer asked for.
    pub(crate) adopted: u64,
}

impl Universe {
    /// Numbers what the roles can say. `None` if it is more than fits.
    pub(crate) fn of(world: &World, roles: &Roles) -> Option<Universe> {
        let envelopes: Vec<Parcel> = roles.envelopes.iter().copied().collect();
        let ids = envelopes.iter().copied().zip(0..).collect();
        let mut inboxes = vec![Vec::new(); world.cluster().nodes().len()];
        let (mut to, mut slots) = (Vec::new(), Vec::new());
        for (id, envelope) in envelopes.iter().enumerate() {
            let addressee = envelope.to().iter().next()?;
            let inbox = &mut inboxes[addressee.index()];
            to.push(addressee);
            slots.push(u16::try_from(inbox.len()).ok()?);
            inbox.push(id);
        }
        let (mut ballots, mut pairs) = (BTreeSet::new(), BTreeSet::new());
        for envelope in &envelopes {
            ballots.insert(envelope.ballot_rank());
            if let Some(pair) = stated(envelope.message()) {
                pairs.insert(pair);
            }
        }
        let ballots: Vec<u16> = ballots.into_iter().collect();
        let pairs: Vec<(u16, Letter)> = pairs.into_iter().collect();
        if ballots.len() > 64 || pairs.len() > 64 {
            return None;
        }
        let mut universe = Universe {
            ids,
            to,
            slots,
            inboxes,
            pairs_of: Vec::new(),
            proposals_of: Vec::new(),
            promises: Mask::default(),
            ignored: Vec::new(),
            heard: Vec::new(),
            adopted: 0,
            envelopes,
            ballots,
            pairs,
        };
        for ballot in &universe.ballots {
            let own = |(rank, _): &(u16, Letter)| rank == ballot;
            universe.pairs_of.push(bits(universe.pairs.iter().map(own)));
            let proposals = universe.envelopes.iter().copied();
            let proposals =
                proposals.filter(|one| one.is_proposal() && one.ballot_rank() == *ballot);
            universe.proposals_of.push(universe.mask(proposals));
        }
        let promises = universe.envelopes.iter().copied();
        universe.promises = universe.mask(promises.filter(|one| one.is_promise()));
        for (id, envelope) in universe.envelopes.iter().enumerate() {
            let kind = Kind::of_ignored(&envelope.message());
            universe.ignored.push(kind);
            if world.is_down(universe.to[id]) {
                continue;
            }
            let mut masks = universe.heard.iter_mut();
            match masks.find(|(other, _)| *other == kind) {
                Some((_, mask)) => mask.set(id),
                None => {
                    let mut mask = universe.nothing();
                    mask.set(id);
                    universe.heard.push((kind, mask));
                }
            }
        }
        universe.adopted = bits(universe.pairs.iter().map(|(rank, value)| {
            let proposer = crate::parcel::ballot(*rank).map(|ballot| ballot.node.index());
            let mut asks = world.scenario().ask.iter();
            !asks.any(|ask| Some(ask.of) == proposer && ask.value == *value)
        }));
        Some(universe)
    }

    /// The number of an envelope; `None` if no role says it.
    pub(crate) fn id(&self, envelope: Parcel) -> Option<usize> {
        self.ids.get(&envelope).copied()
    }

    /// The empty set.
    pub(crate) fn nothing(&self) -> Mask {
        Mask(vec![0; self.envelopes.len().div_ceil(64)].into_boxed_slice())
    }

    /// The set of these.
    pub(crate) fn mask(&self, envelopes: impl IntoIterator<Item = Parcel>) -> Mask {
        let mut mask = self.nothing();
        for envelope in envelopes {
            mask.set(
                self.id(envelope)
                    .expect("the automata have said it, and what they say is numbered"),
            );
        }
        mask
    }

    /// The place of a ballot among all.
    pub(crate) fn ballot(&self, rank: u16) -> usize {
        self.ballots.partition_point(|other| *other < rank)
    }

    /// The place of a pair among all.
    pub(crate) fn pair(&self, rank: u16, value: Letter) -> usize {
        self.pairs.partition_point(|other| *other < (rank, value))
    }

    /// The same; `None` if no role can state it.
    pub(crate) fn pair_of(&self, rank: u16, value: Letter) -> Option<usize> {
        self.pairs.binary_search(&(rank, value)).ok()
    }

    /// The ballots strictly between two ranks, as bits.
    pub(crate) fn between(&self, low: u16, high: u16) -> u64 {
        bits(self.ballots.iter().map(|rank| low < *rank && *rank < high))
    }

    /// The ballots of these pairs, as bits.
    pub(crate) fn ballots_of(&self, pairs: u64) -> u64 {
        bits(self.pairs_of.iter().map(|own| own & pairs != 0))
    }
}

/// The ballot and the value that a message states, if it is a proposal or a vote.
pub(crate) fn stated(message: Message<Letter>) -> Option<(u16, Letter)> {
    let Vote { ballot, value } = message.statement()?;
    Some((rank(Some(ballot)), value))
}

fn bits(set: impl Iterator<Item = bool>) -> u64 {
    set.enumerate()
        .fold(0, |bits, (i, is_in)| bits | u64::from(is_in) << i)
}
