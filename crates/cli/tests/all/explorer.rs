//! `paxos explore`: what it takes, the links it prints, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{Room, run};

/// A running explorer; ended when dropped.
pub(crate) struct Explorer {
    child: Child,
    /// The trace that it printed before the link.
    pub(crate) trace: Vec<String>,
    /// Why that trace breaks what it breaks.
    pub(crate) why: Vec<String>,
    pub(crate) link: String,
    /// Kept open: it may print more.
    out: Option<BufReader<ChildStdout>>,
}

impl Explorer {
    /// Starts it, and reads on to the link.
    pub(crate) fn start(room: &Room, arguments: &[&str]) -> Explorer {
        Explorer::started(command(room, arguments))
    }

    fn started(mut command: Command) -> Explorer {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the explorer can be started");
        let mut explorer = Explorer {
            child,
            trace: Vec::new(),
            why: Vec::new(),
            link: String::new(),
            out: None,
        };
        let mut out = BufReader::new(explorer.child.stdout.take().expect("it is piped"));
        for line in out.by_ref().lines() {
            let line = line.expect("the explorer prints text");
            if line.starts_with("http://") {
                explorer.link = line;
                explorer.out = Some(out);
                return explorer;
            }
            match line.starts_with("  why: ") {
                true => explorer.why.push(line),
                false => explorer.tell(line),
            }
        }
        let mut err = String::new();
        let pipe = explorer.child.stderr.as_mut().expect("it is piped");
        pipe.read_to_string(&mut err)
            .expect("the explorer complains in text");
        panic!("the explorer ended without a link: {err}");
    }

    /// A line of the story. What changes within nodes is told under its event; it comes first all the same.
    fn tell(&mut self, line: String) {
        let change = line.strip_prefix("       ").map(str::trim);
        let is_durable = |change: &&str| change.contains(" saves ");
        match (change, self.trace.last_mut()) {
            (Some(change), Some(event)) => {
                if is_durable(&change) {
                    *event = event.replacen("⇒ ", &format!("⇒ {change}; "), 1);
                }
            }
            (Some(_), None) | (None, _) => self.trace.push(line),
        }
    }

    /// Where it listens, as `localhost:12345`.
    pub(crate) fn host(&self) -> &str {
        let rest = self.link.strip_prefix("http://");
        rest.and_then(|rest| rest.split('/').next())
            .expect("a link has a host")
    }

    /// The link without the host.
    pub(crate) fn path(&self) -> &str {
        let rest = self.link.strip_prefix("http://");
        let rest = rest.and_then(|rest| rest.strip_prefix(self.host()));
        rest.expect("a link has a path")
    }

    /// What it answers to a GET.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), self.host(), "")
    }

    pub(crate) fn ask(&self, what: &str, host: &str, headers: &str) -> Answer {
        let mut stream = self.send(what, host, headers);
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the explorer answers in text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        Answer {
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn send(&self, what: &str, host: &str, headers: &str) -> TcpStream {
        let mut stream =
            TcpStream::connect(self.host()).expect("it listens when it prints the link");
        let request =
            format!("{what} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
        let sent = stream.write_all(request.as_bytes());
        sent.expect("the explorer takes requests");
        stream
    }

    fn interrupt(&self) {
        let process = i32::try_from(self.child.id()).expect("it is a process");
        kill(Pid::from_raw(process), Signal::SIGINT).expect("it can be interrupted");
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        // It may have ended by itself, which is what some test complains about.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer to a request.
pub(crate) struct Answer {
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> &str {
        self.head.split(' ').nth(1).expect("a head has a status")
    }

    pub(crate) fn location(&self) -> &str {
        let mut lines = self.head.lines();
        let location = lines.find_map(|line| line.strip_prefix("Location: "));
        location.expect("it is elsewhere")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("it is JSON")
    }
}

/// On any port that is free.
pub(crate) fn command(room: &Room, arguments: &[&str]) -> Command {
    room.paxos(&[&["explore", "--port", "0"], arguments].concat())
}

/// A line of a trace, as the event and what came of it.
pub(crate) fn told(line: &str) -> (&str, &str) {
    let (_, line) = line
        .trim_start()
        .split_once("  ")
        .expect("lines have numbers");
    let (event, came) = line.split_once('⇒').unwrap_or((line, ""));
    (event.trim(), came.trim())
}

#[test]
fn without_a_property_the_explorer_opens_at_the_start() {
    let room = Room::with(&["three-servers"]);
    let explorer = Explorer::start(&room, &["three-servers"]);
    assert_eq!(explorer.trace, Vec::<String>::new());
    assert_eq!(explorer.path(), "/explore/three-servers/#/steps/0");
    assert_eq!(
        explorer.get("/explore/three-servers").location(),
        "/explore/three-servers/"
    );
    let page = explorer.get("/explore/three-servers/");
    assert!(page.body.contains("Path of Actions"), "{}", page.body);
    let status = explorer.get("/explore/three-servers/.status").json();
    assert_eq!(status["model"], "three-servers");
    let mut names = status["properties"].as_array().unwrap().iter();
    assert!(
        names.any(|property| property["name"] == "agreement"),
        "{status}"
    );
}

#[test]
fn a_port_that_is_taken_is_told() {
    let room = Room::with(&["one-acceptor"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = run(room.paxos(&["explore", "one-acceptor", "--port", &port]), 2);
    assert_eq!(said.out, "");
    let start = format!("error: cannot listen on localhost:{port}: ");
    assert!(said.err.starts_with(&start), "{}", said.err);
    assert!(
        said.err
            .ends_with("; choose another with --port, or 0 for any\n"),
        "{}",
        said.err
    );
    assert_eq!(said.err.lines().count(), 1);
}

#[test]
fn a_saved_trace_opens_at_its_end_or_where_it_no_longer_applies() {
    let room = Room::with(&["one-acceptor"]);
    let kept = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/regressions");
        format!("{folder}/one-acceptor.agreement.{name}.itf.json")
    };
    let explorer = Explorer::start(&room, &["--trace", &kept("accept-stale")]);
    let (trace, link) = (explorer.trace.clone(), explorer.path().to_owned());
    assert!(
        link.starts_with("/explore/one-acceptor/accept-stale/#/steps/0/"),
        "{link}"
    );
    assert_eq!(
        trace.last().unwrap(),
        "still breaks: violated after 8 steps"
    );
    // After five of them: the whole path is there, and three steps before its end it is opened.
    let explorer = Explorer::start(&room, &["--trace", &kept("accept-stale"), "--step", "5"]);
    assert_eq!(explorer.path(), format!("{link}?offset=3"));
    let explorer = Explorer::start(&room, &["--trace", &kept("without-accept-stale")]);
    let told = explorer.trace.last().unwrap();
    assert!(
        told.starts_with("no longer applies: step 6 cannot be taken, because "),
        "{told}"
    );
    let (world, path) = explorer.path().split_once("#/steps/0/").unwrap();
    assert_eq!(
        (world, path.split('/').count()),
        ("/explore/one-acceptor/", 5)
    );

    let said = run(
        command(&room, &["--trace", &kept("accept-stale"), "--step", "9"]),
        2,
    );
    assert_eq!(
        said.err,
        "error: there is no step 9: the trace has 8, so --step takes 0 to 8\n"
    );
    let said = run(command(&room, &["one-acceptor", "--step", "1"]), 2);
    assert!(
        said.err.contains("<--at <PROPERTY>|--trace <FILE>>"),
        "{}",
        said.err
    );
    let file = room.path("models/one-acceptor.toml");
    let text = std::fs::read_to_string(file).unwrap();
    room.write(
        "models/one-acceptor.toml",
        &text.replace("crashes = 1", "crashes = 2"),
    );
    let said = run(command(&room, &["--trace", &kept("accept-stale")]), 2);
    let end = "the scenario `one-acceptor` is not what it was: world.crashes was 1, is 2; name the scenario file that it \
               was found in\n";
    assert!(said.err.ends_with(end), "{}", said.err);
}

#[test]
fn the_browser_is_opened_if_there_is_one() {
    let room = Room::with(&["one-acceptor"]);
    let mut without = command(&room, &["one-acceptor", "--open"]);
    without.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let mut explorer = Explorer::started(without);
    let mut err = BufReader::new(explorer.child.stderr.take().unwrap()).lines();
    assert!(
        err.next()
            .unwrap()
            .unwrap()
            .starts_with("open the link in a browser")
    );
    let told = "no browser can be opened: there is no display, neither DISPLAY nor WAYLAND_DISPLAY is set; open the link by hand";
    assert_eq!(err.next().unwrap().unwrap(), told);
    assert_eq!(explorer.get("/").status(), "200");

    // Some opener, that says what it was asked for through a pipe, so that nobody has to wait for it.
    room.write("bin/xdg-open", "#!/bin/sh\necho \"$1\" > opened\n");
    let made = Command::new("sh")
        .args(["-c", "chmod +x bin/xdg-open && mkfifo opened"])
        .current_dir(room.path("."))
        .status();
    assert!(made.unwrap().success());
    let mut with = command(&room, &["one-acceptor", "--open"]);
    let path = std::env::var("PATH").unwrap();
    with.env("DISPLAY", ":99")
        .env("PATH", format!("{}:{path}", room.path("bin").display()));
    let explorer = Explorer::started(with);
    let opened = std::fs::read_to_string(room.path("opened")).unwrap();
    assert_eq!(opened.trim_end(), explorer.link);
}

#[test]
fn ctrl_c_ends_the_explorer() {
    let room = Room::with(&["one-acceptor"]);
    let mut explorer = Explorer::start(&room, &["one-acceptor"]);
    explorer.interrupt();
    assert_eq!(explorer.child.wait().unwrap().code(), Some(0));
    let mut err = String::new();
    let mut pipe = explorer.child.stderr.take().unwrap();
    pipe.read_to_string(&mut err).unwrap();
    assert!(err.contains("interrupted: the explorer ends"), "{err}");
}

/// How a search that takes minutes ends when it is interrupted so often.
fn interrupted(room: &Room, times: usize) -> Option<i32> {
    let mut command = command(room, &["three-proposers-retries", "--at", "agreement"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut explorer = Explorer {
        child,
        trace: Vec::new(),
        why: Vec::new(),
        link: String::new(),
        out: None,
    };
    let status = format!("/proc/{}/status", explorer.child.id());
    while !crate::simulate::catches_interrupt(&std::fs::read_to_string(&status).unwrap()) {
        std::thread::yield_now();
    }
    explorer.interrupt();
    let mut err = BufReader::new(explorer.child.stderr.take().unwrap()).lines();
    let mut told = err.by_ref().map(|line| line.unwrap());
    assert!(told.any(|line| line.starts_with("interrupted: the explorer ends")));
    for _ in 1..times {
        explorer.interrupt();
    }
    explorer.child.wait().unwrap().code()
}

#[test]
fn ctrl_c_ends_the_search_for_a_path_and_a_second_one_the_process() {
    let room = Room::with(&["three-proposers-retries"]);
    assert_eq!(interrupted(&room, 1), Some(3));
    // The search may end before the second one arrives, but not every time.
    assert!((0..20).any(|_| interrupted(&room, 2) == Some(130)));
}

#[test]
fn what_cannot_be_shown_is_told_with_a_way_out() {
    let room = Room::with(&["one-acceptor", "ordered-network"]);
    for (scenario, property, why) in [
        ("one-acceptor", "agreement", "holds in every state"),
        (
            "ordered-network",
            "restart-mid-ballot",
            "is true in no state",
        ),
    ] {
        let said = run(
            room.paxos(&["explore", scenario, "--at", property, "--port", "0"]),
            2,
        );
        assert_eq!(said.out, "");
        assert_eq!(
            said.err,
            format!(
                "error: nothing to open: `{property}` {why} of `{scenario}`; leave out --at to \
                 explore from the start, or break something with --mutant\n"
            )
        );
    }
}
