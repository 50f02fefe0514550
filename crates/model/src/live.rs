//! What has to happen in a world without end, and which actions are treated fairly.

use checker::{
    Claim, Class, Closed, Cut, Error, Fairness, Lasso, Limits, Live, LiveFinding, LiveRun,
    LiveVerdict, Progress, Wish,
};
use paxos::{MessageKind, NodeId, Role};

use crate::properties::{self, Known};
use crate::ranked::Start;
use crate::{Action, Event, Ranked, State, Turn, World};

/// Judges what has to happen in a world without end: see [`checker::explore_live`]. The paths are the World's own,
/// walked with ballots as they are; [`Cut::Coarse`] where one cannot be.
///
/// # Errors
/// As [`checker::explore_live`].
///
/// # Panics
/// If the world's rounds end, or it has more classes of actions than fit: [`Ranked::new`] tells.
pub fn explore_live(
    world: &World,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<LiveRun<State, Action>, Error> {
    let ranked = Ranked::new(world.clone()).expect("a world without end");
    let run = checker::explore_live(&ranked, limits, progress)?;
    let verdict = |verdict| match verdict {
        LiveVerdict::Exhausted => LiveVerdict::Exhausted,
        LiveVerdict::Truncated(cut) => LiveVerdict::Truncated(cut),
        LiveVerdict::Lasso(Lasso {
            path,
            stem,
            starved,
        }) => match ranked.walk(&path) {
            Ok(path) => LiveVerdict::Lasso(Lasso {
                path,
                stem,
                starved,
            }),
            Err(_) => LiveVerdict::Truncated(Cut::Coarse),
        },
        LiveVerdict::Closed(Closed { path, states }) => match ranked.walk(&path) {
            Ok(path) => LiveVerdict::Closed(Closed { path, states }),
            Err(_) => LiveVerdict::Truncated(Cut::Coarse),
        },
    };
    let findings = run.findings.into_iter().map(|finding| LiveFinding {
        name: finding.name,
        verdict: verdict(finding.verdict),
    });
    Ok(LiveRun {
        ending: run.ending,
        unique: run.unique,
        transitions: run.transitions,
        depth: run.depth,
        levels: run.levels,
        out_degrees: run.out_degrees,
        findings: findings.collect(),
    })
}

/// What the classes of actions are called, by their place in [`Lasso::starved`].
pub fn class_names(world: &World) -> Vec<String> {
    let sorts = Sort::all(world).into_iter();
    sorts.map(|sort| sort.class().name).collect()
}

/// Actions that are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// A kind of message arrives from one node at another.
    Arrives(MessageKind, NodeId, NodeId),
    /// A client asks.
    Asks(u8),
    /// A proposer starts another round.
    TriesAgain(NodeId),
    /// The same, and comes to a round that is known already.
    CatchesUp(NodeId),
    /// The same, and is still below.
    StaysBelow(NodeId),
    /// A host says again what its proposer asks.
    Repeats(NodeId),
    /// One proposer alone tries again.
    Settles,
    /// Something fails.
    Fails,
}

impl Sort {
    /// All there are in a world, in their order.
    pub(crate) fn all(world: &World) -> Vec<Sort> {
        let cluster = world.cluster();
        let (proposers, acceptors) = (cluster.proposers(), cluster.acceptors());
        let mut all = Vec::new();
        for proposer in proposers.iter() {
            for acceptor in acceptors.iter() {
                for kind in MessageKind::ALL {
                    if kind == MessageKind::Nack && !world.scenario().protocol.nack {
                        continue;
                    }
                    let [from, to] = match kind.speaker() {
                        Role::Proposer => [proposer, acceptor],
                        Role::Acceptor | Role::Learner => [acceptor, proposer],
                    };
                    let hears = |to| Sort::Arrives(kind, from, to);
                    match kind.addressee() {
                        Role::Learner => {
                            all.extend(cluster.vote_recipients(proposer).iter().map(hears));
                        }
                        Role::Acceptor | Role::Proposer => all.push(hears(to)),
                    }
                }
            }
            all.extend([
                Sort::TriesAgain(proposer),
                Sort::CatchesUp(proposer),
                Sort::StaysBelow(proposer),
                Sort::Repeats(proposer),
            ]);
        }
        let asks = (0..).take(world.scenario().ask.len());
        all.extend(asks.map(Sort::Asks));
        all.extend([Sort::Settles, Sort::Fails]);
        all.sort_unstable();
        all.dedup();
        all
    }

    fn of(turn: &Turn) -> Sort {
        match turn.action {
            Action::Step(Event::Deliver(envelope)) => {
                let kind = envelope.message.kind();
                Sort::Arrives(kind, envelope.from, envelope.to)
            }
            Action::Step(Event::Ask { index, .. }) => Sort::Asks(index),
            Action::Step(Event::Timeout(node)) => match turn.start {
                Start::Plain => Sort::TriesAgain(node),
                Start::Near => Sort::CatchesUp(node),
                Start::Far => Sort::StaysBelow(node),
            },
            Action::Repeat(node) => Sort::Repeats(node),
            Action::Settle => Sort::Settles,
            Action::Torn { .. }
            | Action::Crash(_)
            | Action::Lose(_)
            | Action::Stop(_)
            | Action::Answer { .. }
            | Action::GiveUp(_)
            | Action::Read { .. }
            | Action::Fail { .. } => Sort::Fails,
        }
    }

    fn class(self) -> Class {
        let (name, fairness) = match self {
            // A message that is sent again and again arrives in the end.
            Sort::Arrives(kind, from, to) => (
                format!("the delivery of {kind:?} from {from} to {to}"),
                Fairness::Strong,
            ),
            Sort::Asks(ask) => (format!("request {ask}"), Fairness::Weak),
            Sort::TriesAgain(node) => (format!("{node}'s time-out"), Fairness::Weak),
            // A gap does not stay wide for ever.
            Sort::CatchesUp(node) => (format!("{node}'s catching up"), Fairness::Strong),
            Sort::StaysBelow(node) => (format!("{node}'s staying below"), Fairness::Unfair),
            Sort::Repeats(node) => (format!("{node}'s asking again"), Fairness::Weak),
            Sort::Settles => ("that one proposer is alone".to_owned(), Fairness::Weak),
            Sort::Fails => ("failure".to_owned(), Fairness::Unfair),
        };
        Class { name, fairness }
    }
}

impl Live for Ranked {
    fn classes(&self) -> Vec<Class> {
        self.sorts().iter().map(|sort| sort.class()).collect()
    }

    fn class(&self, _: &State, turn: &Turn) -> usize {
        let sort = Sort::of(turn);
        let place = self.sorts().binary_search(&sort);
        place.expect("every action is of a sort")
    }

    fn wishes(&self) -> Vec<Wish<Ranked>> {
        let is_decided = |model: &Ranked, state: &State| model.world().is_decided(state);
        let is_chosen = |model: &Ranked, state: &State| model.world().is_chosen(state);
        let is_announced = |model: &Ranked, state: &State| model.world().is_announced_by_all(state);
        let claim = |known: &Known| match known.name {
            properties::CAN_DECIDE => Claim::StaysPossible(is_decided),
            properties::ANNOUNCED => Claim::LeadsTo(is_chosen, is_announced),
            _ => Claim::Eventually(is_decided),
        };
        let known = properties::LIVE.iter();
        known
            .map(|known| Wish {
                name: known.name,
                claim: claim(known),
            })
            .collect()
    }
}
