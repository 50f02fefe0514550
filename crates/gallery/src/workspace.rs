//! The workspace around a woven core: a mirror of this repository in `target/`, in which `crates/paxos/src` is the woven
//! core and everything else is as it is.
//!
//! Cargo keeps what it builds there beside what it builds here, so that crates of the registry are built once. The
//! programs lie apart, or those of the woven core would take the place of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, read};
use crate::sources::Sources;

/// A mirrored workspace.
pub(crate) struct Workspace {
    folder: PathBuf,
    /// Where cargo keeps what it builds in the repository itself.
    built: PathBuf,
}

impl Workspace {
    /// Mirrors the repository at `root` around a woven core. `name` is that of its folder in `target/`. Files that have
    /// not changed are not written, so that cargo does not build them again.
    pub(crate) fn mirror(root: &Path, name: &str, woven: &Sources) -> Result<Workspace, Error> {
        let built = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
        let folder = built.join(name);
        // A version of its own: cargo tells two workspaces' crates of one name and version apart by nothing else, and would
        // take what is built here for what is built there.
        let manifest = read(&root.join("Cargo.toml"))?;
        let own = manifest.replace(
            "version = \"0.1.0\"",
            &format!("version = \"0.1.0-{name}\""),
        );
        if own == manifest {
            return Err(Error::List {
                path: root.join("Cargo.toml"),
                why: "expected `version = \"0.1.0\"`, to give the mirror another; found none"
                    .to_owned(),
            });
        }
        write(&folder.join("Cargo.toml"), &own)?;
        if !folder.join("Cargo.lock").exists() {
            write(&folder.join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)?;
        }
        copy(&root.join("crates"), &folder.join("crates"))?;
        let core = folder.join("crates/paxos");
        let manifest = read(&root.join("crates/paxos/Cargo.toml"))?;
        write(
            &core.join("Cargo.toml"),
            &manifest.replace("[lints]\nworkspace = true\n", ""),
        )?;
        for (file, text) in woven {
            write(&core.join("src").join(file), text)?;
        }
        Ok(Workspace { folder, built })
    }

    /// Where it lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command of cargo in this workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(arguments)
            .arg("--offline")
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_BUILD_BUILD_DIR", &self.built)
            .env_remove("PAXOS_CORE");
        command
    }

    /// Builds a program of one of the crates; its path.
    pub(crate) fn build(&self, package: &str, program: &str) -> Result<PathBuf, Error> {
        let arguments = ["build", "--package", package, "--bin", program];
        let status = self
            .cargo(&arguments)
            .status()
            .map_err(Error::file(Path::new("cargo")))?;
        if status.success() {
            Ok(self.folder.join("target/debug").join(program))
        } else {
            Err(Error::Program {
                program: format!("cargo {}", arguments.join(" ")),
                why: format!(
                    "it ended with {status}; the woven core is in {}",
                    self.folder.display()
                ),
            })
        }
    }
}

/// Copies a folder but for the core's sources and what is built.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(from).map_err(Error::file(from))? {
        let path = entry.map_err(Error::file(from))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        let is_left_out = name == "target" || path.ends_with("paxos/src");
        if is_left_out {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else if !path.ends_with("paxos/Cargo.toml") {
            let bytes = std::fs::read(&path).map_err(Error::file(&path))?;
            write_bytes(&to.join(name), &bytes)?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    write_bytes(path, text.as_bytes())
}

fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::write(path, bytes).map_err(Error::file(path))
}
