//! `paxos cluster up`: a cluster on loopback, in one command.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use node::client::{Client, Outcome};
use node::{ClusterFile, ClusterId};
use paxos::NodeId;

use crate::args::UpArgs;
use crate::error::Error;
use crate::print::{Tone, toned};
use crate::{Ended, print};

/// How many nodes a new cluster has.
const NODES: u8 = 3;
/// How long the nodes have to answer.
const START_MAX: Duration = Duration::from_secs(20);
/// How long they have to stop.
const STOP_MAX: Duration = Duration::from_secs(10);

/// What a cluster's folder holds.
pub(crate) struct Folder(pub(crate) PathBuf);

/// A node of it that runs.
pub(crate) struct Running {
    pub(crate) id: NodeId,
    pub(crate) child: Child,
}

impl Folder {
    /// The cluster file.
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("cluster.toml")
    }

    /// A node's folder.
    pub(crate) fn data(&self, id: NodeId) -> PathBuf {
        self.0.join(id.to_string())
    }

    /// What a node says on standard error.
    fn log(&self, id: NodeId) -> PathBuf {
        self.0.join(format!("{id}.log"))
    }

    /// A node's journal.
    pub(crate) fn journal(&self, id: NodeId) -> PathBuf {
        self.data(id).join("journal")
    }

    /// Makes the files of a cluster that has never run, its stores last.
    pub(crate) fn create(&self, nodes: u8, secret: bool, port: Option<u16>) -> Result<(), Error> {
        let failed = |source| Error::Cluster {
            folder: self.0.clone(),
            source,
        };
        fs::create_dir_all(&self.0).map_err(failed)?;
        let ids = || (0..usize::from(nodes)).filter_map(NodeId::new);
        if let Some(id) = ids().find(|id| self.data(*id).exists()) {
            return Err(Error::OtherCluster {
                folder: self.0.clone(),
                problem: format!("has a folder for {id} and no cluster.toml: restore that"),
            });
        }
        let ports = match port {
            Some(first) => ports_from(first, nodes).map_err(failed)?,
            None => free_ports(nodes).map_err(failed)?,
        };
        let cluster = ClusterId::random().map_err(failed)?;
        let mut text = format!("# Written by `paxos cluster up`.\ncluster = \"{cluster}\"\n");
        if secret {
            text.push_str("secret = \"cluster.secret\"\n");
            write_secret(&self.0.join("cluster.secret")).map_err(failed)?;
        }
        for (id, port) in ports.iter().enumerate() {
            let _ = write!(
                text,
                "\n[[node]]\nid = {id}\naddress = \"127.0.0.1:{port}\"\n"
            );
        }
        fs::write(self.config(), text).map_err(failed)?;
        for id in ids() {
            node::init(&self.config(), id, &self.data(id))?;
        }
        Ok(())
    }

    /// Starts a node as a process of its own.
    pub(crate) fn start(&self, id: NodeId, journal: bool) -> Result<Running, Error> {
        let failed = |source| Error::Cluster {
            folder: self.0.clone(),
            source,
        };
        let program = std::env::current_exe().map_err(failed)?;
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log(id))
            .map_err(failed)?;
        let mut command = Command::new(program);
        command.args(self.serve_arguments(id, journal));
        let child = command
            // Its end is the end of this process, however that comes: no node is left behind.
            .arg("--stop-with-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        Ok(Running { id, child })
    }

    fn serve_arguments(&self, id: NodeId, journal: bool) -> Vec<String> {
        let path = |path: PathBuf| path.display().to_string();
        let mut arguments = vec![
            "serve".to_owned(),
            "--config".to_owned(),
            path(self.config()),
            "--id".to_owned(),
            id.index().to_string(),
            "--data".to_owned(),
            path(self.data(id)),
        ];
        if journal {
            arguments.extend(["--journal".to_owned(), path(self.journal(id))]);
        }
        arguments
    }

    /// Waits until each of these nodes answers; a linearizable read of a key that nobody uses.
    pub(crate) fn wait_until_up(&self, running: &mut [Running]) -> Result<(), Error> {
        let file = ClusterFile::read(&self.config())?;
        let deadline = Instant::now() + START_MAX;
        for Running { id, child } in running {
            let client = Client::new(file.clone(), Duration::from_millis(500)).asking(vec![*id]);
            while !matches!(client.get("?"), Outcome::Success(_)) {
                let ended = child.try_wait().ok().flatten();
                if ended.is_some() || Instant::now() > deadline {
                    return Err(Error::NodeDown {
                        id: *id,
                        log: self.log(*id),
                    });
                }
            }
        }
        Ok(())
    }
}

/// Runs a cluster until Ctrl-C.
///
/// # Errors
/// If its files cannot be made or used, or a node does not start.
pub(crate) fn up(args: &UpArgs) -> Result<Ended, Error> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;

    let folder = Folder(args.dir.clone());
    if !folder.config().exists() {
        folder.create(args.nodes.unwrap_or(NODES), args.secret, args.port)?;
    }
    let file = ClusterFile::read(&folder.config())?;
    check_found(args, &folder, &file)?;
    if let Some(member) = first_that_answers(&file) {
        return Err(Error::OtherCluster {
            folder: folder.0.clone(),
            problem: format!("runs already ({member} answers)"),
        });
    }
    let mut running = Vec::new();
    let ended = start_all(args, &folder, &file, &mut running)
        .and_then(|()| watch(&folder, &file, &mut running, &interrupted));
    stop(&mut running);
    ended
}

/// A node that runs before any was started.
fn first_that_answers(file: &ClusterFile) -> Option<NodeId> {
    let client = Client::new(file.clone(), Duration::from_millis(200));
    let answers = |id: &NodeId| match client.clone().asking(vec![*id]).get("?") {
        Outcome::PostFailed(_) => false,
        Outcome::Success(_) | Outcome::Retryable(_) | Outcome::Fatal(_) | Outcome::Unknown(_) => {
            true
        }
    };
    file.nodes.iter().map(|member| member.id).find(answers)
}

/// A cluster that is there already must be the one that is asked for.
fn check_found(args: &UpArgs, folder: &Folder, file: &ClusterFile) -> Result<(), Error> {
    let found = file.nodes.len();
    let problem = if args.nodes.is_some_and(|nodes| usize::from(nodes) != found) {
        format!("has {found} nodes")
    } else if args.secret && !file.secret.is_some() {
        "has no secret".to_owned()
    } else if args
        .port
        .is_some_and(|port| port != file.nodes[0].address.port())
    {
        format!("is at port {}", file.nodes[0].address.port())
    } else {
        return Ok(());
    };
    Err(Error::OtherCluster {
        folder: folder.0.clone(),
        problem,
    })
}

fn start_all(
    args: &UpArgs,
    folder: &Folder,
    file: &ClusterFile,
    running: &mut Vec<Running>,
) -> Result<(), Error> {
    for member in &file.nodes {
        running.push(folder.start(member.id, !args.no_journal)?);
    }
    folder.wait_until_up(running)?;
    for (member, one) in file.nodes.iter().zip(running.iter()) {
        print::line(&format!(
            "{}  {}  pid {}  {}",
            member.id,
            member.address,
            one.child.id(),
            folder.data(member.id).display()
        ))?;
    }
    print::line(&format!(
        "{}; try: paxos propose --config {} leader me",
        toned(Tone::Good, "all nodes answer"),
        folder.config().display()
    ))?;
    print::say("Ctrl-C stops them all");
    Ok(())
}

/// Looks after the nodes until Ctrl-C, or until none is left.
fn watch(
    folder: &Folder,
    file: &ClusterFile,
    running: &mut Vec<Running>,
    interrupted: &AtomicBool,
) -> Result<Ended, Error> {
    while !interrupted.load(Ordering::Relaxed) {
        let ended: Vec<(NodeId, ExitStatus)> = running
            .iter_mut()
            .filter_map(|one| Some((one.id, one.child.try_wait().ok().flatten()?)))
            .collect();
        for (id, status) in ended {
            running.retain(|one| one.id != id);
            let arguments = folder.serve_arguments(id, true).join(" ");
            print::say(&format!(
                "{id} has ended ({status}); its log is {}; start it again with: paxos {arguments}",
                folder.log(id).display()
            ));
        }
        if running.is_empty() && !file.nodes.is_empty() {
            print::say("no node is left");
            return Ok(Ended::Unmet);
        }
        sleep(Duration::from_millis(100));
    }
    Ok(Ended::Met)
}

/// Asks every node to stop, waits, and ends those that do not.
pub(crate) fn stop(running: &mut Vec<Running>) {
    for one in running.iter() {
        if let Some(pid) = rustix::process::Pid::from_raw(one.child.id() as i32) {
            // One that has ended needs no telling.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
    let deadline = Instant::now() + STOP_MAX;
    for mut one in running.drain(..) {
        while matches!(one.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            sleep(Duration::from_millis(5));
        }
        let _ = one.child.kill();
        let _ = one.child.wait();
    }
}

/// These ports, if nobody uses them now.
fn ports_from(first: u16, count: u8) -> io::Result<Vec<u16>> {
    let ports = (0..u16::from(count)).map(|i| first.checked_add(i));
    let ports: Vec<u16> = ports
        .collect::<Option<_>>()
        .ok_or_else(|| io::Error::other(format!("port {first} is too high for {count} nodes")))?;
    for port in &ports {
        UdpSocket::bind(("127.0.0.1", *port))
            .map_err(|error| io::Error::other(format!("port {port}: {error}")))?;
    }
    Ok(ports)
}

/// Ports that nobody uses now, all different, and outside the range from which systems give ports to
/// clients: a node must find its port free again after a restart.
fn free_ports(count: u8) -> io::Result<Vec<u16>> {
    let mut sockets = Vec::new();
    for _ in 0..10_000 {
        if sockets.len() == usize::from(count) {
            break;
        }
        let port = fastrand::u16(10_000..32_000);
        sockets.extend(UdpSocket::bind(("127.0.0.1", port)));
    }
    if sockets.len() < usize::from(count) {
        return Err(io::Error::other("there are not enough free ports"));
    }
    let port = |socket: &UdpSocket| Ok(socket.local_addr()?.port());
    sockets.iter().map(port).collect()
}

/// 256 random bits that only the owner can read.
fn write_secret(path: &Path) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let random = [ClusterId::random()?, ClusterId::random()?];
    let mut file = fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}{}", random[0], random[1])
}
