//! A digest of the core and of the World that asks it: reports that were made with another one say nothing of this program's core.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The core, and what asks it, from this folder.
const SOURCES: [&str; 2] = ["../paxos/src", "src"];

fn main() -> io::Result<()> {
    let mut digest = DefaultHasher::new();
    for folder in SOURCES {
        let mut files = Vec::new();
        collect(Path::new(folder), &mut files)?;
        files.sort();
        for file in files {
            file.to_string_lossy().hash(&mut digest);
            // What is said of the code does not change what it does.
            let text = fs::read_to_string(&file)?;
            let lines = text.lines().map(str::trim);
            let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
            code.for_each(|line| line.hash(&mut digest));
        }
        println!("cargo::rerun-if-changed={folder}");
    }
    println!("cargo::rustc-env=CORE={:016x}", digest.finish());
    Ok(())
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
