//! Real clusters for tests: processes of the command under test, on loopback, in a folder of their
//! own. Whatever a test does, its processes end with it.

#![expect(
    dead_code,
    reason = "each test program uses a part of what all of them share"
)]
#![expect(
    unreachable_pub,
    reason = "this is a module of several test programs, and a library of none"
)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "it is for tests alone, and a long one says how far it is"
)]

pub mod chaos;
pub mod proxy;

pub mod disk;
pub mod memory;
pub mod relay;
pub mod strace;

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use node::ClusterFile;
use node::client::{Client, Outcome};
use paxos::NodeId;

/// The command under test.
pub const PAXOS: &str = env!("CARGO_BIN_EXE_paxos");

/// The files of a cluster, and its processes.
pub struct Cluster {
    folder: tempfile::TempDir,
    nodes: Vec<Option<Child>>,
    addresses: Vec<SocketAddr>,
}

/// The node of this number.
pub fn id(number: usize) -> NodeId {
    NodeId::new(number).expect("tests have few nodes")
}

/// Addresses on loopback that nobody else has, all different: each call has an address of its own, and
/// ports outside the range from which the system gives them to clients, since a node must find its
/// port free again after a restart.
pub fn lasting_addresses(count: usize) -> Vec<SocketAddr> {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    let host = Ipv4Addr::new(127, high, low, 2 + (call % 250) as u8);
    let first = 20_000 + call / 250 * 32;
    assert!(count <= 32, "a call gives up to 32 addresses");
    let ports = (first..).take(count);
    ports.map(|port| (host, port).into()).collect()
}

impl Cluster {
    /// So many nodes with their stores made, none of them running. `more` is added to the cluster
    /// file before the nodes, as in `[timing]`.
    pub fn new(nodes: usize, more: &str) -> Cluster {
        Cluster::at(lasting_addresses(nodes), more)
    }

    /// The same, with a node at each of these addresses.
    pub fn at(addresses: Vec<SocketAddr>, more: &str) -> Cluster {
        let nodes = addresses.len();
        let cluster = Cluster {
            folder: tempfile::tempdir().unwrap(),
            nodes: (0..nodes).map(|_| None).collect(),
            addresses,
        };
        fs::write(cluster.config(), cluster.file(more, &cluster.addresses)).unwrap();
        for number in 0..nodes {
            let made = cluster.command("init", number).output().unwrap();
            assert!(made.status.success(), "{made:?}");
        }
        cluster
    }

    /// The same cluster with another cluster file, as if it had always been that one. Nothing of it runs.
    pub fn with_file(self, edit: impl Fn(&str) -> String) -> Cluster {
        let text = fs::read_to_string(self.config()).unwrap();
        fs::write(
            self.config(),
            edit(&text.replace("initialised = true\n", "")),
        )
        .unwrap();
        for number in 0..self.nodes.len() {
            fs::remove_dir_all(self.data(number)).unwrap();
            let made = self.command("init", number).output().unwrap();
            assert!(made.status.success(), "{made:?}");
        }
        self
    }

    /// A cluster file with these addresses for the nodes, in their order.
    pub fn file(&self, more: &str, addresses: &[SocketAddr]) -> String {
        let mut text = format!("cluster = \"{:032x}\"\n{more}\n", 0x7e57);
        for (number, address) in addresses.iter().enumerate() {
            let _ = write!(text, "\n[[node]]\nid = {number}\naddress = \"{address}\"\n");
        }
        text
    }

    /// Leaves the files where they are when the test ends, for whoever wants to know why.
    pub fn keep(&mut self) {
        self.folder.disable_cleanup(true);
    }

    /// The folder of all its files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The cluster file.
    pub fn config(&self) -> PathBuf {
        self.path().join("cluster.toml")
    }

    /// Where a node listens.
    pub fn address(&self, number: usize) -> SocketAddr {
        self.addresses[number]
    }

    /// The folder of a node's store.
    pub fn data(&self, number: usize) -> PathBuf {
        self.path().join(format!("n{number}"))
    }

    /// A node's journal.
    pub fn journal(&self, number: usize) -> PathBuf {
        self.path().join(format!("n{number}.journal"))
    }

    /// What a node has said on standard error, in all its lives.
    pub fn log(&self, number: usize) -> String {
        fs::read_to_string(self.path().join(format!("n{number}.log"))).unwrap_or_default()
    }

    /// `paxos serve` or `paxos init` for a node.
    pub fn command(&self, what: &str, number: usize) -> Command {
        let mut command = Command::new(PAXOS);
        command
            .arg(what)
            .arg("--config")
            .arg(self.config())
            .args(["--id", &number.to_string()])
            .arg("--data")
            .arg(self.data(number));
        command
    }

    /// `paxos serve` for a node, with its journal.
    pub fn serve(&self, number: usize) -> Command {
        let mut command = self.command("serve", number);
        command.arg("--journal").arg(self.journal(number));
        command
    }

    /// Starts a node.
    pub fn start(&mut self, number: usize) {
        self.start_by(number, self.serve(number));
    }

    /// Starts a node by another command.
    pub fn start_by(&mut self, number: usize, mut command: Command) {
        assert!(self.nodes[number].is_none(), "n{number} runs");
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path().join(format!("n{number}.log")))
            .unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.nodes[number] = Some(child);
    }

    /// Starts all nodes and waits until each answers.
    pub fn start_all(&mut self) {
        for number in 0..self.nodes.len() {
            self.start(number);
        }
        self.wait_until_all_answer();
    }

    /// Waits until each node answers a read of a key that is never used otherwise.
    pub fn wait_until_all_answer(&self) {
        for number in 0..self.nodes.len() {
            self.wait_until_answers(number);
        }
    }

    /// Waits until a node answers.
    pub fn wait_until_answers(&self, number: usize) {
        let client = self.client(number, Duration::from_millis(500));
        let deadline = Instant::now() + Duration::from_secs(30);
        while !matches!(client.get("?"), Outcome::Success(_)) {
            assert!(Instant::now() < deadline, "n{number}: {}", self.log(number));
        }
    }

    /// Ends a node as a loss of power would, for its memory.
    pub fn kill(&mut self, number: usize) {
        let mut child = self.nodes[number].take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks a node to stop, and waits for it.
    pub fn stop(&mut self, number: usize) -> ExitStatus {
        let mut child = self.nodes[number].take().expect("it runs");
        let pid = nix::unistd::Pid::from_raw(child.id() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        child.wait().unwrap()
    }

    /// Waits for a node to end by itself.
    pub fn wait_until_ended(&mut self, number: usize) -> ExitStatus {
        let mut child = self.nodes[number].take().expect("it runs");
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "n{number} does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How a node has ended that the test has not ended; `None` if it runs or was not started.
    pub fn has_ended(&mut self, number: usize) -> Option<ExitStatus> {
        self.nodes[number]
            .as_mut()
            .and_then(|child| child.try_wait().unwrap())
    }

    /// The process of a node.
    pub fn pid(&self, number: usize) -> u32 {
        self.nodes[number].as_ref().expect("it runs").id()
    }

    /// Whether a node was started and has not been ended by the test.
    pub fn is_started(&self, number: usize) -> bool {
        self.nodes[number].is_some()
    }

    /// A client of one node.
    pub fn client(&self, number: usize, timeout: Duration) -> Client {
        self.client_of_all(timeout).asking(vec![id(number)])
    }

    /// A client of all nodes.
    pub fn client_of_all(&self, timeout: Duration) -> Client {
        Client::new(ClusterFile::read(&self.config()).unwrap(), timeout)
    }

    /// `paxos conform` over the journals of all nodes; what it printed, and its exit code.
    pub fn conform(&self) -> (String, Option<i32>) {
        let journals = (0..self.nodes.len()).map(|number| self.journal(number));
        let output = Command::new(PAXOS)
            .arg("conform")
            .args(journals)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (String::from_utf8(said).unwrap(), output.status.code())
    }

    /// Stops all nodes that run, and requires that what they did conforms.
    pub fn stop_and_conform(&mut self) {
        for number in 0..self.nodes.len() {
            if self.is_started(number) {
                self.stop(number);
            }
        }
        let (said, code) = self.conform();
        assert_eq!(code, Some(0), "{said}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
