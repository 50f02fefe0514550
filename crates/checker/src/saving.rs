//! When a run writes a checkpoint, and what it writes.

use std::borrow::Borrow;
use std::time::{Duration, Instant};

use crate::checkpoint::{Manifest, Subject, halves, write_dictionary};
use crate::folder::{Disk, Folder};
use crate::frontier::{Chunk, Frontier};
use crate::key::Key;
use crate::search::Target;
use crate::shared::{Arrival, Shared};
use crate::sorted::Run;
use crate::space::{Space, State};
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
pub(crate) struct Moment<'a, S, K> {
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
    pub(crate) frontier: &'a Frontier<S>,
    /// New states of the level being built, in memory.
    pub(crate) next: Vec<&'a Chunk<S>>,
    /// The same, on disk.
    pub(crate) next_files: &'a [StatesFile],
    /// What was generated and refused.
    pub(crate) pending: Vec<&'a Arrival<S, K>>,
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
    pub(crate) fn save<P, K>(
        &mut self,
        shared: &Shared<'_, P, K>,
        moment: &Moment<'_, State<P>, K>,
    ) -> Disk<()>
    where
        P: Space,
        K: Key,
    {
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
        let waiting = moment.frontier.chunks.iter().flatten();
        let waiting = waiting.flat_map(|chunk| chunk.packed(shared.space));
        let waiting = write_states::<P, K>(shared.space, folder, waiting)?;
        let next = moment
            .next
            .iter()
            .flat_map(|chunk| chunk.packed(shared.space));
        let next = write_states::<P, K>(shared.space, folder, next)?;
        let pending = moment.pending.iter().map(|arrival| &arrival.state);
        let pending = write_states::<P, K>(shared.space, folder, pending)?;
        let dictionary = write_dictionary(folder, &shared.space.dictionary())?;

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

/// Writes states to a file, if there are any.
fn write_states<P, K>(
    space: &P,
    folder: &mut Folder,
    states: impl Iterator<Item = impl Borrow<State<P>>>,
) -> Disk<Option<StatesFile>>
where
    P: Space,
    K: Key,
{
    let (mut writer, mut block) = (StatesWriter::default(), Block::default());
    for state in states {
        let state = state.borrow();
        let key = space.fingerprint::<K>(state);
        block.push(key, |bytes| space.write(state, bytes));
        if block.is_full() {
            writer.write(folder, &mut block)?;
        }
    }
    writer.write(folder, &mut block)?;
    Ok(writer.finish())
}
