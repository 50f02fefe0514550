//! Whether deciding stays possible: from every state that a bounded world can reach, if rounds did not end there.

use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use checker::{Error, Limits, Progress, Reductions, Run};
use paxos::{Envelope, Input, Node, NodeId, NodeSet, Phase, Timer};
use rapidhash::quality::RapidHasher;

use crate::explore::on_every_state;
use crate::{Action, Letter, State, World};

impl World {
    /// Whether deciding is possible from a state, if rounds do not end: some proposer that is up, asked again and left
    /// alone, starts rounds until one is high enough, every message of it arrives, and some node learns what is chosen.
    /// `true` where no quorum or no proposer is up: then nothing is asked of it.
    pub fn can_decide_alone(&self, state: &State) -> bool {
        let up = self.up(state);
        let acceptors = self.cluster().acceptors().intersection(up);
        let has_quorums = [Phase::Prepare, Phase::Accept]
            .iter()
            .all(|phase| self.rules().is_quorum(*phase, self.cluster(), acceptors));
        let proposers = self.cluster().proposers().intersection(up);
        !has_quorums
            || proposers.is_empty()
            || self.is_decided(state)
            || proposers
                .iter()
                .any(|proposer| self.decides_alone(state, up, proposer))
    }

    /// The nodes that run.
    fn up(&self, state: &State) -> NodeSet {
        let nodes = self.cluster().nodes();
        nodes
            .iter()
            .filter(|node| !self.is_out(state, *node))
            .collect()
    }

    fn decides_alone(&self, state: &State, up: NodeSet, proposer: NodeId) -> bool {
        let mut nodes: Vec<Node<Letter>> = state
            .servers()
            .map(|(id, server)| server.node(id, *self.cluster()))
            .collect();
        let wanted = self.values().iter().next();
        let mut input = match (nodes[proposer.index()].proposer().client_value, wanted) {
            (None, Some(value)) => Input::Propose(value),
            (Some(_), _) | (None, None) => Input::Timeout(Timer::Retry),
        };
        // A round higher than all there are is high enough.
        for _ in 0..=self.rounds() + 1 {
            if self.plays_out(&mut nodes, up, proposer, input) {
                return true;
            }
            input = Input::Timeout(Timer::Retry);
        }
        false
    }

    /// Whether somebody announces a value when this happens to a node, and then everything arrives that is said.
    fn plays_out(
        &self,
        nodes: &mut [Node<Letter>],
        up: NodeSet,
        at: NodeId,
        input: Input<Letter>,
    ) -> bool {
        let mut pending: VecDeque<(NodeId, Input<Letter>)> = VecDeque::from([(at, input)]);
        while let Some((at, input)) = pending.pop_front() {
            let reaction = self.handle(&nodes[at.index()], input);
            nodes[at.index()] = reaction.node;
            if reaction.effects.chosen.is_some() {
                return true;
            }
            for said in reaction.said() {
                let arrives = |envelope: &Envelope<Letter>| up.contains(envelope.to);
                let envelopes = said.envelopes().filter(arrives);
                pending.extend(envelopes.map(|one| (one.to, Input::Receive(one))));
            }
        }
        false
    }
}

/// Asks [`World::can_decide_alone`] of every state that can be reached; the one property of the run is `can-decide`. Of
/// these reductions, those that the world offers are on: it depends on what nodes remember alone, which nothing
/// that is pruned is part of; states that are images of each other are as one; and those that an order leaves out lead
/// to some that it does not.
///
/// # Errors
/// As [`checker::explore`].
pub fn outlook(
    world: &World,
    reductions: Reductions,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<State, Action>, Error> {
    let (known, asked) = (Mutex::new(HashSet::new()), world.clone());
    let is_well = move |state: &State| {
        // All that it depends on: what nodes know, and which of them run.
        let mut hasher = RapidHasher::new(0);
        (state.packed(), asked.up(state).bits()).hash(&mut hasher);
        let key = hasher.finish();
        let is_known = known.lock().expect(UNPOISONED).contains(&key);
        is_known || {
            let is_well = asked.can_decide_alone(state);
            if is_well {
                known.lock().expect(UNPOISONED).insert(key);
            }
            is_well
        }
    };
    on_every_state(world, reductions, Arc::new(is_well), limits, progress)
}

const UNPOISONED: &str = "nothing panics while it is held";
