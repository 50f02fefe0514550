//! Files of blocks: each with its length and a checksum, so that damage is noticed.

use std::fs::File;
use std::hash::Hasher;
use std::io::{Read, Seek, SeekFrom, Write};

use rapidhash::quality::RapidHasher;

use crate::folder::{Disk, DiskFault, DiskStep, Place};

/// The length and the checksum before a block.
const HEAD_BYTES: usize = 12;
/// No block is longer.
const BLOCK_BYTES_MAX: u32 = 1 << 28;

/// The checksum of a block. It guards against accidents, not against people.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = RapidHasher::new(0x626c_6f63_6b73);
    hasher.write(bytes);
    hasher.finish()
}

/// A file being written.
#[derive(Debug)]
pub(crate) struct BlockWriter {
    place: Place,
    file: File,
    frame: Vec<u8>,
}

impl BlockWriter {
    pub(crate) fn create(place: Place) -> Disk<Self> {
        let file = place.create()?;
        Ok(Self {
            place,
            file,
            frame: Vec::new(),
        })
    }

    /// Appends a block.
    pub(crate) fn write(&mut self, block: &[u8]) -> Disk<()> {
        let length = u32::try_from(block.len()).expect("a block is far shorter");
        self.frame.clear();
        self.frame.extend_from_slice(&length.to_le_bytes());
        self.frame.extend_from_slice(&checksum(block).to_le_bytes());
        self.frame.extend_from_slice(block);
        self.file
            .write_all(&self.frame)
            .map_err(self.place.fault(DiskStep::Write))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Makes sure that what was written survives a crash.
    pub(crate) fn flush(&self) -> Disk<()> {
        flush(&self.place, &self.file)
    }
}

fn flush(place: &Place, file: &File) -> Disk<()> {
    file.sync_all().map_err(place.fault(DiskStep::Flush))
}

/// A file being read.
#[derive(Debug)]
pub(crate) struct BlockReader {
    place: Place,
    file: File,
    /// What is left of it.
    left: u64,
}

impl BlockReader {
    pub(crate) fn open(place: Place) -> Disk<Self> {
        let file = place.open()?;
        let left = file.metadata().map_err(place.fault(DiskStep::Read))?.len();
        Ok(Self { place, file, left })
    }

    /// Reads the next block into `block`. `false`: there is none.
    pub(crate) fn read(&mut self, block: &mut Vec<u8>) -> Disk<bool> {
        block.clear();
        if self.left == 0 {
            return Ok(false);
        }
        let mut head = [0; HEAD_BYTES];
        self.fill(&mut head)?;
        let (length, sum) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().expect("four bytes"));
        let sum = u64::from_le_bytes(sum.try_into().expect("eight bytes"));
        if length > BLOCK_BYTES_MAX || u64::from(length) > self.left {
            return Err(self.damaged());
        }
        block.resize(length as usize, 0);
        self.fill(block)?;
        if checksum(block) == sum {
            Ok(true)
        } else {
            Err(self.damaged())
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Disk<()> {
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| self.damaged())?;
        self.file
            .read_exact(bytes)
            .map_err(self.place.fault(DiskStep::Read))
    }

    /// Goes to the block of this number in a file whose blocks before it all have so many bytes.
    pub(crate) fn seek(&mut self, number: u64, block_bytes: usize) -> Disk<()> {
        let length = self
            .file
            .metadata()
            .map_err(self.place.fault(DiskStep::Read))?
            .len();
        let at = number * (block_bytes + HEAD_BYTES) as u64;
        self.file
            .seek(SeekFrom::Start(at))
            .map_err(self.place.fault(DiskStep::Read))?;
        self.left = length.saturating_sub(at);
        Ok(())
    }

    pub(crate) fn damaged(&self) -> DiskFault {
        DiskFault::damaged(self.place.file)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::folder::DiskFile;

    #[test]
    fn every_damaged_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(folder.path(), DiskFile::Run(0));
        let mut writer = BlockWriter::create(place.clone()).unwrap();
        writer.write(b"some").unwrap();
        writer.write(b"bytes").unwrap();
        writer.flush().unwrap();
        let read = || -> Disk<Vec<Vec<u8>>> {
            let mut reader = BlockReader::open(place.clone())?;
            let (mut block, mut blocks) = (Vec::new(), Vec::new());
            while reader.read(&mut block)? {
                blocks.push(block.clone());
            }
            Ok(blocks)
        };
        assert_eq!(read(), Ok(vec![b"some".to_vec(), b"bytes".to_vec()]));

        let whole = fs::read(&place.path).unwrap();
        for index in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[index] ^= 0x10;
            fs::write(&place.path, damaged).unwrap();
            assert_eq!(read().unwrap_err().code, None, "byte {index}");
        }
        // Cut between two blocks it is a shorter file: whoever reads it knows how many there have to be.
        for length in (1..whole.len()).filter(|&length| length != HEAD_BYTES + 4) {
            fs::write(&place.path, &whole[..length]).unwrap();
            assert_eq!(read().unwrap_err().code, None, "{length} bytes");
        }
    }
}
