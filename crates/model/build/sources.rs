//! A digest of sources, for build scripts: this crate's, and that of `crates/diff`.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A digest of all files below these folders: their names, and what `contents` takes in of each. Cargo is told to run the build script
/// again when one changes.
pub(crate) fn digest(
    folders: &[&str],
    contents: impl Fn(&Path, &mut DefaultHasher) -> io::Result<()>,
) -> io::Result<String> {
    let mut digest = DefaultHasher::new();
    for folder in folders {
        let mut files = Vec::new();
        collect(Path::new(folder), &mut files)?;
        files.sort();
        for file in files {
            file.to_string_lossy().hash(&mut digest);
            contents(&file, &mut digest)?;
        }
        println!("cargo::rerun-if-changed={folder}");
    }
    Ok(format!("{:016x}", digest.finish()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
