//! The same input or effects over another kind of value: letters for worlds, short texts for people.

use paxos::{Broadcast, Durable, Effects, Envelope, Input, Message, Vote};

/// A message; `None` if a value in it has no counterpart.
pub(crate) fn message<V, W>(
    message: &Message<V>,
    to: &mut impl FnMut(&V) -> Option<W>,
) -> Option<Message<W>> {
    Some(match message {
        Message::Prepare { ballot } => Message::Prepare { ballot: *ballot },
        Message::Promise { ballot, accepted } => Message::Promise {
            ballot: *ballot,
            accepted: optional(accepted.as_ref(), |voted| vote(voted, to))?,
        },
        Message::Propose { ballot, value } => Message::Propose {
            ballot: *ballot,
            value: to(value)?,
        },
        Message::Accepted { ballot, value } => Message::Accepted {
            ballot: *ballot,
            value: to(value)?,
        },
        Message::Nack { ballot, promised } => Message::Nack {
            ballot: *ballot,
            promised: *promised,
        },
    })
}

/// A vote.
pub(crate) fn vote<V, W>(vote: &Vote<V>, to: &mut impl FnMut(&V) -> Option<W>) -> Option<Vote<W>> {
    Some(Vote {
        ballot: vote.ballot,
        value: to(&vote.value)?,
    })
}

/// An envelope.
pub(crate) fn envelope<V, W>(
    envelope: &Envelope<V>,
    to: &mut impl FnMut(&V) -> Option<W>,
) -> Option<Envelope<W>> {
    Some(Envelope {
        from: envelope.from,
        to: envelope.to,
        message: message(&envelope.message, to)?,
    })
}

/// An input.
pub(crate) fn input<V, W>(
    input: &Input<V>,
    to: &mut impl FnMut(&V) -> Option<W>,
) -> Option<Input<W>> {
    Some(match input {
        Input::Propose(value) => Input::Propose(to(value)?),
        Input::Receive(received) => Input::Receive(envelope(received, to)?),
        Input::Timeout(timer) => Input::Timeout(*timer),
    })
}

/// What is durable.
pub(crate) fn durable<V, W>(
    durable: &Durable<V>,
    to: &mut impl FnMut(&V) -> Option<W>,
) -> Option<Durable<W>> {
    Some(Durable {
        round: durable.round,
        promised: durable.promised,
        accepted: optional(durable.accepted.as_ref(), |voted| vote(voted, to))?,
    })
}

/// Effects.
pub(crate) fn effects<V, W>(
    effects: &Effects<V>,
    to: &mut impl FnMut(&V) -> Option<W>,
) -> Option<Effects<W>> {
    Some(Effects {
        persist: optional(effects.persist.as_ref(), |saved| durable(saved, to))?,
        send: optional(effects.send.as_ref(), |said| {
            Some(Broadcast {
                from: said.from,
                to: said.to,
                message: message(&said.message, to)?,
            })
        })?,
        set_timer: effects.set_timer,
        chosen: optional(effects.chosen.as_ref(), to)?,
    })
}

/// The outer `None` is a failure, the inner one an absence.
fn optional<V, W>(value: Option<V>, mut to: impl FnMut(V) -> Option<W>) -> Option<Option<W>> {
    match value {
        None => Some(None),
        Some(value) => to(value).map(Some),
    }
}
