//! The folder of reports: written whole or not at all.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use checker::{Engine, Run};
use model::properties::{ALL, LIVE};
use report::{Excuses, Trial};

use crate::check::Checked;
use crate::error::Error;
use crate::print;

/// What another engine made of a scenario.
#[derive(Debug)]
pub(crate) struct EngineRow {
    engine: String,
    /// Unique states and transitions, without reductions: ours and theirs.
    ours: [u64; 2],
    theirs: [u64; 2],
}

impl EngineRow {
    pub(crate) fn new<S, A>(engine: Engine, ours: &Run<S, A>, theirs: &Run<S, A>) -> EngineRow {
        let counts = |run: &Run<S, A>| [run.unique, run.generated];
        EngineRow {
            engine: engine.to_string(),
            ours: counts(ours),
            theirs: counts(theirs),
        }
    }
}

/// A folder that can be written to.
pub(crate) struct Reports {
    folder: PathBuf,
}

/// Where the reports are, if nothing else is said.
pub(crate) const FOLDER: &str = "reports";

/// The comparison of engines, which only `--cross-check` makes.
const ENGINES: &str = "engines.md";

/// What the suite has put to the test.
pub(crate) const COVERAGE: &str = "coverage.md";

/// The file that tells which reports were written before.
pub(crate) const SUMMARY: &str = "summary.json";

/// The same of mutants.
pub(crate) const MUTANTS: &str = "mutants.json";

impl Reports {
    /// Makes sure that the folder can be written to, before anything is explored for it.
    pub(crate) fn open(folder: &Path) -> Result<Reports, Error> {
        let reports = Reports {
            folder: folder.to_path_buf(),
        };
        // Where the folder is, or is to be made.
        let there = folder.ancestors().find(|path| path.exists());
        let there = there.filter(|path| !path.as_os_str().is_empty());
        tempfile::NamedTempFile::new_in(there.unwrap_or(Path::new(".")))
            .map_err(|source| reports.error(source))?;
        Ok(reports)
    }

    /// Writes everything under other names first, and renames once all of it is there.
    pub(crate) fn write(
        &self,
        checked: &[Checked],
        cross_checked: bool,
        excuses: &Excuses,
    ) -> Result<(), Error> {
        let answers: Vec<_> = checked.iter().map(|one| one.answer.clone()).collect();
        let mut files = report::files(&answers)?;
        let bounded: Vec<_> = answers
            .iter()
            .filter(|one| !one.is_live())
            .cloned()
            .collect();
        files.push((COVERAGE.to_owned(), report::coverage(&bounded, excuses)));
        if cross_checked {
            files.push((ENGINES.to_owned(), engines(checked)));
        }
        self.replace(&files, &self.written_before())
            .map_err(|source| self.error(source))
    }

    /// The same with what became of all mutants.
    pub(crate) fn write_mutants(&self, trials: &[Trial]) -> Result<(), Error> {
        let files = report::mutant_files(trials)?;
        self.replace(&files, &self.mutants_before())
            .map_err(|source| self.error(source))
    }

    /// Writes these files, and removes those of `before` that are not among them.
    fn replace(&self, files: &[(String, String)], before: &[String]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut written = Vec::new();
        for (name, content) in files {
            let mut file = tempfile::Builder::new()
                .permissions(readable())
                .tempfile_in(&self.folder)?;
            file.write_all(content.as_bytes())?;
            written.push((file, self.folder.join(name)));
        }
        let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        for (file, path) in written {
            std::fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            file.persist(path)?;
        }
        for name in before.iter().filter(|name| !names.contains(name.as_str())) {
            match std::fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The names that an earlier run wrote, by its summary; none if that cannot be read.
    fn written_before(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join(SUMMARY)).unwrap_or_default();
        let summary: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let scenarios = summary["scenarios"].as_array().cloned().unwrap_or_default();
        let mut names = Vec::new();
        for scenario in scenarios {
            let Some(name) = scenario["name"].as_str().filter(|name| is_plain(name)) else {
                continue;
            };
            names.push(format!("{name}.md"));
            for known in ALL.iter().chain(LIVE) {
                names.push(format!("{name}.{}.svg", known.name));
            }
        }
        names
    }

    /// The same of mutants.
    fn mutants_before(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join(MUTANTS)).unwrap_or_default();
        let summary: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let mutants = summary["mutants"].as_array().cloned().unwrap_or_default();
        let names = mutants.iter().filter_map(|one| one["name"].as_str());
        names
            .filter(|name| is_plain(name))
            .flat_map(|name| ["md", "svg"].map(|ending| format!("mutants/{name}.{ending}")))
            .collect()
    }

    fn error(&self, source: std::io::Error) -> Error {
        Error::Reports {
            folder: self.folder.clone(),
            source,
        }
    }
}

/// Whether a name can only mean a file in the folder itself.
fn is_plain(name: &str) -> bool {
    !name.contains(['/', '\\'])
}

/// Reports are for everybody to read; temporary files are private unless told otherwise.
#[cfg(unix)]
pub(crate) fn readable() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}

/// The table of engines: what they counted, side by side.
fn engines(checked: &[Checked]) -> String {
    let mut text = String::from(
        "# Engines\n\nEvery scenario of the suite, explored by our own breadth-first search with and without reductions, and\n\
         by one of stateright's own exhaustive checkers on the World as it is. Without reductions both must\n\
         agree on every verdict, on the number of unique states and on the number of transitions. With them,\n\
         every verdict and the length of every shortest path must be the same. Written by\n\
         `paxos check --cross-check`.\n\n\
         | scenario | states with reductions | unique states | transitions | other engine | its unique states | its transitions | agree |\n\
         |---|---:|---:|---:|---|---:|---:|---|\n",
    );
    let mut not_compared = Vec::new();
    for one in checked {
        let Some(other) = &one.other else {
            not_compared.push(one.answer.scenario().name.as_str());
            continue;
        };
        let answer = &one.answer;
        let agree = match answer.disagreements.is_empty() {
            true => "yes",
            false => "**no**",
        };
        text.push_str(&format!(
            "| [{name}]({name}.md) | {} | {} | {} | {} | {} | {} | {agree} |\n",
            print::number(answer.unique),
            print::number(other.ours[0]),
            print::number(other.ours[1]),
            other.engine,
            print::number(other.theirs[0]),
            print::number(other.theirs[1]),
            name = answer.scenario().name,
        ));
    }
    if !not_compared.is_empty() {
        text.push_str(&format!(
            "\nNot compared, since they are large without reductions: {}. With `--all` they are.\n",
            not_compared.join(", ")
        ));
    }
    text
}
