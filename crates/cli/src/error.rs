//! What stops a command: wrong usage or input, each one clear line.

use std::path::PathBuf;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A name that is neither a scenario nor a path.
    #[error("no scenario `{name}` in {}{}", folder.display(), nearest(near))]
    UnknownScenario {
        name: String,
        folder: PathBuf,
        near: Vec<String>,
    },
    /// What excuses a suite cannot be read.
    #[error("{}: {problem}", path.display())]
    Excuses { path: PathBuf, problem: String },
    /// A name that is no mutant.
    #[error("no mutant is named `{name}`; {hint}")]
    UnknownMutant { name: String, hint: String },
    /// There is no folder of scenarios.
    #[error(
        "cannot list the scenarios in {}: {source}; run this where `models` is, or name a scenario \
         file or folder", folder.display()
    )]
    NoFolder {
        folder: PathBuf,
        source: std::io::Error,
    },
    /// A folder without scenarios.
    #[error("there is no scenario to check in {}; a scenario is a file `*.toml`{hint}", folder.display())]
    EmptyFolder { folder: PathBuf, hint: &'static str },
    /// Two scenarios of one name.
    #[error("two scenarios are named `{0}`: rename one, since reports go by name")]
    SameName(String),
    /// A scenario whose rounds never end, where that is of no use.
    #[error(
        "the rounds of `{0}` never end: this takes scenarios whose rounds do, those of models/*.toml; `paxos check {0}` \
         judges this one"
    )]
    RoundsNeverEnd(String),
    /// A scenario file that cannot be used.
    #[error(transparent)]
    Scenario(#[from] model::ScenarioError),
    /// A scenario that makes no world.
    #[error("scenario `{name}`: {problem}")]
    World { name: String, problem: String },
    /// An exploration that could not be done.
    #[error("scenario `{name}`: {source}")]
    Exploration {
        name: String,
        source: checker::Error,
    },
    /// Two sides that could not be compared.
    #[error("scenario `{name}`: {source}")]
    Comparison { name: String, source: diff::Error },
    /// A revision of the core that cannot be built or asked.
    #[error(transparent)]
    Revision(#[from] diff::Error),
    /// What is to be asked in another process cannot be.
    #[error("cannot ask again in another process: {0}")]
    OtherProcess(std::io::Error),
    /// A checkpoint of several scenarios.
    #[error("a checkpoint is of one scenario, and {0} are to be checked: name one")]
    OneCheckpoint(usize),
    /// A picture of several scenarios.
    #[error("--svg draws one scenario, and {0} are to be compared: name one with --scenario")]
    OnePicture(usize),
    /// A simulation without an end.
    #[error(
        "stateright-simulation never ends by itself: give it an end with --max-states or --timeout"
    )]
    Endless,
    /// The reports folder cannot be written.
    #[error(
        "cannot write reports to {}: {source}; make it writable, or choose another with --reports",
        folder.display()
    )]
    Reports {
        folder: PathBuf,
        source: std::io::Error,
    },
    /// The site cannot be written.
    #[error(
        "cannot write the site to {}: {source}; make its place writable, or choose another with --out",
        folder.display()
    )]
    Site {
        folder: PathBuf,
        source: std::io::Error,
    },
    /// Something else is where the site is to be.
    #[error(
        "{} is no site of `paxos report`, and all in it would be lost: choose another place with --out, or remove it",
        .0.display()
    )]
    NoSite(PathBuf),
    /// What was measured cannot be read.
    #[error("{}: {problem}", path.display())]
    Benchmarks { path: PathBuf, problem: String },
    /// The reports cannot be made.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// A saved trace cannot be read.
    #[error("cannot read {}: {source}; `paxos check --itf DIR` writes traces", path.display())]
    ReadTrace {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A file that is no trace to replay.
    #[error("{}: {source}", path.display())]
    Trace {
        path: PathBuf,
        source: report::TraceError,
    },
    /// Something that was asked for cannot be written.
    #[error("cannot write {}: {source}; make it writable, or choose another place", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A scenario file cannot be rewritten.
    #[error("cannot update {}: {problem}", path.display())]
    Update { path: PathBuf, problem: String },
    /// The explorer's port is taken, or not allowed.
    #[error(
        "cannot listen on localhost:{port}: {source}; choose another with --port, or 0 for any"
    )]
    Port { port: u16, source: std::io::Error },
    /// Nothing to show.
    #[error("{0}")]
    NothingToShow(String),
    /// A node cannot start.
    #[error(transparent)]
    Host(#[from] node::HostError),
    /// A node that ran cannot go on.
    #[error("{0}")]
    Ended(node::HostError),
    /// A cluster file that cannot be used.
    #[error(transparent)]
    Config(#[from] node::ConfigError),
    /// The files of a cluster cannot be made.
    #[error("cannot run a cluster in {}: {source}; choose another folder with --dir", folder.display())]
    Cluster {
        folder: PathBuf,
        source: std::io::Error,
    },
    /// There is a cluster already, and not the one that is asked for.
    #[error(
        "the cluster in {} {problem}; a cluster that is there is run as it is: leave the options out, or choose \
         another folder with --dir", folder.display()
    )]
    OtherCluster { folder: PathBuf, problem: String },
    /// A node of a cluster does not answer.
    #[error("{id} does not answer; its log says why: {}", log.display())]
    NodeDown { id: paxos::NodeId, log: PathBuf },
    /// Journals that do not belong together.
    #[error(transparent)]
    Refused(#[from] conform::Refused),
    /// A decree that is not in the journals, or cannot be told.
    #[error(transparent)]
    Untold(#[from] conform::Untold),
    /// A key or a value that is too short or too long.
    #[error(transparent)]
    WrongLength(#[from] node::WrongLength),
    /// A picture cannot be written.
    #[error("cannot write {}: {source}; choose another file with --svg", path.display())]
    Picture {
        path: PathBuf,
        source: std::io::Error,
    },
    /// Nothing can be measured.
    #[error("{0}")]
    Bench(String),
    /// Ctrl-C cannot be caught.
    #[error("cannot listen for Ctrl-C: {0}")]
    Interrupt(#[from] ctrlc::Error),
    /// Standard output is closed or full.
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
    /// What was found cannot be written as JSON.
    #[error("cannot print as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Names to offer in place of one that does not exist.
fn nearest(near: &[String]) -> String {
    match near {
        [] => "; `paxos models` lists them".to_owned(),
        near => format!("; did you mean {}?", near.join(", or ")),
    }
}
