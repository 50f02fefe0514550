//! `paxos explore`: the links it prints, and what it answers behind them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{Room, run};

/// A running explorer; ended when dropped.
pub(crate) struct Explorer {
    child: Child,
    /// What it printed before the link.
    pub(crate) trace: Vec<String>,
    pub(crate) link: String,
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
            link: String::new(),
        };
        let out = explorer.child.stdout.take().expect("it is piped");
        for line in BufReader::new(out).lines() {
            let line = line.expect("the explorer prints text");
            if line.starts_with("http://") {
                explorer.link = line;
                return explorer;
            }
            explorer.trace.push(line);
        }
        let mut err = String::new();
        let pipe = explorer.child.stderr.as_mut().expect("it is piped");
        pipe.read_to_string(&mut err)
            .expect("the explorer complains in text");
        panic!("the explorer ended without a link: {err}");
    }

    /// Where it listens, as `localhost:12345`.
    pub(crate) fn host(&self) -> &str {
        let rest = self.link.strip_prefix("http://");
        rest.and_then(|rest| rest.split('/').next())
            .expect("a link has a host")
    }

    /// The link without the host.
    fn path(&self) -> &str {
        let rest = self.link.strip_prefix("http://");
        let rest = rest.and_then(|rest| rest.strip_prefix(self.host()));
        rest.expect("a link has a path")
    }

    /// What it answers to a GET.
    fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), self.host(), "")
    }

    fn ask(&self, what: &str, host: &str, headers: &str) -> Answer {
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

    fn send(&self, what: &str, host: &str, headers: &str) -> TcpStream {
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
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).expect("a head has a status")
    }

    fn location(&self) -> &str {
        let mut lines = self.head.lines();
        let location = lines.find_map(|line| line.strip_prefix("Location: "));
        location.expect("it is elsewhere")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("it is JSON")
    }
}

/// On any port that is free.
fn command(room: &Room, arguments: &[&str]) -> Command {
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
fn without_a_scenario_there_is_the_list_of_all() {
    let room = Room::with(&["three-servers", "liveness/duel-nack"]);
    let explorer = Explorer::start(&room, &[]);
    assert_eq!(explorer.path(), "/");
    let page = explorer.get("/").body;
    for part in [
        "<a href=\"/explore/three-servers/\">three-servers</a>",
        "<a href=\"/at/duel-nack/decides\">decides</a>",
        "as the file expects",
        "no-retransmission",
    ] {
        assert!(page.contains(part), "no `{part}` in {page}");
    }
    assert!(!page.contains("as the last full run answered"), "{page}");
    // A file of one's own is in the list as well, even where there is no folder of scenarios.
    let text = std::fs::read_to_string(room.path("models/three-servers.toml")).unwrap();
    let alone = Room::with(&[]);
    alone.write("my-world.toml", &text);
    let explorer = Explorer::start(&alone, &["my-world.toml"]);
    assert_eq!(explorer.path(), "/explore/my-world/#/steps/0");
    assert!(
        explorer
            .get("/")
            .body
            .contains("<a href=\"/explore/my-world/\">")
    );
}

#[test]
fn verdicts_are_those_of_the_last_full_run_as_long_as_it_answered_what_is_asked_now() {
    let room = Room::with(&["one-acceptor"]);
    run(room.paxos(&["check"]), 0);
    let label = "as the last full run answered";
    let front = || Explorer::start(&room, &[]).get("/").body;
    let page = front();
    assert!(page.contains(label), "{page}");
    assert!(
        page.contains(
            "<a href=\"/at/one-acceptor/client-told\">client-told</a> <span class=\"good\""
        ),
        "{page}"
    );
    assert!(page.contains(">witnessed in 5 steps<"), "{page}");
    let file = room.path("models/one-acceptor.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let other = text.replace(
        "vote-superseded = \"witnessed\"",
        "vote-superseded = \"never\"",
    );
    assert_ne!(text, other);
    room.write("models/one-acceptor.toml", &other);
    let page = front();
    assert!(!page.contains(label), "{page}");
    assert!(!page.contains("in 5 steps"), "{page}");
}

#[test]
fn a_mutant_can_be_explored() {
    let room = Room::with(&["one-acceptor"]);
    let arguments = [
        "one-acceptor",
        "--mutant",
        "accept-stale",
        "--at",
        "agreement",
    ];
    let explorer = Explorer::start(&room, &arguments);
    let last = explorer.trace.last().expect("there are steps");
    assert!(last.ends_with("is chosen, too"), "{last}");
    let (world, indices) = explorer.path().split_once("#/steps").unwrap();
    assert_eq!(world, "/explore/one-acceptor/accept-stale/");
    // The states are asked for by the indices of the link, and are of the same wrong rules.
    let (before, index) = indices.rsplit_once('/').unwrap();
    let states = explorer.get(&format!("{world}.states{before}")).json();
    let mut states = states.as_array().unwrap().iter();
    let is_last = |state: &&Value| state["actionIndex"].to_string() == index;
    let state = states.find(is_last).expect("the last step can be taken");
    assert_eq!(state["action"], told(last).0);
    // Each property is evaluated in that very state: it is broken there, and was not one step before.
    let marks = |state: &Value, name: &str| {
        let marks = state["properties"].as_array().unwrap().clone();
        let mark = marks.into_iter().find(|mark| mark[1] == name);
        mark.expect("it is judged")
    };
    assert_eq!(
        marks(state, "agreement"),
        serde_json::json!(["Always", "agreement", false])
    );
    assert_eq!(
        marks(state, "validity"),
        serde_json::json!(["Always", "validity", true])
    );
    assert_eq!(
        marks(state, "value-chosen"),
        serde_json::json!(["Sometimes", "value-chosen", true])
    );
    let (before, _) = before.rsplit_once('/').unwrap();
    let earlier = explorer.get(&format!("{world}.states{before}")).json();
    let mut earlier = earlier.as_array().unwrap().iter();
    assert!(earlier.all(|state| marks(state, "agreement")[2] == true));
    let picture = explorer.get(&format!("{world}.picture{indices}"));
    assert!(picture.body.starts_with("<svg"), "{}", picture.body);
    // The front page's way leads to the same place.
    let found = explorer.get("/at/one-acceptor/accept-stale/agreement");
    assert_eq!((found.status(), found.location()), ("302", explorer.path()));
}

#[test]
fn a_lasso_is_found_by_its_address_as_well() {
    let room = Room::with(&["liveness/duel-nack"]);
    let explorer = Explorer::start(&room, &["duel-nack", "--at", "decides"]);
    let found = explorer.get("/at/duel-nack/decides");
    assert_eq!((found.status(), found.location()), ("302", explorer.path()));
    // Whether it is decided is told of each state, beside what must never be.
    let states = explorer.get("/explore/duel-nack/.states").json();
    let marks = states[0]["properties"].as_array().unwrap();
    assert_eq!(marks[0], serde_json::json!(["Always", "agreement", true]));
    assert_eq!(
        marks.last().unwrap(),
        &serde_json::json!(["Eventually", "decides", false])
    );
}

#[test]
fn other_rules_can_be_explored() {
    let room = Room::with(&["notes", "thin-quorums"]);
    let explorer = Explorer::start(&room, &["notes", "--rules", "lamport"]);
    assert_eq!(explorer.path(), "/explore/notes/lamport/#/steps/0");
    let status = explorer.get("/explore/notes/lamport/.status").json();
    assert_eq!(status["model"], "notes, by the rules of lamport");
    let both = explorer
        .get("/open?scenario=notes&rules=lamport&mutant=ballots-not-unique%2Bpromise-equal");
    let address = "/explore/notes/lamport:ballots-not-unique+promise-equal/";
    assert_eq!(both.location(), address);
    assert_eq!(explorer.get(address).status(), "200");
    let said = run(command(&room, &["thin-quorums", "--rules", "notes"]), 2);
    let expected = "error: scenario `thin-quorums`: it has quorums of sizes of its own, which the rules of notes do not: \
                    leave them out\n";
    assert_eq!(said.err, expected);
    let refused = explorer.get("/explore/thin-quorums/notes/");
    assert_eq!(refused.status(), "400");
    assert!(
        refused.body.contains("quorums of sizes of its own"),
        "{}",
        refused.body
    );
}

#[test]
fn what_is_nothing_is_told_with_what_may_have_been_meant() {
    let room = Room::with(&["one-acceptor"]);
    let explorer = Explorer::start(&room, &[]);
    for (address, what, near) in [
        (
            "/explore/one-aceptor/",
            "no scenario is named `one-aceptor`",
            "/explore/one-acceptor/",
        ),
        (
            "/explore/one-acceptor/acept-stale/",
            "no mutant and no rules are named `acept-stale`",
            "/explore/one-acceptor/accept-stale/",
        ),
        (
            "/at/one-acceptor/accept-stale/agrement",
            "no property is named `agrement`",
            "/at/one-acceptor/accept-stale/agreement",
        ),
        (
            "/explore/%2e%2e/%2e%2e/etc/passwd",
            "no scenario is named `..`",
            "/",
        ),
        (
            "/../../etc/passwd",
            "there is nothing at /../../etc/passwd",
            "/",
        ),
        (
            "/at/one-acceptor/agreement",
            "`agreement` holds in every state of `one-acceptor`",
            "/",
        ),
        (
            "/at/one-acceptor/decides",
            "`decides` is not judged in `one-acceptor`",
            "/",
        ),
    ] {
        let answer = explorer.get(address);
        assert_eq!(answer.status(), "404", "{address}");
        let near = format!("<a href=\"{near}\"");
        assert!(answer.body.contains(what), "{}", answer.body);
        assert!(answer.body.contains(&near), "{}", answer.body);
    }
    let world = "/explore/one-acceptor/";
    for (path, what) in [
        (
            ".states/0/9999",
            "there is no such path: its step 1 cannot be taken\n",
        ),
        (
            ".states/1",
            "there is no such path: its step 0 cannot be taken\n",
        ),
        (".states/x", "`x` is no step: a path is made of numbers\n"),
        (".picture", "a path begins with a state\n"),
        (".other", "there is no .other of a world\n"),
    ] {
        let answer = explorer.get(&format!("{world}{path}"));
        assert_eq!((answer.status(), answer.body.as_str()), ("404", what));
    }
    assert_eq!(
        explorer.get(&format!("{world}.runtocompletion")).status(),
        "405"
    );
    assert_eq!(explorer.ask("POST /", explorer.host(), "").status(), "405");
}

#[test]
fn nobody_else_can_have_a_browser_ask() {
    let room = Room::with(&["one-acceptor"]);
    let explorer = Explorer::start(&room, &["one-acceptor"]);
    let port = explorer.host().strip_prefix("localhost:").unwrap();
    // A name of somebody else's that leads to this machine.
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "localhost",
        "localhost:1",
    ] {
        assert_eq!(explorer.ask("GET /", host, "").status(), "421", "{host}");
    }
    assert_eq!(
        explorer
            .ask("GET /", &format!("127.0.0.1:{port}"), "")
            .status(),
        "200"
    );
    let run = "POST /explore/one-acceptor/.runtocompletion";
    let from = |origin: &str| format!("Origin: http://{origin}\r\n");
    let foreign = explorer.ask(run, explorer.host(), &from("evil.example"));
    assert_eq!(foreign.status(), "403");
    let own = explorer.ask(run, explorer.host(), &from(explorer.host()));
    assert_eq!(own.status(), "200");
}

#[test]
fn staterights_checker_visits_every_state() {
    let room = Room::with(&["one-acceptor"]);
    let explorer = Explorer::start(&room, &["one-acceptor", "--mutant", "accept-stale"]);
    let world = "/explore/one-acceptor/accept-stale/";
    let before = explorer.get(&format!("{world}.status")).json();
    assert_eq!(before["canRun"], true);
    assert_eq!(before["properties"][0]["verdict"], "");
    let run = format!("POST {world}.runtocompletion");
    assert_eq!(explorer.ask(&run, explorer.host(), "").status(), "200");
    let status = loop {
        let status = explorer.get(&format!("{world}.status")).json();
        if status["isRunning"] == false {
            break status;
        }
    };
    let progress = status["progress"].as_str().unwrap();
    assert!(progress.starts_with("exhausted: "), "{progress}");
    let agreement = &status["properties"][0];
    assert_eq!(agreement["name"], "agreement");
    assert_eq!(agreement["tone"], "bad");
    let path = agreement["path"].as_str().unwrap();
    assert_eq!(
        explorer.get(&format!("{world}.states/{path}")).status(),
        "200"
    );
    assert_eq!(status["properties"][1]["verdict"], "holds");
}

#[test]
fn browsers_that_go_away_and_many_requests_at_once_are_no_trouble() {
    let room = Room::with(&["three-servers"]);
    let explorer = Explorer::start(&room, &["three-servers"]);
    // Gone in the middle of an answer, or before it.
    for _ in 0..30 {
        let mut stream = explorer.send("GET /ui/knockout-3.5.0.js", explorer.host(), "");
        let mut some = [0; 10];
        stream.read_exact(&mut some).expect("the answer begins");
        drop(stream);
        drop(explorer.send("GET /explore/three-servers/.states/0", explorer.host(), ""));
    }
    // One that never reads its answer, and twenty that do.
    let _stalled = explorer.send("GET /ui/knockout-3.5.0.js", explorer.host(), "");
    std::thread::scope(|scope| {
        for number in 0..20 {
            let explorer = &explorer;
            scope.spawn(move || {
                let path = ["", "/0", "/0/0", "/0/1/0"][number % 4];
                let answer = explorer.get(&format!("/explore/three-servers/.states{path}"));
                assert_eq!(answer.status(), "200", "{}", answer.body);
                assert!(!answer.json().as_array().unwrap().is_empty());
            });
        }
    });
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
        link: String::new(),
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
