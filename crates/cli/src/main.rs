//! The command `paxos`: arguments in, text and an exit code out.
//!
//! What is found goes to standard output, progress and complaints to standard error.

mod args;
mod ask;
mod baseline;
mod bench;
mod check;
mod cluster;
mod conform;
mod coverage;
mod cross_check;
mod diff;
mod error;
mod explore;
mod findings;
mod live;
mod load;
mod models;
mod mutants;
mod outputs;
mod paranoid;
mod print;
mod progress;
mod regressions;
mod replay;
mod report;
mod reports;
mod saved;
mod second_look;
mod serve;
mod simulate;
mod story;
mod update;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Args, ClusterCommand, Command};
use crate::error::Error;

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Every expectation was met.
    Met = 0,
    /// An expectation was not met.
    Unmet = 1,
    /// Something was truncated, and no expectation contradicted.
    Truncated = 3,
    /// No server got the request.
    PostFailed = 4,
    /// A server got it, did nothing, and may do it later.
    Retryable = 5,
    /// It was refused for good.
    Fatal = 6,
    /// It may have been done, or may yet be.
    Unknown = 7,
}

/// Wrong usage or input; clap uses the same number.
const WRONG_INPUT: u8 = 2;

/// What shells say of a process that SIGPIPE ended.
const READER_GONE: u8 = 141;

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(ended) => ExitCode::from(ended as u8),
        // Whoever read has enough: end as quietly as other tools of a pipe.
        Err(Error::Print(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::from(READER_GONE)
        }
        Err(error) => {
            anstream::eprintln!("{}", print::complaint(&error.to_string()));
            ExitCode::from(match matches!(error, Error::Ended(_)) {
                true => Ended::Unmet as u8,
                false => WRONG_INPUT,
            })
        }
    }
}

fn run(command: Command) -> Result<Ended, Error> {
    match command {
        Command::Check(args) => check::check(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Mutants(args) => mutants::mutants(&args),
        Command::Report(args) => report::report(&args),
        Command::Simulate(args) => simulate::simulate(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Explore(args) => explore::explore(&args),
        Command::Models(args) => models::models(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Init(args) => serve::init(&args),
        Command::Propose(args) => ask::propose(&args),
        Command::Get(args) => ask::get(&args),
        Command::Conform(args) => conform::conform(&args),
        Command::Cluster(ClusterCommand::Up(args)) => cluster::up(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "paxos", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(Ended::Met)
        }
    }
}
