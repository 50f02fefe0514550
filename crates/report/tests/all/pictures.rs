//! Pictures are well-formed and readable, whatever the path.

use model::{Action, State, World};
use stateright::{Model, Path};

use crate::worlds;

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
    for foreign in ["<script", "href", "url(", "@import", "@font-face", "id="] {
        assert!(!picture.contains(foreign), "{foreign}");
    }
}
