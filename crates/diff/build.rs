//! A digest of what the text of states and actions depends on: two processes that speak to each other must have
//! been built from the same.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Sources of the form, from this folder.
const SOURCES: [&str; 2] = ["src", "../model/src"];

fn main() -> io::Result<()> {
    let mut digest = DefaultHasher::new();
    for folder in SOURCES {
        let mut files = Vec::new();
        collect(Path::new(folder), &mut files)?;
        files.sort();
        for file in files {
            file.to_string_lossy().hash(&mut digest);
            fs::read(&file)?.hash(&mut digest);
        }
        println!("cargo::rerun-if-changed={folder}");
    }
    println!("cargo::rustc-env=FORM={:016x}", digest.finish());
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}
