//! Hosts without sockets: three of them on stores in memory, a clock that is a number, and a network
//! that loses, doubles and reorders by a seed. Whatever leaves a host is held against its store.

#![expect(
    clippy::unwrap_used,
    reason = "it is a test, also where it is not a test function"
)]

#[expect(
    dead_code,
    unreachable_pub,
    reason = "it is a library for the fuzzer and a module here"
)]
#[path = "../fuzz/src/seal.rs"]
mod seal;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use node::wire::{Answer, Ask, Body, Codec, Kind, Line, Party, Request, Say};
use node::{
    ClusterFile, ClusterId, Header, Host, Key, Metrics, Out, Record, RequestId, SchemaId, Store,
    StoreError, Value,
};
use paxos::{Message, NodeId};
use seal::Datagram;

const NODES: usize = 3;

/// A disk: what was committed, and how often.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<(BTreeMap<Key, Record>, u64)>>);

struct Memory {
    header: Header,
    disk: Disk,
}

impl Disk {
    fn record(&self, key: &Key) -> Option<Record> {
        self.0.lock().unwrap().0.get(key).cloned()
    }

    fn commits(&self) -> u64 {
        self.0.lock().unwrap().1
    }
}

impl Store for Memory {
    fn header(&self) -> Header {
        self.header
    }

    fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(self.disk.record(key))
    }

    fn commit(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError> {
        let mut disk = self.disk.0.lock().unwrap();
        disk.0.extend(batch.iter().cloned());
        disk.1 += 1;
        Ok(())
    }
}

fn id(number: usize) -> NodeId {
    NodeId::new(number).unwrap()
}

fn key(name: &str) -> Key {
    name.parse().unwrap()
}

fn value(text: &str) -> Value {
    text.parse().unwrap()
}

fn cluster_file(more: &str) -> ClusterFile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cluster.toml");
    let nodes: String = (0..NODES)
        .map(|i| format!("[[node]]\nid = {i}\naddress = \"127.0.0.1:{}\"\n", 7000 + i))
        .collect();
    let text = format!("cluster = \"{:032x}\"\n{more}\n{nodes}", 1);
    std::fs::write(&path, text).unwrap();
    ClusterFile::read(Path::new(&path)).unwrap()
}

/// Hosts, their disks, and what is on its way.
struct World {
    file: ClusterFile,
    disks: Vec<Disk>,
    hosts: Vec<Option<Host>>,
    incarnation: u64,
    now: Instant,
    /// Datagrams on their way: to whom, and from where.
    mail: Vec<(usize, SocketAddr, Vec<u8>)>,
    /// What clients were told, by request.
    told: Vec<(RequestId, Answer)>,
    client: Codec,
    asked: u128,
    chance: fastrand::Rng,
}

impl World {
    fn new(more: &str, seed: u64) -> World {
        let file = cluster_file(more);
        let nodes = (0..NODES).map(|number| Party::Node(id(number)));
        let client = Codec::new(file.cluster, &file.secret, Party::Client, 0, nodes);
        let mut world = World {
            file,
            disks: Vec::new(),
            hosts: Vec::new(),
            incarnation: 0,
            now: Instant::now(),
            mail: Vec::new(),
            told: Vec::new(),
            client,
            asked: 0,
            chance: fastrand::Rng::with_seed(seed),
        };
        for number in 0..NODES {
            world.disks.push(Disk::default());
            world.hosts.push(None);
            world.start(number);
        }
        world
    }

    fn start(&mut self, number: usize) {
        self.incarnation += 1;
        let header = Header {
            cluster: self.file.cluster,
            node: id(number),
            incarnation: self.incarnation,
        };
        let store = Box::new(Memory {
            header,
            disk: self.disks[number].clone(),
        });
        let seed = self.incarnation;
        let host = Host::new(&self.file, store, None, Metrics::new(), seed, self.now);
        self.hosts[number] = Some(host.unwrap());
    }

    /// A client's request, on its way to a node.
    fn ask(&mut self, number: usize, name: &str, ask: Ask) -> RequestId {
        self.asked += 1;
        let request = Request {
            id: RequestId::from_bytes(self.asked.to_be_bytes()),
            key: key(name),
            ask,
        };
        let datagram = self.client.request(id(number), &request);
        self.mail.push((number, client_address(), datagram));
        request.id
    }

    fn answer(&self, request: RequestId) -> Option<&Answer> {
        let told = self.told.iter().find(|(id, _)| *id == request);
        told.map(|(_, answer)| answer)
    }

    /// One batch of a node: what is handed over, then the four steps. A crash strikes before the
    /// save, or after it.
    fn batch(&mut self, number: usize, datagrams: &[(SocketAddr, Vec<u8>)], crash: Option<bool>) {
        let Some(host) = &mut self.hosts[number] else {
            return;
        };
        for (source, datagram) in datagrams {
            host.receive(datagram, *source, self.now).unwrap();
        }
        host.tick(self.now).unwrap();
        let early = host.early().unwrap();
        self.leave(number, early);
        if crash == Some(false) {
            return self.start(number);
        }
        let Some(host) = &mut self.hosts[number] else {
            return;
        };
        host.save().unwrap();
        if crash == Some(true) {
            return self.start(number);
        }
        let late = host.late().unwrap();
        self.leave(number, late);
    }

    /// What a node lets go. Nothing of it may rest on what its disk does not hold.
    fn leave(&mut self, number: usize, outs: Vec<Out>) {
        for out in outs {
            match out {
                Out::Line(to, line) => {
                    self.check(number, &line);
                    let host = self.hosts[number].as_ref().unwrap();
                    for datagram in host.codec().lines(to, [&line]) {
                        let from = self.file.nodes[number].address;
                        self.mail.push((to.index(), from, datagram));
                    }
                }
                Out::Reply(_, _, reply) => {
                    let host = self.hosts[number].as_ref().unwrap();
                    let datagram = host.codec().reply(&reply);
                    let opened = self.client.open(&datagram).unwrap();
                    assert_eq!(opened.body, Body::Reply(reply.clone()));
                    self.told.push((reply.id, reply.answer));
                }
            }
        }
    }

    fn check(&self, number: usize, line: &Line) {
        let Some(Record::Open(disk)) = self.disks[number].record(&line.key) else {
            return match &line.say {
                Say::Protocol(said) => assert!(
                    self.disks[number].record(&line.key).is_some(),
                    "n{number} says {said} with nothing on its disk"
                ),
                Say::Decided(_) | Say::Read(_) | Say::Voted(..) => {}
            };
        };
        let is_kept = match &line.say {
            Say::Protocol(Message::Prepare { ballot }) => disk.round >= Some(ballot.round),
            Say::Protocol(Message::Promise { ballot, accepted }) => {
                disk.promised >= Some(*ballot) && (accepted.is_none() || disk.accepted.is_some())
            }
            Say::Protocol(Message::Accepted { ballot, .. }) => {
                disk.accepted.as_ref().map(|vote| vote.ballot) >= Some(*ballot)
            }
            Say::Protocol(Message::Nack { promised, .. }) => disk.promised >= Some(*promised),
            Say::Voted(_, vote) => disk.accepted >= *vote,
            Say::Protocol(Message::Propose { .. }) | Say::Decided(_) | Say::Read(_) => true,
        };
        assert!(
            is_kept,
            "n{number} says {line:?}, and its disk says {disk:?}"
        );
    }

    /// Delivers what is on its way, one datagram a batch, until all is quiet.
    fn settle(&mut self) {
        while !self.mail.is_empty() {
            let (to, from, datagram) = self.mail.remove(0);
            self.batch(to, &[(from, datagram)], None);
        }
    }

    /// Lets time pass until something has to be done, and does it.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            let next = self.hosts.iter().flatten().map(Host::next_tick).min();
            self.now = next.unwrap_or(until).clamp(self.now, until);
            for number in 0..NODES {
                self.batch(number, &[], None);
            }
            self.settle();
            self.now += Duration::from_micros(1);
        }
    }

    /// A moment of a bad day: something is delivered, or lost, doubled, kept; or a node crashes.
    fn chaos(&mut self) {
        self.now += Duration::from_micros(self.chance.u64(0..3_000));
        let to = self.chance.usize(0..NODES);
        let mut batch = Vec::new();
        let mut i = 0;
        while i < self.mail.len() {
            if self.mail[i].0 != to || self.chance.u8(0..3) == 0 {
                i += 1;
                continue;
            }
            let (_, from, datagram) = self.mail.swap_remove(i);
            match self.chance.u8(0..10) {
                0 | 1 => {}
                2 | 3 => {
                    self.mail.push((to, from, datagram.clone()));
                    batch.push((from, datagram));
                    i += 1;
                }
                _ => batch.push((from, datagram)),
            }
        }
        let crash = (self.chance.u8(0..40) == 0).then(|| self.chance.bool());
        self.batch(to, &batch, crash);
    }
}

fn client_address() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

#[test]
fn a_request_is_decided_and_everybody_can_be_asked() {
    let mut world = World::new("", 1);
    let nothing = world.ask(0, "k", Ask::Get);
    world.settle();
    assert_eq!(world.answer(nothing), Some(&Answer::Undecided));
    let first = world.ask(0, "k", Ask::Propose(value("a")));
    world.settle();
    assert_eq!(world.answer(first), Some(&Answer::Chosen(value("a"))));
    for number in 0..NODES {
        let read = world.ask(number, "k", Ask::Get);
        let propose = world.ask(number, "k", Ask::Propose(value("b")));
        world.settle();
        assert_eq!(world.answer(read), Some(&Answer::Chosen(value("a"))));
        assert_eq!(world.answer(propose), Some(&Answer::Chosen(value("a"))));
    }
}

#[test]
fn a_decision_takes_three_flushes_one_after_another() {
    let mut world = World::new("", 1);
    world.ask(0, "k", Ask::Propose(value("a")));
    world.settle();
    // n0: its round with its promise, its vote. The others: their promises, their votes.
    let commits: Vec<u64> = world.disks.iter().map(Disk::commits).collect();
    assert_eq!(commits, [2, 2, 2]);
}

#[test]
fn on_any_bad_day_nothing_leaves_unsaved_and_all_are_told_the_same() {
    for seed in 0..300 {
        let mut world = World::new(
            "[timing]\nretry-ms = 5\nretry-ms-max = 40\nidle-ms = 30",
            seed,
        );
        let mut requests = Vec::new();
        let mut proposed: BTreeMap<Key, BTreeSet<Value>> = BTreeMap::new();
        for step in 0..400 {
            if step % 25 == 0 {
                let name = ["k", "l"][world.chance.usize(0..2)];
                let number = world.chance.usize(0..NODES);
                let ask = match world.chance.u8(0..3) {
                    0 => Ask::Get,
                    _ => Ask::Propose(value(&format!("v{step}"))),
                };
                if let Ask::Propose(value) = &ask {
                    proposed.entry(key(name)).or_default().insert(value.clone());
                }
                requests.push((key(name), world.ask(number, name, ask)));
            }
            world.chaos();
        }
        let mut chosen: BTreeMap<&Key, &Value> = BTreeMap::new();
        for (key, request) in &requests {
            if let Some(Answer::Chosen(value)) = world.answer(*request) {
                assert_eq!(
                    *chosen.entry(key).or_insert(value),
                    value,
                    "seed {seed}, {key}"
                );
                assert!(proposed[key].contains(value), "seed {seed}, {key}");
            }
        }
        // The storm is over: everything that was asked for can be decided, and stays what it was.
        let chosen: BTreeMap<Key, Value> = chosen
            .into_iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        for key in proposed.keys() {
            let name = key.to_string();
            let asked = world.ask(0, &name, Ask::Propose(value("late")));
            world.settle();
            world.pass(Duration::from_secs(2));
            match world.answer(asked) {
                Some(Answer::Chosen(value)) => {
                    assert!(
                        chosen.get(key).is_none_or(|before| before == value),
                        "seed {seed}"
                    );
                }
                other => panic!("seed {seed}, {key}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_lost_promise_is_said_again_when_it_is_asked_for_again() {
    let mut world = World::new("", 1);
    let asked = world.ask(0, "k", Ask::Propose(value("a")));
    let (_, from, request) = world.mail.remove(0);
    world.batch(0, &[(from, request)], None);
    // Both Prepares arrive, and both Promises are lost.
    for (to, from, datagram) in std::mem::take(&mut world.mail) {
        world.batch(to, &[(from, datagram)], None);
    }
    world.mail.clear();
    world.pass(Duration::from_millis(500));
    assert_eq!(world.answer(asked), Some(&Answer::Chosen(value("a"))));
    let metrics = world.hosts[0].as_ref().unwrap().metrics();
    assert_eq!(metrics.rounds.get(), 0, "it takes no second round");
    assert!(metrics.repeated.get() > 0);
}

#[test]
fn a_node_that_is_left_alone_says_nothing_it_does_not_know() {
    let mut world = World::new("", 1);
    world.hosts[1] = None;
    world.hosts[2] = None;
    let asked = world.ask(0, "k", Ask::Propose(value("a")));
    let read = world.ask(0, "k", Ask::Get);
    world.settle();
    world.pass(Duration::from_secs(5));
    assert_eq!(world.answer(asked), None);
    assert_eq!(world.answer(read), None);
    world.start(1);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.answer(asked), Some(&Answer::Chosen(value("a"))));
    // Nothing was chosen as long as a quorum could not be asked, nor when it first could be.
    assert_eq!(world.answer(read), Some(&Answer::Undecided));
}

#[test]
fn a_reader_is_not_told_less_than_is_known_when_it_is_told() {
    let mut world = World::new("", 1);
    let read = world.ask(0, "k", Ask::Get);
    let (_, client, request) = world.mail.remove(0);
    world.batch(0, &[(client, request)], None);
    let (to, from, question) = world.mail.remove(0);
    let peer = world.hosts[to].as_ref().unwrap().codec();
    let Body::Lines(lines) = peer.open(&question).unwrap().body else {
        panic!("nodes say lines");
    };
    let Say::Read(question) = lines[0].say else {
        panic!("{lines:?}");
    };
    // In one batch: something that has to be saved, no vote of the peer's, and its decision.
    let heard = [Say::Voted(question, None), Say::Decided(value("a"))]
        .map(|say| Line { key: key("k"), say });
    let heard = peer.lines(id(0), &heard).remove(0);
    let own = world.ask(0, "k", Ask::Propose(value("b")));
    let (_, client, propose) = world.mail.pop().unwrap();
    world.batch(0, &[(client, propose), (from, heard)], None);
    assert_eq!(world.answer(own), Some(&Answer::Chosen(value("a"))));
    assert_eq!(world.answer(read), Some(&Answer::Chosen(value("a"))));
}

#[test]
fn too_many_who_wait_are_sent_away_and_nothing_is_done_for_them() {
    let mut world = World::new("[timing]\nwaiting-max = 2", 1);
    world.hosts[1] = None;
    world.hosts[2] = None;
    world.ask(0, "k", Ask::Propose(value("a")));
    world.ask(0, "l", Ask::Propose(value("a")));
    world.settle();
    let third = world.ask(0, "m", Ask::Propose(value("a")));
    world.settle();
    assert_eq!(world.answer(third), Some(&Answer::Busy));
    assert_eq!(world.disks[0].record(&key("m")), None);
}

#[test]
fn idle_decrees_leave_memory_and_come_back_from_the_disk() {
    let mut world = World::new("[timing]\nidle-ms = 100", 1);
    world.ask(0, "k", Ask::Propose(value("a")));
    world.settle();
    world.pass(Duration::from_secs(3));
    for (number, disk) in world.disks.iter().enumerate() {
        assert_eq!(
            disk.record(&key("k")),
            Some(Record::Chosen(value("a"))),
            "n{number}"
        );
        let host = world.hosts[number].as_ref().unwrap();
        assert_eq!(
            format!("{host:?}"),
            format!("Host(n{number} with 0 decrees)")
        );
    }
    let read = world.ask(2, "k", Ask::Get);
    world.settle();
    assert_eq!(world.answer(read), Some(&Answer::Chosen(value("a"))));
}

#[test]
fn a_node_that_hears_of_another_decision_stops() {
    let mut world = World::new("", 1);
    world.ask(0, "k", Ask::Propose(value("a")));
    world.settle();
    let liar = Codec::new(
        ClusterId::from_bytes(*world.file.cluster.bytes()),
        &world.file.secret,
        Party::Node(id(1)),
        9,
        [Party::Node(id(0))],
    );
    let line = Line {
        key: key("k"),
        say: Say::Decided(value("b")),
    };
    let datagram = liar.lines(id(0), [&line]).remove(0);
    let host = world.hosts[0].as_mut().unwrap();
    let error = host
        .receive(&datagram, client_address(), world.now)
        .unwrap_err();
    assert!(
        error.to_string().starts_with("agreement is broken for k"),
        "{error}"
    );
}

#[test]
fn decided_decrees_make_room_for_others_however_lately_they_were_asked_for() {
    let mut world = World::new("", 1);
    // One more than a node keeps in memory.
    let lines: Vec<Line> = (0..=1 << 17)
        .map(|number| Line {
            key: key(&format!("k{number}")),
            say: Say::Decided(value("a")),
        })
        .collect();
    let peer = world.hosts[1].as_ref().unwrap().codec();
    let from = world.file.nodes[1].address;
    for datagram in peer.lines(id(0), &lines) {
        world.batch(0, &[(from, datagram)], None);
    }
    let read = world.ask(0, "new", Ask::Get);
    let known = world.ask(0, "k0", Ask::Get);
    world.settle();
    assert_eq!(world.answer(read), Some(&Answer::Undecided));
    assert_eq!(world.answer(known), Some(&Answer::Chosen(value("a"))));
    let metrics = world.hosts[0].as_ref().unwrap().metrics();
    assert_eq!(metrics.turned_away.get(), 0);
}

/// What is told while it is the subscriber of this thread.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut all = self.0.lock().unwrap();
        event.record(
            &mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                if field.name() == "message" {
                    all.push(format!("{value:?}"));
                }
            },
        );
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn nodes_of_another_core_are_refused_by_name_and_that_is_told_once() {
    let warnings = Warnings::default();
    let _subscribed = tracing::subscriber::set_default(warnings.clone());
    let mut world = World::new("", 1);
    let (file, now) = (world.file.clone(), world.now);
    let line = Line {
        key: key("k"),
        say: Say::Read(RequestId::from_bytes([1; 16])),
    };
    let body = [&[1, b'k', 2], [1; 16].as_slice()].concat();
    // There is no secret, but the keys follow from the roles as well: three sets of two bytes.
    let roles = [7, 0, 7, 0, 7, 0];
    let other = |from: u8| {
        let right = Datagram::new(file.cluster, &roles, from, 0, &body);
        let schema = SchemaId::from_bytes([from; 8]);
        Datagram { schema, ..right }.seal()
    };
    let of_version_1 = {
        let peer = Codec::new(
            file.cluster,
            &file.secret,
            Party::Node(id(1)),
            1,
            [Party::Node(id(0))],
        );
        let mut bytes = peer.lines(id(0), [&line]).remove(0);
        bytes[4] = 1;
        bytes
    };
    let host = world.hosts[0].as_mut().unwrap();
    for bytes in [
        other(1),
        other(1),
        other(2),
        of_version_1.clone(),
        other(1),
        of_version_1,
    ] {
        host.receive(&bytes, client_address(), now).unwrap();
    }
    let text = host.metrics().text();
    for count in [
        "{reason=\"schema\"} 4",
        "{reason=\"version\"} 2",
        "{reason=\"tag\"} 0",
    ] {
        assert!(text.contains(count), "{text}");
    }
    let told = warnings.0.lock().unwrap().clone();
    let ours = Kind::Lines.schema_id();
    let schema = |node: u8| {
        format!(
            "datagrams of n{node} at {} are dropped: their bodies have schema {}, and this program reads schema {ours}: \
             it was built from another core; run one program on all nodes and clients",
            client_address(),
            format!("0{node}").repeat(8)
        )
    };
    let version = format!(
        "datagrams from {} are dropped: they have version 1, and this program reads version 2; run one program on all \
         nodes and clients",
        client_address()
    );
    assert_eq!(told, [schema(1), schema(2), version]);
}
