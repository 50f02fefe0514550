//! What a run has beside its memory, as it was asked for.

use std::fs;
use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::checkpoint::{Manifest, Subject};
use crate::error::Error;
use crate::expander::Source;
use crate::folder::{DiskFault, DiskFile, DiskStep, Folder};
use crate::key::Key;
use crate::limits::Limits;
use crate::saving::Saver;
use crate::spill::{Room, Spill};
use crate::storage::Storage;
use crate::watch::resident_bytes;

/// Less than this is not worth to begin with.
const MEMORY_BYTES_MIN: u64 = 32 << 20;

/// What a run has beside its memory.
pub(crate) struct Store<K> {
    /// `None`: nothing is to go to disk.
    pub(crate) spill: Option<Spill<K>>,
    /// `None`: no checkpoints are asked for.
    pub(crate) saver: Option<Saver>,
    /// Where to go on, and the folder of its files. `None`: at the beginning.
    pub(crate) resume: Option<(Manifest, PathBuf)>,
    /// Whether the limit of memory is kept by going to disk, and not by a cut.
    pub(crate) is_capped: bool,
    /// The folder of the files, if it goes with the run.
    _temporary: Option<TempDir>,
}

impl<K: Key> Store<K> {
    /// `room`: what may be in memory, if not what follows from the limits.
    pub(crate) fn open(
        source: &dyn Source<K>,
        limits: &Limits,
        storage: &Storage,
        room: Option<Room>,
    ) -> Result<Self, Error> {
        let mut store = Self {
            spill: None,
            saver: None,
            resume: None,
            is_capped: storage.disk.is_some(),
            _temporary: None,
        };
        if storage.disk.is_none() && storage.checkpoint.is_none() && storage.resume.is_none() {
            return Ok(store);
        }
        let subject = Subject::new(
            source.identity().ok_or(Error::NotWritable)?,
            source.reductions().to_string(),
            storage.fingerprint.bits(),
            source
                .properties()
                .iter()
                .map(|property| property.name.to_owned())
                .collect(),
        );
        let room = room.map_or_else(|| room_within(limits, storage), Ok)?;
        if let Some(from) = &storage.resume {
            store.resume = Some((Manifest::resume(from, &subject)?, from.clone()));
        }
        let folder = match (&storage.checkpoint, &storage.disk) {
            (Some(path), _) => {
                if !is_same(storage) {
                    Manifest::prepare(path, &subject)?;
                }
                store.saver = Some(Saver::new(subject, storage.checkpoint_every));
                Folder::new(path.clone(), true)?
            }
            (None, Some(path)) => {
                let temporary = temporary_in(path)
                    .map_err(|error| DiskFault::new(DiskFile::Folder, DiskStep::Create, &error))?;
                let folder = Folder::new(temporary.path().to_owned(), false)?;
                store._temporary = Some(temporary);
                folder
            }
            (None, None) => return Ok(store),
        };
        store.spill = Some(store.filled(folder, storage, room)?);
        Ok(store)
    }

    /// Takes over the files to go on from, unless they are in the folder already.
    fn filled(
        &mut self,
        mut folder: Folder,
        storage: &Storage,
        room: Room,
    ) -> Result<Spill<K>, Error> {
        if let Some((manifest, from)) = &mut self.resume
            && !is_same(storage)
        {
            manifest.adopt(from, &mut folder)?;
            *from = folder.path().to_owned();
        }
        Ok(Spill::new(folder, room))
    }
}

/// Whether the checkpoint to go on from is replaced by those to come.
fn is_same(storage: &Storage) -> bool {
    let canonical =
        |path: &Option<PathBuf>| path.as_ref().and_then(|path| path.canonicalize().ok());
    let from = canonical(&storage.resume);
    from.is_some() && from == canonical(&storage.checkpoint)
}

fn temporary_in(path: &PathBuf) -> io::Result<TempDir> {
    fs::create_dir_all(path)?;
    tempfile::Builder::new().prefix("checker-").tempdir_in(path)
}

fn room_within(limits: &Limits, storage: &Storage) -> Result<Room, Error> {
    let (Some(limit), Some(_)) = (limits.max_memory, &storage.disk) else {
        return Ok(Room::UNLIMITED);
    };
    let used = resident_bytes().ok_or(Error::MemoryUnknown)?;
    if limit < used + MEMORY_BYTES_MIN {
        return Err(Error::MemoryTooSmall { limit, used });
    }
    Ok(Room::of(limit - used))
}
