//! A small host of real nodes: batches, a store, a journal, a network that loses and doubles, crashes.
//! All of it by one seed, and wrong where a test asks for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use model::{RuleSet, Variant};
use node::journal::{Asked, Entry, FORMAT, Place, Read, Start};
use node::{ClusterId, Key, Record, RequestId, RulesName, Value};
use paxos::{Cluster, Durable, Envelope, Handled, Input, Message, Node, NodeId, NodeSet, Timer};

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) servers: usize,
    pub(crate) keys: usize,
    pub(crate) steps: usize,
    pub(crate) rules: RuleSet,
    /// One in so many steps is a crash; 0 is never.
    pub(crate) crash: usize,
    pub(crate) lie: Lie,
}

/// What hosts do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    /// They send before they save.
    SendsFirst,
    /// Some commits never reach the disk.
    Forgets,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Plan {
        Plan {
            seed,
            servers: 3,
            keys: 3,
            steps: 400,
            rules: RuleSet {
                variant: Variant::Lamport,
                mutant: None,
                down: NodeSet::EMPTY,
            },
            crash: 40,
            lie: Lie::None,
        }
    }
}

#[derive(Clone, Debug)]
enum Say {
    Protocol(Message<Value>),
    Decided(Value),
    Read,
    Voted(Option<Value>),
}

#[derive(Clone, Debug)]
struct Packet {
    from: NodeId,
    to: NodeId,
    key: Key,
    say: Say,
}

#[derive(Clone, Debug)]
enum Out {
    Packet(Packet),
    Answer(Entry),
}

enum Stage {
    Open(Box<Node<Value>>),
    Closed(Value),
}

struct Slot {
    stage: Stage,
    unsaved: bool,
    waiting: Vec<RequestId>,
}

pub(crate) struct Server {
    id: NodeId,
    cluster: Cluster,
    rules: RuleSet,
    incarnation: u64,
    store: BTreeMap<Key, Record>,
    memory: BTreeMap<Key, Slot>,
    unsaved: Vec<(Key, Record)>,
    lazy: Vec<(Key, Record)>,
    early: Vec<Out>,
    late: Vec<Out>,
    to_self: VecDeque<(Key, Envelope<Value>)>,
    pub(crate) journal: Vec<Entry>,
}

pub(crate) fn key(name: &str) -> Key {
    name.parse().unwrap()
}

pub(crate) fn value(name: &str) -> Value {
    name.parse().unwrap()
}

pub(crate) fn id(number: usize) -> NodeId {
    NodeId::new(number).unwrap()
}

impl Server {
    pub(crate) fn start(&mut self) {
        self.incarnation += 1;
        self.memory.clear();
        self.unsaved.clear();
        self.lazy.clear();
        self.early.clear();
        self.late.clear();
        self.to_self.clear();
        let start = self.entry();
        self.journal.push(Entry::Start(start));
    }

    fn entry(&self) -> Start {
        Start {
            format: FORMAT,
            cluster: ClusterId::from_bytes([7; 16]),
            roles: self.cluster,
            rules: match self.rules.variant {
                Variant::StrictAccept => RulesName::StrictAccept,
                Variant::Lamport
                | Variant::Flexible(_)
                | Variant::Weighted(_)
                | Variant::QuorumSets(_) => RulesName::Lamport,
            },
            node: self.id,
            incarnation: self.incarnation,
            schema: node::journal::schema().ok().map(node::Schema::id),
        }
    }

    /// A new file, after the one so far.
    fn turn_page(&mut self) {
        self.journal.push(Entry::Continue(self.entry()));
        for (key, slot) in &self.memory {
            let key = key.clone();
            self.journal.push(match &slot.stage {
                Stage::Open(node) => Entry::InMemory {
                    key,
                    node: node.clone(),
                },
                Stage::Closed(value) => Entry::Load {
                    key,
                    record: Some(Record::Chosen(value.clone())),
                },
            });
        }
    }

    fn slot(&mut self, key: &Key) -> &mut Slot {
        if !self.memory.contains_key(key) {
            let record = self.store.get(key).cloned();
            self.journal.push(Entry::Load {
                key: key.clone(),
                record: record.clone(),
            });
            let start = |disk| {
                let node = self.rules.start(self.id, self.cluster, disk);
                Stage::Open(Box::new(node))
            };
            let stage = match record {
                None => start(Durable::EMPTY),
                Some(Record::Open(durable)) => start(durable),
                Some(Record::Chosen(value)) => Stage::Closed(value),
            };
            let slot = Slot {
                stage,
                unsaved: false,
                waiting: Vec::new(),
            };
            self.memory.insert(key.clone(), slot);
        }
        self.memory.get_mut(key).unwrap()
    }

    pub(crate) fn handle(&mut self, key: &Key, input: Input<Value>, asked: Option<Asked>) {
        let rules = self.rules;
        let Stage::Open(node) = &mut self.slot(key).stage else {
            return;
        };
        let Handled { effects, again } = rules.handle_as_host(node, input.clone());
        self.journal.push(Entry::Handle {
            key: key.clone(),
            input,
            effects: Box::new(effects.clone()),
            asked,
        });
        if let Some(durable) = effects.persist {
            self.slot(key).unsaved = true;
            self.unsaved.push((key.clone(), Record::Open(durable)));
        }
        let said = effects.send.or(again);
        for envelope in said.iter().flat_map(|said| said.envelopes()) {
            if envelope.to == self.id {
                self.to_self.push_back((key.clone(), envelope));
            } else {
                self.say(key, envelope.to, Say::Protocol(envelope.message));
            }
        }
        if let Some(value) = effects.chosen {
            self.close(key, value);
        }
    }

    fn close(&mut self, key: &Key, value: Value) {
        let slot = self.slot(key);
        slot.stage = Stage::Closed(value.clone());
        let waiting = std::mem::take(&mut slot.waiting);
        self.lazy.push((key.clone(), Record::Chosen(value.clone())));
        for request in waiting {
            self.answer(key, request, Some(value.clone()));
        }
    }

    fn answer(&mut self, key: &Key, request: RequestId, chosen: Option<Value>) {
        let entry = Entry::Answer {
            key: key.clone(),
            request,
            chosen,
        };
        self.let_go(key, Out::Answer(entry));
    }

    fn say(&mut self, key: &Key, to: NodeId, say: Say) {
        let packet = Packet {
            from: self.id,
            to,
            key: key.clone(),
            say,
        };
        self.let_go(key, Out::Packet(packet));
    }

    fn let_go(&mut self, key: &Key, out: Out) {
        if self.slot(key).unsaved {
            self.late.push(out);
        } else {
            if let Out::Answer(entry) = &out {
                self.journal.push(entry.clone());
            }
            self.early.push(out);
        }
    }

    fn receive(&mut self, packet: Packet) {
        let Packet { from, to, key, say } = packet;
        let closed = match &self.slot(&key).stage {
            Stage::Closed(value) => Some(value.clone()),
            Stage::Open(_) => None,
        };
        match (closed, say) {
            (
                Some(value),
                Say::Protocol(Message::Prepare { .. } | Message::Propose { .. }) | Say::Read,
            ) => {
                self.say(&key, from, Say::Decided(value));
            }
            (Some(_), _) => {}
            (None, Say::Protocol(message)) => {
                let envelope = Envelope { from, to, message };
                self.handle(&key, Input::Receive(envelope), None);
            }
            (None, Say::Decided(value)) => {
                self.journal.push(Entry::Learn {
                    key: key.clone(),
                    from,
                    value: value.clone(),
                });
                self.close(&key, value);
            }
            (None, Say::Read) => {
                let Stage::Open(node) = &self.slot(&key).stage else {
                    return;
                };
                let vote = node.acceptor().accepted.clone().map(|vote| vote.value);
                self.say(&key, from, Say::Voted(vote));
            }
            (None, Say::Voted(Some(value))) => {
                self.handle(&key, Input::Propose(value), Some(Asked::Reader));
            }
            (None, Say::Voted(None)) => {}
        }
        self.talk_to_self();
    }

    fn talk_to_self(&mut self) {
        while let Some((key, envelope)) = self.to_self.pop_front() {
            self.handle(&key, Input::Receive(envelope), None);
        }
    }

    pub(crate) fn propose(&mut self, key: &Key, value: Value, request: RequestId) {
        let slot = self.slot(key);
        if let Stage::Closed(value) = &slot.stage {
            let value = value.clone();
            self.answer(key, request, Some(value));
            return;
        }
        slot.waiting.push(request);
        self.handle(key, Input::Propose(value), Some(Asked::Client));
        self.talk_to_self();
    }

    fn time_out(&mut self, key: &Key) {
        if self.memory.contains_key(key) {
            self.handle(key, Input::Timeout(Timer::Retry), None);
            self.talk_to_self();
        }
    }

    fn commit(&mut self) {
        for (key, record) in self.unsaved.drain(..).chain(self.lazy.drain(..)) {
            self.store.insert(key, record);
        }
    }

    /// Ends the batch; what leaves.
    fn save(&mut self, forgets: bool) -> Vec<Out> {
        if !self.unsaved.is_empty() {
            match forgets {
                true => self.unsaved.clear(),
                false => self.commit(),
            }
            for slot in self.memory.values_mut() {
                slot.unsaved = false;
            }
            self.journal.push(Entry::Saved);
        }
        let late = std::mem::take(&mut self.late);
        for out in &late {
            if let Out::Answer(entry) = out {
                self.journal.push(entry.clone());
            }
        }
        let mut out = std::mem::take(&mut self.early);
        out.extend(late);
        out
    }

    fn unload(&mut self) {
        let idle: BTreeSet<Key> = self.memory.keys().cloned().collect();
        self.commit();
        for key in idle {
            self.memory.remove(&key);
            self.journal.push(Entry::Unload { key });
        }
    }
}

/// All nodes, and what is on its way.
pub(crate) struct Running {
    pub(crate) servers: Vec<Server>,
    mail: Vec<Packet>,
}

impl Running {
    pub(crate) fn new(plan: &Plan) -> Running {
        let cluster = Cluster::all_roles(plan.servers).unwrap();
        let server = |id| Server {
            id,
            cluster,
            rules: plan.rules,
            incarnation: 0,
            store: BTreeMap::new(),
            memory: BTreeMap::new(),
            unsaved: Vec::new(),
            lazy: Vec::new(),
            early: Vec::new(),
            late: Vec::new(),
            to_self: VecDeque::new(),
            journal: Vec::new(),
        };
        let mut running = Running {
            servers: cluster.nodes().iter().map(server).collect(),
            mail: Vec::new(),
        };
        running.servers.iter_mut().for_each(Server::start);
        running
    }

    /// Ends a node's batch, and sends.
    pub(crate) fn save(&mut self, at: usize, forgets: bool) {
        let out = self.servers[at].save(forgets);
        self.send(out);
    }

    fn send(&mut self, out: Vec<Out>) {
        self.mail
            .extend(out.into_iter().filter_map(|out| match out {
                Out::Packet(packet) => Some(packet),
                Out::Answer(_) => None,
            }));
    }

    /// Hands over the oldest packets, a batch each, until all is quiet.
    pub(crate) fn settle(&mut self) {
        while !self.mail.is_empty() {
            self.deliver();
        }
    }

    /// Hands over the oldest packet, as a batch.
    pub(crate) fn deliver(&mut self) {
        self.hand_over(0);
    }

    /// Hands over the oldest packet for a node, as a batch.
    pub(crate) fn deliver_to(&mut self, at: usize) {
        let mut mail = self.mail.iter();
        let oldest = mail.position(|packet| packet.to == id(at)).unwrap();
        self.hand_over(oldest);
    }

    fn hand_over(&mut self, which: usize) {
        let packet = self.mail.remove(which);
        let at = packet.to.index();
        self.servers[at].receive(packet);
        self.save(at, false);
    }

    /// Hands over copies of all packets for a node, and kills it between the flush of that batch and the line that says so.
    /// Then it starts again.
    pub(crate) fn die_over(&mut self, at: usize) {
        let arrived = self.mail.iter().filter(|packet| packet.to == id(at));
        let arrived: Vec<Packet> = arrived.cloned().collect();
        let server = &mut self.servers[at];
        arrived
            .into_iter()
            .for_each(|packet| server.receive(packet));
        server.commit();
        server.start();
    }

    /// Loses all that is on its way.
    pub(crate) fn lose_all(&mut self) {
        self.mail.clear();
    }

    /// Stops a node, puts back the store that it was made with, and starts it again.
    pub(crate) fn put_back(&mut self, at: usize) {
        let server = &mut self.servers[at];
        server.journal.push(Entry::Stop);
        server.store.clear();
        server.incarnation = 0;
        server.start();
    }

    pub(crate) fn stop(&mut self) {
        for at in 0..self.servers.len() {
            self.save(at, false);
            self.servers[at].commit();
            self.servers[at].journal.push(Entry::Stop);
        }
    }

    pub(crate) fn journals(self) -> Vec<Read> {
        self.servers
            .into_iter()
            .map(|server| read(server.id.index(), server.journal))
            .collect()
    }

    fn crash(&mut self, at: usize, chance: &mut fastrand::Rng, lie: Lie) {
        let server = &mut self.servers[at];
        let early = std::mem::take(&mut server.early);
        let late = std::mem::take(&mut server.late);
        match chance.u8(0..3) {
            // Before the commit; some had left before it.
            0 => self.send(early),
            // After the commit, before its line.
            1 => {
                if !server.unsaved.is_empty() {
                    server.commit();
                }
                self.send(early);
            }
            _ => {}
        }
        if lie == Lie::SendsFirst {
            self.send(late);
        }
        self.servers[at].start();
    }

    fn step(&mut self, plan: &Plan, chance: &mut fastrand::Rng, number: usize) {
        let at = chance.usize(..self.servers.len());
        let key = key(&format!("k{}", chance.usize(..plan.keys)));
        match chance.u8(..20) {
            0..=1 => {
                let asked = value(["tea", "milk", "salt"][chance.usize(..3)]);
                let mut bytes = [0; 16];
                bytes[..8].copy_from_slice(&(number as u64).to_le_bytes());
                self.servers[at].propose(&key, asked, RequestId::from_bytes(bytes));
            }
            2 => self.servers[at].time_out(&key),
            3 if chance.u8(..4) == 0 && self.servers[at].unsaved.is_empty() => {
                self.save(at, false);
                self.servers[at].unload();
            }
            4 if chance.u8(..3) == 0 && self.servers[at].unsaved.is_empty() => {
                self.save(at, false);
                self.servers[at].commit();
                self.servers[at].turn_page();
            }
            5 if chance.u8(..4) == 0 => {
                let to = id((at + 1) % self.servers.len());
                self.servers[at].slot(&key);
                self.servers[at].say(&key, to, Say::Read);
            }
            _ if !self.mail.is_empty() => {
                let which = chance.usize(..self.mail.len());
                let packet = match chance.u8(..10) {
                    0 => self.mail[which].clone(),
                    _ => self.mail.swap_remove(which),
                };
                if chance.u8(..10) != 0 {
                    self.servers[packet.to.index()].receive(packet);
                }
            }
            _ => {}
        }
        if chance.u8(..3) != 0 {
            let at = chance.usize(..self.servers.len());
            let forgets = plan.lie == Lie::Forgets && chance.u8(..8) == 0;
            self.save(at, forgets);
        }
        if plan.crash > 0 && chance.usize(..plan.crash) == 0 {
            self.crash(at, chance, plan.lie);
        }
    }
}

/// The journals of a whole run.
pub(crate) fn run(plan: &Plan) -> Vec<Read> {
    let mut chance = fastrand::Rng::with_seed(plan.seed);
    let mut running = Running::new(plan);
    for number in 0..plan.steps {
        running.step(plan, &mut chance, number);
    }
    if chance.bool() {
        running.stop();
    }
    running.journals()
}

/// A journal of these entries.
pub(crate) fn read(number: usize, entries: Vec<Entry>) -> Read {
    let file: std::sync::Arc<Path> = Path::new(&format!("n{number}.journal")).into();
    let place = |line| Place {
        file: std::sync::Arc::clone(&file),
        line,
    };
    Read {
        entries: (1..).map(place).zip(entries).collect(),
        torn: None,
    }
}
