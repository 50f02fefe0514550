//! A small disk that really fills up: a tmpfs in a mount namespace of its own, which goes when its handle is
//! dropped.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A small disk, mounted on a folder where only the commands that [`Disk::on`] makes see it.
pub struct Disk {
    /// A process that does nothing but hold the namespace.
    holder: Child,
    /// How to get into it.
    enter: &'static [&'static str],
    folder: PathBuf,
    kib: usize,
}

/// As root, and as anybody where users may make namespaces.
const WAYS: [(&[&str], &[&str]); 2] = [
    (&["--mount"], &["--mount"]),
    (
        &["--user", "--map-root-user", "--mount"],
        &["--user", "--preserve-credentials", "--mount"],
    ),
];

const MOUNT: &str =
    "mount -t tmpfs -o size=\"$1\" none \"$2\" && echo ready && exec cat >/dev/null";

impl Disk {
    /// Mounts a disk of so many KiB on a folder.
    pub fn new(folder: &Path, kib: usize) -> Disk {
        let mut complaints = String::new();
        for (unshare, enter) in WAYS {
            let spawned = Command::new("unshare")
                .args(unshare)
                .args(["sh", "-c", MOUNT, "sh", &format!("{kib}k")])
                .arg(folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            let mut holder = match spawned {
                Ok(holder) => holder,
                Err(error) => panic!("this test needs unshare on PATH (util-linux): {error}"),
            };
            let mut said = String::new();
            let stdout = holder.stdout.as_mut().expect("it is piped");
            BufReader::new(stdout).read_line(&mut said).unwrap();
            if said == "ready\n" {
                return Disk {
                    holder,
                    enter,
                    folder: folder.to_owned(),
                    kib,
                };
            }
            let output = holder.wait_with_output().unwrap();
            complaints += &String::from_utf8_lossy(&output.stderr);
        }
        panic!(
            "this test needs a small tmpfs of its own: root, or users who may make namespaces \
             (unshare --user --map-root-user --mount): {complaints}"
        );
    }

    /// The same command, where the disk is.
    pub fn on(&self, command: &Command) -> Command {
        let mut on = Command::new("nsenter");
        on.args(["--target", &self.holder.id().to_string()]);
        on.args(self.enter).arg("--");
        on.arg(command.get_program()).args(command.get_args());
        on
    }

    /// Leaves so many KiB of the disk to others: the rest is taken, as by a file of somebody else's. It may be
    /// called again, to leave more.
    pub fn leave(&self, kib: usize) {
        let mut ballast = fs::File::options()
            .create(true)
            .append(true)
            .open(self.ballast())
            .unwrap();
        let bytes = (self.kib - kib) * 1024;
        let there = ballast.metadata().unwrap().len() as usize;
        ballast.set_len(bytes.min(there) as u64).unwrap();
        let more = vec![1; bytes.saturating_sub(there)];
        ballast.write_all(&more).unwrap();
    }

    /// Where this process finds what is on the disk.
    pub fn seen(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").expect("it is absolute"))
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut ballast = fs::File::create(self.ballast()).unwrap();
        while ballast.write_all(&[1; 4096]).is_ok() {}
        while ballast.write_all(&[1]).is_ok() {}
    }

    /// Gives it back.
    pub fn relieve(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.seen().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
