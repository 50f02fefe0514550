//! The gallery of changed cores: patches of `crates/paxos/src`, what is true of each, and whether every form of the
//! model checker says so.
//!
//! A core of the gallery is `models/gallery/NAME.patch`, an entry of `gallery.toml` (what it is, whether it is safe, what
//! it breaks in which world) and its verdicts in `verdicts.toml`. Worlds are scenarios of `models/` or of
//! `models/gallery/worlds/`. Nothing here knows how the core or the model represent anything: patches are text, and
//! answers are those of the program `forms` and of `paxos`.
//!
//! All cores are woven into one ([`weave`]) and built once, in a mirror of this repository in `target/gallery/`
//! ([`workspace`]); the environment variable `PAXOS_CORE` switches one on.
//!
//! # To add a core
//!
//! 1. Edit `crates/paxos/src`, and `git diff crates/paxos/src > models/gallery/NAME.patch`; take the edit back.
//! 2. Add it to `models/gallery/gallery.toml`: name, about, safe, and if it is wrong what it breaks, where.
//! 3. `cargo run -p gallery -- establish --core NAME` writes what the plain World and the actors find.
//! 4. Read `verdicts.toml`: is that what you expected, and why?
//! 5. `cargo run -p gallery -- run --core NAME`: do the tables and every reduction say the same?

mod alone;
mod edits;
mod error;
mod exits;
mod forms;
mod list;
mod nodes;
mod row;
mod run;
mod sources;
#[cfg(test)]
mod tests;
mod truth;
mod weave;
mod workspace;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::list::{Core, List};
use crate::row::Row;

/// Judges changed cores, each in every form.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Judges cores in every form, beside what is true of them; exit code 1 if any answer differs.
    Run {
        /// These cores only.
        #[arg(long)]
        core: Vec<String>,
        /// These forms only.
        #[arg(long, value_delimiter = ',', default_values_t = run::FORMS.map(str::to_owned))]
        forms: Vec<String>,
        /// One line of JSON for each core.
        #[arg(long)]
        json: bool,
    },
    /// Writes what is true of cores to models/gallery/verdicts.toml: from the plain World and the actors alone.
    Establish {
        /// These cores only.
        #[arg(long)]
        core: Vec<String>,
    },
    /// Asks nothing of cores before tables and reductions are relied upon, and tells which of them that hides; exit code 1 if the second
    /// look at a changed core alone does not tell a wrong one.
    Alone {
        /// These cores only.
        #[arg(long)]
        core: Vec<String>,
        /// Look at these worlds of the second look only.
        #[arg(long)]
        world: Vec<String>,
        /// All that hides each core, and all that tells it.
        #[arg(long)]
        all: bool,
    },
    /// Weaves all cores into one, and says where it lies.
    Weave,
    /// Asks `paxos check` itself about each core in the worlds of the gallery; exit code 1 if it ends otherwise than it
    /// should anywhere.
    Exits {
        /// These cores only.
        #[arg(long)]
        core: Vec<String>,
    },
    /// Runs each safe core on three real nodes, on loopback, and asks all three; exit code 1 if they do not decide alike.
    Nodes {
        /// These cores only.
        #[arg(long)]
        core: Vec<String>,
    },
    /// Judges random edits of one token, and writes reports/random-edits.md; exit code 1 if a form differs from another,
    /// or an edit that nobody notices is not explained.
    Edits {
        /// How many.
        #[arg(long, default_value_t = 600)]
        count: usize,
        /// From which seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr(), "gallery: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is as it should be.
fn perform(task: Task) -> Result<bool, Error> {
    let root = root();
    let list = List::read(&root)?;
    match task {
        Task::Run { core, forms, json } => {
            let rows = run::rows(&root, &list, &chosen(&list, &core)?, &forms)?;
            for row in &rows {
                print(row, json);
            }
            let wrong = rows.iter().filter(|row| !row.is_green()).count();
            if !json {
                say(&format!(
                    "{} cores, {wrong} of them not judged as they should be",
                    rows.len()
                ));
            }
            Ok(wrong == 0)
        }
        Task::Establish { core } => {
            let disagreements = run::establish(&root, &list, &chosen(&list, &core)?)?;
            disagreements.iter().for_each(|one| say(one));
            Ok(disagreements.is_empty())
        }
        Task::Alone { core, world, all } => {
            let alone = alone::alone(&root, &list, &chosen(&list, &core)?, &world)?;
            alone.lines(all).iter().for_each(|line| say(line));
            let is_whole = core.is_empty() && world.is_empty();
            Ok(alone.is_green() && (alone.can_fail() || !is_whole))
        }
        Task::Exits { core } => {
            let checked = exits::exits(&root, &list, &chosen(&list, &core)?)?;
            for (name, wrong) in &checked {
                say(&format!(
                    "{} {name}",
                    if wrong.is_empty() { "ok   " } else { "WRONG" }
                ));
                wrong.iter().for_each(|one| say(&format!("      {one}")));
            }
            Ok(checked.iter().all(|(_, wrong)| wrong.is_empty()))
        }
        Task::Nodes { core } => {
            let chosen = chosen(&list, &core)?;
            let safe: Vec<&Core> = chosen.into_iter().filter(|core| core.safe).collect();
            let decided = nodes::decide(&root, &list, &safe)?;
            for (name, outcome) in &decided {
                match outcome {
                    Ok(value) => say(&format!("ok    {name:34} all three say {value}")),
                    Err(why) => say(&format!("WRONG {name:34} {why}")),
                }
            }
            Ok(decided.iter().all(|(_, outcome)| outcome.is_ok()))
        }
        Task::Edits { count, seed } => edits::run(&root, &edits::Draw { count, seed }),
        Task::Weave => {
            let workspace = run::woven(&root, &list)?;
            say(&format!("{}", workspace.folder().display()));
            Ok(true)
        }
    }
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    crates
        .skip(2)
        .map(Path::to_path_buf)
        .next()
        .unwrap_or_default()
}

fn chosen<'a>(list: &'a List, names: &[String]) -> Result<Vec<&'a Core>, Error> {
    if names.is_empty() {
        return Ok(list.core.iter().collect());
    }
    let named = |name: &String| {
        let found = list.core.iter().find(|core| core.name == *name);
        found.ok_or_else(|| Error::List {
            path: PathBuf::from("models/gallery/gallery.toml"),
            why: format!("expected the name of a core, found `{name}`"),
        })
    };
    names.iter().map(named).collect()
}

fn print(row: &Row, json: bool) {
    if json {
        say(&serde_json::to_string(row).expect("a row is plain data"));
        return;
    }
    let list = |names: Vec<String>| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(" ")
        }
    };
    let on = row
        .on
        .iter()
        .map(|(name, worlds)| format!("{name}:{worlds}"))
        .collect();
    let refused = row
        .refused
        .iter()
        .map(|(form, (worlds, _))| format!("{form}:{worlds}"))
        .collect();
    say(&format!(
        "{:5} {:34} {:26} on {:30} refused {:30} {:>6} ms",
        if row.is_green() { "ok" } else { "WRONG" },
        row.name,
        row.verdict,
        list(on),
        list(refused),
        row.millis
    ));
    row.wrong
        .iter()
        .for_each(|wrong| say(&format!("      {wrong}")));
}

fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
