//! Quorums that are no sizes, against what they are by hand.

use paxos::{Cluster, NodeId, NodeSet, Phase, QuorumList, QuorumSets, Rules as _, Weighted};

fn set(nodes: &[usize]) -> NodeSet {
    nodes
        .iter()
        .filter_map(|number| NodeId::new(*number))
        .collect()
}

/// By hand: of weights 1, 1, 2 what weighs 3 or more.
#[test]
fn weights_are_added_up() {
    let mut weights = [0; NodeId::LIMIT];
    weights[..3].copy_from_slice(&[1, 1, 2]);
    let rules = Weighted {
        weights,
        prepare: 3,
        accept: 2,
    };
    let cluster = Cluster::all_roles(3).unwrap();
    let quorums = |phase| {
        let all = (0..8).map(NodeSet::from_bits);
        all.filter(|voters| rules.is_quorum(phase, &cluster, *voters))
            .collect::<Vec<_>>()
    };
    let three = [set(&[0, 2]), set(&[1, 2]), set(&[0, 1, 2])];
    assert_eq!(quorums(Phase::Prepare), three);
    let two = [
        set(&[0, 1]),
        set(&[2]),
        set(&[0, 2]),
        set(&[1, 2]),
        set(&[0, 1, 2]),
    ];
    assert_eq!(quorums(Phase::Accept), two);
}

#[test]
fn whoever_includes_a_listed_set_is_a_quorum() {
    let rules = QuorumSets {
        prepare: QuorumList::new(&[set(&[0, 1]), set(&[2, 3])]).unwrap(),
        accept: QuorumList::new(&[set(&[0, 2]), set(&[1, 3])]).unwrap(),
    };
    let cluster = Cluster::all_roles(4).unwrap();
    for bits in 0..16 {
        let voters = NodeSet::from_bits(bits);
        let has = |node| voters.contains(NodeId::new(node).unwrap());
        let row = has(0) && has(1) || has(2) && has(3);
        let column = has(0) && has(2) || has(1) && has(3);
        assert_eq!(rules.is_quorum(Phase::Prepare, &cluster, voters), row);
        assert_eq!(rules.is_quorum(Phase::Accept, &cluster, voters), column);
    }
}

#[test]
fn a_list_that_would_make_nobody_a_quorum_or_always_is_none() {
    assert_eq!(QuorumList::new(&[]), None);
    assert_eq!(QuorumList::new(&[set(&[0]), NodeSet::EMPTY]), None);
    let one = [set(&[0]); QuorumList::LIMIT + 1];
    assert_eq!(QuorumList::new(&one), None);
    let most = QuorumList::new(&one[1..]).unwrap();
    assert_eq!(most.iter().count(), QuorumList::LIMIT);
}
