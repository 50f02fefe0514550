//! Whether what has to happen does happen, if actions are treated fairly.

mod fair;
mod given;
mod lasso;
mod region;
mod round;
mod set;
#[cfg(test)]
mod tests;

pub use given::{GivenRound, judge_round};

use stateright::{Model, Path};

use crate::error::Error;
use crate::graph::{Graph, Labels, labelled_graph};
use crate::limits::{Limits, Progress};
use crate::live::fair::Fair;
use crate::live::lasso::Judge;
use crate::offers::Offers;
use crate::reductions::Reductions;
use crate::run::{Cut, Ending, collision_chance};
use crate::space::Offering;
use crate::storage::Width;

/// What is asked of the actions of a class on an infinite path. A step that changes nothing is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fairness {
    /// Nothing: they may stay away however long they are possible.
    Unfair,
    /// If from some moment on one of them is always possible, one is taken, again and again.
    Weak,
    /// If one of them is possible again and again, one is taken, again and again.
    Strong,
}

/// Actions that are treated alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// What they are, as half a sentence.
    pub name: String,
    /// What is asked of them.
    pub fairness: Fairness,
}

/// Whether something is true of a state.
pub type Condition<M> = fn(&M, &<M as Model>::State) -> bool;

/// What has to happen on every fair path. A path may also stop for ever in a state, if no action that fairness is asked
/// of is possible there.
pub enum Claim<M: Model> {
    /// At some moment this is true.
    Eventually(Condition<M>),
    /// Whenever the first is true, the second is at that moment or later.
    LeadsTo(Condition<M>, Condition<M>),
    /// Again and again this is true.
    AlwaysEventually(Condition<M>),
    /// From every reachable state, some path leads to where this is true, be it fair or not.
    StaysPossible(Condition<M>),
}

/// A claim with its name.
pub struct Wish<M: Model> {
    /// What it is called.
    pub name: &'static str,
    /// What has to happen.
    pub claim: Claim<M>,
}

/// What a model says of its actions and of what has to happen, so that [`explore_live`] can judge it.
pub trait Live: Offers + Sized {
    /// The classes of actions. At most 256.
    fn classes(&self) -> Vec<Class>;

    /// Which class an action is of, in a state in which it leads somewhere.
    fn class(&self, state: &Self::State, action: &Self::Action) -> usize;

    /// What has to happen. At most 32 claims.
    fn wishes(&self) -> Vec<Wish<Self>>;
}

/// The result of judging a model's claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveRun<S, A> {
    /// Whether everything was looked at. A boundary that was met is a cut here: what lies beyond it may be what is fair.
    pub ending: Ending,
    /// How many distinct states there are.
    pub unique: u64,
    /// How many transitions.
    pub transitions: u64,
    /// How many steps the longest of the shortest ways to a state has.
    pub depth: u32,
    /// As [`Run::levels`](crate::Run::levels).
    pub levels: Vec<u64>,
    /// As [`Run::out_degrees`](crate::Run::out_degrees). Empty if the run was cut.
    pub out_degrees: Vec<u64>,
    /// One for each claim, in the model's order.
    pub findings: Vec<LiveFinding<S, A>>,
}

impl<S, A> LiveRun<S, A> {
    /// See [`Run::collision_chance`](crate::Run::collision_chance). States are told apart by 64 bits.
    pub fn collision_chance(&self) -> f64 {
        collision_chance(self.unique, self.transitions + 1, Width::Bits64)
    }
}

/// What is known of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveFinding<S, A> {
    /// What the claim is called.
    pub name: &'static str,
    /// What was found.
    pub verdict: LiveVerdict<S, A>,
}

/// What is known of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveVerdict<S, A> {
    /// Everything was looked at, and the claim is true.
    Exhausted,
    /// A fair path on which it does not happen.
    Lasso(Lasso<S, A>),
    /// A state from which it cannot happen any more.
    Closed(Closed<S, A>),
    /// Not everything was looked at: nothing is known.
    Truncated(Cut),
}

/// An infinite path: a stem, and then a round for ever. Both are real paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasso<S, A> {
    /// The stem, and the round once. It ends in the state in which the stem does.
    pub path: Path<S, A>,
    /// How many steps the stem has. The others are the round; if there are none, nothing more has to happen.
    pub stem: usize,
    /// Classes of actions that are possible on the round and are never taken, by place.
    pub starved: Vec<usize>,
}

/// A part of the states that is never left, and in which something never happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed<S, A> {
    /// The shortest way into it.
    pub path: Path<S, A>,
    /// How many states can be reached from there.
    pub states: u64,
}

/// Judges what a model claims, on all its states and transitions. Without any reductions: what reductions take out may be
/// what is fair.
///
/// Of several counterexamples, one among the states that a fair path can stay in and that are reached first; of the rounds
/// there one of the shortest (where the effort for that is bearable, and else a short one), with the shortest stem that leads
/// to it. The same for every number of threads.
///
/// # Errors
///
/// [`Error::NoInitialState`], [`Error::MemoryUnknown`], and [`Error::ModelNotDeterministic`].
///
/// # Panics
///
/// When the model or `progress` panics, or has too many classes or claims.
pub fn explore_live<M>(
    model: &M,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<LiveRun<M::State, M::Action>, Error>
where
    M: Live + Sync,
    M::State: PartialEq + Send + Sync,
    M::Action: Clone + PartialEq,
{
    let (classes, wishes) = (model.classes(), model.wishes());
    assert!(wishes.len() <= WISHES_MAX, "more claims than fit");
    let facts = |state: &M::State| {
        let bits = wishes.iter().enumerate();
        let bits = bits.map(|(index, wish)| wish.claim.facts(model, state) << (2 * index));
        bits.fold(0, std::ops::BitOr::bitor)
    };
    let labels = Labels {
        of: &|state, action| model.class(state, action),
        most: classes.len(),
        facts: Some(&facts),
        is_idle_told: false,
    };
    let space = Offering::new(model, Reductions::NONE);
    let graph = labelled_graph(&space, &labels, limits, progress)?;
    let ending = ending(&graph);
    let mut judge = Judge::new(&graph, Fair::new(&classes));
    let mut findings = Vec::with_capacity(wishes.len());
    for (index, wish) in wishes.iter().enumerate() {
        let verdict = match ending {
            Ending::Truncated(cut) => LiveVerdict::Truncated(cut),
            Ending::Exhausted => verdict(model, &mut judge, wish, 2 * index)?,
        };
        findings.push(LiveFinding {
            name: wish.name,
            verdict,
        });
    }
    let depths = graph.depths();
    Ok(LiveRun {
        ending,
        unique: graph.states() as u64,
        transitions: graph.transitions() as u64,
        depth: depths.last().copied().unwrap_or_default(),
        levels: tally(depths.iter().map(|&depth| depth as usize)),
        out_degrees: match ending {
            Ending::Exhausted => tally(graph.out_degrees()),
            Ending::Truncated(_) => Vec::new(),
        },
        findings,
    })
}

/// How often each number comes.
fn tally(numbers: impl Iterator<Item = usize>) -> Vec<u64> {
    let mut counts = Vec::new();
    for number in numbers {
        if number >= counts.len() {
            counts.resize(number + 1, 0);
        }
        counts[number] += 1;
    }
    counts
}

/// Two facts each.
const WISHES_MAX: usize = 32;
/// The fact that what is hoped for is true.
const GOAL: u64 = 1;
/// The fact that it is to happen from now on.
const TRIGGER: u64 = 2;

fn ending(graph: &Graph) -> Ending {
    match (graph.ending, graph.beyond_boundary) {
        (Ending::Exhausted, beyond @ 1..) => Ending::Truncated(Cut::Boundary(beyond)),
        (ending, _) => ending,
    }
}

impl<M: Model> Claim<M> {
    fn facts(&self, model: &M, state: &M::State) -> u64 {
        let of = |condition: &Condition<M>, fact| if condition(model, state) { fact } else { 0 };
        match self {
            Claim::Eventually(goal)
            | Claim::AlwaysEventually(goal)
            | Claim::StaysPossible(goal) => of(goal, GOAL),
            Claim::LeadsTo(trigger, goal) => of(goal, GOAL) | of(trigger, TRIGGER),
        }
    }
}

fn verdict<M>(
    model: &M,
    judge: &mut Judge<'_>,
    wish: &Wish<M>,
    shift: usize,
) -> Result<LiveVerdict<M::State, M::Action>, Error>
where
    M: Live,
    M::State: PartialEq,
    M::Action: Clone + PartialEq,
{
    let graph = judge.graph();
    let has = |state, fact: u64| graph.facts(state) >> shift & fact != 0;
    let is_goal = |state| has(state, GOAL);
    let broken = |steps| Error::ModelNotDeterministic {
        property: wish.name,
        step: 0,
        steps,
    };
    let found = match wish.claim {
        Claim::Eventually(_) => judge.lasso(|state| graph.initial().contains(&state), is_goal),
        Claim::LeadsTo(..) => judge.lasso(|state| has(state, TRIGGER), is_goal),
        Claim::AlwaysEventually(_) => judge.lasso(|_| true, is_goal),
        Claim::StaysPossible(_) => {
            return Ok(match judge.closed(is_goal) {
                None => LiveVerdict::Exhausted,
                Some(found) => LiveVerdict::Closed(Closed {
                    path: graph
                        .path(model, found.initial, &found.places)
                        .ok_or(broken(found.places.len()))?,
                    states: found.states,
                }),
            });
        }
    };
    let Some(found) = found else {
        return Ok(LiveVerdict::Exhausted);
    };
    let places = [found.stem.as_slice(), found.round.as_slice()].concat();
    let path = graph.path(model, found.initial, &places);
    Ok(LiveVerdict::Lasso(Lasso {
        path: path.ok_or(broken(places.len()))?,
        stem: found.stem.len(),
        starved: found.starved,
    }))
}
