//! What the answers to a read amount to, against what votes and quorums are by hand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use paxos::{Acceptor, Ballot, Cluster, Flexible, Lamport, NodeId, Read, ReadOutcome, Round, Vote};

fn vote(round: u32, node: usize, value: char) -> Option<Vote<char>> {
    let ballot = Ballot {
        round: Round::new(round).unwrap(),
        node: NodeId::new(node).unwrap(),
    };
    Some(Vote { ballot, value })
}

fn id(number: usize) -> NodeId {
    NodeId::new(number).unwrap()
}

#[test]
fn nothing_is_chosen_if_a_quorum_of_phase_1_has_no_vote() {
    let cluster = Cluster::all_roles(5).unwrap();
    let mut read = Read::<char>::begin();
    for number in [0, 4] {
        let outcome = read.hear(&Lamport, &cluster, id(number), None);
        assert_eq!(outcome, ReadOutcome::Pending);
        // A copy of an answer is no other answer.
        let outcome = read.hear(&Lamport, &cluster, id(number), None);
        assert_eq!(outcome, ReadOutcome::Pending);
    }
    let outcome = read.hear(&Lamport, &cluster, id(2), None);
    assert_eq!(outcome, ReadOutcome::NothingChosen);
}

#[test]
fn the_vote_of_the_highest_ballot_may_be_chosen_in_whatever_order_votes_are_told() {
    let cluster = Cluster::all_roles(3).unwrap();
    let votes = [vote(1, 2, 'A'), vote(2, 0, 'B'), None];
    for first in 0..3 {
        for second in (0..3).filter(|second| *second != first) {
            let mut read = Read::begin();
            let told = [first, second].map(|number| (id(number), votes[number]));
            let [before, outcome] =
                told.map(|(from, vote)| read.hear(&Lamport, &cluster, from, vote));
            assert_eq!(before, ReadOutcome::Pending);
            let value = if [first, second].contains(&1) {
                'B'
            } else {
                'A'
            };
            assert_eq!(outcome, ReadOutcome::MayBeChosen(value));
        }
    }
}

#[test]
fn the_quorum_is_the_one_of_phase_1() {
    let cluster = Cluster::all_roles(4).unwrap();
    let rules = Flexible {
        prepare: 3,
        accept: 2,
    };
    let mut read = Read::<char>::begin();
    let outcomes = [0, 1, 2].map(|number| read.hear(&rules, &cluster, id(number), None));
    let [first, second, third] = outcomes;
    assert_eq!([first, second], [ReadOutcome::Pending; 2]);
    assert_eq!(third, ReadOutcome::NothingChosen);
}

#[test]
fn what_is_no_acceptor_does_not_count() {
    let nodes = |numbers: [usize; 2]| numbers.into_iter().map(id).collect();
    let cluster = Cluster::apart(nodes([0, 1]), nodes([2, 3]), nodes([0, 1])).unwrap();
    let mut read = Read::begin();
    for number in [0, 1] {
        let outcome = read.hear(&Lamport, &cluster, id(number), vote(1, 0, 'A'));
        assert_eq!(outcome, ReadOutcome::Pending);
    }
    assert_eq!(read, Read::begin());
}

#[test]
fn an_acceptor_tells_its_last_vote() {
    let accepted = vote(3, 1, 'C');
    let acceptor = Acceptor {
        promised: vote(4, 0, 'C').map(|vote| vote.ballot),
        accepted,
    };
    assert_eq!(Read::answer(&acceptor), accepted);
}
