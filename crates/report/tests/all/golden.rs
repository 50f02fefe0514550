//! Paths as text and as pictures, read as a diff. `UPDATE_GOLDEN=1` writes them anew.

use std::path::PathBuf;

use model::{Action, State, World};
use stateright::Path;

use crate::worlds;

pub(crate) fn compare(name: &str, found: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == found,
        "{name} is not as it was. If that is meant, run with UPDATE_GOLDEN=1 and look at the \
         diff. Found:\n{found}"
    );
}

fn check(name: &str, (world, path): &(World, Path<State, Action>)) {
    let text = report::lines(world, path).join("\n") + "\n";
    compare(&format!("{name}.txt"), &text);
    compare(&format!("{name}.svg"), &report::diagram(world, path));
}

#[test]
fn agreement_violated() {
    check("accept-stale", &worlds::stale());
}

#[test]
fn a_server_talks_to_itself() {
    check("alone", &worlds::alone());
}

#[test]
fn losses_crashes_and_time_outs() {
    check("storm", &worlds::storm());
}
