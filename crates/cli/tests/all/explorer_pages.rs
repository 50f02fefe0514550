//! The explorer in a browser: its list, its pages, and the ways between them.

use std::thread::sleep;

use crate::browser::{LOOKS, PAUSE, Page};
use crate::common::Room;
use crate::explorer::{Explorer, told};

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

