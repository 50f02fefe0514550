//! Whether a suite puts everything to the test that it is to.

use std::path::{Path, PathBuf};

use model::Kind;
use report::{Excuses, Tally};

use crate::error::Error;
use crate::load;
use crate::reports::COVERAGE;

/// Where a suite says what nothing in it needs to do: only then it has to do all else.
fn file() -> PathBuf {
    Path::new(load::FOLDER)
        .join("coverage")
        .join("excused.toml")
}

/// The excuses of the suite. `None`: nothing is demanded of it.
pub(crate) fn excuses() -> Result<Option<Excuses>, Error> {
    let path = file();
    let wrong = |problem: String| Error::Excuses {
        path: path.clone(),
        problem,
    };
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    let excuses: Excuses =
        toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
    match excuses.keys().find(|name| !is_known(name)) {
        None => Ok(Some(excuses)),
        Some(name) => Err(wrong(format!(
            "nothing is called \"{name}\"; these are known, and \"one → another\" of any two: {}",
            Kind::ALL
                .iter()
                .map(|kind| kind.name())
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}

/// Whether this is a kind, or one after another.
fn is_known(name: &str) -> bool {
    let is_kind = |name: &str| Kind::ALL.iter().any(|kind| kind.name() == name);
    let pair = name.split_once(ARROW);
    is_kind(name) || pair.is_some_and(|(first, then)| is_kind(first) && is_kind(then))
}

/// What stands between the two of a pair.
const ARROW: &str = " → ";
/// So many pairs are told one by one.
const PAIRS_MAX: usize = 10;

/// What the suite leaves undone without an excuse, and excuses it does not need, a line each. The page of the reports
/// has all of them.
pub(crate) fn objections(tallies: &[&Tally], excuses: &Excuses) -> Vec<String> {
    let holes = report::named_holes(tallies);
    let is_unexcused = |hole: &&(String, String)| !excuses.contains_key(&hole.0);
    let unexcused = holes.iter().filter(is_unexcused);
    let (pairs, kinds): (Vec<_>, Vec<_>) = unexcused.partition(|(name, _)| name.contains(ARROW));
    let untold = pairs.len().saturating_sub(PAIRS_MAX);
    let told = kinds.into_iter().chain(pairs.into_iter().take(PAIRS_MAX));
    let unexcused = told.map(|(name, meaning)| {
        format!(
            "no scenario does this: {name} ({meaning}); add one that does, or a reason to {}",
            file().display()
        )
    });
    let more = format!("nor {untold} pairs more, see {COVERAGE} among the reports");
    let more = (untold > 0).then_some(more);
    let is_needless = |name: &&String| !holes.iter().any(|(hole, _)| hole == *name);
    let needless = excuses.keys().filter(is_needless).map(|name| {
        format!(
            "{} excuses \"{name}\", which scenarios do; take the line out",
            file().display()
        )
    });
    unexcused.chain(more).chain(needless).collect()
}
