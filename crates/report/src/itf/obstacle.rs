//! Why an action cannot be taken.

use model::{Action, Event, Network, Outcome, Point, ReadStep, State, World};
use paxos::{Envelope, NodeId};

/// Why an action that the World does not offer in this state cannot be taken, in words.
pub(super) fn obstacle(world: &World, state: &State, action: Action) -> String {
    let at = match action {
        Action::Step(event) | Action::Torn { event, .. } => node_of(event),
        Action::Crash(node) | Action::Repeat(node) | Action::Stop(node) => node,
        Action::Settle => {
            return match state.settled {
                true => "one proposer is alone already".to_owned(),
                false => "no proposer is to be alone here".to_owned(),
            };
        }
        Action::Lose(envelope) => envelope.to,
        Action::Read { read, of, .. } => match world.scenario().read.get(usize::from(read)) {
            Some(asked) if NodeId::new(asked.of) == Some(of) => of,
            Some(asked) => return format!("read {read} is for n{}, not for {of}", asked.of),
            None => return format!("the scenario has no read {read}"),
        },
        Action::Fail {
            at: Point::Event(event),
            ..
        } => node_of(event),
        Action::Fail {
            at: Point::Node(node),
            ..
        } => node,
        Action::Answer { ask, .. }
        | Action::GiveUp(ask)
        | Action::Fail {
            at: Point::Ask(ask) | Point::Reply(ask, _),
            ..
        } => {
            let asked = world.scenario().ask.get(usize::from(ask));
            match asked.and_then(|ask| NodeId::new(ask.of)) {
                Some(node) => node,
                None => return format!("the scenario has no request {ask}"),
            }
        }
    };
    if !world.cluster().nodes().contains(at) {
        return format!("there is no {at}");
    }
    let bounds = &world.scenario().world;
    let endless = world.scenario().endless.as_ref();
    match action {
        Action::Settle => "nothing settles here".to_owned(),
        Action::Repeat(_) if !endless.is_some_and(|endless| endless.repeats) => {
            "no host says anything again here".to_owned()
        }
        Action::Repeat(_) if !world.repeats() => "its host keeps silent, by a fault".to_owned(),
        Action::Repeat(_) if !is_proposing(world, state, at) => {
            format!("{at} has no ballot under way")
        }
        Action::Repeat(_) => {
            format!("{at} has nothing to say again that is not on its way already")
        }
        Action::Stop(_) if state.stopped.contains(at) => {
            format!("{at} has failed for ever already")
        }
        Action::Stop(_) => match endless.map_or(0, |endless| endless.stops) {
            0 => "no node fails for ever here".to_owned(),
            most if state.stopped.len() >= usize::from(most) => {
                format!("as many nodes have failed for ever as may: {most}")
            }
            _ => format!("{at} never fails"),
        },
        Action::Answer { .. } => "no such answer is on its way to a client that waits".to_owned(),
        Action::Read { step, .. } => match step {
            ReadStep::Ask => "its client has asked already".to_owned(),
            ReadStep::Tell(acceptor) => format!("{acceptor} is not being asked, or has answered"),
            ReadStep::Hear(acceptor) => format!("no answer of {acceptor} is on its way"),
        },
        Action::GiveUp(_) => "its client does not wait".to_owned(),
        Action::Fail { fault, .. } => match state.clients.as_deref() {
            _ if !bounds.faults.contains(&fault) => format!("{fault} is none of the faults here"),
            Some(clients) if clients.faults >= bounds.faults_most => {
                format!("as much failed as may: {}", bounds.faults_most)
            }
            Some(_) | None => "there is nothing of the kind that could fail".to_owned(),
        },
        Action::Lose(_) if !bounds.loss => "this network loses nothing".to_owned(),
        Action::Lose(envelope) => undeliverable(world, state, &envelope).unwrap_or_else(|| {
            match endless.and_then(|endless| endless.losses) {
                Some(most) if state.losses >= most => {
                    format!("as many messages were lost as may be: {most}")
                }
                Some(_) | None => {
                    format!("nothing would come of it, so it is as good as lost: {envelope}")
                }
            }
        }),
        Action::Crash(_) | Action::Torn { .. } if state.crashes >= bounds.crashes => {
            match bounds.crashes {
                0 => "nothing crashes here".to_owned(),
                most => format!("there were as many crashes as there may be: {most}"),
            }
        }
        Action::Crash(node) => match is_spared(world, node) {
            true => format!("{node} never crashes"),
            false => format!("{node} knows no more than its disk, so a crash would change nothing"),
        },
        Action::Torn { .. } if !bounds.torn => "no step is torn here".to_owned(),
        Action::Torn { .. } if is_spared(world, at) => format!("{at} never crashes"),
        Action::Torn { event, sends } => event_obstacle(world, state, event).unwrap_or_else(|| {
            format!(
                "{at} has no moment after {sends} sends at which a crash could cut this short: it \
                 saves and sends otherwise"
            )
        }),
        Action::Step(event) => event_obstacle(world, state, event)
            .unwrap_or_else(|| format!("{at} makes nothing of it: nothing would change")),
    }
}

fn node_of(event: Event) -> NodeId {
    match event {
        Event::Ask { of, .. } => of,
        Event::Deliver(envelope) => envelope.to,
        Event::Timeout(at) => at,
    }
}

/// Whether a node is none of those that may crash.
fn is_spared(world: &World, node: NodeId) -> bool {
    let bounds = &world.scenario().world;
    let chosen = bounds.crash_nodes.as_ref();
    bounds.down.contains(&node.index())
        || chosen.is_some_and(|nodes| !nodes.contains(&node.index()))
}

fn is_proposing(world: &World, state: &State, at: NodeId) -> bool {
    let server = state.server(at);
    server.node(at, *world.cluster()).is_proposing()
}

/// Why an event cannot happen; `None` if it can.
fn event_obstacle(world: &World, state: &State, event: Event) -> Option<String> {
    let at = node_of(event);
    if world.scenario().world.down.contains(&at.index()) {
        return Some(format!("{at} never runs"));
    }
    if state.stopped.contains(at) {
        return Some(format!("{at} has failed for ever"));
    }
    match event {
        Event::Ask { index, of, value } => {
            let ask = world.scenario().ask.get(usize::from(index));
            if !ask.is_some_and(|ask| ask.of == of.index() && ask.value == value) {
                return Some(format!("request {index} of the scenario is another one"));
            }
            let outcome = state.asks[usize::from(index)];
            if outcome != Outcome::NotAsked && state.clients.is_none() {
                return Some("it was asked already".to_owned());
            }
        }
        Event::Deliver(envelope) => return undeliverable(world, state, &envelope),
        Event::Timeout(_) => {
            if !is_proposing(world, state, at) {
                return Some(format!("{at} has no ballot under way"));
            }
            if !world.may_time_out(state, at) {
                let endless = world.scenario().endless.as_ref();
                let is_alone = endless.is_some_and(|one| one.alone == Some(at.index()));
                return Some(match state.settled && !is_alone {
                    true => "another proposer is alone by now".to_owned(),
                    false => format!("something can still come of the round of {at}"),
                });
            }
        }
    }
    let none_left = || format!("{at} has no round or no time-out left");
    world.react(state, event).is_none().then(none_left)
}

/// Why an envelope cannot arrive now; `None` if it can.
fn undeliverable(
    world: &World,
    state: &State,
    envelope: &Envelope<model::Letter>,
) -> Option<String> {
    let parcels = state.mail.iter().flat_map(|parcel| parcel.envelopes());
    let mut link = parcels.filter(|on_its_way| {
        world.scenario().world.network != Network::Ordered
            || (on_its_way.from, on_its_way.to) == (envelope.from, envelope.to)
    });
    match world.scenario().world.network {
        Network::Set | Network::Bag => (!link.any(|on_its_way| on_its_way == *envelope))
            .then(|| "no such message is on its way".to_owned()),
        Network::Ordered => match link.next() {
            Some(head) if head == *envelope => None,
            Some(head) => Some(format!("the next message on this link is {}", head.message)),
            None => Some("no message is on this link".to_owned()),
        },
    }
}
