//! Real nodes in a hostile world: `CHAOS_ROUNDS` rounds (20 if not set) from `CHAOS_SEED`.
//!
//! And the judge, the proxy and the plans themselves: that each fault happens, and that what is wrong
//! is found wrong.

mod real;

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use node::client::{Client, Outcome, Told};
use node::wire::{self, Body, Codec, Party, Request};
use node::{ClusterFile, RequestId};
use real::chaos::history::{Answer, Ask, Operation, Recorder, Road};
use real::chaos::judge::{find_contradiction, is_linearizable, judge};
use real::chaos::plan::{Event, NODES, Plan};
use real::chaos::{Size, run};
use real::proxy::{Counts, Faults, Proxy, Way};
use real::{Cluster, lasting_addresses};

const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_hostile_world_shows_nothing_that_one_decree_would_not() {
    let size = Size::from_environment();
    let tally = run(size).unwrap_or_else(|problem| panic!("{problem}"));
    // In fewer rounds chance may leave out a rare one.
    if size.rounds >= 20 {
        for (fault, count) in tally.faults.named() {
            assert_eq!(count > 0, fault != "overflowed", "{fault}: {tally}");
        }
        assert!(tally.kills > 0, "{tally}");
        for outcome in [
            ("propose", "SUCCESS"),
            ("propose", "UNKNOWN"),
            ("get", "SUCCESS"),
        ] {
            assert!(
                tally.outcomes.contains_key(&outcome),
                "{outcome:?}: {tally}"
            );
        }
        // Otherwise there would be little to judge.
        let count = |wanted: &str| -> u64 {
            let counts = tally
                .outcomes
                .iter()
                .filter(|((_, name), _)| *name == wanted);
            counts.map(|(_, count)| count).sum()
        };
        assert!(4 * count("SUCCESS") > count("UNKNOWN"), "{tally}");
    }
}

#[test]
fn a_plan_follows_from_its_seed() {
    let mut events = Vec::new();
    for seed in 0..100 {
        let plan = Plan::of(seed, 0);
        assert_eq!(plan, Plan::of(seed, 0));
        assert_ne!(plan, Plan::of(seed + 1, 0));
        let mut down = BTreeSet::new();
        for (_, event) in &plan.events {
            match event {
                Event::Kill(node) => assert!(down.insert(*node), "{seed}: {plan:?}"),
                Event::Start(node) => assert!(down.remove(node), "{seed}: {plan:?}"),
                Event::Cut(..) => {}
            }
        }
        assert!(down.is_empty(), "{seed}: {plan:?}");
        events.extend(plan.events.into_iter().map(|(_, event)| event));
    }
    let is_cut = |wanted: fn(&Way) -> bool| {
        events
            .iter()
            .any(|event| matches!(event, Event::Cut(way, _) if wanted(way)))
    };
    assert!(is_cut(|way| matches!(way, Way::Peer { .. })));
    assert!(is_cut(|way| matches!(way, Way::Request { .. })));
    assert!(is_cut(|way| matches!(way, Way::Reply { .. })));
    for node in 0..NODES {
        assert!(events.contains(&Event::Kill(node)));
    }
}

/// Sends numbered datagrams through one way. What arrived, in this order, and what was done.
fn through_the_proxy(faults: Faults, seed: u64, datagrams: u32) -> (Vec<Vec<u8>>, Counts) {
    let addresses = lasting_addresses(2);
    let receiver = UdpSocket::bind(addresses[1]).expect("it was free");
    let proxy = Proxy::start(&addresses, 0, faults, seed, LONG);
    let sender = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    for number in 0..datagrams {
        let bytes = [number.to_be_bytes(); 4].concat();
        sender
            .send_to(&bytes, proxy.addresses_for_node(0)[1])
            .expect("loopback takes it");
    }
    let counts = proxy.stop();
    let arrived = (0..counts.sent).map(|_| {
        let mut bytes = [0; 64];
        let length = receiver.recv(&mut bytes).expect("so many were sent");
        bytes[..length].to_vec()
    });
    (arrived.collect(), counts)
}

#[test]
fn the_proxy_does_what_its_seed_says_and_counts_it() {
    let (arrived, counts) = through_the_proxy(Faults::NONE, 1, 100);
    assert_eq!(
        (arrived.len(), counts.sent, counts.received),
        (100, 100, 100)
    );
    let mut ordered = arrived.clone();
    ordered.sort();
    assert_eq!(arrived, ordered);

    let faults = Faults {
        // These two depend on time.
        delay: 0.0,
        replay: 0.0,
        ..Faults::HOSTILE
    };
    let (arrived, counts) = through_the_proxy(faults, 1, 200);
    assert_eq!(through_the_proxy(faults, 1, 200), (arrived.clone(), counts));
    assert_ne!(through_the_proxy(faults, 2, 200).0, arrived);
    assert_eq!(counts.sent, 200 - counts.lost + counts.duplicated);
    let is_whole =
        |bytes: &&Vec<u8>| bytes.len() == 16 && bytes.chunks(4).all(|number| *number == bytes[..4]);
    let whole = arrived.iter().filter(is_whole).count() as u64;
    let spoiled = counts.sent - whole;
    assert!(
        spoiled <= counts.flipped + counts.truncated && spoiled > 0,
        "{counts:?}"
    );
    assert!((20..60).contains(&counts.lost), "{counts:?}");
    assert!((20..60).contains(&counts.duplicated), "{counts:?}");
}

fn operation(asked_at: u64, answered_at: u64, ask: Ask, answer: Answer) -> Operation {
    Operation {
        asked_at,
        answered_at,
        who: String::new(),
        ask,
        answer,
    }
}

fn propose(value: &str) -> Ask {
    Ask::Propose(value.to_owned())
}

fn chosen(value: &str) -> Answer {
    Answer::Chosen(value.to_owned())
}

/// The histories of one key that may happen, and those that may not, with what is wrong.
#[test]
fn the_judge_knows_right_from_wrong() {
    let right = [
        vec![],
        vec![operation(0, 1, Ask::Get, Answer::Undecided)],
        // Another's value, proposed at the same time.
        vec![
            operation(0, 3, propose("A"), chosen("B")),
            operation(1, 2, propose("B"), chosen("B")),
        ],
        // What was given up is done later.
        vec![
            operation(0, 1, propose("A"), Answer::MayBeDone("UNKNOWN")),
            operation(2, 3, Ask::Get, Answer::Undecided),
            operation(4, 5, propose("B"), chosen("A")),
        ],
        // A read that began before the value was told.
        vec![
            operation(0, 3, Ask::Get, Answer::Undecided),
            operation(1, 2, propose("A"), chosen("A")),
        ],
        vec![
            operation(0, 1, propose("A"), Answer::NotDone("POST_FAILED")),
            operation(2, 3, propose("B"), chosen("B")),
            operation(4, 5, Ask::Get, Answer::MayBeDone("UNKNOWN")),
        ],
    ];
    for history in right {
        assert_eq!(judge(&history), Ok(()));
    }
    let wrong = [
        (
            "two values are told, A and B",
            vec![
                operation(0, 3, propose("A"), chosen("A")),
                operation(1, 2, propose("B"), chosen("B")),
            ],
        ),
        (
            "after A was told,  is told that nothing is chosen",
            vec![
                operation(0, 1, propose("A"), chosen("A")),
                operation(2, 3, Ask::Get, Answer::Undecided),
            ],
        ),
        // Told by a reader, while the proposal is still under way.
        (
            "after A was told,  is told that nothing is chosen",
            vec![
                operation(0, 1, propose("A"), Answer::MayBeDone("UNKNOWN")),
                operation(2, 3, Ask::Get, chosen("A")),
                operation(4, 5, Ask::Get, Answer::Undecided),
            ],
        ),
        (
            "C is told, and nobody has proposed it",
            vec![operation(0, 1, propose("A"), chosen("C"))],
        ),
        (
            "A is told, and its client was told POST_FAILED",
            vec![
                operation(0, 1, propose("A"), Answer::NotDone("POST_FAILED")),
                operation(2, 3, propose("B"), chosen("A")),
            ],
        ),
        (
            "A is told, and its client was told RETRYABLE",
            vec![
                operation(0, 1, propose("A"), Answer::NotDone("RETRYABLE")),
                operation(2, 3, Ask::Get, chosen("A")),
            ],
        ),
        (
            "A is told, and its client was told FATAL",
            vec![
                operation(0, 3, propose("A"), Answer::NotDone("FATAL")),
                operation(1, 2, Ask::Get, chosen("A")),
            ],
        ),
        (
            "A is told before it was proposed",
            vec![
                operation(0, 1, Ask::Get, chosen("A")),
                operation(2, 3, propose("A"), chosen("A")),
            ],
        ),
        (
            "a proposal is told that nothing is chosen",
            vec![operation(0, 1, propose("A"), Answer::Undecided)],
        ),
    ];
    for (problem, history) in wrong {
        let told = judge(&history).unwrap_err();
        assert_eq!(told.lines().next(), Some(problem), "{told}");
    }
}

/// Histories by chance, most of them absurd.
#[test]
fn both_judges_say_the_same() {
    const VALUES: [&str; 4] = ["A", "B", "C", "D"];
    let mut verdicts = [0, 0];
    for seed in 0..20_000 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let count = chance.usize(1..=5);
        let mut moments: Vec<u64> = (0..2 * count as u64).collect();
        chance.shuffle(&mut moments);
        let history: Vec<Operation> = moments
            .chunks(2)
            .enumerate()
            .map(|(number, at)| {
                let is_read = number == VALUES.len() || chance.bool();
                let answer = match chance.u8(..8) {
                    ..4 => chosen(VALUES[chance.usize(..2)]),
                    4..6 if is_read => Answer::Undecided,
                    4..7 => Answer::MayBeDone("UNKNOWN"),
                    7.. => Answer::NotDone("FATAL"),
                };
                let ask = if is_read {
                    Ask::Get
                } else {
                    propose(VALUES[number])
                };
                operation(at[0].min(at[1]), at[0].max(at[1]), ask, answer)
            })
            .collect();
        let contradiction = find_contradiction(&history);
        assert_eq!(
            is_linearizable(&history),
            contradiction.is_none(),
            "{history:#?}"
        );
        verdicts[usize::from(contradiction.is_none())] += 1;
    }
    assert!(
        verdicts.into_iter().all(|count| count > 4_000),
        "{verdicts:?}"
    );
}

/// Two clusters with the same keys and the same name: what a client would see if a node forgot all,
/// or if a minority decided.
#[test]
fn two_clusters_that_pose_as_one_are_found_out() {
    let mut clusters = [(); 2].map(|()| Cluster::at(lasting_addresses(3), ""));
    clusters.iter_mut().for_each(Cluster::start_all);
    let [one, other] = clusters
        .each_ref()
        .map(|cluster| cluster.client_of_all(LONG));
    let (honest, mixed, stale) = (Recorder::new(1), Recorder::new(1), Recorder::new(1));
    let record = |recorder: &Recorder, client: &Client, ask: Ask| {
        let outcome = recorder.record(0, String::new(), Road::MakesNone, ask, |ask| match ask {
            Ask::Propose(value) => client.propose("leader", value),
            Ask::Get => client.get("leader"),
        });
        assert_eq!(outcome, "SUCCESS");
    };
    for recorder in [&honest, &mixed, &stale] {
        record(recorder, &one, propose("A"));
    }
    record(&stale, &other, Ask::Get);
    record(&honest, &one, propose("B"));
    record(&mixed, &other, propose("B"));
    assert_eq!(judge(&honest.history(0)), Ok(()));
    let told = judge(&mixed.history(0)).unwrap_err();
    assert!(told.starts_with("two values are told, A and B"), "{told}");
    let told = judge(&stale.history(0)).unwrap_err();
    assert!(told.starts_with("after A was told"), "{told}");
}

/// A client that takes silence for a no. Its request is done, and only the reply is lost.
#[test]
fn a_client_that_takes_unknown_for_failed_is_found_out() {
    let mut cluster = Cluster::at(lasting_addresses(3), "");
    cluster.start_all();
    let addresses: Vec<SocketAddr> = (0..3).map(|node| cluster.address(node)).collect();
    let proxy = Proxy::start(&addresses, 1, Faults::NONE, 0, LONG);
    let path = cluster.path().join("client.toml");
    std::fs::write(&path, cluster.file("", proxy.addresses_for_client(0))).unwrap();
    let file = ClusterFile::read(&path).unwrap();
    let client = |timeout| Client::new(file.clone(), timeout).asking(vec![real::id(0)]);
    let (right, wrong) = (Recorder::new(1), Recorder::new(1));

    proxy.cut(Way::Reply { node: 0, client: 0 }, LONG);
    let mut silence = None;
    let outcome = right.record(0, "c0".to_owned(), Road::MakesCopies, propose("A"), |_| {
        let outcome = client(Duration::from_millis(300)).propose("leader", "A");
        silence = Some(outcome.clone());
        outcome
    });
    assert_eq!(outcome, "UNKNOWN");
    wrong.record(0, "c0".to_owned(), Road::MakesCopies, propose("A"), |_| {
        let reason = silence.iter().map(ToString::to_string).collect();
        Outcome::PostFailed(reason)
    });
    proxy.heal();
    for recorder in [&right, &wrong] {
        recorder.record(0, "c0".to_owned(), Road::MakesCopies, propose("B"), |_| {
            client(LONG).propose("leader", "B")
        });
    }
    assert_eq!(
        client(LONG).get("leader"),
        Outcome::Success(Told::Chosen("A".parse().unwrap()))
    );
    assert_eq!(judge(&right.history(0)), Ok(()));
    let told = judge(&wrong.history(0)).unwrap_err();
    assert!(
        told.starts_with("A is told, and its client was told POST_FAILED"),
        "{told}"
    );
    assert!(proxy.stop().cut > 0);
}

/// Why a client that was told RETRYABLE through a network that makes copies may know no more than one
/// that was told nothing: a copy of its request comes when the node has time again.
#[test]
fn a_copy_of_a_request_that_was_turned_away_may_be_done() {
    let full = "[timing]\nwaiting-max = 0\n";
    let mut cluster = Cluster::at(lasting_addresses(1), full);
    let file = ClusterFile::read(&cluster.config()).unwrap();
    let party = [Party::Node(real::id(0))];
    let codec = Codec::new(file.cluster, &file.secret, Party::Client, 0, party);
    let request = Request {
        id: RequestId::random().unwrap(),
        key: "leader".parse().unwrap(),
        ask: wire::Ask::Propose("A".parse().unwrap()),
    };
    let datagram = codec.request(real::id(0), &request);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let answer = |address: SocketAddr| {
        let mut bytes = [0; 2_048];
        loop {
            socket.send_to(&datagram, address).unwrap();
            if let Ok(length) = socket.recv(&mut bytes)
                && let Body::Reply(reply) = codec.open(&bytes[..length]).unwrap().body
            {
                return reply.answer;
            }
        }
    };

    cluster.start(0);
    assert_eq!(answer(cluster.address(0)), wire::Answer::Busy);
    let _ = cluster.stop(0);
    // Answers to what was sent more than once.
    while socket.recv(&mut [0; 2_048]).is_ok() {}
    let text = std::fs::read_to_string(cluster.config()).unwrap();
    std::fs::write(cluster.config(), text.replace(full, "")).unwrap();
    cluster.start(0);
    assert_eq!(
        answer(cluster.address(0)),
        wire::Answer::Chosen("A".parse().unwrap())
    );

    let told = Outcome::Retryable(String::new());
    assert_eq!(
        Answer::of(&told, Road::MakesCopies),
        Answer::MayBeDone("RETRYABLE")
    );
    assert_eq!(
        Answer::of(&told, Road::MakesNone),
        Answer::NotDone("RETRYABLE")
    );
}
