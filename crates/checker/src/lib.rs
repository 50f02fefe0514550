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
//! # What is absent
//!
//! No liveness: a model with an eventually-property is refused ([`Error::Eventually`]). No symmetry
//! reduction, no storage on disk, no resumption. States are told apart by 64-bit fingerprints, as
//! stateright does, so a collision could hide a state: with 100 million states the chance is about
//! 3 in 10,000. Nothing is printed, and nothing here knows what the models are about.

mod bfs;
mod blocks;
mod chance;
mod checkpoint;
mod difference;
#[cfg(test)]
mod disk_tests;
mod engine;
mod error;
mod folder;
mod frontier;
mod guarded;
mod key;
mod limits;
mod line;
mod minimise;
mod offers;
mod order;
mod paranoid;
mod reductions;
mod resuming;
mod run;
mod sample;
mod saving;
mod search;
mod shared;
mod simulate;
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
pub use limits::{Estimate, Limits, Progress, Until};
pub use minimise::{Effort, Minimised, minimise};
pub use offers::{Fingerprint, HASH_VERSION, Offers};
pub use order::Order;
pub use paranoid::{Broken, Paranoia, Paranoid, digests, first_difference, paranoid, record};
pub use reductions::{Reduction, Reductions};
pub use run::{Cut, Ending, Finding, Run, Verdict};
pub use simulate::{Pace, Seen, Sighting, Simulated, Simulation, simulate, walk_of_run};
pub use storage::{Storage, Width};
pub use walk::Walk;
