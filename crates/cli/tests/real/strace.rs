//! System calls that fail, or at which a process is killed: strace injects what a disk or a network
//! does too rarely to wait for. Nothing is left behind: the tracer of a process ends with it, and one
//! that was attached is let go of when its handle is dropped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The system calls that change a file or let something leave the process, on all systems that strace
/// knows; a `?` lets it pass over those that this one has not.
pub const CHANGING: &str = "?open,?openat,?openat2,?creat,?mkdir,?mkdirat,?rename,?renameat,?renameat2,?link,?linkat,\
     ?symlink,?symlinkat,?unlink,?unlinkat,?rmdir,?truncate,?ftruncate,?fallocate,?write,?writev,?pwrite64,\
     ?pwritev,?pwritev2,?copy_file_range,?sendfile,?splice,?fsync,?fdatasync,?sync,?syncfs,?sync_file_range,?msync,\
     ?sendto,?sendmsg,?sendmmsg";

/// Ends the test, saying what is missing, unless strace is here and may trace.
pub fn require() {
    let tried = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    match tried {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "this test needs a system that lets strace trace (ptrace): {}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("this test needs strace on PATH (apt-get install strace): {error}"),
    }
}

/// A command with its system calls of these names written to `log`, and `faults` injected into them, as in
/// `fdatasync:signal=SIGKILL:when=3`. The process that is started is the command itself; strace is
/// its grandchild.
pub fn traced(command: &Command, calls: &str, faults: &[&str], log: &Path) -> Command {
    require();
    let mut traced = Command::new("strace");
    traced.args(["-D", "-f", "-qq", "-s", "0", "-o"]);
    traced.arg(log).arg("-e").arg(format!("trace={calls}"));
    for fault in faults {
        traced.arg("-e").arg(format!("inject={fault}"));
    }
    traced.arg("--").arg(command.get_program());
    traced.args(command.get_args());
    traced
}

/// The same, with one fault and nothing written.
pub fn faulty(command: &Command, fault: &str) -> Command {
    let (call, _) = fault
        .split_once(':')
        .expect("a call, and what becomes of it");
    traced(command, call, &[fault], Path::new("/dev/null"))
}

/// The names of the calls in a log of [`traced`], of the first thread alone, in their order.
pub fn calls(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap();
    let first = text.split_whitespace().next().unwrap_or_default();
    let name = |line: &str| {
        let (thread, rest) = line.split_once(' ')?;
        let (name, _) = rest.trim_start().split_once('(')?;
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (thread == first && is_name).then(|| name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

/// A tracer that was attached to a running process; dropped, it lets go.
pub struct Attached {
    tracer: Child,
    log: PathBuf,
}

impl Attached {
    /// Injects faults into what a node does from now on. Calls are counted from here.
    pub fn to(node: u32, faults: &[&str]) -> Attached {
        require();
        let log = tempfile::NamedTempFile::new().unwrap();
        let (_, log) = log.keep().unwrap();
        let calls = faults.iter().map(|fault| fault.split(':').next().unwrap());
        // Its waiting is written down as well: it shows that the tracer is there.
        let calls: Vec<&str> = calls.chain(["ppoll", "poll", "restart_syscall"]).collect();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-s", "0", "-p", &node.to_string(), "-o"]);
        command.arg(&log).arg("-e");
        command.arg(format!("trace={}", calls.join(",")));
        for fault in faults {
            command.arg("-e").arg(format!("inject={fault}"));
        }
        let tracer = command.stdin(Stdio::null()).spawn().unwrap();
        let mut attached = Attached { tracer, log };
        attached.wait_until_there();
        attached
    }

    fn wait_until_there(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while fs::read(&self.log).unwrap().is_empty() {
            if let Some(status) = self.tracer.try_wait().unwrap() {
                panic!("strace cannot attach: {status}; this test needs ptrace of other processes");
            }
            assert!(Instant::now() < deadline, "strace sees nothing");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.tracer.id() as i32), Signal::SIGTERM);
        let _ = self.tracer.wait();
        let _ = fs::remove_file(&self.log);
    }
}
