//! The folder of the site: replaced whole, or not at all.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use report::GENERATOR;
use report::site::Files;
use tempfile::TempDir;

use crate::error::Error;

/// The folder of a site, which can be written.
pub(crate) struct Folder {
    path: PathBuf,
}

/// The page by which a folder is known to be a site of ours.
const FRONT: &str = "index.html";

impl Folder {
    /// Makes sure that there is nothing but a site of ours, and that it can be replaced, before anything is explored
    /// for it.
    pub(crate) fn open(path: &Path) -> Result<Folder, Error> {
        let folder = Folder {
            path: path.to_path_buf(),
        };
        if !folder.is_ours().map_err(|source| folder.error(source))? {
            return Err(Error::NoSite(path.to_path_buf()));
        }
        folder.beside().map_err(|source| folder.error(source))?;
        Ok(folder)
    }

    /// Whether nothing is there, an empty folder, or a site that was made before.
    fn is_ours(&self) -> io::Result<bool> {
        let mut entries = match std::fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            entries => entries?,
        };
        if entries.next().is_none() {
            return Ok(true);
        }
        let front = std::fs::read_to_string(self.path.join(FRONT)).unwrap_or_default();
        Ok(front.contains(&format!(r#"<meta name="generator" content="{GENERATOR}">"#)))
    }

    /// A new folder beside it; it goes when it is dropped, with all that is in it.
    fn beside(&self) -> io::Result<TempDir> {
        let parent = parent(&self.path);
        std::fs::create_dir_all(parent)?;
        tempfile::Builder::new()
            .prefix(".paxos-report-")
            .tempdir_in(parent)
    }

    /// Puts these files into the place of all that is there.
    pub(crate) fn replace(&self, files: &Files) -> Result<(), Error> {
        self.try_replace(files).map_err(|source| self.error(source))
    }

    fn try_replace(&self, files: &Files) -> io::Result<()> {
        let beside = self.beside()?;
        let site = beside.path().join("site");
        let folders: BTreeSet<PathBuf> = files
            .iter()
            .map(|(name, _)| parent(&site.join(name)).to_path_buf())
            .collect();
        for folder in &folders {
            std::fs::create_dir_all(folder)?;
        }
        for (name, content) in files {
            std::fs::write(site.join(name), content)?;
        }
        // The old one goes with the folder beside, once the new one has its place.
        let old = beside.path().join("old");
        match std::fs::rename(&self.path, &old) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => moved?,
        }
        std::fs::rename(&site, &self.path).inspect_err(|_| {
            // The complaint is about the new one; if the old one cannot be put back, that is in it as well.
            let _ = std::fs::rename(&old, &self.path);
        })
    }

    fn error(&self, source: io::Error) -> Error {
        Error::Site {
            folder: self.path.clone(),
            source,
        }
    }
}

/// The folder that something is in.
fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|path| !path.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// For each file its digest, as `b3sum` prints and checks it. `folder` is what the names are in.
pub(crate) fn digests(files: &Files, folder: &str) -> String {
    let lines = files.iter().map(|(name, content)| {
        let digest = blake3::hash(content.as_bytes());
        format!("{digest}  {folder}/{name}\n")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Files {
        let front = format!(r#"<meta name="generator" content="{GENERATOR}">{text}"#);
        vec![
            (FRONT.to_owned(), front),
            (format!("{text}/a.html"), text.to_owned()),
        ]
    }

    #[test]
    fn a_site_is_replaced_whole() {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("new/site");
        for text in ["one", "two"] {
            Folder::open(&path).unwrap().replace(&page(text)).unwrap();
            assert_eq!(
                std::fs::read_to_string(path.join(format!("{text}/a.html"))).unwrap(),
                text
            );
        }
        assert!(!path.join("one").exists());
        // Nothing is left beside it.
        assert_eq!(
            std::fs::read_dir(room.path().join("new")).unwrap().count(),
            1
        );
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let room = tempfile::tempdir().unwrap();
        std::fs::write(room.path().join(FRONT), "<p>mine").unwrap();
        assert!(matches!(Folder::open(room.path()), Err(Error::NoSite(_))));
        assert_eq!(
            std::fs::read_to_string(room.path().join(FRONT)).unwrap(),
            "<p>mine"
        );
    }
}
