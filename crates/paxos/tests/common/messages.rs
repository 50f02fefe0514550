//! The messages, and the cluster they are exchanged in.

use paxos::{Ballot, Cluster, Effects, Message, Vote};

use crate::common::node;

pub(crate) fn prepare(ballot: Ballot) -> Message<char> {
    Message::Prepare { ballot }
}

pub(crate) fn promise(ballot: Ballot, accepted: Option<(Ballot, char)>) -> Message<char> {
    let accepted = accepted.map(|(ballot, value)| Vote { ballot, value });
    Message::Promise { ballot, accepted }
}

pub(crate) fn propose(ballot: Ballot, value: char) -> Message<char> {
    Message::Propose { ballot, value }
}

pub(crate) fn accepted(ballot: Ballot, value: char) -> Message<char> {
    Message::Accepted { ballot, value }
}

pub(crate) fn nack(ballot: Ballot, promised: Ballot) -> Message<char> {
    Message::Nack { ballot, promised }
}

/// What a node has to do that has nothing to do.
pub(crate) const NOTHING: Effects<char> = Effects {
    persist: None,
    send: None,
    set_timer: None,
    chosen: None,
};

/// Proposers n0 and n1, acceptors n2, n3 and n4, the learner n5.
pub(crate) fn roles_apart() -> Cluster {
    let set = |numbers: &[usize]| numbers.iter().map(|number| node(*number)).collect();
    Cluster::apart(set(&[0, 1]), set(&[2, 3, 4]), set(&[5])).unwrap()
}
