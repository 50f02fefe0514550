//! What fails between clients and nodes, and at disks.

use paxos::NodeId;
use paxos::client::Known;

use super::{Clients, Fault, Point, Reply};
use crate::{Action, Event, Mutant, Outcome, State, World};

impl World {
    pub(super) fn allows(&self, fault: Fault) -> bool {
        self.scenario().world.faults.contains(&fault)
    }

    /// What clients do, and what fails about them; `actions` are those of the nodes.
    pub(crate) fn client_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(clients) = &state.clients else {
            return;
        };
        let asks = self.scenario().ask.iter().zip(&clients.calls).zip(0_u8..);
        for ((ask, call), index) in asks {
            let at = Point::Ask(index);
            if self.may_ask(state, index) {
                self.may_fail(clients, Fault::PostRefused, at, actions);
                if NodeId::new(ask.of).is_some_and(|of| !self.is_out(state, of)) {
                    self.may_fail(clients, Fault::CrashOnDelivery, at, actions);
                    self.may_fail(clients, Fault::RequestInvalid, at, actions);
                    self.may_fail(clients, Fault::NodeBusy, at, actions);
                }
            }
            if state.asks[usize::from(index)] != Outcome::Asked {
                continue;
            }
            actions.push(Action::GiveUp(index));
            for reply in call.replies.iter() {
                actions.push(Action::Answer { ask: index, reply });
                for fault in Fault::OF_REPLIES {
                    self.may_fail(clients, *fault, Point::Reply(index, reply), actions);
                }
            }
            for reply in call.stale.iter() {
                let at = Point::Reply(index, reply);
                self.may_fail(clients, Fault::ReplyStale, at, actions);
            }
        }
        for node in self.cluster().nodes().iter() {
            if !self.is_out(state, node) {
                let at = Point::Node(node);
                self.may_fail(clients, Fault::StoreCorrupted, at, actions);
            }
        }
    }

    /// What can fail when a node is to save something.
    pub(crate) fn disk_actions(&self, state: &State, event: Event, actions: &mut Vec<Action>) {
        if let Some(clients) = &state.clients {
            let at = Point::Event(event);
            self.may_fail(clients, Fault::StorageFails, at, actions);
            self.may_fail(clients, Fault::NotFlushed, at, actions);
        }
    }

    fn may_fail(&self, clients: &Clients, fault: Fault, at: Point, actions: &mut Vec<Action>) {
        if clients.faults < self.scenario().world.faults_most && self.allows(fault) {
            actions.push(Action::Fail { fault, at });
        }
    }

    /// The world after a failure; `None` if it cannot happen.
    pub(crate) fn failed(&self, state: &State, fault: Fault, at: Point) -> Option<State> {
        let mut next = match at {
            Point::Ask(index) => self.request_failed(state, fault, index)?,
            Point::Reply(index, reply) => self.reply_failed(state, fault, index, reply)?,
            Point::Event(event) => self.disk_failed(state, fault, event)?,
            Point::Node(node) => {
                let mut next = state.clone();
                let server = state.server(node);
                self.restart(&mut next, node, server);
                if !self.rules().is(Mutant::CorruptIsEmpty) {
                    next.clients.as_mut()?.stop(node);
                }
                next
            }
        };
        next.clients.as_mut()?.faults += 1;
        Some(next)
    }

    fn request_failed(&self, state: &State, fault: Fault, index: u8) -> Option<State> {
        let ask = self.scenario().ask.get(usize::from(index))?;
        let of = NodeId::new(ask.of)?;
        if fault == Fault::NodeBusy && self.rules().is(Mutant::BusyAfterDoing) {
            let value = ask.value;
            let mut next = self.step(state, Event::Ask { index, of, value })?;
            let call = &mut next.clients.as_mut()?.calls[usize::from(index)];
            call.replies.set(Reply::Busy, true);
            return Some(next);
        }
        let mut next = state.clone();
        self.begin(&mut next, index);
        let call = &mut next.clients.as_mut()?.calls[usize::from(index)];
        match fault {
            Fault::PostRefused => {
                call.attempt.not_posted();
                let is_sure = call.attempt.known() == Known::NotDelivered;
                if is_sure || self.rules().is(Mutant::RefusalsBelieved) {
                    next.asks[usize::from(index)] = Outcome::PostFailed;
                }
            }
            Fault::CrashOnDelivery => {
                call.attempt.posted();
                self.restart(&mut next, of, state.server(of));
            }
            Fault::RequestInvalid => {
                call.attempt.posted();
                call.replies.set(Reply::Refused, true);
            }
            Fault::NodeBusy => {
                call.attempt.posted();
                call.replies.set(Reply::Busy, true);
            }
            Fault::StorageFails
            | Fault::ReplyNotSent
            | Fault::ReplyLost
            | Fault::ReplyInvalid
            | Fault::ClientForgets
            | Fault::ReplyStale
            | Fault::ReplyDuplicated
            | Fault::NotFlushed
            | Fault::StoreCorrupted => return None,
        }
        Some(next)
    }

    fn reply_failed(&self, state: &State, fault: Fault, ask: u8, reply: Reply) -> Option<State> {
        let mut next = state.clone();
        let index = usize::from(ask);
        let call = &mut next.clients.as_mut()?.calls[index];
        match fault {
            Fault::ReplyDuplicated => self.hear(&mut next, index, reply)?,
            Fault::ReplyStale => {
                call.stale.set(reply, false);
                self.hear(&mut next, index, reply)?;
            }
            Fault::ReplyNotSent | Fault::ReplyLost | Fault::ReplyInvalid => {
                call.replies.set(reply, false);
            }
            Fault::ClientForgets => {
                call.replies.set(reply, false);
                call.was_unknown = true;
                next.asks[index] = Outcome::Unknown;
            }
            Fault::PostRefused
            | Fault::CrashOnDelivery
            | Fault::RequestInvalid
            | Fault::StorageFails
            | Fault::NodeBusy
            | Fault::NotFlushed
            | Fault::StoreCorrupted => return None,
        }
        Some(next)
    }

    /// A node handles an event, and what it writes is lost: it stops for good, or crashes and restarts from what was
    /// flushed before.
    fn disk_failed(&self, state: &State, fault: Fault, event: Event) -> Option<State> {
        let (at, _) = crate::action::input(event);
        let disk = state.server(at).disk;
        let goes_on = self.rules().is(match fault == Fault::StorageFails {
            true => Mutant::FailedWriteIgnored,
            false => Mutant::SentUnflushed,
        });
        let mut next = if goes_on {
            self.step(state, event)?
        } else {
            let mut next = state.clone();
            match event {
                Event::Deliver(envelope) => self.network().take(&mut next.mail, &envelope),
                Event::Ask { index, .. } => {
                    self.begin(&mut next, index);
                    let call = &mut next.clients.as_mut()?.calls[usize::from(index)];
                    call.attempt.posted();
                }
                Event::Timeout(_) => {}
            }
            next
        };
        let mut server = next.server(at);
        server.disk = disk;
        match (fault, goes_on) {
            (Fault::StorageFails, true) => next.set_server(at, &server),
            (_, _) => self.restart(&mut next, at, server),
        }
        if fault == Fault::StorageFails && !goes_on {
            next.clients.as_mut()?.stop(at);
        }
        Some(next)
    }
}

impl Fault {
    /// Those of an answer on its way to a client that waits for it.
    const OF_REPLIES: &[Fault] = &[
        Fault::ReplyNotSent,
        Fault::ReplyLost,
        Fault::ReplyInvalid,
        Fault::ClientForgets,
        Fault::ReplyDuplicated,
    ];
}
