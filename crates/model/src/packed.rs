//! Servers as states keep them: packed into four words.
//!
//! An exploration holds millions of states, and spends its time on cloning, hashing and comparing
//! them. Packed, a server is a quarter of its size, and all three are a few instructions.

use std::hash::{Hash, Hasher};

use paxos::{Acceptor, Durable, Learner, NodeSet, Progress, Proposer, Round, Timer, Vote};
use serde::{Deserialize, Serialize};

use crate::parcel::{ballot, rank};
use crate::{Letter, Letters, Outcome, Server, State};

/// A [`Server`], losing nothing: equal words mean equal servers.
///
/// From the high bits, a field a width: memory round 8, promise 12, disk round 8, promise 12; and so
/// on as [`Packed::new`] and [`Packed::unpack`] have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Packed([u64; 4]);

impl Packed {
    pub(crate) fn new(server: &Server) -> Packed {
        let proposer = &server.proposer;
        let (phase, current, promises, best) = match proposer.progress {
            Progress::Idle => (0, 0, NodeSet::EMPTY, None),
            Progress::Preparing {
                ballot,
                promises,
                best,
            } => (1, rank(Some(ballot)), promises, best),
            Progress::Proposing { ballot } => (2, rank(Some(ballot)), NodeSet::EMPTY, None),
        };
        let (learnt, counted, value, voters) = match server.learner {
            Learner::Unaware => (0, 0, None, NodeSet::EMPTY),
            Learner::Counting {
                ballot,
                value,
                voters,
            } => (1, rank(Some(ballot)), Some(value), voters),
            Learner::Chosen(value) => (2, 0, Some(value), NodeSet::EMPTY),
        };
        let memory = server.durable();
        let copied = vote_bits(server.copy.accepted);
        Packed([
            known(&memory) << 32 | (copied >> 4) << 20 | known(&server.disk),
            vote_bits(memory.accepted) << 48
                | vote_bits(server.disk.accepted) << 32
                | vote_bits(best) << 16
                | u64::from(promises.bits()),
            (copied & 0xf) << 52
                | known(&server.copy) << 32
                | u64::from(rank(proposer.highest_nack)) << 20
                | u64::from(current) << 8
                | letter_bits(proposer.client_value) << 4
                | phase,
            u64::from(voters.bits()) << 48
                | u64::from(counted) << 32
                | letter_bits(value) << 28
                | learnt << 24
                | timer_bit(server.timer) << TIMER
                | u64::from(server.announced.bits()) << 8
                | u64::from(server.retries),
        ])
    }

    pub(crate) fn unpack(self) -> Server {
        let Packed([knows, votes, proposes, learns]) = self;
        let current = ballot((proposes >> 8) as u16);
        let progress = match (proposes & 0xf, current) {
            (1, Some(ballot)) => Progress::Preparing {
                ballot,
                promises: NodeSet::from_bits(votes as u16),
                best: vote((votes >> 16) as u16),
            },
            (2, Some(ballot)) => Progress::Proposing { ballot },
            (_, _) => Progress::Idle,
        };
        let value = letter(learns >> 28);
        let learner = match (learns >> 24 & 0xf, ballot((learns >> 32) as u16), value) {
            (1, Some(ballot), Some(value)) => Learner::Counting {
                ballot,
                value,
                voters: NodeSet::from_bits((learns >> 48) as u16),
            },
            (2, _, Some(value)) => Learner::Chosen(value),
            (_, _, _) => Learner::Unaware,
        };
        Server {
            acceptor: Acceptor {
                promised: ballot((knows >> 32) as u16),
                accepted: vote((votes >> 48) as u16),
            },
            proposer: Proposer {
                last_round: Round::new((knows >> 44) as u32 & 0xff),
                client_value: letter(proposes >> 4),
                highest_nack: ballot((proposes >> 20) as u16),
                progress,
            },
            learner,
            disk: Durable {
                round: Round::new((knows >> 12) as u32 & 0xff),
                promised: ballot(knows as u16),
                accepted: vote((votes >> 32) as u16),
            },
            copy: Durable {
                round: Round::new((proposes >> 44) as u32 & 0xff),
                promised: ballot((proposes >> 32) as u16),
                accepted: vote(((knows >> 20) as u16) << 4 | (proposes >> 52) as u16 & 0xf),
            },
            announced: self.announced(),
            retries: self.retries(),
            timer: self.has_timer().then_some(Timer::Retry),
        }
    }

    /// The highest ballot that the acceptor remembers, promised or voted in, as [`rank`] has it.
    #[inline]
    pub(crate) fn remembered_rank(self) -> u16 {
        let promised = (self.0[0] >> 32) as u16 & 0xfff;
        let voted = (self.0[1] >> 52) as u16 & 0xfff;
        promised.max(voted)
    }

    /// The highest ballot that the acceptor's disk remembers, likewise.
    #[inline]
    pub(crate) fn disk_rank(self) -> u16 {
        let promised = self.0[0] as u16 & 0xfff;
        let voted = (self.0[1] >> 36) as u16 & 0xfff;
        promised.max(voted)
    }

    /// [`Server::announced`].
    #[inline]
    pub(crate) fn announced(self) -> Letters {
        Letters::from_bits((self.0[3] >> 8) as u8)
    }

    /// [`Server::retries`].
    #[inline]
    pub(crate) fn retries(self) -> u8 {
        self.0[3] as u8
    }

    /// The value that its learner knows to be chosen.
    #[inline]
    pub(crate) fn learned(self) -> Option<Letter> {
        letter(self.0[3] >> 28).filter(|_| self.0[3] >> 24 & 0xf == 2)
    }

    /// Whether its proposer has counted a promise, and no quorum of them.
    #[inline]
    pub(crate) fn counts_promises(self) -> bool {
        self.0[2] & 0xf == 1 && self.0[1] as u16 != 0
    }

    /// Whether its learner has counted a vote, and no quorum of them.
    #[inline]
    pub(crate) fn counts_votes(self) -> bool {
        self.0[3] >> 24 & 0xf == 1
    }

    /// Whether [`Proposer::last_round`] is any.
    #[inline]
    pub(crate) fn has_used_a_round(self) -> bool {
        self.0[0] >> 44 & 0xff != 0
    }

    /// Whether [`Server::timer`] runs.
    #[inline]
    pub(crate) fn has_timer(self) -> bool {
        self.0[3] >> TIMER & 1 == 1
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for Packed(words) in self.packed() {
            words.iter().for_each(|word| hasher.write_u64(*word));
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
        hasher.write_u64(
            u64::from(self.stopped.bits()) << 32
                | u64::from(self.losses) << 24
                | u64::from(self.settled) << 16
                | u64::from(self.crashes) << 1
                | u64::from(self.mid_ballot),
        );
        if let Some(clients) = &self.clients {
            clients.hash(hasher);
        }
        if !self.reads.is_empty() {
            self.reads.hash(hasher);
        }
    }
}

/// The place of the timer's bit in the last word.
const TIMER: u32 = 16;

#[inline]
fn timer_bit(timer: Option<Timer>) -> u64 {
    match timer {
        Some(Timer::Retry) => 1,
        None => 0,
    }
}

/// The round and the promise in 20 bits.
#[inline]
fn known(durable: &Durable<Letter>) -> u64 {
    let round = durable.round.map_or(0, Round::number);
    u64::from(round) << 12 | u64::from(rank(durable.promised))
}

#[inline]
fn vote_bits(vote: Option<Vote<Letter>>) -> u64 {
    vote.map_or(0, |vote| {
        u64::from(rank(Some(vote.ballot))) << 4 | letter_bits(Some(vote.value))
    })
}

#[inline]
fn vote(bits: u16) -> Option<Vote<Letter>> {
    Some(Vote {
        ballot: ballot(bits >> 4)?,
        value: letter(u64::from(bits))?,
    })
}

/// A letter in 4 bits; 0 is none.
#[inline]
fn letter_bits(letter: Option<Letter>) -> u64 {
    letter.map_or(0, |letter| letter.index() as u64 + 1)
}

#[inline]
fn letter(bits: u64) -> Option<Letter> {
    ((bits & 0xf) as usize).checked_sub(1).and_then(Letter::new)
}

#[inline]
fn outcome_bits(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::NotAsked => 0,
        Outcome::Asked => 1,
        Outcome::Unknown => 2,
        Outcome::Success(value) => 3 + value.index() as u64,
        Outcome::PostFailed => 0xf0,
        Outcome::Retryable => 0xf1,
        Outcome::Fatal => 0xf2,
    }
}

#[cfg(test)]
mod tests {
    use paxos::{Ballot, NodeId};

    use super::*;

    /// Every value that a field can have at its edges, varied one field at a time around two very
    /// different servers.
    #[test]
    fn what_is_packed_comes_out_again() {
        let ballots = [(1, 0), (255, 15), (7, 3)].map(|(round, node)| Ballot {
            round: Round::new(round).unwrap(),
            node: NodeId::new(node).unwrap(),
        });
        let letters = [0, 7].map(|i| Letter::new(i).unwrap());
        let some_ballots: Vec<Option<Ballot>> =
            ballots.into_iter().map(Some).chain([None]).collect();
        let some_letters: Vec<Option<Letter>> =
            letters.into_iter().map(Some).chain([None]).collect();
        let mut votes = vec![None];
        for ballot in ballots {
            votes.extend(letters.map(|value| Some(Vote { ballot, value })));
        }
        let all = NodeSet::first(NodeId::LIMIT);
        let mut progress = vec![Progress::Idle];
        let mut learners = vec![Learner::Unaware];
        learners.extend(letters.map(Learner::Chosen));
        for ballot in ballots {
            progress.push(Progress::Proposing { ballot });
            for promises in [NodeSet::EMPTY, all] {
                progress.extend(votes.iter().map(|best| Progress::Preparing {
                    ballot,
                    promises,
                    best: *best,
                }));
                learners.extend(letters.map(|value| Learner::Counting {
                    ballot,
                    value,
                    voters: promises,
                }));
            }
        }
        let check = |server: Server| assert_eq!(Packed::new(&server).unpack(), server);
        for full in [false, true] {
            let pick = usize::from(!full);
            let base = Server {
                acceptor: Acceptor {
                    promised: some_ballots[1].filter(|_| full),
                    accepted: votes[4].filter(|_| full),
                },
                proposer: Proposer {
                    last_round: Round::new(255).filter(|_| full),
                    client_value: some_letters[1].filter(|_| full),
                    highest_nack: some_ballots[1].filter(|_| full),
                    progress: progress[if full { progress.len() - 1 } else { 0 }],
                },
                learner: learners[if full { learners.len() - 1 } else { 0 }],
                disk: Durable {
                    round: Round::new(255).filter(|_| full),
                    promised: some_ballots[1].filter(|_| full),
                    accepted: votes[4].filter(|_| full),
                },
                copy: Durable {
                    round: Round::new(255).filter(|_| full),
                    promised: some_ballots[1].filter(|_| full),
                    accepted: votes[4].filter(|_| full),
                },
                announced: if full {
                    letters.into_iter().collect()
                } else {
                    Letters::EMPTY
                },
                retries: [255, 0][pick],
                timer: Some(Timer::Retry).filter(|_| full),
            };
            check(base);
            for timer in [Some(Timer::Retry), None] {
                check(Server { timer, ..base });
            }
            for ballot in &some_ballots {
                let mut server = base;
                server.acceptor.promised = *ballot;
                check(server);
                server = base;
                server.proposer.highest_nack = *ballot;
                check(server);
                server = base;
                server.disk.promised = *ballot;
                check(server);
                server = base;
                server.copy.promised = *ballot;
                check(server);
                server.copy.round = ballot.map(|ballot| ballot.round);
                check(server);
                server = base;
                server.proposer.last_round = ballot.map(|ballot| ballot.round);
                check(server);
                server.disk.round = ballot.map(|ballot| ballot.round);
                check(server);
            }
            for vote in &votes {
                let mut server = base;
                server.acceptor.accepted = *vote;
                check(server);
                server = base;
                server.disk.accepted = *vote;
                check(server);
                server = base;
                server.copy.accepted = *vote;
                check(server);
            }
            for letter in &some_letters {
                let mut server = base;
                server.proposer.client_value = *letter;
                check(server);
                server.announced = letter.iter().copied().collect();
                check(server);
            }
            for progress in &progress {
                let mut server = base;
                server.proposer.progress = *progress;
                check(server);
            }
            for learner in &learners {
                let mut server = base;
                server.learner = *learner;
                check(server);
            }
        }
    }
}
