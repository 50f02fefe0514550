//! The pages of the site: whole, with no two things of one name, and honest.

use std::collections::BTreeSet;
use std::sync::Arc;

use checker::{Limits, Reduction, Reductions, Storage};
use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use model::{Mutant, Pairs, Scenario, World};
use report::site::{Benchmarks, Chapter, FaultChapter, Files, Parts, Sizes, site};
use report::{Answer, MutantFate, Trial};

/// A scenario of the repository, explored to its end or up to so many states.
fn answer(name: &str, mutant: Option<Mutant>, max_states: Option<u64>) -> Answer {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let scenario = Scenario::read(&folder.join(format!("{name}.toml"))).unwrap();
    let mut expect = scenario.expect.clone();
    if let Some(reduced) = expect.reduced {
        (expect.states, expect.depth) = (reduced.states, reduced.depth);
    }
    let world = World::new(Arc::new(scenario)).unwrap().expecting(expect);
    let world = match mutant {
        Some(mutant) => world.with_mutant(mutant),
        None => world,
    };
    let limits = Limits {
        max_states,
        ..Limits::default()
    };
    if world.scenario().endless.is_some() {
        let run = model::explore_live(&world, &limits, &|_| {}).unwrap();
        return Answer::live(Arc::new(world), run);
    }
    let storage = Storage::default();
    let run = model::explore(&world, Reductions::ALL, &storage, &limits, &|_| {}).unwrap();
    let pairs = Pairs::of(&world, Reductions::ALL, &limits, &|_| {}).unwrap();
    let mut answer = Answer::new(Arc::new(world), run);
    answer.pairs = pairs.ok();
    answer
}

/// What there would be without reductions, as a table wants it.
fn sizes() -> Sizes {
    Sizes {
        unreduced: Some(1_000_000),
        alone: vec![(Reduction::Dead, 5_000)],
    }
}

/// What becomes of a fault in one small world.
fn trial(mutant: Mutant) -> Trial {
    let answer = Box::new(answer("one-acceptor", Some(mutant), None));
    let run = answer.violated();
    let by: Vec<_> = run
        .iter()
        .filter_map(|name| model::properties::Known::named(name))
        .collect();
    let fate = match by.is_empty() {
        true => MutantFate::Survived,
        false => MutantFate::Killed { answer, by },
    };
    Trial {
        mutant,
        survived: vec![("thin-quorums".to_owned(), 7)],
        fate,
    }
}

fn small_site() -> Files {
    let chapters = ["one-acceptor", "thin-quorums", "liveness/duel-nack"]
        .map(|name| Chapter::new(&answer(name, None, None), &sizes()).unwrap());
    let faults = [Mutant::AcceptStale, Mutant::PromiseEqual]
        .map(|mutant| FaultChapter::new(&trial(mutant)).unwrap());
    site(&Parts {
        chapters: &chapters,
        faults: Some(&faults),
        excuses: None,
        benchmarks: &Benchmarks::default(),
    })
}

/// A page as a browser reads it.
struct Page {
    name: String,
    errors: Vec<String>,
    ids: Vec<String>,
    /// Each heading by its level.
    headings: Vec<u8>,
    links: Vec<String>,
}

impl Page {
    fn parse(name: &str, text: &str) -> Page {
        let dom: RcDom = parse_document(RcDom::default(), ParseOpts::default()).one(text);
        let mut page = Page {
            name: name.to_owned(),
            errors: dom
                .errors
                .borrow()
                .iter()
                .map(ToString::to_string)
                .collect(),
            ids: Vec::new(),
            headings: Vec::new(),
            links: Vec::new(),
        };
        page.walk(&dom.document);
        page
    }

    fn walk(&mut self, node: &Handle) {
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let local = &*name.local;
            if let Some(level) = local.strip_prefix('h').and_then(|level| level.parse().ok()) {
                self.headings.push(level);
            }
            for attribute in attrs.borrow().iter() {
                let value = attribute.value.to_string();
                match &*attribute.name.local {
                    "id" => self.ids.push(value),
                    "href" => self.links.push(value),
                    _ => {}
                }
            }
        }
        for child in node.children.borrow().iter() {
            self.walk(child);
        }
    }

    /// Where a link leads: the name of a file, and a place in it.
    fn target(&self, link: &str) -> (String, Option<String>) {
        let (file, place) = match link.split_once('#') {
            Some((file, place)) => (file, Some(place.to_owned())),
            None => (link, None),
        };
        let mut folders: Vec<&str> = self.name.split('/').collect();
        let own = folders.pop().unwrap();
        for part in file.split('/') {
            match part {
                ".." => assert!(folders.pop().is_some(), "{}: {link}", self.name),
                "" => folders.push(own),
                part => folders.push(part),
            }
        }
        (folders.join("/"), place)
    }
}

fn pages(files: &Files) -> Vec<Page> {
    let html = files.iter().filter(|(name, _)| name.ends_with(".html"));
    html.map(|(name, text)| Page::parse(name, text)).collect()
}

#[test]
fn pages_are_whole_and_their_headings_in_order() {
    for page in pages(&small_site()) {
        assert_eq!(page.errors, Vec::<String>::new(), "{}", page.name);
        let ids: BTreeSet<&String> = page.ids.iter().collect();
        assert_eq!(ids.len(), page.ids.len(), "{}: {:?}", page.name, page.ids);
        assert_eq!(page.headings.first(), Some(&1), "{}", page.name);
        for pair in page.headings.windows(2) {
            assert!(
                pair[1] > 1 && pair[1] <= pair[0] + 1,
                "{}: {pair:?}",
                page.name
            );
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let files = small_site();
    let pages = pages(&files);
    let mut followed = 0;
    for page in &pages {
        let inside = page.links.iter().filter(|link| {
            !link.starts_with("http://localhost:3000/explore/") && !link.starts_with("data:")
        });
        for link in inside {
            let (file, place) = page.target(link);
            let is_there = files.iter().any(|(name, _)| *name == file);
            assert!(is_there, "{}: {link}", page.name);
            if let Some(place) = place {
                let target = pages.iter().find(|page| page.name == file).unwrap();
                assert!(target.ids.contains(&place), "{}: {link}", page.name);
            }
            followed += 1;
        }
    }
    assert!(followed > 50);
}

#[test]
fn a_path_comes_with_all_that_shows_it_again() {
    let files = small_site();
    let text = |name: &str| &files.iter().find(|(file, _)| file == name).unwrap().1;
    let page = text("mutant/accept-stale.html");
    for part in [
        "paxos check one-acceptor --mutant accept-stale",
        "paxos explore one-acceptor --mutant accept-stale --at agreement",
        "http://localhost:3000/explore/one-acceptor/accept-stale/#/steps/0/",
        "../traces/one-acceptor.agreement.accept-stale.itf.json",
        "<del>− n",
        "<ins>+ n",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let trace = text("traces/one-acceptor.agreement.accept-stale.itf.json");
    assert_eq!(
        report::Trace::parse(trace).unwrap().mutant,
        Some(Mutant::AcceptStale)
    );
    // As many steps open as the trace has.
    let steps = page.matches("<details><summary>").count();
    assert_eq!(steps, report::Trace::parse(trace).unwrap().steps());
    // Of what goes on for ever there are two places to look at.
    let page = text("scenario/duel-nack.html");
    assert!(page.contains("where the round begins") && page.contains("after one round"));
    let trace = text("traces/duel-nack.decides.itf.json");
    assert_eq!(report::Trace::parse(trace).unwrap().stem, Some(11));
    // No path lacks the command, the trace or the link.
    let mut paths = 0;
    for (name, page) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        for again in page.split("<dl class=\"again\">").skip(1) {
            let (again, _) = again.split_once("</dl>").unwrap();
            for part in [
                "<code>paxos check ",
                ".itf.json\"",
                "<code>paxos explore ",
                "/#/steps/0",
            ] {
                assert!(again.contains(part), "{name}: {part}");
            }
            paths += 1;
        }
    }
    let traces = files.iter().filter(|(name, _)| name.ends_with(".itf.json"));
    assert_eq!(traces.count(), paths);
    assert!(paths > 10, "{paths}");
}

#[test]
fn what_was_cut_never_holds() {
    let answer = answer("one-acceptor", None, Some(100));
    let chapter = Chapter::new(&answer, &Sizes::default()).unwrap();
    let files = site(&Parts {
        chapters: &[chapter],
        faults: None,
        excuses: None,
        benchmarks: &Benchmarks::default(),
    });
    let text = |name: &str| &files.iter().find(|(file, _)| file == name).unwrap().1;
    let page = text("scenario/one-acceptor.html");
    assert!(
        page.contains("unknown (cut at 100 unique states)"),
        "{page}"
    );
    assert!(page.contains("What was not explored is unknown."), "{page}");
    assert!(
        !page.contains("</span>holds") && !page.contains("as expected."),
        "{page}"
    );
    assert!(text("index.html").contains("? cut short"));
}

#[test]
fn a_chapter_is_kept_as_it_is() {
    let chapter = Chapter::new(&answer("one-acceptor", None, None), &sizes()).unwrap();
    let kept = serde_json::to_string(&chapter).unwrap();
    assert_eq!(serde_json::from_str::<Chapter>(&kept).unwrap(), chapter);
    let fault = FaultChapter::new(&trial(Mutant::AcceptStale)).unwrap();
    let kept = serde_json::to_string(&fault).unwrap();
    assert_eq!(serde_json::from_str::<FaultChapter>(&kept).unwrap(), fault);
}

#[test]
fn what_is_counted_is_complete() {
    let answer = answer("one-acceptor", None, None);
    assert_eq!(answer.levels.iter().sum::<u64>(), answer.unique);
    assert_eq!(answer.levels.len() as u32, answer.depth + 1);
    assert_eq!(answer.out_degrees.iter().sum::<u64>(), answer.unique);
    let transitions = answer.out_degrees.iter().zip(0..);
    let transitions: u64 = transitions.map(|(count, degree)| count * degree).sum();
    // The initial state is counted among what was generated.
    assert_eq!(transitions + 1, answer.generated);
}
