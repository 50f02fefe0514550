//! What a node answers to a question that has come before, on every short history, against what it said then.

use paxos::{
    Broadcast, Durable, Envelope, Flexible, Input, Lamport, Message, Node, NodeSet, Rules,
    StrictAccept,
};

use crate::common::{Verdict, ballot, ensure, node};
use crate::messages::{accepted, nack, prepare, promise, propose, roles_apart};

/// How many events a history has at most.
const LENGTH: usize = 5;
/// The acceptor that is asked, and who asks.
const ACCEPTOR: usize = 2;
const PROPOSER: usize = 0;

/// What can come to the acceptor; `None` is a crash, from which it knows what its disk says.
fn events() -> Vec<Option<Message<char>>> {
    let [low, middle, high] = [(1, 0), (1, 1), (2, 0)].map(|(round, number)| ballot(round, number));
    vec![
        Some(prepare(low)),
        Some(prepare(middle)),
        Some(prepare(high)),
        Some(propose(low, 'A')),
        Some(propose(middle, 'B')),
        Some(propose(high, 'A')),
        None,
    ]
}

/// All that could be asked, whether it has been before or not.
fn questions() -> Vec<Message<char>> {
    let (low, high) = (ballot(1, 0), ballot(2, 0));
    let others = [
        promise(low, None),
        promise(high, Some((low, 'A'))),
        accepted(high, 'A'),
        nack(low, high),
    ];
    events().into_iter().flatten().chain(others).collect()
}

/// `last` is what the acceptor said when it last wrote anything to its disk. If that was a promise, it stands.
fn judged(asked: &Node<char>, rules: &impl Rules, last: Option<Message<char>>) -> Verdict {
    for question in questions() {
        let stands = match (question, last) {
            (Message::Prepare { ballot }, Some(said @ Message::Promise { ballot: own, .. })) => {
                Some(said).filter(|_| own == ballot)
            }
            _ => None,
        };
        let expected = stands.map(|message| Broadcast {
            from: asked.id(),
            to: NodeSet::EMPTY.with(node(PROPOSER)),
            message,
        });
        let found = asked.retransmit_promise(rules, node(PROPOSER), &question);
        ensure!(
            found == expected,
            "{asked:?} is asked {question}: expected {expected:?}, found {found:?}"
        );
    }
    Ok(())
}

fn play(
    before: &Node<char>,
    rules: &impl Rules,
    last: Option<Message<char>>,
    left: usize,
) -> Verdict {
    judged(before, rules, last)?;
    if left == 0 {
        return Ok(());
    }
    for event in events() {
        let mut next = *before;
        let mut said = last;
        match event {
            None => next = Node::start(next.id(), *next.cluster(), rules, next.durable()),
            Some(message) => {
                let envelope = Envelope {
                    from: node(PROPOSER),
                    to: next.id(),
                    message,
                };
                let effects = next.handle(rules, Input::Receive(envelope));
                if effects.persist.is_some() {
                    said = effects.send.map(|broadcast| broadcast.message);
                }
            }
        }
        play(&next, rules, said, left - 1)?;
    }
    Ok(())
}

fn every_history(rules: &impl Rules) -> Verdict {
    let start = Node::start(node(ACCEPTOR), roles_apart(), rules, Durable::EMPTY);
    play(&start, rules, None, LENGTH)
}

#[test]
fn what_stands_is_said_again_in_the_same_words_and_nothing_else() {
    every_history(&Lamport).unwrap();
    every_history(&StrictAccept).unwrap();
    let flexible = Flexible {
        prepare: 1,
        accept: 3,
    };
    every_history(&flexible).unwrap();
}
