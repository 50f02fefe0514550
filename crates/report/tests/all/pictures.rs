//! Pictures are well-formed and readable, whatever the path.

use std::sync::Arc;

use checker::{Limits, LiveVerdict};
use model::{Action, Ranked, Scenario, State, World};
use report::{Story, Tail, Telling, TooNarrow, text_diagram};
use stateright::{Model, Path};

use crate::golden::plain;
use crate::{stories, worlds};

/// A path of at most so many steps, chosen by this seed.
fn wander(world: &World, seed: u64, steps: usize) -> Path<State, Action> {
    let start = world.init_states().remove(0);
    let (mut state, mut taken, mut chance) = (start.clone(), Vec::new(), seed);
    while taken.len() < steps {
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        actions.retain(|action| world.next_state(&state, *action).is_some());
        if actions.is_empty() {
            break;
        }
        // Knuth's constants; the low bits are poor.
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let action = actions[(chance >> 33) as usize % actions.len()];
        state = world.next_state(&state, action).unwrap();
        taken.push(action);
    }
    Path::from_actions(world, start, &taken).unwrap()
}

/// Storms on each network: the storm, and the same where messages arrive again.
fn worlds() -> Vec<World> {
    let set = worlds::STORM.replace("network = \"ordered\"\nloss = true", "");
    let bag = worlds::STORM.replace("network = \"ordered\"\nloss = true", "network = \"bag\"");
    [worlds::STORM, &set, &bag].map(worlds::world).to_vec()
}

/// Where a text is, by a careful guess that it is rather narrow: left, right, base line.
fn extent(node: &roxmltree::Node<'_, '_>) -> Option<(f64, f64, f64, String)> {
    let text = node.text()?.to_owned();
    let number = |name: &str| node.attribute(name)?.parse::<f64>().ok();
    let (x, y) = (number("x")?, number("y")?);
    let width = text.chars().count() as f64 * 5.5;
    let left = match node.attribute("text-anchor") {
        Some("end") => x - width,
        Some("middle") => x - width / 2.0,
        Some(_) | None => x,
    };
    Some((left, left + width, y, text))
}

#[test]
fn texts_do_not_overlap_and_stay_on_the_page() {
    for world in worlds() {
        for seed in 0..60 {
            let picture = report::diagram(&world, &wander(&world, seed, 60));
            let document = roxmltree::Document::parse(&picture).unwrap();
            let page: f64 = document
                .root_element()
                .attribute("width")
                .unwrap()
                .parse()
                .unwrap();
            let texts: Vec<_> = document
                .descendants()
                .filter(|node| node.has_tag_name("text"))
                .filter_map(|node| extent(&node))
                .collect();
            for (i, one) in texts.iter().enumerate() {
                assert!(
                    one.0 >= 0.0 && one.1 <= page,
                    "seed {seed}: {one:?} is off the page"
                );
                for other in &texts[..i] {
                    let beside = one.1 <= other.0 || other.1 <= one.0;
                    let apart = (one.2 - other.2).abs() >= 11.0;
                    assert!(beside || apart, "seed {seed}: {one:?} is over {other:?}");
                }
            }
        }
    }
}

#[test]
fn every_step_has_a_line_and_a_number() {
    for world in worlds() {
        for steps in [0, 1, 4, 60] {
            let path = wander(&world, 7, steps);
            let steps = path.clone().into_actions().len();
            assert_eq!(report::lines(&world, &path).len(), steps);
            let picture = report::diagram(&world, &path);
            assert_eq!(picture.matches("class=\"number\"").count(), steps);
            assert_eq!(
                picture.matches("class=\"last\"").count(),
                usize::from(steps > 0)
            );
        }
    }
}

#[test]
fn a_message_that_arrives_again_is_said_to() {
    let world = worlds::world(&format!("{}[world]\ncrashes = 1\n", worlds::DUEL));
    let twice = [
        "client asks n0 for A",
        "n0 → n2 Prepare 1.0",
        "n2 → n0 Promise 1.0",
        "n0 → n2 Propose 1.0=A",
        "n2 → n0 Accepted 1.0=A",
        "n0 crashes",
        "n2 → n0 Accepted 1.0=A",
    ];
    let path = worlds::walk(&world, &twice);
    assert_eq!(
        report::diagram(&world, &path)
            .matches("Accepted 1.0=A again")
            .count(),
        1
    );
}

/// A liveness scenario of the repository.
fn shipped_live(name: &str) -> World {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/liveness");
    let scenario = Scenario::read(&folder.join(format!("{name}.toml"))).unwrap();
    World::new(Arc::new(scenario)).unwrap()
}

/// What a picture says of messages that never arrive, in so many lines from the end or in those before; without ballots.
fn never(lines: &[String]) -> Vec<String> {
    let of_ballots = |word: &str| word.contains('.') || word.contains('=');
    let told = lines.iter().filter(|line| line.contains("never arrives"));
    let told = told.map(|line| {
        line.split_whitespace()
            .filter(|word| !of_ballots(word))
            .collect::<Vec<_>>()
            .join(" ")
    });
    told.collect()
}

#[test]
fn what_never_arrives_is_the_same_each_time_around() {
    let mut messages = 0;
    for name in [
        "duel-nack",
        "impatient",
        "minority-of-3",
        "minority-of-5",
        "lossy-rounds",
        "duel",
    ] {
        let world = shipped_live(name);
        let run = model::explore_live(&world, &Limits::default(), &|_| {}).unwrap();
        let LiveVerdict::Lasso(lasso) = run.findings[0].verdict.clone() else {
            panic!("{name} goes on for ever")
        };
        let (path, stem) = (lasso.path, lasso.stem);
        let ranked = Ranked::new(world.clone()).unwrap();
        let twice = model::once_more(&ranked, &path, stem).unwrap();
        let telling = Telling {
            tail: Some(Tail::Round {
                stem,
                starved: Vec::new(),
            }),
            ..Telling::default()
        };
        let lines = |path| {
            let drawn = text_diagram(&world, path, &telling, None, 400).unwrap();
            plain(&drawn).lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let step = path.clone().into_actions().len() + 1;
        let twice = lines(&twice);
        let begins = |step: usize| {
            let number = format!("{step} ");
            twice
                .iter()
                .position(|line| line.trim_start().starts_with(&number))
                .unwrap()
        };
        let (first, second) = (
            &twice[begins(stem + 1)..begins(step)],
            &twice[begins(step)..],
        );
        assert_eq!(never(first), never(second), "{name}");
        // The round before is told as well as if it were the last one.
        let once = lines(&path);
        assert_eq!(never(&once), never(&twice[..begins(step)]), "{name}");
        messages += never(&once).len();
    }
    assert!(messages > 10, "{messages}");
}

#[test]
fn what_is_lost_after_it_was_said_again_is_not_left_behind() {
    let world = shipped_live("lossy");
    let path = worlds::walk(
        &world,
        &[
            "client asks n0 for A",
            "lost: n0 → n1 Prepare 1.0",
            "n0 asks again",
            "lost: n0 → n2 Prepare 1.0",
        ],
    );
    let lines = text_diagram(&world, &path, &Telling::default(), None, 400).unwrap();
    let lines: Vec<String> = plain(&lines).lines().map(str::to_owned).collect();
    assert!(never(&lines).is_empty(), "{lines:#?}");
    // The second copy to n2 was the first one as well: in a set, all are one.
    let flying: Vec<&String> = lines
        .iter()
        .filter(|line| line.contains("in flight"))
        .collect();
    assert_eq!(flying.len(), 1, "{lines:#?}");
    assert!(flying[0].contains("in flight to n1 "), "{lines:#?}");
}

#[test]
fn titles_are_escaped() {
    let title = "A < B && \\\"C\\\" > <script>]]>";
    let text = worlds::DUEL.replace("Two proposers, one acceptor", title);
    let world = worlds::world(&text);
    let picture = report::diagram(&world, &wander(&world, 1, 5));
    let document = roxmltree::Document::parse(&picture).unwrap();
    let heading: String = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("title"))
        .filter_map(|node| node.text())
        .collect();
    assert_eq!(heading, "A < B && \"C\" > <script>]]>");
}

#[test]
fn a_picture_needs_nothing_beside_it() {
    let (world, path) = worlds::storm();
    let picture = report::diagram(&world, &path);
    for foreign in ["<script", "href", "url(", "@import", "@font-face"] {
        assert!(!picture.contains(foreign), "{foreign}");
    }
    // Nor does it touch what is beside it: every rule of its style is for itself.
    let style = picture.split("<style>").nth(1).unwrap();
    let style = style.split("</style>").next().unwrap();
    for rule in style.lines().filter(|line| line.contains('{')) {
        let is_ours = |selector: &str| selector.starts_with(".pxd ");
        let selectors = rule.split('{').next().unwrap();
        assert!(
            rule.starts_with("@media") || selectors.split(',').all(is_ours),
            "{rule}"
        );
    }
}

#[test]
fn pictures_on_one_page_are_named_apart() {
    let mut ids = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let world = worlds::world(worlds::STORM);
        let picture = report::diagram(&world, &wander(&world, seed, 30));
        let document = roxmltree::Document::parse(&picture).unwrap();
        let root = document.root_element();
        for (name, tag) in [("aria-labelledby", "title"), ("aria-describedby", "desc")] {
            let id = root.attribute(name).unwrap();
            let named = root
                .children()
                .find(|node| node.attribute("id") == Some(id));
            assert_eq!(named.map(|node| node.tag_name().name()), Some(tag));
            assert!(ids.insert(id.to_owned()), "{id} twice");
        }
    }
}

#[test]
fn only_what_must_not_be_is_red() {
    let count = |(world, path): &(World, Path<State, Action>), class: &str| {
        let picture = report::diagram(world, path);
        picture.matches(&format!("class=\"{class}\"")).count()
    };
    for wrong in [worlds::stale(), stories::forgotten(), stories::thin()] {
        assert_eq!((count(&wrong, "end"), count(&wrong, "last")), (1, 0));
    }
    for right in [stories::success(), stories::adopted(), stories::torn()] {
        assert_eq!((count(&right, "end"), count(&right, "last")), (0, 1));
        assert_eq!(count(&right, "decisive"), 0);
    }
    // One acceptor is in all quorums of one; n3 voted twice, and nobody was in what should have met.
    assert_eq!(count(&stories::forgotten(), "decisive"), 1);
    assert_eq!(count(&stories::thin(), "decisive"), 1);
    let (world, path) = stories::thin();
    let picture = report::diagram(&world, &path);
    assert!(picture.contains("the quorums do not meet"), "{picture}");
}

/// The steps that have a row of their own, and those that are told together.
fn told_steps(picture: &str) -> (Vec<usize>, Vec<usize>) {
    let document = roxmltree::Document::parse(picture).unwrap();
    let texts = |class: &'static str| {
        let nodes = document.descendants();
        let nodes = nodes.filter(move |node| node.attribute("class") == Some(class));
        nodes
            .filter_map(|node| node.text().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let alone = texts("number")
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let mut together = Vec::new();
    for text in texts("small") {
        let Some((from, rest)) = text
            .strip_prefix("steps ")
            .and_then(|text| text.split_once('–'))
        else {
            continue;
        };
        let to = rest.split(':').next().unwrap();
        together.extend(from.parse::<usize>().unwrap()..=to.parse().unwrap());
    }
    (alone, together)
}

#[test]
fn waiting_is_told_together_and_nothing_else_is() {
    let mut folded = 0;
    let story = stories::waiting();
    let wanders = worlds().into_iter().flat_map(|world| {
        (0..20).map(move |seed| {
            let path = wander(&world, seed, 300);
            (world.clone(), path)
        })
    });
    for (world, path) in wanders.chain([story]) {
        let (alone, together) = told_steps(&report::diagram(&world, &path));
        folded += together.len();
        let mut all = [alone, together.clone()].concat();
        all.sort_unstable();
        let lines = report::lines(&world, &path);
        assert_eq!(all, (1..=lines.len()).collect::<Vec<_>>());
        for step in together {
            let line = &lines[step - 1];
            for change in [
                "saves promise",
                "saves vote",
                "crash",
                "restarts",
                "announces",
                "chosen",
                "SUCCESS",
                "lost",
            ] {
                assert!(!line.contains(change), "{line}");
            }
        }
    }
    assert_eq!(
        folded, 28,
        "the time-outs of the story, and nothing of chance"
    );
}

/// A text without blanks and lines.
fn letters(text: &str) -> String {
    text.replace(
        |c: char| c.is_whitespace() || "│┼─▶◀├┤╳○●┊↩".contains(c),
        "",
    )
}

#[test]
fn lanes_keep_to_the_width_and_tell_every_step() {
    let telling = Telling::default();
    for world in worlds() {
        for seed in 0..20 {
            let path = wander(&world, seed, 60);
            let steps = path.clone().into_actions().len();
            let story = Story::new(&world, &path, &telling);
            for width in [48, 60, 80, 100, 200] {
                let lines = plain(&text_diagram(&world, &path, &telling, None, width).unwrap());
                let wide = lines.lines().find(|line| line.chars().count() > width);
                assert_eq!(wide, None, "{width}");
                // Nothing is cut off, wherever it is broken into lines.
                let bare = letters(&lines);
                for came in story.steps.iter().flat_map(|step| &step.came) {
                    if let Some((_, saved)) = came.what.text.split_once(" saves ") {
                        assert!(
                            bare.contains(&letters(saved)),
                            "{width}: {saved} in {lines}"
                        );
                    }
                }
                let numbers = lines
                    .lines()
                    .filter_map(|line| line.split_whitespace().next()?.parse().ok());
                assert_eq!(
                    numbers.collect::<Vec<usize>>(),
                    (1..=steps).collect::<Vec<_>>(),
                    "{lines}"
                );
            }
            let narrow = text_diagram(&world, &path, &telling, None, 30).unwrap_err();
            assert!(narrow.needed > 30 && narrow.width == 30);
            let fits = text_diagram(&world, &path, &telling, None, narrow.needed);
            assert!(fits.is_ok(), "{narrow}");
            let short = text_diagram(&world, &path, &telling, None, narrow.needed - 1);
            assert!(matches!(short, Err(TooNarrow { .. })));
        }
    }
}

#[test]
fn the_terminal_has_all_that_lines_have_and_changes_apart() {
    for world in worlds() {
        for seed in 0..20 {
            let path = wander(&world, seed, 60);
            let story = Story::new(&world, &path, &Telling::default());
            let told = plain(&story.told());
            for came in story.steps.iter().flat_map(|step| &step.came) {
                let lines = told.lines().filter(|line| line.contains(&came.what.text));
                let is_alone = |line: &str| line.trim() == came.what.text;
                let expected = came.is_inside;
                assert!(
                    lines.map(is_alone).any(|is| is == expected),
                    "{}",
                    came.what.text
                );
            }
            let numbers = told.lines().filter(|line| {
                line.split_whitespace()
                    .next()
                    .is_some_and(|word| word.parse::<usize>().is_ok())
            });
            assert_eq!(numbers.count(), story.steps.len());
        }
    }
}

/// The quorums that a story shows to whoever reads only what was sent and what arrived: three servers, majorities.
fn quorums_read(story: &Story) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut who: std::collections::BTreeMap<String, std::collections::BTreeSet<String>> =
        std::collections::BTreeMap::new();
    for (step, number) in story.steps.iter().zip(1..) {
        let event = step.event.text.split(',').next().unwrap();
        let words: Vec<&str> = event.split(' ').collect();
        let [from, "→", to, kind, ballot, ..] = words[..] else {
            continue;
        };
        if event.starts_with("lost") {
            continue;
        }
        if kind == "Promise" {
            let promises = who.entry(ballot.to_owned()).or_default();
            promises.insert(from.to_owned());
        }
        for came in step.came.iter().map(|came| came.what.text.as_str()) {
            let sent: Vec<&str> = came.split(' ').collect();
            let (what, is_complete) = match sent[..] {
                ["sends", "Propose", vote, ..] => (vote.split('=').next().unwrap(), true),
                ["sends", "Accepted", vote, ..] => {
                    let votes = who.entry(vote.to_owned()).or_default();
                    votes.insert(to.to_owned());
                    (vote, votes.len() > 1)
                }
                _ => continue,
            };
            let heading = format!("quorum for {what}: ");
            if is_complete && !found.iter().any(|(_, told)| told.starts_with(&heading)) {
                let members: Vec<&str> = who[what].iter().map(String::as_str).collect();
                found.push((number, heading + &members.join(" ")));
            }
        }
    }
    found
}

#[test]
fn quorums_are_told_where_they_are_complete_with_their_members() {
    let mut all = 0;
    for world in worlds() {
        for seed in 0..60 {
            let path = wander(&world, seed, 60);
            let story = Story::new(&world, &path, &Telling::default());
            let mut told = Vec::new();
            for (step, number) in story.steps.iter().zip(1..) {
                let texts = step.came.iter().map(|came| came.what.text.clone());
                let quorums = texts.filter(|text| text.starts_with("quorum for"));
                told.extend(quorums.map(|text| (number, text)));
            }
            all += told.len();
            assert_eq!(told, quorums_read(&story), "seed {seed}");
        }
    }
    assert!(all > 50, "{all} quorums in all");
}
