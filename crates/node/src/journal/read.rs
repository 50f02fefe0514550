//! Reads a journal, and refuses what was not written so.
//!
//! What is taken for granted:
//!
//! 1. A line whose checksum follows from it and the line before is as it was written. Who wants to forge one, can.
//! 2. A line of a process that names this program's schema reads as it was meant.
//!
//! A line of another schema, or of a process that names none (format 1), is read only if this program would write
//! the very same line for what it has read: JSON names its fields, so one that was added, removed or renamed shows.
//! Else it is refused by name.
//!
//! Nothing is taken for granted of the protocol: what a node may do, and in which order, is for `conform` to judge.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::write::{Checksum, FIRST, checksum, numbered};
use super::{Entry, FORMAT, FORMATS_READ, Start, schema};
use crate::SchemaId;

/// A journal as it was found.
#[derive(Clone, Debug)]
pub struct Read {
    /// The entries, oldest first, each with its place.
    pub entries: Vec<(Place, Entry)>,
    /// Where a last line was begun and not finished, as a loss of power leaves it.
    pub torn: Option<Place>,
}

/// A line of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which file.
    pub file: Arc<Path>,
    /// Which line, counted from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("cannot use the journal {}: {source}", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not a journal of a node", path.display())]
    NotAJournal {
        /// Which file.
        path: PathBuf,
    },
    /// It is another node's.
    #[error("{} is the journal of {found}, and this is {expected}: give each node a journal of its own", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// Whose it should be.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// A line is not what was written.
    #[error(
        "{place}: this is not the line that was written here: {problem}; the journal was cut or \
        altered, and nothing can be concluded from it"
    )]
    Altered {
        /// Which line.
        place: Place,
        /// What is wrong with it.
        problem: String,
    },
    /// Another program wrote it, of a format that this one does not know.
    #[error(
        "{place}: the process that begins here wrote format {found}, and this program reads formats up to {FORMAT}: \
        use the program that wrote it, or give the node another --journal"
    )]
    Format {
        /// Where the process begins.
        place: Place,
        /// Its format.
        found: u32,
    },
    /// Another program wrote it, built from another core.
    #[error(
        "{place}: this line was written by {found}, and this program, of schema {expected}, would read it otherwise: \
        {problem}; use the program that wrote it, or give the node another --journal"
    )]
    OtherSchema {
        /// Which line.
        place: Place,
        /// The schema of this program.
        expected: SchemaId,
        /// That of the one that wrote it, in words.
        found: String,
        /// What this program makes of it.
        problem: String,
    },
    /// The core's types have no schema.
    #[error(transparent)]
    NoSchema(#[from] crate::SchemaError),
}

/// Reads a journal with its older files, oldest first.
///
/// # Errors
/// If a file cannot be read, or a line is not as it was written, or was written by another program and would not
/// read as it was meant. A last line of the newest file that is
/// not whole is told of in [`Read::torn`], not as an error.
pub fn read(path: &Path) -> Result<Read, JournalError> {
    let older = (1..).map(|number| numbered(path, number));
    let mut files: Vec<PathBuf> = older.take_while(|file| file.exists()).collect();
    files.reverse();
    files.push(path.to_owned());
    let mut read = Read {
        entries: Vec::new(),
        torn: None,
    };
    for file in files {
        if let Some(place) = read.torn.take() {
            return Err(JournalError::Altered {
                place,
                problem: "it is not whole, and another file follows".to_owned(),
            });
        }
        let file: Arc<Path> = file.into();
        let place = |line| Place {
            file: Arc::clone(&file),
            line,
        };
        let scanned = scan_with(&file, |line, entry| read.entries.push((place(line), entry)))?;
        read.torn = scanned.torn.map(place);
    }
    Ok(read)
}

/// How far a file is whole.
#[derive(Clone, Debug)]
pub(super) struct Scanned {
    /// Whose file it is; `None` if it is empty.
    pub(super) start: Option<Start>,
    /// The bytes of all whole lines.
    pub(super) bytes: u64,
    /// The checksum of the last whole line.
    pub(super) last: Checksum,
    /// The number of the line after them that was begun.
    torn: Option<u64>,
}

pub(super) fn scan(path: &Path) -> Result<Scanned, JournalError> {
    scan_with(path, |_, _| {})
}

fn scan_with(path: &Path, mut each: impl FnMut(u64, Entry)) -> Result<Scanned, JournalError> {
    let failed = |source| JournalError::Failed {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut scanned = Scanned {
        start: None,
        bytes: 0,
        last: FIRST,
        torn: None,
    };
    let mut lines = Lines {
        ours: schema()?.id(),
        theirs: None,
    };
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
            break;
        }
        // Of a file that is none of ours, nothing is cut off.
        if line == 1 && !is_begun(&bytes) {
            return Err(JournalError::NotAJournal {
                path: path.to_owned(),
            });
        }
        let Some((b'\n', text)) = bytes.split_last() else {
            scanned.torn = Some(line);
            break;
        };
        let place = || Place {
            file: path.into(),
            line,
        };
        let text = checked(&mut scanned.last, text).map_err(|problem| JournalError::Altered {
            place: place(),
            problem,
        })?;
        let entry = lines.read(text, place)?;
        scanned.bytes += bytes.len() as u64;
        if let (None, Entry::Start(start) | Entry::Continue(start)) = (&scanned.start, &entry) {
            scanned.start = Some(start.clone());
        }
        each(line, entry);
    }
    Ok(scanned)
}

/// Whether these bytes are how a line begins; or zeros, which a file can end with after a loss of
/// power.
fn is_begun(bytes: &[u8]) -> bool {
    let (sum, text) = bytes.split_at(bytes.len().min(size_of::<Checksum>()));
    let begins = b" {\"entry\":";
    let is_line = sum.iter().all(u8::is_ascii_hexdigit)
        && text
            .iter()
            .zip(begins)
            .all(|(found, expected)| found == expected);
    is_line || bytes.iter().all(|byte| *byte == 0)
}

/// The text of a line, if its checksum is the one of this text after the line before.
fn checked<'a>(last: &mut Checksum, line: &'a [u8]) -> Result<&'a [u8], String> {
    let (sum, text) = match line.split_first_chunk() {
        Some((sum, [b' ', text @ ..])) => (sum, text),
        _ => return Err("it does not begin with a checksum".to_owned()),
    };
    if checksum(last, text) != *sum {
        return Err("its checksum is not the one of this text after the line before".to_owned());
    }
    *last = *sum;
    Ok(text)
}

/// Reads one line after another, each by the schema of its process.
struct Lines {
    ours: SchemaId,
    /// That of the process whose lines are read; `None` if it names none.
    theirs: Option<SchemaId>,
}

/// What is read of the first line of a process before anything else.
#[derive(Deserialize)]
struct Heading {
    format: u32,
    #[serde(default)]
    schema: Option<SchemaId>,
}

impl Lines {
    fn read(&mut self, text: &[u8], place: impl Fn() -> Place) -> Result<Entry, JournalError> {
        let is_heading = [&b"{\"entry\":\"start\""[..], b"{\"entry\":\"continue\""];
        if is_heading.iter().any(|begins| text.starts_with(begins))
            && let Ok(Heading { format, schema }) = serde_json::from_slice(text)
        {
            if !FORMATS_READ.contains(&format) {
                return Err(JournalError::Format {
                    place: place(),
                    found: format,
                });
            }
            self.theirs = schema;
        }
        let read = serde_json::from_slice::<Entry>(text).map_err(|error| error.to_string());
        let problem = match read {
            Ok(entry) if self.theirs == Some(self.ours) => return Ok(entry),
            Ok(entry) => match serde_json::to_vec(&entry) {
                Ok(again) if again == text => return Ok(entry),
                Ok(again) => format!("as {}", String::from_utf8_lossy(&again)),
                Err(error) => error.to_string(),
            },
            Err(problem) if self.theirs == Some(self.ours) => {
                return Err(JournalError::Altered {
                    place: place(),
                    problem,
                });
            }
            Err(problem) => problem,
        };
        Err(JournalError::OtherSchema {
            place: place(),
            expected: self.ours,
            found: self.theirs.map_or_else(
                || "a program of format 1, which names no schema".to_owned(),
                |theirs| format!("a program of schema {theirs}"),
            ),
            problem,
        })
    }
}
