//! The home of all records: one file of redb, safe and slow.
//!
//! All commits are in two phases. redb's commits in one phase may be undone without a word when
//! the last one's pages rot; after a commit in two phases it refuses to open instead. What is left
//! is one bit on the first page, which says which of the last two commits counts and is covered by no
//! checksum: that one is found out by the logs, see [`recover`](super::recovery::recover).

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use paxos::{Cluster, NodeId, NodeSet};
use redb::{ReadableDatabase as _, ReadableTable, StorageBackend, TableDefinition};

use super::sector::Identity;
use super::{FORMAT, Record, StoreError};
use crate::{ClusterId, Key};

const HEADER: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("header");
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");

/// The entries of the header.
const FORMAT_ENTRY: &str = "format";
const CLUSTER_ENTRY: &str = "cluster";
const NODE_ENTRY: &str = "node";
const ROLES_ENTRY: &str = "roles";
const STORE_ENTRY: &str = "store";
const INCARNATION_ENTRY: &str = "incarnation";
const APPLIED_ENTRY: &str = "applied";

/// How much of the database is kept in memory.
const CACHE_BYTES: usize = 64 << 20;

/// What changes in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// How often the store was opened.
    pub(super) incarnation: u64,
    /// The number of the last batch of the log that is at home, with all before it.
    pub(super) applied: u64,
}

/// The home of all records.
pub(super) struct Database {
    folder: PathBuf,
    identity: Identity,
    redb: redb::Database,
    /// Of which decrees there is a record, each by a hash of its key. redb checks pages when it opens a
    /// file, and not when it reads them again; where one has rotted since, a record could seem never to
    /// have been.
    known: Mutex<HashSet<u64>>,
}

impl Database {
    /// Makes one in an empty file; when it returns, the file is flushed.
    pub(super) fn make(
        folder: &Path,
        file: impl StorageBackend,
        identity: Identity,
    ) -> Result<(), StoreError> {
        let made = || -> Result<(), redb::Error> {
            let redb = redb::Builder::new().create_with_backend(file)?;
            let mut write = redb.begin_write()?;
            write.set_two_phase_commit(true);
            {
                let mut header = write.open_table(HEADER)?;
                header.insert(FORMAT_ENTRY, &FORMAT.to_le_bytes()[..])?;
                header.insert(CLUSTER_ENTRY, &identity.cluster.bytes()[..])?;
                header.insert(NODE_ENTRY, &[identity.node.into()][..])?;
                header.insert(ROLES_ENTRY, &role_bytes(&identity.roles)[..])?;
                header.insert(STORE_ENTRY, &identity.store[..])?;
                header.insert(INCARNATION_ENTRY, &0_u64.to_le_bytes()[..])?;
                header.insert(APPLIED_ENTRY, &0_u64.to_le_bytes()[..])?;
                write.open_table(RECORDS)?;
            }
            write.commit()?;
            redb.close()?;
            Ok(())
        };
        made().map_err(|source| StoreError::failed(folder, "make", source))
    }

    /// Opens the one in this file, and reads all of it. The file is locked from here on.
    pub(super) fn open(
        folder: &Path,
        file: impl StorageBackend,
        cluster: ClusterId,
        roles: Cluster,
        node: NodeId,
    ) -> Result<(Database, Position), StoreError> {
        // redb asserts in some places what only an intact file fulfils. A panic of this kind says
        // something about the file, not about this process, in which nothing of it is left.
        catch_unwind(AssertUnwindSafe(|| {
            Database::open_and_read(folder, file, cluster, roles, node)
        }))
        .unwrap_or_else(|_| {
            let what = "paxos.redb is not a file that a database was left in";
            Err(StoreError::damaged(folder, what))
        })
    }

    fn open_and_read(
        folder: &Path,
        file: impl StorageBackend,
        cluster: ClusterId,
        roles: Cluster,
        node: NodeId,
    ) -> Result<(Database, Position), StoreError> {
        let wrong = |source| wrong(folder, "open", source);
        // In an empty file redb would make a new database.
        if file
            .len()
            .map_err(|source| StoreError::failed(folder, "open", source))?
            == 0
        {
            return Err(StoreError::damaged(folder, "paxos.redb is empty"));
        }
        let redb = redb::Builder::new()
            .set_cache_size(CACHE_BYTES)
            .set_check_integrity_on_open(true)
            .create_with_backend(file)
            .map_err(|source| wrong(source.into()))?;
        let (identity, position) = read_header(folder, &redb)?;
        if (identity.cluster, identity.node) != (cluster, node) {
            return Err(StoreError::Foreign {
                folder: folder.to_owned(),
                expected: format!("{node} of cluster {cluster}"),
                found: format!("{} of cluster {}", identity.node, identity.cluster),
            });
        }
        if identity.roles != roles {
            return Err(StoreError::OtherRoles {
                folder: folder.to_owned(),
                expected: role_words(&roles),
                found: role_words(&identity.roles),
            });
        }
        let database = Database {
            folder: folder.to_owned(),
            identity,
            redb,
            known: Mutex::default(),
        };
        database.read_all()?;
        Ok((database, position))
    }

    /// Whose it is, and which.
    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is at home of a decree.
    pub(super) fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let read = || -> Result<Option<Vec<u8>>, redb::Error> {
            let records = self.redb.begin_read()?.open_table(RECORDS)?;
            Ok(records
                .get(key.bytes())?
                .map(|bytes| bytes.value().to_vec()))
        };
        let bytes = read().map_err(|source| wrong(&self.folder, "read", source))?;
        if bytes.is_none() && self.known().contains(&hash(key.bytes())) {
            let what = format!("the record of \"{key}\" is gone");
            return Err(StoreError::damaged(&self.folder, what));
        }
        bytes
            .map(|bytes| self.parse(key.bytes(), &bytes))
            .transpose()
    }

    /// Brings records home, all or none, and says how far home has come with them.
    pub(super) fn commit<'a>(
        &self,
        records: impl IntoIterator<Item = (&'a Key, &'a Record)>,
        position: Position,
    ) -> Result<(), StoreError> {
        let mut written = Vec::new();
        let commit = || -> Result<(), redb::Error> {
            let mut write = self.redb.begin_write()?;
            write.set_two_phase_commit(true);
            {
                let mut header = write.open_table(HEADER)?;
                header.insert(INCARNATION_ENTRY, &position.incarnation.to_le_bytes()[..])?;
                header.insert(APPLIED_ENTRY, &position.applied.to_le_bytes()[..])?;
                let mut table = write.open_table(RECORDS)?;
                for (key, record) in records {
                    table.insert(key.bytes(), &record.to_bytes(key)[..])?;
                    written.push(hash(key.bytes()));
                }
            }
            write.commit()?;
            Ok(())
        };
        commit().map_err(|source| StoreError::failed(&self.folder, "write", source))?;
        self.known().extend(written);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashSet<u64>> {
        // Whoever panicked while it was held has left a set all the same.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_all(&self) -> Result<(), StoreError> {
        let read = || -> Result<Result<(), StoreError>, redb::Error> {
            for entry in self.redb.begin_read()?.open_table(RECORDS)?.iter()? {
                let (key, bytes) = entry?;
                if let Err(damaged) = self.parse(key.value(), bytes.value()) {
                    return Ok(Err(damaged));
                }
                self.known().insert(hash(key.value()));
            }
            Ok(Ok(()))
        };
        read().map_err(|source| wrong(&self.folder, "read", source))?
    }

    fn parse(&self, key: &[u8], bytes: &[u8]) -> Result<Record, StoreError> {
        let key = Key::new(key).map_err(|wrong| {
            StoreError::damaged(&self.folder, format!("a key is none: {wrong}"))
        })?;
        Record::from_bytes(&key, bytes).ok_or_else(|| {
            StoreError::damaged(
                &self.folder,
                format!("the record of \"{key}\" cannot be read"),
            )
        })
    }
}

fn hash(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    blake3::Hasher::new()
        .update(key)
        .finalize_xof()
        .fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

fn read_header(folder: &Path, redb: &redb::Database) -> Result<(Identity, Position), StoreError> {
    let open = || -> Result<_, redb::Error> { Ok(redb.begin_read()?.open_table(HEADER)?) };
    let table = open().map_err(|source| wrong(folder, "read", source))?;
    let found = u32::from_le_bytes(entry(folder, &table, FORMAT_ENTRY)?);
    if found != FORMAT {
        return Err(StoreError::Format {
            folder: folder.to_owned(),
            expected: FORMAT,
            found,
        });
    }
    let [node] = entry(folder, &table, NODE_ENTRY)?;
    let identity = Identity {
        cluster: ClusterId::from_bytes(entry(folder, &table, CLUSTER_ENTRY)?),
        node: NodeId::try_from(node).map_err(|wrong| StoreError::damaged(folder, wrong))?,
        roles: roles(entry(folder, &table, ROLES_ENTRY)?)
            .ok_or_else(|| StoreError::damaged(folder, "its header has roles that are none"))?,
        store: entry(folder, &table, STORE_ENTRY)?,
    };
    let position = Position {
        incarnation: u64::from_le_bytes(entry(folder, &table, INCARNATION_ENTRY)?),
        applied: u64::from_le_bytes(entry(folder, &table, APPLIED_ENTRY)?),
    };
    Ok((identity, position))
}

/// The three sets, two bytes each.
fn role_bytes(roles: &Cluster) -> [u8; 6] {
    let [a, b] = roles.proposers().bits().to_le_bytes();
    let [c, d] = roles.acceptors().bits().to_le_bytes();
    let [e, f] = roles.learners().bits().to_le_bytes();
    [a, b, c, d, e, f]
}

fn roles([a, b, c, d, e, f]: [u8; 6]) -> Option<Cluster> {
    let set = |bytes| NodeSet::from_bits(u16::from_le_bytes(bytes));
    Cluster::apart(set([a, b]), set([c, d]), set([e, f]))
}

fn role_words(roles: &Cluster) -> String {
    let (proposers, acceptors, learners) = (roles.proposers(), roles.acceptors(), roles.learners());
    format!("proposers {proposers}, acceptors {acceptors}, learners {learners}")
}

/// An entry of the header; each has one length.
fn entry<const LENGTH: usize>(
    folder: &Path,
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<[u8; LENGTH], StoreError> {
    let bytes = table
        .get(name)
        .map_err(|source| wrong(folder, "read", source.into()))?;
    let bytes = bytes.and_then(|bytes| <[u8; LENGTH]>::try_from(bytes.value()).ok());
    bytes.ok_or_else(|| StoreError::damaged(folder, format!("its header has no {name}")))
}

/// What redb's refusal to read means: what it has read is wrong, or it could not read.
fn wrong(folder: &Path, what: &'static str, source: redb::Error) -> StoreError {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    if matches!(source, redb::Error::DatabaseAlreadyOpen) {
        return StoreError::InUse {
            folder: folder.to_owned(),
        };
    }
    let kind = if let redb::Error::Io(source) = &source {
        Some(source.kind())
    } else {
        None
    };
    let read_wrong = matches!(kind, Some(InvalidData | UnexpectedEof))
        || matches!(
            source,
            redb::Error::Corrupted(_)
                | redb::Error::UpgradeRequired(_)
                | redb::Error::TableDoesNotExist(_)
                | redb::Error::TableIsMultimap(_)
                | redb::Error::TableTypeMismatch { .. }
                | redb::Error::TypeDefinitionChanged { .. }
        );
    if read_wrong {
        StoreError::damaged(folder, format!("paxos.redb: {source}"))
    } else {
        StoreError::failed(folder, what, source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_gone_is_not_one_that_never_was() {
        let folder = Path::new("disk");
        let identity = Identity {
            cluster: ClusterId::from_bytes([1; 16]),
            node: NodeId::new(0).unwrap(),
            roles: Cluster::all_roles(3).unwrap(),
            store: [2; 16],
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        let backend = || redb::backends::FileBackend::new(file.reopen().unwrap()).unwrap();
        Database::make(folder, backend(), identity).unwrap();
        let open = || {
            let (cluster, roles, node) = (identity.cluster, identity.roles, identity.node);
            Database::open(folder, backend(), cluster, roles, node).unwrap()
        };
        let (here, gone): (Key, Key) = ("here".parse().unwrap(), "gone".parse().unwrap());
        let record = Record::Chosen("v".parse().unwrap());
        let (database, position) = open();
        database
            .commit([(&here, &record), (&gone, &record)], position)
            .unwrap();
        drop(database);
        // Known by having been read, and by having been written.
        let (database, _) = open();
        let write = database.redb.begin_write().unwrap();
        write
            .open_table(RECORDS)
            .unwrap()
            .remove(gone.bytes())
            .unwrap();
        write.commit().unwrap();
        assert_eq!(database.load(&here).unwrap(), Some(record));
        assert_eq!(database.load(&"never".parse().unwrap()).unwrap(), None);
        let refusal = database.load(&gone).unwrap_err().to_string();
        assert!(
            refusal.contains("the record of \"gone\" is gone"),
            "{refusal}"
        );
    }
}
