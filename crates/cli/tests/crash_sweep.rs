//! A node is killed at every system call of one decision that changes a file or sends something, and of its
//! start, its end and the making of its store; and is started again. It has forgotten nothing that
//! left it, what was acknowledged is still read, and the cluster goes on deciding.
//!
//! A process that is killed loses its memory, and not what the system has taken from it; what a loss of power
//! does to a store is tested at the store.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it is for tests alone, and a long one says how far it came"
)]

mod real;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use node::client::{Outcome, Told};
use node::journal::Writer;
use node::{
    ClusterFile, Header, Host, HostError, Key, Metrics, Net, Record, Store, StoreError, Value,
    store,
};
use real::memory::{forgotten, told};
use real::{Cluster, PAXOS, id, lasting_addresses, strace};

/// For what should be answered.
const LONG: Duration = Duration::from_secs(20);
/// For what the death of a node may prevent.
const SHORT: Duration = Duration::from_millis(150);

/// Proposers that do not wait long for the dead.
const TIMING: &str = "[timing]\nretry-ms = 20\nretry-ms-max = 100\n";

/// How many points of a sweep are tried, if not all.
const POINTS: usize = 24;

fn chosen(value: &str) -> Outcome {
    Outcome::Success(Told::Chosen(value.parse::<Value>().unwrap()))
}

fn is_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}

fn all_points() -> bool {
    std::env::var_os("SLOW_TESTS").is_some()
}

/// How often which system call occurs.
fn counted(log: &Path) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for call in strace::calls(log) {
        *counted.entry(call).or_insert(0) += 1;
    }
    counted
}

/// Which occurrences of a call to try: all, or every so many, with the first and the last.
fn tried(count: usize, step: usize) -> impl Iterator<Item = usize> {
    (1..=count).filter(move |nth| nth % step == 1 % step || *nth == count)
}

/// What became of a sweep.
#[derive(Debug, Default)]
struct Swept {
    /// How many runs there were.
    runs: usize,
    /// How many of them were cut short.
    kills: usize,
    /// Of those, how many before anything was acknowledged.
    unacknowledged: usize,
}

/// A victim that takes part in each decision, a proposer that is asked for them, and a third node that is
/// down until the end: so no quorum is without the victim, and nobody else remembers for it.
struct Sweep {
    cluster: Cluster,
    victim: usize,
    /// All that a client was told.
    acknowledged: BTreeMap<String, &'static str>,
}

impl Sweep {
    fn new(victim: usize) -> Sweep {
        let mut cluster = Cluster::at(lasting_addresses(3), TIMING);
        cluster.start(1 - victim);
        Sweep {
            cluster,
            victim,
            acknowledged: BTreeMap::new(),
        }
    }

    /// One life of the victim: it starts, takes part in one decision, and ends in order, unless it is killed
    /// on the way. How it ended.
    fn life(&mut self, key: &str, serve: Command) -> ExitStatus {
        self.cluster.start_by(self.victim, serve);
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if self.cluster.has_ended(self.victim).is_some() {
                return self.cluster.wait_until_ended(self.victim);
            }
            match self.cluster.client(0, SHORT).propose(key, "a") {
                Outcome::Success(Told::Chosen(_)) => {
                    self.acknowledged.insert(key.to_owned(), "a");
                    break;
                }
                Outcome::PostFailed(_) => thread::sleep(Duration::from_millis(1)),
                Outcome::Unknown(_) => {}
                other @ (Outcome::Success(Told::Undecided)
                | Outcome::Retryable(_)
                | Outcome::Fatal(_)) => panic!("{key}: {other}"),
            }
            assert!(
                Instant::now() < deadline,
                "{}",
                self.cluster.log(self.victim)
            );
        }
        self.cluster.stop(self.victim)
    }

    /// What must hold, however the life ended.
    fn check(&mut self, key: &str) {
        assert_eq!(forgotten(&self.cluster, self.victim), [""; 0], "{key}");
        self.cluster.start(self.victim);
        // Whatever became of it, it can be asked for again, and then it is so.
        self.cluster.wait_until_answers(self.victim);
        let again = self.cluster.client(0, LONG).propose(key, "a");
        assert_eq!(again, chosen("a"), "{key}");
        self.acknowledged.insert(key.to_owned(), "a");
        let other = self.cluster.client(1, LONG).propose(key, "b");
        assert_eq!(other, chosen("a"), "{key}");
        self.cluster.kill(self.victim);
    }

    /// How often which call occurs in a life that is not cut short.
    fn measure(&mut self) -> BTreeMap<String, usize> {
        let log = self.cluster.path().join("measured.strace");
        let serve = self.cluster.serve(self.victim);
        let traced = strace::traced(&serve, strace::CHANGING, &[], &log);
        let ended = self.life("measured", traced);
        assert!(
            ended.success(),
            "{ended}: {}",
            self.cluster.log(self.victim)
        );
        self.check("measured");
        counted(&log)
    }

    fn run(mut self) {
        let counted = self.measure();
        for call in ["pwrite64", "fdatasync", "write", "sendto"] {
            assert!(counted.contains_key(call), "no {call} in {counted:?}");
        }
        let points: usize = counted.values().sum();
        let step = if all_points() {
            1
        } else {
            points.div_ceil(POINTS)
        };
        let mut swept = Swept::default();
        for (call, count) in &counted {
            for nth in tried(*count, step) {
                self.kill_at(call, nth, &mut swept);
            }
            // There may be more of them than there were. In the end it survives.
            if all_points() {
                let mut nth = count + 1;
                while self.kill_at(call, nth, &mut swept) {
                    nth += 1;
                }
            }
        }
        println!(
            "n{}: {swept:?} of {points} points: {counted:?}",
            self.victim
        );
        assert!(
            swept.kills * 4 >= swept.runs * 3,
            "too few were killed: {swept:?}"
        );
        assert!(swept.unacknowledged * 4 >= swept.runs, "{swept:?}");
        self.end();
    }

    /// A life that is cut short at the n-th call of this name. Whether it was.
    fn kill_at(&mut self, call: &str, nth: usize, swept: &mut Swept) -> bool {
        let key = format!("{call}-{nth}");
        let fault = format!("{call}:signal=SIGKILL:when={nth}");
        let ended = self.life(
            &key,
            strace::faulty(&self.cluster.serve(self.victim), &fault),
        );
        let killed = is_killed(ended);
        assert!(
            killed || ended.success(),
            "{fault}: {}",
            self.cluster.log(self.victim)
        );
        swept.runs += 1;
        swept.kills += usize::from(killed);
        swept.unacknowledged += usize::from(!self.acknowledged.contains_key(&key));
        self.check(&key);
        killed
    }

    /// In the end all that was acknowledged is read from the node that was down all the time and the
    /// victim, and from the two others; and all three have remembered everything.
    fn end(mut self) {
        let other = 1 - self.victim;
        self.cluster.stop(other);
        for majority in [[2, self.victim], [other, 2]] {
            for number in majority {
                self.cluster.start(number);
            }
            for number in majority {
                self.cluster.wait_until_answers(number);
            }
            for (key, value) in &self.acknowledged {
                let read = self.cluster.client(2, LONG).get(key);
                assert_eq!(read, chosen(value), "{key} by {majority:?}");
            }
            for number in majority {
                self.cluster.stop(number);
            }
        }
        for number in 0..3 {
            assert_eq!(forgotten(&self.cluster, number), [""; 0]);
        }
        for (key, value) in told(&self.cluster) {
            assert_eq!(value.bytes(), b"a", "{key}");
        }
        self.cluster.stop_and_conform();
    }
}

#[test]
fn a_proposer_killed_at_any_system_call_has_forgotten_nothing() {
    Sweep::new(0).run();
}

#[test]
fn an_acceptor_killed_at_any_system_call_has_forgotten_nothing() {
    Sweep::new(1).run();
}

/// The making of a store is cut short at every system call: then there is a whole store, or none that a
/// node would start on, and it can be made.
#[test]
fn a_store_whose_making_is_cut_short_is_whole_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("measured.strace");
    let whole = Making::new(&folder.path().join("measured"));
    let traced = strace::traced(&whole.init(), strace::CHANGING, &[], &log);
    whole.run(traced);
    assert!(whole.is_initialised());
    whole.check_store();
    let counted = counted(&log);
    for call in ["pwrite64", "fdatasync", "fsync", "rename"] {
        assert!(counted.contains_key(call), "no {call} in {counted:?}");
    }
    // Most are the zeros of the logs, one like the other.
    let rest: usize = counted.values().filter(|count| **count < 1000).sum();
    let step = if all_points() {
        1
    } else {
        rest.div_ceil(2 * POINTS)
    };
    let (mut none, mut some) = (0, 0);
    for (call, count) in &counted {
        let step = match (*count < 1000, all_points()) {
            (true, _) => step,
            (false, false) => count / 12,
            (false, true) => count / 100,
        };
        for nth in tried(*count, step) {
            let making = Making::new(&folder.path().join(format!("{call}-{nth}")));
            let fault = format!("{call}:signal=SIGKILL:when={nth}");
            let ended = making.run(strace::faulty(&making.init(), &fault));
            // What the program has not yet done is not killed: the loading of libraries is part of it.
            assert!(is_killed(ended), "{fault}: {ended}");
            match making.check(&fault) {
                true => some += 1,
                false => none += 1,
            }
        }
    }
    println!("{some} left a store, {none} left none: {counted:?}");
    assert!(
        some >= 1 && none >= 10,
        "{some} left a store, {none} left none"
    );
}

/// A store that is being made.
struct Making {
    folder: std::path::PathBuf,
}

impl Making {
    fn new(folder: &Path) -> Making {
        fs::create_dir(folder).unwrap();
        let text = format!(
            "cluster = \"{:032x}\"\n[[node]]\nid = 0\naddress = \"127.0.0.1:7000\"\n",
            0x7e57
        );
        let folder = folder.to_owned();
        fs::write(folder.join("cluster.toml"), text).unwrap();
        Making { folder }
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(PAXOS);
        command
            .arg(what)
            .arg("--config")
            .arg(self.folder.join("cluster.toml"));
        command
            .args(["--id", "0", "--data"])
            .arg(self.folder.join("n0"));
        command
    }

    fn init(&self) -> Command {
        self.command("init")
    }

    fn run(&self, mut command: Command) -> ExitStatus {
        command.output().unwrap().status
    }

    fn file(&self) -> ClusterFile {
        ClusterFile::read(&self.folder.join("cluster.toml")).unwrap()
    }

    fn is_initialised(&self) -> bool {
        self.file().nodes[0].initialised
    }

    fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        {
            let file = self.file();
            store::open(&self.folder.join("n0"), file.cluster, file.roles, id(0))
        }
    }

    fn check_store(&self) {
        let mut store = self.open().unwrap();
        let key: Key = "k".parse().unwrap();
        assert_eq!(store.load(&key).unwrap(), None);
        let record = Record::Chosen("a".parse().unwrap());
        store.commit(&[(key.clone(), record.clone())]).unwrap();
        drop(store);
        assert_eq!(self.open().unwrap().load(&key).unwrap(), Some(record));
    }

    /// What must hold after a making that was cut short. Whether there was a store.
    fn check(&self, fault: &str) -> bool {
        let initialised = self.is_initialised();
        let found = match self.open() {
            Ok(_) => true,
            Err(StoreError::Missing { .. }) => false,
            Err(other) => panic!("{fault}: {other}"),
        };
        assert!(
            found || !initialised,
            "{fault}: the cluster file says there is a store"
        );
        let again = self.init().output().unwrap();
        let said = String::from_utf8_lossy(&again.stderr).into_owned();
        // It is completed, whatever is missing: the store, or the word of it in the cluster file.
        assert_eq!(again.status.success(), !initialised, "{fault}: {said}");
        assert!(self.is_initialised(), "{fault}: {said}");
        self.check_store();
        fs::remove_dir_all(&self.folder).unwrap();
        found
    }
}

/// A store that acknowledges a batch before it is on disk: it is written when some more have come.
struct Early {
    store: Box<dyn Store>,
    unwritten: Vec<(Key, Record)>,
    /// How many records it keeps to itself: none, if it is as good as its disk.
    behind: usize,
    /// Set when the power goes: from then on nothing is written.
    is_dead: Arc<AtomicBool>,
}

impl Store for Early {
    fn header(&self) -> Header {
        self.store.header()
    }

    fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        match self.unwritten.iter().rev().find(|(known, _)| known == key) {
            Some((_, record)) => Ok(Some(record.clone())),
            None => self.store.load(key),
        }
    }

    fn commit(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError> {
        if self.is_dead.load(Ordering::SeqCst) {
            let folder = "dead".into();
            return Err(StoreError::Missing { folder });
        }
        self.unwritten.extend_from_slice(batch);
        let now = self.unwritten.len().saturating_sub(self.behind);
        let written: Vec<(Key, Record)> = self.unwritten.drain(..now).collect();
        self.store.commit(&written)
    }
}

/// A node in this process.
struct Inside {
    is_dead: Arc<AtomicBool>,
    stop: UnixStream,
    thread: JoinHandle<Result<(), HostError>>,
}

impl Inside {
    fn start(cluster: &Cluster, number: usize, behind: usize) -> Inside {
        let file = ClusterFile::read(&cluster.config()).unwrap();
        let (data, journal) = (cluster.data(number), cluster.journal(number));
        let is_dead = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = UnixStream::pair().unwrap();
        let net = Net::bind(&file, cluster.address(number), stopped).unwrap();
        let dies = Arc::clone(&is_dead);
        let thread = thread::spawn(move || {
            let store = Early {
                store: store::open(&data, file.cluster, file.roles, id(number))?,
                unwritten: Vec::new(),
                behind,
                is_dead: dies,
            };
            let journal = Writer::open(&journal, u64::MAX, file.cluster, id(number))?;
            let (metrics, now) = (Metrics::new(), Instant::now());
            let mut host = Host::new(&file, Box::new(store), Some(journal), metrics, 0, now)?;
            net.run(&mut host)
        });
        Inside {
            is_dead,
            stop,
            thread,
        }
    }

    /// The power goes. What it had in memory is lost, and nothing is written any more.
    fn die(self) {
        self.is_dead.store(true, Ordering::SeqCst);
        drop(self.stop);
        let _ = self.thread.join().unwrap();
    }
}

/// n0 decides something with n1, and dies. What the sweep's check says of it.
fn after_a_crash(cluster: &mut Cluster, behind: usize) -> Vec<String> {
    cluster.start(1);
    let inside = Inside::start(cluster, 0, behind);
    cluster.wait_until_answers(0);
    cluster.wait_until_answers(1);
    assert_eq!(cluster.client(0, LONG).propose("k", "a"), chosen("a"));
    inside.die();
    forgotten(cluster, 0)
}

#[test]
fn a_store_that_acknowledges_before_it_flushes_is_caught() {
    let mut honest = Cluster::at(lasting_addresses(3), TIMING);
    assert_eq!(after_a_crash(&mut honest, 0), [""; 0]);

    let mut early = Cluster::at(lasting_addresses(3), TIMING);
    let found = after_a_crash(&mut early, 16);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("n0 has forgotten something about k"),
        "{found:?}"
    );

    // It is no small thing: n1 goes, and n0 and n2 decide otherwise than the client was told.
    for (cluster, value) in [(&mut honest, "a"), (&mut early, "b")] {
        cluster.kill(1);
        cluster.start(0);
        cluster.start(2);
        assert_eq!(ask_n2(cluster), chosen(value));
        cluster.start(1);
        cluster.wait_until_answers(1);
        for number in 0..3 {
            cluster.stop(number);
        }
    }
    assert_eq!(honest.conform().1, Some(0));
    let (said, code) = early.conform();
    assert_eq!(code, Some(1), "{said}");
}

fn ask_n2(cluster: &Cluster) -> Outcome {
    cluster.wait_until_answers(2);
    cluster.client(2, LONG).propose("k", "b")
}
