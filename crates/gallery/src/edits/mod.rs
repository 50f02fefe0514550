//! Random edits of the core: do all forms judge each alike, or refuse it?
//!
//! Edits of one token are drawn from all there are, by a seed, and woven into one core like the cores of the gallery.
//! Those that do not compile are dropped. Each other is judged in a few small worlds by the plain World, the tables and
//! each reduction, and put to the core's own tests. The result is `reports/random-edits.md`; what nobody notices is
//! explained in `models/gallery/unnoticed-edits.toml`.

mod choose;
mod compile;
mod judged;
mod report;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

pub(crate) use choose::Edit;

use crate::error::{Error, read};
use crate::forms::{Question, ask, in_parallel};
use crate::list::file;
use crate::run::FORMS;
use crate::sources;
use crate::weave::Variant;
use crate::workspace::Workspace;
use answers::Answer;
use judged::Judged;

/// The files that are edited: all that a World asks. What clients conclude and how things are shown is left out.
const FILES: [&str; 8] = [
    "acceptor.rs",
    "ballot.rs",
    "cluster.rs",
    "learner.rs",
    "node.rs",
    "proposer.rs",
    "read.rs",
    "rules.rs",
];

/// One with a crash, one with retries, one with Nacks, one with all roles on each node, one with a read.
const WORLDS: [&str; 5] = [
    "one-acceptor",
    "two-acceptors-retry",
    "three-proposers-nack",
    "two-servers",
    "two-acceptors-read",
];

/// For how long one form may explore one world.
const SECONDS: u64 = 10;

/// How many to draw, and from which seed.
pub(crate) struct Draw {
    pub(crate) count: usize,
    pub(crate) seed: u64,
}

/// Draws edits, judges them, and writes the report. Whether no form differs from another.
pub(crate) fn run(root: &Path, draw: &Draw) -> Result<bool, Error> {
    let base = sources::base(root)?;
    let edits = drawn(&base, draw);
    let mut variants = Vec::new();
    for (number, edit) in edits.iter().enumerate() {
        let mut own = base.clone();
        if let Some(text) = base.get(&edit.file) {
            own.insert(edit.file.clone(), edit.apply(text));
        }
        variants.push(Variant {
            name: format!("edit-{number}"),
            sources: own,
        });
    }
    let (left, workspace) = compile::compiling(root, &base, variants)?;
    let program = workspace.build("forms", "forms")?;
    let tests = tests(&workspace)?;
    let files: Result<Vec<String>, Error> = WORLDS.iter().map(|world| file(root, world)).collect();
    let asking = Asking {
        root: root.to_path_buf(),
        program,
        tests,
        files: files?,
        forms: FORMS.map(str::to_owned).to_vec(),
    };
    let as_it_is = asking.answers(None)?;
    let judged = in_parallel(&left, |variant| {
        let number: usize = variant
            .name
            .trim_start_matches("edit-")
            .parse()
            .unwrap_or_default();
        let edit = &edits[number];
        let answers = asking.answers(Some(&variant.name))?;
        let text = base.get(&edit.file).map_or("", String::as_str);
        Ok(Judged {
            place: format!("{} {}", edit.file, edit.function),
            what: edit.describe(text),
            kind: edit.kind,
            failing: asking.failing(&variant.name)?,
            noticed: judged::noticed(&as_it_is, &answers),
            differences: judged::differences(&answers, &FORMS, &WORLDS),
            refused: judged::refused(&as_it_is, &answers),
            on: judged::on(&answers),
        })
    });
    let judged: Result<Vec<Judged>, Error> = judged.into_iter().collect();
    let judged = judged?;
    let explained = Explained::read(root)?;
    let text = report::report(draw, edits.len(), &judged, &explained);
    let path = root.join("reports/random-edits.md");
    std::fs::write(&path, text).map_err(Error::file(&path))?;
    Ok(judged
        .iter()
        .all(|one| one.differences.is_empty() && one.is_accounted_for(&explained)))
}

/// So many edits of all there are, in the order of the text.
pub(crate) fn drawn(base: &sources::Sources, draw: &Draw) -> Vec<Edit> {
    let of_file = |file: &&str| base.get(*file).map(|text| choose::edits(file, text));
    let mut all: Vec<Edit> = FILES.iter().filter_map(of_file).flatten().collect();
    let mut chance = fastrand::Rng::with_seed(draw.seed);
    chance.shuffle(&mut all);
    all.truncate(draw.count);
    all.sort();
    all
}

/// Where edits are put to the test.
struct Asking {
    root: PathBuf,
    program: PathBuf,
    tests: Vec<PathBuf>,
    files: Vec<String>,
    forms: Vec<String>,
}

impl Asking {
    fn answers(&self, core: Option<&str>) -> Result<Vec<Answer>, Error> {
        let question = Question {
            core,
            worlds: &self.files,
            forms: &self.forms,
            seconds: SECONDS,
            give_up: true,
            unasked: false,
        };
        let mut answers = ask(&self.program, &question)?;
        // Reports name no folder of this machine.
        let folder = format!("{}/", self.root.display());
        for answer in &mut answers {
            answer.why = answer.why.take().map(|why| why.replace(&folder, ""));
        }
        Ok(answers)
    }

    /// The core's own tests that fail under an edit.
    fn failing(&self, core: &str) -> Result<usize, Error> {
        let mut failing = 0;
        for test in &self.tests {
            let status = Command::new("timeout")
                .arg("60")
                .arg(test)
                .env("PAXOS_CORE", core)
                .env("RUST_BACKTRACE", "0")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .map_err(Error::file(test))?;
            failing += usize::from(!status.success());
        }
        Ok(failing)
    }
}

/// The programs of the core's own tests, built with the woven core.
fn tests(workspace: &Workspace) -> Result<Vec<PathBuf>, Error> {
    #[derive(Deserialize)]
    struct Built {
        executable: Option<PathBuf>,
    }
    let arguments = [
        "test",
        "--package",
        "paxos",
        "--tests",
        "--no-run",
        "--message-format",
        "json",
    ];
    let output = workspace
        .cargo(&arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(Error::file(Path::new("cargo")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let built = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Built>(line).ok());
    Ok(built.filter_map(|one| one.executable).collect())
}

/// `models/gallery/unnoticed-edits.toml`: why an edit that changes behaviour is noticed by nobody.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explained {
    #[serde(default)]
    edit: Vec<Explanation>,
}

/// Of one edit, told by its words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    place: String,
    what: String,
    why: String,
}

impl Explained {
    fn read(root: &Path) -> Result<Explained, Error> {
        let path = root.join("models/gallery/unnoticed-edits.toml");
        toml::from_str(&read(&path)?).map_err(|error| Error::List {
            path,
            why: error.to_string(),
        })
    }

    /// Why nobody notices this one.
    pub(crate) fn of(&self, place: &str, what: &str) -> Option<&str> {
        let mut all = self.edit.iter();
        let found = all.find(|one| one.place == place && one.what == what);
        found.map(|one| one.why.as_str())
    }
}
