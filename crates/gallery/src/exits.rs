//! What `paxos check` makes of each core, by its exit code: `gallery exits`.
//!
//! The worlds of the gallery expect nothing but that invariants hold. So the code is 1 where the truth has an invariant
//! violated, and 0 where not. A core that is unsafe in another world may have more states than the second look explores: then 3 is
//! right as well. Worlds of `models/` expect numbers of states as well, which a right core may move: they are left out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::forms::in_parallel;
use crate::list::{Core, List, file};
use crate::run::woven;
use crate::truth::{Truth, Verdicts};
use answers::Found;

/// For each core: where `paxos check` ends otherwise than it should.
pub(crate) fn exits<'a>(
    root: &Path,
    list: &List,
    cores: &[&'a Core],
) -> Result<Vec<(&'a str, Vec<String>)>, Error> {
    let truth = Truth::read(root)?;
    let program = woven(root, list)?.build("cli", "paxos")?;
    let folder = tempfile::tempdir().map_err(Error::file(Path::new("a temporary folder")))?;
    let checked = in_parallel(cores, |core| {
        let mut wrong = Vec::new();
        let mut worlds = list.worlds(core).into_iter();
        let is_unsafe = worlds.any(|world| truth.of(&core.name, world).is_some_and(is_violated));
        for world in list.worlds(core) {
            let Some(truth) = truth.of(&core.name, world) else {
                continue;
            };
            let path = PathBuf::from(file(root, world)?);
            if !path.starts_with(root.join("models/gallery/worlds")) || world.contains('@') {
                continue;
            }
            let status = Command::new(&program)
                .arg("check")
                .arg(&path)
                .current_dir(folder.path())
                .env("PAXOS_CORE", &core.name)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .map_err(Error::file(&program))?;
            let expected: &[i32] = match (is_violated(truth), is_unsafe) {
                (true, _) => &[1],
                (false, true) => &[0, 3],
                (false, false) => &[0],
            };
            let is_expected = status.code().is_some_and(|code| expected.contains(&code));
            if !is_expected {
                wrong.push(format!(
                    "{world}: expected an exit code of {expected:?}, found {status}"
                ));
            }
        }
        Ok((core.name.as_str(), wrong))
    });
    checked.into_iter().collect()
}

fn is_violated(truth: &Verdicts) -> bool {
    let mut found = truth.verdicts.values();
    found.any(|found| matches!(found, Found::Violated(_)))
}
