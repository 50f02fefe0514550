//! Writes a journal.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use paxos::NodeId;

use super::{Entry, JournalError, read};
use crate::ClusterId;

/// How many files there are at most, the current one among them.
const FILES_MAX: u32 = 8;

/// Appends to a journal.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
    /// How much of the file is its heading, once that is written.
    heading: Option<u64>,
    last: Checksum,
    buffer: Vec<u8>,
}

/// What a line begins with: 16 hexadecimal digits over the checksum before it and its text.
pub(super) type Checksum = [u8; 16];

/// What stands for the checksum before the first line of a file.
pub(super) const FIRST: Checksum = *b"0000000000000000";

pub(super) fn checksum(last: &Checksum, text: &[u8]) -> Checksum {
    let mut hasher = blake3::Hasher::new();
    hasher.update(last);
    hasher.update(text);
    let mut sum = [0; 16];
    sum.copy_from_slice(&hasher.finalize().to_hex().as_bytes()[..16]);
    sum
}

impl Writer {
    /// Goes on with the journal at `path`, or begins it. A last line that is not whole, as a loss
    /// of power leaves it, is taken off; all else must be as it was written.
    ///
    /// # Errors
    /// If the file cannot be read and written, is not a whole journal up to its last line, or is another
    /// node's.
    pub fn open(
        path: &Path,
        bytes_max: u64,
        cluster: ClusterId,
        node: NodeId,
    ) -> Result<Writer, JournalError> {
        let failed = |source| JournalError::Failed {
            path: path.to_owned(),
            source,
        };
        let words = |cluster, node| format!("{node} of cluster {cluster}");
        let (whole, last) = match read::scan(path) {
            Ok(scanned) => {
                let expected = words(cluster, node);
                let found = scanned.start.map(|start| words(start.cluster, start.node));
                if let Some(found) = found.filter(|found| *found != expected) {
                    return Err(JournalError::Foreign {
                        path: path.to_owned(),
                        expected,
                        found,
                    });
                }
                (scanned.bytes, scanned.last)
            }
            Err(JournalError::Failed { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                (0, FIRST)
            }
            Err(error) => return Err(error),
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        file.set_len(whole).map_err(failed)?;
        Ok(Writer {
            path: path.to_owned(),
            file,
            bytes: whole,
            bytes_max,
            heading: Some(0),
            last,
            buffer: Vec::new(),
        })
    }

    /// Adds a line, to be written by the next [`Writer::flush`].
    pub fn push(&mut self, entry: &Entry) {
        let text = serde_json::to_vec(entry).expect("an entry is plain data with string keys");
        self.last = checksum(&self.last, &text);
        self.buffer.extend_from_slice(&self.last);
        self.buffer.push(b' ');
        self.buffer.extend_from_slice(&text);
        self.buffer.push(b'\n');
    }

    /// Hands all lines to the operating system.
    ///
    /// # Errors
    /// If it does not take them. What the lines tell of must not leave the node then.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        let written = self.file.write_all(&self.buffer);
        written.map_err(|source| self.failed(source))?;
        self.bytes += self.buffer.len() as u64;
        self.heading = self.heading.or(Some(self.bytes));
        self.buffer.clear();
        Ok(())
    }

    /// Whether the file has grown to its bound. The caller then calls [`Writer::rotate`]. A file holds at
    /// least as much news as heading, or it would be nothing but headings.
    pub fn is_full(&self) -> bool {
        let heading = self.heading.unwrap_or(0);
        self.bytes - heading >= self.bytes_max.max(heading)
    }

    /// Puts the file aside and begins a new one, all lines being flushed. What is flushed next is the
    /// heading of the new one.
    ///
    /// # Errors
    /// If files cannot be renamed or made.
    pub fn rotate(&mut self) -> Result<(), JournalError> {
        // A file that was put aside is not repaired any more.
        let synced = self.file.sync_data();
        synced.map_err(|source| self.failed(source))?;
        for number in (1..FILES_MAX).rev() {
            let from = match number {
                1 => self.path.clone(),
                number => numbered(&self.path, number - 1),
            };
            match std::fs::rename(&from, numbered(&self.path, number)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed.map_err(|source| self.failed(source))?,
            }
        }
        let created = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&self.path);
        self.file = created.map_err(|source| self.failed(source))?;
        self.bytes = 0;
        self.heading = None;
        self.last = FIRST;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> JournalError {
        JournalError::Failed {
            path: self.path.clone(),
            source,
        }
    }
}

/// The name of an older file: 1 is the last one put aside.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_as_much_news_as_heading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (cluster, node) = (ClusterId::from_bytes([1; 16]), NodeId::new(0).unwrap());
        let bytes_max = 100;
        let mut writer = Writer::open(&path, bytes_max, cluster, node).unwrap();
        let line = |writer: &mut Writer, times| {
            (0..times).for_each(|_| writer.push(&Entry::Saved));
            writer.flush().unwrap();
        };
        while !writer.is_full() {
            line(&mut writer, 1);
        }
        writer.rotate().unwrap();
        // A heading far beyond the bound does not make the file full; as much news does.
        line(&mut writer, 50);
        let heading = writer.bytes;
        assert!(heading > 10 * bytes_max);
        assert!(!writer.is_full());
        while !writer.is_full() {
            line(&mut writer, 1);
        }
        assert_eq!(writer.bytes, 2 * heading);
    }
}
