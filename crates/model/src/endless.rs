//! Worlds in which rounds never end: what hosts do besides, what stops for ever, and when a time-out comes.

use paxos::{Ballot, Broadcast, Envelope, NodeId, NodeSet, Phase, Progress, Vote};

use crate::scenario::Endless;
use crate::{Action, Event, Letter, Mutant, Network, Parcel, State, World, network};

impl World {
    /// The settings of a world without end.
    pub(crate) fn endless(&self) -> Option<&Endless> {
        self.scenario().endless.as_ref()
    }

    /// Whether what acceptors have said is kept beside the network: where it is judged and the network does not keep it.
    pub(crate) fn keeps_ledger(&self) -> bool {
        self.network() != Network::Set || self.endless().is_some_and(|endless| endless.safety)
    }

    /// The highest round that a proposer may use.
    pub(crate) fn rounds(&self) -> u32 {
        match self.endless() {
            Some(_) => Parcel::ROUND_MAX,
            None => self.scenario().world.rounds,
        }
    }

    /// Whether any node has announced a value.
    pub(crate) fn is_decided(&self, state: &State) -> bool {
        let mut servers = state.packed().iter();
        servers.any(|server| !server.announced().is_empty())
    }

    /// Whether a quorum has voted for a value in one ballot: by what acceptors remember and by the votes that are on
    /// their way. The network may have lost the others.
    pub(crate) fn is_chosen(&self, state: &State) -> bool {
        let servers = state.servers();
        let remembered = servers.filter_map(|(id, server)| Some((id, server.acceptor.accepted?)));
        let sent = state.mail.iter().filter(|parcel| parcel.is_vote());
        let sent = sent.map(|parcel| {
            let (ballot, value) = (parcel.ballot(), parcel.value());
            (parcel.from(), Vote { ballot, value })
        });
        let votes: Vec<(NodeId, Vote<Letter>)> = remembered.chain(sent).collect();
        votes.iter().any(|(_, vote)| {
            let same = votes.iter().filter(|(_, other)| other == vote);
            let voters = same.map(|(voter, _)| *voter).collect();
            self.rules()
                .is_quorum(Phase::Accept, self.cluster(), voters)
        })
    }

    /// Whether every learner that runs has announced a value. There may be none.
    pub(crate) fn is_announced_by_all(&self, state: &State) -> bool {
        let mut learners = self.cluster().learners().iter();
        learners
            .all(|id| self.is_out(state, id) || !state.packed()[id.index()].announced().is_empty())
    }

    /// Whether nothing more has to happen: some node has announced a value, and every learner that runs.
    pub fn is_over(&self, state: &State) -> bool {
        self.is_decided(state) && self.is_announced_by_all(state)
    }

    /// Whether hosts answer again what is asked again; where rounds never end they ask again as well.
    pub fn repeats(&self) -> bool {
        let bounds = &self.scenario().world;
        (bounds.repeats || self.endless().is_some_and(|endless| endless.repeats))
            && !self.rules().is(Mutant::NoRetransmission)
    }

    /// Whether this proposer's time-out can come: where rounds never end, it is patient, and may have to be silent for
    /// the sake of another one.
    pub fn may_time_out(&self, state: &State, node: NodeId) -> bool {
        let Some(endless) = self.endless() else {
            return true;
        };
        let is_alone = endless.alone == Some(node.index()) || self.rules().is(Mutant::Duelling);
        (!state.settled || is_alone) && (endless.impatient || !self.is_under_way(state, node))
    }

    /// Whether anything of a proposer's round can still come of what was said, or will be said again.
    fn is_under_way(&self, state: &State, node: NodeId) -> bool {
        let Some(ballot) = ballot_of(state, node) else {
            return false;
        };
        let comes_of = |envelope: Envelope<Letter>| self.comes_of(state, envelope);
        let mut said = state
            .mail
            .iter()
            .filter(|parcel| parcel.ballot() == ballot)
            .flat_map(|parcel| parcel.envelopes())
            .filter(|envelope| envelope.from == node || envelope.to == node);
        let repeated = self.repeated(state, node);
        said.any(comes_of) || repeated.is_some_and(|said| said.envelopes().any(comes_of))
    }

    /// Whether anything comes of the arrival of a message now.
    pub(crate) fn comes_of(&self, state: &State, envelope: Envelope<Letter>) -> bool {
        let event = Event::Deliver(envelope);
        let reaction = self.reaction(state, event);
        reaction.is_some_and(|(_, reaction)| self.matters(state, event, &reaction))
    }

    /// Whether the network may lose this message: if it loses any, and this one is anything to the world. In a set, one
    /// whose arrival changes nothing is as good as lost.
    pub(crate) fn may_lose(&self, state: &State, envelope: Envelope<Letter>) -> bool {
        let most = self.endless().and_then(|endless| endless.losses);
        match self.network() {
            Network::Set => {
                most.is_none_or(|most| state.losses < most) && self.comes_of(state, envelope)
            }
            Network::Bag | Network::Ordered => true,
        }
    }

    /// The world after a message is lost.
    pub(crate) fn lose(&self, state: &State, envelope: &Envelope<Letter>) -> State {
        let mut next = state.clone();
        match self.network() {
            Network::Set => network::lose(&mut next.mail, envelope),
            Network::Bag | Network::Ordered => self.network().take(&mut next.mail, envelope),
        }
        let is_counted = self
            .endless()
            .is_some_and(|endless| endless.losses.is_some());
        next.losses += u8::from(is_counted);
        next
    }

    /// What a proposer's host says again, and to whom: its ballot's message, to all who have not answered.
    pub(crate) fn repeated(&self, state: &State, node: NodeId) -> Option<Broadcast<Letter>> {
        if !self.repeats() || self.is_out(state, node) {
            return None;
        }
        let (answered, is_proposed) = match state.server(node).proposer.progress {
            Progress::Idle => return None,
            Progress::Preparing { promises, .. } => (promises, false),
            Progress::Proposing { .. } => (NodeSet::EMPTY, true),
        };
        let ballot = ballot_of(state, node);
        let asks = |parcel: &&Parcel| {
            let message = parcel.message();
            message.kind().is_question() && message.proposal().is_some() == is_proposed
        };
        let mut own = state
            .mail
            .iter()
            .filter(|parcel| parcel.from() == node && Some(parcel.ballot()) == ballot);
        let said = own.find(asks)?;
        let silent = |to: &NodeId| !answered.contains(*to) && !self.is_out(state, *to);
        let to = self.cluster().acceptors().iter().filter(silent).collect();
        Some(Broadcast {
            from: node,
            to,
            message: said.message(),
        })
    }

    /// What can happen besides, where rounds never end.
    pub(crate) fn endless_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(endless) = self.endless() else {
            return;
        };
        for node in self.cluster().proposers().iter() {
            let news = |said: &Broadcast<Letter>| !self.network().is_known(&state.mail, said);
            if self.repeated(state, node).is_some_and(|said| news(&said)) {
                actions.push(Action::Repeat(node));
            }
        }
        if state.stopped.len() < usize::from(endless.stops) {
            let may = |node: &NodeId| {
                let chosen = endless.stop_nodes.as_ref();
                !self.is_out(state, *node)
                    && chosen.is_none_or(|nodes| nodes.contains(&node.index()))
            };
            let nodes = self.cluster().nodes();
            actions.extend(nodes.iter().filter(may).map(Action::Stop));
        }
        if endless.alone.is_some() && !state.settled {
            actions.push(Action::Settle);
        }
    }

    /// The world after a host has said again what its proposer asks.
    pub(crate) fn repeat(&self, state: &State, node: NodeId) -> Option<State> {
        let said = self.repeated(state, node)?;
        let mut next = state.clone();
        self.network().send(&mut next.mail, &said);
        Some(next)
    }

    /// Starting a round, a proposer leaves its older ones behind: the network has lost their messages, but of so many
    /// rounds, this one among them.
    pub(crate) fn leave_behind(&self, next: &mut State, started: Ballot) {
        let Some(endless) = self.endless() else {
            return;
        };
        let mut rounds: Vec<Ballot> = next
            .mail
            .iter()
            .map(|parcel| parcel.ballot())
            .filter(|ballot| ballot.node == started.node)
            .collect();
        rounds.sort_unstable();
        rounds.dedup();
        let left = rounds.len().saturating_sub(usize::from(endless.in_flight));
        let Some(oldest) = rounds.get(left).copied() else {
            return;
        };
        next.mail
            .retain(|parcel| parcel.ballot().node != started.node || parcel.ballot() >= oldest);
    }
}

impl State {
    /// Whether a ballot is over: its proposer has started a later round, and nothing of it is on the network any more.
    pub(crate) fn is_over(&self, ballot: Ballot) -> bool {
        let server = self.server(ballot.node);
        let last = server.proposer.last_round.max(server.disk.round);
        let mut mail = self.mail.iter();
        last > Some(ballot.round) && mail.all(|parcel| parcel.ballot() != ballot)
    }
}

/// The ballot that a proposer pursues.
pub(crate) fn ballot_of(state: &State, node: NodeId) -> Option<Ballot> {
    match state.server(node).proposer.progress {
        Progress::Idle => None,
        Progress::Preparing { ballot, .. } | Progress::Proposing { ballot } => Some(ballot),
    }
}
