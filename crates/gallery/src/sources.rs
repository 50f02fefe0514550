//! The sources of a core: the files of `crates/paxos/src`, as they are and as a patch leaves them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::error::{Error, read};

/// The text of each file, by its name below `crates/paxos/src`.
pub(crate) type Sources = BTreeMap<String, String>;

/// Where the core lies in the repository.
pub(crate) const FOLDER: &str = "crates/paxos/src";

/// The core as it is.
pub(crate) fn base(root: &Path) -> Result<Sources, Error> {
    read_folder(&root.join(FOLDER))
}

fn read_folder(folder: &Path) -> Result<Sources, Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::file(folder))?;
    let mut sources = Sources::new();
    for entry in entries {
        let path = entry.map_err(Error::file(folder))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        if let Some(name) = name
            && path.extension().is_some_and(|extension| extension == "rs")
        {
            sources.insert(name, read(&path)?);
        }
    }
    Ok(sources)
}

/// The core with a patch applied, by git, which takes no hunk that does not fit.
pub(crate) fn patched(root: &Path, base: &Sources, name: &str) -> Result<Sources, Error> {
    let patch = root.join("models/gallery").join(format!("{name}.patch"));
    let folder = tempfile::tempdir().map_err(Error::file(Path::new("a temporary folder")))?;
    let below = folder.path().join(FOLDER);
    std::fs::create_dir_all(&below).map_err(Error::file(&below))?;
    for (file, text) in base {
        let path = below.join(file);
        std::fs::write(&path, text).map_err(Error::file(&path))?;
    }
    let output = Command::new("git")
        .arg("apply")
        .arg(&patch)
        .current_dir(folder.path())
        // Inside a repository, git would look for the files in that one.
        .env("GIT_CEILING_DIRECTORIES", folder.path())
        .env("GIT_DIR", folder.path().join("none"))
        .output()
        .map_err(Error::file(Path::new("git")))?;
    if output.status.success() {
        return read_folder(&below);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Stale {
        name: name.to_owned(),
        why: said.lines().next().unwrap_or("git says nothing").to_owned(),
    })
}
