//! States as bytes in a file: what does not fit into memory, or has to survive the process.

use serde::{Deserialize, Serialize};

use crate::blocks::{BlockReader, BlockWriter};
use crate::folder::{Disk, DiskFile, Folder, Place};
use crate::key::Key;

/// Bytes after which a block is written.
pub(crate) const BLOCK_BYTES: usize = 16 << 10;
const LENGTH_BYTES: usize = 4;

/// Some states as bytes, each with its fingerprint: a block of a file.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: u64,
}

impl Block {
    /// Appends a state, as `write` does.
    pub(crate) fn push<K: Key>(&mut self, key: K, write: impl FnOnce(&mut Vec<u8>)) {
        key.put(&mut self.bytes);
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; LENGTH_BYTES]);
        write(&mut self.bytes);
        let length = self.bytes.len() - at - LENGTH_BYTES;
        let length = u32::try_from(length).expect("a state has less than four gigabytes");
        self.bytes[at..at + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        self.count += 1;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK_BYTES
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }
}

/// The states of a block that was read. `None` among them: these are not states.
pub(crate) fn records<K: Key>(mut block: &[u8]) -> impl Iterator<Item = Option<(K, &[u8])>> {
    std::iter::from_fn(move || {
        if block.is_empty() {
            return None;
        }
        let record = block.split_at_checked(K::BYTES).and_then(|(key, rest)| {
            let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>()?;
            let length = u32::from_le_bytes(*length) as usize;
            let (state, rest) = rest.split_at_checked(length)?;
            Some((K::get(key), state, rest))
        });
        match record {
            Some((key, state, rest)) => {
                block = rest;
                Some(Some((key, state)))
            }
            None => {
                block = &[];
                Some(None)
            }
        }
    })
}

/// A file of states, and how many there have to be.
#[derive(Clone, Debug)]
pub(crate) struct StatesFile {
    pub(crate) place: Place,
    pub(crate) count: u64,
}

/// How a checkpoint remembers a file: its number, and how many records there have to be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) number: u64,
    pub(crate) count: u64,
}

impl Noted {
    pub(crate) fn of(place: &Place, count: u64) -> Self {
        let number = place.file.number();
        Self { number, count }
    }
}

/// A file of states being written, made when there is something to write.
#[derive(Debug, Default)]
pub(crate) struct StatesWriter {
    writer: Option<BlockWriter>,
    count: u64,
}

impl StatesWriter {
    pub(crate) fn write(&mut self, folder: &mut Folder, block: &mut Block) -> Disk<()> {
        if block.count == 0 {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self
                .writer
                .insert(BlockWriter::create(folder.name(DiskFile::States))?),
        };
        writer.write(&block.bytes)?;
        self.count += block.count;
        block.clear();
        Ok(())
    }

    /// What was written so far, if anything. Goes on in another file.
    pub(crate) fn finish(&mut self) -> Option<StatesFile> {
        let count = std::mem::take(&mut self.count);
        self.writer.take().map(|writer| StatesFile {
            place: writer.place().clone(),
            count,
        })
    }
}

/// Files of states, read one after the other.
#[derive(Debug, Default)]
pub(crate) struct StatesReader {
    /// Files not begun so far, the next one last.
    files: Vec<StatesFile>,
    open: Option<(BlockReader, StatesFile)>,
    /// States read from the open file.
    seen: u64,
    /// States of the first file that are not wanted.
    skip: u64,
    /// Files that were read to the end.
    pub(crate) done: Vec<StatesFile>,
}

impl StatesReader {
    pub(crate) fn new(files: Vec<StatesFile>) -> Self {
        Self::after(0, files)
    }

    /// Goes on after so many states of the first file.
    pub(crate) fn after(skip: u64, mut files: Vec<StatesFile>) -> Self {
        files.reverse();
        Self {
            files,
            skip,
            ..Self::default()
        }
    }

    /// Reads the next block, and says of which file it is. `None`: there is none.
    pub(crate) fn read<K: Key>(&mut self, block: &mut Vec<u8>) -> Disk<Option<DiskFile>> {
        loop {
            if self.open.is_none() {
                let Some(file) = self.files.pop() else {
                    return Ok(None);
                };
                self.open = Some((BlockReader::open(file.place.clone())?, file));
                self.seen = 0;
            }
            if let Some((reader, file)) = &mut self.open {
                if reader.read(block)? {
                    let mut count = 0;
                    for record in records::<K>(block) {
                        if record.is_none() {
                            return Err(reader.damaged());
                        }
                        count += 1;
                    }
                    self.seen += count;
                    if self.skip > 0 {
                        let left = self.skip.checked_sub(count);
                        self.skip = left.ok_or_else(|| reader.damaged())?;
                        continue;
                    }
                    return Ok(Some(file.place.file));
                }
                if self.seen != file.count {
                    return Err(reader.damaged());
                }
                self.done.push(file.clone());
                self.open = None;
            }
        }
    }

    /// States left to read.
    pub(crate) fn left(&self) -> u64 {
        let open = self.open.iter().map(|(_, file)| file.count);
        let all: u64 = self.files.iter().map(|file| file.count).chain(open).sum();
        let read = self.open.as_ref().map_or(0, |_| self.seen);
        all.saturating_sub(read + self.skip)
    }

    /// The files not read to their ends, and how many states of the first one have been read.
    pub(crate) fn rest(&self) -> (u64, Vec<&StatesFile>) {
        let open = self.open.as_ref().map(|(_, file)| file);
        let seen = if open.is_some() { self.seen } else { 0 };
        (
            seen + self.skip,
            open.into_iter().chain(self.files.iter().rev()).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_come_back_and_missing_ones_are_noticed() {
        let temporary = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(temporary.path().to_owned(), false).unwrap();
        let (mut writer, mut block) = (StatesWriter::default(), Block::default());
        for number in 0..5_000_u64 {
            block.push(number, |bytes| {
                bytes.extend(std::iter::repeat_n(7, number as usize % 9));
            });
            if block.is_full() {
                writer.write(&mut folder, &mut block).unwrap();
            }
        }
        writer.write(&mut folder, &mut block).unwrap();
        let file = writer.finish().unwrap();
        assert_eq!(file.count, 5_000);

        let mut reader = StatesReader::new(vec![file.clone()]);
        let (mut bytes, mut expected) = (Vec::new(), 0..5_000_u64);
        while reader.read::<u64>(&mut bytes).unwrap().is_some() {
            for record in records::<u64>(&bytes) {
                let number = expected.next().unwrap();
                let state = vec![7; number as usize % 9];
                assert_eq!(record, Some((number, &*state)));
            }
        }
        assert_eq!((expected.next(), reader.left()), (None, 0));

        // Whoever stopped after some blocks goes on there.
        let mut reader = StatesReader::new(vec![file.clone()]);
        reader.read::<u64>(&mut bytes).unwrap();
        reader.read::<u64>(&mut bytes).unwrap();
        let (seen, files) = reader.rest();
        let mut rest = StatesReader::after(seen, files.into_iter().cloned().collect());
        assert_eq!(rest.left(), 5_000 - seen);
        rest.read::<u64>(&mut bytes).unwrap();
        assert_eq!(
            records::<u64>(&bytes).next().flatten().map(|(key, _)| key),
            Some(seen)
        );
        assert_eq!(
            rest.left(),
            reader.left() - records::<u64>(&bytes).count() as u64
        );

        let more = StatesFile {
            count: 5_001,
            ..file
        };
        let mut reader = StatesReader::new(vec![more]);
        let fault = loop {
            match reader.read::<u64>(&mut bytes) {
                Ok(file) => assert!(file.is_some()),
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault.code, None);
    }
}
