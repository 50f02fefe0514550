//! All that a world knows of one node, and what follows from it alone.

use paxos::Node;
use serde::{Deserialize, Serialize};

use super::order::Count;
use super::universe::{Universe, stated};
use crate::packed::Packed;
use crate::parcel::rank;
use crate::{Ask, Letter, Letters, Outcome, Parcel};

/// All that a world knows of one node: the node and its disk, what its clients know, and what it
/// has ever said, as far as properties look at that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Local {
    pub(crate) packed: Packed,
    /// Of requests to other nodes, `NotAsked`.
    pub(crate) asks: [Outcome; Ask::LIMIT],
    pub(crate) said: Said,
}

/// What a node has ever said, before crashes as well. In a network that is a set it is still there,
/// unless dead envelopes are taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Said {
    /// Its votes, as bits of [`Universe::pairs`].
    pub(crate) votes: u64,
    /// The votes that it has reported in promises and not told otherwise, likewise: those whose telling a crash cut off.
    pub(crate) reported: u64,
    /// Its proposals, likewise.
    pub(crate) proposals: u64,
    /// The highest ballot that it has promised or voted in, by its own words; 0 is none.
    pub(crate) committed: u16,
    /// The ballots that lie between a promise and the vote reported in it, as bits of
    /// [`Universe::ballots`].
    pub(crate) forbidden: u64,
}

impl Said {
    /// What it has said after sending this as well.
    pub(crate) fn and(mut self, universe: &Universe, sent: Parcel) -> Said {
        let message = sent.message();
        let pair = stated(message).map(|(rank, value)| 1 << universe.pair(rank, value));
        let ballot = rank(Some(message.ballot()));
        if message.proposal().is_some() {
            self.proposals |= pair.unwrap_or(0);
        }
        if message.vote().is_some() {
            self.votes |= pair.unwrap_or(0);
            self.reported &= !self.votes;
        }
        if message.kind().is_commitment() {
            self.committed = self.committed.max(ballot);
        }
        if let Some(report) = message.promise() {
            if let Some(vote) = report {
                let pair = universe.pair_of(rank(Some(vote.ballot)), vote.value);
                self.reported |= pair.map_or(0, |place| 1 << place) & !self.votes;
            }
            let reported = rank(report.map(|vote| vote.ballot));
            self.forbidden |= universe.between(reported, ballot);
        }
        self
    }
}

/// What properties ask of one node, answered once for each state it can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    pub(crate) votes: u64,
    /// Its votes, and those that it has reported in promises.
    pub(crate) testified: u64,
    pub(crate) proposals: u64,
    /// The highest ballot that binds it: by its own words, or by what is on its disk.
    pub(crate) committed: u16,
    /// What it has announced, and what its clients were told.
    pub(crate) announced: Letters,
    pub(crate) retries: u8,
    /// What it is in the middle of counting.
    pub(crate) count: Option<Count>,
    /// Whether a client was told an outcome.
    pub(crate) is_told: bool,
    /// What it breaks, as bits of [`Obligation`].
    pub(crate) breaks: u8,
    /// Whether it has voted in two ballots.
    pub(crate) has_superseded: bool,
    /// Whether it has announced something, and started no ballot.
    pub(crate) has_listened: bool,
}

/// What an invariant asks of each node, whatever the others do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Obligation {
    /// To announce one value at most.
    Stability,
    /// To remember at least what it has said.
    Memory,
    /// To vote in no ballot that it promised to stay out of.
    Word,
    /// To announce what it has learned.
    Announcement,
    /// To have a timer run while it has a ballot under way.
    Timer,
}

impl Obligation {
    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Facts {
    /// The same, whatever is being counted.
    pub(crate) fn without_count(self) -> Facts {
        Facts {
            count: None,
            ..self
        }
    }

    pub(crate) fn of(local: &Local, node: &Node<Letter>, universe: &Universe) -> Facts {
        let (packed, said) = (local.packed, local.said);
        let voted = universe.ballots_of(said.votes);
        let told = local.asks.iter().filter_map(|outcome| outcome.told());
        let told: Letters = told.collect();
        let learned = packed.learned();
        let kept = [
            (Obligation::Stability, packed.announced().len() <= 1),
            (
                Obligation::Memory,
                said.committed <= packed.remembered_rank(),
            ),
            (Obligation::Word, said.forbidden & voted == 0),
            (
                Obligation::Announcement,
                learned.is_none_or(|value| packed.announced().contains(value)),
            ),
            (
                Obligation::Timer,
                packed.has_timer() || !node.is_proposing(),
            ),
        ];
        let broken = kept.into_iter().filter(|(_, is_kept)| !is_kept);
        Facts {
            breaks: broken.fold(0, |bits, (obligation, _)| bits | obligation.bit()),
            votes: said.votes,
            testified: said.votes | said.reported,
            proposals: said.proposals,
            committed: said.committed.max(packed.disk_rank()),
            announced: packed.announced().union(told),
            retries: packed.retries(),
            count: Count::of(local),
            is_told: !told.is_empty(),
            has_superseded: voted.count_ones() > 1,
            has_listened: !packed.announced().is_empty() && !packed.has_used_a_round(),
        }
    }
}
