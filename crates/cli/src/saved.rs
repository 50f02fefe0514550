//! Saved traces: written where they are asked for, and read back.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use checker::{Limits, Progress};
use model::World;
use report::{Answer, Replayed, Shows, Telling, Trace, Why};

use crate::check::with_meter;
use crate::error::Error;
use crate::load::{self, Loaded};

/// What the name of a saved trace ends with.
pub(crate) const ENDING: &str = ".itf.json";

/// A saved trace, and where it is.
pub(crate) struct Saved {
    pub(crate) path: PathBuf,
    pub(crate) trace: Trace,
    /// The world that it is walked through.
    pub(crate) world: World,
}

impl Saved {
    /// Reads a trace, to be walked through the world that it carries, unless a scenario is given.
    pub(crate) fn read(path: &Path, scenario: Option<&Loaded>) -> Result<Saved, Error> {
        let trace = parse(path)?;
        let world = match scenario {
            Some(given) => given.world(trace.mutant)?,
            None => trace.world().map_err(|source| Error::Trace {
                path: path.to_path_buf(),
                source,
            })?,
        };
        Ok(Saved {
            path: path.to_path_buf(),
            world,
            trace,
        })
    }

    /// Reads a trace, to be shown beside all else that is known of its scenario: that is looked for by name, unless it is
    /// given.
    pub(crate) fn read_shipped(path: &Path, scenario: Option<&Loaded>) -> Result<Saved, Error> {
        match scenario {
            Some(_) => Saved::read(path, scenario),
            None => Saved::read(path, Some(&load::named(&parse(path)?.scenario)?)),
        }
    }

    /// What becomes of it on today's code. Where it shows that nothing can be decided any more, what follows is explored
    /// within these limits.
    pub(crate) fn replay(&self, limits: &Limits) -> Result<Replayed, Error> {
        let name = &self.trace.scenario;
        let replay = |tell: &(dyn Fn(&Progress) + Sync)| {
            report::replay(&self.world, &self.trace, limits, tell)
        };
        Ok(with_meter(name, replay)?)
    }

    /// What its path is told for, as far as it was walked.
    pub(crate) fn telling(&self, replayed: &Replayed) -> Telling {
        let is_violation = match (self.trace.shows, replayed) {
            (Shows::Violated, Replayed::Breaks { .. }) => true,
            (Shows::Witnessed, Replayed::Breaks { .. })
            | (_, Replayed::Mended { .. } | Replayed::Unknown { .. } | Replayed::Obsolete { .. }) => {
                false
            }
        };
        let told = told(&self.trace, replayed);
        Telling {
            shows: Some(format!("{}: {told}", self.trace.property.name)),
            is_violation: Some(is_violation),
            tail: replayed.tail().cloned(),
        }
    }

    /// Why it still breaks, if it does.
    pub(crate) fn why(&self, replayed: &Replayed) -> Option<Why> {
        match (self.trace.shows, replayed) {
            (Shows::Violated, Replayed::Breaks { .. }) => {
                let walked = self.trace.walked(&self.world, replayed);
                report::why(&self.world, &walked, self.trace.property.name)
            }
            (Shows::Witnessed, Replayed::Breaks { .. })
            | (_, Replayed::Mended { .. } | Replayed::Unknown { .. } | Replayed::Obsolete { .. }) => {
                None
            }
        }
    }

    /// What it is a trace of: "one-acceptor, agreement, with accept-stale".
    pub(crate) fn subject(&self) -> String {
        let Trace {
            scenario,
            property,
            mutant,
            ..
        } = &self.trace;
        let mutant = mutant.map_or(String::new(), |mutant| format!(", with {mutant}"));
        format!("{scenario}, {}{mutant}", property.name)
    }
}

fn parse(path: &Path) -> Result<Trace, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::ReadTrace {
        path: path.to_path_buf(),
        source,
    })?;
    Trace::parse(&text).map_err(|source| Error::Trace {
        path: path.to_path_buf(),
        source,
    })
}

/// What became of a trace, in a line.
pub(crate) fn told(trace: &Trace, replayed: &Replayed) -> String {
    let shows = trace.shows.name();
    let all = trace.steps();
    let can_be_taken = match all {
        0 => "it has no step".to_owned(),
        1 => "its 1 step can be taken".to_owned(),
        all => format!("all {all} steps can be taken"),
    };
    let after = |steps: usize| match steps {
        1 => "after 1 step".to_owned(),
        steps => format!("after {steps} steps"),
    };
    let outcome = match replayed {
        Replayed::Breaks {
            steps,
            tail: Some(tail),
            ..
        } => format!("still breaks: {}", tail.told(*steps)),
        Replayed::Breaks { steps, .. } if *steps == all => {
            format!("still breaks: {shows} {}", after(*steps))
        }
        Replayed::Breaks { steps, .. } => {
            format!("still breaks: {shows} {} of {all}", after(*steps))
        }
        Replayed::Mended { reason, .. } => {
            let reason = match reason {
                Some(reason) => format!("but {reason}"),
                None => format!("and it is not {shows}"),
            };
            format!("no longer breaks: {can_be_taken}, {reason}")
        }
        Replayed::Unknown { cut, .. } => {
            format!("unknown: {can_be_taken}, and what can follow was {cut}")
        }
        Replayed::Obsolete {
            step: 0, reason, ..
        } => format!("no longer applies: {reason}"),
        Replayed::Obsolete { step, reason, .. } => {
            format!("no longer applies: step {step} cannot be taken, because {reason}")
        }
    };
    match replayed.difference() {
        Some(difference) => format!("{outcome}; {difference}"),
        None => outcome,
    }
}

/// Writes every path of an answer into a folder, a file each.
pub(crate) fn write_paths(folder: &Path, answer: &Answer) -> Result<(), Error> {
    for judged in &answer.judged {
        if let Some(text) = report::itf(answer, judged)? {
            let name = format!("{}.{}{ENDING}", answer.scenario().name, judged.property);
            replace(&folder.join(name), &text)?;
        }
    }
    Ok(())
}

/// Makes sure that files can be written into a folder, before anything is explored for them.
pub(crate) fn open_folder(folder: &Path) -> Result<(), Error> {
    let failed = |source| Error::Write {
        path: folder.to_path_buf(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    Ok(())
}

/// Puts a text in the place of a file: whole or not at all.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::Write {
        path: path.to_path_buf(),
        source,
    };
    let mut builder = tempfile::Builder::new();
    builder.permissions(crate::reports::readable());
    let mut file = builder.tempfile_in(folder_of(path)).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The folder that a file is in, or is to be in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}
