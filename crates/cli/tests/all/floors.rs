//! The floors of the house: what each crate may see.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every crate that `package` is built from, itself left out. Tests may see more.
fn sees(package: &str) -> BTreeSet<String> {
    let arguments = ["tree", "--offline", "--locked", "--edges", "normal,build"];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--prefix", "none", "--format", "{p}", "--package", package])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs, since it runs this test");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "cargo tree: {complaint}");
    let text = String::from_utf8(output.stdout).expect("names are text");
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|name| !name.is_empty() && *name != package)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_protocol_depends_on_nothing() {
    assert_eq!(sees("paxos"), BTreeSet::new());
}

#[test]
fn the_checker_knows_nothing_of_paxos() {
    let seen = sees("checker");
    assert!(seen.contains("stateright"), "{seen:?}");
    for other in ["paxos", "model", "node", "report", "conform", "cli"] {
        assert!(!seen.contains(other), "checker sees {other}");
    }
}

#[test]
fn the_world_knows_nothing_of_who_shows_it() {
    let seen = sees("model");
    assert!(
        seen.contains("paxos") && seen.contains("checker"),
        "{seen:?}"
    );
    for other in ["node", "report", "conform", "cli"] {
        assert!(!seen.contains(other), "model sees {other}");
    }
}

#[test]
fn a_real_node_knows_nothing_of_imagined_worlds() {
    let seen = sees("node");
    assert!(seen.contains("paxos"), "{seen:?}");
    for other in [
        "stateright",
        "checker",
        "model",
        "report",
        "conform",
        "cli",
        "tokio",
    ] {
        assert!(!seen.contains(other), "node sees {other}");
    }
}

#[test]
fn reports_are_below_the_command() {
    let seen = sees("report");
    assert!(seen.contains("model"), "{seen:?}");
    for other in ["node", "conform", "cli", "clap", "indicatif"] {
        assert!(!seen.contains(other), "report sees {other}");
    }
    let seen = sees("conform");
    assert!(seen.contains("model") && seen.contains("node"), "{seen:?}");
    for above in ["cli", "clap", "indicatif"] {
        assert!(!seen.contains(above), "conform sees {above}");
    }
}

#[test]
fn what_compares_cores_is_built_from_little() {
    let seen = sees("diff");
    assert!(seen.contains("model"), "{seen:?}");
    for other in ["node", "report", "conform", "cli", "clap", "indicatif"] {
        assert!(!seen.contains(other), "diff sees {other}");
    }
}

/// The crates with a source that calls a function of this name.
fn call(name: &str) -> BTreeSet<String> {
    let call = format!("{name}(");
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut open: Vec<(String, PathBuf)> = std::fs::read_dir(crates)
        .expect("the folder of this crate's neighbours")
        .map(|entry| {
            let entry = entry.expect("a readable folder");
            let name = entry.file_name().into_string().expect("crates have names");
            (name, entry.path().join("src"))
        })
        .collect();
    let mut found = BTreeSet::new();
    while let Some((name, path)) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a readable folder");
            let paths = entries.map(|entry| entry.expect("a readable folder").path());
            open.extend(paths.map(|path| (name.clone(), path)));
        } else if std::fs::read_to_string(&path).is_ok_and(|text| text.contains(&call)) {
            found.insert(name);
        }
    }
    found
}

/// What is explored with nothing asked of the core is true of the core that ships and perhaps of no other.
#[test]
fn only_forms_explores_with_nothing_asked_of_the_core() {
    for name in ["explore_unasked", "second_look_unasked"] {
        let expected = ["forms", "model"].map(str::to_owned);
        assert_eq!(call(name), BTreeSet::from(expected), "{name}");
    }
    assert!(!sees("cli").contains("forms"), "the command sees forms");
}

/// `cargo run -- check` is what the README begins with. Cargo runs the one program that a package of the
/// workspace names, if there is one such package, and refuses where there are several programs and none is named.
#[test]
fn cargo_runs_the_command() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--no-deps"])
        .args(["--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs, since it runs this test");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("it writes JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    let named = packages
        .iter()
        .filter_map(|one| one["default_run"].as_str());
    assert_eq!(named.collect::<Vec<_>>(), ["paxos"]);
}
