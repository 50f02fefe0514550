//! Stable storage: what a node must be able to read after a restart.
//!
//! A store holds one [`Record`] for each decree the node has ever taken part in, and a [`Header`]
//! that says whose it is. It is made once, by [`init`], and opened ever after, by [`open`]; opening
//! never makes one, since a node that has forgotten its votes can undo a decision.
//!
//! On disk it is three files: the home of all records, a database, which is safe and slow, and in front
//! of it two logs of fixed length, where a commit is one write and one flush. One log is
//! written while the other is moved home. Every sector of a log says what it is, so that a batch the
//! power cut in two can be told from a batch that was acknowledged and has rotted since.
//!
//! What is taken for granted:
//!
//! 1. A sector of 512 bytes is written whole or not at all.
//! 2. A flush that the disk reports is one that happened. A disk that lies cannot be found out.
//! 3. The folder is the one that was written last. A copy that is older, as a whole, cannot be found out.
//! 4. A record is plain data, so that it has a [`Schema`](crate::Schema). The header names it, and a store of another
//!    one is refused: bytes are never read by a schema that they were not written by.
//!
//! Nothing is taken for granted of the protocol: a record is kept whatever it says, also if it promises less than the
//! one before it.

mod database;
mod files;
mod format;
mod header;
mod log;
mod record;
mod recovery;
mod sector;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use paxos::{Cluster, NodeId};
use serde::{Deserialize, Serialize};

use crate::{ClusterId, Key, SchemaError};

pub use record::Record;

/// The version of what [`init`] and [`open`] write. It is raised when files are laid out otherwise, or when a field
/// of a record comes to mean something else; which fields there are is in the schema, which changes by itself.
pub const FORMAT: u32 = 2;

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
    /// How often it was opened: each process that ran on it had another one.
    pub incarnation: u64,
}

/// Stable storage behind a node.
pub trait Store {
    /// Whose it is; the incarnation is the one that began when it was opened.
    fn header(&self) -> Header;

    /// What is remembered of a decree, by all commits so far; `None` if the node never took part.
    ///
    /// # Errors
    /// If it cannot be read. The caller must stop: what is not known is not nothing.
    fn load(&self, key: &Key) -> Result<Option<Record>, StoreError>;

    /// Remembers all of these, or none. Of two records for one key the later one counts. When it
    /// returns, all of it survives a loss of power.
    ///
    /// # Errors
    /// If any of it may not be on disk. The caller must stop without another word, and without
    /// trying again: after a failed flush nobody knows what the disk holds.
    fn commit(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError>;
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn header(&self) -> Header {
        (**self).header()
    }

    fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        (**self).load(key)
    }

    fn commit(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError> {
        (**self).commit(batch)
    }
}

/// Why a node cannot have its store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no store in {}: if this node has never run, make one with `paxos init`; if it \
        has, restore it, and do not make an empty one, since a node that has forgotten its votes can \
        undo a decision", folder.display())]
    Missing {
        /// Where it should be.
        folder: PathBuf,
    },
    /// There was one, by the cluster file.
    #[error("there is no store in {}, and the cluster file says that {node} was initialised: restore the \
        store, or look for the right --data; do not make an empty one, since a node that has forgotten its \
        votes can undo a decision", folder.display())]
    Lost {
        /// Where it should be.
        folder: PathBuf,
        /// Whose it is.
        node: NodeId,
    },
    /// There is one already.
    #[error("there is a store in {} already: start the node with `paxos serve`", folder.display())]
    Exists {
        /// Where it is.
        folder: PathBuf,
    },
    /// It is another's.
    #[error("the store in {} is of {found}, and this is {expected}: wrong --data, or wrong --config", folder.display())]
    Foreign {
        /// Where it is.
        folder: PathBuf,
        /// Whose it should be.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// The cluster's roles are not what they were.
    #[error("the store in {} was made for {found}, and the cluster file says {expected}: the members and roles of a \
        cluster never change, since a new majority need not know what an old one decided; undo the change, or \
        make a new cluster with another id", folder.display())]
    OtherRoles {
        /// Where it is.
        folder: PathBuf,
        /// The roles by the cluster file.
        expected: String,
        /// The roles when it was made.
        found: String,
    },
    /// Another version wrote it.
    #[error("the store in {} has format {found}, and this program writes format {expected}: use the \
        program that wrote it", folder.display())]
    Format {
        /// Where it is.
        folder: PathBuf,
        /// What this program reads and writes.
        expected: u32,
        /// What was found.
        found: u32,
    },
    /// Its records are of other types.
    #[error("the store in {} holds {found}, and this program writes {expected}: what a node remembers has changed in \
        between, so use the program that wrote the store, or make a new cluster with another id", folder.display())]
    OtherSchema {
        /// Where it is.
        folder: PathBuf,
        /// The types of this program that the store does not have so.
        expected: String,
        /// The types of the store that this program does not have so.
        found: String,
    },
    /// What this program remembers cannot be stored.
    #[error(transparent)]
    NoSchema(#[from] SchemaError),
    /// A process runs on it.
    #[error("the store in {} is in use by another process: one node runs once", folder.display())]
    InUse {
        /// Where it is.
        folder: PathBuf,
    },
    /// What is there is not what was written.
    #[error("the store in {} is damaged: {what}; restore it from a disk that has it, and do not make an \
        empty one, since a node that has forgotten its votes can undo a decision", folder.display())]
    Damaged {
        /// Where it is.
        folder: PathBuf,
        /// What was found.
        what: String,
    },
    /// The disk does not do what is asked.
    #[error("cannot {what} the store in {}: {source}", folder.display())]
    Failed {
        /// What was tried.
        what: &'static str,
        /// Where it is.
        folder: PathBuf,
        /// What the system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    fn damaged(folder: &Path, what: impl Into<String>) -> StoreError {
        StoreError::Damaged {
            folder: folder.to_owned(),
            what: what.into(),
        }
    }

    fn failed(
        folder: &Path,
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Failed {
            what,
            folder: folder.to_owned(),
            source: source.into(),
        }
    }
}

/// Makes the store of a node that has never run.
///
/// # Errors
/// If there is one already, or the disk refuses.
pub fn init(
    folder: &Path,
    cluster: ClusterId,
    roles: Cluster,
    node: NodeId,
) -> Result<(), StoreError> {
    files::init(folder, cluster, roles, node, log::BYTES)
}

/// Whether there is a store, whosever it is.
pub fn exists(folder: &Path) -> bool {
    files::exists(folder)
}

/// Opens the store of a node that has run before, or was just made; reads all of it to see that it
/// can be read; and begins the next incarnation.
///
/// # Errors
/// If it is missing, in use, another's, of another format, or damaged; each says what to do.
pub fn open(
    folder: &Path,
    cluster: ClusterId,
    roles: Cluster,
    node: NodeId,
) -> Result<Box<dyn Store>, StoreError> {
    Ok(Box::new(files::open(folder, cluster, roles, node)?))
}

/// Makes a name in a folder survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}
