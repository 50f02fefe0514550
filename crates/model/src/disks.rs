//! Disks that break their contract: what is read back is not what was saved last, whole or not at all.
//!
//! [`Durable`] is one record, and a host is to make it durable before anything rests on it. The protocol does not
//! promise to survive a disk that does otherwise; here it is shown what becomes of it then. A write that a crash tears
//! has sent nothing yet, so what counts is what the torn record reads as: in place, where a part that was not written
//! still has what it had before, or cut off, where it has nothing.

use paxos::{Durable, Vote};

use crate::{Letter, Mutant, Server, World};

impl World {
    /// A host saves a record. `known` is what it had saved before, as far as it knows.
    pub(crate) fn save(
        &self,
        server: &mut Server,
        known: Durable<Letter>,
        record: Durable<Letter>,
    ) {
        server.disk = if self.rules().is(Mutant::WriteDropped) {
            known
        } else {
            record
        };
        if self.rules().is(Mutant::DiskRestored) && server.copy == Durable::EMPTY {
            server.copy = record;
        }
    }

    /// What a disk holds that held `old`, when a crash strikes in the middle of a write.
    pub(crate) fn half_saved(
        &self,
        old: Durable<Letter>,
        record: Durable<Letter>,
    ) -> Durable<Letter> {
        let rules = self.rules();
        if rules.is(Mutant::TornBallotWithoutValue) {
            return Durable {
                accepted: ballot_without_value(old.accepted, record.accepted),
                ..record
            };
        }
        if rules.is(Mutant::TornPromiseWithoutVote) {
            return Durable {
                accepted: old.accepted,
                ..record
            };
        }
        if rules.is(Mutant::TornVoteWithoutPromise) {
            return Durable {
                promised: old.promised,
                ..record
            };
        }
        if rules.is(Mutant::CutAfterRound) {
            return Durable {
                promised: None,
                accepted: None,
                ..record
            };
        }
        if rules.is(Mutant::CutAfterPromise) {
            return Durable {
                accepted: None,
                ..record
            };
        }
        record
    }

    /// What a node that restarts finds on its disk.
    pub(crate) fn read_back(&self, server: &Server) -> Durable<Letter> {
        if self.rules().is(Mutant::DiskRestored) {
            server.copy
        } else {
            server.disk
        }
    }
}

/// A new vote's ballot, with the value that was there before. Where none was, what is read is nobody's value.
fn ballot_without_value(
    old: Option<Vote<Letter>>,
    new: Option<Vote<Letter>>,
) -> Option<Vote<Letter>> {
    new.map(|vote| {
        if old == Some(vote) {
            vote
        } else {
            let blank = Letter::new(Letter::LIMIT - 1).expect("the last letter");
            Vote {
                value: old.map_or(blank, |old| old.value),
                ..vote
            }
        }
    })
}
