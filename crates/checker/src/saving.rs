//! When a run writes a checkpoint, and what it writes.

use std::time::{Duration, Instant};

use crate::checkpoint::{Manifest, Subject, halves, write_dictionary};
use crate::expander::{Arrival, Expander};
use crate::folder::{Disk, Folder};
use crate::frontier::{Chunk, Frontier};
use crate::key::Key;
use crate::search::Target;
use crate::shared::Shared;
use crate::sorted::Run;
use crate::spill::write_table;
use crate::states::{Block, Noted, StatesFile, StatesWriter};

/// What part of the time may be spent on checkpoints: one in so many.
const TIME_SHARE: u32 = 5;

/// Writes checkpoints.
pub(crate) struct Saver {
    subject: Subject,
    every: Duration,
    /// When the next one is due. `None`: at once.
    due: Option<Instant>,
}

/// Where a search has got to.
pub(crate) struct Moment<'a, K> {
    /// The level being built.
    pub(crate) level: u32,
    /// Whether nothing of that level is in the table so far.
    pub(crate) is_between: bool,
    pub(crate) found: &'a [Option<Target<K>>],
    /// The best ends found on the level being built.
    pub(crate) best: Vec<Option<(u64, K)>>,
    /// New states of each level before the one being built.
    pub(crate) sizes: &'a [u64],
    /// States to expand.
    pub(crate) frontier: &'a Frontier,
    /// New states of the level being built, in memory.
    pub(crate) next: Vec<&'a Chunk>,
    /// The same, on disk.
    pub(crate) next_files: &'a [StatesFile],
    /// What was generated and refused, by who has it.
    pub(crate) pending: Vec<(&'a dyn Expander<K>, &'a [Arrival<K>])>,
}

impl Saver {
    pub(crate) fn new(subject: Subject, every: Duration) -> Self {
        Self {
            subject,
            every,
            due: None,
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.due.is_none_or(|due| Instant::now() >= due)
    }

    /// Writes a checkpoint into the folder of the run.
    pub(crate) fn save<K: Key>(
        &mut self,
        shared: &Shared<'_, K>,
        moment: &Moment<'_, K>,
    ) -> Disk<()> {
        let Some(spill) = shared.spill else {
            return Ok(());
        };
        let begun = Instant::now();
        let mut table = shared.table.write();
        let mut of_level = None;
        if !spill.is_external() {
            let files = &mut *spill.files();
            let (_, tag) = table.epoch();
            if moment.is_between {
                files.save_table(&table, tag)?;
            } else {
                files.save_table(&table, tag - 1)?;
                of_level = write_table(&mut files.folder, &table, |entry| entry == tag)?;
            }
        } else if !moment.is_between {
            spill.flush(&mut table)?;
        }
        drop(table);

        let files = &mut *spill.files();
        let folder = &mut files.folder;
        let expander = &*shared.source.expander();
        let waiting = moment.frontier.chunks.iter().flatten();
        let waiting = write_chunks(expander, folder, waiting)?;
        let next = write_chunks(expander, folder, moment.next.iter().copied())?;
        let mut refused = Writing::new(folder);
        for (expander, arrivals) in &moment.pending {
            for arrival in *arrivals {
                let written = |bytes: &mut Vec<u8>| expander.write(arrival.slot, bytes);
                refused.push(arrival.key, written)?;
            }
        }
        let pending = refused.finish()?;
        let dictionary = write_dictionary(folder, &shared.source.dictionary())?;

        let (frontier_seen, frontier) = moment.frontier.files.rest();
        let mut batches = Vec::new();
        for (run, tentative) in files.batches.iter().zip(&mut files.tentative) {
            tentative.files.extend(tentative.writer.finish());
            batches.push((noted_run(run), noted_states(&tentative.files)));
        }
        let counts = shared.counts.loaded();
        let manifest = Manifest {
            subject: self.subject.clone(),
            unique: counts.unique,
            generated: counts.generated,
            beyond_boundary: counts.beyond_boundary,
            depth: counts.depth,
            kinds: shared.counts.kinds(),
            out_degrees: shared.counts.out_degrees(),
            level: moment.level,
            sizes: moment.sizes.to_vec(),
            found: moment
                .found
                .iter()
                .map(|found| found.map(|target| (halves(target.key), target.level)))
                .collect(),
            best: moment
                .best
                .iter()
                .map(|best| best.map(|(oddity, key)| (oddity, halves(key))))
                .collect(),
            // The file that has been begun is the first one.
            frontier: noted_states(frontier.into_iter().chain(&waiting)),
            frontier_seen,
            next: noted_states(moment.next_files.iter().chain(&next)),
            runs: files.runs.iter().map(noted_run).collect(),
            counted: of_level.as_ref().or(files.counted.as_ref()).map(noted_run),
            batches,
            pending: noted_states(&pending),
            pending_parents: moment
                .pending
                .iter()
                .flat_map(|(_, arrivals)| arrivals.iter())
                .map(|arrival| arrival.parent)
                .collect(),
            dictionary: Noted::of(&dictionary, 1),
        };
        manifest.publish(&files.folder)?;
        let now = Instant::now();
        self.due = Some(now + self.every.max((now - begun) * (TIME_SHARE - 1)));
        Ok(())
    }
}

fn noted_run<K>(run: &Run<K>) -> Noted {
    Noted::of(&run.place, run.count)
}

fn noted_states<'a>(files: impl IntoIterator<Item = &'a StatesFile>) -> Vec<Noted> {
    files
        .into_iter()
        .map(|file| Noted::of(&file.place, file.count))
        .collect()
}

/// States being written to a file, if there are any.
struct Writing<'a> {
    folder: &'a mut Folder,
    writer: StatesWriter,
    block: Block,
}

impl<'a> Writing<'a> {
    fn new(folder: &'a mut Folder) -> Self {
        Self {
            folder,
            writer: StatesWriter::default(),
            block: Block::default(),
        }
    }

    fn push<K: Key>(&mut self, key: K, write: impl FnOnce(&mut Vec<u8>)) -> Disk<()> {
        self.block.push(key, write);
        if self.block.is_full() {
            self.writer.write(self.folder, &mut self.block)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Disk<Option<StatesFile>> {
        self.writer.write(self.folder, &mut self.block)?;
        Ok(self.writer.finish())
    }
}

/// Writes the states of chunks to a file.
fn write_chunks<'a, K: Key>(
    expander: &dyn Expander<K>,
    folder: &mut Folder,
    chunks: impl Iterator<Item = &'a Chunk>,
) -> Disk<Option<StatesFile>> {
    let mut writing = Writing::new(folder);
    let mut written = Ok(());
    for chunk in chunks {
        chunk.for_each_packed(|bytes| {
            if written.is_ok() {
                let key = expander.key(bytes).expect("a state reads what it wrote");
                written = writing.push(key, |to| to.extend_from_slice(bytes));
            }
        });
    }
    written?;
    writing.finish()
}
