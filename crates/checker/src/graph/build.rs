//! Building a graph: each level is expanded by all threads, and numbered by one.

use std::sync::atomic::Ordering;
use std::thread;
use std::{mem, panic};

use stateright::Model;

use crate::bfs::refuse_not_offered;
use crate::error::Error;
use crate::graph::{Graph, NONE};
use crate::key::ByKey;
use crate::limits::{Limits, Progress};
use crate::offers::Offers;
use crate::reductions::Reductions;
use crate::run::{Cut, Ending};
use crate::shared::Counts;
use crate::space::{Action, Offering, Space, State};
use crate::watch::{HaltOnPanic, Watch, resident_bytes, watched};

/// States that a thread expands before what they lead to is numbered.
const PART_STATES: usize = 2048;
/// More states than this have no numbers.
const STATES_MAX: u64 = NONE as u64;
/// More labels than this have no place in a byte.
const LABELS_MAX: usize = 256;

/// The graph of a model under these reductions. With `is_idle_told`, what could happen in a state and would change
/// nothing ([`Offers::idle`]) is among its transitions, and leads to the state itself.
///
/// Not everything may be here if a limit was reached: see [`Graph::ending`].
///
/// # Errors
///
/// [`Error::NoInitialState`], [`Error::NotOffered`], [`Error::Refused`], and [`Error::MemoryUnknown`].
///
/// # Panics
///
/// When the model or `progress` panics, or has more than 256 kinds.
pub fn graph<M>(
    model: &M,
    reductions: Reductions,
    is_idle_told: bool,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Graph, Error>
where
    M: Offers + Sync,
    M::State: Send + Sync,
{
    refuse_not_offered(model, reductions)?;
    let space = Offering::new(model, reductions);
    let labels = Labels {
        of: &|state, action| space.kind(state, action),
        most: space.kinds().len(),
        facts: None,
        is_idle_told,
    };
    labelled_graph(&space, &labels, limits, progress)
}

/// What is true of a state, a bit each.
type Facts<'a, S> = &'a (dyn Fn(&S) -> u64 + Sync);

/// What is noted of transitions and of states.
pub(crate) struct Labels<'a, P: Space> {
    /// The label of an action in a state.
    pub(crate) of: &'a (dyn Fn(&State<P>, &Action<P>) -> usize + Sync),
    /// How many labels there are.
    pub(crate) most: usize,
    /// What is true of a state, a bit each. `None`: nothing is asked.
    pub(crate) facts: Option<Facts<'a, State<P>>>,
    /// Whether what changes nothing is told. Labels are kinds then.
    pub(crate) is_idle_told: bool,
}

/// The graph of a space, with labels.
pub(crate) fn labelled_graph<P>(
    space: &P,
    labels: &Labels<'_, P>,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Graph, Error>
where
    P: Space,
    State<P>: Send + Sync,
{
    assert!(
        labels.most <= LABELS_MAX,
        "more labels than fit into a byte"
    );
    let watch = Watch::start(limits, false)?;
    let counts = Counts::default();
    let snapshot = || {
        let counted = counts.loaded();
        Progress {
            unique: counted.unique,
            generated: counted.generated,
            depth: counted.depth,
            queue: counted.queue,
            elapsed: watch.elapsed(),
            memory: resident_bytes().unwrap_or(0),
            estimate: None,
        }
    };
    let builder = Builder {
        space,
        labels,
        watch: &watch,
        counts: &counts,
        idle: vec![0; if labels.is_idle_told { labels.most } else { 0 }],
        numbers: ByKey::default(),
        next: Vec::new(),
        graph: Graph {
            ending: Ending::Exhausted,
            beyond_boundary: 0,
            labels: labels.most,
            initial: 0,
            starts: vec![0],
            to: Vec::new(),
            label: Vec::new(),
            first_from: Vec::new(),
            facts: Vec::new(),
        },
    };
    let graph = watched(&watch, snapshot, progress, || builder.run());
    if let Some(refusal) = space.refusal() {
        return Err(Error::Refused(refusal));
    }
    match graph.states() {
        0 => Err(Error::NoInitialState),
        _ => Ok(graph),
    }
}

struct Builder<'a, P: Space> {
    space: &'a P,
    labels: &'a Labels<'a, P>,
    watch: &'a Watch,
    counts: &'a Counts,
    /// A place for each kind of what is idle, if that is told.
    idle: Vec<u64>,
    /// The states so far, by their fingerprints.
    numbers: ByKey<u32>,
    /// States that have a number, and transitions not so far.
    next: Vec<State<P>>,
    graph: Graph,
}

/// What a thread found of some states.
struct Part<S> {
    beyond_boundary: u64,
    /// For each state, what is true of it, if that is asked.
    facts: Vec<u64>,
    /// For each state, how many transitions it has.
    degrees: Vec<u32>,
    /// The transitions: where they lead, [`NONE`] if that has no number so far, and their labels.
    edges: Vec<(u32, u8)>,
    /// What has no number so far, in the order of these transitions.
    fresh: Vec<(u64, S)>,
}

impl<P> Builder<'_, P>
where
    P: Space,
    State<P>: Send + Sync,
{
    fn run(mut self) -> Graph {
        for state in self.space.model().init_states() {
            if !self.space.model().within_boundary(&state) {
                self.graph.beyond_boundary += 1;
                continue;
            }
            let (key, state) = self.told_apart(state);
            self.number(key, state, NONE);
        }
        self.graph.initial = self.graph.states() as u32;
        let mut depth = 0;
        while !self.next.is_empty()
            && self.graph.ending == Ending::Exhausted
            && self.space.refusal().is_none()
        {
            self.counts.depth.store(depth, Ordering::Relaxed);
            let level = mem::take(&mut self.next);
            self.level(&level);
            depth += 1;
        }
        let end = self.graph.to.len() as u64;
        let states = self.graph.states();
        // States that were not expanded have no transitions.
        self.graph.starts.resize(states + 1, end);
        if self.labels.facts.is_some() {
            self.graph.facts.resize(states, 0);
        }
        self.graph
    }

    /// Expands all states of a level, whose numbers are the first ones without transitions.
    fn level(&mut self, level: &[State<P>]) {
        let threads = self.watch.limits().threads.get();
        for block in level.chunks(PART_STATES * threads) {
            if self.watch.is_halted() {
                let cut = self.watch.cut();
                return self.cut(cut.expect("there is a reason for a halt"));
            }
            for part in self.expand(block) {
                self.take(part);
                if self.graph.ending != Ending::Exhausted {
                    return;
                }
            }
        }
    }

    /// What some states lead to, looked up by all threads.
    fn expand(&self, block: &[State<P>]) -> Vec<Part<State<P>>> {
        let mut parts = block.chunks(PART_STATES);
        let first = parts.next().expect("a block has states");
        thread::scope(|scope| {
            let others: Vec<_> = parts
                .map(|part| scope.spawn(|| self.expand_part(part)))
                .collect();
            let mut done = vec![self.expand_part(first)];
            for other in others {
                // The model's own words are worth more than "a scoped thread panicked".
                let part = other.join();
                done.push(part.unwrap_or_else(|panic| panic::resume_unwind(panic)));
            }
            done
        })
    }

    fn expand_part(&self, states: &[State<P>]) -> Part<State<P>> {
        let _halt = HaltOnPanic(self.watch);
        let (space, model) = (self.space, self.space.model());
        let mut part = Part {
            beyond_boundary: 0,
            facts: Vec::new(),
            degrees: Vec::with_capacity(states.len()),
            edges: Vec::with_capacity(states.len() * 4),
            fresh: Vec::new(),
        };
        let (mut actions, mut idle) = (Vec::new(), self.idle.clone());
        for state in states {
            let before = part.edges.len();
            part.facts
                .extend(self.labels.facts.map(|facts| facts(state)));
            idle.fill(0);
            space.actions(state, &mut actions, &mut idle);
            for action in actions.drain(..) {
                let label = (self.labels.of)(state, &action) as u8;
                let Some(next) = model.next_state(state, action) else {
                    continue;
                };
                if !model.within_boundary(&next) {
                    part.beyond_boundary += 1;
                    continue;
                }
                let (key, next) = self.told_apart(next);
                let to = self.numbers.get(&key).copied().unwrap_or(NONE);
                if to == NONE {
                    part.fresh.push((key, next));
                }
                part.edges.push((to, label));
            }
            let own = || self.numbers[&space.fingerprint::<u64>(state)];
            let idle = idle.iter().enumerate().filter(|&(_, &count)| count > 0);
            part.edges.extend(idle.map(|(kind, _)| (own(), kind as u8)));
            part.degrees.push((part.edges.len() - before) as u32);
        }
        part
    }

    /// Takes in what a thread found, in the order of the states.
    fn take(&mut self, part: Part<State<P>>) {
        self.graph.beyond_boundary += part.beyond_boundary;
        self.graph.facts.extend(part.facts);
        let mut edges = part.edges.into_iter();
        let mut fresh = part.fresh.into_iter();
        for degree in part.degrees {
            let from = (self.graph.starts.len() - 1) as u32;
            for (known, label) in edges.by_ref().take(degree as usize) {
                let to = match known {
                    NONE => {
                        let (key, state) = fresh.next().expect("each of these has a state");
                        let Some(number) = self.number(key, state, from) else {
                            return;
                        };
                        number
                    }
                    known => known,
                };
                self.graph.to.push(to);
                self.graph.label.push(label);
            }
            self.graph.starts.push(self.graph.to.len() as u64);
        }
        let (states, to) = (self.graph.states() as u64, self.graph.to.len() as u64);
        let queue = states + 1 - self.graph.starts.len() as u64;
        self.counts.unique.store(states, Ordering::Relaxed);
        self.counts.generated.store(to, Ordering::Relaxed);
        self.counts.queue.store(queue, Ordering::Relaxed);
    }

    /// The number of a state, a new one if it has none. `None`: there are too many.
    fn number(&mut self, key: u64, state: State<P>, from: u32) -> Option<u32> {
        let states = self.graph.states() as u64;
        if let Some(&number) = self.numbers.get(&key) {
            return Some(number);
        }
        let max = self.watch.limits().max_states.unwrap_or(STATES_MAX);
        let max = max.min(STATES_MAX);
        if states >= max {
            self.cut(Cut::MaxStates(max));
            return None;
        }
        let number = states as u32;
        self.numbers.insert(key, number);
        self.graph.first_from.push(from);
        self.next.push(state);
        Some(number)
    }

    fn told_apart(&self, mut state: State<P>) -> (u64, State<P>) {
        self.space.prune(&mut state);
        (self.space.fingerprint(&state), state)
    }

    fn cut(&mut self, cut: Cut) {
        self.graph.ending = Ending::Truncated(cut);
    }
}
