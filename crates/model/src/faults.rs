//! What a mutant makes of what a node hears, remembers, says, announces and asks for.

use paxos::{
    Broadcast, Envelope, Input, Learner, Message, MessageKind, Node, NodeSet, Phase, Progress,
    Timer,
};

use crate::{Letter, Mutant, RuleSet};

/// A node that handles an input, for a mutant to look at.
pub(crate) struct Handling<'a> {
    /// The rules in force.
    pub(crate) rules: &'a RuleSet,
    /// As it was.
    pub(crate) before: &'a Node<Letter>,
    /// What happens to it.
    pub(crate) input: Input<Letter>,
    /// As it is now.
    pub(crate) after: Node<Letter>,
}

impl Mutant {
    /// What a node handles under this fault in place of `input`.
    pub(crate) fn hears(self, input: Input<Letter>) -> Input<Letter> {
        match (self, input) {
            (
                Mutant::NackCounts,
                Input::Receive(Envelope {
                    from,
                    to,
                    message: Message::Nack { ballot, .. },
                }),
            ) => Input::Receive(Envelope {
                from,
                to,
                message: Message::Promise {
                    ballot,
                    accepted: None,
                },
            }),
            _ => input,
        }
    }

    /// What a node remembers under this fault once it has handled an input.
    pub(crate) fn remembers(self, handling: &Handling<'_>) -> Node<Letter> {
        let node = &handling.after;
        let (mut proposer, mut learner) = (*node.proposer(), *node.learner());
        if self == Mutant::StaleVoteResets && handling.is_stale_vote() {
            learner = Learner::Unaware;
        }
        if self == Mutant::GivesUpOnNack && handling.is_refused() {
            proposer.progress = Progress::Idle;
        }
        Node::resume(
            node.id(),
            *node.cluster(),
            *node.acceptor(),
            proposer,
            learner,
        )
    }

    /// What a node says under this fault in place of `said`, and what it adds to it.
    pub(crate) fn distort(
        self,
        said: Broadcast<Letter>,
        handling: &Handling<'_>,
    ) -> (Option<Broadcast<Letter>>, Option<Broadcast<Letter>>) {
        let own = handling.after.proposer().client_value;
        let instead = |message| Broadcast { message, ..said };
        match (self, said.message, own) {
            (Mutant::Phase1Skipped, Message::Prepare { ballot }, Some(value)) => {
                (Some(instead(Message::Propose { ballot, value })), None)
            }
            (Mutant::RepeatHidesVote, Message::Promise { ballot, .. }, _)
                if handling.before.acceptor().promised == Some(ballot) =>
            {
                let accepted = None;
                (Some(instead(Message::Promise { ballot, accepted })), None)
            }
            (Mutant::DefaultValue, Message::Propose { ballot, .. }, _) => {
                let value = Letter::new(Letter::LIMIT - 1).expect("the last letter");
                (Some(instead(Message::Propose { ballot, value })), None)
            }
            (Mutant::TwoValuesOneBallot, Message::Propose { ballot, value }, _) => {
                let other = Letter::new(usize::from(value.index() == 0)).expect("A or B");
                let value = other;
                let also = instead(Message::Propose { ballot, value });
                (Some(said), Some(also))
            }
            (Mutant::VotesToProposerOnly, Message::Accepted { .. }, _) => {
                let to = handling.sender();
                (Some(Broadcast { to, ..said }), None)
            }
            (Mutant::PeersToldOwn, Message::Propose { ballot, value }, Some(own))
                if value != own =>
            {
                let message = Message::Propose { ballot, value: own };
                let to = handling.peers();
                let also = Broadcast {
                    to,
                    ..instead(message)
                };
                (Some(said), Some(also).filter(|_| !to.is_empty()))
            }
            (Mutant::AdoptsFromAllOnly, Message::Propose { value, .. }, Some(own))
                if value != own && !handling.all_have_promised() =>
            {
                (None, None)
            }
            _ => (Some(said), None),
        }
    }

    /// What a node announces under this fault, where it would announce `chosen`.
    pub(crate) fn announces(
        self,
        chosen: Option<Letter>,
        handling: &Handling<'_>,
    ) -> Option<Letter> {
        match (self, chosen) {
            (Mutant::FirstVoteIsChosen, _) => handling.vote_heard().or(chosen),
            (Mutant::VoteCountedTwice, None) => handling.chosen_by_a_copy(),
            (Mutant::HalfIsAnnounced, None) => handling.chosen_by_half(),
            (Mutant::NeverAnnounced, _) => None,
            (Mutant::AdoptedNotAnnounced, Some(value)) => {
                let own = handling.before.proposer().client_value;
                chosen.filter(|_| own.is_none_or(|own| own == value))
            }
            (_, chosen) => chosen,
        }
    }

    /// The timer that a host starts under this fault, where the node asks for `timer`.
    pub(crate) fn starts(self, timer: Option<Timer>) -> Option<Timer> {
        timer.filter(|_| self != Mutant::NoTimer)
    }
}

impl Handling<'_> {
    /// Who sent the message that arrives; nobody if none does.
    fn sender(&self) -> NodeSet {
        match self.input {
            Input::Receive(envelope) => NodeSet::EMPTY.with(envelope.from),
            Input::Propose(_) | Input::Timeout(_) => NodeSet::EMPTY,
        }
    }

    /// Whether a vote arrives of an older ballot than the one whose votes are counted.
    fn is_stale_vote(&self) -> bool {
        let (Input::Receive(envelope), Learner::Counting { ballot, .. }) =
            (self.input, *self.before.learner())
        else {
            return false;
        };
        let vote = envelope.message.vote();
        vote.is_some_and(|vote| vote.ballot < ballot)
    }

    /// Whether a refusal arrives of the ballot under way.
    fn is_refused(&self) -> bool {
        let (
            Input::Receive(envelope),
            Progress::Preparing { ballot, .. } | Progress::Proposing { ballot },
        ) = (self.input, self.before.proposer().progress)
        else {
            return false;
        };
        let message = envelope.message;
        message.kind() == MessageKind::Nack && message.ballot() == ballot
    }

    /// The value of the vote that arrives.
    fn vote_heard(&self) -> Option<Letter> {
        let Input::Receive(envelope) = self.input else {
            return None;
        };
        envelope.message.vote().map(|vote| vote.value)
    }

    /// What is counted, and whose votes.
    fn counted(node: &Node<Letter>) -> Option<(Letter, NodeSet)> {
        match *node.learner() {
            Learner::Counting { value, voters, .. } => Some((value, voters)),
            Learner::Unaware | Learner::Chosen(_) => None,
        }
    }

    /// The value that a copy of a counted vote would make chosen, if it were one more.
    fn chosen_by_a_copy(&self) -> Option<Letter> {
        let (
            Learner::Counting {
                ballot,
                value,
                voters,
            },
            Input::Receive(envelope),
        ) = (*self.before.learner(), self.input)
        else {
            return None;
        };
        let vote = Message::Accepted { ballot, value };
        if envelope.message != vote || !voters.contains(envelope.from) {
            return None;
        }
        let cluster = self.before.cluster();
        let mut others = cluster.acceptors().iter();
        let is_enough = others.any(|other| {
            !voters.contains(other)
                && self
                    .rules
                    .is_quorum(Phase::Accept, cluster, voters.with(other))
        });
        is_enough.then_some(value)
    }

    /// The value that half the acceptors have voted for, if this node has just heard of a vote.
    fn chosen_by_half(&self) -> Option<Letter> {
        self.vote_heard()?;
        let (value, voters) = Self::counted(&self.after)?;
        let acceptors = self.after.cluster().acceptors();
        (2 * voters.len() >= acceptors.len()).then_some(value)
    }

    /// The other proposers that are no acceptors.
    fn peers(&self) -> NodeSet {
        let cluster = self.after.cluster();
        let is_peer =
            |node: &paxos::NodeId| *node != self.after.id() && !cluster.acceptors().contains(*node);
        cluster.proposers().iter().filter(is_peer).collect()
    }

    /// Whether with this promise every acceptor that is up has promised.
    fn all_have_promised(&self) -> bool {
        let (Progress::Preparing { promises, .. }, Input::Receive(envelope)) =
            (self.before.proposer().progress, self.input)
        else {
            return false;
        };
        let promises = promises.with(envelope.from).union(self.rules.down);
        let acceptors = self.before.cluster().acceptors();
        promises.intersection(acceptors) == acceptors
    }
}
