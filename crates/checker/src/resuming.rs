//! Where a search begins: with the initial states, or where a checkpoint says.

use std::path::Path;

use crate::checkpoint::{Manifest, read_dictionary, states_file, whole};
use crate::error::Error;
use crate::expander::{Arrival, Expander, Slot, Source};
use crate::folder::{Disk, DiskFault, DiskFile, Place};
use crate::key::{Key, Parent};
use crate::line::OLD;
use crate::search::Target;
use crate::shared::Counted;
use crate::sorted::Run;
use crate::spill::{Spill, Tentative};
use crate::states::{Noted, StatesFile, StatesReader, records};
use crate::table::{Table, entries_in};

/// Where a search begins.
pub(crate) struct Start<'a, K> {
    pub(crate) counted: Counted,
    /// As [`Run::kinds`](crate::Run::kinds).
    pub(crate) kinds: Vec<u64>,
    /// As [`Run::out_degrees`](crate::Run::out_degrees).
    pub(crate) out_degrees: Vec<u64>,
    /// The level being built.
    pub(crate) level: u32,
    pub(crate) sizes: Vec<u64>,
    pub(crate) found: Vec<Option<Target<K>>>,
    pub(crate) best: Vec<Option<(u64, K)>>,
    /// States to expand.
    pub(crate) frontier: StatesReader,
    /// States of the level being built.
    pub(crate) next: Vec<StatesFile>,
    /// What was generated, and is to be looked up first.
    pub(crate) pending: Vec<Arrival<K>>,
    /// Who has it.
    pub(crate) expander: Box<dyn Expander<K> + 'a>,
}

impl<'a, K: Key> Start<'a, K> {
    /// With the initial states.
    pub(crate) fn initial(source: &'a dyn Source<K>) -> Result<Self, Error> {
        let mut expander = source.expander();
        let mut pending = Vec::new();
        let beyond = expander.begin(&mut pending);
        if pending.is_empty() {
            return Err(Error::NoInitialState);
        }
        let counted = Counted {
            generated: pending.len() as u64,
            beyond_boundary: beyond as u64,
            ..Counted::default()
        };
        let properties = source.properties().len();
        Ok(Self {
            counted,
            kinds: vec![0; source.kinds().len()],
            out_degrees: Vec::new(),
            level: 0,
            sizes: Vec::new(),
            found: vec![None; properties],
            best: vec![None; properties],
            frontier: StatesReader::default(),
            next: Vec::new(),
            pending,
            expander,
        })
    }
}

/// Goes on from a checkpoint whose files are in `folder`: in memory if there is room for it, else from disk.
pub(crate) fn resumed<'a, K: Key>(
    source: &'a dyn Source<K>,
    manifest: &Manifest,
    folder: &Path,
    table: &mut Table<K>,
    spill: Option<&Spill<K>>,
) -> Result<Start<'a, K>, Error> {
    let failed = |why: String| Error::Checkpoint {
        folder: folder.to_owned(),
        why,
    };
    let is_known = read_dictionary(folder, manifest.dictionary).map(|bytes| source.learn(&bytes));
    if !is_known.map_err(|fault| failed(fault.to_string()))? {
        return Err(failed(
            "the model does not know what its states are made of; do not resume".into(),
        ));
    }
    let resume = Resume { manifest, folder };
    resume
        .start(source.expander(), table, spill)
        .map_err(|fault| failed(fault.to_string()))
}

struct Resume<'a> {
    manifest: &'a Manifest,
    folder: &'a Path,
}

impl Resume<'_> {
    fn start<'a, K: Key>(
        &self,
        mut expander: Box<dyn Expander<K> + 'a>,
        table: &mut Table<K>,
        spill: Option<&Spill<K>>,
    ) -> Disk<Start<'a, K>> {
        let manifest = self.manifest;
        let mut pending = self.pending(&mut *expander)?;
        let runs = manifest.runs.iter().map(|noted| self.run(noted));
        let runs = runs.collect::<Disk<Vec<Run<K>>>>()?;
        let counted = manifest.counted.iter().map(|noted| self.run(noted)).next();
        let counted = counted.transpose()?;

        let batches = manifest.batches.iter().map(|(noted, _)| noted);
        let all = manifest.runs.iter().chain(&manifest.counted).chain(batches);
        let entries = all.map(|noted| noted.count).sum::<u64>();
        match spill.filter(|spill| entries > entries_in::<K>(spill.room().table)) {
            Some(spill) => {
                let mut files = spill.files();
                files.runs = runs;
                files.counted = counted;
                for (run, states) in &manifest.batches {
                    files.batches.push(self.run(run)?);
                    files.tentative.push(Tentative {
                        files: self.files(states),
                        ..Tentative::default()
                    });
                }
                drop(files);
                spill.go_external();
            }
            None => {
                for run in &runs {
                    load(table, run, OLD)?;
                }
                if let Some(run) = &counted {
                    load(table, run, OLD + 1)?;
                }
                for (run, states) in &manifest.batches {
                    pending.extend(self.tentative(&mut *expander, &self.run(run)?, states)?);
                }
                if let Some(spill) = spill {
                    let mut files = spill.files();
                    files.runs = runs;
                    files.saved = Some((0, OLD));
                }
            }
        }
        Ok(Start {
            counted: self.counts(),
            kinds: manifest.kinds.clone(),
            out_degrees: manifest.out_degrees.clone(),
            level: manifest.level,
            sizes: manifest.sizes.clone(),
            found: manifest
                .found
                .iter()
                .map(|found| {
                    found.map(|(key, level)| Target {
                        key: whole(key),
                        level,
                    })
                })
                .collect(),
            best: manifest
                .best
                .iter()
                .map(|best| best.map(|(oddity, key)| (oddity, whole(key))))
                .collect(),
            frontier: StatesReader::after(manifest.frontier_seen, self.files(&manifest.frontier)),
            next: self.files(&manifest.next),
            pending,
            expander,
        })
    }

    fn counts(&self) -> Counted {
        let manifest = self.manifest;
        let waiting = manifest.frontier.iter().chain(&manifest.next);
        let waiting: u64 = waiting.map(|noted| noted.count).sum();
        Counted {
            unique: manifest.unique,
            generated: manifest.generated,
            beyond_boundary: manifest.beyond_boundary,
            queue: waiting.saturating_sub(manifest.frontier_seen),
            depth: manifest.depth,
        }
    }

    fn run<K: Key>(&self, noted: &Noted) -> Disk<Run<K>> {
        let place = Place::of(self.folder, DiskFile::Run(noted.number));
        Run::open(place, noted.count)
    }

    fn files(&self, noted: &[Noted]) -> Vec<StatesFile> {
        let file = |noted| states_file(self.folder, noted);
        noted.iter().map(file).collect()
    }

    /// Takes in the states of files.
    fn states<K: Key>(
        &self,
        expander: &mut dyn Expander<K>,
        noted: &[Noted],
    ) -> Disk<Vec<(K, Slot)>> {
        let mut reader = StatesReader::new(self.files(noted));
        let (mut block, mut states) = (Vec::new(), Vec::new());
        while let Some(file) = reader.read::<K>(&mut block)? {
            for (key, bytes) in records::<K>(&block).flatten() {
                let slot = expander.read(bytes);
                states.push((key, slot.ok_or_else(|| DiskFault::damaged(file))?));
            }
        }
        Ok(states)
    }

    /// What was refused.
    fn pending<K: Key>(&self, expander: &mut dyn Expander<K>) -> Disk<Vec<Arrival<K>>> {
        let states = self.states(expander, &self.manifest.pending)?;
        let parents = &self.manifest.pending_parents;
        let arrivals = states.into_iter().zip(parents);
        Ok(arrivals
            .map(|((key, slot), &parent)| Arrival { key, parent, slot })
            .collect())
    }

    /// The states of a batch, which are not told from old ones so far.
    fn tentative<K: Key>(
        &self,
        expander: &mut dyn Expander<K>,
        run: &Run<K>,
        states: &[Noted],
    ) -> Disk<Vec<Arrival<K>>> {
        let mut parents: Vec<(K, Parent)> = Vec::new();
        let mut cursor = run.cursor()?;
        while let Some(record) = cursor.next()? {
            parents.push(record);
        }
        let arrive = |(key, slot)| {
            let at = parents.binary_search_by_key(&key, |&(key, _)| key);
            let (_, parent) = at.ok().map(|at| parents[at])?;
            Some(Arrival { key, parent, slot })
        };
        let states = self.states(expander, states)?;
        let arrivals: Option<Vec<_>> = states.into_iter().map(arrive).collect();
        arrivals.ok_or_else(|| DiskFault::damaged(run.place.file))
    }
}

fn load<K: Key>(table: &mut Table<K>, run: &Run<K>, tag: u8) -> Disk<()> {
    let mut cursor = run.cursor()?;
    while let Some((key, parent)) = cursor.next()? {
        table.restore(key, parent, tag);
    }
    Ok(())
}
