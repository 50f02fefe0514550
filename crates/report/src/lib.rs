//! What explorations found, as text, pictures and files.
//!
//! An [`Answer`] puts a run beside what its scenario expects. [`lines`] and [`diagram`] tell a path
//! to people, and [`files`] is the whole folder of reports; a [`Trial`] is what
//! became of a deliberate fault.
//!
//! Everything here is a function from values to strings: nothing is explored, read, written or
//! printed, and the same answers give the same bytes. What was cut short is called unknown,
//! wherever it is spoken of.
//!
//! ```
//! use std::sync::Arc;
//! use checker::{Limits, explore};
//! use model::{Scenario, World};
//! use report::{Answer, Outcome};
//!
//! let scenario = r#"
//!     title = "One server"
//!     about = "Nothing to agree on."
//!     cluster.servers = 1
//!     ask = [{ value = "A", of = 0 }]
//! "#;
//! let scenario = Arc::new(Scenario::parse("alone.toml".as_ref(), scenario)?);
//! let world = Arc::new(World::new(scenario)?);
//! let run = explore(&*world, &Limits::default(), &|_| {})?;
//! let answer = Answer::new(world, run);
//! assert_eq!(answer.outcome(), Outcome::Met);
//!
//! let told = answer.judged.iter().find(|judged| judged.property == "client-told");
//! let path = told.and_then(|judged| judged.verdict.path()).expect("a client can be told");
//! assert_eq!(
//!     report::lines(&answer.world, path).last().map(String::as_str),
//!     Some("5  n0 → n0 Accepted 1.0=A  ⇒ n0 announces A; n0 tells its client SUCCESS(A)"),
//! );
//! assert!(report::diagram(&answer.world, path).starts_with("<svg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod conflict;
mod coverage;
mod diagram;
mod error;
mod facts;
mod files;
mod itf;
mod job_summary;
mod junit;
mod liveness;
mod markdown;
mod mutants;
mod page;
mod phases;
mod piece;
mod quorums;
mod readme;
mod regression;
pub mod site;
mod story;
mod summary;
mod tail;
mod through;
mod votes;
mod why;
mod words;

pub use answer::{Answer, Found, Judged, Outcome, Outlook};
pub use coverage::{Excuses, Tally, coverage, named_holes, pair_name};
pub use diagram::{Apart, TooNarrow, diagram, diagram_apart, diagram_of, text_diagram};
pub use error::Error;
pub use files::files;
pub use itf::{Difference, Fate, Replayed, Shows, Trace, TraceError, itf, replay};
pub use job_summary::job_summary;
pub use junit::junit;
pub use mutants::{MutantFate, Trial, mutant_files, mutant_summary};
pub use page::{GENERATOR, STYLE, page};
pub use piece::{Piece, Tone};
pub use regression::Regression;
pub use story::{Came, Step, Story, Telling, lines};
pub use summary::summary;
pub use tail::Tail;
pub use why::{Why, why};
pub use words::number;
