//! The folder of reports.

use checker::Limits;
use report::{Answer, Error};

use crate::worlds;

/// The reports of two scenarios, explored with so many threads.
fn answers(threads: usize) -> Vec<Answer> {
    let limits = Limits {
        threads: threads.try_into().unwrap(),
        ..Limits::default()
    };
    let broken = worlds::DUEL.replace(
        "acceptors = 1",
        "acceptors = 2\n[protocol]\nprepare-quorum = 1\naccept-quorum = 1",
    ) + "[expect.verdicts]\nagreement = \"violated\"\n";
    let duel = worlds::answer("duel", worlds::DUEL, &limits);
    vec![duel, worlds::answer("thin", &broken, &limits)]
}

#[test]
fn the_same_answers_give_the_same_files() {
    let files = report::files(&answers(1)).unwrap();
    assert_eq!(files, report::files(&answers(1)).unwrap());
    assert_eq!(files, report::files(&answers(2)).unwrap());
}

#[test]
fn every_picture_is_shown_and_every_link_leads_somewhere() {
    let files = report::files(&answers(1)).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let pages: String = files
        .iter()
        .filter(|(name, _)| name.ends_with(".md"))
        .map(|(_, content)| content.as_str())
        .collect();
    for part in pages.split("](").skip(1) {
        let target = part.split(')').next().unwrap();
        if ["mutants.md", "coverage.md"].contains(&target) {
            continue; // written by others, beside these
        }
        assert!(names.contains(&target), "{target} is not among {names:?}");
    }
    for name in names.iter().filter(|name| name.ends_with(".svg")) {
        assert_eq!(pages.matches(&format!("]({name})\n")).count(), 1, "{name}");
    }
}

#[test]
fn the_pages_say_what_was_found() {
    let files = report::files(&answers(1)).unwrap();
    let content = |name: &str| {
        let file = files.iter().find(|(other, _)| other == name);
        file.unwrap_or_else(|| panic!("no {name}")).1.clone()
    };
    let readme = content("README.md");
    assert!(readme.contains("10 invariants hold, "), "{readme}");
    assert!(readme.contains("agreement violated (expected)"), "{readme}");
    let page = content("thin.md");
    assert!(
        page.contains("1 promise and 1 vote make a quorum"),
        "{page}"
    );
    let why = "```\n\n### Why it broke\n\n";
    // Of what can happen and does, nothing is to be explained.
    assert_eq!(
        page.matches(why).count(),
        page.matches(": violated in ").count() / 2
    );
    assert!(!content("duel.md").contains("Why it broke"));
    let summary: serde_json::Value = serde_json::from_str(&content("summary.json")).unwrap();
    assert_eq!(summary["version"], 2);
    assert_eq!(summary["scenarios"][1]["reductions"], "none");
    assert!(
        page.contains("Reductions: none. States were told apart by 64 bits"),
        "{page}"
    );
    assert_eq!(
        summary["scenarios"][1]["properties"][0]["found"],
        "violated"
    );
    assert_eq!(summary["scenarios"][0]["ending"], "exhausted");
}

#[test]
fn two_files_of_one_name_are_refused() {
    let limits = Limits::default();
    let twice = [
        worlds::answer("a", worlds::ALONE, &limits),
        worlds::answer("A", worlds::ALONE, &limits),
    ];
    assert!(matches!(report::files(&twice), Err(Error::SameFile(_))));
    for taken in ["readme", "mutants", "Engines"] {
        let answers = [worlds::answer(taken, worlds::ALONE, &limits)];
        assert!(matches!(report::files(&answers), Err(Error::SameFile(_))));
    }
}
