//! The command `paxos` as a shell sees it. One program, so that it is linked once and its tests run side by side.

#![expect(clippy::unwrap_used, reason = "tests")]

mod baseline;
mod browser;
mod check;
mod common;
mod diff;
mod diff_against;
mod disk;
mod explorer;
mod explorer_answers;
mod explorer_pages;
mod floors;
mod live;
mod mutants;
mod output;
mod outputs;
mod replay;
mod simulate;
mod site;
mod stories;
mod wrong_input;
