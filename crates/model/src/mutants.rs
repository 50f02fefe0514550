//! Known ways to get Paxos wrong, each a deliberate fault that the checks must catch.
//!
//! A mutant is a value outside the core: a rule overridden ([`crate::RuleSet`]), a message
//! distorted on its way out ([`Mutant::distort`]), an announcement made too soon
//! ([`Mutant::FirstVoteIsChosen`]), or an order of the host's work turned round
//! ([`Mutant::SendFirst`]). The core has no flag for any of them.

use std::fmt;
use std::str::FromStr;

use paxos::{Broadcast, Input, Message};

use crate::Letter;

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
}

impl Mutant {
    /// What a node says under this fault in place of `said`, and what it adds to it. `own` is the
    /// value its client asked for.
    pub(crate) fn distort(
        self,
        said: Broadcast<Letter>,
        own: Option<Letter>,
    ) -> (Broadcast<Letter>, Option<Broadcast<Letter>>) {
        let instead = |message| Broadcast { message, ..said };
        match (self, said.message, own) {
            (Mutant::Phase1Skipped, Message::Prepare { ballot }, Some(value)) => {
                (instead(Message::Propose { ballot, value }), None)
            }
            (Mutant::DefaultValue, Message::Propose { ballot, .. }, _) => {
                let value = Letter::new(Letter::LIMIT - 1).expect("the last letter");
                (instead(Message::Propose { ballot, value }), None)
            }
            (Mutant::TwoValuesOneBallot, Message::Propose { ballot, value }, _) => {
                let other = Letter::new(usize::from(value.index() == 0)).expect("A or B");
                let value = other;
                (said, Some(instead(Message::Propose { ballot, value })))
            }
            _ => (said, None),
        }
    }

    /// What a node announces under this fault after an input, where it would announce `chosen`.
    pub(crate) fn announces(self, input: Input<Letter>, chosen: Option<Letter>) -> Option<Letter> {
        match (self, input) {
            (Mutant::FirstVoteIsChosen, Input::Receive(envelope)) => match envelope.message {
                Message::Accepted { value, .. } => Some(value),
                Message::Prepare { .. }
                | Message::Promise { .. }
                | Message::Propose { .. }
                | Message::Nack { .. } => chosen,
            },
            _ => chosen,
        }
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
