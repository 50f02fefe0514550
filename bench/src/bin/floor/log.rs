//! The file of a node: records, one after the other, over space that is there already.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// How long a record is.
pub(crate) const RECORD_BYTES: usize = 128;

/// How long the file is; then it begins anew.
const FILE_BYTES: u64 = 64 << 20;

/// A file of records, and those that are yet to be written.
pub(crate) struct Log {
    file: File,
    /// Where the next record goes, below [`FILE_BYTES`].
    at: u64,
    /// What [`Log::flush`] will write.
    unwritten: Vec<u8>,
}

impl Log {
    /// A file full of zeros, on the disk, so that a flush need not wait for space or for a change of length.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn create(path: &Path) -> io::Result<Log> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..FILE_BYTES / (1 << 20) {
            file.write_all(&zeros)?;
        }
        file.sync_all()?;
        Ok(Log {
            file,
            at: 0,
            unwritten: Vec::new(),
        })
    }

    /// Has a record written by the next flush.
    pub(crate) fn append(&mut self, number: u64) {
        let end = self.unwritten.len() + RECORD_BYTES;
        self.unwritten.extend_from_slice(&number.to_le_bytes());
        self.unwritten.resize(end, b'r');
    }

    /// Puts all records that were appended on the disk; does nothing if there are none.
    ///
    /// # Errors
    /// If that fails. Then nobody knows what is on the disk, and there is no trying again.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let room = usize::try_from(FILE_BYTES - self.at).unwrap_or(usize::MAX);
        let (here, anew) = self.unwritten.split_at(room.min(self.unwritten.len()));
        self.file.write_all_at(here, self.at)?;
        self.file.write_all_at(anew, 0)?;
        self.at = (self.at + self.unwritten.len() as u64) % FILE_BYTES;
        self.unwritten.clear();
        self.file.sync_data()
    }
}
