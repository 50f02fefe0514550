//! The report site: static pages for a browser, of what was found.
//!
//! A [`Chapter`] is all that the site has of one scenario, a [`FaultChapter`] of one known fault. Both can be kept
//! and read again, so that what has not changed need not be explored again. [`site`] binds them into files. There
//! is no network, no time and no place in them: the same chapters give the same bytes.

mod benchmarks;
mod chapter;
mod coverage;
mod fault;
mod fault_chapter;
mod heat;
mod liveness;
mod overview;
mod plot;
mod scenario;
mod space;
mod states;
mod story;
mod ways;

pub use benchmarks::{Benchmark, Benchmarks, Row};
pub use chapter::Chapter;
pub use fault_chapter::FaultChapter;
pub use space::Sizes;

use crate::{Excuses, STYLE};

/// Files of the site: names, with `/` between folders, and contents.
pub type Files = Vec<(String, String)>;

/// What the site is made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// One for each scenario.
    pub chapters: &'a [Chapter],
    /// One for each known fault. `None`: they were not tried, since this is not about the whole suite.
    pub faults: Option<&'a [FaultChapter]>,
    /// What nothing in the suite needs to do. `None`: nothing is demanded of it.
    pub excuses: Option<&'a Excuses>,
    /// What was measured.
    pub benchmarks: &'a Benchmarks,
}

/// All files of the site, ordered by name.
pub fn site(parts: &Parts<'_>) -> Files {
    let mut files = vec![
        ("style.css".to_owned(), STYLE.to_owned()),
        ("index.html".to_owned(), overview::page(parts)),
        ("mutants.html".to_owned(), fault::matrix_page(parts.faults)),
        ("liveness.html".to_owned(), liveness::page(parts.chapters)),
        (
            "coverage.html".to_owned(),
            coverage::page(parts.chapters, parts.excuses),
        ),
        (
            "benchmarks.html".to_owned(),
            benchmarks::page(parts.benchmarks),
        ),
    ];
    let of_scenarios = parts.chapters.iter().flat_map(|chapter| &chapter.files);
    let of_faults = parts.faults.into_iter().flatten();
    let of_faults = of_faults.flat_map(|chapter| &chapter.files);
    files.extend(of_scenarios.chain(of_faults).cloned());
    files.sort();
    files
}
