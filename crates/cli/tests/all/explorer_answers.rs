//! What the explorer answers, request by request.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::common::{Room, run};
use crate::explorer::{Explorer, command, told};

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
    let why = explorer.why.last().expect("a violation is explained");
    assert!(why.contains("n2 had promised 1.1"), "{why}");
    let (world, indices) = explorer.path().split_once("#/steps").unwrap();
    assert_eq!(world, "/explore/one-acceptor/accept-stale/");
    // The states are asked for by the indices of the link, and are of the same wrong rules.
    let (before, index) = indices.rsplit_once('/').unwrap();
    let states = explorer.get(&format!("{world}.states{before}")).json();
    let mut states = states.as_array().unwrap().iter();
    let is_last = |state: &&Value| state["actionIndex"].as_u64() == index.parse().ok();
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
        json!(["Always", "agreement", false])
    );
    assert_eq!(
        marks(state, "validity"),
        json!(["Always", "validity", true])
    );
    assert_eq!(
        marks(state, "value-chosen"),
        json!(["Sometimes", "value-chosen", true])
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
fn why_a_state_is_broken_is_told_in_the_words_of_the_terminal() {
    let room = Room::with(&["one-acceptor"]);
    let wrong = [
        "one-acceptor",
        "--mutant",
        "accept-stale",
        "--at",
        "agreement",
    ];
    let explorer = Explorer::start(&room, &wrong);
    let (world, indices) = explorer.path().split_once("#/steps").unwrap();
    let why = explorer.get(&format!("{world}.why{indices}")).json();
    assert_eq!(why[0]["property"], "agreement");
    let sentences = why[0]["sentences"].as_array().unwrap();
    let printed: Vec<&str> = explorer
        .why
        .iter()
        .map(|line| line.trim_start_matches("  why: "))
        .collect();
    assert_eq!(sentences, &printed);
    // What one property has told is not told again of the next.
    let all = why
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["sentences"].as_array().unwrap());
    let all: Vec<&Value> = all.collect();
    assert_eq!(
        all.iter().collect::<std::collections::HashSet<_>>().len(),
        all.len()
    );
    assert!(!sentences.is_empty());
    let before = indices.split('/').take(4).collect::<Vec<_>>().join("/");
    assert_eq!(
        explorer.get(&format!("{world}.why{before}")).json(),
        json!([])
    );
    let lost = explorer.get(&format!("{world}.why/0/999"));
    assert_eq!(lost.status(), "404");
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
    assert_eq!(marks[0], json!(["Always", "agreement", true]));
    assert_eq!(
        marks.last().unwrap(),
        &json!(["Eventually", "decides", false])
    );
}

#[test]
fn a_saved_lasso_opens_where_its_round_begins_as_well() {
    let room = Room::with(&["liveness/duel-nack", "one-acceptor"]);
    run(room.paxos(&["check", "duel-nack", "--itf", "traces"]), 0);
    let found = Explorer::start(&room, &["duel-nack", "--at", "decides"]);
    let file = "traces/duel-nack.decides.itf.json";
    let saved = Explorer::start(&room, &["--trace", file]);
    // The first link is to where the round begins, after eleven steps.
    assert_eq!(saved.path(), found.path());
    assert_eq!(
        saved
            .path()
            .split_once("#/steps/0/")
            .unwrap()
            .1
            .split('/')
            .count(),
        11
    );
    let (fate, story) = saved.trace.split_last().unwrap();
    assert_eq!(fate, "still breaks: violated: 11 steps, then 10 for ever");
    assert_eq!(story, found.trace);
}

#[test]
fn where_nothing_can_be_decided_any_more_is_found_though_rounds_end() {
    let room = Room::with(&["one-acceptor"]);
    let wrong = [
        "one-acceptor",
        "--mutant",
        "accept-strict",
        "--at",
        "can-decide",
    ];
    let explorer = Explorer::start(&room, &wrong);
    assert_eq!(
        explorer.trace,
        ["…and from here on no proposer, asked and left alone, gets a value decided"]
    );
    let right = ["explore", "one-acceptor", "--at", "can-decide"];
    let said = run(room.paxos(&right), 2);
    assert!(
        said.err
            .contains("`can-decide` holds in every state of `one-acceptor`"),
        "{}",
        said.err
    );
}

#[test]
fn what_would_take_minutes_is_not_looked_for() {
    let room = Room::with(&["liveness/duel-three", "one-acceptor"]);
    let explorer = Explorer::start(&room, &[]);
    let page = explorer.get("/").body;
    assert!(page.contains("decides <span class=\"bad\""), "{page}");
    assert!(!page.contains("/at/duel-three/"), "{page}");
    let refused = explorer.get("/at/duel-three/decides");
    assert_eq!(refused.status(), "503");
    let line = "`duel-three` is too large to be searched here; `paxos explore duel-three --at decides` searches without a limit";
    assert!(refused.body.contains(line), "{}", refused.body);
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
    let expected = "error: scenario `thin-quorums`: it has quorums of its own, which the rules of notes do not: \
                    leave them out\n";
    assert_eq!(said.err, expected);
    let refused = explorer.get("/explore/thin-quorums/notes/");
    assert_eq!(refused.status(), "400");
    assert!(
        refused.body.contains("quorums of its own"),
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
