//! The safe cores on three real nodes: `gallery nodes`.
//!
//! Each core runs as a cluster on loopback, made by `paxos cluster up`. Three clients ask one server each, all at once,
//! for three values of one key: all are told the same value, and it is one of the three. A server that is asked later
//! says the same.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::error::Error;
use crate::forms::in_parallel;
use crate::list::{Core, List};
use crate::run::woven;

/// How long a cluster may take to come up.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a client waits, as `paxos propose` takes it.
const WAIT: &str = "60s";

/// The value that three nodes choose; in words, if they do not.
pub(crate) type Decided = Result<String, String>;

/// For each core: what is wrong with it on real nodes, if anything is.
pub(crate) fn decide<'a>(
    root: &Path,
    list: &List,
    cores: &[&'a Core],
) -> Result<Vec<(&'a str, Decided)>, Error> {
    let program = woven(root, list)?.build("cli", "paxos")?;
    let decided = in_parallel(cores, |core| {
        Ok((core.name.as_str(), on_nodes(&program, &core.name)?))
    });
    decided.into_iter().collect()
}

/// The value that three real nodes of a core choose.
fn on_nodes(program: &Path, core: &str) -> Result<Decided, Error> {
    let folder = tempfile::tempdir().map_err(Error::file(Path::new("a temporary folder")))?;
    let mut cluster = Running::start(program, core, folder.path())?;
    let config = folder.path().join("cluster.toml");
    let until = Instant::now() + START_MAX;
    let is_up = |server: usize| {
        let told = client(program, core, &config, "get", server, &["?"]);
        told.is_ok_and(|told| told.status.success())
    };
    while !(0..3).all(is_up) {
        if Instant::now() > until || cluster.has_ended() {
            return Ok(Err(format!("no cluster after {} s", START_MAX.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let ask = |server: usize| {
        let value = format!("n{server}");
        client(program, core, &config, "propose", server, &["key", &value])
    };
    let told: Vec<Result<Output, Error>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..3)
            .map(|server| scope.spawn(move || ask(server)))
            .collect();
        let clients = clients.into_iter();
        clients
            .map(|client| client.join().expect("a client does not panic"))
            .collect()
    });
    let mut values = Vec::new();
    for one in told {
        values.push(value(&one?));
    }
    for server in 0..3 {
        values.push(value(&client(
            program,
            core,
            &config,
            "get",
            server,
            &["key"],
        )?));
    }
    let values: Result<Vec<String>, String> = values.into_iter().collect();
    Ok(values.and_then(|values| {
        let first = values[0].clone();
        let is_asked_for = ["n0", "n1", "n2"].contains(&first.as_str());
        if is_asked_for && values.iter().all(|other| *other == first) {
            Ok(first)
        } else {
            Err(format!(
                "expected one of n0, n1, n2, by all; was told {}",
                values.join(", ")
            ))
        }
    }))
}

fn client(
    program: &Path,
    core: &str,
    config: &Path,
    command: &str,
    server: usize,
    words: &[&str],
) -> Result<Output, Error> {
    Command::new(program)
        .args([
            command,
            "--json",
            "--timeout",
            WAIT,
            "--server",
            &server.to_string(),
            "--config",
        ])
        .arg(config)
        .args(words)
        .env("PAXOS_CORE", core)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::file(program))
}

/// The value a client was told.
fn value(told: &Output) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Outcome {
        value: Option<String>,
    }
    let text = String::from_utf8_lossy(&told.stdout);
    let outcome: Result<Outcome, _> = serde_json::from_str(text.trim());
    let found = outcome.ok().and_then(|outcome| outcome.value);
    found.ok_or_else(|| {
        let said = String::from_utf8_lossy(&told.stderr);
        format!(
            "a client was told no value: {} {}",
            text.trim(),
            said.trim()
        )
    })
}

/// A cluster that runs. Its nodes end with the command that has started them.
struct Running(Child);

impl Running {
    fn start(program: &Path, core: &str, folder: &Path) -> Result<Running, Error> {
        let child = Command::new(program)
            .args(["cluster", "up", "--no-journal", "--dir"])
            .arg(folder)
            .env("PAXOS_CORE", core)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::file(program))?;
        Ok(Running(child))
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
