//! One contestant explores one scenario in full and prints what it took, as a line of JSON; or such
//! lines, of many contestants, become a table.
//!
//!     contest own-1 models/roles-apart.toml
//!     contest table < lines
//!
//! `benches/run` gives the contestants their turns, and Spin too.

#![expect(clippy::print_stdout, reason = "it prints what it found")]
#![expect(clippy::print_stderr, reason = "and says what is wrong")]

mod contestant;
mod judged;
mod table;
mod turn;

use std::process::ExitCode;

use contestant::Contestant;
use table::Table;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let told = match arguments[..] {
        ["table"] => std::io::read_to_string(std::io::stdin())
            .map_err(|problem| problem.to_string())
            .and_then(|lines| Table::of(&lines))
            .map(|table| table.to_string()),
        [name, file] => Contestant::named(name)
            .and_then(|contestant| contestant.explore(file))
            .and_then(|turn| serde_json::to_string(&turn).map_err(|problem| problem.to_string())),
        _ => Err(format!(
            "expected a contestant and a scenario's file, or `table`; the contestants are {}",
            Contestant::names()
        )),
    };
    match told {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("contest: {problem}");
            ExitCode::FAILURE
        }
    }
}
