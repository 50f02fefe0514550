//! Crashes, between two steps or in the middle of one, and which nodes run.

use paxos::{NodeId, Progress};

use super::World;
use crate::{Clients, Event, Mutant, Reaction, Server, State};

impl World {
    /// The world after a torn step: persisted, some envelopes sent, crashed. A host that sends
    /// first has not persisted yet.
    pub(crate) fn torn(&self, state: &State, event: Event, sends: usize) -> Option<State> {
        let (before, reaction) = self.reaction(state, event)?;
        let mut next = state.clone();
        if let Event::Deliver(envelope) = event {
            self.network().take(&mut next.mail, &envelope);
        }
        let mut server = before.remembering(&reaction.node);
        self.note_event(&mut next, &mut server, event);
        if let Some(durable) = reaction.effects.persist.filter(|_| !self.sends_first()) {
            self.save(&mut server, before.durable(), durable);
            if sends == 0 {
                server.disk = self.half_saved(before.disk, server.disk);
            }
        }
        // What reaches nobody is not said.
        let mut sent = reaction.sent_before_crash(sends);
        while let Some(said) = sent.next().filter(|said| !said.to.is_empty()) {
            self.send(&mut next, &said);
        }
        self.crash(&mut next, reaction.at, server);
        Some(next)
    }

    /// How many envelopes can have left when a crash tears this reaction.
    pub(crate) fn tears(&self, reaction: &Reaction) -> std::ops::Range<u8> {
        let sends = reaction.said().map(|said| said.to.len() as u8).sum::<u8>();
        if self.sends_first() {
            return match reaction.effects.persist {
                Some(_) => 1..sends + 1,
                None => 1..sends,
            };
        }
        match reaction.effects.persist {
            Some(_) => 0..sends,
            // With nothing persisted and nothing sent it is a crash like any other.
            None => 1..sends,
        }
    }

    /// Whether this node may crash at all.
    pub(crate) fn may_crash(&self, node: NodeId) -> bool {
        self.scenario.world.crashes > 0 && self.crashable.contains(node) && !self.is_down(node)
    }

    /// Whether this node never runs.
    pub(crate) fn is_down(&self, node: NodeId) -> bool {
        self.down.contains(node)
    }

    /// Whether hosts answer before they persist.
    pub(crate) fn sends_first(&self) -> bool {
        self.rules.is(Mutant::SendFirst)
    }

    /// Whether this node does not run, or not any more.
    pub(crate) fn is_out(&self, state: &State, node: NodeId) -> bool {
        let stopped = |clients: &Clients| clients.has_stopped(node);
        self.is_down(node)
            || state.stopped.contains(node)
            || state.clients.as_deref().is_some_and(stopped)
    }

    /// `server` crashes and restarts.
    pub(crate) fn crash(&self, next: &mut State, at: NodeId, server: Server) {
        self.restart(next, at, server);
        next.crashes += 1;
    }

    /// `server` loses its memory and restarts from its disk.
    pub(crate) fn restart(&self, next: &mut State, at: NodeId, server: Server) {
        next.mid_ballot |= has_ballot_under_way(&server);
        next.set_server(at, &self.restarted(at, server));
        self.forget_clients(next, at);
    }

    pub(crate) fn restarted(&self, at: NodeId, mut server: Server) -> Server {
        server.disk = self.read_back(&server);
        let node = self.rules.start(at, self.cluster, server.disk);
        Server {
            timer: None,
            ..server.remembering(&node)
        }
    }
}

/// Whether a crash now would interrupt a ballot: one that this node's proposer pursues, or one
/// that its acceptor promised and has not voted in.
pub(crate) fn has_ballot_under_way(server: &Server) -> bool {
    let acceptor = &server.acceptor;
    server.proposer.progress != Progress::Idle
        || acceptor.promised > acceptor.accepted.map(|vote| vote.ballot)
}
