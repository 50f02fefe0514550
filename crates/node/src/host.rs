//! The host of the protocol: many decrees, one store, one journal, and a batch at a time.
//!
//! A batch goes in four steps, which [`Host`] offers one by one so that the loop around it shows their
//! order: hand over what has arrived ([`Host::receive`], [`Host::tick`]); let go what rests on nothing
//! unsaved ([`Host::early`]); make everything durable with one flush ([`Host::save`]); let go the rest
//! ([`Host::late`]). There is no socket and no clock in here.
//!
//! What is taken for granted of the core:
//!
//! 1. What was persisted last is all that a node needs to go on. An idle decree leaves memory and comes back as after a
//!    restart.
//! 2. What is chosen stays chosen, and is the same everywhere. A decree is closed by the first decision that its node
//!    or a peer tells, and only the value is kept. A peer that tells another one ends the process: agreement is broken.
//! 3. What [`paxos::Read`] says it rests on: readers are answered by it.
//! 4. A message that is heard twice does no harm: a proposer's last one is said again while its ballot is under way.
//!
//! Of what peers say, nothing else is refused: what a message means, and whether it may be said, is known to the core
//! alone. What the host lets go by is not about the protocol: an answer to a read that has ended or was not asked here,
//! a vote told by who is no acceptor in the cluster file, and what comes for a new decree when memory is full.

mod dropped;
mod peers;
mod requests;
mod time;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::time::Instant;

use paxos::{Cluster, Durable, Effects, Envelope, Handled, Input, NodeId};

use crate::decree::{Decree, Slot, Stage};
use crate::journal::{self, Asked, Entry, Start, Writer};
use crate::metrics::Metrics;
use crate::wire::{Answer, Body, Codec, Drop, Kind, Line, Party, Say};
use crate::{
    ClusterFile, HostError, Key, Out, Record, RulesName, Schema, Source, Store, Timing, Value,
};

use dropped::Notice;

/// How many decrees may be in memory.
const DECREES_MAX: usize = 1 << 17;
/// How many decisions may wait for the commit of something else.
const LAZY_MAX: usize = 4096;

/// A node of many decrees.
pub struct Host {
    id: NodeId,
    roles: Cluster,
    rules: RulesName,
    timing: Timing,
    codec: Codec,
    store: Box<dyn Store>,
    journal: Option<Writer>,
    metrics: Metrics,
    chance: fastrand::Rng,
    decrees: HashMap<Key, Slot>,
    /// When which decree wants to try again.
    due: BTreeSet<(Instant, Key)>,
    /// Envelopes of this node to itself: handed over within the batch.
    to_self: VecDeque<(Key, Envelope<Value>)>,
    /// What the next commit must make durable.
    unsaved: Vec<(Key, Record)>,
    /// Decisions, which the votes hold already: written down with the next commit, or before long.
    lazy: Vec<(Key, Record)>,
    /// What may leave before the next commit, and what may not.
    early: Vec<Out>,
    late: Vec<Out>,
    /// How many clients wait for an answer.
    waiting: usize,
    /// How many reads were begun.
    reads: u64,
    swept: Instant,
    /// What was told of datagrams that are dropped.
    notices: HashSet<Notice>,
}

impl Host {
    /// A node of this cluster, on its store, as it starts.
    ///
    /// # Errors
    /// If the journal cannot be written, or the core's messages are such that they have no schema.
    pub fn new(
        file: &ClusterFile,
        store: Box<dyn Store>,
        journal: Option<Writer>,
        metrics: Metrics,
        seed: u64,
        now: Instant,
    ) -> Result<Host, HostError> {
        Kind::Lines.schema()?;
        journal::schema()?;
        let header = store.header();
        let others = file.nodes.iter().map(|node| node.id);
        let peers = others
            .filter(|id| *id != header.node)
            .map(Party::Node)
            .chain([Party::Client]);
        let me = Party::Node(header.node);
        let mut host = Host {
            id: header.node,
            roles: file.roles,
            rules: file.rules,
            timing: file.timing,
            codec: Codec::new(file.cluster, &file.secret, me, header.incarnation, peers),
            store,
            journal,
            metrics,
            chance: fastrand::Rng::with_seed(seed),
            decrees: HashMap::new(),
            due: BTreeSet::new(),
            to_self: VecDeque::new(),
            unsaved: Vec::new(),
            lazy: Vec::new(),
            early: Vec::new(),
            late: Vec::new(),
            waiting: 0,
            reads: 0,
            swept: now,
            notices: HashSet::new(),
        };
        let start = host.start_entry();
        host.note(Entry::Start(start));
        host.flush_journal()?;
        Ok(host)
    }

    /// What its datagrams are written and read with.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// What it counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn start_entry(&self) -> Start {
        let header = self.store.header();
        Start {
            format: journal::FORMAT,
            cluster: header.cluster,
            roles: self.roles,
            rules: self.rules,
            node: self.id,
            incarnation: header.incarnation,
            schema: journal::schema().ok().map(Schema::id),
        }
    }

    /// A datagram arrives. What cannot be believed is dropped and counted.
    ///
    /// # Errors
    /// If the store cannot be read, or a peer says that another value is decided.
    pub fn receive(&mut self, bytes: &[u8], source: Source, now: Instant) -> Result<(), HostError> {
        self.metrics.received.inc();
        match self.codec.open(bytes).map(|said| (said.from, said.body)) {
            Ok((_, Body::Request(request))) => self.on_request(request, source, now)?,
            Ok((Party::Node(from), Body::Lines(lines))) => {
                for line in lines {
                    self.on_line(from, line, now)?;
                }
            }
            // A node's codec opens neither.
            Ok((Party::Client, Body::Lines(_)) | (_, Body::Reply(_))) => {
                self.on_drop(Drop::Body, bytes, source);
            }
            Err(reason) => self.on_drop(reason, bytes, source),
        }
        self.talk_to_self(now);
        Ok(())
    }

    /// Hands over the envelopes to oneself, until every decree waits for others.
    fn talk_to_self(&mut self, now: Instant) {
        while let Some((key, envelope)) = self.to_self.pop_front() {
            self.handle(&key, Input::Receive(envelope), None, now);
        }
    }

    /// What may leave now: all it rests on is saved. To be sent before [`Host::save`] is called.
    ///
    /// # Errors
    /// If the journal cannot be written; then nothing may leave.
    pub fn early(&mut self) -> Result<Vec<Out>, HostError> {
        self.flush_journal()?;
        Ok(std::mem::take(&mut self.early))
    }

    /// Makes everything durable that was handed over so far, with one flush.
    ///
    /// # Errors
    /// If any of it may not be on disk. Nothing may leave any more: the process ends.
    pub fn save(&mut self) -> Result<(), HostError> {
        if self.unsaved.is_empty() && self.lazy.len() < LAZY_MAX {
            return Ok(());
        }
        let mut batch = std::mem::take(&mut self.unsaved);
        batch.append(&mut self.lazy);
        let timer = self.metrics.commit_seconds.start_timer();
        self.store.commit(&batch)?;
        timer.observe_duration();
        self.metrics.commit_records.observe(batch.len() as f64);
        for (key, _) in &batch {
            if let Some(slot) = self.decrees.get_mut(key) {
                slot.unsaved = false;
            }
        }
        self.note(Entry::Saved);
        Ok(())
    }

    /// The rest, which may leave now that all is saved.
    ///
    /// # Errors
    /// If the journal cannot be written; then nothing may leave.
    pub fn late(&mut self) -> Result<Vec<Out>, HostError> {
        let mut late = std::mem::take(&mut self.late);
        for out in &mut late {
            // A read that found nothing, and a decision later in the same batch: both may be told.
            // The journal is simpler to judge if a node never tells less than it knows.
            if let Out::Reply(_, key, reply) = out
                && reply.answer == Answer::Undecided
                && let Some(Stage::Closed(value)) = self.decrees.get(key).map(|slot| &slot.stage)
            {
                reply.answer = Answer::Chosen(value.clone());
            }
            self.note_answer(out);
        }
        self.flush_journal()?;
        Ok(late)
    }

    /// Ends in order: decisions are written down.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn stop(&mut self) -> Result<(), HostError> {
        self.unsaved.append(&mut self.lazy);
        self.save()?;
        self.note(Entry::Stop);
        self.flush_journal()
    }

    /// How far the decree has come, by memory or by the store; `None` if there is no room for another.
    fn stage(&mut self, key: &Key, now: Instant) -> Result<Option<&mut Stage>, HostError> {
        if !self.decrees.contains_key(key) {
            if self.decrees.len() >= DECREES_MAX && !self.make_room() {
                return Ok(None);
            }
            let record = self.store.load(key)?;
            if self.journal.is_some() {
                self.note(Entry::Load {
                    key: key.clone(),
                    record: record.clone(),
                });
            }
            let start = |disk| {
                let node = self.rules.start(self.id, self.roles, disk);
                Stage::Open(Box::new(Decree::new(node)))
            };
            let slot = Slot {
                unsaved: false,
                touched: now,
                stage: match record {
                    Some(Record::Chosen(value)) => Stage::Closed(value),
                    Some(Record::Open(disk)) => start(disk),
                    None => start(Durable::EMPTY),
                },
            };
            self.decrees.insert(key.clone(), slot);
        }
        Ok(self.decrees.get_mut(key).map(|slot| {
            slot.touched = now;
            &mut slot.stage
        }))
    }

    /// The decree's node, if it is in memory and not known to be decided.
    fn open(&mut self, key: &Key) -> Option<&mut Decree> {
        self.decrees.get_mut(key).and_then(Slot::open)
    }

    /// Hands an open decree's node an input, and puts its effects where they are carried out in
    /// order.
    fn handle(&mut self, key: &Key, input: Input<Value>, asked: Option<Asked>, now: Instant) {
        let rules = self.rules;
        let Some(decree) = self.open(key) else { return };
        let was_refused = decree.is_refused();
        let Handled { effects, again } = rules.handle(&mut decree.node, input.clone());
        let is_news = decree.is_refused() && !was_refused;
        if let Some(said) = &effects.send {
            decree.said(said);
        }
        if self.journal.is_some() {
            self.note(Entry::Handle {
                key: key.clone(),
                input,
                effects: Box::new(effects.clone()),
                asked,
            });
        }
        let Effects {
            persist,
            send,
            set_timer,
            chosen,
        } = effects;
        if let Some(durable) = persist {
            self.persist(key, durable);
        }
        if again.is_some() {
            self.metrics.repeated.inc();
        }
        let said = send.or(again);
        for envelope in said.iter().flat_map(|broadcast| broadcast.envelopes()) {
            if envelope.to == self.id {
                self.to_self.push_back((key.clone(), envelope));
            } else {
                self.say(key, envelope.to, Say::Protocol(envelope.message));
            }
        }
        if set_timer.is_some() || is_news {
            self.schedule(key, set_timer, now);
        }
        if let Some(value) = chosen {
            self.close(key, value, now);
        }
    }

    fn persist(&mut self, key: &Key, durable: Durable<Value>) {
        if let Some(slot) = self.decrees.get_mut(key) {
            slot.unsaved = true;
        }
        self.unsaved.push((key.clone(), Record::Open(durable)));
    }

    /// The decree is decided: whoever waits is told, and only the value is kept.
    fn close(&mut self, key: &Key, value: Value, now: Instant) {
        self.set_due(key, None);
        let Some(slot) = self.decrees.get_mut(key) else {
            return;
        };
        let Stage::Open(decree) = std::mem::replace(&mut slot.stage, Stage::Closed(value.clone()))
        else {
            return;
        };
        self.metrics.decided.inc();
        self.lazy.push((key.clone(), Record::Chosen(value.clone())));
        for waiter in decree.waiting {
            self.tell(key, waiter, Some(value.clone()), now);
        }
    }

    /// Says something to a peer, as soon as all that it may rest on is saved.
    fn say(&mut self, key: &Key, to: NodeId, say: Say) {
        let line = Line {
            key: key.clone(),
            say,
        };
        self.let_go(key, Out::Line(to, line));
    }

    fn let_go(&mut self, key: &Key, out: Out) {
        if self.decrees.get(key).is_some_and(|slot| slot.unsaved) {
            self.late.push(out);
        } else {
            self.note_answer(&out);
            self.early.push(out);
        }
    }

    fn note_answer(&mut self, out: &Out) {
        if let Out::Reply(_, _, reply) = out {
            self.metrics.answered(&reply.answer);
        }
        if let (Some(_), Some(entry)) = (&self.journal, out.entry()) {
            self.note(entry);
        }
    }

    fn note(&mut self, entry: Entry) {
        if let Some(journal) = &mut self.journal {
            journal.push(&entry);
        }
    }

    fn flush_journal(&mut self) -> Result<(), HostError> {
        match &mut self.journal {
            Some(journal) => Ok(journal.flush()?),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({} with {} decrees)", self.id, self.decrees.len())
    }
}
