//! What can be wrong with the gallery itself. A wrong verdict is no error: it is a row.

use std::io;
use std::path::{Path, PathBuf};

/// Why something of the gallery cannot be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The list of cores is no such list.
    #[error("{}: {why}", path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        why: String,
    },
    /// A patch was made for another core than there is.
    #[error(
        "models/gallery/{name}.patch does not apply to crates/paxos/src as it is: {why}; make the edit again by hand, \
         and write the patch with `git diff crates/paxos/src > models/gallery/{name}.patch`"
    )]
    Stale {
        /// The core.
        name: String,
        /// What git says.
        why: String,
    },
    /// A file of a core is no Rust.
    #[error("core {name}, {file}: {why}")]
    Syntax {
        /// The core.
        name: String,
        /// The file, below `crates/paxos/src`.
        file: String,
        /// Where and what.
        why: String,
    },
    /// A change that cannot stand beside others in one program.
    #[error(
        "core {name}, {file}: {what}; only bodies of functions can be switched, and functions, statics and `use` added"
    )]
    Unswitchable {
        /// The core.
        name: String,
        /// The file, below `crates/paxos/src`.
        file: String,
        /// What it changes.
        what: String,
    },
    /// A program that was started failed.
    #[error("{program} failed: {why}")]
    Program {
        /// Which one.
        program: String,
        /// What it said.
        why: String,
    },
}

impl Error {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| Error::File { path, source }
    }
}

/// Reads a file as text.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(Error::file(path))
}
