//! One world, explored in every form there is: what each form answers, one line of JSON per answer.
//!
//! The forms are the plain World, the World as stateright actors, the compiled tables, and the tables under each
//! reduction and under all of them. They must agree on every verdict and on the length of every shortest trace.
//! Nothing is compared here: whoever asks does that, and knows which answer is right. The gallery of changed cores
//! (`crates/gallery`) asks this program, built with each core in turn.
//!
//! Absent on purpose: expectations, reports, and any knowledge of how a core is changed.

mod actors;
mod ask;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use model::{Mutant, Scenario, World};

use crate::ask::{Bounds, Form, ask};
use answers::{Answer, Outcome};

/// Explores each world in each form, and prints each answer as a line of JSON.
#[derive(Parser)]
struct Arguments {
    /// Scenario files; `FILE@MUTANT` explores one with one thing done wrong. With `--second-look`: names of its worlds, or none for
    /// all of them.
    #[arg(required_unless_present = "second_look")]
    worlds: Vec<String>,
    /// The forms to ask.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Form::ALL)]
    forms: Vec<Form>,
    /// Cut an exploration at so many unique states.
    #[arg(long)]
    max_states: Option<u64>,
    /// Cut an exploration after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Ask no further form about a world once one was cut or has panicked.
    #[arg(long)]
    give_up: bool,
    /// Rely on tables and reductions without asking the core for what they take for granted.
    #[arg(long)]
    unasked: bool,
    /// Take the second look at a changed core (`model::guard`), with nothing asked, in place of the forms.
    #[arg(long)]
    second_look: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    ask::silence_panics();
    let bounds = Bounds {
        max_states: arguments.max_states,
        timeout: arguments.seconds.map(Duration::from_secs),
        unasked: arguments.unasked,
    };
    if arguments.second_look {
        let all = || model::guard::worlds().map(str::to_owned).collect();
        let names: Vec<String> = Some(arguments.worlds)
            .filter(|names| !names.is_empty())
            .unwrap_or_else(all);
        let mut answers = names.iter().map(|name| ask::look(name, &bounds));
        return if answers.all(|answer| print(&answer)) {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    }
    for name in &arguments.worlds {
        let world = match world(name) {
            Ok(world) => world,
            Err(problem) => {
                let _ = writeln!(io::stderr(), "forms: {problem}");
                return ExitCode::from(2);
            }
        };
        let mut is_given_up = false;
        for form in &arguments.forms {
            let answer = if is_given_up {
                ask::not_asked(name, *form)
            } else {
                ask(name, &world, *form, &bounds)
            };
            let is_whole = matches!(answer.outcome, Outcome::Answered | Outcome::Refused);
            is_given_up |= arguments.give_up && !is_whole;
            if !print(&answer) {
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Prints an answer as a line; whether that was possible.
fn print(answer: &Answer) -> bool {
    let line = serde_json::to_string(answer).expect("an answer is plain data");
    writeln!(io::stdout(), "{line}").is_ok()
}

/// The world of a file, or of `FILE@MUTANT`.
fn world(name: &str) -> Result<Arc<World>, String> {
    let (file, mutant) = match name.split_once('@') {
        Some((file, mutant)) => (file, Some(mutant)),
        None => (name, None),
    };
    let scenario = Scenario::read(&PathBuf::from(file)).map_err(|error| error.to_string())?;
    let world = World::new(Arc::new(scenario))?;
    let Some(mutant) = mutant else {
        return Ok(Arc::new(world));
    };
    let mutant = mutant.parse::<Mutant>().map_err(|_| {
        format!("{name}: expected the name of a mutant after `@`, found `{mutant}`")
    })?;
    Ok(Arc::new(world.with_mutant(mutant)))
}
