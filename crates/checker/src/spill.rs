//! What goes to disk when memory is short: breadth-first search with delayed detection of duplicates (Munagala
//! and Ranade, "I/O-complexity of graph algorithms", 1999; Korf, "Delayed duplicate detection", 2004).
//!
//! Once the table may not grow any more, what it holds is written as a sorted run and it starts empty. From
//! then on it knows only what it has seen since: what is new to it is *tentative*, and its state goes to a
//! file. Each time the table is full it is written as a *batch*. At the end of a level the batches are merged,
//! and held against the runs: what is in none of them is new. Parents are the smallest of all batches, so
//! the result is that of a search in memory.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::folder::{Disk, Folder, Place};
use crate::key::{Key, Parent};
use crate::line::Tag;
use crate::sorted::{Lookup, Run, RunWriter, merged};
use crate::states::{Block, StatesFile, StatesWriter};
use crate::table::Table;
use crate::trace::Ancestry;

/// How much memory may be used for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Bytes of the table.
    pub(crate) table: u64,
    /// Bytes of states waiting to be expanded.
    pub(crate) frontier: u64,
}

impl Room {
    pub(crate) const UNLIMITED: Self = Self {
        table: u64::MAX,
        frontier: u64::MAX,
    };

    /// Of so many bytes: the rest is for what is being read, written and sorted.
    pub(crate) fn of(bytes: u64) -> Self {
        Self {
            table: bytes / 100 * 45,
            frontier: bytes / 100 * 20,
        }
    }
}

/// The files of a run.
#[derive(Debug)]
pub(crate) struct Files<K> {
    pub(crate) folder: Folder,
    /// What was seen on earlier levels, in runs without common fingerprints. Used when the table does not hold it.
    pub(crate) runs: Vec<Run<K>>,
    /// States of the level being built that were found and counted while the table held everything.
    pub(crate) counted: Option<Run<K>>,
    /// Batches of the level being built, see above.
    pub(crate) batches: Vec<Run<K>>,
    /// The states of each batch, and of the one that the table holds.
    pub(crate) tentative: Vec<Tentative>,
    /// States of the next frontier for which there was no room in memory.
    next: StatesWriter,
    /// Up to which epoch of the table the runs have what is in it. `None`: they have nothing of it.
    pub(crate) saved: Option<(u32, Tag)>,
}

/// The states of one batch.
#[derive(Debug, Default)]
pub(crate) struct Tentative {
    /// Files of a checkpoint.
    pub(crate) files: Vec<StatesFile>,
    pub(crate) writer: StatesWriter,
}

/// What was found to be new of a batch: its fingerprints, and the states of the whole batch.
pub(crate) struct Survivors<K> {
    pub(crate) keys: Run<K>,
    pub(crate) states: Vec<StatesFile>,
}

/// What goes to disk, shared by all workers.
#[derive(Debug)]
pub(crate) struct Spill<K> {
    files: Mutex<Files<K>>,
    room: Room,
    /// Whether the table no longer holds everything. Changes only while nobody reads the table.
    is_external: AtomicBool,
    /// The number of the batch that the table holds. Changes only while nobody reads the table.
    batch: AtomicUsize,
    /// Bytes of the states that wait in memory.
    waiting: AtomicU64,
}

impl<K: Key> Spill<K> {
    pub(crate) fn new(folder: Folder, room: Room) -> Self {
        Self {
            files: Mutex::new(Files {
                folder,
                runs: Vec::new(),
                counted: None,
                batches: Vec::new(),
                tentative: Vec::new(),
                next: StatesWriter::default(),
                saved: None,
            }),
            room,
            is_external: AtomicBool::new(false),
            batch: AtomicUsize::new(0),
            waiting: AtomicU64::new(0),
        }
    }

    pub(crate) fn files(&self) -> parking_lot::MutexGuard<'_, Files<K>> {
        self.files.lock()
    }

    pub(crate) fn room(&self) -> Room {
        self.room
    }

    pub(crate) fn is_external(&self) -> bool {
        self.is_external.load(Ordering::Relaxed)
    }

    /// From here on the table does not hold everything.
    pub(crate) fn go_external(&self) {
        self.is_external.store(true, Ordering::Relaxed);
        self.batch
            .store(self.files().batches.len(), Ordering::Relaxed);
    }

    /// The number of the batch that the table holds. `None`: it holds everything.
    pub(crate) fn batch(&self) -> Option<usize> {
        self.is_external()
            .then(|| self.batch.load(Ordering::Relaxed))
    }

    /// Whether the table may grow to so many bytes.
    pub(crate) fn may_grow_to(&self, bytes: u64) -> bool {
        bytes <= self.room.table
    }

    /// Counts states that wait in memory. `false`: there is no room for them.
    pub(crate) fn may_wait(&self, bytes: u64) -> bool {
        let before = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        let is_room = before + bytes <= self.room.frontier;
        if !is_room {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_room
    }

    /// States no longer wait.
    pub(crate) fn expanded(&self, bytes: u64) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// States of the next frontier.
    pub(crate) fn write_next(&self, block: &mut Block) -> Disk<()> {
        if block.count == 0 {
            return Ok(());
        }
        let files = &mut *self.files();
        files.next.write(&mut files.folder, block)
    }

    /// States of a batch.
    pub(crate) fn write_tentative(&self, batch: usize, block: &mut Block) -> Disk<()> {
        if block.count == 0 {
            return Ok(());
        }
        let files = &mut *self.files();
        if files.tentative.len() <= batch {
            files.tentative.resize_with(batch + 1, Tentative::default);
        }
        files.tentative[batch]
            .writer
            .write(&mut files.folder, block)
    }

    /// The next frontier, as far as it went to disk since this was asked last.
    pub(crate) fn take_next(&self) -> Option<StatesFile> {
        self.files().next.finish()
    }

    /// Writes what the table holds, and empties it.
    pub(crate) fn flush(&self, table: &mut Table<K>) -> Disk<()> {
        if self.is_external() {
            let files = &mut *self.files();
            let batch = write_table(&mut files.folder, table, |_| true)?;
            files.batches.extend(batch);
            self.batch.store(files.batches.len(), Ordering::Relaxed);
        } else {
            {
                let files = &mut *self.files();
                let (_, tag) = table.epoch();
                files.save_table(table, tag - 1)?;
                files.counted = write_table(&mut files.folder, table, |entry| entry == tag)?;
            }
            self.go_external();
        }
        table.clear();
        Ok(())
    }

    /// Writes what the table holds as the last batch of a level, and says how many tentative states there are.
    pub(crate) fn flush_batch(&self, table: &mut Table<K>) -> Disk<u64> {
        self.flush(table)?;
        Ok(self.files().batches.iter().map(|batch| batch.count).sum())
    }

    /// Ends a level: makes it a run, and gives what is new by it, batch by batch.
    pub(crate) fn settle(&self) -> Disk<Vec<Survivors<K>>> {
        let files = &mut *self.files();
        let (level, keys) = new_of(
            &mut files.folder,
            &files.runs,
            files.counted.as_ref(),
            &files.batches,
        )?;
        files.push_run(Some(level))?;
        let batches = std::mem::take(&mut files.batches);
        let counted = files.counted.take();
        for run in batches.iter().chain(&counted) {
            files.folder.discard(&run.place);
        }
        self.batch.store(0, Ordering::Relaxed);
        let tentative = std::mem::take(&mut files.tentative);
        let states = tentative.into_iter().map(|mut tentative| {
            let last = tentative.writer.finish();
            tentative.files.into_iter().chain(last).collect()
        });
        Ok(keys
            .into_iter()
            .zip(states)
            .map(|(keys, states)| Survivors { keys, states })
            .collect())
    }

    /// Removes what is no longer needed.
    pub(crate) fn discard<'a>(&self, places: impl IntoIterator<Item = &'a Place>) {
        let files = self.files();
        places
            .into_iter()
            .for_each(|place| files.folder.discard(place));
    }
}

impl<K: Key> Files<K> {
    /// Makes runs of what a table that holds everything has and they do not, up to the levels of this tag.
    pub(crate) fn save_table(&mut self, table: &Table<K>, last: Tag) -> Disk<()> {
        let (ages, _) = table.epoch();
        let from = match self.saved {
            Some((saved_ages, tag)) if saved_ages == ages => tag,
            // What the runs have is no longer told from the rest.
            Some(_) | None => {
                for run in self.runs.drain(..) {
                    self.folder.discard(&run.place);
                }
                0
            }
        };
        let run = write_table(&mut self.folder, table, |tag| tag > from && tag <= last)?;
        self.push_run(run)?;
        self.saved = Some((ages, last));
        Ok(())
    }

    fn push_run(&mut self, run: Option<Run<K>>) -> Disk<()> {
        match run {
            Some(run) if run.count > 0 => self.runs.push(run),
            Some(empty) => self.folder.discard(&empty.place),
            None => {}
        }
        self.merge_runs()
    }

    /// Keeps the number of runs small: each is at least twice as long as the next, so a fingerprint is
    /// written again once for each doubling of their number.
    fn merge_runs(&mut self) -> Disk<()> {
        while let [.., before, last] = self.runs.as_slice()
            && before.count < 2 * last.count
        {
            let whole = merged(&mut self.folder, &self.runs[self.runs.len() - 2..])?;
            for run in self.runs.drain(self.runs.len() - 2..) {
                self.folder.discard(&run.place);
            }
            self.runs.push(whole);
        }
        Ok(())
    }
}

/// Writes the entries of a table whose tags are wanted; `None` if there are none.
pub(crate) fn write_table<K: Key>(
    folder: &mut Folder,
    table: &Table<K>,
    is_wanted: impl Fn(Tag) -> bool,
) -> Disk<Option<Run<K>>> {
    let mut writer = None;
    for entries in table.sorted() {
        for entry in entries.into_iter().filter(|entry| is_wanted(entry.tag)) {
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(RunWriter::create(folder)?),
            };
            writer.push(entry.key, entry.parent)?;
        }
    }
    writer.map(RunWriter::finish).transpose()
}

/// Merges the batches of a level and what was counted already, and leaves out what the runs have: the level, with
/// the smallest parents, and what was not counted, by the first batch that has it.
fn new_of<K: Key>(
    folder: &mut Folder,
    runs: &[Run<K>],
    counted: Option<&Run<K>>,
    batches: &[Run<K>],
) -> Disk<(Run<K>, Vec<Run<K>>)> {
    let mut level = RunWriter::create(folder)?;
    let mut keys = batches
        .iter()
        .map(|_| RunWriter::create(folder))
        .collect::<Disk<Vec<_>>>()?;
    let mut old = runs.iter().map(Lookup::new).collect::<Disk<Vec<_>>>()?;
    let mut cursors = batches
        .iter()
        .chain(counted)
        .map(Run::cursor)
        .collect::<Disk<Vec<_>>>()?;
    let mut heads = cursors
        .iter_mut()
        .map(|cursor| cursor.next())
        .collect::<Disk<Vec<Option<(K, Parent)>>>>()?;
    while let Some(key) = heads.iter().flatten().map(|&(key, _)| key).min() {
        let (mut parent, mut is_counted, mut first) = (Parent::MAX, false, None);
        for (index, head) in heads.iter_mut().enumerate() {
            if let Some((own, own_parent)) = *head
                && own == key
            {
                parent = parent.min(own_parent);
                first.get_or_insert(index);
                is_counted |= index == batches.len();
                *head = cursors[index].next()?;
            }
        }
        let mut is_old = false;
        if !is_counted {
            for run in &mut old {
                is_old |= run.contains(key)?;
            }
        }
        if is_old {
            continue;
        }
        level.push(key, parent)?;
        if let (Some(first), false) = (first, is_counted) {
            keys[first].push(key, 0)?;
        }
    }
    let keys = keys
        .into_iter()
        .map(RunWriter::finish)
        .collect::<Disk<Vec<_>>>()?;
    Ok((level.finish()?, keys))
}

/// Where all that was seen is: in the table, or in runs.
pub(crate) struct SeenIn<'a, K> {
    pub(crate) table: &'a Table<K>,
    pub(crate) spill: Option<&'a Spill<K>>,
}

impl<K: Key> Ancestry<K> for SeenIn<'_, K> {
    fn starting_with(&self, wanted: Parent) -> Disk<Vec<(K, Parent)>> {
        let Some(spill) = self.spill.filter(|spill| spill.is_external()) else {
            return self.table.starting_with(wanted);
        };
        let files = spill.files();
        let mut found = Vec::new();
        for run in files.runs.iter().chain(&files.counted) {
            found.extend(run.starting_with(wanted)?);
        }
        found.sort_unstable();
        Ok(found)
    }
}
