//! What binds nodes and clients to each other: a refusal means that nothing was done, and a client concludes no more
//! than it has seen.

use model::{Action, Event, Fault, Outcome, Point, Reply, State};
use paxos::NodeId;

use super::reading::{Reading, Step};
use crate::words;

/// A node that says it is busy, or refuses for good, has done nothing.
pub(super) fn refuses_what_it_does_not_do(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let Action::Fail {
        fault: fault @ (Fault::NodeBusy | Fault::RequestInvalid),
        at: Point::Ask(ask),
    } = step.action
    else {
        return None;
    };
    let of = reading.world.scenario().ask.get(usize::from(ask))?.of;
    let node = NodeId::new(of)?;
    let is_same = trace_of_request(&step.before, node, ask)
        == trace_of_request(&step.after, node, ask)
        && step.before.mail == step.after.mail;
    let said = match fault == Fault::NodeBusy {
        true => "that it is too busy",
        false => "that it refuses",
    };
    (!is_same).then(|| {
        format!(
            "{node} took request {ask} in at step {} and answered {said}, as if it had not.",
            step.number
        )
    })
}

/// What shows of a request at its node: its memory and disk, and what it owes and has done.
fn trace_of_request(state: &State, node: NodeId, ask: u8) -> (model::Server, bool, bool, bool) {
    let call = state
        .clients
        .as_deref()
        .map(|clients| clients.calls[usize::from(ask)]);
    let has_answer = call.is_some_and(|call| {
        call.replies
            .iter()
            .any(|reply| matches!(reply, Reply::Chosen(_)))
    });
    let (is_owed, is_done) = call.map_or((false, false), |call| (call.is_owed, call.is_done));
    (state.server(node), is_owed, is_done, has_answer)
}

/// A client may say that nothing was done if no copy of its request left, or if the only one was refused.
pub(super) fn concludes_what_it_knows(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let asks = step.before.asks.iter().zip(&step.after.asks).zip(0_u8..);
    let mut failed = asks.filter(|((was, is), _)| was != is && is.is_failure());
    failed.find_map(|((_, outcome), ask)| {
        let left = left(reading, step, ask);
        let number = step.number;
        let steps: Vec<String> = left.iter().map(ToString::to_string).collect();
        let when = match steps.as_slice() {
            [one] => format!("step {one}"),
            steps => format!("steps {}", words::listed(steps)),
        };
        let told = format!("The client of request {ask} concluded {outcome} at step {number}");
        let reason = match (was_refused(step), left.len()) {
            (_, 0) | (true, 1) => return None,
            (true, _) => {
                format!("though of the requests that left at {when} only one had been refused")
            }
            (false, _) => format!("though its request had left at {when} and may have been done"),
        };
        Some(format!("{told}, {reason}."))
    })
}

/// Whether in this step a client hears that a node did nothing.
fn was_refused(step: &Step) -> bool {
    match step.action {
        Action::Answer { reply, .. }
        | Action::Fail {
            at: Point::Reply(_, reply),
            ..
        } => match reply {
            Reply::Busy | Reply::Refused => true,
            Reply::Chosen(_) => false,
        },
        Action::Fail {
            at: Point::Ask(_) | Point::Event(_) | Point::Node(_),
            ..
        }
        | Action::Step(_)
        | Action::Torn { .. }
        | Action::Crash(_)
        | Action::Lose(_)
        | Action::GiveUp(_)
        | Action::Read { .. }
        | Action::Repeat(_)
        | Action::Stop(_)
        | Action::Settle => false,
    }
}

/// The steps before this one in which a request left, since its client last knew that nothing was done.
fn left(reading: &Reading<'_>, upto: &Step, ask: u8) -> Vec<usize> {
    let mut left = Vec::new();
    for step in &reading.steps[..upto.number] {
        let Some(is_posted) = asks(step, ask) else {
            continue;
        };
        match step.before.asks[usize::from(ask)] {
            Outcome::PostFailed | Outcome::Retryable => left.clear(),
            Outcome::NotAsked
            | Outcome::Asked
            | Outcome::Unknown
            | Outcome::Fatal
            | Outcome::Success(_) => {}
        }
        if is_posted {
            left.push(step.number);
        }
    }
    left
}

/// Whether a client makes this request in a step, and if so, whether it leaves.
fn asks(step: &Step, ask: u8) -> Option<bool> {
    if let Some(Event::Ask { index, .. }) = step.event() {
        return (index == ask).then_some(true);
    }
    match step.action {
        Action::Fail {
            fault,
            at: Point::Ask(index),
        } => (index == ask).then_some(fault != Fault::PostRefused),
        Action::Fail {
            at: Point::Reply(..) | Point::Event(_) | Point::Node(_),
            ..
        }
        | Action::Step(_)
        | Action::Torn { .. }
        | Action::Crash(_)
        | Action::Lose(_)
        | Action::Answer { .. }
        | Action::GiveUp(_)
        | Action::Read { .. }
        | Action::Repeat(_)
        | Action::Stop(_)
        | Action::Settle => None,
    }
}
