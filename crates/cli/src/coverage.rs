//! Whether a suite puts everything to the test that it is to.

use std::path::{Path, PathBuf};

use model::Kind;
use report::{Answer, Excuses};

use crate::error::Error;
use crate::load;

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
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    match excuses.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(Some(excuses)),
        Some(name) => Err(wrong(format!(
            "nothing is called \"{name}\"; these are known: {}",
            names.join(", ")
        ))),
    }
}

/// What the suite leaves undone without an excuse, and excuses it does not need, a line each.
pub(crate) fn objections(answers: &[Answer], excuses: &Excuses) -> Vec<String> {
    let holes = report::holes(answers);
    let unexcused = holes
        .iter()
        .filter(|kind| !excuses.contains_key(kind.name()));
    let unexcused = unexcused.map(|kind| {
        let (name, meaning) = (kind.name(), kind.meaning());
        format!(
            "no scenario does this: {name} ({meaning}); add one that does, or a reason to {}",
            file().display()
        )
    });
    let needless = excuses
        .keys()
        .filter(|name| !holes.iter().any(|kind| kind.name() == *name));
    let needless = needless.map(|name| {
        format!(
            "{} excuses \"{name}\", which scenarios do; take the line out",
            file().display()
        )
    });
    unexcused.chain(needless).collect()
}
