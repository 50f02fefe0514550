//! Datagrams: all that can be said survives, all else is refused for the right reason, and one
//! thing is written in one way only.

#[path = "common/golden.rs"]
mod golden;
#[expect(
    unreachable_pub,
    reason = "it is a library for the fuzzer and a module here"
)]
#[path = "../fuzz/src/seal.rs"]
mod seal;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use node::wire::{
    Answer, Ask, Body, Codec, DATAGRAM_BYTES_MAX, Drop, Kind, Line, Party, Received, Reply,
    Request, Say, VERSION,
};
use node::{ClusterId, Key, RequestId, SchemaId, Secret, Value};
use paxos::{Ballot, Message, NodeId, Round, Vote};
use seal::{CLIENT, Datagram, SEALED_BYTES_MAX};

const CLUSTER: ClusterId = ClusterId::from_bytes([7; 16]);
const OTHER_CLUSTER: ClusterId = ClusterId::from_bytes([8; 16]);
const HEADER_BYTES: usize = 41;
const TAG_BYTES: usize = 32;
/// What the most that a datagram may say has in bytes.
const BODY_BYTES_MAX: usize = SEALED_BYTES_MAX - HEADER_BYTES;

fn n(number: usize) -> NodeId {
    NodeId::new(number).expect("tests have few nodes")
}

fn ballot(round: u32, node: usize) -> Ballot {
    Ballot {
        round: Round::new(round).expect("rounds begin at 1"),
        node: n(node),
    }
}

fn key(bytes: &[u8]) -> Key {
    Key::new(bytes).expect("it is as long as a key")
}

fn value(bytes: &[u8]) -> Value {
    Value::new(bytes).expect("it is as long as a value")
}

/// Everybody talks with everybody: nodes 0 to 2 and 15, and clients.
fn codec_of(cluster: ClusterId, secret: &Secret, me: Party, incarnation: u64) -> Codec {
    let nodes = [0, 1, 2, 15].map(|number| Party::Node(n(number)));
    let others = nodes.into_iter().chain([Party::Client]);
    let peers = others.filter(|party| *party != me);
    Codec::new(cluster, secret, me, incarnation, peers)
}

fn codec(me: Party) -> Codec {
    codec_of(CLUSTER, &Secret::none(), me, 3)
}

fn node_codec(number: usize) -> Codec {
    codec(Party::Node(n(number)))
}

fn client() -> Codec {
    codec_of(CLUSTER, &Secret::none(), Party::Client, 0)
}

/// A secret of these bytes.
fn secret(bytes: &[u8]) -> Secret {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let path = folder.path().join("secret");
    fs::write(&path, bytes).expect("files can be written there");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("and owned");
    Secret::read(&path).expect("it is long enough")
}

fn values() -> [Value; 3] {
    [
        value(b"A"),
        value(&[0; 2]),
        value(&[0xff; Value::BYTES_MAX]),
    ]
}

fn keys() -> [Key; 3] {
    [key(b"k"), key(&[0]), key(&[0xff; Key::BYTES_MAX])]
}

/// Everything that n1 can say to n0.
fn says() -> Vec<Say> {
    let mut says = vec![Say::Read(RequestId::from_bytes([0; 16]))];
    let id = RequestId::from_bytes([0xff; 16]);
    says.push(Say::Voted(id, None));
    for round in [1, 127, 128, 16_384, u32::MAX] {
        let (theirs, mine) = (ballot(round, 1), ballot(round, 0));
        says.push(Say::Protocol(Message::Prepare { ballot: theirs }));
        says.push(Say::Protocol(Message::Promise {
            ballot: mine,
            accepted: None,
        }));
        says.push(Say::Protocol(Message::Nack {
            ballot: mine,
            promised: ballot(round, 15),
        }));
        for value in values() {
            let vote = |ballot| Vote {
                ballot,
                value: value.clone(),
            };
            if round > 1 {
                says.push(Say::Protocol(Message::Promise {
                    ballot: mine,
                    accepted: Some(vote(ballot(round - 1, 15))),
                }));
            }
            says.push(Say::Protocol(Message::Propose {
                ballot: theirs,
                value: value.clone(),
            }));
            says.push(Say::Protocol(Message::Accepted {
                ballot: ballot(round, 15),
                value: value.clone(),
            }));
            says.push(Say::Voted(id, Some(vote(ballot(round, 2)))));
        }
    }
    says.extend(values().map(Say::Decided));
    says
}

fn lines() -> Vec<Line> {
    let says = says();
    let keyed = |key: Key| {
        says.iter().map(move |say| Line {
            key: key.clone(),
            say: say.clone(),
        })
    };
    keys().into_iter().flat_map(keyed).collect()
}

fn requests() -> Vec<Request> {
    let asks = values().map(Ask::Propose).into_iter().chain([Ask::Get]);
    let asks: Vec<Ask> = asks.collect();
    let about = |key: Key| {
        asks.iter().map(move |ask| Request {
            id: RequestId::from_bytes([0xab; 16]),
            key: key.clone(),
            ask: ask.clone(),
        })
    };
    keys().into_iter().flat_map(about).collect()
}

fn replies() -> Vec<Reply> {
    let short = [Answer::Undecided, Answer::Busy, Answer::NotAProposer];
    let answers = values().map(Answer::Chosen).into_iter().chain(short);
    let reply = |answer| Reply {
        id: RequestId::from_bytes([0xcd; 16]),
        answer,
    };
    answers.map(reply).collect()
}

/// A small datagram of each kind, with its receiver.
fn small() -> Vec<(Codec, Vec<u8>)> {
    let mut all = Vec::new();
    for say in says() {
        let line = Line {
            key: key(b"k"),
            say,
        };
        let sealed = node_codec(1).lines(n(0), [&line, &line]);
        all.extend(sealed.into_iter().map(|bytes| (node_codec(0), bytes)));
    }
    for reply in replies() {
        all.push((client(), node_codec(1).reply(&reply)));
    }
    all.retain(|(_, bytes)| bytes.len() < 200);
    for request in requests().into_iter().filter(|one| one.key == key(b"k")) {
        all.push((node_codec(0), client().request(n(0), &request)));
    }
    all
}

/// What its sender would write to say the same.
fn again(received: &Received, to: Party) -> Vec<Vec<u8>> {
    let sender = codec_of(
        CLUSTER,
        &Secret::none(),
        received.from,
        received.incarnation,
    );
    match (&received.body, to) {
        (Body::Request(request), Party::Node(to)) => vec![sender.request(to, request)],
        (Body::Lines(lines), Party::Node(to)) => sender.lines(to, lines),
        (Body::Reply(reply), Party::Client) => vec![sender.reply(reply)],
        (Body::Request(_) | Body::Lines(_), Party::Client) | (Body::Reply(_), Party::Node(_)) => {
            panic!("{received:?} is not for {to:?}")
        }
    }
}

/// Opens what n1 says to n0, what a client asks n0 and what n1 answers a client, if this is the body;
/// how often it was accepted. It must be the only way to say it.
fn accepted(body: &[u8]) -> usize {
    let (me, peer) = (Party::Node(n(0)), 1);
    let parties = [
        (peer, 0, me),
        (CLIENT, 0, me),
        (peer, CLIENT, Party::Client),
    ];
    let mut accepted = 0;
    for (from, to, receiver) in parties {
        let bytes = Datagram::new(CLUSTER, &[], from, to, body).seal();
        match codec(receiver).open(&bytes) {
            Ok(received) => {
                assert_eq!(again(&received, receiver), [bytes], "{received:?}");
                accepted += 1;
            }
            Err(reason) => assert!(matches!(reason, Drop::Body | Drop::Long), "{reason:?}"),
        }
    }
    accepted
}

/// What a datagram says, as bytes.
fn body(bytes: &[u8]) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([bytes[31], bytes[32]]));
    &bytes[HEADER_BYTES..HEADER_BYTES + length]
}

/// What n0 makes of this body of n1's.
fn from_node(body: &[u8]) -> Result<Received, Drop> {
    node_codec(0).open(&Datagram::new(CLUSTER, &[], 1, 0, body).seal())
}

/// What n0 makes of this body of a client's.
fn from_client(body: &[u8]) -> Result<Received, Drop> {
    node_codec(0).open(&Datagram::new(CLUSTER, &[], CLIENT, 0, body).seal())
}

#[test]
fn all_that_can_be_said_survives() {
    for line in lines() {
        let sealed = node_codec(1).lines(n(0), [&line]);
        let received = node_codec(0).open(&sealed[0]).unwrap();
        assert_eq!(sealed.len(), 1);
        assert_eq!(received.from, Party::Node(n(1)));
        assert_eq!(received.incarnation, 3);
        assert_eq!(received.body, Body::Lines(vec![line]));
    }
    for request in requests() {
        let received = node_codec(0)
            .open(&client().request(n(0), &request))
            .unwrap();
        assert_eq!(received.from, Party::Client);
        assert_eq!(received.body, Body::Request(request));
    }
    for reply in replies() {
        let received = client().open(&node_codec(15).reply(&reply)).unwrap();
        assert_eq!(received.from, Party::Node(n(15)));
        assert_eq!(received.body, Body::Reply(reply));
    }
}

#[test]
fn every_truncation_is_refused() {
    for (receiver, bytes) in small() {
        assert!(receiver.open(&bytes).is_ok());
        for length in 0..bytes.len() {
            let refused = receiver.open(&bytes[..length]).unwrap_err();
            match length {
                0..73 => assert_eq!(refused, Drop::Short),
                _ => assert!(matches!(refused, Drop::Length | Drop::Tag), "{refused:?}"),
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for (receiver, mut bytes) in small() {
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let refused = receiver.open(&bytes).unwrap_err();
            let expected = match bit / 8 {
                0..4 => refused == Drop::Magic,
                4 => refused == Drop::Version,
                // Another sender has another key, or is nobody.
                5 => matches!(refused, Drop::Sender | Drop::Tag | Drop::Length),
                6 => refused == Drop::Receiver,
                7..23 => refused == Drop::Cluster,
                31..33 => matches!(refused, Drop::Length | Drop::Tag),
                // A client's padding is looked at before its tag.
                _ => matches!(refused, Drop::Tag | Drop::Length),
            };
            assert!(expected, "byte {}: {refused:?}", bit / 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(receiver.open(&bytes).is_ok());
    }
}

#[test]
fn chance_writes_no_datagrams() {
    let mut chance = fastrand::Rng::with_seed(1);
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..chance.usize(0..1_300)).map(|_| chance.u8(..)).collect();
        assert!(node_codec(0).open(&bytes).is_err());
        assert!(client().open(&bytes).is_err());
        // The right header over nonsense.
        let mut sealed = Datagram::new(CLUSTER, &[], 1, 0, &bytes).seal();
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(node_codec(0).open(&sealed).is_err());
    }
}

#[test]
fn chance_in_a_sealed_body_is_refused_or_what_its_sender_would_write() {
    let mut chance = fastrand::Rng::with_seed(2);
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..chance.usize(0..40)).map(|_| chance.u8(..4)).collect();
        accepted(&bytes);
    }
}

#[test]
fn a_body_can_be_written_in_one_way_only() {
    let mut others = 0;
    let mut try_body = |changed: &[u8]| others += accepted(changed);
    for (_, bytes) in small() {
        let body = body(&bytes).to_vec();
        for at in 0..body.len() {
            let (before, after) = body.split_at(at);
            // Cut short; and the rest moved.
            try_body(before);
            try_body(&[before, &after[1..]].concat());
            for byte in [0, 1, 2, 0x7f, 0x80, 0xff] {
                try_body(&[before, &[byte], after].concat());
                try_body(&[before, &[byte], &after[1..]].concat());
            }
            // A number in more bytes than it needs.
            try_body(&[before, &[body[at] | 0x80, 0], &after[1..]].concat());
            try_body(&[before, &[body[at] | 0x80, 0x80, 0], &after[1..]].concat());
        }
        try_body(&[body.as_slice(), &[0]].concat());
    }
    assert!(others > 1_000, "some of them say something else: {others}");
}

#[test]
fn numbers_of_more_bytes_than_they_need_are_refused() {
    let id = [0xab; 16];
    let get = |key_length: &[u8], ask: &[u8]| {
        let body = [id.as_slice(), key_length, b"k", ask].concat();
        from_client(&body).map(|_| ())
    };
    assert_eq!(get(&[1], &[1]), Ok(()));
    assert_eq!(get(&[0x81, 0], &[1]), Err(Drop::Body));
    assert_eq!(get(&[1], &[0x81, 0]), Err(Drop::Body));
    assert_eq!(get(&[1], &[0x81, 0x80, 0]), Err(Drop::Body));

    let prepare = |round: &[u8]| {
        let body = [&[1, b'k', 0, 0], round, &[1]].concat();
        from_node(&body).map(|_| ())
    };
    assert_eq!(prepare(&[1]), Ok(()));
    assert_eq!(prepare(&[0x81, 0]), Err(Drop::Body));
    assert_eq!(prepare(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(()));
    assert_eq!(prepare(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Err(Drop::Body));
    // No round is 0.
    assert_eq!(prepare(&[0]), Err(Drop::Body));
}

#[test]
fn bodies_that_nobody_writes_are_refused() {
    let id = [0xab; 16];
    let request = [id.as_slice(), &[1, b'k', 1]].concat();
    assert!(from_client(&request).is_ok());
    let read = [&[1, b'k', 2], id.as_slice()].concat();
    assert!(from_node(&read).is_ok());
    let refused = [
        // Nothing, and something after the one thing a client says.
        from_client(&[]),
        from_client(&[request.as_slice(), &[0]].concat()),
        from_client(&[request.as_slice(), &request].concat()),
        from_node(&[]),
        // Half a line after a whole one.
        from_node(&[read.as_slice(), &read[..7]].concat()),
        from_node(&[read.as_slice(), &[0]].concat()),
        // An empty key, an empty value, a key too long, a value too long.
        from_client(&[id.as_slice(), &[0, 1]].concat()),
        from_client(&[id.as_slice(), &[1, b'k', 0, 0]].concat()),
        from_client(&[id.as_slice(), &[65], &[b'k'; 65], &[1]].concat()),
        from_client(&[id.as_slice(), &[1, b'k', 0, 0xe9, 7], &[b'v'; 1001]].concat()),
        // No such kind; an option that is neither; a node that cannot be.
        from_client(&[id.as_slice(), &[1, b'k', 2]].concat()),
        from_node(&[1, b'k', 4]),
        from_node(&[1, b'k', 0, 5, 1, 1]),
        from_node(&[1, b'k', 0, 1, 1, 0, 2]),
        from_node(&[1, b'k', 0, 0, 1, 16]),
        // What others say to others.
        from_node(&request),
        from_client(&read),
    ];
    for (i, refused) in refused.into_iter().enumerate() {
        assert_eq!(refused, Err(Drop::Body), "{i}");
    }
}

#[test]
fn a_length_is_not_believed() {
    // 2^14, 2^32 and 2^64 - 1 bytes that are not there: as a key, and as a value.
    let long = [0xff; 9];
    let lengths: [&[u8]; 3] = [
        &[0x80, 0x80, 1],
        &[0x80, 0x80, 0x80, 0x80, 0x10],
        &[long.as_slice(), &[1]].concat(),
    ];
    for length in lengths {
        let id = [0xab; 16];
        let keys = [id.as_slice(), length, b"k", &[1]].concat();
        assert_eq!(from_client(&keys), Err(Drop::Body));
        let values = [id.as_slice(), &[1, b'k', 0], length, b"v"].concat();
        assert_eq!(from_client(&values), Err(Drop::Body));
        assert_eq!(from_node(&[length, b"k"].concat()), Err(Drop::Body));
        let decided = [&[1, b'k', 1], length, b"v"].concat();
        assert_eq!(from_node(&decided), Err(Drop::Body));
    }
    // The header's own.
    for length in [0, 1, 18, 20, 1_126, 1_127, 1_128, u16::MAX] {
        let body = [[0xab; 16].as_slice(), &[1, b'k', 1]].concat();
        let sealed = |from| {
            let right = Datagram::new(CLUSTER, &[], from, 0, &body);
            Datagram { length, ..right }.seal()
        };
        let refused = node_codec(0).open(&sealed(CLIENT)).unwrap_err();
        // A client's is shorter than what is there, and within it zeros are no part of a body.
        let expected = match usize::from(length) {
            0..19 => Drop::Length,
            19..=BODY_BYTES_MAX => Drop::Body,
            _ => Drop::Length,
        };
        assert_eq!(refused, expected, "{length}");
        assert_eq!(node_codec(0).open(&sealed(1)), Err(Drop::Length));
    }
}

#[test]
fn after_a_clients_body_come_zeros_up_to_the_full_size_and_after_a_nodes_nothing() {
    let body = [[0xab; 16].as_slice(), &[1, b'k', 1]].concat();
    let right = Datagram::new(CLUSTER, &[], CLIENT, 0, &body);
    assert!(node_codec(0).open(&right.seal()).is_ok());
    let padded = |padding: Vec<u8>| {
        let datagram = Datagram {
            padding,
            ..right.clone()
        };
        node_codec(0).open(&datagram.seal())
    };
    let zeros = right.padding.len();
    for at in 0..zeros {
        let mut padding = vec![0; zeros];
        padding[at] = 1;
        assert_eq!(padded(padding), Err(Drop::Length), "byte {at}");
    }
    assert_eq!(padded(Vec::new()), Err(Drop::Length));
    assert_eq!(padded(vec![0; zeros - 1]), Err(Drop::Length));
    assert_eq!(padded(vec![0; zeros + 1]), Err(Drop::Long));

    let read = [&[1, b'k', 2], [0xab; 16].as_slice()].concat();
    let nodes = Datagram {
        padding: vec![0],
        ..Datagram::new(CLUSTER, &[], 1, 0, &read)
    };
    assert_eq!(node_codec(0).open(&nodes.seal()), Err(Drop::Length));
}

#[test]
fn the_longest_of_all_fits_and_no_answer_is_larger_than_its_request() {
    let mut longest = 0;
    for line in lines() {
        let sealed = node_codec(1).lines(n(0), [&line]);
        assert_eq!(sealed.len(), 1);
        longest = longest.max(sealed[0].len());
    }
    assert!(longest <= DATAGRAM_BYTES_MAX, "{longest}");
    let smallest = requests()
        .iter()
        .map(|request| client().request(n(0), request).len())
        .inspect(|length| assert_eq!(*length, DATAGRAM_BYTES_MAX))
        .min();
    for reply in replies() {
        let length = node_codec(0).reply(&reply).len();
        assert!(Some(length) <= smallest, "{reply:?}");
        assert!(length <= DATAGRAM_BYTES_MAX, "{reply:?}");
    }
}

#[test]
fn many_lines_go_in_few_datagrams_in_their_order() {
    let all = lines();
    let sealed = node_codec(1).lines(n(0), &all);
    let mut heard = Vec::new();
    for bytes in &sealed {
        assert!(bytes.len() <= DATAGRAM_BYTES_MAX);
        match node_codec(0).open(bytes).unwrap().body {
            Body::Lines(lines) => heard.extend(lines),
            Body::Request(_) | Body::Reply(_) => panic!("a node says lines"),
        }
    }
    assert_eq!(heard, all);
    // Two neighbours would not have fitted into one.
    for pair in sealed.windows(2) {
        let first_line = match node_codec(0).open(&pair[1]).unwrap().body {
            Body::Lines(lines) => node_codec(1).lines(n(0), &lines[..1]),
            Body::Request(_) | Body::Reply(_) => panic!("a node says lines"),
        };
        assert!(pair[0].len() + body(&first_line[0]).len() > DATAGRAM_BYTES_MAX);
    }
    assert!(node_codec(1).lines(n(0), []).is_empty());
}

#[test]
fn a_second_formulation_of_the_page_agrees() {
    let bytes = [0x5e; 32];
    let secret = secret(&bytes);
    let request = &requests()[0];
    let theirs = codec_of(CLUSTER, &secret, Party::Client, 0).request(n(2), request);
    let ours = Datagram::new(CLUSTER, &bytes, CLIENT, 2, body(&theirs)).seal();
    assert_eq!(ours, theirs);
    assert!(seal::is_sealed(CLUSTER, &bytes, &theirs));
    assert!(!seal::is_sealed(CLUSTER, &[], &theirs));
}

#[test]
fn each_direction_cluster_and_secret_has_its_own_key() {
    let line = Line {
        key: key(b"k"),
        say: Say::Read(RequestId::from_bytes([1; 16])),
    };
    let (right, wrong) = (secret(&[1; 32]), secret(&[2; 32]));
    let of =
        |cluster, secret: &Secret, number| codec_of(cluster, secret, Party::Node(n(number)), 3);
    let sealed = of(CLUSTER, &right, 0).lines(n(1), [&line]).remove(0);
    assert!(of(CLUSTER, &right, 1).open(&sealed).is_ok());
    // Another secret, or none, or what follows from one with a byte more.
    assert_eq!(of(CLUSTER, &wrong, 1).open(&sealed), Err(Drop::Tag));
    assert_eq!(node_codec(1).open(&sealed), Err(Drop::Tag));
    let longer = secret(&[1; 33]);
    assert_eq!(of(CLUSTER, &longer, 1).open(&sealed), Err(Drop::Tag));
    // Another cluster of the same secret, by its id and without.
    let other = of(OTHER_CLUSTER, &right, 1);
    assert_eq!(other.open(&sealed), Err(Drop::Cluster));
    let mut renamed = sealed.clone();
    renamed[7..23].copy_from_slice(OTHER_CLUSTER.bytes());
    assert_eq!(other.open(&renamed), Err(Drop::Tag));
    // The other direction, and another pair.
    let mut turned = sealed.clone();
    turned.swap(5, 6);
    assert_eq!(of(CLUSTER, &right, 0).open(&turned), Err(Drop::Tag));
    let mut redirected = sealed.clone();
    redirected[6] = 2;
    assert_eq!(of(CLUSTER, &right, 2).open(&redirected), Err(Drop::Tag));
    let mut disowned = sealed;
    disowned[5] = 15;
    assert_eq!(of(CLUSTER, &right, 1).open(&disowned), Err(Drop::Tag));
}

#[test]
fn what_a_node_said_itself_is_refused() {
    let line = Line {
        key: key(b"k"),
        say: Say::Read(RequestId::from_bytes([1; 16])),
    };
    let mut own = node_codec(0).lines(n(1), [&line]).remove(0);
    assert_eq!(node_codec(0).open(&own), Err(Drop::Receiver));
    own[6] = 0;
    assert_eq!(node_codec(0).open(&own), Err(Drop::Sender));
    let reply = node_codec(0).reply(&replies()[0]);
    assert_eq!(node_codec(0).open(&reply), Err(Drop::Receiver));
    let request = client().request(n(0), &requests()[0]);
    assert_eq!(client().open(&request), Err(Drop::Receiver));
}

#[test]
fn clients_and_nodes_do_not_pass_for_each_other() {
    let secret = secret(&[1; 32]);
    let of = |me| codec_of(CLUSTER, &secret, me, 3);
    let (zero, one) = (of(Party::Node(n(0))), of(Party::Node(n(1))));
    // The client's own, with a node's number, and no longer padded.
    let mut posing = of(Party::Client).request(n(0), &requests()[0]);
    posing[5] = 1;
    assert_eq!(zero.open(&posing), Err(Drop::Length));
    let line = lines().remove(0);
    let mut posing = one.lines(n(0), [&line]).remove(0);
    posing[5] = CLIENT;
    assert_eq!(zero.open(&posing), Err(Drop::Length));
    // With everything right but the key.
    let request = of(Party::Client).request(n(0), &requests()[0]);
    let lines = Datagram::new(CLUSTER, &[2; 32], 1, 0, body(&request)).seal();
    assert_eq!(zero.open(&lines), Err(Drop::Tag));
    // A node's line with a client's key is a body that no client writes, and the other way round.
    let lines = one.lines(n(0), [&line]).remove(0);
    let asked = Datagram::new(CLUSTER, &[1; 32], CLIENT, 0, body(&lines)).seal();
    assert_eq!(zero.open(&asked), Err(Drop::Body));
    let said = Datagram::new(CLUSTER, &[1; 32], 1, 0, body(&request)).seal();
    assert_eq!(zero.open(&said), Err(Drop::Body));
    // Clients are answered by nodes, and nodes not by clients.
    let reply = one.reply(&replies()[0]);
    assert!(of(Party::Client).open(&reply).is_ok());
    let answered = Datagram::new(CLUSTER, &[1; 32], CLIENT, CLIENT, body(&reply)).seal();
    assert_eq!(of(Party::Client).open(&answered), Err(Drop::Sender));
}

#[test]
fn each_reason_is_the_first_that_applies() {
    let read = [&[1, b'k', 2], [0xab; 16].as_slice()].concat();
    let right = Datagram::new(CLUSTER, &[], 1, 0, &read);
    let open = |datagram: Datagram<'_>| node_codec(0).open(&datagram.seal()).map(|_| ());
    assert_eq!(open(right.clone()), Ok(()));
    // From the last to be looked at to the first, each on top of those before.
    let half = &read[..5];
    let mut wrong = Datagram::new(CLUSTER, &[], 1, 0, half);
    assert_eq!(open(wrong.clone()), Err(Drop::Body));
    wrong.schema = Kind::Request.schema_id();
    assert_eq!(open(wrong.clone()), Err(Drop::Schema));
    wrong.secret = &[9; 32];
    assert_eq!(open(wrong.clone()), Err(Drop::Tag));
    wrong.length = 4;
    assert_eq!(open(wrong.clone()), Err(Drop::Length));
    for stranger in [0, 3, 16, 254] {
        wrong.from = stranger;
        assert_eq!(open(wrong.clone()), Err(Drop::Sender), "{stranger}");
    }
    for other in [1, 16, 254, CLIENT] {
        wrong.to = other;
        assert_eq!(open(wrong.clone()), Err(Drop::Receiver), "{other}");
    }
    wrong.cluster = OTHER_CLUSTER;
    assert_eq!(open(wrong.clone()), Err(Drop::Cluster));
    for version in [0, 1, 3, u8::MAX] {
        wrong.version = version;
        assert_eq!(open(wrong.clone()), Err(Drop::Version));
    }
    wrong.magic = *b"paxo";
    assert_eq!(open(wrong.clone()), Err(Drop::Magic));
    let short = node_codec(0).open(&wrong.seal()[..HEADER_BYTES + TAG_BYTES - 1]);
    assert_eq!(short, Err(Drop::Short));
    wrong.padding = vec![0; DATAGRAM_BYTES_MAX];
    assert_eq!(open(wrong), Err(Drop::Long));
    assert_eq!(node_codec(0).open(&[]), Err(Drop::Short));
    assert_eq!(node_codec(0).open(&[0; 65_507]), Err(Drop::Long));
}

/// For whose ballot a node speaks, and what it reports, is known to the core alone: a changed one may well repeat a
/// promise for the ballot that it has voted in, or let one node speak for another.
#[test]
fn what_the_core_says_is_not_judged_by_the_wire() {
    let (mine, theirs, others) = (ballot(2, 0), ballot(2, 1), ballot(2, 2));
    let vote = |ballot| {
        Some(Vote {
            ballot,
            value: value(b"A"),
        })
    };
    let promise = |ballot, accepted| Message::Promise { ballot, accepted };
    let mut said = vec![promise(mine, vote(mine)), promise(mine, vote(others))];
    for ballot in [mine, theirs, others] {
        said.extend([
            Message::Prepare { ballot },
            promise(ballot, None),
            Message::Propose {
                ballot,
                value: value(b"A"),
            },
            Message::Nack {
                ballot,
                promised: mine,
            },
        ]);
    }
    for message in said {
        let line = Line {
            key: key(b"k"),
            say: Say::Protocol(message),
        };
        let sealed = node_codec(1).lines(n(0), [&line]).remove(0);
        let heard = node_codec(0).open(&sealed).map(|received| received.body);
        assert_eq!(heard, Ok(Body::Lines(vec![line])));
    }
}

#[test]
fn a_body_of_another_schema_is_refused_however_well_it_reads() {
    let read = [&[1, b'k', 2], [0xab; 16].as_slice()].concat();
    let request = [[0xab; 16].as_slice(), &[1, b'k', 1]].concat();
    for (from, kind, body) in [(1, Kind::Lines, &read), (CLIENT, Kind::Request, &request)] {
        let right = Datagram::new(CLUSTER, &[], from, 0, body);
        assert_eq!(right.schema, kind.schema_id());
        assert!(node_codec(0).open(&right.seal()).is_ok());
        for byte in 0..8 {
            let mut bytes = *right.schema.bytes();
            bytes[byte] ^= 1;
            let other = Datagram {
                schema: SchemaId::from_bytes(bytes),
                ..right.clone()
            };
            assert_eq!(node_codec(0).open(&other.seal()), Err(Drop::Schema));
        }
    }
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<&str> = Drop::ALL.iter().map(|one| one.name()).collect();
    assert_eq!(names.len(), Drop::ALL.len());
}

/// Programs of version 1 have written these: they are refused by their version, whatever they say.
#[test]
fn datagrams_of_version_1_are_refused_by_it() {
    let text = include_str!("golden/datagrams-1.txt");
    for line in text.lines() {
        let (name, hex) = line.split_once(' ').unwrap();
        let digits: Vec<char> = hex.chars().collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| byte(pair).unwrap()).collect();
        for receiver in [node_codec(0), client()] {
            assert_eq!(receiver.open(&bytes), Err(Drop::Version), "{name}");
        }
    }
    assert_eq!(text.lines().count(), 7);
}

#[test]
fn each_kind_of_message_is_among_the_samples() {
    let schema = |kind: Kind| kind.schema().unwrap().text();
    let samples = [
        (Kind::Lines, serde_json::to_string(&golden_lines()).unwrap()),
        (
            Kind::Request,
            serde_json::to_string(&golden_requests()).unwrap(),
        ),
        (
            Kind::Reply,
            serde_json::to_string(&golden_replies()).unwrap(),
        ),
    ];
    for (kind, json) in samples {
        let missing = golden::variants_without_sample(schema(kind), &json);
        assert_eq!(missing, [""; 0], "{kind:?}");
    }
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn golden_id() -> RequestId {
    RequestId::from_bytes(*b"0123456789abcdef")
}

/// One line of each kind.
fn golden_lines() -> Vec<Line> {
    let vote = Vote {
        ballot: ballot(300, 2),
        value: value(b"A"),
    };
    let says = [
        Say::Protocol(Message::Prepare {
            ballot: ballot(u32::MAX, 1),
        }),
        Say::Protocol(Message::Promise {
            ballot: ballot(301, 0),
            accepted: Some(vote.clone()),
        }),
        Say::Protocol(Message::Propose {
            ballot: ballot(1, 1),
            value: value(b"A"),
        }),
        Say::Protocol(Message::Accepted {
            ballot: ballot(1, 15),
            value: value(b"A"),
        }),
        Say::Protocol(Message::Nack {
            ballot: ballot(1, 0),
            promised: ballot(1, 2),
        }),
        Say::Decided(value(b"A")),
        Say::Read(golden_id()),
        Say::Voted(golden_id(), Some(vote)),
        Say::Voted(golden_id(), None),
    ];
    let line = |say| Line {
        key: key(b"leader"),
        say,
    };
    says.map(line).into()
}

fn golden_requests() -> Vec<Request> {
    let request = |ask| Request {
        id: golden_id(),
        key: key(b"leader"),
        ask,
    };
    [Ask::Propose(value(b"n0")), Ask::Get].map(request).into()
}

fn golden_replies() -> Vec<Reply> {
    let answers = [
        Answer::Chosen(value(b"n0")),
        Answer::Undecided,
        Answer::Busy,
        Answer::NotAProposer,
    ];
    let reply = |answer| Reply {
        id: golden_id(),
        answer,
    };
    answers.map(reply).into()
}

/// Other programs of this version read these bytes.
#[test]
fn the_bytes_are_those_of_this_version() {
    let secret = secret(b"0123456789abcdef0123456789abcdef");
    let of = |me, incarnation| codec_of(CLUSTER, &secret, me, incarnation);
    let client = of(Party::Client, 0);
    let (zero, one) = (of(Party::Node(n(0)), 1), of(Party::Node(n(1)), 0x0102_0304));
    let kinds = [Kind::Lines, Kind::Request, Kind::Reply];
    let schema = |kind: Kind| golden::schema_lines(kind.schema().unwrap().text());
    let mut text: String = kinds.map(schema).concat();
    let mut tell = |name: &str, said: &str| {
        let _ = writeln!(text, "{name} {said}");
    };
    tell("lines", &hex(&one.lines(n(0), &golden_lines())[0]));
    for request in golden_requests() {
        tell("request", &hex(&client.request(n(0), &request)));
    }
    for reply in golden_replies() {
        tell("reply", &hex(&zero.reply(&reply)));
    }
    golden::check("datagrams", "VERSION in wire.rs", VERSION.into(), &text);
}
