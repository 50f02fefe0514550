//! What must never be, judged where rounds never end: `agreement`, `validity`, `stability`, `announced-is-chosen` and
//! `one-value-per-ballot`.
//!
//! A state is kept up to the order of its ballots, as [`Ranked`] has it, but no message is forgotten in it, and a decision
//! ends nothing. What acceptors have said would grow without end. So the votes of a ballot are kept until the ballot is over:
//! its proposer has started a later round, and none of its messages is on the network any more. Nobody can be asked to vote in
//! it then; what a quorum has chosen in it is remembered, and nothing else of it is needed. The other invariants ask for all
//! promises ever given, and are not judged here.
//!
//! It is taken for granted of the core that
//!
//! 1. ballots are only compared, and a new one is one round above all that its proposer knows of ([`Ranked`]). Each
//!    counterexample is walked with ballots as nodes use them;
//! 2. nothing is said in a ballot that is over. This is asked at each step: a core that does it anyway is not said to
//!    be safe, and its verdict is unknown.

use checker::{Cut, Ending, Error, Finding, Limits, Progress, Run, Verdict};
use stateright::{Model, Property};

use crate::endless::ballot_of;
use crate::properties;
use crate::{Action, Letters, Ranked, State, Turn, World};

/// The names of what is judged.
pub(crate) const JUDGED: [&str; 5] = [
    "agreement",
    "validity",
    "stability",
    "announced-is-chosen",
    "one-value-per-ballot",
];

/// What is asked of the core besides.
const OVER: &str = "no-ballot-goes-on-that-is-over";

/// Judges what must never be in a world without end, if its scenario says so (`endless.safety`). The paths are the World's own.
///
/// # Errors
/// As [`checker::explore`].
///
/// # Panics
/// If the world's rounds end, or it has more classes of actions than fit: [`Ranked::new`] tells.
pub fn explore_endless_safety(
    world: &World,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<State, Action>, Error> {
    let ranked = Ranked::remembering(world.clone()).expect("a world without end");
    let run = checker::explore(&Remembering { ranked: &ranked }, limits, progress)?;
    let is_over = run
        .findings
        .iter()
        .any(|finding| finding.property == OVER && matches!(finding.verdict, Verdict::Violated(_)));
    let verdict = |verdict: Verdict<Remembered, Turn>| match verdict {
        Verdict::Exhausted if is_over => Verdict::Truncated(Cut::Coarse),
        Verdict::Exhausted => Verdict::Exhausted,
        Verdict::Truncated(cut) => Verdict::Truncated(cut),
        Verdict::Violated(path) | Verdict::Witnessed(path) => {
            let steps = path.into_vec().into_iter();
            let steps: Vec<(State, Option<Turn>)> =
                steps.map(|(kept, turn)| (kept.state, turn)).collect();
            match ranked.walk_steps(&steps) {
                Ok(path) => Verdict::Violated(path),
                Err(_) => Verdict::Truncated(Cut::Coarse),
            }
        }
    };
    let findings = run.findings.into_iter();
    let judged = findings.filter(|finding| finding.property != OVER);
    Ok(Run {
        refused: Vec::new(),
        findings: judged
            .map(|finding| Finding {
                property: finding.property,
                expectation: finding.expectation,
                verdict: verdict(finding.verdict),
            })
            .collect(),
        ending: match run.ending {
            Ending::Exhausted if is_over => Ending::Truncated(Cut::Coarse),
            ending @ (Ending::Exhausted | Ending::Truncated(_)) => ending,
        },
        reductions: run.reductions,
        fingerprint: run.fingerprint,
        unique: run.unique,
        generated: run.generated,
        depth: run.depth,
        beyond_boundary: run.beyond_boundary,
        levels: run.levels,
        out_degrees: run.out_degrees,
        kinds: run.kinds,
    })
}

/// A world without end, with what has to be remembered of it.
struct Remembering<'a> {
    ranked: &'a Ranked,
}

/// A state as it is kept, and what it does not show any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Remembered {
    state: State,
    /// What was ever chosen.
    chosen: Letters,
    /// Whether anything was said in a ballot that was over.
    goes_on: bool,
}

impl Remembered {
    /// What was ever chosen, announced or told.
    fn decided(&self) -> Letters {
        self.chosen.union(properties::announced(&self.state))
    }
}

impl Model for Remembering<'_> {
    type State = Remembered;
    type Action = Turn;

    fn init_states(&self) -> Vec<Remembered> {
        let states = self.ranked.init_states().into_iter();
        let remembered = states.map(|state| Remembered {
            state,
            chosen: Letters::EMPTY,
            goes_on: false,
        });
        remembered.collect()
    }

    fn actions(&self, here: &Remembered, turns: &mut Vec<Turn>) {
        if !here.goes_on {
            self.ranked.turns(&here.state, turns);
        }
    }

    fn next_state(&self, here: &Remembered, turn: Turn) -> Option<Remembered> {
        let (before, next) = self.ranked.advanced(&here.state, turn)?;
        let said = next.mail.iter().map(|parcel| parcel.ballot());
        // What is said in it may be lost at once, as one of the older rounds.
        let proposers = self.ranked.world().cluster().proposers();
        let pursued = proposers.iter().filter_map(|node| ballot_of(&next, node));
        Some(Remembered {
            goes_on: said.chain(pursued).any(|ballot| before.is_over(ballot)),
            chosen: here
                .chosen
                .union(properties::chosen(self.ranked.world(), &next)),
            state: self.ranked.kept(&next),
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all: Vec<Property<Self>> = JUDGED
            .iter()
            .map(|name| Property::always(name, condition(name)))
            .collect();
        all.push(Property::always(OVER, |_: &Self, here: &Remembered| {
            !here.goes_on
        }));
        all
    }
}

type Condition<'a> = fn(&Remembering<'a>, &Remembered) -> bool;

/// The properties of [`properties::ALL`], of what is remembered.
fn condition<'a>(name: &str) -> Condition<'a> {
    match name {
        "agreement" => |_, here| here.decided().len() <= 1,
        "validity" => |model, here| here.decided().is_subset(model.ranked.world().values()),
        "stability" => |_, here| {
            let mut servers = here.state.packed().iter();
            servers.all(|server| server.announced().len() <= 1)
        },
        "announced-is-chosen" => {
            |_, here| properties::announced(&here.state).is_subset(here.chosen)
        }
        "one-value-per-ballot" => {
            |model, here| properties::one_value_per_ballot(model.ranked.world(), &here.state)
        }
        _ => unreachable!("{name} is a property that this module does not know"),
    }
}
