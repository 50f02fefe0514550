//! States, inputs and effects in words, one line each, with long values cut.

use std::fmt;

use node::{Record, Value};
use paxos::{
    Durable, Effects, Input, Learner, Message, Node, NodeSet, Progress, Timer, Translation, Vote,
};

/// So many characters of a value are shown.
const VALUE_MAX: usize = 40;

/// The text of a value.
pub(crate) fn value(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_MAX) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// `a Propose 1.0=tea`, without its way.
pub(crate) fn message(message: &Message<Value>) -> String {
    let mut translation = Translation {
        rounds: |round| round,
        values: |known: &Value| Some(value(known)),
    };
    let short = translation.message(message);
    short.map_or_else(String::new, |short| short.to_string())
}

/// What happened.
pub(crate) fn input(input: &Input<Value>) -> String {
    match input {
        Input::Propose(asked) => format!("a request for {}", value(asked)),
        Input::Receive(envelope) => format!(
            "{} → {} {}",
            envelope.from,
            envelope.to,
            message(&envelope.message)
        ),
        Input::Timeout(Timer::Retry) => "a time-out".to_owned(),
    }
}

/// Work orders, in their order.
pub(crate) fn effects(effects: &Effects<Value>) -> String {
    let parts = [
        effects
            .persist
            .as_ref()
            .map(|saved| format!("persist {}", durable(saved))),
        effects
            .send
            .as_ref()
            .map(|said| format!("send {} to {}", message(&said.message), names(said.to))),
        effects.set_timer.map(|timer| match timer {
            Timer::Retry => "set the timer".to_owned(),
        }),
        effects
            .chosen
            .as_ref()
            .map(|chosen| format!("{} is chosen", value(chosen))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => "nothing".to_owned(),
        false => parts.join("; "),
    }
}

/// What is durable.
pub(crate) fn durable(durable: &Durable<Value>) -> String {
    let parts = [
        durable
            .round
            .map(|round| format!("round {}", round.number())),
        durable.promised.map(|ballot| format!("promise {ballot}")),
        durable
            .accepted
            .as_ref()
            .map(|accepted| format!("vote {}", vote(accepted))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => "nothing".to_owned(),
        false => parts.join(", "),
    }
}

/// What a store has.
pub(crate) fn record(record: Option<&Record>) -> String {
    match record {
        None => "no record".to_owned(),
        Some(Record::Open(open)) => durable(open),
        Some(Record::Chosen(chosen)) => format!("{} is chosen", value(chosen)),
    }
}

/// All that a node remembers.
pub(crate) fn node(node: &Node<Value>) -> String {
    let mut text = durable(&node.durable());
    write_roles(&mut text, node);
    text
}

fn write_roles(text: &mut String, node: &Node<Value>) {
    let proposer = node.proposer();
    if let Some(own) = &proposer.client_value {
        text.push_str(&format!("; wants {}", value(own)));
    }
    match &proposer.progress {
        Progress::Idle => {}
        Progress::Preparing {
            ballot,
            promises,
            best,
        } => {
            text.push_str(&format!("; prepares {ballot}, promised by {promises}"));
            if let Some(best) = best {
                text.push_str(&format!(", must respect {}", vote(best)));
            }
        }
        Progress::Proposing { ballot } => text.push_str(&format!("; proposes {ballot}")),
    }
    if let Some(seen) = proposer.highest_nack {
        text.push_str(&format!("; refused for {seen}"));
    }
    match node.learner() {
        Learner::Unaware => {}
        Learner::Counting {
            ballot,
            value: counted,
            voters,
        } => {
            let counted = value(counted);
            text.push_str(&format!("; counts {ballot}={counted} from {voters}"));
        }
        Learner::Chosen(chosen) => text.push_str(&format!("; knows {} is chosen", value(chosen))),
    }
}

fn vote(vote: &Vote<Value>) -> impl fmt::Display {
    format!("{}={}", vote.ballot, value(&vote.value))
}

/// "n0 n1 n2".
pub(crate) fn names(nodes: NodeSet) -> String {
    let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
    names.join(" ")
}
