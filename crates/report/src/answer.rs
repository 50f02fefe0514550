//! What was found, beside what was expected.

use std::fmt;
use std::sync::Arc;

use checker::{
    Closed, Cut, Ending, Lasso, LiveRun, LiveVerdict, Reductions, Refusal, Run, Verdict, Width,
};
use model::properties::{self, Known};
use model::{Action, AnotherRound, Expected, Kind, Pairs, Scenario, State, World};
use serde::{Deserialize, Serialize};
use stateright::{Expectation, Path};

use crate::{Story, Tail, Telling, Why, diagram, why};

/// What one scenario answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The question: the scenario, and the rules it was explored by.
    pub world: Arc<World>,
    /// Whether everything was explored.
    pub ending: Ending,
    /// The reductions that were on.
    pub reductions: Reductions,
    /// What could not be used, and the premise that this core breaks.
    pub refused: Vec<Refusal>,
    /// How many unique states there are, as the reductions leave them, or were seen before the cut.
    pub unique: u64,
    /// How many transitions were followed, counting the initial state.
    pub generated: u64,
    /// How many steps the longest of the shortest ways to a state has.
    pub depth: u32,
    /// How many states each depth has: see [`Run::levels`](checker::Run::levels). Empty: not counted.
    pub levels: Vec<u64>,
    /// How many states have so many transitions: see [`Run::out_degrees`](checker::Run::out_degrees). Empty: not
    /// counted.
    pub out_degrees: Vec<u64>,
    /// By how many bits states were told apart.
    pub fingerprint: Width,
    /// The chance that a state was taken for another one, and not visited.
    pub collision_chance: f64,
    /// For each kind of thing, how often it happened: see [`Run::kinds`](checker::Run::kinds). Empty: not counted.
    pub kinds: Vec<(&'static str, u64)>,
    /// One for each property, in the model's order.
    pub judged: Vec<Judged>,
    /// What other engines saw otherwise, a line each. Set by the caller.
    pub disagreements: Vec<String>,
    /// Which kinds of things happened after which. Set by the caller; `None`: not counted.
    pub pairs: Option<Pairs>,
    /// Whether deciding stays possible, if rounds did not end; `None`: not asked. See [`Answer::with_outlook`].
    pub outlook: Option<Outlook>,
    /// Where the notes' rule needs another round and Lamport's does not. Set by the caller; `None`: not asked, or nowhere.
    pub another_round: Option<AnotherRound>,
    /// Why something that was asked for beside the exploration did not come to its end: another engine, or the count of
    /// pairs. Set by the caller.
    pub unfinished: Option<Cut>,
}

/// Whether deciding stays possible from every state of a bounded world.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// How many states were asked about, one for all that are images of each other.
    pub states: u64,
    /// What was found; a path to a state from which it is not, if there is one.
    pub verdict: Verdict<State, Action>,
}

/// What became of one property.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its name.
    pub property: &'static str,
    /// Whether it must be true in every state; if not, it must be true in some state.
    pub invariant: bool,
    /// What the scenario expects; `None` is nothing.
    pub expected: Option<Expected>,
    /// What was found.
    pub verdict: Verdict<State, Action>,
    /// Whether it holds only since nothing of what it speaks of ever happens.
    pub vacuous: bool,
    /// How the path goes on for ever, where what is violated is that something has to happen.
    pub tail: Option<Tail>,
}

/// A verdict in one word, with the length of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// True in every state.
    Holds,
    /// False after so many steps.
    Violated(usize),
    /// True after so many steps.
    Witnessed(usize),
    /// True in no state.
    Never,
    /// Nothing was found before the exploration was cut.
    Unknown(Cut),
}

/// Whether an answer is the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// All was explored, and all expectations are met.
    Met,
    /// Something is not as expected, however much was explored.
    Unmet,
    /// Nothing contradicts the expectations so far, but not all was explored.
    Truncated,
}

impl Answer {
    /// Puts a run of a world beside what its scenario expects. An invariant that the scenario says
    /// nothing of is expected to hold; of a witness it says nothing of, nothing is expected.
    pub fn new(world: Arc<World>, run: Run<State, Action>) -> Answer {
        let verdicts = &world.scenario().expect.verdicts;
        let collision_chance = run.collision_chance();
        let judged = run
            .findings
            .into_iter()
            .map(|finding| {
                let invariant = finding.expectation != Expectation::Sometimes;
                let stated = verdicts.get(finding.property).copied();
                Judged {
                    property: finding.property,
                    invariant,
                    vacuous: invariant
                        && matches!(finding.verdict, Verdict::Exhausted)
                        && is_idle(finding.property, &run.kinds),
                    expected: stated.or(invariant.then_some(Expected::Holds)),
                    verdict: finding.verdict,
                    tail: None,
                }
            })
            .collect();
        Answer {
            world,
            ending: run.ending,
            reductions: run.reductions,
            refused: run.refused,
            unique: run.unique,
            generated: run.generated,
            depth: run.depth,
            levels: run.levels,
            out_degrees: run.out_degrees,
            fingerprint: run.fingerprint,
            collision_chance,
            kinds: run.kinds,
            judged,
            disagreements: Vec::new(),
            pairs: None,
            outlook: None,
            another_round: None,
            unfinished: None,
        }
    }

    /// Puts what has to happen in a world without end beside what its scenario expects: that it does, where it says
    /// nothing.
    pub fn live(world: Arc<World>, run: LiveRun<State, Action>) -> Answer {
        let names = model::class_names(&world);
        let verdicts = &world.scenario().expect.verdicts;
        let collision_chance = run.collision_chance();
        let judged = run.findings.into_iter().map(|finding| {
            let (verdict, tail) = match finding.verdict {
                LiveVerdict::Exhausted => (Verdict::Exhausted, None),
                LiveVerdict::Truncated(cut) => (Verdict::Truncated(cut), None),
                LiveVerdict::Lasso(Lasso {
                    path,
                    stem,
                    starved,
                }) => {
                    let starved = starved.iter().map(|place| names[*place].clone()).collect();
                    (Verdict::Violated(path), Some(Tail::Round { stem, starved }))
                }
                LiveVerdict::Closed(Closed { path, states }) => {
                    (Verdict::Violated(path), Some(Tail::Closed(states)))
                }
            };
            let stated = verdicts.get(finding.name).copied();
            Judged {
                property: finding.name,
                invariant: true,
                vacuous: false,
                expected: Some(stated.unwrap_or(Expected::Holds)),
                verdict,
                tail,
            }
        });
        let judged = judged.collect();
        Answer {
            judged,
            world,
            ending: run.ending,
            reductions: Reductions::NONE,
            refused: Vec::new(),
            unique: run.unique,
            generated: run.transitions,
            depth: run.depth,
            levels: run.levels,
            out_degrees: run.out_degrees,
            fingerprint: Width::Bits64,
            collision_chance,
            kinds: Vec::new(),
            disagreements: Vec::new(),
            pairs: None,
            outlook: None,
            another_round: None,
            unfinished: None,
        }
    }

    /// With what was found of what must never be, in a world without end: that is judged beside what has to happen.
    #[must_use]
    pub fn with_safety(mut self, run: Run<State, Action>) -> Answer {
        if let Ending::Truncated(cut) = run.ending {
            self.unfinished = self.unfinished.or(Some(cut));
        }
        let verdicts = &self.world.scenario().expect.verdicts;
        let judged = run.findings.into_iter().map(|finding| Judged {
            property: finding.property,
            invariant: true,
            expected: Some(
                verdicts
                    .get(finding.property)
                    .copied()
                    .unwrap_or(Expected::Holds),
            ),
            verdict: finding.verdict,
            vacuous: false,
            tail: None,
        });
        self.judged.extend(judged.collect::<Vec<_>>());
        self
    }

    /// With what was found of whether deciding stays possible. If it does not, that is judged beside the properties.
    #[must_use]
    pub fn with_outlook(mut self, outlook: Outlook) -> Answer {
        match &outlook.verdict {
            Verdict::Violated(_) => self.judged.push(Judged {
                property: properties::CAN_DECIDE,
                invariant: true,
                expected: Some(Expected::Holds),
                verdict: outlook.verdict.clone(),
                vacuous: false,
                tail: Some(Tail::Helpless),
            }),
            Verdict::Truncated(cut) => self.unfinished = self.unfinished.or(Some(*cut)),
            Verdict::Exhausted | Verdict::Witnessed(_) => {}
        }
        self.outlook = Some(outlook);
        self
    }

    /// Whether rounds never end in this world.
    pub fn is_live(&self) -> bool {
        self.scenario().endless.is_some()
    }

    /// How often something happened; 0 if nothing was counted.
    pub fn count(&self, kind: Kind) -> u64 {
        let mut kinds = self.kinds.iter();
        kinds
            .find(|(name, _)| *name == kind.name())
            .map_or(0, |(_, count)| *count)
    }

    /// The question.
    pub fn scenario(&self) -> &Scenario {
        self.world.scenario()
    }

    /// The properties that are violated.
    pub fn violated(&self) -> Vec<&'static str> {
        let violated = self
            .judged
            .iter()
            .filter(|judged| matches!(judged.found(), Found::Violated(_)));
        violated.map(|judged| judged.property).collect()
    }

    /// Whether this is the expected answer. A violation contradicts what is expected to hold in a
    /// truncated run as well.
    pub fn outcome(&self) -> Outcome {
        if !self.unmet().is_empty() {
            return Outcome::Unmet;
        }
        match self.cut() {
            None => Outcome::Met,
            Some(_) => Outcome::Truncated,
        }
    }

    /// Why something that was asked for is not known; `None` if all of it is.
    pub fn cut(&self) -> Option<Cut> {
        match self.ending {
            Ending::Exhausted => self.unfinished,
            Ending::Truncated(cut) => Some(cut),
        }
    }

    /// What is not as expected, a line each; empty if nothing is.
    pub fn unmet(&self) -> Vec<String> {
        let mut unmet: Vec<String> = self
            .judged
            .iter()
            .filter(|judged| judged.is_met() == Some(false))
            .filter_map(|judged| {
                let (expected, found) = (judged.expected?, judged.found());
                Some(format!(
                    "{}: expected {expected}, found {found}",
                    judged.property
                ))
            })
            .collect();
        // A truncated run has counted a part, which says nothing of the whole.
        if self.ending == Ending::Exhausted {
            let expect = &self.scenario().expect;
            let counts = [
                ("states", expect.states, self.unique),
                ("depth", expect.depth.map(u64::from), u64::from(self.depth)),
            ];
            for (name, expected, found) in counts {
                if let Some(expected) = expected.filter(|expected| *expected != found) {
                    unmet.push(format!("{name}: expected {expected}, found {found}"));
                }
            }
        }
        unmet.extend(self.disagreements.iter().cloned());
        unmet
    }
}

impl Judged {
    /// The verdict in one word.
    pub fn found(&self) -> Found {
        match &self.verdict {
            Verdict::Exhausted if self.invariant => Found::Holds,
            Verdict::Exhausted => Found::Never,
            Verdict::Violated(path) => Found::Violated(steps(path)),
            Verdict::Witnessed(path) => Found::Witnessed(steps(path)),
            Verdict::Truncated(cut) => Found::Unknown(*cut),
        }
    }

    /// The verdict in a few words, with how its path goes on for ever.
    pub fn told(&self) -> String {
        match (&self.tail, self.found()) {
            (Some(tail), Found::Violated(steps)) => tail.told(steps),
            (Some(_) | None, found) => found.to_string(),
        }
    }

    /// What its path is told for.
    pub fn telling(&self) -> Telling {
        Telling {
            shows: Some(format!("{}: {}", self.property, self.told())),
            is_violation: Some(matches!(self.verdict, Verdict::Violated(_))),
            tail: self.tail.clone(),
        }
    }

    /// The path that shows it in words, and how it goes on for ever; `None` if there is none.
    pub fn story(&self, world: &World) -> Option<Story> {
        Some(Story::new(world, self.verdict.path()?, &self.telling()))
    }

    /// The same, a line a step.
    pub fn lines(&self, world: &World) -> Option<Vec<String>> {
        self.story(world).map(|story| story.lines())
    }

    /// The path that shows it as a picture, with the part of it that goes on for ever marked; `None` if there is none.
    pub fn diagram(&self, world: &World) -> Option<String> {
        let path = self.verdict.path()?;
        Some(diagram::diagram_of(world, path, &self.telling()))
    }

    /// Why what must be true in every state is not; `None` if it is, or was not found to be otherwise. Of what has to
    /// happen nothing is said: there it is the path as a whole that is wrong.
    pub fn why(&self, world: &World) -> Option<Why> {
        match &self.verdict {
            Verdict::Violated(path) => why(world, path, self.property),
            Verdict::Witnessed(_) | Verdict::Exhausted | Verdict::Truncated(_) => None,
        }
    }

    /// Whether the verdict is the expected one; `None` if nothing is known, or nothing expected.
    pub fn is_met(&self) -> Option<bool> {
        let expected = self.expected?;
        let found = match self.found() {
            Found::Holds => Expected::Holds,
            Found::Violated(_) => Expected::Violated,
            Found::Witnessed(_) => Expected::Witnessed,
            Found::Never => Expected::Never,
            Found::Unknown(_) => return None,
        };
        Some(found == expected)
    }

    /// What the property says and why; empty if `model` knows none of its name.
    pub fn reason(&self) -> &'static str {
        Known::named(self.property).map_or("", |known| known.reason)
    }
}

/// Whether nothing happened of what a property speaks of, as far as that was counted.
fn is_idle(property: &str, kinds: &[(&str, u64)]) -> bool {
    let happened = |kind: &Kind| {
        kinds
            .iter()
            .any(|(name, count)| *name == kind.name() && *count > 0)
    };
    let known = Known::named(property);
    !kinds.is_empty() && known.is_some_and(|known| !known.rests_on.iter().any(happened))
}

fn steps(path: &Path<State, Action>) -> usize {
    path.clone().into_actions().len()
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Holds => f.write_str("holds"),
            Found::Violated(1) => f.write_str("violated in 1 step"),
            Found::Violated(steps) => write!(f, "violated in {steps} steps"),
            Found::Witnessed(1) => f.write_str("witnessed in 1 step"),
            Found::Witnessed(steps) => write!(f, "witnessed in {steps} steps"),
            Found::Never => f.write_str("never"),
            Found::Unknown(cut) => write!(f, "unknown ({cut})"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Met => "met",
            Outcome::Unmet => "unmet",
            Outcome::Truncated => "truncated",
        })
    }
}
