//! The small values: sets against sets of the standard library, numbers there and back, and everything as it is written.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use paxos::{Ballot, Broadcast, Cluster, Envelope, Message, NodeId, NodeSet, Round, Vote};

fn node(index: usize) -> NodeId {
    NodeId::new(index).unwrap()
}

fn ballot(round: u32, index: usize) -> Ballot {
    Ballot {
        round: Round::new(round).unwrap(),
        node: node(index),
    }
}

fn members(set: NodeSet) -> BTreeSet<usize> {
    set.iter().map(NodeId::index).collect()
}

/// Sets of all sizes, and of nodes far apart.
const SETS: [u16; 7] = [0, 1, 0b11, 0b110, 0b1001, 0x8000, 0xffff];

#[test]
fn sets_are_sets() {
    for a in SETS {
        for b in SETS {
            let (one, other) = (NodeSet::from_bits(a), NodeSet::from_bits(b));
            let union: BTreeSet<usize> = &members(one) | &members(other);
            assert_eq!(members(one.union(other)), union, "{one} {other}");
            let both: BTreeSet<usize> = &members(one) & &members(other);
            assert_eq!(members(one.intersection(other)), both, "{one} {other}");
        }
        let set = NodeSet::from_bits(a);
        assert_eq!(set.bits(), a);
        for index in 0..NodeId::LIMIT {
            let mut with = members(set);
            with.insert(index);
            assert_eq!(members(set.with(node(index))), with, "{set} and {index}");
            assert_eq!(set.contains(node(index)), members(set).contains(&index));
        }
    }
    assert_eq!(members(NodeSet::first(3)), BTreeSet::from([0, 1, 2]));
    assert_eq!(NodeSet::EMPTY, NodeSet::default());
}

#[test]
fn numbers_go_there_and_back() {
    for number in 0..NodeId::LIMIT as u8 {
        let node = NodeId::try_from(number).unwrap();
        assert_eq!(
            (u8::from(node), node.index()),
            (number, usize::from(number))
        );
    }
    assert!(NodeId::try_from(NodeId::LIMIT as u8).is_err());
    for number in [1, 2, 255, u32::MAX] {
        assert_eq!(Round::new(number).unwrap().number(), number);
    }
    assert_eq!(Round::FIRST.next().unwrap().number(), 2);
}

#[test]
fn everything_is_written_in_few_signs() {
    let set = NodeSet::from_bits(0b101);
    assert_eq!(
        (set.to_string(), format!("{set:?}")),
        ("{n0 n2}".into(), "{n0 n2}".into())
    );
    assert_eq!(NodeSet::EMPTY.to_string(), "{}");
    assert_eq!(
        (node(7).to_string(), format!("{:?}", node(7))),
        ("n7".into(), "n7".into())
    );
    let (low, high) = (ballot(1, 2), ballot(12, 0));
    assert_eq!(
        (low.to_string(), format!("{low:?}")),
        ("1.2".into(), "1.2".into())
    );
    assert_eq!(format!("{:?}", high.round), "12");
    let vote = Vote {
        ballot: low,
        value: 'x',
    };
    assert_eq!(vote.to_string(), "1.2=x");
    let said = [
        (Message::Prepare { ballot: high }, "Prepare 12.0"),
        (
            Message::Promise {
                ballot: high,
                accepted: None,
            },
            "Promise 12.0",
        ),
        (
            Message::Promise {
                ballot: high,
                accepted: Some(vote),
            },
            "Promise 12.0 accepted 1.2=x",
        ),
        (
            Message::Propose {
                ballot: high,
                value: 'x',
            },
            "Propose 12.0=x",
        ),
        (
            Message::Accepted {
                ballot: high,
                value: 'x',
            },
            "Accepted 12.0=x",
        ),
        (
            Message::Nack {
                ballot: low,
                promised: high,
            },
            "Nack 1.2 promised 12.0",
        ),
    ];
    for (message, text) in said {
        assert_eq!(message.to_string(), text);
        let envelope = Envelope {
            from: node(1),
            to: node(3),
            message,
        };
        assert_eq!(envelope.to_string(), format!("n1 → n3 {text}"));
    }
}

#[test]
fn a_broadcast_is_an_envelope_for_each() {
    let message = Message::<char>::Prepare {
        ballot: ballot(1, 1),
    };
    let to = NodeSet::from_bits(0b1010);
    let all: Vec<Envelope<char>> = Broadcast {
        from: node(2),
        to,
        message,
    }
    .envelopes()
    .collect();
    let one = |to| Envelope {
        from: node(2),
        to: node(to),
        message,
    };
    assert_eq!(all, [one(1), one(3)]);
}

#[test]
fn a_cluster_is_its_roles() {
    let sets = [0b0011, 0b0110, 0b1000].map(NodeSet::from_bits);
    let cluster = Cluster::apart(sets[0], sets[1], sets[2]).unwrap();
    assert_eq!(
        [cluster.proposers(), cluster.acceptors(), cluster.learners()],
        sets
    );
    assert_eq!(cluster.nodes(), NodeSet::first(4));
    let all = Cluster::all_roles(3).unwrap();
    let three = NodeSet::first(3);
    assert_eq!(
        [all.proposers(), all.acceptors(), all.learners()],
        [three; 3]
    );
}
