//! The core as it stood at a revision, built into a program that answers.
//!
//! What is built is the tree as it is now, edits included, with `crates/paxos` alone taken from the revision. The
//! repository is only read: the tree is put together in an index and a store of objects of its own. All of it is in the
//! folder `diff` of cargo's target folder, where built programs stay, by the contents they were built from.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::Error;

/// The folder that is taken from the revision.
const CORE: &str = "crates/paxos";

/// All that the program is built from.
const PARTS: [&str; 3] = ["Cargo.toml", "Cargo.lock", "crates"];

/// The program with the core of `revision`; `tell` is told before something that takes long.
///
/// # Errors
/// If there is no such revision, or the tree does not build with its core.
pub fn build(revision: &str, tell: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    let root =
        git(Path::new("."), &["rev-parse", "--show-toplevel"]).map_err(Error::NoRepository)?;
    let root = PathBuf::from(root);
    let commit = format!("{revision}^{{commit}}");
    let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    let resolve = |name: &str| git(&root, &[&verify[..], &[name]].concat());
    let commit = resolve(&commit).map_err(|_| Error::UnknownRevision(revision.to_owned()))?;
    let core = resolve(&format!("{commit}:{CORE}"));
    let core = core.map_err(|_| Error::NoCore(revision.to_owned()))?;
    let folder = target(&root)?.join("diff");
    let io = |source| Error::Folder {
        folder: folder.clone(),
        source,
    };
    fs::create_dir_all(folder.join("programs")).map_err(io)?;
    let lock = File::create(folder.join("lock")).map_err(io)?;
    if lock.try_lock().is_err() {
        tell("waiting until another comparison has built its program");
        lock.lock().map_err(io)?;
    }
    let tree = Tree::put_together(&root, &folder, &core)?;
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    let program = folder
        .join("programs")
        .join(format!("{}-{profile}", tree.key));
    if !program.exists() {
        tell(&format!(
            "building the core as it stood at {revision}; this is done once"
        ));
        let source = folder.join("source");
        remove(&source).map_err(io)?;
        let built = tree
            .check_out(&source)
            .and_then(|()| compile(revision, &root, &source, &folder.join("build"), profile));
        remove(&source).map_err(io)?;
        // Under its name it is whole.
        let unfinished = program.with_extension("new");
        fs::copy(built?, &unfinished).map_err(io)?;
        fs::rename(&unfinished, &program).map_err(io)?;
    }
    Ok(program)
}

fn remove(folder: &Path) -> std::io::Result<()> {
    match folder.exists() {
        true => fs::remove_dir_all(folder),
        false => Ok(()),
    }
}

/// The tree to be built, in an index of its own.
struct Tree {
    root: PathBuf,
    environment: [(&'static str, PathBuf); 3],
    /// Equal trees have equal keys.
    key: String,
}

impl Tree {
    fn put_together(root: &Path, folder: &Path, core: &str) -> Result<Tree, Error> {
        let objects = git(root, &["rev-parse", "--git-path", "objects"]).map_err(Error::Git)?;
        let own = folder.join("objects");
        let index = folder.join("index");
        let io = |source| Error::Folder {
            folder: folder.to_path_buf(),
            source,
        };
        fs::create_dir_all(&own).map_err(io)?;
        if index.exists() {
            fs::remove_file(&index).map_err(io)?;
        }
        let mut tree = Tree {
            root: root.to_path_buf(),
            environment: [
                ("GIT_INDEX_FILE", index),
                ("GIT_OBJECT_DIRECTORY", own),
                ("GIT_ALTERNATE_OBJECT_DIRECTORIES", root.join(objects)),
            ],
            key: String::new(),
        };
        tree.git(&[&["add", "--"], &PARTS[..]].concat())?;
        tree.git(&["rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", CORE])?;
        tree.git(&["read-tree", &format!("--prefix={CORE}/"), core])?;
        tree.key = tree.git(&["write-tree"])?;
        Ok(tree)
    }

    fn check_out(&self, source: &Path) -> Result<(), Error> {
        let prefix = format!("--prefix={}/", source.display());
        self.git(&["checkout-index", "--all", &prefix]).map(drop)
    }

    fn git(&self, arguments: &[&str]) -> Result<String, Error> {
        let mut command = Command::new("git");
        command.envs(self.environment.iter().map(|(name, path)| (name, path)));
        said(command.arg("-C").arg(&self.root).args(arguments)).map_err(Error::Git)
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    said(Command::new("git").arg("-C").arg(folder).args(arguments))
}

/// What a command prints, or what it complains of.
fn said(command: &mut Command) -> Result<String, String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    match status.success() {
        true => Ok(String::from_utf8_lossy(&stdout).trim_end().to_owned()),
        false => Err(first_line(&stderr)),
    }
}

fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.lines().next().unwrap_or("it says nothing").to_owned()
}

fn cargo() -> Command {
    Command::new(
        std::env::var_os("CARGO")
            .as_deref()
            .unwrap_or(OsStr::new("cargo")),
    )
}

/// Cargo's target folder.
fn target(root: &Path) -> Result<PathBuf, Error> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let text = said(cargo().args(arguments).current_dir(root)).map_err(Error::Cargo)?;
    let metadata: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| Error::Cargo(error.to_string()))?;
    let folder = metadata["target_directory"].as_str().map(PathBuf::from);
    folder.ok_or_else(|| Error::Cargo("it names no target folder".to_owned()))
}

/// Builds the program, and says where it is.
fn compile(
    revision: &str,
    root: &Path,
    source: &Path,
    build: &Path,
    profile: &str,
) -> Result<PathBuf, Error> {
    let output = cargo()
        .args([
            "build",
            "--quiet",
            "--message-format",
            "short",
            "--package",
            "diff",
        ])
        .args(["--bin", "paxos-steps", "--profile", profile])
        .arg("--manifest-path")
        .arg(source.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(build)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::Cargo(error.to_string()))?;
    if output.status.success() {
        let folder = if profile == "dev" { "debug" } else { profile };
        return Ok(build.join(folder).join("paxos-steps"));
    }
    let complaints = String::from_utf8_lossy(&output.stderr);
    let mut errors = complaints.lines().filter(|line| line.contains("error"));
    let first = errors.next().unwrap_or("cargo does not say why");
    // The place in the tree, not in the folder that is removed.
    let first = first.replace(&format!("{}/", source.display()), "");
    Err(Error::DoesNotBuild {
        revision: revision.to_owned(),
        error: first,
    })
}
