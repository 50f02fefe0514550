//! What `paxos check` writes for other programs, where it is asked to.

use std::io::Write as _;
use std::path::PathBuf;

use report::{Answer, Regression};

use crate::args::CheckArgs;
use crate::error::Error;
use crate::saved;

/// The files for other programs, in places that can be written to.
pub(crate) struct Outputs {
    itf: Option<PathBuf>,
    junit: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Outputs {
    /// Makes sure that all of it can be written, before anything is explored for it.
    pub(crate) fn open(args: &CheckArgs) -> Result<Outputs, Error> {
        if let Some(folder) = &args.itf {
            saved::open_folder(folder)?;
        }
        if let Some(file) = &args.junit {
            saved::open_folder(saved::folder_of(file))?;
        }
        let outputs = Outputs {
            itf: args.itf.clone(),
            junit: args.junit.clone(),
            summary: args.summary.clone(),
        };
        outputs.append("")?;
        Ok(outputs)
    }

    /// Writes what one scenario answered, as soon as it is known.
    pub(crate) fn note(&self, answer: &Answer) -> Result<(), Error> {
        match &self.itf {
            Some(folder) => saved::write_paths(folder, answer),
            None => Ok(()),
        }
    }

    /// Writes what is about all answers, however far the run came.
    pub(crate) fn write(
        &self,
        answers: &[Answer],
        not_run: &[&str],
        regressions: &[Regression],
    ) -> Result<(), Error> {
        if let Some(file) = &self.junit {
            saved::replace(file, &report::junit(answers, not_run, regressions)?)?;
        }
        self.append(&report::job_summary(answers, not_run, regressions))
    }

    /// Adds to the summary, which other steps of a job write to as well.
    fn append(&self, text: &str) -> Result<(), Error> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        let mut options = std::fs::File::options();
        let file = options.create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|source| Error::Write {
                path: path.clone(),
                source,
            })
    }
}
