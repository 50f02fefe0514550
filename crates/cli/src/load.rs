//! From what was named on the command line to scenarios.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Mutant, Scenario, World};

use crate::error::Error;

/// Where scenarios are looked for by name.
pub(crate) const FOLDER: &str = "models";

/// Where those are whose rounds never end.
const LIVE_FOLDER: &str = "models/liveness";

/// The tag that keeps a scenario out of the suite.
const LARGE: &str = "large";

/// A scenario and its file.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    pub(crate) scenario: Arc<Scenario>,
}

impl Loaded {
    pub(crate) fn read(path: PathBuf) -> Result<Loaded, Error> {
        let scenario = Arc::new(Scenario::read(&path)?);
        Ok(Loaded { path, scenario })
    }

    /// The world to explore.
    pub(crate) fn world(&self, mutant: Option<Mutant>) -> Result<World, Error> {
        let world = World::new(self.scenario.clone()).map_err(|problem| Error::World {
            name: self.scenario.name.clone(),
            problem,
        })?;
        Ok(match mutant {
            Some(mutant) => world.with_mutant(mutant),
            None => world,
        })
    }

    /// Whether its rounds never end.
    pub(crate) fn is_live(&self) -> bool {
        self.scenario.endless.is_some()
    }

    /// Whether it is too large for the suite.
    pub(crate) fn is_large(&self) -> bool {
        self.scenario.has_tag(LARGE)
    }
}

/// All scenarios that `names` stand for, each once; the folder `models` if there are none. Folders
/// give their large ones only if `all`. Small worlds first, so that the first answers come soon, and
/// those of unknown size last.
pub(crate) fn select(names: &[String], all: bool) -> Result<Vec<Loaded>, Error> {
    let mut loaded = Vec::new();
    if names.is_empty() {
        loaded = shipped(all)?;
    }
    for name in names {
        match Path::new(name) {
            path if path.is_dir() => loaded.extend(folder(path, all)?),
            path if path.is_file() => loaded.push(Loaded::read(path.to_path_buf())?),
            _ => loaded.push(named(name)?),
        }
    }
    let mut paths = BTreeSet::new();
    loaded.retain(|one| paths.insert(one.path.canonicalize().unwrap_or(one.path.clone())));
    let mut names = BTreeSet::new();
    for one in &loaded {
        if !names.insert(&one.scenario.name) {
            return Err(Error::SameName(one.scenario.name.clone()));
        }
    }
    let size = |one: &Loaded| one.scenario.expect.states_visited().unwrap_or(u64::MAX);
    loaded.sort_by_key(|one| (size(one), one.scenario.name.clone()));
    Ok(loaded)
}

/// The same, but none whose rounds never end: they are left out where nothing is named, and refused where they are.
pub(crate) fn select_bounded(names: &[String], all: bool) -> Result<Vec<Loaded>, Error> {
    let mut loaded = select(names, all)?;
    if names.is_empty() {
        loaded.retain(|one| !one.is_live());
    }
    match loaded.iter().find(|one| one.is_live()) {
        Some(live) => Err(Error::RoundsNeverEnd(live.scenario.name.clone())),
        None => Ok(loaded),
    }
}

/// One scenario, by file or by name, whose rounds end.
pub(crate) fn one_bounded(name: &str) -> Result<Loaded, Error> {
    match one(name)? {
        live if live.is_live() => Err(Error::RoundsNeverEnd(live.scenario.name.clone())),
        one => Ok(one),
    }
}

/// Every scenario that ships.
pub(crate) fn shipped(all: bool) -> Result<Vec<Loaded>, Error> {
    let mut loaded = folder(Path::new(FOLDER), all)?;
    if Path::new(LIVE_FOLDER).is_dir() {
        loaded.extend(folder(Path::new(LIVE_FOLDER), all)?);
    }
    Ok(loaded)
}

/// One scenario, by file or by name.
pub(crate) fn one(name: &str) -> Result<Loaded, Error> {
    match Path::new(name) {
        path if path.is_file() => Loaded::read(path.to_path_buf()),
        _ => named(name),
    }
}

/// Every scenario of a folder, by name.
pub(crate) fn folder(folder: &Path, all: bool) -> Result<Vec<Loaded>, Error> {
    let mut loaded = Vec::new();
    for path in files(folder)? {
        let one = Loaded::read(path)?;
        if all || !one.is_large() {
            loaded.push(one);
        }
    }
    if loaded.is_empty() {
        return Err(Error::EmptyFolder {
            folder: folder.to_path_buf(),
            hint: if all {
                ""
            } else {
                "; those tagged `large` need --all"
            },
        });
    }
    Ok(loaded)
}

/// The scenario of this name.
pub(crate) fn named(name: &str) -> Result<Loaded, Error> {
    let folder = Path::new(FOLDER);
    let mut files = files(folder)?;
    if Path::new(LIVE_FOLDER).is_dir() {
        files.extend(self::files(Path::new(LIVE_FOLDER))?);
    }
    let stem = |path: &PathBuf| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    match files
        .iter()
        .find(|path| stem(path).as_deref() == Some(name))
    {
        Some(path) => Loaded::read(path.clone()),
        None => Err(Error::UnknownScenario {
            name: name.to_owned(),
            folder: folder.to_path_buf(),
            near: nearest(name, files.iter().filter_map(stem)),
        }),
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let no_folder = |source| Error::NoFolder {
        folder: folder.to_path_buf(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(no_folder)? {
        let path = entry.map_err(no_folder)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
    Ok(files)
}

/// At most three names that look like the one meant.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Vec<String> {
    let mut scored: Vec<(f64, String)> = known
        .map(|candidate| (strsim::jaro_winkler(name, &candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        let known = ["three-servers", "three-servers-crash", "notes"].map(str::to_owned);
        let near = nearest("tree-servers", known.into_iter());
        assert_eq!(near, ["three-servers", "three-servers-crash"]);
    }
}
