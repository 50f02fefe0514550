//! `paxos explore`: the links it prints, and what a browser shows behind them.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::{Browser, LaunchOptions, Tab};

use crate::common::{Room, run};

/// How often something is looked for before it counts as missing, and how long between two looks.
const LOOKS: usize = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A running explorer; ended when dropped.
struct Explorer {
    child: Child,
    /// The trace that it printed before the link.
    trace: Vec<String>,
    /// Why that trace breaks what it breaks.
    why: Vec<String>,
    link: String,
}

impl Explorer {
    /// Starts it, and reads on to the link.
    fn start(room: &Room, arguments: &[&str]) -> Explorer {
        let mut all = vec!["explore", "--port", "0"];
        all.extend(arguments);
        let mut command = room.paxos(&all);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the explorer can be started");
        let mut explorer = Explorer {
            child,
            trace: Vec::new(),
            why: Vec::new(),
            link: String::new(),
        };
        let out = explorer.child.stdout.take().expect("it is piped");
        for line in BufReader::new(out).lines() {
            let line = line.expect("the explorer prints text");
            if line.starts_with("http://") {
                explorer.link = line;
                return explorer;
            }
            match line.starts_with("  why: ") {
                true => explorer.why.push(line),
                false => explorer.trace.push(line),
            }
        }
        let mut err = String::new();
        let pipe = explorer.child.stderr.as_mut().expect("it is piped");
        pipe.read_to_string(&mut err)
            .expect("the explorer complains in text");
        panic!("the explorer ended without a link: {err}");
    }

    /// Where it listens, as `localhost:12345`.
    fn host(&self) -> &str {
        let rest = self.link.strip_prefix("http://");
        rest.and_then(|rest| rest.split('/').next())
            .expect("a link has a host")
    }

    /// What it answers to a GET, with the headers.
    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        let host = self.host();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .expect("the explorer takes requests");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the explorer answers in text");
        answer
    }

    /// A connection; the link is printed a moment before the explorer listens.
    fn connect(&self) -> TcpStream {
        for _ in 0..LOOKS {
            match TcpStream::connect(self.host()) {
                Ok(stream) => return stream,
                Err(_) => sleep(PAUSE),
            }
        }
        panic!("nobody listens at {}", self.host());
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        // It may have ended by itself, which is what some test complains about.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser with one page; ended when dropped.
struct Page {
    tab: Arc<Tab>,
    errors: Arc<Mutex<Vec<String>>>,
    _browser: Browser,
    _profile: Profile,
}

/// The folder a browser keeps its things in; removed when dropped, which must be after the browser.
struct Profile {
    folder: PathBuf,
}

impl Profile {
    fn new() -> Profile {
        let folder = tempfile::tempdir().expect("temporary folders can be made");
        Profile {
            folder: folder.keep(),
        }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // The browser's own children outlive it for a moment, and may still write.
        for _ in 0..LOOKS {
            if std::fs::remove_dir_all(&self.folder).is_ok() {
                return;
            }
            sleep(PAUSE);
        }
    }
}

impl Page {
    /// Opens a link in a browser of its own.
    fn open(link: &str) -> Page {
        let chromium = Path::new("/usr/bin/chromium");
        assert!(
            chromium.exists(),
            "chromium is not installed: run ./test, which installs it, or apt-get install chromium"
        );
        let arguments = [
            "--headless=new",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
        ];
        let profile = Profile::new();
        let options = LaunchOptions {
            path: Some(chromium.to_path_buf()),
            // The library asks for the old headless mode, which is no more.
            headless: false,
            // The tests may run as root, and only ever open pages of our own.
            sandbox: false,
            user_data_dir: Some(profile.folder.clone()),
            window_size: Some((1600, 1200)),
            args: arguments.iter().map(OsStr::new).collect(),
            ..LaunchOptions::default()
        };
        let browser = Browser::new(options).expect("chromium can be started");
        let tab = browser.new_tab().expect("chromium has a tab");
        let errors = Arc::new(Mutex::new(Vec::new()));
        let page = Page {
            tab,
            errors: Arc::clone(&errors),
            _browser: browser,
            _profile: profile,
        };
        let listener = move |event: &Event| {
            if let Some(error) = complaint(event) {
                errors.lock().expect("nobody panics with it").push(error);
            }
        };
        page.tab
            .add_event_listener(Arc::new(listener))
            .expect("events can be listened to");
        page.tab
            .enable_runtime()
            .expect("errors can be listened to");
        page.tab.enable_log().expect("errors can be listened to");
        page.tab.navigate_to(link).expect("links can be opened");
        page
    }

    /// The text that a JavaScript expression gives, once it gives one.
    fn text(&self, expression: &str) -> String {
        for _ in 0..LOOKS {
            // While the page is loading, evaluation may fail.
            let found = self.tab.evaluate(expression, false);
            let value = found.ok().and_then(|found| found.value);
            match value.as_ref().and_then(|value| value.as_str()) {
                Some(text) if !text.is_empty() => return text.to_owned(),
                Some(_) | None => sleep(PAUSE),
            }
        }
        let page = self.tab.get_content().unwrap_or_default();
        let errors = self.errors();
        panic!("the page never had {expression}; errors: {errors:?}; page:\n{page}");
    }

    fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("nobody panics with it").clone()
    }
}

/// What an event complains of, if it is an error.
fn complaint(event: &Event) -> Option<String> {
    let is_thrown = matches!(event, Event::RuntimeExceptionThrown(_));
    let is_logged = matches!(
        event,
        Event::RuntimeConsoleAPICalled(_) | Event::LogEntryAdded(_)
    );
    let text = format!("{event:?}");
    // Browsers ask for an icon that the explorer does not have.
    let is_error = text.contains("Error") && !text.contains("favicon.ico");
    (is_thrown || (is_logged && is_error)).then_some(text)
}

/// A line of a trace, as the event and what came of it.
fn told(line: &str) -> (&str, &str) {
    let (_, line) = line
        .trim_start()
        .split_once("  ")
        .expect("lines have numbers");
    let (event, came) = line.split_once('⇒').unwrap_or((line, ""));
    (event.trim(), came.trim())
}

#[test]
fn the_stem_of_what_goes_on_for_ever_opens_in_a_browser() {
    let room = Room::with(&["liveness/duel-nack"]);
    let explorer = Explorer::start(&room, &["duel-nack", "--at", "decides"]);
    let start = format!("http://{}/#/steps/0/", explorer.host());
    let round = "…and so on for ever:";
    let told_before = explorer.trace.iter().position(|line| line == round);
    let stem = told_before.expect("it says where the round begins");
    // The first link is to the end of the stem.
    assert_eq!(explorer.link[start.len()..].split('/').count(), stem);
    explorer.connect();
    let page = Page::open(&explorer.link);
    let path = format!(
        "(path => path.length == {stem} + 2 ? path.slice(2).join('\\n') : '')\
         ([...document.querySelectorAll('.path-list a')].map(link => link.textContent))"
    );
    let path = page.text(&path);
    let events: Vec<&str> = explorer.trace[..stem]
        .iter()
        .map(|line| told(line).0)
        .collect();
    assert_eq!(path.lines().collect::<Vec<_>>(), events);
    assert!(page.errors().is_empty(), "{:?}", page.errors());
}

#[test]
fn a_counterexample_opens_in_a_browser() {
    let room = Room::with(&["thin-quorums"]);
    let explorer = Explorer::start(&room, &["thin-quorums", "--at", "agreement"]);
    let steps = explorer.trace.len();
    let start = format!("http://{}/#/steps/0/", explorer.host());
    assert!(explorer.link.starts_with(&start), "{}", explorer.link);
    assert_eq!(explorer.link[start.len()..].split('/').count(), steps);
    explorer.connect();

    let page = Page::open(&explorer.link);
    // The path begins with "Pre-init" and "Init 0".
    let path = format!(
        "(path => path.length == {steps} + 2 ? path.slice(2).join('\\n') : '')\
         ([...document.querySelectorAll('.path-list a')].map(link => link.textContent))"
    );
    let path = page.text(&path);
    let events: Vec<&str> = explorer.trace.iter().map(|line| told(line).0).collect();
    assert_eq!(path.lines().collect::<Vec<_>>(), events);

    let (event, came) = told(explorer.trace.last().expect("there are steps"));
    let state =
        page.text("document.querySelector('.main-flex-right > div:last-child').textContent");
    // What is chosen is seen by the trace only: no node knows it yet.
    let came = came
        .strip_suffix("; A is chosen, too")
        .expect("two values are chosen");
    assert!(
        state.starts_with(&format!("{event}  ⇒ {came}\n\n")),
        "{state}"
    );
    for part in ["\nn0: ", "\nn5: ", "\nnetwork:\n"] {
        assert!(state.contains(part), "no `{part}` in {state}");
    }
    page.text(
        "document.querySelector('.main-flex-right').offsetTop < 100 ? 'beside the path' : ''",
    );
    let title = page.text("document.querySelector('.hscroll svg title').textContent");
    assert!(
        title.contains("Four acceptors, quorums that do not meet"),
        "{title}"
    );
    let next = "[...document.querySelectorAll('.main-flex-left ul:last-of-type a')]\
                .map(link => link.textContent).join('\\n')";
    let next = page.text(next);
    assert!(next.contains(" → "), "{next}");
    assert_eq!(page.errors(), Vec::<String>::new());

    // Errors would have been seen.
    let lost = page
        .tab
        .evaluate("window.location.hash = '#/steps/0/9999/0'", false);
    lost.expect("the page can be sent to where nothing is");
    for _ in 0..LOOKS {
        if !page.errors().is_empty() {
            return;
        }
        sleep(PAUSE);
    }
    panic!("an error on the page went unseen");
}

#[test]
fn without_a_property_the_explorer_opens_at_the_start() {
    let room = Room::with(&["three-servers"]);
    let explorer = Explorer::start(&room, &["three-servers"]);
    assert_eq!(explorer.trace, Vec::<String>::new());
    assert_eq!(
        explorer.link,
        format!("http://{}/#/steps/0", explorer.host())
    );
    let status = explorer.get("/.status");
    assert!(status.starts_with("HTTP/1.1 200 "), "{status}");
    let (_, body) = status.split_once("\r\n\r\n").unwrap();
    let status: serde_json::Value = serde_json::from_str(body).unwrap();
    let names = status["properties"].as_array().unwrap().iter();
    assert!(
        names.into_iter().any(|property| property[1] == "agreement"),
        "{status}"
    );
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
    let why = explorer.why.last().expect("a violation is explained");
    assert!(why.contains("n2 had promised 1.1"), "{why}");
    // The pages are asked for by the indices of the link, and are of the same wrong rules.
    let (_, indices) = explorer.link.split_once("#/steps").unwrap();
    let (before, _) = indices.rsplit_once('/').unwrap();
    let states = explorer.get(&format!("/.states{before}"));
    assert!(states.contains(told(last).0), "{states}");
}

#[test]
fn a_folder_of_pages_does_not_replace_the_explorers_own() {
    let room = Room::with(&["one-acceptor"]);
    for page in ["index.htm", "app.js"] {
        room.write(&format!("ui/{page}"), "somebody else's");
    }
    let explorer = Explorer::start(&room, &["one-acceptor"]);
    let page = explorer.get("/");
    assert!(
        page.contains("<title>Stateright Explorer</title>"),
        "{page}"
    );
    assert!(!explorer.get("/app.js").contains("somebody else's"));
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
