//! A checkpoint: a manifest that names files which are complete, and says what they are of.
//!
//! All files of a checkpoint are written and made safe first. The manifest is written beside the last one and
//! then takes its name, so at any moment there is one that is whole. Files that only the last one named are
//! removed afterwards.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::blocks::{BlockReader, BlockWriter, checksum};
use crate::error::Error;
use crate::folder::{Disk, DiskFault, DiskFile, DiskStep, Folder, Place, files_in};
use crate::key::Key;
use crate::offers::HASH_VERSION;
use crate::states::{Noted, StatesFile};

/// The version of all forms on disk.
const FORMAT_VERSION: u32 = 3;

/// What a run is of: two checkpoints with the same can take each other's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) format: u32,
    pub(crate) hash: u32,
    pub(crate) model: String,
    pub(crate) reductions: String,
    pub(crate) fingerprint: u32,
    /// The names of the properties, whose findings go by their order.
    pub(crate) properties: Vec<String>,
}

impl Subject {
    pub(crate) fn new(
        model: String,
        reductions: String,
        fingerprint: u32,
        properties: Vec<String>,
    ) -> Self {
        Self {
            format: FORMAT_VERSION,
            hash: HASH_VERSION,
            model,
            reductions,
            fingerprint,
            properties,
        }
    }

    /// In what this one is another than the other, as what each is of.
    fn difference(&self, other: &Self) -> Option<[String; 2]> {
        let aspects = |subject: &Self| {
            [
                format!("the model {}", subject.model),
                format!("the reductions \"{}\"", subject.reductions),
                format!("{}-bit fingerprints", subject.fingerprint),
                format!("the properties {}", subject.properties.join(", ")),
            ]
        };
        aspects(self)
            .into_iter()
            .zip(aspects(other))
            .find(|(own, others)| own != others)
            .map(|(own, others)| [own, others])
    }
}

/// As much of a manifest as there is in one of any version.
#[derive(Deserialize)]
struct Versioned {
    subject: Versions,
}

#[derive(Deserialize)]
struct Versions {
    format: u32,
    hash: u32,
}

/// A fingerprint in a manifest: its upper and its lower half.
pub(crate) type Halves = [u64; 2];

pub(crate) fn halves<K: Key>(key: K) -> Halves {
    [key.high(), key.low()]
}

pub(crate) fn whole<K: Key>([high, low]: Halves) -> K {
    K::join(high, low)
}

/// What a checkpoint consists of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) subject: Subject,
    pub(crate) unique: u64,
    pub(crate) generated: u64,
    pub(crate) beyond_boundary: u64,
    pub(crate) depth: u32,
    pub(crate) kinds: Vec<u64>,
    pub(crate) out_degrees: Vec<u64>,
    /// The level being built.
    pub(crate) level: u32,
    /// New states of each level before.
    pub(crate) sizes: Vec<u64>,
    /// For each property the end of its path and its level, if it was found on an earlier level.
    pub(crate) found: Vec<Option<(Halves, u32)>>,
    /// The best end found so far on the level being built, with its oddity.
    pub(crate) best: Vec<Option<(u64, Halves)>>,
    /// States to expand.
    pub(crate) frontier: Vec<Noted>,
    /// States of the first file of the frontier that have been expanded.
    pub(crate) frontier_seen: u64,
    /// States of the next frontier.
    pub(crate) next: Vec<Noted>,
    /// What was seen on earlier levels.
    pub(crate) runs: Vec<Noted>,
    /// What was seen and counted on the level being built.
    pub(crate) counted: Option<Noted>,
    /// Batches of the level being built, with their states.
    pub(crate) batches: Vec<(Noted, Vec<Noted>)>,
    /// States that were generated and refused, and the parents of each.
    pub(crate) pending: Vec<Noted>,
    pub(crate) pending_parents: Vec<u64>,
    pub(crate) dictionary: Noted,
}

impl Manifest {
    /// All files of states, runs and dictionaries.
    fn files(&self) -> impl Iterator<Item = DiskFile> + '_ {
        let states = self.frontier.iter().chain(&self.next).chain(&self.pending);
        let states = states.chain(self.batches.iter().flat_map(|(_, states)| states));
        let runs = self.runs.iter().chain(&self.counted);
        let runs = runs.chain(self.batches.iter().map(|(run, _)| run));
        states
            .map(|noted| DiskFile::States(noted.number))
            .chain(runs.map(|noted| DiskFile::Run(noted.number)))
            .chain([DiskFile::Dictionary(self.dictionary.number)])
    }

    /// Takes the files over into another folder, where they get other numbers.
    pub(crate) fn adopt(&mut self, from: &Path, folder: &mut Folder) -> Disk<()> {
        let mut take = |kind: fn(u64) -> DiskFile, noted: &mut Noted| {
            let old = Place::of(from, kind(noted.number));
            let new = folder.name(kind);
            noted.number = new.file.number();
            // A second name is enough, as files are never changed. Not every two folders can share a file.
            fs::hard_link(&old.path, &new.path)
                .or_else(|_| fs::copy(&old.path, &new.path).map(|_| ()))
                .map_err(new.fault(DiskStep::Write))
        };
        let states = self.frontier.iter_mut().chain(&mut self.next);
        for noted in states.chain(&mut self.pending) {
            take(DiskFile::States, noted)?;
        }
        for noted in self.runs.iter_mut().chain(&mut self.counted) {
            take(DiskFile::Run, noted)?;
        }
        for (run, states) in &mut self.batches {
            take(DiskFile::Run, run)?;
            for noted in states {
                take(DiskFile::States, noted)?;
            }
        }
        take(DiskFile::Dictionary, &mut self.dictionary)
    }

    /// Makes this the checkpoint of a folder, in which all its files are.
    pub(crate) fn publish(&self, folder: &Folder) -> Disk<()> {
        for file in self.files() {
            let place = Place::of(folder.path(), file);
            place
                .open()?
                .sync_all()
                .map_err(place.fault(DiskStep::Flush))?;
        }
        let next = Place::of(folder.path(), DiskFile::NextManifest);
        let text = serde_json::to_string_pretty(self).expect("numbers, names and lists of them");
        let write = || {
            let mut file = File::create(&next.path)?;
            writeln!(file, "{:016x}", checksum(text.as_bytes()))?;
            file.write_all(text.as_bytes())?;
            Ok(file)
        };
        let file = write().map_err(next.fault(DiskStep::Write))?;
        file.sync_all().map_err(next.fault(DiskStep::Flush))?;
        folder.flush()?;
        let place = Place::of(folder.path(), DiskFile::Manifest);
        fs::rename(&next.path, &place.path).map_err(place.fault(DiskStep::Write))?;
        folder.flush()?;
        let kept: Vec<_> = self.files().chain([DiskFile::Manifest]).collect();
        folder.keep_only(&kept);
        Ok(())
    }

    /// The checkpoint of a folder. `None`: there is none. An error, in words: it cannot be read, or is of another
    /// version.
    fn read(folder: &Path) -> Result<Option<Self>, String> {
        let text = match Self::text(folder) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(fault) => return Err(fault.to_string()),
        };
        // Of another version nothing else need be as it is in this one.
        let damaged = DiskFault::damaged(DiskFile::Manifest);
        let versioned: Versioned = serde_json::from_str(&text).map_err(|_| damaged.to_string())?;
        let its = versioned.subject;
        let (its, ours) = ([its.format, its.hash], [FORMAT_VERSION, HASH_VERSION]);
        for ((its, ours), name) in its.iter().zip(&ours).zip(["format", "hash"]) {
            if its != ours {
                return Err(format!(
                    "it has {name} version {its}, and this program {name} version {ours}; take the program \
                     that wrote it, or begin anew in another folder"
                ));
            }
        }
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| damaged.to_string())
    }

    /// What the manifest of a folder says, if there is one.
    fn text(folder: &Path) -> Disk<Option<String>> {
        let place = Place::of(folder, DiskFile::Manifest);
        if !place.path.exists() {
            return Ok(None);
        }
        let damaged = DiskFault::damaged(DiskFile::Manifest);
        let bytes = fs::read(&place.path).map_err(place.fault(DiskStep::Read))?;
        let text = String::from_utf8(bytes).map_err(|_| damaged)?;
        let (sum, text) = text.split_once('\n').ok_or(damaged)?;
        if sum != format!("{:016x}", checksum(text.as_bytes())) {
            return Err(damaged);
        }
        Ok(Some(text.to_owned()))
    }

    /// The checkpoint to go on from, if it is of this subject.
    pub(crate) fn resume(folder: &Path, subject: &Subject) -> Result<Self, Error> {
        let failed = |why: String| Error::Checkpoint {
            folder: folder.to_owned(),
            why,
        };
        let manifest = Self::read(folder).map_err(failed)?.ok_or_else(|| {
            failed("there is none; give the folder of one, or do not resume".into())
        })?;
        match manifest.subject.difference(subject) {
            None => Ok(manifest),
            Some([its, ours]) => Err(failed(format!(
                "it is of {its}, this run is of {ours}; run as it was run, or do not resume"
            ))),
        }
    }

    /// Makes the folder of a run that begins, unless it is in use for something else. Files that a run
    /// of the same subject left are removed.
    pub(crate) fn prepare(folder: &Path, subject: &Subject) -> Result<(), Error> {
        let failed = |why: String| Error::Checkpoint {
            folder: folder.to_owned(),
            why,
        };
        fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        let there = files_in(folder).map_err(|fault| failed(fault.to_string()))?;
        if there.iter().any(Option::is_none) {
            return Err(failed(
                "other files are in it, which a checkpoint must not be mixed with; give an empty folder"
                    .into(),
            ));
        }
        let last = Self::read(folder).map_err(failed)?;
        let last = last.map(|last| last.subject.difference(subject));
        match last {
            Some(Some([its, ours])) => Err(failed(format!(
                "it holds one of {its}, this run is of {ours}; give another folder, or remove it"
            ))),
            None if !there.is_empty() => Err(failed(
                "files of a run are in it, but no checkpoint; give another folder, or remove it"
                    .into(),
            )),
            Some(None) | None => Ok(()),
        }
    }
}

/// Writes a model's dictionary.
pub(crate) fn write_dictionary(folder: &mut Folder, dictionary: &[u8]) -> Disk<Place> {
    let place = folder.name(DiskFile::Dictionary);
    let mut writer = BlockWriter::create(place.clone())?;
    writer.write(dictionary)?;
    writer.flush()?;
    Ok(place)
}

/// Reads a model's dictionary.
pub(crate) fn read_dictionary(folder: &Path, noted: Noted) -> Disk<Vec<u8>> {
    let mut reader = BlockReader::open(Place::of(folder, DiskFile::Dictionary(noted.number)))?;
    let mut block = Vec::new();
    if reader.read(&mut block)? {
        Ok(block)
    } else {
        Err(reader.damaged())
    }
}

/// The file of states that a manifest names.
pub(crate) fn states_file(folder: &Path, noted: &Noted) -> StatesFile {
    StatesFile {
        place: Place::of(folder, DiskFile::States(noted.number)),
        count: noted.count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |format: u32, hash: u32| {
            let text = format!(r#"{{"subject":{{"format":{format},"hash":{hash}}},"else":[]}}"#);
            let text = format!("{:016x}\n{text}", checksum(text.as_bytes()));
            fs::write(
                Place::of(folder.path(), DiskFile::Manifest).path,
                text.as_bytes(),
            )
            .unwrap();
            Manifest::read(folder.path()).unwrap_err()
        };
        assert_eq!(
            refusal(FORMAT_VERSION + 1, HASH_VERSION),
            "it has format version 4, and this program format version 3; take the program that wrote it, or \
             begin anew in another folder"
        );
        assert!(refusal(FORMAT_VERSION, 7).starts_with("it has hash version 7,"));
        let damaged = DiskFault::damaged(DiskFile::Manifest).to_string();
        assert_eq!(refusal(FORMAT_VERSION, HASH_VERSION), damaged);
    }
}
