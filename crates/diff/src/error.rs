//! Why two cores could not be compared.

use std::path::PathBuf;

/// Why two cores could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A world that could not be explored.
    #[error(transparent)]
    Exploration(#[from] checker::Error),
    /// The other process cannot be spoken to.
    #[error("the process with the other core cannot be asked: {0}")]
    Process(std::io::Error),
    /// The other process does not answer what was asked.
    #[error("the process with the other core: {0}")]
    Answer(String),
    /// The other process was built from other sources than this one.
    #[error(
        "this program was built from another crates/model or crates/diff than the tree has now, so it cannot read the \
         states of a program built from it: build it again, as by `cargo run --release -- diff …`"
    )]
    OtherForm,
    /// There is no repository to take a revision from.
    #[error(
        "a revision is taken from a git repository, and there is none here: {0}; run this in the clone"
    )]
    NoRepository(String),
    /// No revision of this name.
    #[error(
        "there is no revision `{0}` here: expected what git names a commit by, as HEAD~1; see `git log`"
    )]
    UnknownRevision(String),
    /// A revision without the core.
    #[error("revision `{0}` has no folder crates/paxos: choose one that has")]
    NoCore(String),
    /// Git refuses.
    #[error("git cannot put the tree together: {0}")]
    Git(String),
    /// Cargo cannot say where it builds, or cannot be run.
    #[error("cargo cannot be asked to build: {0}")]
    Cargo(String),
    /// The tree does not build with the core of that revision.
    #[error("the tree as it is now does not build with crates/paxos of `{revision}`: {error}")]
    DoesNotBuild {
        /// The revision.
        revision: String,
        /// The compiler's first error.
        error: String,
    },
    /// There is no room for what is built.
    #[error("cannot build in {}: {source}; choose another with CARGO_TARGET_DIR", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
