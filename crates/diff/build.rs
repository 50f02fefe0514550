//! A digest of what the text of states and actions depends on: two processes that speak to each other must have
//! been built from the same.

#[path = "../model/build/sources.rs"]
mod sources;

use std::hash::Hash as _;
use std::{fs, io};

/// Sources of the form, from this folder.
const SOURCES: [&str; 2] = ["src", "../model/src"];

fn main() -> io::Result<()> {
    let digest = sources::digest(&SOURCES, |file, digest| {
        fs::read(file)?.hash(digest);
        Ok(())
    })?;
    println!("cargo::rustc-env=FORM={digest}");
    Ok(())
}
