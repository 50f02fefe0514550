//! Two logs of fixed length in front of the home: a commit is one write and one flush.
//!
//! A batch is written behind the one before it, over what an earlier lap has left there, in a file that
//! is as long as it will ever be; so a flush has to flush that batch alone, and nothing about the
//! file. When a log is full, the other one is begun, and what the full one holds is moved home
//! on a thread of its own. A log is begun again only when all it held is at home.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use redb::StorageBackend;

use super::database::Database;
use super::header::Position;
use super::record::encode_batch;
use super::recovery::recover;
use super::sector::{BLOCK_BYTES, Identity, Place, SECTOR_BYTES, Sectors, log_head};
use super::{Header, Record, Store, StoreError};
use crate::Key;

/// How long a log is, by default.
pub(super) const BYTES: usize = 8 << 20;

/// A log's file; redb's interface to a file has just what a log needs.
pub(super) type LogFile = Box<dyn StorageBackend>;

/// The names of the logs, for people.
pub(super) const NAMES: [&str; 2] = ["paxos-0.log", "paxos-1.log"];

/// A store: two logs in front of a home.
pub(super) struct Log {
    home: Arc<Database>,
    incarnation: u64,
    files: [LogFile; 2],
    sectors: Sectors,
    /// How many sectors each log has.
    length: usize,
    /// Where the next batch is written, if it fits.
    next: Place,
    /// The number of the last batch.
    sequence: u64,
    /// What the log that is written holds.
    recent: HashMap<Key, Record>,
    /// What the other one holds, and whether it is at home yet; `None` once it is.
    moving: Option<Moving>,
    /// Whether anything was asked of the disk that it did not do. Nobody knows what it holds now, so
    /// nothing is asked of it any more.
    broken: bool,
}

struct Moving {
    records: Arc<HashMap<Key, Record>>,
    thread: JoinHandle<Result<(), StoreError>>,
}

/// Makes an empty log in an empty file; when it returns, the file is flushed. Zeros are written, not
/// just reserved: else the first lap's flushes would have to flush the file's map as well.
pub(super) fn make(
    file: &dyn StorageBackend,
    identity: &Identity,
    which: usize,
    bytes: usize,
) -> std::io::Result<()> {
    let blocks = (bytes / BLOCK_BYTES).clamp(2, usize::from(u16::MAX) / 8);
    let sectors = (blocks - 1) * BLOCK_BYTES / SECTOR_BYTES;
    file.set_len((blocks * BLOCK_BYTES) as u64)?;
    file.write(0, &log_head(identity, which, sectors))?;
    let fresh = Sectors::of(identity);
    for block in 1..blocks {
        let bytes = fresh.fresh(which, block - 1);
        file.write((block * BLOCK_BYTES) as u64, &bytes)?;
    }
    file.sync_data()
}

impl Log {
    /// Opens the logs of this home, moves all they hold there, and begins the next incarnation.
    pub(super) fn open(
        home: Database,
        position: Position,
        files: [LogFile; 2],
    ) -> Result<Log, StoreError> {
        let sectors = Sectors::of(home.identity());
        let [first, second] = [read(&home, &files, 0)?, read(&home, &files, 1)?];
        if first.len() != second.len() {
            return Err(StoreError::damaged(
                home.folder(),
                "its logs differ in length",
            ));
        }
        let recovered = recover([&first, &second], &sectors, position, home.format())
            .map_err(|what| StoreError::damaged(home.folder(), what))?;
        let begun = Position {
            incarnation: position.incarnation + 1,
            applied: recovered.sequence,
        };
        home.commit(&recovered.records, begun)?;
        let mut log = Log {
            incarnation: begun.incarnation,
            home: Arc::new(home),
            files,
            sectors,
            length: first.len() / SECTOR_BYTES,
            next: Place { file: 0, sector: 0 },
            sequence: begun.applied,
            recent: HashMap::new(),
            moving: None,
            broken: false,
        };
        log.mark()?;
        Ok(log)
    }

    /// Writes a batch of no records. It makes the log say that home has come so far: should
    /// home fall back behind it, the next opening sees it.
    fn mark(&mut self) -> Result<(), StoreError> {
        self.append(&encode_batch(&[]))
    }

    fn remember(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError> {
        if self
            .moving
            .as_ref()
            .is_some_and(|moving| moving.thread.is_finished())
        {
            self.wait_for_the_move()?;
        }
        let bytes = encode_batch(batch);
        let count = Sectors::count(bytes.len());
        if count > self.length {
            return self.bring_home_at_once(batch);
        }
        if self.next.sector + count > self.length {
            self.begin_the_other()?;
        }
        self.append(&bytes)?;
        self.recent.extend(batch.iter().cloned());
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self
            .sectors
            .write(self.next, self.sequence + 1, self.incarnation, bytes);
        let file = &self.files[self.next.file];
        let offset = BLOCK_BYTES + self.next.sector * SECTOR_BYTES;
        file.write(offset as u64, &written)
            .and_then(|()| file.sync_data())
            .map_err(|source| StoreError::failed(self.home.folder(), "write", source))?;
        self.sequence += 1;
        self.next.sector += written.len() / SECTOR_BYTES;
        Ok(())
    }

    /// Turns to the other log, and has moved home what this one holds.
    fn begin_the_other(&mut self) -> Result<(), StoreError> {
        self.wait_for_the_move()?;
        let records = Arc::new(std::mem::take(&mut self.recent));
        let position = self.position();
        let (home, moved) = (Arc::clone(&self.home), Arc::clone(&records));
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || home.commit(&*moved, position))
            .map_err(|source| StoreError::failed(self.home.folder(), "move", source))?;
        self.moving = Some(Moving { records, thread });
        self.next = self.start_of_the_other();
        Ok(())
    }

    fn wait_for_the_move(&mut self) -> Result<(), StoreError> {
        let Some(moving) = self.moving.take() else {
            return Ok(());
        };
        let panicked = |_| StoreError::failed(self.home.folder(), "move", "it panicked");
        moving.thread.join().map_err(panicked)?
    }

    /// What no log can hold goes home itself, after all that came before it.
    fn bring_home_at_once(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError> {
        self.wait_for_the_move()?;
        self.recent.extend(batch.iter().cloned());
        self.sequence += 1;
        self.home.commit(&self.recent, self.position())?;
        self.recent.clear();
        self.next = self.start_of_the_other();
        self.mark()
    }

    /// Returns when nothing is being moved, so that a test knows what happens in which order.
    #[cfg(test)]
    pub(super) fn settle(&self) {
        while self
            .moving
            .as_ref()
            .is_some_and(|moving| !moving.thread.is_finished())
        {
            thread::yield_now();
        }
    }

    fn position(&self) -> Position {
        Position {
            incarnation: self.incarnation,
            applied: self.sequence,
        }
    }

    fn start_of_the_other(&self) -> Place {
        Place {
            file: 1 - self.next.file,
            sector: 0,
        }
    }
}

impl Store for Log {
    fn header(&self) -> Header {
        let identity = self.home.identity();
        Header {
            cluster: identity.cluster,
            node: identity.node,
            incarnation: self.incarnation,
        }
    }

    fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let moving = self.moving.as_ref().map(|moving| &*moving.records);
        let in_log = self.recent.get(key).or_else(|| moving?.get(key));
        match in_log {
            Some(record) => Ok(Some(record.clone())),
            None => self.home.load(key),
        }
    }

    fn commit(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError> {
        if self.broken {
            let earlier = "it failed before, and nobody knows what it holds";
            return Err(StoreError::failed(self.home.folder(), "write", earlier));
        }
        if batch.is_empty() {
            return Ok(());
        }
        let remembered = self.remember(batch);
        self.broken = remembered.is_err();
        remembered
    }
}

/// The file is locked until the last thread lets go of it, and whoever drops a store may open it again.
/// What the thread says does not matter any more: the next opening reads the log.
impl Drop for Log {
    fn drop(&mut self) {
        if let Some(moving) = self.moving.take() {
            drop(moving.thread.join());
        }
    }
}

/// All sectors of a log, if it is one of this home.
fn read(home: &Database, files: &[LogFile; 2], which: usize) -> Result<Vec<u8>, StoreError> {
    let failed = |source| StoreError::failed(home.folder(), "read", source);
    let file = &files[which];
    let mut bytes = vec![0; file.len().map_err(failed)? as usize];
    file.read(0, &mut bytes).map_err(failed)?;
    let sectors = bytes.len().saturating_sub(BLOCK_BYTES) / SECTOR_BYTES;
    let head = log_head(home.identity(), which, sectors);
    let whole = bytes.len().is_multiple_of(BLOCK_BYTES) && bytes.len() > BLOCK_BYTES;
    if !whole || !bytes.starts_with(&head) {
        let what = format!(
            "{} is not as it was made: it is cut off, written over, or of another store",
            NAMES[which]
        );
        return Err(StoreError::damaged(home.folder(), what));
    }
    bytes.drain(..BLOCK_BYTES);
    Ok(bytes)
}
