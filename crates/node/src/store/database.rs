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

use paxos::{Cluster, NodeId};
use redb::{ReadableDatabase as _, ReadableTable as _, StorageBackend, TableDefinition};

use super::format::{Format, schema};
use super::header::{self, Found, HEADER, Position, role_words};
use super::sector::Identity;
use super::{Record, StoreError};
use crate::{ClusterId, Key, Schema};

const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");

/// How much of the database is kept in memory.
const CACHE_BYTES: usize = 64 << 20;

/// The home of all records.
pub(super) struct Database {
    folder: PathBuf,
    identity: Identity,
    /// The format that it had when it was opened.
    format: Format,
    /// Of what its records are.
    schema: &'static Schema,
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
        let schema = schema()?;
        let made = || -> Result<(), redb::Error> {
            let redb = redb::Builder::new().create_with_backend(file)?;
            let mut write = redb.begin_write()?;
            write.set_two_phase_commit(true);
            {
                let mut table = write.open_table(HEADER)?;
                header::write_identity(&mut table, &identity)?;
                header::write_position(&mut table, schema, Position::default())?;
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
        let Found {
            format,
            schema: found,
            identity,
            position,
        } = header::read(folder, &redb)?;
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
        let schema = schema()?;
        if found != *schema {
            return Err(StoreError::OtherSchema {
                folder: folder.to_owned(),
                expected: schema.without(&found),
                found: found.without(schema),
            });
        }
        let database = Database {
            folder: folder.to_owned(),
            identity,
            format,
            schema,
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

    /// Of which format the batches are that are not at home yet.
    pub(super) fn format(&self) -> Format {
        self.format
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

    /// Brings records home, all or none, and says how far home has come with them. From here on the store is of this
    /// program's format.
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
                header::write_position(&mut write.open_table(HEADER)?, self.schema, position)?;
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

/// What redb's refusal to read means: what it has read is wrong, or it could not read.
pub(super) fn wrong(folder: &Path, what: &'static str, source: redb::Error) -> StoreError {
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
