//! Known ways to get Paxos wrong, each a deliberate fault that the checks must catch.
//!
//! A mutant is a value outside the core: a rule overridden ([`crate::RuleSet`]), a message
//! distorted on its way in ([`Mutant::hears`]) or out ([`Mutant::distort`]), a memory that is not what the core
//! makes of it ([`Mutant::remembers`]), an announcement made too soon or not at all
//! ([`Mutant::announces`]), a timer that is not started ([`Mutant::starts`]), or an order of the host's work turned
//! round ([`Mutant::SendFirst`]). The core has no flag for any of them.

use std::fmt;
use std::str::FromStr;

use crate::Scenario;

/// Declares the mutants with their names and faults, so that a name is written once.
macro_rules! mutants {
    ($($(#[doc = $fault:literal])+ $variant:ident = $name:literal,)+) => {
        /// One deliberate fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mutant {
            $($(#[doc = $fault])+ $variant,)+
        }

        impl Mutant {
            /// Every mutant.
            pub const ALL: &[Mutant] = &[$(Mutant::$variant,)+];

            /// The name, as people write it.
            pub const fn name(self) -> &'static str {
                match self { $(Mutant::$variant => $name,)+ }
            }

            /// The fault, in words.
            pub const fn fault(self) -> &'static str {
                match self { $(Mutant::$variant => concat!($($fault),+),)+ }
            }
        }
    };
}

mutants! {
    /// Accepting does not raise the promise.
    AcceptKeepsPromise = "accept-keeps-promise",
    /// Phase 2b ignores the promise.
    AcceptStale = "accept-stale",
    /// Phase 1b promises below a promise.
    PromiseStale = "promise-stale",
    /// Phase 1b compares with the accepted ballot only.
    PromiseChecksVoteOnly = "promise-checks-vote-only",
    /// Phase 2b wants a ballot above the promise: nothing is ever chosen.
    AcceptStrict = "accept-strict",
    /// The proposer ignores reported votes.
    OwnValue = "own-value",
    /// Phase 2a prefers the lowest ballot's vote.
    LowestVote = "lowest-vote",
    /// Phase 2a prefers the vote it heard of first.
    FirstVote = "first-vote",
    /// Phase 2a prefers the vote it heard of last.
    LastVote = "last-vote",
    /// Phase 2a prefers the highest value instead of the highest ballot.
    HighestValue = "highest-value",
    /// The promise omits the accepted pair.
    PromiseHidesVote = "promise-hides-vote",
    /// A restarted proposer uses an old ballot again.
    BallotReused = "ballot-reused",
    /// A proposer sends two values in one ballot.
    TwoValuesOneBallot = "two-values-one-ballot",
    /// No node id in the ballot. A control: safe while 1b is strict.
    BallotsNotUnique = "ballots-not-unique",
    /// Phase 1b accepts equal ballots. A control: safe while ballots are unique.
    PromiseEqual = "promise-equal",
    /// No node id in the ballot, and 1b accepts equal ballots.
    BallotsNotUniquePromiseEqual = "ballots-not-unique+promise-equal",
    /// The quorum of phase 1 is one short.
    SmallPrepareQuorum = "small-prepare-quorum",
    /// Both quorums are half, rounded up.
    HalfQuorums = "half-quorums",
    /// 2q = A + 1 is demanded exactly: never true for an even number of acceptors.
    OverStrictQuorum = "over-strict-quorum",
    /// Quorums are counted by heads: as many as the smallest of them has.
    QuorumsByCount = "quorums-by-count",
    /// The promise is lost in a crash.
    PromiseNotDurable = "promise-not-durable",
    /// The vote is lost in a crash.
    VoteNotDurable = "vote-not-durable",
    /// The host answers before it persists.
    SendFirst = "send-first",
    /// An unreadable store is taken for an empty one.
    CorruptIsEmpty = "corrupt-is-empty",
    /// A proposer proposes without asking for promises.
    Phase1Skipped = "phase-1-skipped",
    /// A proposer proposes a default in place of its client's value.
    DefaultValue = "default-value",
    /// A node takes the first vote it hears of for the outcome.
    FirstVoteIsChosen = "first-vote-is-chosen",
    /// A node counts a vote that arrives twice as two votes.
    VoteCountedTwice = "vote-counted-twice",
    /// A node takes the votes of half the acceptors for a quorum.
    HalfIsAnnounced = "half-is-announced",
    /// What is chosen is announced to nobody.
    NeverAnnounced = "never-announced",
    /// An acceptor that has voted never votes in another ballot.
    VotesOnce = "votes-once",
    /// Voting in a second round or a later one does not raise the promise.
    RetryKeepsPromise = "retry-keeps-promise",
    /// A promise reports the last vote as one of the first round.
    VoteReportedLow = "vote-reported-low",
    /// A proposer that adopts a value tells the other proposers its own client's one.
    PeersToldOwn = "peers-told-own",
    /// Phase 1 counts nodes that are down as if they had promised.
    DownIsPromised = "down-is-promised",
    /// A proposer that would adopt a value says nothing, unless every acceptor that is up has promised.
    AdoptsFromAllOnly = "adopts-from-all-only",
    /// A node answers its client with the value that this client asked for.
    AnswersOwn = "answers-own",
    /// A client believes that nothing was done when one of several copies of its request is refused.
    RefusalsBelieved = "refusals-believed",
    /// A client that hears nothing takes that for a failure of the request.
    SilenceIsFailure = "silence-is-failure",
    /// A node takes a request in and then says that it is too busy.
    BusyAfterDoing = "busy-after-doing",
    /// A client that is left with UNKNOWN does not ask again.
    NeverAsksAgain = "never-asks-again",
    /// A node answers nobody who asks for the first time.
    AnswersOnlyAgain = "answers-only-again",
    /// A node whose disk fails goes on as if it had saved.
    FailedWriteIgnored = "failed-write-ignored",
    /// The host sends when it has written and not yet flushed.
    SentUnflushed = "sent-unflushed",
    /// A vote goes to the proposer alone, and not to the learners.
    VotesToProposerOnly = "votes-to-proposer-only",
    /// A proposer that has adopted a value announces it to nobody.
    AdoptedNotAnnounced = "adopted-not-announced",
    /// A proposer counts a refusal as a promise that reports no vote.
    NackCounts = "nack-counts",
    /// A proposer that was refused goes one round beyond that refusal, whatever round it has used since.
    NextRoundFromNack = "next-round-from-nack",
    /// A host starts no timer: nothing is ever tried again.
    NoTimer = "no-timer",
    /// A crash tears the write of a vote: its ballot is on the disk, its value is not.
    TornBallotWithoutValue = "torn-ballot-without-value",
    /// A crash tears the write of a vote: the promise that goes with it is on the disk, the vote is not. A control.
    TornPromiseWithoutVote = "torn-promise-without-vote",
    /// A crash tears the write of a vote: it is on the disk, the promise that goes with it is not. A control.
    TornVoteWithoutPromise = "torn-vote-without-promise",
    /// A crash tears the write of a record after its round: promise and vote are gone from the disk.
    CutAfterRound = "cut-after-round",
    /// A crash tears the write of a record before its vote: the last one is gone from the disk.
    CutAfterPromise = "cut-after-promise",
    /// A disk acknowledges a write and drops it: it holds what was written before that.
    WriteDropped = "write-dropped",
    /// A node that restarts finds its disk as it was after the first write: it was restored from a copy.
    DiskRestored = "disk-restored",
    /// A promise that is repeated omits the accepted pair.
    RepeatHidesVote = "repeat-hides-vote",
    /// A host never says again what is not answered.
    NoRetransmission = "no-retransmission",
    /// A late vote of an older ballot makes a learner forget the votes it has counted.
    StaleVoteResets = "stale-vote-resets",
    /// A proposer gives up when its ballot is refused.
    GivesUpOnNack = "gives-up-on-nack",
    /// A reader that has heard from one acceptor, which has not voted, tells its client that nothing is chosen.
    ReadFromOne = "read-from-one",
    /// A reader takes the answers of a read that began before its client asked.
    ReadJoinsAnother = "read-joins-another",
    /// An acceptor tells a reader of no vote.
    ReadHidesVote = "read-hides-vote",
    /// No proposer ever waits for another: two of them try again and again, for ever.
    Duelling = "duelling",
}

/// A change that looks like a fault and is none: the checks must let it pass, or they are wrong.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// The change.
    pub mutant: Mutant,
    /// Why it is right, in words.
    pub reason: &'static str,
    /// Witnesses that it need not show: it is safe, and some of what can happen otherwise cannot happen
    /// under it.
    pub forgoes: &'static [&'static str],
    /// Whether its reason holds in a scenario.
    pub holds_in: fn(&Scenario) -> bool,
}

/// Every control.
const CONTROLS: &[Control] = &[
    Control {
        mutant: Mutant::BallotsNotUnique,
        reason: "an acceptor promises a ballot once, so of two proposers with one ballot at most one \
                 gathers a quorum; the node in the ballot is needed for progress only, as long as \
                 1b refuses equal ballots, any two quorums of phase 1 meet, and no promise is given again",
        // With one round each there is one ballot, and no higher one.
        forgoes: &["value-adopted", "vote-superseded"],
        // Where hosts repeat, a promise is given again to another proposer of the same ballot; and two quorums of phase 1 that
        // are listed need not meet.
        holds_in: |scenario| !scenario.world.repeats && scenario.protocol.quorums.is_none(),
    },
    Control {
        mutant: Mutant::PromiseEqual,
        reason: "ballots are unique, so an equal ballot is a copy of the same Prepare; a proposer counts \
                 each acceptor once, and nobody has voted in a ballot that is still being prepared",
        forgoes: &[],
        holds_in: |_| true,
    },
    Control {
        mutant: Mutant::TornPromiseWithoutVote,
        reason: "nothing of the vote has been said when its write is torn; what is left is an acceptor that \
                 has promised the ballot and told nobody",
        forgoes: &[],
        holds_in: |_| true,
    },
    Control {
        mutant: Mutant::TornVoteWithoutPromise,
        reason: "nothing of the vote has been said when its write is torn; if it is reported later, it is for \
                 what its ballot proposed, and no other value can have been chosen below",
        forgoes: &[],
        holds_in: |_| true,
    },
];

impl Mutant {
    /// Whether it keeps nothing from being right, only from being done: it shows where rounds never end, and nowhere
    /// else.
    pub fn is_about_progress(self) -> bool {
        matches!(
            self,
            Mutant::NoRetransmission
                | Mutant::StaleVoteResets
                | Mutant::GivesUpOnNack
                | Mutant::Duelling
        )
    }

    /// Whether a write for one role of a node can undo what another role has saved, or has saved before.
    pub(crate) fn is_of_whole_disks(self) -> bool {
        matches!(
            self,
            Mutant::CutAfterRound
                | Mutant::CutAfterPromise
                | Mutant::WriteDropped
                | Mutant::DiskRestored
        )
    }

    /// Why this is no fault at all; `None` if it is one.
    pub fn control(self) -> Option<&'static Control> {
        CONTROLS.iter().find(|control| control.mutant == self)
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mutant {
    type Err = String;

    fn from_str(name: &str) -> Result<Mutant, String> {
        Mutant::ALL
            .iter()
            .copied()
            .find(|mutant| mutant.name() == name)
            .ok_or_else(|| format!("no mutant is named `{name}`"))
    }
}
