//! A path as it is read for what went wrong: every step with what was said, and questions about what came before.

use model::{Action, Consequence, Event, Letter, Point, RuleSet, State, Variant, World};
use paxos::{Ballot, Broadcast, Envelope, Message, NodeId, NodeSet, Phase, Progress, Vote};
use stateright::Path;

use crate::quorums::{Quorum, quorums};
use crate::words;

/// A path, with what is asked of it again and again.
pub(super) struct Reading<'a> {
    pub(super) world: &'a World,
    /// The rules as they are if nothing is done wrong on purpose.
    pub(super) rules: RuleSet,
    /// All quorums that come about, as they are counted in this world.
    pub(super) quorums: Vec<Quorum>,
    pub(super) steps: Vec<Step>,
}

/// One step.
pub(super) struct Step {
    /// From 1.
    pub(super) number: usize,
    pub(super) before: State,
    pub(super) after: State,
    pub(super) action: Action,
    pub(super) consequences: Vec<Consequence>,
}

/// A promise that a proposer has counted.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    pub(super) step: usize,
    pub(super) from: NodeId,
    /// The vote it reported.
    pub(super) reported: Option<Vote<Letter>>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(world: &'a World, path: &Path<State, Action>) -> Reading<'a> {
        let states = path.clone().into_states();
        let story = model::story(world, path);
        let steps = story.into_iter().zip(states.windows(2)).zip(1..);
        let steps = steps.map(|((happening, states), number)| Step {
            number,
            before: states[0].clone(),
            after: states[1].clone(),
            action: happening.action,
            consequences: happening.consequences,
        });
        Reading {
            world,
            rules: RuleSet {
                mutant: None,
                ..*world.rules()
            },
            quorums: quorums(world, path),
            steps: steps.collect(),
        }
    }

    /// Whether these acceptors suffice, as quorums should be counted.
    pub(super) fn is_quorum(&self, phase: Phase, voters: NodeSet) -> bool {
        self.rules.is_quorum(phase, self.world.cluster(), voters)
    }

    /// How many acceptors suffice, where that is a matter of how many they are.
    fn quorum_size(&self, phase: Phase) -> usize {
        let mut enough = NodeSet::EMPTY;
        for node in self.world.cluster().acceptors().iter() {
            if self.is_quorum(phase, enough) {
                break;
            }
            enough = enough.with(node);
        }
        enough.len()
    }

    /// Whether a quorum of promises and one of votes may share no acceptor.
    pub(super) fn quorums_can_miss(&self) -> bool {
        self.apart().is_some()
    }

    /// A quorum of promises that leaves out a quorum of votes, and all that it leaves out.
    fn apart(&self) -> Option<(NodeSet, NodeSet)> {
        let all = self.world.cluster().acceptors();
        let sets = (0..=all.bits()).map(NodeSet::from_bits);
        let mut sets = sets.filter(|set| set.intersection(all) == *set);
        sets.find_map(|promises| {
            let others = all.iter().filter(|node| !promises.contains(*node));
            let votes = others.collect::<NodeSet>();
            let are_quorums =
                self.is_quorum(Phase::Prepare, promises) && self.is_quorum(Phase::Accept, votes);
            are_quorums.then_some((promises, votes))
        })
    }

    /// That they may, in words, if so.
    pub(super) fn missing(&self) -> Option<String> {
        let [promises, votes] =
            [Phase::Prepare, Phase::Accept].map(|phase| self.quorum_size(phase));
        let acceptors = self.world.cluster().acceptors().len();
        let (of_promises, of_votes) = self.apart()?;
        Some(match self.rules.variant {
            Variant::Weighted(_) | Variant::QuorumSets(_) => format!(
                "Promises of {} are a quorum, and so are votes of {}: quorums need not meet.",
                words::names(of_promises),
                words::names(of_votes),
            ),
            Variant::Lamport | Variant::StrictAccept | Variant::Flexible(_) => format!(
                "{} and {} of {} are quorums, and {promises} + {votes} is not more than {acceptors}: they need not meet.",
                words::counted(promises as u64, "promise", "promises"),
                words::counted(votes as u64, "vote", "votes"),
                words::counted(acceptors as u64, "acceptor", "acceptors"),
            ),
        })
    }

    /// "a quorum takes 3 of 5".
    pub(super) fn quorum_takes(&self, phase: Phase) -> String {
        let acceptors = self.world.cluster().acceptors();
        match self.rules.variant {
            Variant::Weighted(rules) => format!(
                "a quorum weighs {} of {}",
                match phase {
                    Phase::Prepare => rules.prepare,
                    Phase::Accept => rules.accept,
                },
                rules.weight(acceptors)
            ),
            Variant::QuorumSets(rules) => {
                let sets = match phase {
                    Phase::Prepare => rules.prepare,
                    Phase::Accept => rules.accept,
                };
                format!("a quorum is {}", words::sets(&sets, ", or "))
            }
            Variant::Lamport | Variant::StrictAccept | Variant::Flexible(_) => {
                let size = self.quorum_size(phase);
                format!("a quorum takes {size} of {}", acceptors.len())
            }
        }
    }

    /// How an acceptor came to be bound to a ballot, the last time before a step: "promised 1.1 at step 3".
    pub(super) fn bound(&self, node: NodeId, ballot: Ballot, before: usize) -> String {
        let mut earlier = self.steps[..before - 1].iter().rev();
        let binds = |step: &&Step| {
            let promised = |state: &State| state.server(node).acceptor.promised == Some(ballot);
            let is_news = promised(&step.after) && !promised(&step.before);
            is_news || step.promises(node).any(|(said, _)| said == ballot)
        };
        match earlier.find(binds) {
            Some(step) if step.promises(node).next().is_some() => {
                format!("promised {ballot} at step {}", step.number)
            }
            Some(step) if step.vote(node).is_some() => {
                format!("voted in {ballot} at step {}", step.number)
            }
            Some(_) | None => format!("promised {ballot}"),
        }
    }

    /// The first step in which an acceptor cast a vote.
    pub(super) fn voted_at(&self, node: NodeId, vote: Vote<Letter>) -> Option<usize> {
        let step = self.steps.iter().find(|step| step.vote(node) == Some(vote));
        step.map(|step| step.number)
    }

    /// The promises that a proposer has counted for a ballot up to a step, since it last prepared it.
    pub(super) fn counted(&self, proposer: NodeId, ballot: Ballot, upto: usize) -> Vec<Counted> {
        let mut counted = Vec::new();
        for step in &self.steps[..upto] {
            if step.prepares(proposer, ballot) {
                counted.clear();
            }
            let Some(Envelope { from, to, message }) = step.heard() else {
                continue;
            };
            let (promised, Some(reported)) = (message.ballot(), message.promise()) else {
                continue;
            };
            let progress = step.before.server(proposer).proposer.progress;
            if (to, promised) == (proposer, ballot) && awaits(progress, ballot, from) {
                counted.push(Counted {
                    step: step.number,
                    from,
                    reported,
                });
            }
        }
        counted
    }
}

/// Whether a proposer would count this acceptor's promise.
fn awaits(progress: Progress<Letter>, asked: Ballot, from: NodeId) -> bool {
    match progress {
        Progress::Preparing {
            ballot, promises, ..
        } => ballot == asked && !promises.contains(from),
        Progress::Idle | Progress::Proposing { .. } => false,
    }
}

impl Step {
    /// What happened to a node, if it was to handle something.
    pub(super) fn event(&self) -> Option<Event> {
        match self.action {
            Action::Step(event)
            | Action::Torn { event, .. }
            | Action::Fail {
                at: Point::Event(event),
                ..
            } => Some(event),
            Action::Crash(_)
            | Action::Lose(_)
            | Action::Answer { .. }
            | Action::GiveUp(_)
            | Action::Read { .. }
            | Action::Fail { .. }
            | Action::Repeat(_)
            | Action::Stop(_)
            | Action::Settle => None,
        }
    }

    /// The message that arrived.
    pub(super) fn heard(&self) -> Option<Envelope<Letter>> {
        match self.event()? {
            Event::Deliver(envelope) => Some(envelope),
            Event::Ask { .. } | Event::Timeout(_) => None,
        }
    }

    /// What really left.
    pub(super) fn sent(&self) -> impl Iterator<Item = Broadcast<Letter>> {
        let consequences = self.consequences.iter();
        consequences.filter_map(|consequence| match consequence {
            Consequence::Sends(said) => Some(*said),
            Consequence::Saves { .. }
            | Consequence::DoesNotSend(_)
            | Consequence::DoesNotSave { .. }
            | Consequence::Announces { .. }
            | Consequence::TellsClient { .. }
            | Consequence::Replies { .. }
            | Consequence::Concludes { .. }
            | Consequence::TellsVote { .. }
            | Consequence::TellsReader { .. }
            | Consequence::Stops { .. }
            | Consequence::Restarts { .. }
            | Consequence::Notes { .. } => None,
        })
    }

    /// The promises an acceptor gave, with the votes it reported: one at most.
    pub(super) fn promises(
        &self,
        node: NodeId,
    ) -> impl Iterator<Item = (Ballot, Option<Vote<Letter>>)> {
        let own = self.sent().filter(move |said| said.from == node);
        own.filter_map(|said| Some((said.message.ballot(), said.message.promise()?)))
    }

    /// The vote an acceptor cast: it told others, or has it on its disk at least.
    pub(super) fn vote(&self, node: NodeId) -> Option<Vote<Letter>> {
        let mut own = self.sent().filter(|said| said.from == node);
        let told = own.find_map(|said| said.message.vote());
        told.or_else(|| self.saved_vote(node))
    }

    /// The vote that an acceptor has on its disk since this step.
    pub(super) fn saved_vote(&self, node: NodeId) -> Option<Vote<Letter>> {
        let [was, is] = [&self.before, &self.after].map(|state| state.server(node).disk.accepted);
        is.filter(|_| is != was)
    }

    /// What proposers proposed, and to whom.
    pub(super) fn proposals(&self) -> impl Iterator<Item = (NodeId, Vote<Letter>, NodeSet)> {
        self.sent()
            .filter_map(|said| Some((said.from, said.message.proposal()?, said.to)))
    }

    /// Whether this node asks for promises of this ballot.
    pub(super) fn prepares(&self, node: NodeId, ballot: Ballot) -> bool {
        let wanted = Message::Prepare { ballot };
        self.sent()
            .any(|said| said.from == node && said.message == wanted)
    }
}
