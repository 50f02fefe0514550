//! What clients ask, and what they are told.
//!
//! A read that finds no vote is answered here, and not by the core. What is taken for granted for it:
//!
//! 1. A value is chosen by the votes of a quorum of phase 2, and each is in the voter's `Acceptor::accepted` before
//!    anybody hears of it, until a later vote takes its place. A core that forgets votes breaks this.
//! 2. A quorum of phase 1, as the rules have it, shares an acceptor with every quorum of phase 2. Rules with quorums
//!    that do not meet break this; the World's `votes-are-safe` finds them.

use std::time::Instant;

use paxos::{Input, NodeId, Phase, Vote};

use super::Host;
use crate::decree::{Reading, Stage, Waiter};
use crate::journal::Asked;
use crate::wire::{Answer, Ask, Reply, Request, Say};
use crate::{HostError, Key, Out, RequestId, Source, Value};

impl Host {
    /// A client asks.
    pub(super) fn on_request(
        &mut self,
        request: Request,
        source: Source,
        now: Instant,
    ) -> Result<(), HostError> {
        let Request { id, key, ask } = request;
        let is_full = self.waiting >= self.timing.waiting_max;
        let from_read = (ask == Ask::Get).then_some(self.reads + 1);
        let waiter = Waiter {
            id,
            source,
            from_read,
            since: now,
        };
        if !self.roles.proposers().contains(self.id) {
            self.answer(&key, &waiter, Answer::NotAProposer);
            return Ok(());
        }
        let decree = match self.stage(&key, now)? {
            Some(Stage::Open(decree)) => decree,
            Some(Stage::Closed(value)) => {
                let value = value.clone();
                self.tell_chosen(&key, &waiter, Some(value), now);
                return Ok(());
            }
            None => {
                self.answer(&key, &waiter, Answer::Busy);
                return Ok(());
            }
        };
        // The same request again: its client has grown impatient, or the network has doubled it.
        if let Some(known) = decree.waiting.iter_mut().find(|known| known.id == id) {
            known.source = source;
            return Ok(());
        }
        if is_full {
            self.answer(&key, &waiter, Answer::Busy);
            return Ok(());
        }
        decree.waiting.push(waiter);
        self.waiting += 1;
        match ask {
            Ask::Propose(value) => {
                self.handle(&key, Input::Propose(value), Some(Asked::Client), now);
            }
            Ask::Get => self.begin_read(&key, now),
        }
        Ok(())
    }

    /// Tells a client that has waited.
    pub(super) fn tell(&mut self, key: &Key, waiter: Waiter, chosen: Option<Value>, now: Instant) {
        self.waiting -= 1;
        self.tell_chosen(key, &waiter, chosen, now);
    }

    fn tell_chosen(&mut self, key: &Key, waiter: &Waiter, chosen: Option<Value>, now: Instant) {
        let seconds = now.duration_since(waiter.since).as_secs_f64();
        self.metrics.answer_seconds.observe(seconds);
        self.answer(
            key,
            waiter,
            chosen.map_or(Answer::Undecided, Answer::Chosen),
        );
    }

    fn answer(&mut self, key: &Key, waiter: &Waiter, answer: Answer) {
        let reply = Reply {
            id: waiter.id,
            answer,
        };
        self.let_go(key, Out::Reply(waiter.source, key.clone(), reply));
    }

    /// Asks the acceptors for their votes. If a quorum of phase 1 has none, nothing was chosen when
    /// the read began: whatever is chosen has a quorum of phase 2, which shares an acceptor with that
    /// one. If there is a vote, only a ballot can tell whether it is chosen, and will make it so.
    ///
    /// One read at a time. A client that comes later waits for the next one, since votes may have
    /// been cast after this one's answers.
    pub(super) fn begin_read(&mut self, key: &Key, now: Instant) {
        let (id, acceptors) = (self.id, self.roles.acceptors());
        let number = self.reads + 1;
        let question = self.read_id(number);
        let Some(decree) = self.open(key) else { return };
        if decree.reading.is_some() {
            return;
        }
        decree.reading = Some(Reading::new(number, question));
        let own = decree.node.acceptor().accepted.clone();
        self.reads = number;
        for acceptor in acceptors.iter().filter(|acceptor| *acceptor != id) {
            self.say(key, acceptor, Say::Read(question));
        }
        self.schedule_read(key, now);
        if acceptors.contains(id) {
            self.on_vote_read(key, id, question, own, now);
        }
    }

    /// No two reads of a cluster have the same.
    fn read_id(&self, number: u64) -> RequestId {
        let mut bytes = [0; 16];
        bytes[..7].copy_from_slice(&self.store.header().incarnation.to_be_bytes()[1..]);
        bytes[7] = self.id.into();
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        RequestId::from_bytes(bytes)
    }

    /// An acceptor tells its vote.
    pub(super) fn on_vote_read(
        &mut self,
        key: &Key,
        from: NodeId,
        id: RequestId,
        vote: Option<Vote<Value>>,
        now: Instant,
    ) {
        let (rules, roles) = (self.rules, self.roles);
        let Some(decree) = self.open(key) else { return };
        let Some(reading) = decree.reading.as_mut().filter(|reading| reading.id == id) else {
            return;
        };
        if !roles.acceptors().contains(from) {
            return;
        }
        reading.hear(from, vote);
        if !rules.is_quorum(Phase::Prepare, &roles, reading.heard) {
            return;
        }
        let number = reading.number;
        match decree.reading.take().and_then(|reading| reading.best) {
            Some(vote) => {
                self.handle(key, Input::Propose(vote.value), Some(Asked::Reader), now);
            }
            None => self.nothing_was_chosen(key, number, now),
        }
    }

    /// Tells those who asked before the read began; the others need another read.
    fn nothing_was_chosen(&mut self, key: &Key, number: u64, now: Instant) {
        let Some(decree) = self.open(key) else { return };
        let is_told = |waiter: &mut Waiter| waiter.from_read.is_some_and(|first| first <= number);
        let told: Vec<Waiter> = decree.waiting.extract_if(.., is_told).collect();
        let more = decree
            .waiting
            .iter()
            .any(|waiter| waiter.from_read.is_some());
        for waiter in told {
            self.tell(key, waiter, None, now);
        }
        if more {
            self.begin_read(key, now);
        }
    }
}
