//! What explorations found, kept so that nothing is explored twice.

use std::io::Write as _;
use std::path::PathBuf;

use blake3::{Hash, Hasher};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::load::Loaded;
use crate::print;

/// Where it is, if nothing else is asked for.
pub(crate) const FOLDER: &str = "target/paxos-report-cache";

/// A folder of what was found, a file for each subject. Nothing in it is trusted: what does not fit is found anew.
pub(crate) struct Cache {
    /// Where, and the digest of this program. `None`: nothing is kept.
    open: Option<(PathBuf, Hash)>,
    /// How often something was found here.
    pub(crate) hits: usize,
}

/// What something was found of: if it is the same again, so is what is found.
pub(crate) struct Subject {
    /// What its file is called.
    name: String,
    /// The digest of all that it depends on, but for this program.
    inputs: Hash,
}

impl Subject {
    /// One scenario.
    pub(crate) fn scenario(one: &Loaded) -> Option<Subject> {
        Some(Subject {
            name: format!("scenario.{}", one.scenario.name),
            inputs: digest(std::slice::from_ref(one))?,
        })
    }

    /// A fault, tried in these scenarios, in this order.
    pub(crate) fn fault(name: &str, suite: &[Loaded]) -> Option<Subject> {
        Some(Subject {
            name: format!("mutant.{name}"),
            inputs: digest(suite)?,
        })
    }
}

/// The digest of scenario files, with their names. `None`: one cannot be read.
fn digest(scenarios: &[Loaded]) -> Option<Hash> {
    let mut hasher = Hasher::new();
    for one in scenarios {
        for part in [
            one.scenario.name.as_bytes(),
            &std::fs::read(&one.path).ok()?,
        ] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    Some(hasher.finalize())
}

impl Cache {
    /// The cache in this folder; `None`: none.
    pub(crate) fn open(folder: Option<PathBuf>) -> Cache {
        // Whatever else an answer depends on is in the program.
        let program = || std::fs::read(std::env::current_exe().ok()?).ok();
        let open = folder.and_then(|folder| {
            let program = program();
            if program.is_none() {
                print::say("this program cannot be read, so nothing is kept of what is found");
            }
            Some((folder, blake3::hash(&program?)))
        });
        Cache { open, hits: 0 }
    }

    /// What was found of a subject, if it is kept and whole.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, subject: Option<&Subject>) -> Option<T> {
        let (path, key) = self.place(subject?)?;
        let text = std::fs::read_to_string(path).ok()?;
        let (head, body) = text.split_once('\n')?;
        if head != heading(&key, body) {
            return None;
        }
        let found = serde_json::from_str(body).ok()?;
        self.hits += 1;
        Some(found)
    }

    /// Keeps what was found of a subject, in place of what was found before. If that fails it is found anew next time.
    pub(crate) fn write<T: Serialize>(&self, subject: Option<&Subject>, found: &T) {
        let Some((path, key)) = subject.and_then(|subject| self.place(subject)) else {
            return;
        };
        let write = || {
            let body = serde_json::to_string(found)?;
            let folder = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            write!(file, "{}\n{body}", heading(&key, &body))?;
            file.persist(&path)?;
            Ok::<(), std::io::Error>(())
        };
        if let Err(error) = write() {
            let path = path.display();
            print::say(&format!("cannot keep what was found in {path}: {error}"));
        }
    }

    /// The file of a subject, and what it is kept under.
    fn place(&self, subject: &Subject) -> Option<(PathBuf, Hash)> {
        let (folder, program) = self.open.as_ref()?;
        let mut hasher = Hasher::new();
        hasher.update(program.as_bytes());
        hasher.update(subject.inputs.as_bytes());
        let path = folder.join(format!("{}.json", subject.name));
        Some((path, hasher.finalize()))
    }
}

/// What a file begins with: what it was found of, and the digest of the rest.
fn heading(key: &Hash, body: &str) -> String {
    format!("{key} {}", blake3::hash(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(inputs: &str) -> Option<Subject> {
        Some(Subject {
            name: "one".to_owned(),
            inputs: blake3::hash(inputs.as_bytes()),
        })
    }

    #[test]
    fn only_what_is_whole_and_of_the_same_is_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(Some(folder.path().to_owned()));
        let found = vec!["something".to_owned()];
        assert_eq!(cache.read::<Vec<String>>(subject("a").as_ref()), None);
        cache.write(subject("a").as_ref(), &found);
        assert_eq!(cache.read(subject("a").as_ref()), Some(found.clone()));
        assert_eq!(cache.read::<Vec<String>>(subject("b").as_ref()), None);
        let file = folder.path().join("one.json");
        let text = std::fs::read_to_string(&file).unwrap();
        for wrong in [
            text.replace("something", "somethimg"),
            text[..text.len() - 1].to_owned(),
            String::new(),
        ] {
            std::fs::write(&file, wrong).unwrap();
            assert_eq!(cache.read::<Vec<String>>(subject("a").as_ref()), None);
        }
        assert_eq!(cache.hits, 1);
        // Another subject of the same name takes its place: what is old is not kept.
        cache.write(subject("b").as_ref(), &found);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(cache.read::<Vec<String>>(subject("a").as_ref()), None);
    }

    #[test]
    fn another_program_finds_everything_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(Some(folder.path().to_owned()));
        cache.write(subject("a").as_ref(), &1);
        if let Some((_, program)) = &mut cache.open {
            *program = blake3::hash(b"another");
        }
        assert_eq!(cache.read::<u32>(subject("a").as_ref()), None);
    }
}
