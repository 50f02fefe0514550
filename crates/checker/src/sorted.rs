//! Fingerprints with their parents in a file, sorted: a run, as merge sort has it.

use crate::blocks::{BlockReader, BlockWriter};
use crate::folder::{Disk, DiskFile, Folder, Place};
use crate::key::{Key, PARENT_BITS, Parent};

/// Records in a block, so that one takes a few thousand bytes.
const BLOCK_RECORDS: usize = 512;
const PARENT_BYTES: usize = (PARENT_BITS / 8) as usize;

const fn record_bytes<K: Key>() -> usize {
    K::BYTES + PARENT_BYTES
}

/// A run, whole and closed.
#[derive(Clone, Debug)]
pub(crate) struct Run<K> {
    pub(crate) place: Place,
    pub(crate) count: u64,
    /// The first fingerprint of each block: a thousandth of the file, kept in memory.
    index: Vec<K>,
}

/// A run being written.
pub(crate) struct RunWriter<K> {
    writer: BlockWriter,
    block: Vec<u8>,
    run: Run<K>,
}

impl<K: Key> RunWriter<K> {
    pub(crate) fn create(folder: &mut Folder) -> Disk<Self> {
        let place = folder.name(DiskFile::Run);
        Ok(Self {
            writer: BlockWriter::create(place.clone())?,
            block: Vec::with_capacity(BLOCK_RECORDS * record_bytes::<K>()),
            run: Run {
                place,
                count: 0,
                index: Vec::new(),
            },
        })
    }

    /// Appends a fingerprint, greater than all before it.
    pub(crate) fn push(&mut self, key: K, parent: Parent) -> Disk<()> {
        if self.block.is_empty() {
            self.run.index.push(key);
        }
        key.put(&mut self.block);
        let bytes = parent.to_le_bytes();
        self.block.extend_from_slice(&bytes[..PARENT_BYTES]);
        self.run.count += 1;
        if self.block.len() == BLOCK_RECORDS * record_bytes::<K>() {
            self.writer.write(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Disk<Run<K>> {
        if !self.block.is_empty() {
            self.writer.write(&self.block)?;
        }
        Ok(self.run)
    }
}

impl<K: Key> Run<K> {
    /// A run of a checkpoint, read once from end to end.
    pub(crate) fn open(place: Place, count: u64) -> Disk<Self> {
        let mut run = Self {
            place,
            count,
            index: Vec::new(),
        };
        let mut cursor = run.cursor()?;
        let mut seen = 0;
        while let Some((key, _)) = cursor.next()? {
            if seen % BLOCK_RECORDS as u64 == 0 {
                run.index.push(key);
            }
            seen += 1;
        }
        if seen == count {
            Ok(run)
        } else {
            Err(cursor.reader.damaged())
        }
    }

    /// Reads from the start.
    pub(crate) fn cursor(&self) -> Disk<Cursor<K>> {
        Ok(Cursor {
            reader: BlockReader::open(self.place.clone())?,
            block: Vec::new(),
            at: 0,
            next_block: 0,
            key: std::marker::PhantomData,
        })
    }

    /// The number of the block that a fingerprint would be in.
    fn block_of(&self, key: K) -> u64 {
        self.index.partition_point(|&first| first <= key).max(1) as u64 - 1
    }

    /// All fingerprints that begin so, with their parents.
    pub(crate) fn starting_with(&self, wanted: Parent) -> Disk<Vec<(K, Parent)>> {
        let least = K::join(wanted << (64 - PARENT_BITS), 0);
        let mut cursor = self.cursor()?;
        cursor.seek(self.block_of(least))?;
        let mut found = Vec::new();
        while let Some((key, parent)) = cursor.next()? {
            if key.as_parent() > wanted {
                break;
            }
            if key.as_parent() == wanted {
                found.push((key, parent));
            }
        }
        Ok(found)
    }
}

/// A run being read.
pub(crate) struct Cursor<K> {
    reader: BlockReader,
    block: Vec<u8>,
    at: usize,
    /// The number of the block that is read next.
    next_block: u64,
    key: std::marker::PhantomData<K>,
}

impl<K: Key> Cursor<K> {
    pub(crate) fn next(&mut self) -> Disk<Option<(K, Parent)>> {
        if self.at == self.block.len() && !self.read_block()? {
            return Ok(None);
        }
        let record = &self.block[self.at..self.at + record_bytes::<K>()];
        self.at += record_bytes::<K>();
        let (key, parent) = record.split_at(K::BYTES);
        let mut bytes = [0; 8];
        bytes[..PARENT_BYTES].copy_from_slice(parent);
        Ok(Some((K::get(key), Parent::from_le_bytes(bytes))))
    }

    fn read_block(&mut self) -> Disk<bool> {
        self.at = 0;
        self.next_block += 1;
        if !self.reader.read(&mut self.block)? {
            return Ok(false);
        }
        if self.block.is_empty() || !self.block.len().is_multiple_of(record_bytes::<K>()) {
            return Err(self.reader.damaged());
        }
        Ok(true)
    }

    fn seek(&mut self, block: u64) -> Disk<()> {
        self.reader
            .seek(block, BLOCK_RECORDS * record_bytes::<K>())?;
        self.block.clear();
        self.at = 0;
        self.next_block = block;
        Ok(())
    }
}

/// A run that is asked for fingerprints in ascending order, of which it reads the blocks that matter.
pub(crate) struct Lookup<'a, K> {
    run: &'a Run<K>,
    cursor: Cursor<K>,
    /// The fingerprint that was read last.
    last: Option<K>,
}

impl<'a, K: Key> Lookup<'a, K> {
    pub(crate) fn new(run: &'a Run<K>) -> Disk<Self> {
        Ok(Self {
            run,
            cursor: run.cursor()?,
            last: None,
        })
    }

    /// Whether the run has this fingerprint, which is greater than those before.
    pub(crate) fn contains(&mut self, key: K) -> Disk<bool> {
        let block = self.run.block_of(key);
        if block >= self.cursor.next_block {
            self.cursor.seek(block)?;
            self.last = None;
        }
        while self.last.is_none_or(|last| last < key) {
            let Some((next, _)) = self.cursor.next()? else {
                break;
            };
            self.last = Some(next);
        }
        Ok(self.last == Some(key))
    }
}

/// Runs into one, of fingerprints that are in one of them only.
pub(crate) fn merged<K: Key>(folder: &mut Folder, runs: &[Run<K>]) -> Disk<Run<K>> {
    let mut writer = RunWriter::create(folder)?;
    let mut cursors = runs.iter().map(Run::cursor).collect::<Disk<Vec<_>>>()?;
    let mut heads = cursors
        .iter_mut()
        .map(Cursor::next)
        .collect::<Disk<Vec<_>>>()?;
    while let Some((index, (key, parent))) = heads
        .iter()
        .enumerate()
        .filter_map(|(index, head)| head.map(|head| (index, head)))
        .min_by_key(|&(_, (key, _))| key)
    {
        writer.push(key, parent)?;
        heads[index] = cursors[index].next()?;
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_searched_and_merged() {
        let temporary = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(temporary.path().to_owned(), false).unwrap();
        let key = |number: u64| number << 30 | number;
        let mut runs = Vec::new();
        for start in 0..3 {
            let mut writer = RunWriter::create(&mut folder).unwrap();
            for number in (start..6_000).step_by(3) {
                writer.push(key(number), number).unwrap();
            }
            runs.push(writer.finish().unwrap());
        }
        assert_eq!(runs[0].count, 2_000);
        assert_eq!(
            Run::<u64>::open(runs[0].place.clone(), 2_000)
                .unwrap()
                .index,
            runs[0].index
        );
        assert!(Run::<u64>::open(runs[0].place.clone(), 1_999).is_err());

        for step in [1, 7, 1_000] {
            let mut lookup = Lookup::new(&runs[0]).unwrap();
            for number in (0..6_010).step_by(step) {
                let is_there = number % 3 == 0 && number < 6_000;
                assert_eq!(lookup.contains(key(number)).unwrap(), is_there, "{number}");
            }
        }
        let whole = merged(&mut folder, &runs).unwrap();
        let mut cursor = whole.cursor().unwrap();
        for number in 0..6_000 {
            assert_eq!(cursor.next().unwrap(), Some((key(number), number)));
        }
        assert_eq!(cursor.next().unwrap(), None);
        for number in 0..6_000 {
            let found = whole.starting_with(key(number).as_parent()).unwrap();
            assert!(found.contains(&(key(number), number)));
        }
    }
}
