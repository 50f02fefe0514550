//! What binds hosts: to save before they send, to give back what was saved, to stop when the disk fails, and to run a timer
//! for a ballot under way.

use model::{Action, Consequence, Event, Fault, Letter, Point, Server, State};
use paxos::{Durable, Message, NodeId, Progress};

use super::reading::{Reading, Step};
use crate::facts::{self, Fact};
use crate::words;

fn has_stopped(state: &State, node: NodeId) -> bool {
    let clients = state.clients.as_deref();
    clients.is_some_and(|clients| clients.has_stopped(node))
}

/// After a failed write nobody knows what the disk holds: the node says nothing and stops.
pub(super) fn stops_when_it_cannot_save(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    let Action::Fail {
        fault: Fault::StorageFails,
        at: Point::Event(event),
    } = step.action
    else {
        return None;
    };
    let node = handler(event);
    let lost = step.consequences.iter().find_map(unsaved);
    let what = lost.map_or("what it had to".to_owned(), |lost| {
        told(&facts::beyond(&lost, &step.after.server(node).disk))
    });
    let said: Vec<String> = step.sent().map(|said| said.message.to_string()).collect();
    let said = match said.as_slice() {
        [] => String::new(),
        said => format!(": it sent {}", words::listed(said)),
    };
    (!has_stopped(&step.after, node)).then(|| {
        format!(
            "{node} could not save {what} at step {} and went on as if it had{said}.",
            step.number
        )
    })
}

fn handler(event: Event) -> NodeId {
    match event {
        Event::Ask { of, .. } => of,
        Event::Deliver(envelope) => envelope.to,
        Event::Timeout(node) => node,
    }
}

/// What a failure kept from a disk.
fn unsaved(consequence: &Consequence) -> Option<Durable<Letter>> {
    match consequence {
        Consequence::DoesNotSave { lost, .. } => Some(*lost),
        Consequence::Saves { .. }
        | Consequence::Sends(_)
        | Consequence::DoesNotSend(_)
        | Consequence::Announces { .. }
        | Consequence::TellsClient { .. }
        | Consequence::Replies { .. }
        | Consequence::Concludes { .. }
        | Consequence::TellsVote { .. }
        | Consequence::TellsReader { .. }
        | Consequence::Stops { .. }
        | Consequence::Restarts { .. }
        | Consequence::Notes { .. } => None,
    }
}

/// A disk holds a record whole or not at all, and what it has acknowledged.
pub(super) fn saves_whole_records(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    let (event, is_torn) = match step.action {
        Action::Step(event) => (event, false),
        Action::Torn { event, .. } => (event, true),
        Action::Crash(_)
        | Action::Lose(_)
        | Action::Answer { .. }
        | Action::GiveUp(_)
        | Action::Read { .. }
        | Action::Fail { .. }
        | Action::Repeat(_)
        | Action::Stop(_)
        | Action::Settle => return None,
    };
    let (node, number) = (handler(event), step.number);
    let lost = step.consequences.iter().find_map(unsaved)?;
    let [held, holds] = [&step.before, &step.after].map(|state| state.server(node).disk);
    let (lost, holds_now) = (told(&facts::all(&lost)), told(&facts::all(&holds)));
    if !is_torn {
        Some(format!(
            "{node}'s disk acknowledged {lost} at step {number} and dropped it: it says {holds_now}."
        ))
    } else if holds != held {
        Some(format!(
            "{node}'s write of {lost} was torn at step {number}: its disk had said {}, and now says {holds_now}.",
            told(&facts::all(&held))
        ))
    } else {
        None
    }
}

/// A node that restarts finds what its disk held when it crashed.
pub(super) fn finds_what_it_saved(reading: &Reading<'_>, step: &Step) -> Option<String> {
    step.consequences.iter().find_map(|consequence| {
        let (node, disk, did) = if let Consequence::Restarts { node, disk } = *consequence {
            (node, disk, "restarted")
        } else if let Consequence::Stops { node } = *consequence {
            (node, step.after.server(node).disk, "stopped")
        } else {
            return None;
        };
        let gone = facts::beyond(&step.before.server(node).disk, &disk);
        // What a later record has replaced is not gone.
        let gone: Vec<String> = gone
            .into_iter()
            .filter(|fact| !facts::is_exceeded(*fact, &disk))
            .map(|fact| saved(reading, step, node, fact))
            .collect();
        (!gone.is_empty()).then(|| {
            format!(
                "{node}'s disk had returned to an earlier state when it {did} at step {}: it said {}, without {}.",
                step.number,
                told(&facts::all(&disk)),
                words::listed(&gone)
            )
        })
    })
}

/// A store that cannot be read is not an empty one: the node does not start again.
pub(super) fn stops_when_its_store_is_corrupted(
    _reading: &Reading<'_>,
    step: &Step,
) -> Option<String> {
    let Action::Fail {
        fault: Fault::StoreCorrupted,
        at: Point::Node(node),
    } = step.action
    else {
        return None;
    };
    let [held, knows] = [
        step.before.server(node).disk,
        step.after.server(node).durable(),
    ];
    (!has_stopped(&step.after, node)).then(|| {
        format!(
            "{node} found its store corrupted at step {} and started again, knowing {} where it had saved {}.",
            step.number,
            told(&facts::all(&knows)),
            told(&facts::all(&held))
        )
    })
}

/// What a node says rests on its disk before it leaves.
pub(super) fn saves_before_it_sends(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    step.sent().find_map(|said| {
        let disk = step.after.server(said.from).disk;
        let missing = match said.message {
            Message::Prepare { ballot } if disk.round < Some(ballot.round) => format!("round {}", ballot.round.number()),
            Message::Promise { ballot, .. } if disk.promised < Some(ballot) => format!("promise {ballot}"),
            Message::Accepted { ballot, value }
                if disk.accepted.is_none_or(|vote| (vote.ballot, vote.value) != (ballot, value)) =>
            {
                format!("vote {ballot}={value}")
            }
            Message::Prepare { .. }
            | Message::Promise { .. }
            | Message::Propose { .. }
            | Message::Accepted { .. }
            | Message::Nack { .. } => return None,
        };
        let (node, number) = (said.from, step.number);
        let holds = told(&facts::all(&disk));
        let restarts = |one: &Consequence| matches!(one, Consequence::Restarts { .. });
        let crashed = match step.consequences.iter().any(restarts) {
            true => ", and crashed",
            false => "",
        };
        Some(format!(
            "{node} sent {} at step {number} before {missing} was safe on its disk{crashed}: the disk says {holds}.",
            said.message
        ))
    })
}

/// A node that restarts knows all that was on its disk: "acceptors may not forget".
pub(super) fn restores_what_it_saved(reading: &Reading<'_>, step: &Step) -> Option<String> {
    step.consequences.iter().find_map(|consequence| {
        let (node, did) = match consequence {
            Consequence::Restarts { node, .. } => (*node, "restarted"),
            Consequence::Stops { node } => (*node, "stopped"),
            Consequence::Saves { .. }
            | Consequence::Sends(_)
            | Consequence::DoesNotSend(_)
            | Consequence::DoesNotSave { .. }
            | Consequence::Announces { .. }
            | Consequence::TellsClient { .. }
            | Consequence::Replies { .. }
            | Consequence::Concludes { .. }
            | Consequence::TellsVote { .. }
            | Consequence::TellsReader { .. }
            | Consequence::Notes { .. } => return None,
        };
        let forgotten = facts::forgotten(&step.after.server(node));
        let forgotten: Vec<String> = forgotten
            .iter()
            .map(|fact| saved(reading, step, node, *fact))
            .collect();
        (!forgotten.is_empty()).then(|| {
            format!(
                "{node} crashed at step {} and {did} without {}.",
                step.number,
                words::listed(&forgotten)
            )
        })
    })
}

/// What is on a disk, and since when: "promise 1.1 (saved at step 4)".
fn saved(reading: &Reading<'_>, step: &Step, node: NodeId, fact: Fact) -> String {
    let mut steps = reading.steps[..step.number].iter().rev();
    let saves = |step: &&Step| {
        let [was, is] = [&step.before, &step.after].map(|state| state.server(node).disk);
        facts::beyond(&is, &was).contains(&fact)
    };
    match steps.find(saves) {
        Some(saved) => format!("{fact} (saved at step {})", saved.number),
        None => fact.to_string(),
    }
}

fn told(facts: &[Fact]) -> String {
    let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
    match facts.as_slice() {
        [] => "nothing".to_owned(),
        facts => words::listed(facts),
    }
}

/// While a ballot is under way a timer runs: the only way to another round.
pub(super) fn runs_a_timer_while_it_waits(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    let waiting = |server: &Server| match server.proposer.progress {
        Progress::Preparing { ballot, .. } | Progress::Proposing { ballot } => {
            Some(ballot).filter(|_| server.timer.is_none())
        }
        Progress::Idle => None,
    };
    step.after.servers().find_map(|(node, server)| {
        let ballot = waiting(&server)?;
        waiting(&step.before.server(node)).is_none().then(|| {
            format!(
                "After step {} {node} has ballot {ballot} under way and no timer runs: if an answer is lost, it never \
                 tries again.",
                step.number
            )
        })
    })
}
