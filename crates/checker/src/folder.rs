//! The folder that a run keeps its files in, what they are named, and what is said if one fails.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiskFile {
    /// Fingerprints with parents, sorted.
    Run(u64),
    /// States as bytes.
    States(u64),
    /// What the model's states cannot be read without.
    Dictionary(u64),
    /// What a checkpoint consists of.
    Manifest,
    /// The manifest that is to take the place of the last one.
    NextManifest,
    /// The folder itself.
    Folder,
}

impl fmt::Display for DiskFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(number) => write!(f, "run-{number:08}"),
            Self::States(number) => write!(f, "states-{number:08}"),
            Self::Dictionary(number) => write!(f, "dictionary-{number:08}"),
            Self::Manifest => write!(f, "checkpoint"),
            Self::NextManifest => write!(f, "checkpoint.new"),
            Self::Folder => write!(f, "folder"),
        }
    }
}

impl DiskFile {
    /// The file of this name, if a run could have made it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let file = match name.split_once('-') {
            Some(("run", number)) => Self::Run(number.parse().ok()?),
            Some(("states", number)) => Self::States(number.parse().ok()?),
            Some(("dictionary", number)) => Self::Dictionary(number.parse().ok()?),
            Some(_) => return None,
            None if name == "checkpoint" => Self::Manifest,
            None if name == "checkpoint.new" => Self::NextManifest,
            None => return None,
        };
        (file.to_string() == name).then_some(file)
    }

    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Run(number) | Self::States(number) | Self::Dictionary(number) => number,
            Self::Manifest | Self::NextManifest | Self::Folder => 0,
        }
    }
}

/// What was being done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskStep {
    /// Making it.
    Create,
    /// Writing to it.
    Write,
    /// Making sure that it survives a crash.
    Flush,
    /// Reading it.
    Read,
}

/// A file that failed during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskFault {
    /// Which file, in the folder of the run.
    pub file: DiskFile,
    /// What was being done.
    pub step: DiskStep,
    /// The system's number for the error. `None`: the file is there, and is not what was written.
    pub code: Option<i32>,
}

impl DiskFault {
    pub(crate) fn new(file: DiskFile, step: DiskStep, error: &io::Error) -> Self {
        Self {
            file,
            step,
            code: error.raw_os_error(),
        }
    }

    /// A file that is not what was written.
    pub(crate) fn damaged(file: DiskFile) -> Self {
        Self {
            file,
            step: DiskStep::Read,
            code: None,
        }
    }
}

impl fmt::Display for DiskFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, step, code } = self;
        let done = match step {
            DiskStep::Create => "made",
            DiskStep::Write => "written",
            DiskStep::Flush => "made safe on disk",
            DiskStep::Read => "read",
        };
        write!(f, "{file} could not be {done}: ")?;
        match code {
            Some(code) => write!(f, "{}", io::Error::from_raw_os_error(*code))?,
            None => write!(f, "it is damaged")?,
        }
        match step {
            DiskStep::Create | DiskStep::Write | DiskStep::Flush => {
                write!(f, "; free some space or give another folder, and run again")
            }
            DiskStep::Read => write!(f, "; run again, on another disk if it comes back"),
        }
    }
}

/// A result of work with files.
pub(crate) type Disk<T> = Result<T, DiskFault>;

/// The folder of a run, in which files are made and not changed afterwards.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The number of the next file.
    next: u64,
    /// Whether a checkpoint may rest on the files in it, so that those no longer needed have to stay until
    /// there is another one.
    is_lasting: bool,
}

impl Folder {
    /// A folder that is there.
    pub(crate) fn new(path: PathBuf, is_lasting: bool) -> Disk<Self> {
        let mut next = 0;
        for file in files_in(&path)?.into_iter().flatten() {
            next = next.max(file.number() + 1);
        }
        Ok(Self {
            path,
            next,
            is_lasting,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A name that no file has had.
    pub(crate) fn name(&mut self, kind: fn(u64) -> DiskFile) -> Place {
        let file = kind(self.next);
        self.next += 1;
        Place {
            path: self.path.join(file.to_string()),
            file,
        }
    }

    /// Removes a file that is no longer needed. One that a checkpoint may rest on stays until there is another
    /// one, and one of another folder stays.
    pub(crate) fn discard(&self, place: &Place) {
        if !self.is_lasting && place.path.parent() == Some(&self.path) {
            // What stays behind is removed with the folder.
            let _ = fs::remove_file(&place.path);
        }
    }

    /// Removes all files but these, as far as runs have made them.
    pub(crate) fn keep_only(&self, kept: &[DiskFile]) {
        for file in files_in(&self.path)
            .unwrap_or_default()
            .into_iter()
            .flatten()
        {
            if !kept.contains(&file) {
                // It does no harm there.
                let _ = fs::remove_file(self.path.join(file.to_string()));
            }
        }
    }

    /// Makes sure that the names of the files survive a crash.
    pub(crate) fn flush(&self) -> Disk<()> {
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| DiskFault::new(DiskFile::Folder, DiskStep::Flush, &error))
    }
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) file: DiskFile,
}

impl Place {
    /// A file of a checkpoint in this folder.
    pub(crate) fn of(folder: &Path, file: DiskFile) -> Self {
        Self {
            path: folder.join(file.to_string()),
            file,
        }
    }

    pub(crate) fn fault(&self, step: DiskStep) -> impl FnOnce(io::Error) -> DiskFault + use<> {
        let file = self.file;
        move |error| DiskFault::new(file, step, &error)
    }

    pub(crate) fn create(&self) -> Disk<File> {
        File::create_new(&self.path).map_err(self.fault(DiskStep::Create))
    }

    pub(crate) fn open(&self) -> Disk<File> {
        File::open(&self.path).map_err(self.fault(DiskStep::Read))
    }
}

/// The files in a folder; `None` for each that no run has made.
pub(crate) fn files_in(path: &Path) -> Disk<Vec<Option<DiskFile>>> {
    let read = || -> io::Result<Vec<_>> {
        fs::read_dir(path)?
            .map(|entry| {
                let name = entry?.file_name();
                Ok(name.to_str().and_then(DiskFile::named))
            })
            .collect()
    };
    read().map_err(|error| DiskFault::new(DiskFile::Folder, DiskStep::Read, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        for file in [
            DiskFile::Run(7),
            DiskFile::States(123_456_789),
            DiskFile::Dictionary(0),
            DiskFile::Manifest,
            DiskFile::NextManifest,
        ] {
            assert_eq!(DiskFile::named(&file.to_string()), Some(file));
        }
        for foreign in [
            "run-7",
            "run-",
            "run",
            "photo.jpg",
            "",
            "folder",
            "states-0000000x",
        ] {
            assert_eq!(DiskFile::named(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_fault_says_which_file_what_happened_and_what_to_do() {
        let full = DiskFault {
            file: DiskFile::Run(3),
            step: DiskStep::Write,
            code: Some(28),
        };
        assert_eq!(
            full.to_string(),
            "run-00000003 could not be written: No space left on device (os error 28); \
             free some space or give another folder, and run again"
        );
        let damaged = DiskFault {
            file: DiskFile::States(3),
            step: DiskStep::Read,
            code: None,
        };
        assert_eq!(
            damaged.to_string(),
            "states-00000003 could not be read: it is damaged; run again, on another disk if it comes back"
        );
    }
}
