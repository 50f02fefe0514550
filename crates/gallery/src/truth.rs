//! `models/gallery/verdicts.toml`: what is true of each core in each of its worlds, property by property.
//!
//! It is written by `gallery establish`, from the plain World alone, and only where the actors find the same wherever
//! they can express the world. Tables and reductions have no say in it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, read};
use answers::Found;

/// By core, then by world.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Truth(pub(crate) BTreeMap<String, BTreeMap<String, Verdicts>>);

/// What is true in one world.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verdicts {
    /// Which forms found it, each for itself.
    pub(crate) by: Vec<String>,
    /// How many states the plain World has.
    pub(crate) states: u64,
    /// Every property.
    pub(crate) verdicts: BTreeMap<String, Found>,
}

const PATH: &str = "models/gallery/verdicts.toml";

impl Truth {
    /// Reads it from the repository at `root`.
    pub(crate) fn read(root: &Path) -> Result<Truth, Error> {
        let path = root.join(PATH);
        toml::from_str(&read(&path)?).map_err(|error| Error::List {
            path,
            why: error.to_string(),
        })
    }

    /// Writes it there.
    pub(crate) fn write(&self, root: &Path) -> Result<(), Error> {
        let path = root.join(PATH);
        let text = toml::to_string(self).map_err(|error| Error::List {
            path: path.clone(),
            why: error.to_string(),
        })?;
        let head = "# Written by `gallery establish`, from the plain World and the actors. Never by hand.\n\n";
        std::fs::write(&path, format!("{head}{text}")).map_err(Error::file(&path))
    }

    /// What is true of a core in a world.
    pub(crate) fn of(&self, core: &str, world: &str) -> Option<&Verdicts> {
        self.0.get(core)?.get(world)
    }
}
