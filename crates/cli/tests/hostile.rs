//! Somebody who can send to a cluster and does not know its secret: nothing comes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod real;

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use node::client::{Outcome, Told};
use node::journal::{self, Entry};
use node::store::{self, Record};
use node::wire::{Ask, Body, Codec, DATAGRAM_BYTES_MAX, Drop, Line, Party, Request, Say};
use node::{ClusterFile, ClusterId, Key, RequestId, Secret, Value};
use paxos::{Ballot, Message, NodeId, Round};
use real::{Cluster, PAXOS, id, lasting_addresses};

const LONG: Duration = Duration::from_secs(20);

/// What each reason to drop has counted.
type Dropped = BTreeMap<&'static str, u64>;

fn chosen(value: &str) -> Outcome {
    Outcome::Success(Told::Chosen(value.parse::<Value>().unwrap()))
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn write_secret(path: &Path, bytes: [u8; 32]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Three nodes that share a secret.
fn cluster_with_secret() -> Cluster {
    let cluster = Cluster::at(lasting_addresses(3), "");
    write_secret(&cluster.path().join("cluster.secret"), [0x5e; 32]);
    let text = fs::read_to_string(cluster.config()).unwrap();
    let text = text.replacen('\n', "\nsecret = \"cluster.secret\"\n", 1);
    fs::write(cluster.config(), text).unwrap();
    assert!(read(&cluster).secret.is_some());
    cluster
}

fn read(cluster: &Cluster) -> ClusterFile {
    ClusterFile::read(&cluster.config()).unwrap()
}

/// Somebody else's secret.
fn other_secret(cluster: &Cluster) -> Secret {
    let path = cluster.path().join("other.secret");
    write_secret(&path, [0x0f; 32]);
    Secret::read(&path).unwrap()
}

fn start_with_metrics(cluster: &mut Cluster, number: usize) {
    let mut command = cluster.serve(number);
    command.args(["--metrics", "127.0.0.1:0"]);
    cluster.start_by(number, command);
}

/// Restarts all nodes, with metrics. What was decided is on their disks then, and nothing waits to
/// be written.
fn restart(cluster: &mut Cluster) {
    for number in 0..3 {
        if cluster.is_started(number) {
            assert!(cluster.stop(number).success(), "{}", cluster.log(number));
        }
    }
    for number in 0..3 {
        start_with_metrics(cluster, number);
    }
    cluster.wait_until_all_answer();
}

/// What a node's present process counts.
fn metrics(cluster: &Cluster, number: usize) -> String {
    let log = cluster.log(number);
    let (_, last) = log.rsplit_once(" metrics=").expect("it says where");
    let address: SocketAddr = last.split_whitespace().next().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn dropped(cluster: &Cluster, number: usize) -> Dropped {
    let text = metrics(cluster, number);
    let count = |reason: Drop| {
        let name = format!(
            "paxos_datagrams_dropped_total{{reason=\"{}\"}} ",
            reason.name()
        );
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        (
            reason.name(),
            line.expect("it counts each reason").parse().unwrap(),
        )
    };
    Drop::ALL.map(count).into()
}

/// Waits until a node has dropped so many more than `before`, for these reasons and no others.
fn wait_until_dropped(cluster: &Cluster, number: usize, before: &Dropped, more: &[Drop]) {
    let mut expected = before.clone();
    for reason in more {
        *expected.entry(reason.name()).or_default() += 1;
    }
    let sum = |counts: &Dropped| counts.values().sum::<u64>();
    let deadline = Instant::now() + LONG;
    loop {
        let now = dropped(cluster, number);
        if sum(&now) >= sum(&expected) || Instant::now() >= deadline {
            assert_eq!(now, expected);
            return;
        }
    }
}

/// All bytes in the folder of a node's store.
fn disk(cluster: &Cluster, number: usize) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(cluster.data(number)).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// How often a node was given something to do with a decree, by its journal.
fn handled(cluster: &Cluster, number: usize) -> usize {
    let read = journal::read(&cluster.journal(number)).unwrap();
    let handled = read.entries.iter().filter(|(_, entry)| match entry {
        Entry::Handle { .. } | Entry::Learn { .. } | Entry::Load { .. } => true,
        Entry::Start(_)
        | Entry::Continue(_)
        | Entry::InMemory { .. }
        | Entry::Saved
        | Entry::Answer { .. }
        | Entry::Unload { .. }
        | Entry::Stop => false,
    });
    handled.count()
}

/// Requires that a node has sent nothing here. Its answer to an honest client has come meanwhile,
/// so whatever it had to say before has left.
fn assert_unanswered(cluster: &Cluster, number: usize, socket: &UdpSocket, key: &str, value: &str) {
    assert_eq!(cluster.client(number, LONG).get(key), chosen(value));
    socket.set_nonblocking(true).unwrap();
    let heard = socket.recv_from(&mut [0; 2_000]).unwrap_err();
    assert_eq!(heard.kind(), ErrorKind::WouldBlock);
}

/// What n0 tells n1 while it has `leader` decided. It is not delivered.
fn recorded(cluster: &mut Cluster) -> Vec<Vec<u8>> {
    let relay = UdpSocket::bind("127.0.0.1:0").unwrap();
    relay.set_read_timeout(Some(LONG)).unwrap();
    let addresses = [
        cluster.address(0),
        relay.local_addr().unwrap(),
        cluster.address(2),
    ];
    let config = cluster.path().join("relayed.toml");
    fs::write(
        &config,
        cluster.file("secret = \"cluster.secret\"", &addresses),
    )
    .unwrap();
    let mut command = Command::new(PAXOS);
    command
        .args(["serve", "--id", "0", "--config"])
        .arg(&config);
    command.arg("--data").arg(cluster.data(0));
    command.arg("--journal").arg(cluster.journal(0));
    cluster.start_by(0, command);
    cluster.start(2);
    cluster.wait_until_answers(2);
    assert_eq!(
        cluster.client(0, LONG).propose("leader", "n0"),
        chosen("n0")
    );

    let file = read(cluster);
    let peers = [Party::Node(id(0))];
    let receiver = Codec::new(file.cluster, &file.secret, Party::Node(id(1)), 1, peers);
    let mut recorded = Vec::new();
    loop {
        let mut buffer = [0; DATAGRAM_BYTES_MAX];
        let length = relay.recv(&mut buffer).unwrap();
        recorded.push(buffer[..length].to_vec());
        let Body::Lines(lines) = receiver.open(&buffer[..length]).unwrap().body else {
            panic!("a node says lines");
        };
        let proposes = |line: &Line| matches!(line.say, Say::Protocol(Message::Propose { .. }));
        if lines.iter().any(proposes) {
            return recorded;
        }
    }
}

fn forged_line() -> Line {
    let ballot = Ballot {
        round: Round::new(99).unwrap(),
        node: id(1),
    };
    Line {
        key: key("leader"),
        say: Say::Protocol(Message::Prepare { ballot }),
    }
}

fn request(ask: Ask, about: &str) -> Request {
    Request {
        id: RequestId::random().unwrap(),
        key: key(about),
        ask,
    }
}

fn propose(about: &str, value: &str) -> Request {
    request(Ask::Propose(value.parse().unwrap()), about)
}

/// A line of n1's to n0, by whoever has this secret and takes this for the cluster.
fn line_to_n0(cluster: ClusterId, secret: &Secret, from: NodeId) -> Vec<u8> {
    let to = [Party::Node(id(0))];
    let codec = Codec::new(cluster, secret, Party::Node(from), 1, to);
    codec.lines(id(0), [&forged_line()]).remove(0)
}

fn request_to_n0(cluster: ClusterId, secret: &Secret, request: &Request) -> Vec<u8> {
    let to = [Party::Node(id(0))];
    Codec::new(cluster, secret, Party::Client, 0, to).request(id(0), request)
}

/// What can be made without the secret, and why n0 drops it.
fn forgeries(cluster: &Cluster, recorded: &[u8]) -> Vec<(Drop, Vec<u8>)> {
    let file = read(cluster);
    let (ours, wrong) = (&file.secret, other_secret(cluster));
    let other_cluster = ClusterId::from_bytes([9; 16]);
    let forged = line_to_n0(file.cluster, &wrong, id(1));
    let asked = propose("forged", "evil");
    let changed = |at: usize, to: u8| {
        let mut bytes = forged.clone();
        bytes[at] = to;
        bytes
    };
    let mut turned = recorded.to_vec();
    turned.swap(5, 6);
    let mut disowned = recorded.to_vec();
    (disowned[5], disowned[6]) = (0, 0);
    let real = line_to_n0(file.cluster, ours, id(1));
    let mut flipped = real.clone();
    flipped[40] ^= 1;
    vec![
        (Drop::Tag, forged.clone()),
        (Drop::Tag, line_to_n0(file.cluster, &Secret::none(), id(1))),
        (Drop::Tag, request_to_n0(file.cluster, &wrong, &asked)),
        (
            Drop::Tag,
            request_to_n0(file.cluster, &Secret::none(), &asked),
        ),
        (Drop::Tag, flipped),
        // What n0 itself told n1: reflected, with the direction turned, as if it were its own.
        (Drop::Receiver, recorded.to_vec()),
        (Drop::Tag, turned),
        (Drop::Sender, disowned),
        // The right secret, in a cluster that shares it.
        (Drop::Cluster, line_to_n0(other_cluster, ours, id(1))),
        (Drop::Cluster, request_to_n0(other_cluster, ours, &asked)),
        (Drop::Sender, line_to_n0(file.cluster, ours, id(9))),
        (Drop::Version, changed(4, 1)),
        (Drop::Magic, changed(0, b'Q')),
        (Drop::Length, changed(31, 0)),
        (Drop::Length, [real.as_slice(), &[0]].concat()),
        (Drop::Short, Vec::new()),
        (Drop::Short, real[..64].to_vec()),
        (
            Drop::Long,
            [real.as_slice(), &[0; DATAGRAM_BYTES_MAX]].concat(),
        ),
        (Drop::Long, vec![0; 65_507]),
    ]
}

#[test]
fn who_does_not_know_the_secret_changes_nothing_and_hears_nothing() {
    let mut cluster = cluster_with_secret();
    let recorded = recorded(&mut cluster);
    restart(&mut cluster);
    for number in 0..3 {
        assert_eq!(cluster.client(number, LONG).get("leader"), chosen("n0"));
    }
    restart(&mut cluster);
    for number in 0..3 {
        assert_eq!(cluster.client(number, LONG).get("leader"), chosen("n0"));
    }
    let look = |number| (disk(&cluster, number), handled(&cluster, number));
    let before = [0, 1, 2].map(look);
    let attacker = UdpSocket::bind("127.0.0.1:0").unwrap();
    for sent in &recorded {
        let counted = dropped(&cluster, 0);
        let (reasons, forgeries): (Vec<Drop>, Vec<Vec<u8>>) =
            forgeries(&cluster, sent).into_iter().unzip();
        for forged in &forgeries {
            attacker.send_to(forged, cluster.address(0)).unwrap();
            assert_eq!(cluster.client(0, LONG).get("leader"), chosen("n0"));
        }
        wait_until_dropped(&cluster, 0, &counted, &reasons);
    }
    assert_unanswered(&cluster, 0, &attacker, "leader", "n0");
    assert!(look(0) == before[0], "n0 has done something");

    // The real thing, once more: n1 knows the outcome, and tells n0 and nobody else.
    let counted = dropped(&cluster, 1);
    for sent in &recorded {
        attacker.send_to(sent, cluster.address(1)).unwrap();
    }
    assert_unanswered(&cluster, 1, &attacker, "leader", "n0");
    wait_until_dropped(&cluster, 1, &counted, &[]);
    for (number, before) in before.iter().enumerate() {
        assert!(look(number) == *before, "n{number} has done something");
    }

    assert_eq!(
        cluster.client(0, LONG).propose("next", "honest"),
        chosen("honest")
    );
    let all = cluster.client_of_all(LONG);
    assert_eq!(all.get("forged"), Outcome::Success(Told::Undecided));
    cluster.stop_and_conform();
    let expected = [
        ("leader", Some("n0")),
        ("next", Some("honest")),
        ("forged", None),
    ];
    assert_saved(&cluster, &expected);
}

/// Requires that no store knows another outcome, and most know this one.
fn assert_saved(cluster: &Cluster, expected: &[(&str, Option<&str>)]) {
    let file = read(cluster);
    for (name, outcome) in expected {
        let mut know = 0;
        for number in 0..3 {
            let store =
                store::open(&cluster.data(number), file.cluster, file.roles, id(number)).unwrap();
            match (store.load(&key(name)).unwrap(), outcome) {
                (None, _) => {}
                (Some(Record::Chosen(value)), Some(outcome)) => {
                    assert_eq!(value.bytes(), outcome.as_bytes());
                    know += 1;
                }
                (Some(Record::Open(durable)), Some(outcome)) => {
                    let vote = durable.accepted.map(|vote| vote.value);
                    assert!(vote.is_none_or(|vote| vote.bytes() == outcome.as_bytes()));
                }
                (Some(record), None) => panic!("n{number} knows {name}: {record:?}"),
            }
        }
        assert!(
            outcome.is_none() || know >= 1,
            "nobody has written down {name}"
        );
    }
}

#[test]
fn a_flood_of_forgeries_does_not_keep_honest_clients_from_a_decision() {
    const FORGERIES: usize = 20_000;
    let mut cluster = cluster_with_secret();
    restart(&mut cluster);
    let before = dropped(&cluster, 0);
    let wrong = other_secret(&cluster);
    let forged = request_to_n0(read(&cluster).cluster, &wrong, &propose("forged", "evil"));
    let target = cluster.address(0);
    let attacker = UdpSocket::bind("127.0.0.1:0").unwrap();
    let flooding = attacker.try_clone().unwrap();
    let flood = thread::spawn(move || {
        for _ in 0..FORGERIES {
            // A full buffer loses it, which is as good.
            let _ = flooding.send_to(&forged, target);
        }
    });
    let client = cluster.client(0, LONG);
    let mut decided = 0;
    while !flood.is_finished() || decided == 0 {
        let value = format!("v{decided}");
        assert_eq!(
            client.propose(format!("key {decided}"), &value),
            chosen(&value)
        );
        decided += 1;
    }
    flood.join().unwrap();
    assert_unanswered(&cluster, 0, &attacker, "key 0", "v0");
    let after = dropped(&cluster, 0);
    for reason in Drop::ALL {
        let more = after[reason.name()] - before[reason.name()];
        match reason {
            Drop::Tag => assert!((1..=FORGERIES as u64).contains(&more), "{more}"),
            Drop::Short
            | Drop::Long
            | Drop::Magic
            | Drop::Version
            | Drop::Cluster
            | Drop::Receiver
            | Drop::Sender
            | Drop::Length
            | Drop::Schema
            | Drop::Body => assert_eq!(more, 0, "{reason:?}"),
        }
    }
    assert_eq!(client.propose("afterwards", "honest"), chosen("honest"));
    let all = cluster.client_of_all(LONG);
    assert_eq!(all.get("forged"), Outcome::Success(Told::Undecided));
    cluster.stop_and_conform();
    assert_saved(
        &cluster,
        &[("afterwards", Some("honest")), ("forged", None)],
    );
}

/// The sizes of what is answered to this datagram, by the time an honest client is answered too.
fn answers(cluster: &Cluster, bytes: &[u8]) -> Vec<usize> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(bytes, cluster.address(0)).unwrap();
    assert_eq!(cluster.client(0, LONG).get("known"), chosen("it"));
    socket.set_nonblocking(true).unwrap();
    let mut sizes = Vec::new();
    loop {
        match socket.recv(&mut [0; 2_000]) {
            Ok(size) => sizes.push(size),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return sizes;
            }
        }
    }
}

/// Whoever sends in another's name gets the other less than was sent: one answer at most, and a
/// smaller one. This holds for requests that were recorded, and where there is no secret for all.
fn assert_answers_are_small(cluster: &Cluster) {
    let file = read(cluster);
    let longest = "v".repeat(Value::BYTES_MAX);
    assert_eq!(cluster.client(0, LONG).propose("known", "it"), chosen("it"));
    assert_eq!(
        cluster.client(0, LONG).propose("long", &longest),
        chosen(&longest)
    );
    let requests = [
        request(Ask::Get, "known"),
        request(Ask::Get, "long"),
        propose("long", "another"),
    ];
    for request in requests {
        let asked = request_to_n0(file.cluster, &file.secret, &request);
        let first = answers(cluster, &asked);
        assert!(matches!(*first, [size] if size <= asked.len()), "{first:?}");
        assert_eq!(answers(cluster, &asked), first, "it is answered alike");
        for length in [0, 1, 33, 65, 100, 1_199] {
            let answers = answers(cluster, &asked[..length]);
            assert!(answers.is_empty(), "{length} bytes: {answers:?}");
        }
    }
}

#[test]
fn no_answer_is_larger_than_its_request_with_or_without_a_secret() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start_all();
    assert_answers_are_small(&cluster);
    cluster.stop_and_conform();

    let mut cluster = cluster_with_secret();
    cluster.start_all();
    assert_answers_are_small(&cluster);
    cluster.stop_and_conform();
}
