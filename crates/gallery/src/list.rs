//! `models/gallery/gallery.toml`: the cores, what each is, and what is true of it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, read};

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// The worlds in which every core is judged, beside its own.
    pub(crate) worlds: Vec<String>,
    /// The cores.
    pub(crate) core: Vec<Core>,
}

/// A changed core.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Core {
    /// Its name, and that of its patch.
    pub(crate) name: String,
    /// What it does otherwise, in a line.
    pub(crate) about: String,
    /// Whether it is right: nothing that matters breaks, in any world.
    pub(crate) safe: bool,
    /// Of a wrong one: where it shows first.
    pub(crate) breaks: Option<Breaks>,
    /// Of a wrong one that no world can show: what is missing.
    pub(crate) unjudged: Option<String>,
    /// Of a safe one: the invariants that it violates in some world all the same. Either the judge takes for granted how the
    /// core that ships represents something, and this core gives that up; or the judge is too strict.
    #[serde(default)]
    pub(crate) gives_up: Vec<String>,
    /// It answers differently when asked again, so nothing is true of it: no form that keeps answers may give a verdict.
    #[serde(default)]
    pub(crate) unsteady: bool,
    /// It is judged in its own worlds alone, since it makes the others too large.
    #[serde(default)]
    pub(crate) alone: bool,
    /// Further worlds in which it is judged, by name; `NAME@MUTANT` is one with a mutant.
    #[serde(default)]
    pub(crate) worlds: Vec<String>,
}

/// What breaks, and where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Breaks {
    /// The property: an invariant that is violated, or a witness that is never found.
    pub(crate) property: String,
    /// The steps of the shortest trace; of a witness none.
    pub(crate) steps: Option<usize>,
    /// The world.
    pub(crate) world: String,
}

impl List {
    /// Reads the list of the repository at `root`.
    pub(crate) fn read(root: &Path) -> Result<List, Error> {
        let path = root.join("models/gallery/gallery.toml");
        toml::from_str(&read(&path)?).map_err(|error| Error::List {
            path,
            why: error.to_string(),
        })
    }

    /// The worlds of a core, its own first.
    pub(crate) fn worlds<'a>(&'a self, core: &'a Core) -> Vec<&'a str> {
        let mut worlds: Vec<&str> = Vec::new();
        let own = core.breaks.iter().map(|breaks| breaks.world.as_str());
        let shared: &[String] = if core.alone { &[] } else { &self.worlds };
        let further = core.worlds.iter().chain(shared).map(String::as_str);
        for world in own.chain(further) {
            if !worlds.contains(&world) {
                worlds.push(world);
            }
        }
        worlds
    }
}

/// The file of a world, with its mutant: of the gallery itself, or of `models/`.
pub(crate) fn file(root: &Path, world: &str) -> Result<String, Error> {
    let (name, mutant) = match world.split_once('@') {
        Some((name, mutant)) => (name, format!("@{mutant}")),
        None => (world, String::new()),
    };
    let models = root.join("models");
    let places = [
        models.join("gallery/worlds"),
        models.clone(),
        models.join("liveness"),
    ];
    let files = places
        .iter()
        .map(|place| place.join(format!("{name}.toml")));
    match files.clone().find(|file| file.exists()) {
        Some(file) => Ok(format!("{}{mutant}", file.display())),
        None => Err(Error::List {
            path: PathBuf::from("models/gallery/gallery.toml"),
            why: format!(
                "expected the name of a world of models/, models/liveness/ or models/gallery/worlds/, found `{world}`"
            ),
        }),
    }
}
