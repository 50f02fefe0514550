//! A state as a trace writes it: every variable of the World, by the names that the source has for
//! them.

use model::{Action, Letter, Network, Scenario, Server, State, World};
use paxos::{Durable, Learner, NodeId, Progress};
use serde::Serialize;

use super::action::ActionRecord;
use super::clients::{AsksRecord, ReadingRecord};
use super::message::{ParcelRecord, SaidRecord};
use super::words::{BallotRecord, ByNode, Maybe, Name, Number, Set, Unit, VoteRecord};

/// The variables of every world, in the order in which states are compared.
pub(crate) const VARIABLES: [&str; 16] = [
    "action",
    "promised",
    "accepted",
    "last_round",
    "own",
    "seen",
    "progress",
    "learner",
    "disk",
    "announced",
    "retries",
    "mail",
    "ledger",
    "asks",
    "crashes",
    "mid_ballot",
];

/// Those that there are besides where rounds never end.
const ENDLESS: [&str; 3] = ["stopped", "settled", "losses"];

/// That which there is besides where clients read.
const READS: &str = "reads";

/// What else a world can have, so that its states have variables of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Besides {
    /// Rounds that never end.
    pub(crate) is_endless: bool,
    /// Clients that read.
    pub(crate) has_reads: bool,
}

impl Besides {
    pub(crate) const ALL: Besides = Besides {
        is_endless: true,
        has_reads: true,
    };

    pub(crate) fn of(scenario: &Scenario) -> Besides {
        Besides {
            is_endless: scenario.endless.is_some(),
            has_reads: !scenario.read.is_empty(),
        }
    }

    /// The variables of the states.
    pub(crate) fn variables(self) -> impl Iterator<Item = &'static str> {
        let of_endless = ENDLESS.iter().filter(move |_| self.is_endless).copied();
        let of_reads = Some(READS).filter(|_| self.has_reads);
        VARIABLES.iter().copied().chain(of_endless).chain(of_reads)
    }
}

#[derive(Serialize)]
pub(super) struct StateRecord {
    #[serde(rename = "#meta")]
    meta: StateMeta,
    action: ActionRecord,
    promised: ByNode<Maybe<BallotRecord>>,
    accepted: ByNode<Maybe<VoteRecord>>,
    last_round: ByNode<Maybe<Number>>,
    own: ByNode<Maybe<Letter>>,
    seen: ByNode<Maybe<BallotRecord>>,
    progress: ByNode<ProgressRecord>,
    learner: ByNode<LearnerRecord>,
    disk: ByNode<DiskRecord>,
    announced: ByNode<Set<Letter>>,
    retries: ByNode<u8>,
    mail: MailRecord,
    ledger: Set<SaidRecord>,
    asks: AsksRecord,
    crashes: u8,
    mid_ballot: bool,
    #[serde(flatten)]
    endless: Option<EndlessRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reads: Option<Vec<ReadingRecord>>,
}

#[derive(Serialize)]
struct EndlessRecord {
    stopped: Set<Name>,
    settled: bool,
    losses: u8,
}

#[derive(Serialize)]
struct StateMeta {
    index: usize,
    /// The action in words.
    text: String,
}

#[derive(Serialize)]
#[serde(tag = "tag", content = "value")]
enum ProgressRecord {
    Idle(Unit),
    Preparing {
        ballot: BallotRecord,
        promises: Set<Name>,
        best: Maybe<VoteRecord>,
    },
    Proposing {
        ballot: BallotRecord,
    },
}

#[derive(Serialize)]
#[serde(tag = "tag", content = "value")]
enum LearnerRecord {
    Unaware(Unit),
    Counting {
        ballot: BallotRecord,
        value: Letter,
        voters: Set<Name>,
    },
    Chosen(Letter),
}

#[derive(Serialize)]
struct DiskRecord {
    round: Maybe<Number>,
    promised: Maybe<BallotRecord>,
    accepted: Maybe<VoteRecord>,
}

/// What is on its way: a set, or a list where order or number matters.
#[derive(Serialize)]
#[serde(untagged)]
enum MailRecord {
    Set(Set<ParcelRecord>),
    List(Vec<ParcelRecord>),
}

impl StateRecord {
    pub(super) fn new(
        world: &World,
        index: usize,
        action: Option<Action>,
        state: &State,
    ) -> StateRecord {
        StateRecord {
            meta: StateMeta {
                index,
                text: action.map_or("init".to_owned(), |action| action.to_string()),
            },
            action: action.into(),
            promised: each(state, |server| Maybe::of(server.acceptor.promised)),
            accepted: each(state, |server| Maybe::of(server.acceptor.accepted)),
            last_round: each(state, |server| Maybe::of(server.proposer.last_round)),
            own: each(state, |server| Maybe::of(server.proposer.client_value)),
            seen: each(state, |server| Maybe::of(server.proposer.highest_nack)),
            progress: each(state, |server| server.proposer.progress.into()),
            learner: each(state, |server| server.learner.into()),
            disk: each(state, |server| server.disk.into()),
            announced: each(state, |server| server.announced.iter().collect()),
            retries: each(state, |server| server.retries),
            mail: mail(world, state),
            ledger: state.ledger.iter().copied().map(SaidRecord::from).collect(),
            asks: AsksRecord::new(state, world.scenario().ask.len()),
            crashes: state.crashes,
            mid_ballot: state.mid_ballot,
            endless: world.scenario().endless.is_some().then(|| EndlessRecord {
                stopped: Set::of(state.stopped),
                settled: state.settled,
                losses: state.losses,
            }),
            reads: (!state.reads.is_empty())
                .then(|| state.reads.iter().map(ReadingRecord::new).collect()),
        }
    }
}

fn each<T>(state: &State, of: impl Fn(&Server) -> T) -> ByNode<T> {
    let nodes = state.servers();
    let pairs = nodes.map(|(node, server): (NodeId, Server)| (node, of(&server)));
    pairs.collect()
}

fn mail(world: &World, state: &State) -> MailRecord {
    let parcels = state.mail.iter().copied().map(ParcelRecord::from);
    match world.scenario().world.network {
        Network::Set => MailRecord::Set(parcels.collect()),
        Network::Bag | Network::Ordered => MailRecord::List(parcels.collect()),
    }
}

impl From<Progress<Letter>> for ProgressRecord {
    fn from(progress: Progress<Letter>) -> ProgressRecord {
        match progress {
            Progress::Idle => ProgressRecord::Idle(Unit::default()),
            Progress::Preparing {
                ballot,
                promises,
                best,
            } => ProgressRecord::Preparing {
                ballot: ballot.into(),
                promises: Set::of(promises),
                best: Maybe::of(best),
            },
            Progress::Proposing { ballot } => ProgressRecord::Proposing {
                ballot: ballot.into(),
            },
        }
    }
}

impl From<Learner<Letter>> for LearnerRecord {
    fn from(learner: Learner<Letter>) -> LearnerRecord {
        match learner {
            Learner::Unaware => LearnerRecord::Unaware(Unit::default()),
            Learner::Counting {
                ballot,
                value,
                voters,
            } => LearnerRecord::Counting {
                ballot: ballot.into(),
                value,
                voters: Set::of(voters),
            },
            Learner::Chosen(value) => LearnerRecord::Chosen(value),
        }
    }
}

impl From<Durable<Letter>> for DiskRecord {
    fn from(disk: Durable<Letter>) -> DiskRecord {
        let Durable {
            round,
            promised,
            accepted,
        } = disk;
        DiskRecord {
            round: Maybe::of(round),
            promised: Maybe::of(promised),
            accepted: Maybe::of(accepted),
        }
    }
}
