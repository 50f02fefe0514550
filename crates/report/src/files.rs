//! The folder of reports.

use std::collections::BTreeSet;

use crate::{Answer, Error, liveness, markdown, readme, summary};

/// What else is in that folder, in small letters.
const OTHERS: [&str; 2] = ["engines.md", "mutants.md"];

/// All files of the reports folder that answers make, as names and contents: `README.md`, `liveness.md`, `summary.json`, and for each
/// scenario `<name>.md` with a picture `<name>.<property>.svg` for each path found.
///
/// The same answers give the same bytes: there is no time, host, folder or number of threads in
/// them.
///
/// # Errors
/// If two files would have one name, or the summary cannot be written.
pub fn files(answers: &[Answer]) -> Result<Vec<(String, String)>, Error> {
    let (live, bounded): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.is_live());
    let mut files = vec![
        (
            "README.md".to_owned(),
            readme::readme(&bounded, !live.is_empty()),
        ),
        ("summary.json".to_owned(), summary(answers, 0, &[], None)?),
    ];
    if !live.is_empty() {
        files.push((
            "liveness.md".to_owned(),
            liveness::liveness(&live, &bounded),
        ));
    }
    for answer in answers {
        let name = format!("{}.md", answer.scenario().name);
        files.push((name, markdown::page(answer)));
        for judged in &answer.judged {
            if let Some(drawn) = judged.diagram(&answer.world) {
                files.push((markdown::picture(answer, judged), drawn));
            }
        }
    }
    // Some file systems do not tell capitals from small letters.
    let mut names: BTreeSet<String> = OTHERS.map(str::to_owned).into();
    for (name, _) in &files {
        if !names.insert(name.to_lowercase()) {
            return Err(Error::SameFile(name.clone()));
        }
    }
    Ok(files)
}
