//! Paths as text and as pictures, read as a diff. `UPDATE_GOLDEN=1` writes them anew.

use std::path::PathBuf;

use model::{Action, State, World};
use report::{Apart, Piece, Story, Telling};
use stateright::Path;

use crate::{stories, worlds};

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

/// Lines of pieces without their tones.
pub(crate) fn plain(lines: &[Vec<Piece>]) -> String {
    let line = |pieces: &Vec<Piece>| -> String {
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        text + "\n"
    };
    lines.iter().map(line).collect()
}

/// A story in all of its forms: a line a step, as a terminal has it, as lanes in 100 columns, and drawn.
fn compare_all(name: &str, lines: &[String], told: &str, lanes: &str, picture: &str) {
    let lines = lines.join("\n");
    let text = format!("{lines}\n\n{told}\n{lanes}");
    compare(&format!("{name}.txt"), &text);
    compare(&format!("{name}.svg"), picture);
}

fn check(name: &str, (world, path): &(World, Path<State, Action>)) {
    let telling = Telling::default();
    let lanes = report::text_diagram(world, path, &telling, None, 100).unwrap();
    let told = Story::new(world, path, &telling).told();
    compare_all(
        name,
        &report::lines(world, path),
        &plain(&told),
        &plain(&lanes),
        &report::diagram(world, path),
    );
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

#[test]
fn the_textbook() {
    check("success", &stories::success());
}

#[test]
fn proposers_outbid_each_other() {
    check("duel", &stories::duel());
}

#[test]
fn a_value_is_adopted() {
    check("adopted", &stories::adopted());
}

#[test]
fn a_step_is_torn() {
    check("torn", &stories::torn());
}

#[test]
fn a_promise_is_forgotten() {
    check("forgotten", &stories::forgotten());
}

#[test]
fn quorums_do_not_meet() {
    check("thin", &stories::thin());
}

#[test]
fn waiting_is_folded() {
    check("waiting", &stories::waiting());
}

#[test]
fn it_goes_on_for_ever() {
    let answer = stories::lasso();
    let judged = &answer.judged[0];
    assert_eq!(judged.property, "decides");
    let path = judged.verdict.path().unwrap();
    let telling = judged.telling();
    let lanes = report::text_diagram(&answer.world, path, &telling, None, 100).unwrap();
    compare_all(
        "lasso",
        &judged.lines(&answer.world).unwrap(),
        &plain(&judged.story(&answer.world).unwrap().told()),
        &plain(&lanes),
        &judged.diagram(&answer.world).unwrap(),
    );
}

#[test]
fn two_rule_sets_part() {
    let ((world, path), action, after) = stories::parting();
    let sides = [("notes", None), ("lamport", Some(&after))];
    let apart = Apart { action, sides };
    let telling = Telling::default();
    let lanes = report::text_diagram(&world, &path, &telling, Some(&apart), 100).unwrap();
    compare_all(
        "parting",
        &report::lines(&world, &path),
        "",
        &plain(&lanes),
        &report::diagram_apart(&world, &path, &apart),
    );
}
