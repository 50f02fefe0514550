//! How states are hashed: packed into a few words first, since hashing field by field is what an
//! exploration would spend most of its time on.
//!
//! Packing loses nothing (a test holds it against the derived equality), so equal words mean equal
//! states.

use std::hash::{Hash, Hasher};

use paxos::{Durable, Learner, NodeSet, Progress, Round, Vote};

use crate::parcel::rank;
use crate::{Letter, Outcome, Server, State};

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for server in &self.servers {
            for word in words(server) {
                hasher.write_u64(word);
            }
        }
        // The lengths keep one list from being taken for the end of the other.
        hasher.write_u64((self.mail.len() as u64) << 32 | self.ledger.len() as u64);
        for parcel in self.mail.iter().chain(&self.ledger) {
            hasher.write_u64(parcel.word());
        }
        let asks = self
            .asks
            .iter()
            .fold(0, |word, outcome| word << 8 | outcome_bits(*outcome));
        hasher.write_u64(asks);
        hasher.write_u64(u64::from(self.crashes) << 1 | u64::from(self.mid_ballot));
    }
}

/// A server in four words. The node's id and cluster are left out: they are the same in every
/// state of a world.
fn words(server: &Server) -> [u64; 4] {
    let node = &server.node;
    let proposer = node.proposer();
    let (phase, ballot, promises, best) = match proposer.progress {
        Progress::Idle => (0, 0, NodeSet::EMPTY, None),
        Progress::Preparing {
            ballot,
            promises,
            best,
        } => (1, rank(Some(ballot)), promises, best),
        Progress::Proposing { ballot } => (2, rank(Some(ballot)), NodeSet::EMPTY, None),
    };
    let (learnt, counted, value, voters) = match *node.learner() {
        Learner::Unaware => (0, 0, None, NodeSet::EMPTY),
        Learner::Counting {
            ballot,
            value,
            voters,
        } => (1, rank(Some(ballot)), Some(value), voters),
        Learner::Chosen(value) => (2, 0, Some(value), NodeSet::EMPTY),
    };
    let [memory, votes] = durable(&node.durable());
    let [disk, disk_vote] = durable(&server.disk);
    [
        memory << 32 | disk,
        votes << 48 | disk_vote << 32 | vote(best) << 16 | u64::from(promises.bits()),
        u64::from(rank(proposer.seen)) << 20
            | u64::from(ballot) << 8
            | letter(proposer.own) << 4
            | phase,
        u64::from(voters.bits()) << 48
            | u64::from(counted) << 32
            | letter(value) << 28
            | learnt << 24
            | u64::from(server.announced.bits()) << 8
            | u64::from(server.retries),
    ]
}

/// What is durable: the round and the promise in 20 bits, and the vote in 16.
fn durable(durable: &Durable<Letter>) -> [u64; 2] {
    let round = durable.round.map_or(0, Round::number);
    [
        u64::from(round) << 12 | u64::from(rank(durable.promised)),
        vote(durable.accepted),
    ]
}

fn vote(vote: Option<Vote<Letter>>) -> u64 {
    vote.map_or(0, |vote| {
        u64::from(rank(Some(vote.ballot))) << 4 | letter(Some(vote.value))
    })
}

fn letter(letter: Option<Letter>) -> u64 {
    letter.map_or(0, |letter| letter.index() as u64 + 1)
}

fn outcome_bits(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::NotAsked => 0,
        Outcome::Asked => 1,
        Outcome::Unknown => 2,
        Outcome::Success(value) => 3 + value.index() as u64,
    }
}
