//! Explores a [`stateright::Model`] and says what it found, and whether it looked everywhere.
//!
//! What was cut short never says "holds": a property without a path is [`Verdict::Exhausted`] only if
//! every reachable state within the boundary was judged, and [`Verdict::Truncated`] otherwise, with
//! the reason. There is no third way.
//!
//! [`explore`] is a breadth-first search of its own: shortest paths, and the same counts, findings and
//! paths for every number of threads. [`explore_with`] also takes stateright's checkers, as a second
//! opinion, behind the same verdicts.
//!
//! ```
//! use checker::{Ending, Limits, Verdict, explore};
//! use stateright::{Model, Property};
//!
//! /// Two jugs of 5 and 3 litres, and a tap.
//! struct Jugs;
//!
//! #[derive(Clone, Debug, PartialEq)]
//! enum Pour { FillBig, FillSmall, EmptyBig, EmptySmall, BigToSmall, SmallToBig }
//!
//! impl Model for Jugs {
//!     type State = (u8, u8);
//!     type Action = Pour;
//!
//!     fn init_states(&self) -> Vec<Self::State> {
//!         vec![(0, 0)]
//!     }
//!
//!     fn actions(&self, _: &Self::State, actions: &mut Vec<Pour>) {
//!         use Pour::*;
//!         actions.extend([FillBig, FillSmall, EmptyBig, EmptySmall, BigToSmall, SmallToBig]);
//!     }
//!
//!     fn next_state(&self, &(big, small): &Self::State, pour: Pour) -> Option<Self::State> {
//!         Some(match pour {
//!             Pour::FillBig => (5, small),
//!             Pour::FillSmall => (big, 3),
//!             Pour::EmptyBig => (0, small),
//!             Pour::EmptySmall => (big, 0),
//!             Pour::BigToSmall => { let n = big.min(3 - small); (big - n, small + n) }
//!             Pour::SmallToBig => { let n = small.min(5 - big); (big + n, small - n) }
//!         })
//!     }
//!
//!     fn properties(&self) -> Vec<Property<Self>> {
//!         vec![
//!             Property::sometimes("four litres", |_, &(big, _)| big == 4),
//!             Property::always("no jug overflows", |_, &(big, small)| big <= 5 && small <= 3),
//!         ]
//!     }
//! }
//!
//! let run = explore(&Jugs, &Limits::default(), &|_| {})?;
//! assert_eq!(run.ending, Ending::Exhausted);
//! assert_eq!((run.unique, run.depth), (16, 7));
//! let four_litres = run.findings[0].verdict.path().expect("it is a known puzzle");
//! assert_eq!(four_litres.clone().into_actions().len(), 6);
//! assert_eq!(run.findings[1].verdict, Verdict::Exhausted);
//!
//! // The same, cut short: the second property is no longer said to hold.
//! let limits = Limits { max_states: Some(15), ..Limits::default() };
//! let run = explore(&Jugs, &limits, &|_| {})?;
//! assert!(matches!(run.findings[1].verdict, Verdict::Truncated(_)));
//! # Ok::<(), checker::Error>(())
//! ```
//!
//! Where a model is too large to exhaust, [`simulate()`] makes random deep runs, the same for the same seed on
//! every machine, and [`minimise()`] leaves out of one that violates a property whatever it can do without. A
//! sample has no verdicts: what was not seen may be possible. [`paranoid()`] tells whether a model answers the
//! same when it is asked again, on which everything here rests.
//!
//! # Fewer states, and more than fit into memory
//!
//! A model that says more of itself, by [`Offers`], is explored with less. It may offer [`Reductions`]: of states that
//! are images of each other one is visited, and what can never matter again is taken out of states. It may
//! have its states written as bytes: then [`explore_stored`] goes on from disk when [`Limits::max_memory`] is reached,
//! slower and with the same result, and writes checkpoints, from which a run that was cut or killed is resumed.
//! Whether a reduction is sound is the model's to know: an unsound one can hide a violation. So compare verdicts and lengths
//! with and without it where both can be explored. Every path that is told was walked in the model itself.
//!
//! ```
//! use checker::{
//!     Fingerprint, Limits, Offers, Reduction, Reductions, Storage, explore_offering, explore_stored,
//! };
//! use stateright::{Model, Property};
//!
//! /// Two-phase commit of some resource managers, as in Gray and Lamport, "Consensus on transaction commit".
//! struct TwoPhase { managers: usize }
//!
//! #[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
//! enum Manager { Working, Prepared, Committed, Aborted }
//!
//! #[derive(Clone, Debug, Hash, PartialEq)]
//! struct State { managers: Vec<Manager>, decision: Option<bool> }
//!
//! #[derive(Clone, Debug, PartialEq)]
//! enum Step { Prepare(usize), GiveUp(usize), Decide(bool), Obey(usize) }
//!
//! impl Model for TwoPhase {
//!     type State = State;
//!     type Action = Step;
//!
//!     fn init_states(&self) -> Vec<State> {
//!         vec![State { managers: vec![Manager::Working; self.managers], decision: None }]
//!     }
//!
//!     fn actions(&self, _: &State, steps: &mut Vec<Step>) {
//!         for manager in 0..self.managers {
//!             steps.extend([Step::Prepare(manager), Step::GiveUp(manager), Step::Obey(manager)]);
//!         }
//!         steps.extend([Step::Decide(true), Step::Decide(false)]);
//!     }
//!
//!     fn next_state(&self, state: &State, step: Step) -> Option<State> {
//!         let mut next = state.clone();
//!         let is = |manager: usize, wanted| state.managers[manager] == wanted;
//!         match step {
//!             Step::Prepare(n) if is(n, Manager::Working) => next.managers[n] = Manager::Prepared,
//!             Step::GiveUp(n) if is(n, Manager::Working) => next.managers[n] = Manager::Aborted,
//!             Step::Decide(to_commit) if state.decision.is_none() => {
//!                 if to_commit && state.managers.iter().any(|&one| one != Manager::Prepared) {
//!                     return None;
//!                 }
//!                 next.decision = Some(to_commit);
//!             }
//!             Step::Obey(n) if is(n, Manager::Prepared) => {
//!                 let end = if state.decision? { Manager::Committed } else { Manager::Aborted };
//!                 next.managers[n] = end;
//!             }
//!             Step::Prepare(_) | Step::GiveUp(_) | Step::Decide(_) | Step::Obey(_) => return None,
//!         }
//!         Some(next)
//!     }
//!
//!     fn properties(&self) -> Vec<Property<Self>> {
//!         vec![
//!             Property::always("all agree", |_, state: &State| {
//!                 !(state.managers.contains(&Manager::Committed)
//!                     && state.managers.contains(&Manager::Aborted))
//!             }),
//!             Property::sometimes("all commit", |_, state: &State| {
//!                 state.managers.iter().all(|&one| one == Manager::Committed)
//!             }),
//!         ]
//!     }
//! }
//!
//! impl Offers for TwoPhase {
//!     fn offered(&self) -> Reductions {
//!         Reduction::Symmetry.into()
//!     }
//!
//!     fn fingerprint<F: Fingerprint>(&self, state: &State) -> F {
//!         F::of(state)
//!     }
//!
//!     /// It does not matter which manager is which.
//!     fn orbit<F: Fingerprint>(&self, state: &State) -> F {
//!         let mut managers = state.managers.clone();
//!         managers.sort_unstable();
//!         F::of(&State { managers, ..state.clone() })
//!     }
//!
//!     fn identity(&self) -> Option<String> {
//!         Some(format!("two-phase commit of {}, version 1", self.managers))
//!     }
//!
//!     fn write(&self, state: &State, bytes: &mut Vec<u8>) {
//!         bytes.push(state.decision.map_or(2, u8::from));
//!         bytes.extend(state.managers.iter().map(|&manager| manager as u8));
//!     }
//!
//!     fn read(&self, bytes: &mut &[u8]) -> Option<State> {
//!         let (state, rest) = bytes.split_at_checked(1 + self.managers)?;
//!         *bytes = rest;
//!         let decision = [Some(false), Some(true), None];
//!         let kinds = [Manager::Working, Manager::Prepared, Manager::Committed, Manager::Aborted];
//!         let kind = |&byte: &u8| kinds.get(usize::from(byte)).copied();
//!         Some(State {
//!             decision: *decision.get(usize::from(state[0]))?,
//!             managers: state[1..].iter().map(kind).collect::<Option<_>>()?,
//!         })
//!     }
//! }
//!
//! let (model, symmetry) = (TwoPhase { managers: 6 }, Reduction::Symmetry.into());
//! let all = explore_offering(&model, Reductions::NONE, &Limits::default(), &|_| {})?;
//! let orbits = explore_offering(&model, symmetry, &Limits::default(), &|_| {})?;
//! assert_eq!((all.unique, orbits.unique), (1_522, 63));
//! assert!(all.is_exhausted() && orbits.is_exhausted());
//!
//! // A run that is cut, and one that goes on from its checkpoint.
//! let folder = tempfile::tempdir().expect("a folder for the example");
//! let mut storage = Storage { checkpoint: Some(folder.path().into()), ..Storage::default() };
//! let limits = Limits { max_states: Some(50), ..Limits::default() };
//! let cut = explore_stored(&model, symmetry, &storage, &limits, &|_| {})?;
//! assert_eq!(cut.unique, 50);
//! storage.resume = storage.checkpoint.clone();
//! let rest = explore_stored(&model, symmetry, &storage, &Limits::default(), &|_| {})?;
//! assert_eq!(rest, orbits);
//! # Ok::<(), checker::Error>(())
//! ```
//!
//! Before a long run, [`estimate_size`] says about how many states there will be. States are told apart by
//! fingerprints of 64 bits, or of 128 ([`Width`]); [`Run::collision_chance`] is the chance that one hid another.
//!
//! # What has to happen
//!
//! [`explore_live`] judges what is claimed of infinite paths, of a model that names the classes of its actions and how
//! fair it is to each ([`Live`]): that something happens at some moment, or whenever something else does, or again and
//! again; or that it stays possible. It is false if there is a *lasso*, a path and a round for ever on which it does not
//! happen although all fairness is kept to.
//!
//! ```
//! use checker::{
//!     Claim, Class, Fairness, Fingerprint, Limits, Live, LiveVerdict, Offers, Wish, explore_live,
//! };
//! use stateright::{Model, Property};
//!
//! /// Two that ask for a lock, and a lock that is given to either.
//! struct Lock { fairness: Fairness }
//!
//! /// `None` is idle, `Some(false)` waits, `Some(true)` has the lock.
//! type State = [Option<bool>; 2];
//!
//! impl Model for Lock {
//!     type State = State;
//!     type Action = (usize, Option<bool>);
//!
//!     fn init_states(&self) -> Vec<State> {
//!         vec![[None; 2]]
//!     }
//!
//!     fn actions(&self, state: &State, actions: &mut Vec<(usize, Option<bool>)>) {
//!         let is_free = !state.contains(&Some(true));
//!         for one in 0..2 {
//!             match state[one] {
//!                 None => actions.push((one, Some(false))),
//!                 Some(false) if is_free => actions.push((one, Some(true))),
//!                 Some(false) => {}
//!                 Some(true) => actions.push((one, None)),
//!             }
//!         }
//!     }
//!
//!     fn next_state(&self, state: &State, (one, then): (usize, Option<bool>)) -> Option<State> {
//!         let mut next = *state;
//!         next[one] = then;
//!         Some(next)
//!     }
//!
//!     fn properties(&self) -> Vec<Property<Self>> {
//!         Vec::new()
//!     }
//! }
//!
//! impl Offers for Lock {
//!     fn fingerprint<F: Fingerprint>(&self, state: &State) -> F {
//!         F::of(state)
//!     }
//! }
//!
//! impl Live for Lock {
//!     fn classes(&self) -> Vec<Class> {
//!         let class = |name: &str, fairness| Class { name: name.to_owned(), fairness };
//!         vec![
//!             class("ask", Fairness::Unfair),
//!             class("give the lock to the first", self.fairness),
//!             class("give the lock to the second", self.fairness),
//!             class("give it back", Fairness::Weak),
//!         ]
//!     }
//!
//!     fn class(&self, _: &State, &(one, then): &(usize, Option<bool>)) -> usize {
//!         match then {
//!             Some(false) => 0,
//!             Some(true) => 1 + one,
//!             None => 3,
//!         }
//!     }
//!
//!     fn wishes(&self) -> Vec<Wish<Self>> {
//!         let waits = |_: &Lock, state: &State| state[0] == Some(false);
//!         let has = |_: &Lock, state: &State| state[0] == Some(true);
//!         vec![Wish { name: "the first gets it", claim: Claim::LeadsTo(waits, has) }]
//!     }
//! }
//!
//! // The other takes the lock again and again, and each time the first could have got it.
//! let weak = Lock { fairness: Fairness::Weak };
//! let run = explore_live(&weak, &Limits::default(), &|_| {})?;
//! let LiveVerdict::Lasso(lasso) = &run.findings[0].verdict else { panic!() };
//! assert_eq!(lasso.starved, [1]);
//! let strong = Lock { fairness: Fairness::Strong };
//! let run = explore_live(&strong, &Limits::default(), &|_| {})?;
//! assert_eq!(run.findings[0].verdict, LiveVerdict::Exhausted);
//! # Ok::<(), checker::Error>(())
//! ```
//!
//! # What is absent
//!
//! stateright's eventually-properties are refused ([`Error::Eventually`]): what they mean is not progress. No reductions and no
//! disk where infinite paths are judged. No
//! check that a reduction is sound, but for the paths that are found with it. Plain models have neither disk nor
//! checkpoints. The limit of memory counts what the engine keeps, not what states point to or what the model
//! keeps. Two runs in one checkpoint folder at the same time are not kept apart. An interrupt is not heard while a
//! level is being merged on disk. Nothing is printed, and nothing here knows what the models are about.

mod bfs;
mod blocks;
mod chance;
mod checkpoint;
mod difference;
#[cfg(test)]
mod disk_tests;
mod engine;
mod error;
mod expander;
mod folder;
mod frontier;
mod graph;
mod growth;
mod guarded;
mod key;
mod limits;
mod line;
mod live;
mod minimise;
mod offers;
mod order;
mod packed;
mod paranoid;
mod reductions;
mod resuming;
mod run;
mod sample;
mod saving;
mod search;
mod shared;
mod simulate;
mod sizing;
mod sorted;
mod space;
mod spill;
mod stateright_engines;
mod states;
mod storage;
mod store;
mod survey;
mod table;
mod trace;
mod walk;
mod wander;
mod watch;
mod worker;

pub use bfs::{explore, explore_offering, explore_preferring, explore_stored};
pub use difference::Difference;
pub use engine::{Engine, explore_with};
pub use error::Error;
pub use folder::{DiskFault, DiskFile, DiskStep};
pub use graph::{Graph, graph};
pub use limits::{Estimate, Limits, Progress, Until};
pub use live::{
    Claim, Class, Closed, Condition, Fairness, GivenRound, Lasso, Live, LiveFinding, LiveRun,
    LiveVerdict, Wish, explore_live, judge_round,
};
pub use minimise::{Effort, Minimised, minimise};
pub use offers::{Fingerprint, HASH_VERSION, Offers};
pub use order::Order;
pub use paranoid::{Broken, Paranoia, Paranoid, digests, first_difference, paranoid, record};
pub use reductions::{Reduction, Reductions, Refusal, Refused};
pub use run::{Cut, Ending, Finding, Run, Verdict};
pub use simulate::{Pace, Seen, Sighting, Simulated, Simulation, simulate, walk_of_run};
pub use sizing::{SizeEstimate, estimate_size};
pub use storage::{Storage, Width};
pub use walk::Walk;
