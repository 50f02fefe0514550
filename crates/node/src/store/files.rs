//! Where a store is on disk: three files in a folder, and how they come to be there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use paxos::{Cluster, NodeId};
use redb::backends::FileBackend;

use super::database::Database;
use super::log::{self, Log, LogFile, NAMES};
use super::sector::{BLOCK_BYTES, Identity, SECTOR_BYTES, is_of_a_batch};
use super::{StoreError, sync_folder};
use crate::ClusterId;

/// The home of the records; its name appears last, so where it is there is a store.
const HOME: &str = "paxos.redb";

/// Makes a store with logs of so many bytes. If it is cut short, there is none, and it can be
/// made again.
pub(super) fn init(
    folder: &Path,
    cluster: ClusterId,
    roles: Cluster,
    node: NodeId,
    log_bytes: usize,
) -> Result<(), StoreError> {
    let failed = |source: io::Error| StoreError::failed(folder, "make", source);
    let exists = || StoreError::Exists {
        folder: folder.to_owned(),
    };
    fs::create_dir_all(folder).map_err(failed)?;
    if folder.join(HOME).try_exists().map_err(failed)? {
        return Err(exists());
    }
    let mut store = [0; 16];
    getrandom::fill(&mut store).map_err(|source| failed(source.into()))?;
    let identity = Identity {
        cluster,
        node,
        roles,
        store,
    };
    for (which, name) in NAMES.into_iter().enumerate() {
        let path = folder.join(name);
        if holds_batches(&path).map_err(failed)? {
            let what = format!("{name} holds what a node has promised, and {HOME} is not there");
            return Err(StoreError::damaged(folder, what));
        }
        let (file, new) = begin(&path).map_err(failed)?;
        log::make(&backend(folder, file)?, &identity, which, log_bytes).map_err(failed)?;
        fs::rename(new, path).map_err(failed)?;
    }
    let path = folder.join(HOME);
    let (file, new) = begin(&path).map_err(failed)?;
    Database::make(folder, backend(folder, file)?, identity)?;
    sync_folder(folder).map_err(failed)?;
    // Not renamed: that would replace a store that someone else has made meanwhile.
    fs::hard_link(&new, path).map_err(|source| {
        if source.kind() == ErrorKind::AlreadyExists {
            exists()
        } else {
            failed(source)
        }
    })?;
    fs::remove_file(new).map_err(failed)?;
    sync_folder(folder).map_err(failed)?;
    let above = folder.canonicalize().map_err(failed)?;
    above.parent().map_or(Ok(()), sync_folder).map_err(failed)
}

/// Whether there is one.
pub(super) fn exists(folder: &Path) -> bool {
    folder.join(HOME).exists()
}

/// Opens a store that was made.
pub(super) fn open(
    folder: &Path,
    cluster: ClusterId,
    roles: Cluster,
    node: NodeId,
) -> Result<Log, StoreError> {
    let failed = |source| StoreError::failed(folder, "open", source);
    let home = existing(&folder.join(HOME)).map_err(failed)?;
    let home = home.ok_or_else(|| StoreError::Missing {
        folder: folder.to_owned(),
    })?;
    // The home's lock is everybody's: the logs are not touched by whoever has not got it.
    let (home, position) = Database::open(folder, backend(folder, home)?, cluster, roles, node)?;
    let log = |which: usize| -> Result<LogFile, StoreError> {
        let file = existing(&folder.join(NAMES[which])).map_err(failed)?;
        let missing = || StoreError::damaged(folder, format!("{} is missing", NAMES[which]));
        Ok(Box::new(backend(folder, file.ok_or_else(missing)?)?))
    };
    Log::open(home, position, [log(0)?, log(1)?])
}

fn backend(folder: &Path, file: File) -> Result<FileBackend, StoreError> {
    FileBackend::new(file).map_err(|source| StoreError::failed(folder, "open", source))
}

fn existing(path: &Path) -> io::Result<Option<File>> {
    match File::options().read(true).write(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(source) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(source),
    }
}

/// An empty file for what will have this name when it is complete.
fn begin(path: &Path) -> io::Result<(File, PathBuf)> {
    let new = path.with_added_extension("new");
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&new)?;
    Ok((file, new))
}

/// Whether this is a log that a node has written to.
fn holds_batches(path: &Path) -> io::Result<bool> {
    let Some(mut file) = existing(path)? else {
        return Ok(false);
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let behind_head = bytes.get(BLOCK_BYTES..).unwrap_or_default();
    Ok(behind_head.chunks(SECTOR_BYTES).any(is_of_a_batch))
}
