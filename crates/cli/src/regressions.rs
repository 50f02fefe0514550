//! The traces that are kept, and replayed with every run of the whole suite.

use std::path::Path;

use checker::Limits;
use report::Regression;

use crate::error::Error;
use crate::print::{self, Tone};
use crate::saved::{self, ENDING, Saved};

/// Where they are kept.
pub(crate) const FOLDER: &str = "models/regressions";

/// Reads all traces that are kept, by name; none if there is no such folder.
pub(crate) fn read() -> Result<Vec<Saved>, Error> {
    let folder = Path::new(FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let no_folder = |source| Error::NoFolder {
        folder: folder.to_path_buf(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(no_folder)? {
        let path = entry.map_err(no_folder)?.path();
        if path.to_string_lossy().ends_with(ENDING) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| Saved::read(path, None)).collect()
}

/// Replays them, within these limits where something has to be explored for that.
pub(crate) fn replay(kept: &[Saved], limits: &Limits) -> Result<Vec<Regression>, Error> {
    kept.iter()
        .map(|one| {
            let replayed = one.replay(limits)?;
            Ok(Regression {
                file: name(&one.path),
                subject: one.subject(),
                expected: one.trace.expect.name(),
                is_met: replayed.is_expected(&one.trace),
                told: saved::told(&one.trace, &replayed),
            })
        })
        .collect()
}

/// One line each.
pub(crate) fn print(regressions: &[Regression]) -> Result<(), Error> {
    for one in regressions {
        let Regression { file, told, .. } = one;
        print::line(&match one.is_met {
            Some(true) => {
                let mark = print::toned(Tone::Good, "as expected");
                format!("regression {file}: {mark}, {told}")
            }
            None => format!("regression {file}: {}", print::toned(Tone::Doubtful, told)),
            Some(false) => {
                let expected = one.expected;
                let problem = format!(
                    "regression {file}: NOT AS EXPECTED: expected {expected}, but it {told}"
                );
                print::toned(Tone::Bad, &problem)
            }
        })?;
    }
    Ok(())
}

/// The file's name without what all of them end with.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(ENDING).unwrap_or(&name).to_owned()
}
