//! The eight points at which a request or its answer can fail, each made to happen to real processes;
//! what a client is told of it; and that nothing is lost which somebody was told.

#![expect(clippy::unwrap_used, reason = "it is for tests alone")]

mod real;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use node::client::{Client, Outcome, Told};
use node::{ClusterFile, Key, Value};
use real::disk::Disk;
use real::memory::{forgotten, forgotten_in, has_heard, is_at_rest, was_asked};
use real::relay::{Relay, Way};
use real::strace::Attached;
use real::{Cluster, PAXOS, id, lasting_addresses};

/// For what should be answered.
const LONG: Duration = Duration::from_secs(20);
/// For what should not.
const SHORT: Duration = Duration::from_millis(700);

/// Nothing is forgotten meanwhile: that would be written into the journal.
const NO_IDLING: &str = "[timing]\nidle-ms = 600000\n";

/// The exit codes of `paxos propose` and `paxos get`.
const SUCCESS: i32 = 0;
const POST_FAILED: i32 = 4;
const RETRYABLE: i32 = 5;
const FATAL: i32 = 6;
const UNKNOWN: i32 = 7;

fn chosen(value: &str) -> Outcome {
    Outcome::Success(Told::Chosen(value.parse::<Value>().unwrap()))
}

fn undecided() -> Outcome {
    Outcome::Success(Told::Undecided)
}

/// All that a client may say who asked n0 and got no answer, whether the request was not done, or the
/// answer not sent, or not delivered: points 2, 5 and 6 have this one text between them.
fn silence() -> Outcome {
    Outcome::Unknown(format!(
        "no valid answer from n0 within {SHORT:?}: it may have been done, or may yet be; ask again with the \
         same value, which is always safe"
    ))
}

/// A client that finds n0 at another address.
fn client_by(cluster: &Cluster, n0: SocketAddr, timeout: Duration) -> Client {
    Client::new(ClusterFile::read(&config_by(cluster, n0)).unwrap(), timeout)
}

/// A cluster file with n0 at another address.
fn config_by(cluster: &Cluster, n0: SocketAddr) -> PathBuf {
    let path = cluster.path().join("client.toml");
    let text = fs::read_to_string(cluster.config()).unwrap();
    let here = cluster.address(0).to_string();
    fs::write(&path, text.replace(&here, &n0.to_string())).unwrap();
    path
}

/// `paxos propose` or `paxos get`, asking n0 alone, started.
fn ask_n0(config: &Path, what: &[&str]) -> Child {
    ask_n0_for("700ms", config, what)
}

fn ask_n0_for(timeout: &str, config: &Path, what: &[&str]) -> Child {
    Command::new(PAXOS)
        .args([what[0], "--config"])
        .arg(config)
        .args(["--server", "0", "--timeout", timeout])
        .args(&what[1..])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How it ended, and what it said.
fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// That the command says the same as the library, and its exit code the same as its words.
fn assert_silence(ended: &(Option<i32>, String)) {
    let (code, said) = ended;
    assert_eq!(*code, Some(UNKNOWN), "{said}");
    let silence = silence();
    assert!(said.contains("UNKNOWN"), "{said}");
    assert!(said.contains(silence.reason().unwrap()), "{said}");
}

/// Injects faults into what a node does from now on: it is at rest, so the first call that fails is one
/// of the next request.
fn attach(cluster: &Cluster, number: usize, faults: &[&str]) -> Attached {
    wait_until("it is at rest", || is_at_rest(cluster, number));
    Attached::to(cluster.pid(number), faults)
}

/// Starts a node, and waits until it answers.
fn start(cluster: &mut Cluster, number: usize) {
    cluster.start(number);
    cluster.wait_until_answers(number);
}

/// Starts a node that cannot answer, since it has no majority, and waits until it listens.
fn start_alone(cluster: &mut Cluster, number: usize) {
    cluster.start(number);
    wait_until("it listens", || cluster.log(number).contains("serving"));
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

// 1. POST REQUEST

#[test]
fn post_request_a_refused_port_is_post_failed() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    let nobody = cluster.client_of_all(SHORT).propose("k", "a");
    assert!(matches!(nobody, Outcome::PostFailed(_)), "{nobody}");
    let (code, said) = ended(ask_n0(&cluster.config(), &["propose", "k", "a"]));
    assert_eq!(code, Some(POST_FAILED), "{said}");
    assert!(said.contains("POST_FAILED"), "{said}");

    // Asking on is the way on: n0 refuses, n1 answers. What was never posted was never done.
    cluster.start(1);
    cluster.start(2);
    cluster.wait_until_answers(1);
    assert_eq!(cluster.client_of_all(LONG).get("k"), undecided());
    assert_eq!(cluster.client_of_all(LONG).propose("k", "b"), chosen("b"));
    start(&mut cluster, 0);
    cluster.stop_and_conform();
}

#[test]
fn post_request_what_is_refused_outright_is_fatal_and_what_is_too_much_retryable() {
    let acceptor = "id = 2\nroles = [\"acceptor\", \"learner\"]";
    let mut cluster = Cluster::at(lasting_addresses(3), "[timing]\nwaiting-max = 1\n")
        .with_file(|text| text.replace("id = 2", acceptor));
    cluster.start(0);
    cluster.start(1);
    start_alone(&mut cluster, 2);
    cluster.wait_until_answers(0);

    let large = "x".repeat(Value::BYTES_MAX + 1);
    let refused = cluster.client_of_all(LONG).propose("k", &large);
    assert!(matches!(refused, Outcome::Fatal(_)), "{refused}");
    let (code, said) = ended(ask_n0(&cluster.config(), &["propose", "k", &large]));
    assert_eq!(code, Some(FATAL), "{said}");
    let not_a_proposer = cluster.client(2, LONG).propose("k", "a");
    assert!(
        matches!(not_a_proposer, Outcome::Fatal(_)),
        "{not_a_proposer}"
    );

    // n0 alone can decide nothing: one client waits, and there is no room for another.
    cluster.kill(1);
    cluster.kill(2);
    assert_eq!(cluster.client(0, SHORT).propose("waits", "a"), silence());
    let busy = cluster.client(0, LONG).propose("k", "a");
    assert!(matches!(busy, Outcome::Retryable(_)), "{busy}");
    let (code, said) = ended(ask_n0(&cluster.config(), &["propose", "k", "a"]));
    assert_eq!(code, Some(RETRYABLE), "{said}");
    start(&mut cluster, 1);
    assert_eq!(cluster.client(1, LONG).get("k"), undecided());
    cluster.stop_and_conform();
}

// 2. DELIVER REQUEST

#[test]
fn deliver_request_a_server_that_dies_of_the_request_is_unknown() {
    let mut cluster = Cluster::at(lasting_addresses(3), NO_IDLING);
    cluster.start_all();
    assert_eq!(cluster.client(0, LONG).propose("before", "a"), chosen("a"));
    let tracer = attach(&cluster, 0, &["fdatasync:signal=SIGKILL"]);
    // Its later posts are refused, and it does not conclude from them that none was delivered.
    assert_eq!(cluster.client(0, SHORT).propose("k", "a"), silence());
    assert_eq!(cluster.wait_until_ended(0).signal(), Some(9));
    drop(tracer);
    // Now there is only refusal, and it says so.
    let dead = cluster.client(0, SHORT).propose("k", "a");
    assert!(matches!(dead, Outcome::PostFailed(_)), "{dead}");

    assert_eq!(forgotten(&cluster, 0), [""; 0]);
    start(&mut cluster, 0);
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("a"));
    assert_eq!(cluster.client(0, LONG).get("before"), chosen("a"));
    cluster.stop_and_conform();
}

#[test]
fn deliver_request_a_server_that_dies_while_it_tries_is_unknown() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    start_alone(&mut cluster, 0);
    // The others are down: it cannot answer, and is killed when it surely has the request.
    let asking = ask_n0(&cluster.config(), &["propose", "k", "a"]);
    let asked = ended_while(asking, || {
        wait_until("n0 is asked", || was_asked(&cluster, 0, "k"));
        cluster.kill(0);
    });
    assert_silence(&asked);
    assert_eq!(forgotten(&cluster, 0), [""; 0]);
    cluster.start_all();
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("a"));
    cluster.stop_and_conform();
}

/// What became of a client, while something else happened.
fn ended_while(child: Child, meanwhile: impl FnOnce()) -> (Option<i32>, String) {
    let waiting = std::thread::spawn(move || ended(child));
    meanwhile();
    waiting.join().unwrap()
}

// 3. VALIDATE REQUEST

#[test]
fn validate_request_a_corrupted_one_is_dropped_counted_and_unknown() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    let metrics = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut serve = cluster.serve(0);
    serve.arg("--metrics").arg(metrics.to_string());
    cluster.start_by(0, serve);
    cluster.start(1);
    cluster.start(2);
    cluster.wait_until_all_answer();

    let passed = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&passed);
    let relay = Relay::new(cluster.address(0), move |way, bytes| {
        let mut bytes = bytes.to_vec();
        if way == Way::Request {
            let bit = count.fetch_add(1, Ordering::SeqCst) as usize * 997;
            bytes[bit / 8 % 1200] ^= 1 << (bit % 8);
        }
        vec![(way, bytes)]
    });
    assert_eq!(dropped(metrics), 0);
    let through = client_by(&cluster, relay.address(), SHORT);
    assert_eq!(
        through.clone().asking(vec![id(0)]).propose("k", "a"),
        silence()
    );
    let config = config_by(&cluster, relay.address());
    assert_silence(&ended(ask_n0(&config, &["propose", "k", "a"])));
    let passed_all = || dropped(metrics) == passed.load(Ordering::SeqCst);
    wait_until("all that was corrupted is dropped", passed_all);
    assert!(dropped(metrics) >= 4, "{}", dropped(metrics));

    // None of it was done, and through a healthy server it is.
    assert_eq!(cluster.client_of_all(LONG).get("k"), undecided());
    let both = client_by(&cluster, relay.address(), LONG).asking(vec![id(0), id(1)]);
    assert_eq!(both.propose("k", "a"), chosen("a"));
    cluster.stop_and_conform();
}

/// How many datagrams a node has dropped, for all reasons together.
fn dropped(metrics: SocketAddr) -> u64 {
    let mut stream = TcpStream::connect(metrics).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let counts: Vec<u64> = text
        .lines()
        .filter(|line| line.starts_with("paxos_datagrams_dropped_total{"))
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(counts.len(), node::wire::Drop::ALL.len(), "{text}");
    counts.iter().sum()
}

// 4. UPDATE SERVER STATE

/// A disk that has just too little room at first: no attempt leaves a store that a node would start on, and
/// as soon as there is room enough one succeeds, whatever the earlier ones left behind.
#[test]
fn update_server_state_no_store_is_made_on_a_disk_that_is_too_small() {
    let cluster = Cluster::at(lasting_addresses(1), "");
    // The one that was made is not seen from inside.
    let text = cluster.file("", &[cluster.address(0)]);
    fs::write(cluster.config(), &text).unwrap();
    let disk = Disk::new(&cluster.data(0), 26 << 10);
    let mut refused = 0;
    for kib in [
        64,
        1 << 10,
        8 << 10,
        12 << 10,
        16 << 10,
        20 << 10,
        24 << 10,
        25 << 10,
    ] {
        disk.leave(kib);
        let (code, said) = ended(piped(disk.on(&cluster.command("init", 0))));
        let stored = disk.seen().join("paxos.redb").exists();
        if code == Some(0) {
            assert!(stored && kib > 16 << 10, "{kib} KiB: {said}");
            break;
        }
        refused += 1;
        assert!(said.contains("No space left"), "{kib} KiB: {said}");
        assert!(!stored, "{kib} KiB: it left a store");
        assert_eq!(
            fs::read_to_string(cluster.config()).unwrap(),
            text,
            "{kib} KiB"
        );
        let (code, said) = ended(piped(disk.on(&cluster.serve(0))));
        assert_eq!(code, Some(2), "{kib} KiB: {said}");
        assert!(said.contains("there is no store"), "{kib} KiB: {said}");
    }
    assert!(refused >= 4, "{refused}");
    assert_eq!(forgotten_in(&cluster, 0, &disk.seen()), [""; 0]);
}

fn piped(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The logs of a store have their room from the start; so a disk that fills up strikes when a log is full
/// and its records are moved home, and it strikes once more when the node is started again.
#[test]
fn update_server_state_a_disk_that_fills_up_loses_nothing_that_was_acknowledged() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    let (n0, n1) = (cluster.address(0), cluster.address(1));
    fs::write(
        cluster.config(),
        cluster.file("", &[n0, n1, cluster.address(2)]),
    )
    .unwrap();
    let disk = Disk::new(&cluster.data(0), 40 << 10);
    let made = disk.on(&cluster.command("init", 0)).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    cluster.start_by(0, disk.on(&cluster.serve(0)));
    cluster.start(1);
    cluster.start(2);
    cluster.wait_until_all_answer();

    disk.fill();
    let acknowledged = fill_the_log(&cluster);
    let status = cluster.wait_until_ended(0);
    assert_eq!(status.code(), Some(1), "{}", cluster.log(0));
    assert!(
        cluster.log(0).contains("No space left"),
        "{}",
        cluster.log(0)
    );
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    assert_eq!(
        cluster.client_of_all(LONG).propose("meanwhile", "b"),
        chosen("b")
    );

    // There is still no room: it does not start, says why, and leaves all as it is.
    cluster.start_by(0, disk.on(&cluster.serve(0)));
    assert_eq!(
        cluster.wait_until_ended(0).code(),
        Some(2),
        "{}",
        cluster.log(0)
    );
    disk.relieve();
    assert_eq!(forgotten_in(&cluster, 0, &disk.seen()), [""; 0]);
    cluster.start_by(0, disk.on(&cluster.serve(0)));
    cluster.wait_until_answers(0);
    // n0 and n1 must know it all: one of them is in every majority.
    cluster.kill(2);
    for (key, value) in &acknowledged {
        let outcome = cluster.client(0, LONG).get(key.bytes());
        assert_eq!(
            outcome,
            Outcome::Success(Told::Chosen(value.clone())),
            "{key}"
        );
    }
    start(&mut cluster, 2);
    cluster.stop_and_conform();
}

/// Asks n0 for decisions until it ends; those it has acknowledged. Unknown ones may be done or not.
fn fill_the_log(cluster: &Cluster) -> BTreeMap<Key, Value> {
    let acknowledged = Mutex::new(BTreeMap::new());
    let client = cluster.client(0, Duration::from_secs(2));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (acknowledged, client) = (&acknowledged, client.clone());
            scope.spawn(move || {
                for number in 0..10_000 {
                    let key = format!("{thread}-{number}");
                    match client.propose(&key, [b'x'; Value::BYTES_MAX]) {
                        Outcome::Success(Told::Chosen(value)) => {
                            let key = Key::new(key.as_bytes()).unwrap();
                            acknowledged.lock().unwrap().insert(key, value);
                        }
                        Outcome::Unknown(_) => {}
                        Outcome::PostFailed(_) => return,
                        other @ (Outcome::Success(Told::Undecided)
                        | Outcome::Retryable(_)
                        | Outcome::Fatal(_)) => panic!("{key}: {other}"),
                    }
                }
                panic!("no disk is so large");
            });
        }
    });
    acknowledged.into_inner().unwrap()
}

/// One failure of one write or flush, of the store or of the journal; the next one would succeed, and
/// is not tried.
#[test]
fn update_server_state_a_node_whose_disk_fails_says_nothing_more() {
    let faults = [
        ("pwrite64", "ENOSPC", "cannot write the store"),
        ("fdatasync", "EIO", "cannot write the store"),
        ("write", "ENOSPC", "cannot use the journal"),
    ];
    let mut cluster = Cluster::at(lasting_addresses(3), NO_IDLING);
    cluster.start_all();
    for (call, error, complaint) in faults {
        for when in [1, 2] {
            let fault = format!("{call}:error={error}:when={when}");
            let key = format!("{call}-{when}");
            let before = format!("before-{key}");
            assert_eq!(cluster.client(0, LONG).propose(&before, "a"), chosen("a"));
            let tracer = attach(&cluster, 0, &[&fault]);
            assert_eq!(
                cluster.client(0, SHORT).propose(&key, "a"),
                silence(),
                "{fault}"
            );
            let status = cluster.wait_until_ended(0);
            assert_eq!(status.code(), Some(1), "{fault}: {}", cluster.log(0));
            assert!(
                cluster.log(0).contains(complaint),
                "{fault}: {}",
                cluster.log(0)
            );
            drop(tracer);
            // The first failure comes before the first word; the store's second one before the vote, which
            // is among what must not be forgotten if anybody has heard it.
            let is_silent = when == 1 || call == "write";
            for peer in [1, 2] {
                let heard = has_heard(&cluster, peer, 0, &key);
                assert!(!(heard && is_silent), "{fault}: n{peer} has heard");
            }
            assert_eq!(forgotten(&cluster, 0), [""; 0], "{fault}");

            start(&mut cluster, 0);
            assert_eq!(
                cluster.client(0, LONG).propose(&key, "a"),
                chosen("a"),
                "{fault}"
            );
            assert_eq!(cluster.client(0, LONG).get(&before), chosen("a"), "{fault}");
        }
    }
    cluster.stop_and_conform();
}

#[test]
fn update_server_state_an_acceptor_whose_disk_fails_has_not_promised() {
    let mut cluster = Cluster::at(lasting_addresses(3), NO_IDLING);
    cluster.start_all();
    let tracer = attach(&cluster, 1, &["fdatasync:error=EIO:when=1"]);
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("a"));
    assert_eq!(
        cluster.wait_until_ended(1).code(),
        Some(1),
        "{}",
        cluster.log(1)
    );
    drop(tracer);
    assert!(!has_heard(&cluster, 0, 1, "k") && !has_heard(&cluster, 2, 1, "k"));
    assert_eq!(forgotten(&cluster, 1), [""; 0]);
    start(&mut cluster, 1);
    assert_eq!(cluster.client(1, LONG).propose("k", "b"), chosen("a"));
    cluster.stop_and_conform();
}

// 5. POST REPLY

#[test]
fn post_reply_an_answer_that_cannot_be_sent_is_unknown() {
    // A cluster of one sends nothing but answers.
    let mut cluster = Cluster::at(lasting_addresses(1), NO_IDLING);
    cluster.start_all();
    let tracer = attach(&cluster, 0, &["sendto:error=EPERM", "sendmsg:error=EPERM"]);
    assert_eq!(cluster.client(0, SHORT).propose("k", "a"), silence());
    assert_silence(&ended(ask_n0(&cluster.config(), &["propose", "k", "b"])));
    drop(tracer);
    // It was done all the same, once.
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("a"));
    assert_eq!(cluster.client(0, LONG).propose("k", "b"), chosen("a"));
    cluster.stop_and_conform();
}

#[test]
fn post_reply_a_server_that_cannot_speak_leaves_the_decision_to_others() {
    let mut cluster = Cluster::at(lasting_addresses(3), NO_IDLING);
    cluster.start_all();
    let tracer = attach(&cluster, 0, &["sendto:error=EPERM", "sendmsg:error=EPERM"]);
    assert_eq!(cluster.client(0, SHORT).propose("k", "a"), silence());
    assert_eq!(cluster.client_of_all(LONG).propose("k", "b"), chosen("b"));
    drop(tracer);
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("b"));
    cluster.stop_and_conform();
}

// 6. DELIVER REPLY

#[test]
fn deliver_reply_a_lost_answer_is_unknown() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start_all();
    let relay = Relay::new(cluster.address(0), |way, bytes| match way {
        Way::Request => vec![(way, bytes.to_vec())],
        Way::Reply => Vec::new(),
    });
    let through = client_by(&cluster, relay.address(), SHORT).asking(vec![id(0)]);
    assert_eq!(through.propose("k", "a"), silence());
    let config = config_by(&cluster, relay.address());
    assert_silence(&ended(ask_n0(&config, &["propose", "k", "b"])));
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("a"));
    assert_eq!(cluster.client(1, LONG).propose("k", "b"), chosen("a"));
    let (code, said) = ended(ask_n0(&cluster.config(), &["get", "k"]));
    assert_eq!((code, said.as_str()), (Some(SUCCESS), "a\n"));
    cluster.stop_and_conform();
}

// 7. VALIDATE REPLY

/// What a relay makes of a request and of its reply.
type Trick = fn(Way, &[u8]) -> Vec<(Way, Vec<u8>)>;

const TRICKS: [(&str, Trick); 6] = [
    ("a flipped bit", |way, bytes| {
        let mut bytes = bytes.to_vec();
        if way == Way::Reply {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        vec![(way, bytes)]
    }),
    ("a lost end", |way, bytes| match way {
        Way::Request => vec![(way, bytes.to_vec())],
        Way::Reply => vec![(way, bytes[..bytes.len() - 1].to_vec())],
    }),
    ("a longer end", |way, bytes| match way {
        Way::Request => vec![(way, bytes.to_vec())],
        Way::Reply => vec![(way, [bytes, &[0]].concat())],
    }),
    (
        "empty, at once, in place of the answer",
        |way, _| match way {
            Way::Request => vec![(Way::Reply, Vec::new()); 3],
            Way::Reply => Vec::new(),
        },
    ),
    ("the request itself", |way, bytes| match way {
        Way::Request => vec![(Way::Reply, bytes.to_vec())],
        Way::Reply => Vec::new(),
    }),
    ("noise", |way, bytes| match way {
        Way::Request => vec![(way, bytes.to_vec())],
        Way::Reply => vec![(
            way,
            bytes.iter().map(|byte| byte.wrapping_mul(167)).collect(),
        )],
    }),
];

#[test]
fn validate_reply_what_is_not_the_answer_is_not_believed() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start_all();
    for (number, (name, trick)) in TRICKS.into_iter().enumerate() {
        let relay = Relay::new(cluster.address(0), trick);
        let client = client_by(&cluster, relay.address(), SHORT);
        let (key, other) = (format!("k{number}"), format!("other{number}"));
        let alone = client.clone().asking(vec![id(0)]);
        for outcome in [alone.propose(&key, "a"), alone.get(&key)] {
            assert!(matches!(outcome, Outcome::Unknown(_)), "{name}: {outcome}");
            let reason = outcome.reason().unwrap();
            assert!(reason.contains("that was not)"), "{name}: {reason}");
        }
        // The next server is asked, and is right about it.
        let patient = client_by(&cluster, relay.address(), LONG);
        assert_eq!(
            patient.asking(vec![id(0), id(1)]).propose(&other, "b"),
            chosen("b"),
            "{name}"
        );
        assert_eq!(
            cluster.client(2, LONG).propose(&other, "c"),
            chosen("b"),
            "{name}"
        );
    }
    cluster.stop_and_conform();
}

#[test]
fn validate_reply_an_empty_answer_before_the_right_one_does_not_hide_it() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start_all();
    let relay = Relay::new(cluster.address(0), |way, bytes| match way {
        Way::Request => vec![(Way::Reply, Vec::new()), (way, bytes.to_vec())],
        Way::Reply => vec![(way, bytes.to_vec())],
    });
    let through = client_by(&cluster, relay.address(), LONG).asking(vec![id(0)]);
    assert_eq!(through.propose("k", "a"), chosen("a"));
    cluster.stop_and_conform();
}

/// An answer that was right for another request, by the very node that is asked now.
#[test]
fn validate_reply_another_requests_answer_is_not_believed() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start_all();
    let mut first = None;
    let relay = Relay::new(cluster.address(0), move |way, bytes| match (way, &first) {
        (Way::Request, None) => vec![(way, bytes.to_vec())],
        (Way::Reply, None) => {
            first = Some(bytes.to_vec());
            vec![(way, bytes.to_vec())]
        }
        (Way::Request, Some(first)) => vec![(Way::Reply, first.clone())],
        (Way::Reply, Some(_)) => Vec::new(),
    });
    let through = client_by(&cluster, relay.address(), SHORT).asking(vec![id(0)]);
    // Of that key itself, from the time before it was decided.
    let patient = client_by(&cluster, relay.address(), LONG).asking(vec![id(0)]);
    assert_eq!(patient.get("k"), undecided());
    assert_eq!(cluster.client(1, LONG).propose("k", "a"), chosen("a"));
    for outcome in [
        through.get("k"),
        through.get("other"),
        through.propose("k", "a"),
    ] {
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome}");
    }
    assert_eq!(cluster.client(0, LONG).get("k"), chosen("a"));
    cluster.stop_and_conform();
}

/// The story of the server that was fast because it did nothing: whoever prefers fast servers
/// sends it everything.
#[test]
fn validate_reply_a_server_that_answers_at_once_with_nothing_gets_no_more_than_its_turn() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start(1);
    cluster.start(2);
    let address = lasting_addresses(1)[0];
    let liar = UdpSocket::bind(address).unwrap();
    liar.set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let (stop, stopped) = mpsc::channel::<()>();
    let lying = std::thread::spawn(move || {
        let mut asked = 0;
        let mut buffer = [0; 2048];
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            if let Ok((_, client)) = liar.recv_from(&mut buffer) {
                asked += 1;
                liar.send_to(&[], client).unwrap();
            }
        }
        asked
    });
    cluster.wait_until_answers(1);
    let client = client_by(&cluster, address, LONG);
    let requests = 6;
    for number in 0..requests {
        let outcome = client.propose(format!("k{number}"), "a");
        assert_eq!(outcome, chosen("a"));
    }
    drop(stop);
    // One datagram of each request is its turn; a second round comes only if n1 and n2 were slow.
    let asked: u32 = lying.join().unwrap();
    assert!(
        (requests..2 * requests).contains(&asked),
        "it was asked {asked} times"
    );
    start(&mut cluster, 0);
    cluster.stop_and_conform();
}

// 8. UPDATE CLIENT STATE

#[test]
fn update_client_state_a_client_that_dies_waiting_leaves_the_truth_to_others() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    start_alone(&mut cluster, 0);
    let mut client = ask_n0_for("60s", &cluster.config(), &["propose", "k", "a"]);
    wait_until("n0 is asked", || was_asked(&cluster, 0, "k"));
    assert!(client.try_wait().unwrap().is_none());
    client.kill().unwrap();
    client.wait().unwrap();
    start(&mut cluster, 1);
    start(&mut cluster, 2);
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("a"));
    assert_eq!(cluster.client(1, LONG).propose("k", "b"), chosen("a"));
    cluster.stop_and_conform();
}

#[test]
fn update_client_state_a_client_that_dies_of_the_answer_leaves_the_truth_to_others() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start_all();
    let (answer, answered) = mpsc::channel();
    let relay = Relay::new(cluster.address(0), move |way, bytes| match way {
        Way::Request => vec![(way, bytes.to_vec())],
        Way::Reply => {
            answer.send(()).unwrap();
            Vec::new()
        }
    });
    let config = config_by(&cluster, relay.address());
    let mut client = ask_n0_for("60s", &config, &["propose", "k", "a"]);
    answered.recv_timeout(LONG).unwrap();
    assert!(client.try_wait().unwrap().is_none());
    client.kill().unwrap();
    client.wait().unwrap();
    assert_eq!(cluster.client(1, LONG).propose("k", "a"), chosen("a"));
    assert_eq!(cluster.client(2, LONG).propose("k", "b"), chosen("a"));
    cluster.stop_and_conform();
}
