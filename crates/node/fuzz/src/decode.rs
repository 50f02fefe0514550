//! Bytes are read in one way, or refused.

use node::wire::{Body, Codec, Drop, Party};
use node::{ClusterId, Secret};

use super::node_id;
use super::seal::{CLIENT, Datagram, is_sealed};

const CLUSTER: ClusterId = ClusterId::from_bytes([7; 16]);

/// Opens the bytes as a datagram, and as the body of one that is sealed as it should be, for a node
/// and for a client. What is accepted was sealed, and is what its sender would have written.
///
/// # Panics
/// If it is not.
pub fn decode(bytes: &[u8]) {
    let (me, peer) = (node_id(0), node_id(1));
    // Most of them are refused, and should be.
    let _ = open(Party::Node(me), bytes);
    let _ = open(Party::Client, bytes);
    for (from, to) in [
        (Party::Node(peer), Party::Node(me)),
        (Party::Client, Party::Node(me)),
        (Party::Node(me), Party::Client),
    ] {
        let datagram = Datagram {
            incarnation: 3,
            ..Datagram::new(CLUSTER, &[], number(from), number(to), bytes)
        };
        let accepted = open(to, &datagram.seal());
        assert!(
            matches!(accepted, Ok(()) | Err(Drop::Body | Drop::Long)),
            "only the body can be wrong: {accepted:?}"
        );
    }
}

fn number(party: Party) -> u8 {
    match party {
        Party::Node(node) => node.into(),
        Party::Client => CLIENT,
    }
}

fn codec(of: Party, incarnation: u64) -> Codec {
    let nodes = (0..3).map(node_id).map(Party::Node);
    let others = nodes.chain([Party::Client]).filter(|party| *party != of);
    Codec::new(CLUSTER, &Secret::none(), of, incarnation, others)
}

fn open(to: Party, bytes: &[u8]) -> Result<(), Drop> {
    let received = codec(to, 9).open(bytes)?;
    assert!(is_sealed(CLUSTER, &[], bytes), "believed without a tag");
    let sender = codec(received.from, received.incarnation);
    let again = match (&received.body, to) {
        (Body::Request(request), Party::Node(to)) => vec![sender.request(to, request)],
        (Body::Reply(reply), Party::Client) => vec![sender.reply(reply)],
        (Body::Lines(lines), Party::Node(to)) => {
            assert!(!lines.is_empty(), "nothing is said");
            assert!(is_nodes(received.from), "a client speaks as a node");
            sender.lines(to, lines)
        }
        (body, to) => panic!("{body:?} is not for {to:?}"),
    };
    assert_eq!(again, [bytes], "there is another way to say {received:?}");
    Ok(())
}

fn is_nodes(party: Party) -> bool {
    match party {
        Party::Node(_) => true,
        Party::Client => false,
    }
}
