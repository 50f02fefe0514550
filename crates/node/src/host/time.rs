//! What happens because time passes: trying again, forgetting, writing down.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use paxos::{Input, NodeId, Timer};

use super::Host;
use crate::decree::{Slot, Stage};
use crate::journal::Entry;
use crate::wire::Say;
use crate::{HostError, Key, Record};

/// How often a message is said again before another round is started.
const REPEATS_MAX: u32 = 2;
/// How long a client is remembered that waits for an answer.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How often the decrees are looked through.
const SWEEP: Duration = Duration::from_millis(500);

impl Host {
    /// When [`Host::tick`] has something to do.
    pub fn next_tick(&self) -> Instant {
        let sweep = self.swept + SWEEP;
        self.due.first().map_or(sweep, |(due, _)| sweep.min(*due))
    }

    /// Time has passed. Called in every batch.
    ///
    /// # Errors
    /// If the store or the journal refuses.
    pub fn tick(&mut self, now: Instant) -> Result<(), HostError> {
        while let Some((due, key)) = self.due.first().cloned().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, key.clone()));
            self.try_again(&key, now);
            self.talk_to_self(now);
        }
        if now.duration_since(self.swept) >= SWEEP {
            self.swept = now;
            self.sweep(now);
        }
        Ok(())
    }

    /// A decree has waited long enough: say it again, or start another round.
    fn try_again(&mut self, key: &Key, now: Instant) {
        let me = self.id;
        let Some(decree) = self.open(key) else { return };
        decree.due = None;
        if decree.reading.is_some() {
            self.read_again(key);
        }
        let Some(decree) = self.open(key) else { return };
        if !decree.node.is_proposing() {
            self.schedule_read(key, now);
            return;
        }
        if decree.is_refused() || decree.repeats >= REPEATS_MAX {
            decree.attempt += 1;
            self.metrics.rounds.inc();
            self.handle(key, Input::Timeout(Timer::Retry), None, now);
            return;
        }
        decree.repeats += 1;
        let message = decree.asked.as_ref().map(|said| said.message.clone());
        let to = decree.silent(me);
        for (node, message) in to.iter().filter_map(|node| Some((node, message.clone()?))) {
            self.metrics.repeated.inc();
            self.say(key, node, Say::Protocol(message));
        }
        self.schedule(key, Some(Timer::Retry), now);
    }

    fn read_again(&mut self, key: &Key) {
        let (me, acceptors) = (self.id, self.roles.acceptors());
        let Some(reading) = self.open(key).and_then(|decree| decree.reading.clone()) else {
            return;
        };
        let silent = |node: &NodeId| *node != me && !reading.answers.heard.contains(*node);
        for acceptor in acceptors.iter().filter(silent) {
            self.metrics.repeated.inc();
            self.say(key, acceptor, Say::Read(reading.id));
        }
    }

    /// When to try again: a while after the proposer has spoken, soon after it was refused. The more
    /// often it was, the longer, and never twice the same: proposers that keep pace with each
    /// other would go on for ever.
    pub(super) fn schedule(&mut self, key: &Key, set_timer: Option<Timer>, now: Instant) {
        let share = self.chance.f64();
        let timing = self.timing;
        let Some(decree) = self.open(key) else { return };
        let patience = timing.patience(decree.attempt);
        let due = match set_timer {
            Some(Timer::Retry) => now + patience.mul_f64(0.5 + share / 2.0),
            None if decree.is_refused() => {
                let soon = now + patience.mul_f64(share / 2.0);
                decree.due.map_or(soon, |due| due.min(soon))
            }
            None => return,
        };
        self.set_due(key, Some(due));
    }

    /// When to ask again for votes, if nothing is due before.
    pub(super) fn schedule_read(&mut self, key: &Key, now: Instant) {
        let patience = self.timing.patience(0);
        let Some(decree) = self.open(key) else { return };
        if decree.reading.is_some() && decree.due.is_none() {
            self.set_due(key, Some(now + patience));
        }
    }

    pub(super) fn set_due(&mut self, key: &Key, due: Option<Instant>) {
        let Some(decree) = self.open(key) else { return };
        let old = std::mem::replace(&mut decree.due, due);
        if let Some(old) = old {
            self.due.remove(&(old, key.clone()));
        }
        if let Some(due) = due {
            self.due.insert((due, key.clone()));
        }
    }

    /// Forgets clients that have given up, and lets idle decrees leave memory. An open one that is
    /// asked about again is as after a restart, which the protocol allows at any moment.
    fn sweep(&mut self, now: Instant) {
        let mut forgotten = 0;
        for slot in self.decrees.values_mut() {
            if let Stage::Open(decree) = &mut slot.stage {
                let before = decree.waiting.len();
                decree
                    .waiting
                    .retain(|waiter| now.duration_since(waiter.since) < WAIT_MAX);
                forgotten += before - decree.waiting.len();
            }
        }
        self.waiting -= forgotten;
        if let Some(since) = now.checked_sub(self.timing.idle()) {
            self.unload(|slot| slot.is_idle(since));
        }
        // Decisions have waited long enough for the commit of something else.
        self.unsaved.append(&mut self.lazy);
        self.metrics.decrees.set(self.decrees.len() as i64);
        self.metrics.waiting.set(self.waiting as i64);
    }

    /// Lets decided decrees leave memory when there are too many, however lately somebody asked.
    /// Whether any did.
    pub(super) fn make_room(&mut self) -> bool {
        let before = self.decrees.len();
        self.unload(|slot| !slot.unsaved && matches!(slot.stage, Stage::Closed(_)));
        self.decrees.len() < before
    }

    /// Lets decrees leave memory, but those whose decision is not written down yet.
    fn unload(&mut self, may_leave: impl Fn(&Slot) -> bool) {
        let unwritten: HashSet<&Key> = self.lazy.iter().map(|(key, _)| key).collect();
        let leaving: Vec<Key> = self
            .decrees
            .iter()
            .filter(|(key, slot)| may_leave(slot) && !unwritten.contains(key))
            .map(|(key, _)| key.clone())
            .collect();
        for key in leaving {
            self.set_due(&key, None);
            self.decrees.remove(&key);
            self.note(Entry::Unload { key });
        }
    }

    /// Begins another file of the journal if this one is full, with all that is in memory. Called
    /// between batches, when nothing is unsaved.
    ///
    /// # Errors
    /// If the store or the journal refuses.
    pub fn turn_page(&mut self) -> Result<(), HostError> {
        if !self
            .journal
            .as_ref()
            .is_some_and(|journal| journal.is_full())
        {
            return Ok(());
        }
        self.unsaved.append(&mut self.lazy);
        self.save()?;
        self.flush_journal()?;
        let mut entries = vec![Entry::Continue(self.start_entry())];
        entries.extend(self.decrees.iter().map(|(key, slot)| match &slot.stage {
            Stage::Open(decree) => Entry::InMemory {
                key: key.clone(),
                node: Box::new(decree.node.clone()),
            },
            Stage::Closed(value) => Entry::Load {
                key: key.clone(),
                record: Some(Record::Chosen(value.clone())),
            },
        }));
        if let Some(journal) = &mut self.journal {
            journal.rotate()?;
            entries.iter().for_each(|entry| journal.push(entry));
            journal.flush()?;
        }
        Ok(())
    }
}
