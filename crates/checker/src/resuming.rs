//! Where a search begins: with the initial states, or where a checkpoint says.

use std::path::Path;

use stateright::Model;

use crate::checkpoint::{Manifest, read_dictionary, states_file, whole};
use crate::error::Error;
use crate::folder::{Disk, DiskFault, DiskFile, Place};
use crate::key::{Key, Parent};
use crate::line::OLD;
use crate::search::Target;
use crate::shared::{Arrival, Counted};
use crate::sorted::Run;
use crate::space::{Space, State};
use crate::spill::{Spill, Tentative};
use crate::states::{Noted, StatesFile, StatesReader, records};
use crate::table::{Table, entries_in};

/// Where a search begins.
pub(crate) struct Start<S, K> {
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
    pub(crate) pending: Vec<Arrival<S, K>>,
}

impl<S, K: Key> Start<S, K> {
    /// With the initial states within the boundary, pruned, in the model's order, with repeats.
    pub(crate) fn initial<P>(space: &P, properties: usize) -> Result<Self, Error>
    where
        P: Space,
        P::Model: Model<State = S>,
    {
        let model = space.model();
        let mut states = model.init_states();
        let all = states.len();
        states.retain(|state| model.within_boundary(state));
        if states.is_empty() {
            return Err(Error::NoInitialState);
        }
        let counted = Counted {
            generated: states.len() as u64,
            beyond_boundary: (all - states.len()) as u64,
            ..Counted::default()
        };
        let arrive = |mut state: S| {
            space.prune(&mut state);
            Arrival {
                key: space.fingerprint(&state),
                parent: 0,
                state,
            }
        };
        Ok(Self {
            counted,
            kinds: vec![0; space.kinds().len()],
            out_degrees: Vec::new(),
            level: 0,
            sizes: Vec::new(),
            found: vec![None; properties],
            best: vec![None; properties],
            frontier: StatesReader::default(),
            next: Vec::new(),
            pending: states.into_iter().map(arrive).collect(),
        })
    }
}

/// Goes on from a checkpoint whose files are in `folder`: in memory if there is room for it, else from disk.
pub(crate) fn resumed<P, K>(
    space: &P,
    manifest: &Manifest,
    folder: &Path,
    table: &mut Table<K>,
    spill: Option<&Spill<K>>,
) -> Result<Start<State<P>, K>, Error>
where
    P: Space,
    K: Key,
{
    let failed = |why: String| Error::Checkpoint {
        folder: folder.to_owned(),
        why,
    };
    let is_known = read_dictionary(folder, manifest.dictionary).map(|bytes| space.learn(&bytes));
    if !is_known.map_err(|fault| failed(fault.to_string()))? {
        return Err(failed(
            "the model does not know what its states are made of; do not resume".into(),
        ));
    }
    let resume = Resume {
        space,
        manifest,
        folder,
    };
    resume
        .start(table, spill)
        .map_err(|fault| failed(fault.to_string()))
}

struct Resume<'a, P> {
    space: &'a P,
    manifest: &'a Manifest,
    folder: &'a Path,
}

impl<P: Space> Resume<'_, P> {
    fn start<K: Key>(
        &self,
        table: &mut Table<K>,
        spill: Option<&Spill<K>>,
    ) -> Disk<Start<State<P>, K>> {
        let manifest = self.manifest;
        let mut pending = self.pending()?;
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
                    pending.extend(self.tentative(&self.run(run)?, states)?);
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

    /// States of files with their fingerprints.
    fn states<K: Key>(&self, noted: &[Noted]) -> Disk<Vec<(K, State<P>)>> {
        let mut reader = StatesReader::new(self.files(noted));
        let (mut block, mut states) = (Vec::new(), Vec::new());
        while let Some(file) = reader.read::<K>(&mut block)? {
            for (key, bytes) in records::<K>(&block).flatten() {
                let state = self.space.read(bytes);
                states.push((key, state.ok_or_else(|| DiskFault::damaged(file))?));
            }
        }
        Ok(states)
    }

    /// What was refused.
    fn pending<K: Key>(&self) -> Disk<Vec<Arrival<State<P>, K>>> {
        let states = self.states(&self.manifest.pending)?;
        let parents = &self.manifest.pending_parents;
        let arrivals = states.into_iter().zip(parents);
        Ok(arrivals
            .map(|((key, state), &parent)| Arrival { key, parent, state })
            .collect())
    }

    /// The states of a batch, which are not told from old ones so far.
    fn tentative<K: Key>(&self, run: &Run<K>, states: &[Noted]) -> Disk<Vec<Arrival<State<P>, K>>> {
        let mut parents: Vec<(K, Parent)> = Vec::new();
        let mut cursor = run.cursor()?;
        while let Some(record) = cursor.next()? {
            parents.push(record);
        }
        let arrive = |(key, state)| {
            let at = parents.binary_search_by_key(&key, |&(key, _)| key);
            let (_, parent) = at.ok().map(|at| parents[at])?;
            Some(Arrival { key, parent, state })
        };
        let states = self.states(states)?;
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
