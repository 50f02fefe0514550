//! What holds of the gallery as it lies in the repository.

use std::collections::BTreeSet;

use crate::edits;
use crate::error::Error;
use crate::list::{Core, List, file};
use crate::root;
use crate::run::woven;
use crate::sources::{self, Sources};
use crate::truth::Truth;
use crate::weave::{Variant, unswitched, weave};
use answers::Found;

fn list() -> List {
    List::read(&root()).unwrap()
}

#[test]
fn every_patch_applies_to_the_core_as_it_is() {
    let base = sources::base(&root()).unwrap();
    for core in &list().core {
        if let Err(stale) = sources::patched(&root(), &base, &core.name) {
            panic!("{stale}");
        }
    }
}

#[test]
fn every_patch_is_listed() {
    let listed: BTreeSet<String> = list().core.into_iter().map(|core| core.name).collect();
    let folder = std::fs::read_dir(root().join("models/gallery")).unwrap();
    let patches = folder.filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".patch").map(str::to_owned)
    });
    assert_eq!(patches.collect::<BTreeSet<_>>(), listed);
    assert!(listed.len() >= 40, "{} cores", listed.len());
}

#[test]
fn a_stale_patch_is_named_with_the_way_out() {
    let mut base = sources::base(&root()).unwrap();
    let rules = base.get_mut("rules.rs").unwrap();
    *rules = rules.replace(
        "acceptor.promised < Some(ballot)",
        "acceptor.promised.lt(&Some(ballot))",
    );
    let stale = sources::patched(&root(), &base, "promise-equal").unwrap_err();
    assert!(matches!(stale, Error::Stale { .. }));
    let said = stale.to_string();
    assert!(
        said.starts_with("models/gallery/promise-equal.patch does not apply"),
        "{said}"
    );
    assert!(said.contains("git diff crates/paxos/src"), "{said}");
}

/// Every body that the switch leads to where it is off is the base's, and nothing of the base is missing. Braces and the
/// like do not count: how a body is printed depends on how deep it stands.
#[test]
fn the_woven_core_without_a_switch_is_the_base() {
    let base = sources::base(&root()).unwrap();
    let variants: Vec<Variant> = list()
        .core
        .iter()
        .map(|core| Variant {
            name: core.name.clone(),
            sources: sources::patched(&root(), &base, &core.name).unwrap(),
        })
        .collect();
    let woven = weave(&base, &variants).unwrap();
    assert_ne!(woven["rules.rs"], base["rules.rs"]);
    for (name, text) in &base {
        let alone = weave(&base, &[]).unwrap();
        let bodies = unswitched(&alone[name]);
        assert!(
            !text.contains("fn ") || !bodies.is_empty() || name == "lib.rs",
            "{name}"
        );
        for (function, body) in bodies {
            let kept = unswitched(&woven[name]);
            let counts = |letter: &char| !letter.is_whitespace() && !"{};,".contains(*letter);
            let bare = |body: &String| body.chars().filter(counts).collect::<String>();
            let kept = kept.get(&function).map(bare);
            assert_eq!(kept, Some(bare(&body)), "{name}: {function}");
        }
    }
}

/// The same by running it: the core's own tests, built with the woven core and no switch. Then one of them with a switch,
/// so that they are known to run the woven core.
#[test]
fn the_woven_core_passes_the_tests_of_the_base() {
    let workspace = woven(&root(), &list()).unwrap();
    let arguments = ["test", "--quiet", "--package", "paxos", "--tests"];
    let output = workspace.cargo(&arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let mut switched = workspace.cargo(&arguments);
    let output = switched
        .env("PAXOS_CORE", "promises-below-promise")
        .output()
        .unwrap();
    assert!(
        !output.status.success(),
        "the tests do not run the woven core"
    );
    // A name that nobody has ends the process: the base's answers would be taken for that core's.
    let output = switched.env("PAXOS_CORE", "nobody").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("(exit status: 2)"), "{said}");
}

fn file_of(text: &str) -> Sources {
    Sources::from([("lib.rs".to_owned(), text.to_owned())])
}

fn woven_of(base: &str, own: &str) -> Result<String, String> {
    let variant = Variant {
        name: "own".to_owned(),
        sources: file_of(own),
    };
    let woven = weave(&file_of(base), &[variant]).map_err(|error| error.to_string())?;
    Ok(woven["lib.rs"]
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" "))
}

#[test]
fn a_changed_body_is_switched_and_what_is_added_has_its_own_name() {
    let base = "const fn two() -> u8 { 2 } const fn four() -> u8 { two() + two() }";
    let own = "const fn two() -> u8 { more() } const fn more() -> u8 { 3 } const fn four() -> u8 { two() + two() }";
    let woven = woven_of(base, own).unwrap();
    for part in [
        "fn two() -> u8 { match crate::switch::number() { 1u16 => more__1(), _ => 2, } }",
        "const fn more__1() -> u8 { 3 }",
        // It calls a function that is not constant any more.
        "fn four() -> u8 { two() + two() }",
    ] {
        assert!(woven.contains(part), "{part} is not in: {woven}");
    }
    assert!(
        !woven.contains("const fn two") && !woven.contains("const fn four"),
        "{woven}"
    );
}

#[test]
fn other_names_of_parameters_are_bound() {
    let woven = woven_of(
        "fn same(_one: u8) -> u8 { 0 }",
        "fn same(mut one: u8) -> u8 { one += 1; one }",
    );
    assert!(
        woven
            .unwrap()
            .contains("1u16 => { let mut one = _one; one += 1; one }")
    );
}

#[test]
fn an_override_leaves_other_cores_what_the_trait_provides() {
    let base = "trait Rules { fn two(&self) -> u8 { 2 } } struct One; impl Rules for One {}";
    let own = "trait Rules { fn two(&self) -> u8 { 2 } } struct One; impl Rules for One { fn two(&self) -> u8 { 3 } }";
    let woven = woven_of(base, own).unwrap();
    assert!(
        woven.contains("1u16 => 3, _ => Self::two__provided(self),"),
        "{woven}"
    );
    assert!(
        woven.contains("fn two__provided(&self) -> u8 { 2 }"),
        "{woven}"
    );
}

#[test]
fn what_cannot_be_switched_is_refused_by_name() {
    let cases = [
        (
            "struct One { a: u8 }",
            "struct One { a: u16 }",
            "changes the type One",
        ),
        (
            "struct One;",
            "struct One; struct Two;",
            "adds the type Two",
        ),
        (
            "fn one(a: u8) {}",
            "fn one(a: u16) {}",
            "changes the signature of `one`",
        ),
        (
            "const ONE: u8 = 1;",
            "const ONE: u8 = 2;",
            "changes const ONE",
        ),
        (
            "fn one() -> impl Sized { 1 }",
            "fn one() -> impl Sized { 2 }",
            "returns a type without a name",
        ),
    ];
    for (base, own, expected) in cases {
        let refused = woven_of(base, own).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
        assert!(refused.starts_with("core own, lib.rs: "), "{refused}");
    }
}

#[test]
fn every_core_has_its_verdicts_and_they_are_what_it_is_said_to_be() {
    let (list, truth) = (list(), Truth::read(&root()).unwrap());
    for core in &list.core {
        let kinds = [
            core.breaks.is_some(),
            core.unjudged.is_some(),
            core.unsteady,
        ];
        let claims = kinds.into_iter().filter(|kind| *kind).count();
        assert_eq!(
            claims,
            usize::from(!core.safe),
            "{}: safe, or what breaks",
            core.name
        );
        let mut violated = BTreeSet::new();
        for world in list.worlds(core) {
            file(&root(), world).unwrap();
            let verdicts = truth.of(&core.name, world);
            assert_eq!(verdicts.is_none(), core.unsteady, "{}, {world}", core.name);
            let Some(verdicts) = verdicts else { continue };
            assert!(
                verdicts.by.contains(&"plain".to_owned()),
                "{}, {world}",
                core.name
            );
            let found = verdicts
                .verdicts
                .iter()
                .filter(|(_, found)| matches!(found, Found::Violated(_)));
            if !world.contains('@') {
                violated.extend(found.map(|(property, _)| property.clone()));
            }
        }
        if core.safe {
            let gives_up: BTreeSet<String> = core.gives_up.iter().cloned().collect();
            assert_eq!(violated, gives_up, "{}", core.name);
        } else {
            assert!(
                core.gives_up.is_empty(),
                "{}: only a safe core gives something up",
                core.name
            );
        }
        assert_breaks(core, &truth);
    }
    let known = |name: &String| list.core.iter().any(|core| core.name == *name);
    assert!(
        truth.0.keys().all(known),
        "verdicts of a core that is not listed"
    );
}

fn assert_breaks(core: &Core, truth: &Truth) {
    let Some(breaks) = &core.breaks else { return };
    let found = truth
        .of(&core.name, &breaks.world)
        .map(|truth| truth.verdicts[&breaks.property]);
    let expected = match breaks.steps {
        Some(steps) => Found::Violated(steps),
        None => Found::Never,
    };
    assert_eq!(
        found,
        Some(expected),
        "{}: {} in {}",
        core.name,
        breaks.property,
        breaks.world
    );
}

/// It asks programs, so that it need not change with how anything is represented. What they answer is written in one place.
#[test]
fn the_gallery_and_the_other_crates_do_not_see_each_other() {
    let arguments = [
        "metadata",
        "--offline",
        "--locked",
        "--no-deps",
        "--format-version",
        "1",
    ];
    let output = std::process::Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert!(
        ours.contains("paxos") && ours.contains("gallery"),
        "{ours:?}"
    );
    for package in packages {
        let sees = package["dependencies"].as_array().unwrap();
        for seen in sees.iter().filter_map(|one| one["name"].as_str()) {
            let is_gallery = package["name"] == "gallery";
            assert!(
                !is_gallery || !ours.contains(seen) || seen == "answers",
                "the gallery sees {seen}"
            );
            assert_ne!(seen, "gallery", "{} sees the gallery", package["name"]);
        }
    }
}

#[test]
fn the_same_seed_draws_the_same_edits_and_there_are_many() {
    let base = sources::base(&root()).unwrap();
    let draw = |count, seed| edits::drawn(&base, &edits::Draw { count, seed });
    assert!(draw(300, 1).len() == 300 && draw(300, 1) == draw(300, 1));
    assert_ne!(draw(300, 1), draw(300, 2));
    for edit in draw(300, 1) {
        assert_ne!(edit.apply(&base[&edit.file]), base[&edit.file]);
    }
}
