//! What is on a node's disk, fact by fact.

use std::fmt;

use model::{Letter, Server};
use paxos::{Ballot, Durable, Round, Vote};

/// One thing that a node has saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// The last round its proposer used.
    Round(Round),
    /// The highest ballot its acceptor promised.
    Promise(Ballot),
    /// Its acceptor's last vote.
    Vote(Vote<Letter>),
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Round(round) => write!(f, "round {}", round.number()),
            Fact::Promise(ballot) => write!(f, "promise {ballot}"),
            Fact::Vote(vote) => write!(f, "vote {vote}"),
        }
    }
}

/// All that a disk holds.
pub(crate) fn all(disk: &Durable<Letter>) -> Vec<Fact> {
    let Durable {
        round,
        promised,
        accepted,
    } = *disk;
    let facts = [
        round.map(Fact::Round),
        promised.map(Fact::Promise),
        accepted.map(Fact::Vote),
    ];
    facts.into_iter().flatten().collect()
}

/// What `disk` holds and `other` does not.
pub(crate) fn beyond(disk: &Durable<Letter>, other: &Durable<Letter>) -> Vec<Fact> {
    let known = all(other);
    let mut facts = all(disk);
    facts.retain(|fact| !known.contains(fact));
    facts
}

/// Whether a disk holds a later fact of the same kind.
pub(crate) fn is_exceeded(fact: Fact, disk: &Durable<Letter>) -> bool {
    match fact {
        Fact::Round(round) => disk.round > Some(round),
        Fact::Promise(ballot) => disk.promised > Some(ballot),
        Fact::Vote(vote) => disk.accepted.map(|held| held.ballot) > Some(vote.ballot),
    }
}

/// What a node should know from its disk and does not: nothing, unless the rules of recovery are
/// wrong.
pub(crate) fn forgotten(server: &Server) -> Vec<Fact> {
    beyond(&server.disk, &server.durable())
}
