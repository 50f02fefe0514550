//! `paxos report`: the site as a browser shows it, from the folder, without a server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::browser::{Page, axe};
use crate::common::{Room, run};
use crate::explorer::Explorer;

/// A suite of three: one that is as expected, one with counterexamples, one with a path that goes on for ever.
const SUITE: [&str; 3] = ["one-acceptor", "thin-quorums", "liveness/minority-of-1"];

/// A room with a site of the whole suite. Most of the faults survive so small a suite, so it is not as expected.
fn with_site() -> Room {
    let room = Room::with(&SUITE);
    let said = run(room.paxos(&["report"]), 1);
    assert!(
        said.out.contains("reports/site/index.html: "),
        "{}",
        said.out
    );
    assert!(said.out.contains(", which should not be\n"), "{}", said.out);
    room
}

fn address(room: &Room, page: &str) -> String {
    let path = room.path("reports/site").join(page);
    assert!(path.exists(), "{}", path.display());
    format!("file://{}", path.display())
}

/// All files of a folder with what is in them, by their names in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_path_buf();
                    found.insert(name, std::fs::read(path).unwrap());
                }
            }
        }
    }
    found
}

#[test]
fn from_the_overview_to_a_counterexample_and_into_the_explorer_in_clicks() {
    let room = with_site();
    let page = Page::open(&address(&room, "index.html"));
    page.text("document.querySelector('.filter:not([hidden])') && 'there'");
    let shown = "[...document.querySelectorAll('#scenarios tbody tr')].filter(row => !row.hidden).length.toString()";
    assert_eq!(page.text(shown), "3");
    let typed = |words: &str| {
        let script = format!(
            "(input => {{ input.value = '{words}'; input.dispatchEvent(new Event('input')); }})\
             (document.querySelector('#scenarios-filter'))"
        );
        page.tab.evaluate(&script, false).unwrap();
    };
    typed("DO not MEET");
    assert_eq!(page.text(shown), "1");
    assert_eq!(
        page.text("document.querySelector('.filter output').textContent"),
        "1 of 3"
    );
    typed("no such scenario");
    assert_eq!(page.text(shown), "0");
    typed("");
    assert_eq!(page.text(shown), "3");

    let click = |link: &str| {
        page.tab.wait_for_element(link).unwrap();
        let click = format!("document.querySelector(`{link}`).click()");
        page.tab.evaluate(&click, false).unwrap();
    };
    click("a[href='scenario/thin-quorums.html#agreement']");
    let heading = page.text("document.querySelector('#agreement')?.textContent");
    assert!(heading.starts_with("agreement: violated in "), "{heading}");
    let picture = page.text(
        "document.querySelector('[aria-label=\"Diagram: agreement\"] svg title').textContent",
    );
    assert!(!picture.is_empty());
    click("#agreement ~ ul.steps summary");
    let change = page
        .text("document.querySelector('#agreement ~ ul.steps details[open] .state').textContent");
    assert!(change.contains("+ ") && change.contains("− "), "{change}");
    let link = page.text(
        "document.querySelector('#agreement ~ dl a[href^=\"http://localhost:3000/explore/thin-quorums/#/steps/0/\"]').href",
    );
    assert!(link.len() > 60, "{link}");
    click("nav a:nth-child(2)");
    click("a[href='mutant/accept-stale.html']");
    let title = page.text("document.querySelector('h1')?.textContent");
    assert_eq!(title, "accept-stale");

    // The explorer is at port 3000 unless it is told otherwise, and tests share a machine.
    let explorer = Explorer::start(&room, &[]);
    let link =
        "document.querySelector('dl a[href*=\"/explore/one-acceptor/accept-stale/#/steps/0/\"]')";
    let moved = format!(
        "{link}.href = {link}.href.replace('localhost:3000', '{}')",
        explorer.host()
    );
    page.tab.evaluate(&moved, false).unwrap();
    click("dl a[href*='/explore/']");
    let marks = "[...document.querySelectorAll('.marks li')].map(mark => mark.textContent).join(' ')\
                 .replace(/\\s+/g, ' ').match(/✗ no-vote-below-promise broken here/)?.[0]";
    assert_eq!(page.text(marks), "✗ no-vote-below-promise broken here");
    assert_eq!(page.errors(), Vec::<String>::new());
}

/// A page of every kind.
const KINDS: [&str; 9] = [
    "index.html",
    "mutants.html",
    "liveness.html",
    "coverage.html",
    "benchmarks.html",
    "scenario/thin-quorums.html",
    "scenario/minority-of-1.html",
    "mutant/accept-stale.html",
    "mutant/promise-equal.html",
];

#[test]
fn pages_fit_on_a_telephone_and_have_no_barriers() {
    let room = Room::with(&SUITE);
    room.write(
        "benches/results.toml",
        include_str!("../../../../benches/results.toml"),
    );
    run(room.paxos(&["report"]), 1);
    let page = Page::open(&address(&room, "index.html"));
    for kind in KINDS {
        let at = address(&room, kind);
        page.tab.navigate_to(&at).unwrap();
        page.text(&format!(
            "location.href == '{at}' && document.readyState == 'complete' ? 'there' : ''"
        ));
        for scheme in ["light", "dark"] {
            page.prefer(scheme);
            let barriers = axe(&page);
            assert_eq!(barriers, "", "{kind}, {scheme}");
        }
        for width in [360, 800, 1920] {
            page.resize(width, 740);
            let widths = page.text(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth].join(' ')",
            );
            let (scrolled, seen) = widths.split_once(' ').unwrap();
            assert_eq!(scrolled, seen, "{kind} at {width} pixels scrolls sideways");
        }
        assert_eq!(page.errors(), Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn a_site_is_the_same_wherever_it_is_made() {
    let digest = |out: &str| {
        let (_, digest) = out.trim_end().rsplit_once("digest ").unwrap();
        digest.to_owned()
    };
    let names = ["report", "one-acceptor", "thin-quorums", "--out"];
    let (here, there) = (Room::with(&SUITE), Room::with(&SUITE));
    let one = run(
        here.paxos(&[&names[..], &["a", "--threads", "1"]].concat()),
        0,
    );
    let two = run(
        there.paxos(&[&names[..], &["b/c", "--threads", "3"]].concat()),
        0,
    );
    let (first, second) = (files(&here.path("a")), files(&there.path("b/c")));
    assert!(first == second, "the bytes are not the same");
    assert!(first.len() > 10, "{:?}", first.keys());
    assert_eq!(digest(&one.out), digest(&two.out));
    // Not about the whole suite, so there are no digests to be committed.
    assert!(!here.path("a.b3sum").exists());

    // Nothing is explored again, and what is made of it is the same.
    assert!(one.err.contains("one-acceptor: "), "{}", one.err);
    let again = run(here.paxos(&[&names[..], &["a"]].concat()), 0);
    assert!(!again.err.contains("one-acceptor: "), "{}", again.err);
    assert!(again.err.contains("2 of them unchanged"), "{}", again.err);
    assert!(files(&here.path("a")) == first);
    // A kept answer that is damaged is not used.
    let kept = here.path("target/paxos-report-cache/scenario.one-acceptor.json");
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, text.replace("336", "337")).unwrap();
    let again = run(here.paxos(&[&names[..], &["a"]].concat()), 0);
    assert!(again.err.contains("one-acceptor: "), "{}", again.err);
    assert!(files(&here.path("a")) == first);
    // A scenario that has changed is explored again.
    let file = here.path("models/one-acceptor.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replacen("title = \"", "title = \"Once more: ", 1),
    )
    .unwrap();
    run(here.paxos(&[&names[..], &["a"]].concat()), 0);
    assert!(files(&here.path("a")) != first);
}

#[test]
fn the_whole_suite_has_digests() {
    let room = with_site();
    let sums = std::fs::read_to_string(room.path("reports/site.b3sum")).unwrap();
    let there = files(&room.path("reports/site"));
    assert_eq!(sums.lines().count(), there.len());
    for line in sums.lines() {
        let (digest, name) = line.split_once("  site/").unwrap();
        assert_eq!(digest.len(), 64);
        assert!(there.contains_key(Path::new(name)), "{line}");
    }
}

#[test]
fn what_is_in_the_way_is_told_with_a_way_out() {
    let room = Room::with(&["one-acceptor"]);
    room.write("mine/index.html", "<p>mine");
    let said = run(room.paxos(&["report", "one-acceptor", "--out", "mine"]), 2);
    assert_eq!(
        said.err,
        "error: mine is no site of `paxos report`, and all in it would be lost: choose another place with --out, or \
         remove it\n"
    );
    assert_eq!(
        std::fs::read_to_string(room.path("mine/index.html")).unwrap(),
        "<p>mine"
    );
    room.write("benches/results.toml", "[[benchmark]]\ntitle = 1\n");
    let said = run(room.paxos(&["report", "one-acceptor"]), 2);
    assert!(
        said.err.starts_with("error: benches/results.toml: "),
        "{}",
        said.err
    );
    assert_eq!(said.err.lines().count(), 1);
    assert!(!room.path("reports").join("site").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_half_of_a_site() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let room = Room::with(&["one-acceptor", "three-proposers"]);
    let mut command = room.paxos(&[
        "report",
        "one-acceptor",
        "three-proposers",
        "--threads",
        "1",
    ]);
    let mut child = command
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    // The small one is done, the other has just begun.
    assert!(lines.next().unwrap().unwrap().starts_with("one-acceptor: "));
    kill(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let said = said.join("\n");
    assert!(said.contains("no site is written: interrupted"), "{said}");
    assert!(!room.path("reports/site").exists());
    assert_eq!(std::fs::read_dir(room.path("reports")).unwrap().count(), 0);
    assert!(
        room.path("target/paxos-report-cache/scenario.one-acceptor.json")
            .exists()
    );
}
