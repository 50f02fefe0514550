//! What clients ask, and what they are told.
//!
//! What a read that finds no vote rests on is said in [`paxos::Read`]. The first of its premises is kept here: a client that asks
//! while a read is under way waits for the next one.

use std::time::Instant;

use paxos::{Input, NodeId, Read, ReadOutcome, Vote};

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

    /// Asks the acceptors for their votes.
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
        let own = Read::answer(decree.node.acceptor());
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
        let outcome = rules.hear(&mut reading.answers, &roles, from, vote);
        let number = reading.number;
        if outcome != ReadOutcome::Pending {
            decree.reading = None;
        }
        match outcome {
            ReadOutcome::Pending => {}
            ReadOutcome::MayBeChosen(value) => {
                self.handle(key, Input::Propose(value), Some(Asked::Reader), now);
            }
            ReadOutcome::NothingChosen => self.nothing_was_chosen(key, number, now),
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
