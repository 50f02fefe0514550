//! What must never be, and what must be possible. Each a plain function, with its reason.
//!
//! They judge what acceptors have said ([`World::testimony`]) and what was announced, not what
//! nodes believe, so that a wrong learner cannot hide a wrong vote.

mod conditions;

use std::sync::LazyLock;

use stateright::Property;

use crate::endless_safety::JUDGED;
use crate::reads::linearizable;
use crate::{Fault, Kind, Scenario, State, World};

pub use conditions::{agreement, chosen};
pub(crate) use conditions::{announced, one_value_per_ballot};
use conditions::{
    announced_is_chosen, client_told, failure_is_true, learned_is_announced, learner_learns,
    no_vote_below_promise, promises_rise, restart_mid_ballot, stability, told_after_unknown,
    validity, value_adopted, value_chosen, vote_superseded, votes_are_safe, waits_with_timer,
};

/// A property and why it matters.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name, as people write it.
    pub name: &'static str,
    /// What it says and why, in a sentence.
    pub reason: &'static str,
    /// What it speaks of: where nothing of this ever happens, it was not put to the test. Witnesses have nothing here.
    pub rests_on: &'static [Kind],
    /// What it reads of what is over. Pruning leaves that.
    reads: &'static [Past],
    is_invariant: bool,
    condition: fn(&World, &State) -> bool,
}

/// What is over, so that pruning may forget it if no property reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Proposals, in ballots in which nobody can propose or vote any more, of values that a client of the proposer asked for.
    ClosedProposals,
    /// Which ballots a promise closes to an acceptor, where it cannot come to vote in them any more.
    ClosedGaps,
}

impl Past {
    /// All of it: what a property reads that does not say.
    const ALL: &[Past] = &[Past::ClosedProposals, Past::ClosedGaps];
}

/// Every property, the ones that matter most first.
pub const ALL: &[Known] = &[
    invariant(
        "agreement",
        agreement,
        &[Kind::AcceptedDecides],
        "no two different values are ever chosen, nor announced by any node, nor told to any client",
    )
    .reading(&[]),
    invariant(
        "validity",
        validity,
        &[Kind::AcceptedDecides],
        "what is chosen or announced was asked for by a client",
    )
    .reading(&[]),
    invariant(
        "stability",
        stability,
        &[Kind::AcceptedDecides],
        "a node never changes its mind about what is chosen",
    )
    .reading(&[]),
    invariant(
        "announced-is-chosen",
        announced_is_chosen,
        &[Kind::AcceptedDecides, Kind::AskAnswered],
        "what a node announces, or a client is told, a quorum has voted for, by its votes or by what its promises report",
    )
    .reading(&[]),
    invariant(
        "promises-rise",
        promises_rise,
        &[Kind::PreparePromised, Kind::ProposeVoted],
        "an acceptor never forgets a promise or a vote: what it has promised is at least what it said",
    )
    .reading(&[]),
    invariant(
        "no-vote-below-promise",
        no_vote_below_promise,
        &[Kind::PreparePromised],
        "between the vote an acceptor reports in a promise and the ballot it promises, it never votes",
    )
    .reading(&[]),
    invariant(
        "one-value-per-ballot",
        one_value_per_ballot,
        &[Kind::PromiseProposes, Kind::PromiseAdopts],
        "all proposals and votes of one ballot are for one value",
    )
    .reading(&[]),
    invariant(
        "votes-are-safe",
        votes_are_safe,
        &[Kind::ProposeVoted],
        "a vote at ballot b is for the only value that can have been chosen below b",
    )
    .reading(&[]),
    invariant(
        "failure-is-true",
        failure_is_true,
        &[Kind::PostRefused, Kind::RequestInvalid, Kind::NodeBusy],
        "a client is told POST_FAILED, RETRYABLE or FATAL only if nothing was done of its request",
    )
    .reading(&[]),
    invariant(
        "linearizable",
        linearizable,
        &[Kind::ReadFindsNothing, Kind::ReadAnswered, Kind::ReadProposes],
        "clients that propose and clients that read are told what one register would tell that is written once: nobody \
         is told that nothing is chosen who asked when somebody had been told a value",
    )
    .reading(&[]),
    invariant(
        "waits-with-timer",
        waits_with_timer,
        &[Kind::AskBegins, Kind::TimeoutRetries],
        "a node with a ballot under way has a timer running, so that it tries again",
    )
    .reading(&[]),
    invariant(
        "learned-is-announced",
        learned_is_announced,
        &[Kind::AcceptedDecides],
        "a node that has learned what is chosen has announced it",
    )
    .reading(&[]),
    witness(
        "value-chosen",
        value_chosen,
        "a quorum can vote for a value: the world is not idle",
    )
    .reading(&[]),
    witness(
        "learner-learns",
        learner_learns,
        "a node that has started no ballot can learn what is chosen",
    )
    .reading(&[]),
    witness(
        "client-told",
        client_told,
        "a client can be told the outcome",
    )
    .reading(&[]),
    witness(
        "value-adopted",
        value_adopted,
        "a proposer can propose a value that none of its own clients asked for",
    )
    .reading(&[]),
    witness(
        "vote-superseded",
        vote_superseded,
        "an acceptor can vote again, in a higher ballot",
    )
    .reading(&[]),
    witness(
        "restart-mid-ballot",
        restart_mid_ballot,
        "a node can crash and restart while a ballot is under way at it",
    )
    .reading(&[]),
    witness(
        "told-after-unknown",
        told_after_unknown,
        "a client that was left with UNKNOWN can ask again and be told the outcome",
    )
    .reading(&[]),
];

/// The name of what has to happen on every fair path.
pub const DECIDES: &str = "decides";
/// The name of what has to happen in the end once something is chosen.
pub const ANNOUNCED: &str = "announced-in-the-end";
/// The name of what has to stay possible in every state.
pub const CAN_DECIDE: &str = "can-decide";

/// What has to happen where rounds never end; judged there alone, of infinite paths. Each is false of a path, or of
/// a state that can come to no good any more.
pub const LIVE: &[Known] = &[
    invariant(
        DECIDES,
        World::is_decided,
        &[],
        "on every fair path, however long it takes, some node learns what is chosen",
    ),
    invariant(
        CAN_DECIDE,
        World::is_decided,
        &[],
        "from every state that can be reached there is a way on which some node learns what is chosen",
    ),
    invariant(
        ANNOUNCED,
        |world, state| !world.is_chosen(state) || world.is_announced_by_all(state),
        &[],
        "on every fair path, what is chosen is announced in the end, by every learner that runs",
    ),
];

/// What is judged where rounds never end and a scenario asks for both.
static ENDLESS: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let safety = ALL.iter().filter(|known| JUDGED.contains(&known.name));
    LIVE.iter().chain(safety).copied().collect()
});

const fn invariant(
    name: &'static str,
    condition: fn(&World, &State) -> bool,
    rests_on: &'static [Kind],
    reason: &'static str,
) -> Known {
    Known {
        name,
        reason,
        rests_on,
        reads: Past::ALL,
        is_invariant: true,
        condition,
    }
}

const fn witness(
    name: &'static str,
    condition: fn(&World, &State) -> bool,
    reason: &'static str,
) -> Known {
    Known {
        name,
        reason,
        rests_on: &[],
        reads: Past::ALL,
        is_invariant: false,
        condition,
    }
}

impl Known {
    /// The same, of a property that reads no more than this of what is over.
    const fn reading(self, reads: &'static [Past]) -> Known {
        Known { reads, ..self }
    }

    /// Whether any property reads this.
    pub(crate) fn any_reads(past: Past) -> bool {
        ALL.iter().any(|known| known.reads.contains(&past))
    }

    /// The property of this name.
    pub fn named(name: &str) -> Option<&'static Known> {
        ALL.iter().chain(LIVE).find(|known| known.name == name)
    }

    /// What is judged of a scenario.
    pub fn of(scenario: &Scenario) -> &'static [Known] {
        match &scenario.endless {
            Some(endless) if endless.safety => &ENDLESS,
            Some(_) => LIVE,
            None => ALL,
        }
    }

    /// Whether it is one of [`LIVE`].
    pub fn is_live(&self) -> bool {
        LIVE.iter().any(|known| known.name == self.name)
    }

    /// Whether what breaks it is a path that goes on for ever, rather than a state.
    pub fn is_of_paths(&self) -> bool {
        self.name == DECIDES || self.name == ANNOUNCED
    }

    /// Whether it must be true in every state; if not, it must be true in some state.
    pub fn is_invariant(&self) -> bool {
        self.is_invariant
    }

    /// Whether it speaks only of failures that a scenario does not allow.
    pub fn is_excluded(&self, scenario: &Scenario) -> bool {
        let allowed = &scenario.world.faults;
        let is_excluded = |kind: &Kind| {
            let mut faults = Fault::ALL.iter().filter(|fault| !allowed.contains(fault));
            faults.any(|fault| Kind::of_fault(*fault) == *kind)
                || scenario.read.is_empty() && Kind::OF_READS.contains(kind)
        };
        !self.rests_on.is_empty() && self.rests_on.iter().all(is_excluded)
    }

    /// Whether its condition is true in a state of a world.
    pub(crate) fn is_true(&self, world: &World, state: &State) -> bool {
        (self.condition)(world, state)
    }

    /// As stateright has it.
    pub fn property(&self) -> Property<World> {
        match self.is_invariant {
            true => Property::always(self.name, self.condition),
            false => Property::sometimes(self.name, self.condition),
        }
    }
}
