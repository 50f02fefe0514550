//! Runs in processes of their own: within a limit of memory, on a disk that is full, and killed at any moment.
#![expect(clippy::unwrap_used, reason = "a test ends if it cannot go on")]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use checker::{Error, Fingerprint, Limits, Offers, Reductions, Storage, explore_stored};
use stateright::{Model, Property};

use crate::models::{Grid, Random, threads};

/// What a child is told: a list of words.
const ORDERS: &str = "CHECKER_TEST_ORDERS";
/// What a child says each time it has expanded so many states.
const EXPANSIONS_PER_TICK: u64 = 500;

/// A grid that tells how far the search is.
struct Ticking {
    grid: Grid,
    expanded: AtomicU64,
    is_heard: bool,
}

impl Model for Ticking {
    type State = [u8; 4];
    type Action = usize;

    fn init_states(&self) -> Vec<[u8; 4]> {
        self.grid.init_states()
    }

    fn actions(&self, state: &[u8; 4], actions: &mut Vec<usize>) {
        let before = self.expanded.fetch_add(1, Ordering::Relaxed);
        if self.is_heard && before.is_multiple_of(EXPANSIONS_PER_TICK) {
            std::io::stderr().write_all(b".").unwrap();
        }
        self.grid.actions(state, actions);
    }

    fn next_state(&self, state: &[u8; 4], counter: usize) -> Option<[u8; 4]> {
        self.grid.next_state(state, counter)
    }

    fn within_boundary(&self, state: &[u8; 4]) -> bool {
        self.grid.within_boundary(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("small sum", |ticking: &Self, state: &[u8; 4]| {
                state.iter().map(|&c| u32::from(c)).sum::<u32>()
                    < u32::from(ticking.grid.wrong_from)
            }),
            Property::sometimes("far corner", |ticking: &Self, state: &[u8; 4]| {
                state
                    .iter()
                    .all(|&counter| counter == ticking.grid.side - 1)
            }),
        ]
    }
}

impl Offers for Ticking {
    fn fingerprint<F: Fingerprint>(&self, state: &[u8; 4]) -> F {
        self.grid.fingerprint(state)
    }

    fn identity(&self) -> Option<String> {
        self.grid.identity()
    }

    fn write(&self, state: &[u8; 4], bytes: &mut Vec<u8>) {
        self.grid.write(state, bytes);
    }

    fn read(&self, bytes: &mut &[u8]) -> Option<[u8; 4]> {
        self.grid.read(bytes)
    }
}

/// What a process of its own does: `side threads MiB|- disk|- checkpoint|- resume|-`.
struct Orders<'a> {
    side: u8,
    threads: usize,
    /// MiB more than it has at the start.
    room_mib: Option<u64>,
    disk: Option<&'a Path>,
    checkpoint: Option<&'a Path>,
    resume: Option<&'a Path>,
}

impl Orders<'_> {
    fn text(&self) -> String {
        let path = |path: Option<&Path>| path.map_or("-".into(), |path| path.display().to_string());
        let room = self.room_mib.map_or("-".into(), |mib| mib.to_string());
        format!(
            "{} {} {room} {} {} {}",
            self.side,
            self.threads,
            path(self.disk),
            path(self.checkpoint),
            path(self.resume)
        )
    }

    fn spawn(&self, shell: Option<&str>) -> Child {
        let this = std::env::current_exe().unwrap();
        let mut command = match shell {
            None => Command::new(this),
            Some(before) => {
                let mut shell = Command::new("bash");
                shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]);
                shell.arg(this);
                shell
            }
        };
        command
            .args(["disk::a_process_of_its_own", "--exact", "--nocapture"])
            .env(ORDERS, self.text())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// What a child found, in its words; `None` if it did not come to that.
fn told(mut child: Child) -> Option<String> {
    let mut ticks = child.stderr.take().unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        text
    });
    std::io::copy(&mut ticks, &mut std::io::sink()).unwrap();
    let text = reader.join().unwrap();
    child.wait().unwrap();
    let (_, found) = text.split_once("found: ")?;
    Some(found.lines().next()?.to_owned())
}

/// Not a test: what the others start.
#[test]
fn a_process_of_its_own() {
    let Ok(orders) = std::env::var(ORDERS) else {
        return;
    };
    let words: Vec<_> = orders.split(' ').collect();
    let path = |at: usize| Some(words[at].into()).filter(|_| words[at] != "-");
    let storage = Storage {
        disk: path(3),
        checkpoint: path(4),
        checkpoint_every: Duration::ZERO,
        resume: path(5),
        ..Storage::default()
    };
    let side = words[0].parse().unwrap();
    let ticking = Ticking {
        grid: Grid::new(side, 100),
        expanded: AtomicU64::new(0),
        is_heard: storage.checkpoint.is_some(),
    };
    let room_mib: Option<u64> = words[2].parse().ok();
    let max_memory = room_mib.map(|mib| status("VmRSS:") + (mib << 20));
    let limits = Limits {
        max_memory,
        ..threads(words[1].parse().unwrap())
    };
    let run = explore_stored(&ticking, Reductions::NONE, &storage, &limits, &|_| ()).unwrap();
    if let Some(max) = max_memory {
        let peak = status("VmHWM:");
        assert!(peak <= max, "{} MiB of {} MiB", peak >> 20, max >> 20);
    }
    println!("\nfound: {run:?}");
}

/// Bytes that the system tells of this process.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().trim().trim_end_matches("kB").trim();
    kib.parse::<u64>().unwrap() << 10
}

const IN_MEMORY: Orders<'static> = Orders {
    side: 20,
    threads: 1,
    room_mib: None,
    disk: None,
    checkpoint: None,
    resume: None,
};

#[test]
fn a_limit_of_memory_is_met_from_disk_with_the_same_result() {
    // Two and a half million states need 40 MiB in memory.
    let folder = tempfile::tempdir().unwrap();
    let in_memory = Orders {
        side: 40,
        ..IN_MEMORY
    };
    let expected = told(in_memory.spawn(None)).unwrap();
    assert!(expected.contains("Exhausted") && expected.contains("unique: 2560000"));
    for threads in [1, 2] {
        let capped = Orders {
            threads,
            room_mib: Some(33),
            disk: Some(folder.path()),
            ..in_memory
        };
        assert_eq!(told(capped.spawn(None)).unwrap(), expected);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_cannot_grow_ends_the_run_and_nothing_is_claimed() {
    let folder = tempfile::tempdir().unwrap();
    for blocks in [0, 16, 4_096] {
        let capped = Orders {
            side: 40,
            threads: 2,
            room_mib: Some(33),
            disk: Some(folder.path()),
            ..IN_MEMORY
        };
        // The signal that comes with the error is ignored, as it is by whoever wants to hear of the error.
        let shell = format!("trap '' XFSZ; ulimit -f {blocks}");
        let found = told(capped.spawn(Some(&shell))).unwrap();
        let fault = "ending: Truncated(Disk(DiskFault { file: ";
        assert!(found.contains(fault), "{blocks}: {found}");
        assert!(found.contains("step: Write, code: Some(27)"), "{found}");
        assert!(!found.contains("Exhausted"), "{found}");
        let unique = found.split("unique: ").nth(1).unwrap();
        let unique: u64 = unique.split(',').next().unwrap().parse().unwrap();
        assert!(unique < 2_560_000, "{unique}");
    }
}

#[test]
fn a_run_that_is_killed_at_any_moment_is_gone_on_with() {
    let expected = told(IN_MEMORY.spawn(None)).unwrap();
    assert!(expected.contains("unique: 160000"));
    let mut random = Random(5);
    for threads in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        let mut is_resumable = false;
        for _ in 0..8 {
            let orders = Orders {
                threads,
                checkpoint: Some(folder.path()),
                resume: Some(folder.path()).filter(|_| is_resumable),
                ..IN_MEMORY
            };
            let mut child = orders.spawn(None);
            let mut ticks = vec![0; 1 + random.below(150)];
            // It may also be done before.
            let _ = child.stderr.as_mut().unwrap().read_exact(&mut ticks);
            child.kill().unwrap();
            child.wait().unwrap();
            is_resumable |= folder.path().join("checkpoint").exists();
            if !is_resumable {
                for file in fs::read_dir(folder.path()).unwrap() {
                    fs::remove_file(file.unwrap().path()).unwrap();
                }
            }
        }
        assert!(is_resumable);
        let orders = Orders {
            threads,
            checkpoint: Some(folder.path()),
            resume: Some(folder.path()),
            ..IN_MEMORY
        };
        assert_eq!(told(orders.spawn(None)).unwrap(), expected);
    }
}

fn grid(side: u8) -> Ticking {
    Ticking {
        grid: Grid::new(side, 100),
        expanded: AtomicU64::new(0),
        is_heard: false,
    }
}

fn explored(model: &Ticking, storage: &Storage, limits: &Limits) -> Result<u64, Error> {
    explore_stored(model, Reductions::NONE, storage, limits, &|_| ()).map(|run| run.unique)
}

fn checkpointed(folder: &Path) -> Storage {
    Storage {
        checkpoint: Some(folder.to_owned()),
        ..Storage::default()
    }
}

fn resumed(folder: &Path) -> Storage {
    Storage {
        resume: Some(folder.to_owned()),
        ..Storage::default()
    }
}

/// A checkpoint of a run that was cut halfway.
fn cut_halfway(folder: &Path) {
    let limits = Limits {
        max_states: Some(500),
        ..Limits::default()
    };
    assert_eq!(explored(&grid(6), &checkpointed(folder), &limits), Ok(500));
}

#[test]
fn a_checkpoint_of_something_else_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    cut_halfway(folder.path());
    let why =
        |model: &Ticking, storage: &Storage| match explored(model, storage, &Limits::default()) {
            Err(Error::Checkpoint { why, .. }) => why,
            other => panic!("{other:?}"),
        };
    assert_eq!(
        why(&grid(7), &resumed(folder.path())),
        "it is of the model grid of side 6, this run is of the model grid of side 7; run as it was run, or \
         do not resume"
    );
    assert_eq!(
        why(&grid(7), &checkpointed(folder.path())),
        "it holds one of the model grid of side 6, this run is of the model grid of side 7; give another \
         folder, or remove it"
    );
    let wide = Storage {
        fingerprint: checker::Width::Bits128,
        ..resumed(folder.path())
    };
    assert!(why(&grid(6), &wide).contains("it is of 64-bit fingerprints, this run is of 128-bit"));

    let other = tempfile::tempdir().unwrap();
    assert!(why(&grid(6), &resumed(other.path())).starts_with("there is none"));
    fs::write(other.path().join("thesis.tex"), "").unwrap();
    assert!(why(&grid(6), &checkpointed(other.path())).starts_with("other files are in it"));
    assert_eq!(
        explored(&grid(6), &resumed(folder.path()), &Limits::default()),
        Ok(1_296)
    );
}

#[test]
fn a_damaged_checkpoint_is_refused_or_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    cut_halfway(folder.path());
    let files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // The manifest, a dictionary, a run of old and one of new states, the frontier, the next one, what was refused.
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let whole = fs::read(&file).unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&file, &damaged).unwrap();
            assert_refused(folder.path(), &file);
        }
        fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        assert_refused(folder.path(), &file);
        fs::remove_file(&file).unwrap();
        assert_refused(folder.path(), &file);
        fs::write(&file, &whole).unwrap();
    }
    assert_eq!(
        explored(&grid(6), &resumed(folder.path()), &Limits::default()),
        Ok(1_296)
    );
}

fn assert_refused(folder: &Path, file: &Path) {
    let found = explore_stored(
        &grid(6),
        Reductions::NONE,
        &resumed(folder),
        &Limits::default(),
        &|_| (),
    );
    match found {
        Err(Error::Checkpoint { .. }) => {}
        Err(other) => panic!("{}: {other}", file.display()),
        Ok(run) => {
            let ending = format!("{:?}", run.ending);
            assert!(ending.contains("Disk"), "{}: {ending}", file.display());
        }
    }
}

#[test]
fn too_little_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage {
        disk: Some(folder.path().to_owned()),
        ..Storage::default()
    };
    let limits = Limits {
        max_memory: Some(1 << 20),
        ..Limits::default()
    };
    let refused = explored(&grid(3), &storage, &limits);
    assert!(matches!(refused, Err(Error::MemoryTooSmall { limit, .. }) if limit == 1 << 20));
}
