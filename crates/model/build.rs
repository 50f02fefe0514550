//! A digest of the core and of the World that asks it: reports that were made with another one say nothing of this program's core.

#[path = "build/sources.rs"]
mod sources;

use std::hash::Hash as _;
use std::{fs, io};

/// The core, and what asks it, from this folder.
const SOURCES: [&str; 2] = ["../paxos/src", "src"];

fn main() -> io::Result<()> {
    let digest = sources::digest(&SOURCES, |file, digest| {
        // What is said of the code does not change what it does.
        let text = fs::read_to_string(file)?;
        let lines = text.lines().map(str::trim);
        let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
        code.for_each(|line| line.hash(digest));
        Ok(())
    })?;
    println!("cargo::rustc-env=CORE={digest}");
    Ok(())
}
