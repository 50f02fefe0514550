//! Two sides at once, breadth first, as long as they are equal.

use std::cmp::Ordering;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use checker::{Cut, Ending, Limits};
use indexmap::IndexMap;
use model::{Action, State};

use crate::side::Step;
use crate::{Error, Side};

/// What became of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whether every pair of equal states was looked at. [`Cut::Found`]: both partings were found before.
    pub ending: Ending,
    /// How many pairs of equal states were seen.
    pub pairs: u64,
    /// How many steps the longest of the shortest ways to such a pair has.
    pub depth: u32,
    /// The shortest trace that only the first side allows, and of those the one of the least actions.
    pub only_a: Option<Parting>,
    /// The same of the second side.
    pub only_b: Option<Parting>,
}

/// A trace that one side alone allows: both allow all of it but the last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The steps that both allow, to equal states.
    pub common: Vec<Action>,
    /// The last state in which they are equal.
    pub before: State,
    /// The step at which they part; `None` if they start differently.
    pub action: Option<Action>,
    /// What it leads to on the first side; `None` if it changes nothing there.
    pub after_a: Option<State>,
    /// What it leads to on the second side; `None` if it changes nothing there.
    pub after_b: Option<State>,
}

impl Comparison {
    /// Whether everything was looked at, and the sides never part.
    pub fn is_same(&self) -> bool {
        self.ending == Ending::Exhausted && !self.is_parted()
    }

    /// Whether they part somewhere.
    pub fn is_parted(&self) -> bool {
        self.only_a.is_some() || self.only_b.is_some()
    }
}

impl Parting {
    /// How many steps the trace has.
    pub fn steps(&self) -> usize {
        self.common.len() + usize::from(self.action.is_some())
    }

    /// The two states in which they are apart.
    pub fn apart(&self) -> [&State; 2] {
        [&self.after_a, &self.after_b].map(|after| after.as_ref().unwrap_or(&self.before))
    }
}

/// So many states are asked about at a time.
const BATCH: usize = 1024;

/// From where, and by what, a state was first reached.
type Origin = Option<(usize, Action)>;

/// Walks both sides at once. Of the limits, those of states, time and interruption count. `tell` is told how many pairs
/// there are so far, and how deep.
///
/// # Errors
/// If a side cannot be asked.
pub fn compare(
    a: &mut dyn Side,
    b: &mut dyn Side,
    limits: &Limits,
    tell: &dyn Fn(Duration, u64, u32),
) -> Result<Comparison, Error> {
    let started = Instant::now();
    let (start_a, start_b) = (a.start()?, b.start()?);
    let mut walk = Walk::default();
    if start_a != start_b {
        let parting = Parting {
            common: Vec::new(),
            before: start_a.clone(),
            action: None,
            after_a: Some(start_a),
            after_b: Some(start_b),
        };
        (walk.only_a, walk.only_b) = (Some(parting.clone()), Some(parting));
        return Ok(walk.ended(Ending::Exhausted));
    }
    walk.seen.insert(start_a, None);
    let (mut next, mut level_end) = (0, 1);
    while next < walk.seen.len() {
        if let Some(cut) = walk.cut(limits, started) {
            return Ok(walk.ended(Ending::Truncated(cut)));
        }
        if next == level_end {
            level_end = walk.seen.len();
            walk.depth += 1;
        }
        let batch = next..level_end.min(next + BATCH);
        let states: Vec<&State> = batch
            .clone()
            .filter_map(|at| Some(walk.seen.get_index(at)?.0))
            .collect();
        let steps = a.steps(&states)?.into_iter().zip(b.steps(&states)?);
        for (at, (of_a, of_b)) in batch.clone().zip(steps) {
            for step in merged(of_a, of_b) {
                walk.take(at, step, limits);
            }
        }
        if walk.only_a.is_some() && walk.only_b.is_some() {
            return Ok(walk.ended(Ending::Truncated(Cut::Found)));
        }
        next = batch.end;
        tell(started.elapsed(), walk.seen.len() as u64, walk.depth);
    }
    match walk.is_full {
        Some(cut) => Ok(walk.ended(Ending::Truncated(cut))),
        None => Ok(walk.ended(Ending::Exhausted)),
    }
}

/// What one action leads to on either side.
struct Both {
    action: Action,
    a: Option<State>,
    b: Option<State>,
}

/// The actions of either side, least first.
fn merged(a: Vec<Step>, b: Vec<Step>) -> Vec<Both> {
    let mut both = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return both,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.action.cmp(&b.action),
        };
        let a = a.next_if(|_| order.is_le());
        let b = b.next_if(|_| order.is_ge());
        if let Some(action) = a.as_ref().or(b.as_ref()).map(|step| step.action) {
            let [a, b] = [a, b].map(|step| step.map(|step| step.next));
            both.push(Both { action, a, b });
        }
    }
}

#[derive(Default)]
struct Walk {
    seen: IndexMap<State, Origin>,
    depth: u32,
    only_a: Option<Parting>,
    only_b: Option<Parting>,
    /// Set if there was no room for a pair.
    is_full: Option<Cut>,
}

impl Walk {
    fn take(&mut self, at: usize, step: Both, limits: &Limits) {
        if step.a == step.b {
            let Some(next) = step.a else { return };
            match limits.max_states {
                Some(most) if self.seen.len() as u64 >= most => {
                    if !self.seen.contains_key(&next) {
                        self.is_full = Some(Cut::MaxStates(most));
                    }
                }
                Some(_) | None => {
                    self.seen.entry(next).or_insert(Some((at, step.action)));
                }
            }
            return;
        }
        let is_news_of_a = step.a.is_some() && self.only_a.is_none();
        let is_news_of_b = step.b.is_some() && self.only_b.is_none();
        if !is_news_of_a && !is_news_of_b {
            return;
        }
        let parting = self.parting(at, step);
        if is_news_of_a {
            self.only_a = parting.clone();
        }
        if is_news_of_b {
            self.only_b = parting;
        }
    }

    fn parting(&self, at: usize, step: Both) -> Option<Parting> {
        let (before, mut origin) = self.seen.get_index(at)?;
        let mut common = Vec::new();
        while let Some((from, action)) = origin {
            common.push(*action);
            origin = self.seen.get_index(*from)?.1;
        }
        common.reverse();
        Some(Parting {
            common,
            before: before.clone(),
            action: Some(step.action),
            after_a: step.a,
            after_b: step.b,
        })
    }

    fn cut(&self, limits: &Limits, started: Instant) -> Option<Cut> {
        if limits.interrupt.load(Relaxed) {
            return Some(Cut::Interrupted);
        }
        let limit = limits.timeout.filter(|limit| started.elapsed() >= *limit);
        limit.map(Cut::Timeout)
    }

    fn ended(self, ending: Ending) -> Comparison {
        Comparison {
            ending,
            pairs: self.seen.len() as u64,
            depth: self.depth,
            only_a: self.only_a,
            only_b: self.only_b,
        }
    }
}
