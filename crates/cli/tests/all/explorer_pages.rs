//! The explorer in a browser: its list, its pages, and the ways between them.

use crate::browser::{Page, axe};
use crate::common::Room;
use crate::explorer::{Explorer, told};

/// The path of actions, without "Pre-init" and "Init 0"; nothing until it has so many steps.
fn path(page: &Page, steps: usize) -> Vec<String> {
    let path = format!(
        "(path => path.length == {steps} + 2 ? path.slice(2).join('\\n') : '')\
         ([...document.querySelectorAll('.path-list a')].map(link => link.textContent))"
    );
    page.text(&path).lines().map(str::to_owned).collect()
}

/// Clicks on the first element that a selector finds, once it is there.
fn click(page: &Page, selector: &str) {
    page.text(&format!(
        "document.querySelector(`{selector}`) ? 'there' : ''"
    ));
    let clicked = page.tab.evaluate(
        &format!("document.querySelector(`{selector}`).click()"),
        false,
    );
    clicked.expect("what is there can be clicked");
}

const STATE: &str = "document.querySelector('.now pre').textContent";

#[test]
fn the_stem_of_what_goes_on_for_ever_opens_in_a_browser() {
    let room = Room::with(&["liveness/duel-nack"]);
    let explorer = Explorer::start(&room, &["duel-nack", "--at", "decides"]);
    let start = format!("http://{}/explore/duel-nack/#/steps/0/", explorer.host());
    let round = "…and so on for ever:";
    let told_before = explorer.trace.iter().position(|line| line == round);
    let stem = told_before.expect("it says where the round begins");
    // The first link is to the end of the stem.
    assert_eq!(explorer.link[start.len()..].split('/').count(), stem);
    let page = Page::open(&explorer.link);
    let before: Vec<&str> = explorer.trace[..stem]
        .iter()
        .map(|line| told(line).0)
        .collect();
    assert_eq!(path(&page, stem), before);
    assert!(page.errors().is_empty(), "{:?}", page.errors());
}

#[test]
fn a_counterexample_opens_in_a_browser() {
    let room = Room::with(&["thin-quorums"]);
    let explorer = Explorer::start(&room, &["thin-quorums", "--at", "agreement"]);
    let steps = explorer.trace.len();
    let start = format!("http://{}/explore/thin-quorums/#/steps/0/", explorer.host());
    assert!(explorer.link.starts_with(&start), "{}", explorer.link);
    assert_eq!(explorer.link[start.len()..].split('/').count(), steps);

    let page = Page::open(&explorer.link);
    let events: Vec<&str> = explorer.trace.iter().map(|line| told(line).0).collect();
    assert_eq!(path(&page, steps), events);

    // First what has changed; what is chosen is seen by the trace only, since no node knows it yet.
    let (event, came) = told(explorer.trace.last().expect("there are steps"));
    let came = came
        .strip_suffix("; B is chosen, too")
        .expect("two values are chosen");
    let changes = page.text(STATE);
    assert!(
        changes.starts_with(&format!("{event}  ⇒ {came}\n\n")),
        "{changes}"
    );
    let chosen = changes.lines().last().expect("something has changed");
    let chosen: Vec<&str> = chosen.split_whitespace().collect();
    assert_eq!(chosen, ["chosen", "A", "→", "A", "B"]);
    // Then the whole.
    click(&page, ".now input");
    let state = page.text(&format!("({STATE}).startsWith('n0: ') ? {STATE} : ''"));
    for part in ["\nn5: ", "\nnetwork:\n"] {
        assert!(state.contains(part), "no `{part}` in {state}");
    }
    let title = page.text("document.querySelector('.picture svg title').textContent");
    assert!(
        title.contains("Four acceptors, quorums that do not meet"),
        "{title}"
    );
    let next =
        "[...document.querySelectorAll('.next-list a')].map(link => link.textContent).join('\\n')";
    assert!(page.text(next).contains(" → "));
    let marks =
        "[...document.querySelectorAll('.marks li')].map(mark => mark.textContent).join('\\n')";
    let marks = page
        .text(marks)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(marks.contains("✗ agreement broken here"), "{marks}");
    assert!(marks.contains("✓ validity holds here"), "{marks}");
    let why = page.text(
        "[...document.querySelectorAll('.now .why li')].map(line => line.textContent).join('\\n')",
    );
    let told: Vec<String> = explorer
        .why
        .iter()
        .map(|line| line.replace("  why: ", ""))
        .collect();
    let own = |lines: &[String]| why.starts_with(&lines.join("\n"));
    assert!(!told.is_empty() && own(&told), "{why}");
    // At its start nothing is broken, and nothing to be explained.
    let start = "location.hash = '#/steps/0'";
    page.tab
        .evaluate(start, false)
        .expect("it goes to the start");
    page.text("document.querySelector('.now .why') ? '' : 'nothing to explain'");
    assert_eq!(page.errors(), Vec::<String>::new());
}

#[test]
fn a_click_leads_from_the_list_to_a_counterexample_and_back() {
    let room = Room::with(&["one-acceptor", "thin-quorums"]);
    let explorer = Explorer::start(&room, &[]);
    let page = Page::open(&explorer.link);
    page.text("document.getElementById('filter').closest('p').hidden ? '' : 'it can be filtered'");
    let filter = "document.getElementById('filter').value = 'Thin quorums'.replace(' ', '-');\
                  document.getElementById('filter').dispatchEvent(new Event('input'))";
    page.tab
        .evaluate(filter, false)
        .expect("it can be filtered");
    let left = "[...document.querySelectorAll('ul.worlds > li')].filter(item => !item.hidden)\
                .map(item => item.querySelector('h3').textContent).join(' ')";
    assert_eq!(page.text(left), "thin-quorums");
    click(&page, "a[href='/at/thin-quorums/agreement']");
    let place = page.text("location.hash ? location.pathname : ''");
    assert_eq!(place, "/explore/thin-quorums/");
    let broken = "[...document.querySelectorAll('.path-list li')].pop().textContent.includes('✗ agreement') ? 'broken' : ''";
    page.text(broken);

    // One step back by the keyboard, then another way on by a click.
    let up = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowUp', bubbles: true}))";
    page.tab.evaluate(up, false).expect("keys can be pressed");
    page.text("location.hash.endsWith('?offset=1') ? 'one step before the end' : ''");
    let last = "[...document.querySelectorAll('.path-list a')].pop()";
    page.text(&format!(
        "{last}.getAttribute('aria-current') ? '' : 'not at the end'"
    ));
    click(&page, ".next-list a");
    page.text(&format!(
        "{last}.getAttribute('aria-current') ? 'at the end of another path' : ''"
    ));

    // Where nothing is, a line says so.
    let lost = page
        .tab
        .evaluate("location.hash = '#/steps/0/9999/0'", false);
    lost.expect("the page can be sent to where nothing is");
    let trouble = page.text("document.querySelector('[role=alert]').textContent");
    assert_eq!(trouble, "There is no step 9999 after 0 steps of this path.");
    click(&page, "header a");
    assert_eq!(
        page.text("document.querySelector('h1').textContent.replace('Explorer', '')"),
        "What can be explored"
    );
    // A fault, put together by hand.
    let choose = "document.querySelector('[name=mutant]').value = 'accept-stale';\
                  document.querySelector('form').requestSubmit()";
    page.tab
        .evaluate(choose, false)
        .expect("a form can be sent");
    page.text("location.pathname == '/explore/one-acceptor/accept-stale/' ? 'there' : ''");
    assert_eq!(
        page.text("document.title.replace('Explorer', '')"),
        "one-acceptor, with accept-stale"
    );
    assert_eq!(page.errors(), Vec::<String>::new());

    // Errors would have been seen.
    let error = page
        .tab
        .evaluate("setTimeout(() => { throw new Error('on purpose') })", false);
    error.expect("a page can have errors");
    while page.errors().is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn staterights_checker_runs_at_a_click() {
    let room = Room::with(&["one-acceptor"]);
    let explorer = Explorer::start(&room, &["one-acceptor", "--mutant", "accept-stale"]);
    let page = Page::open(&explorer.link);
    page.text("document.querySelector('button').disabled ? '' : 'it can run'");
    click(&page, "button");
    let found = "[...document.querySelectorAll('.known li')].map(item => item.textContent.replace(/\\s+/g, ' ').trim())\
                 .find(text => text.startsWith('agreement violated in '))";
    let found = page.text(found);
    assert!(found.ends_with("(as stateright found it)"), "{found}");
    let states = page.text(
        "document.querySelector('[role=status]').textContent.match(/^exhausted: .*/)?.[0] ?? ''",
    );
    assert!(states.contains(" states, "), "{states}");
    assert_eq!(page.errors(), Vec::<String>::new());
}

#[test]
fn pages_fit_on_a_telephone_and_have_no_barriers() {
    let room = Room::with(&["thin-quorums", "liveness/duel-nack"]);
    let explorer = Explorer::start(&room, &["thin-quorums", "--at", "agreement"]);
    let front = format!("http://{}/", explorer.host());
    let page = Page::open(&front);
    for (link, is_there) in [
        (&front, "ul.worlds"),
        (&explorer.link, ".picture svg"),
        (&format!("{front}explore/thin-quorum/"), ".bad"),
    ] {
        page.tab.navigate_to(link).expect("links can be opened");
        let there = format!("document.querySelector('{is_there}') ? 'there' : ''");
        page.text(&format!("location.href == '{link}' && {there} || ''"));
        for scheme in ["light", "dark"] {
            page.prefer(scheme);
            assert_eq!(axe(&page), "", "{link}, {scheme}");
        }
        for width in [360, 800, 1920] {
            page.resize(width, 740);
            let widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth].join(' ')";
            let widths = page.text(widths);
            let (scrolled, seen) = widths.split_once(' ').unwrap();
            assert_eq!(scrolled, seen, "{link} at {width} pixels scrolls sideways");
        }
    }
}
