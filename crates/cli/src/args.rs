//! What can be asked for on the command line.

mod diff;
mod explore;
mod mutants;
mod replay;
mod report;
mod runtime;
mod story;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use checker::{Engine, Reductions, Width};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueHint};
use model::Mutant;

pub(crate) use diff::DiffArgs;
pub(crate) use explore::ExploreArgs;
pub(crate) use mutants::MutantsArgs;
pub(crate) use replay::ReplayArgs;
pub(crate) use report::ReportArgs;
pub(crate) use runtime::{
    BenchArgs, ClientArgs, ClusterCommand, ConformArgs, GetArgs, InitArgs, LogFormat, ProposeArgs,
    ServeArgs, UpArgs,
};
pub(crate) use story::StoryArgs;

/// Checks Paxos exhaustively, in every world a scenario allows, shows how it breaks, and runs the code
/// that was checked.
#[derive(Debug, Parser)]
#[command(name = "paxos", version, about, long_about = None, after_help = "\
Exit codes:
  0  every expectation was met; the request succeeded
  1  an expectation was not met: a property is violated, a count has moved,
     engines disagree, a run does not conform, a node's disk failed
  2  wrong usage or input, or a node that cannot start
  3  something was truncated: by a limit or by Ctrl-C; nothing cut short
     counts as holding
  4 to 7  a request did not succeed: see `paxos propose --help`")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explores scenarios exhaustively, and says what holds and what does not
    Check(CheckArgs),
    /// Compares two rule sets: the shortest traces that only one of them allows
    Diff(DiffArgs),
    /// Tries every known fault against the suite, and says what finds it out
    Mutants(MutantsArgs),
    /// Makes a site of pages for a browser from all that is found
    Report(ReportArgs),
    /// Goes through a scenario by chance, deep, where it is too large to exhaust
    Simulate(SimulateArgs),
    /// Walks a saved trace again on today's code
    Replay(ReplayArgs),
    /// Walks through any scenario in a browser, from its start or from where something shows
    Explore(ExploreArgs),
    /// Lists the scenarios, with sizes and expectations
    Models(ModelsArgs),
    /// Runs one node: a UDP socket, a disk, a clock
    Serve(ServeArgs),
    /// Makes the store of a node that has never run
    Init(InitArgs),
    /// Asks a cluster to choose a value
    Propose(ProposeArgs),
    /// Asks a cluster what is chosen
    Get(GetArgs),
    /// Replays the journals of real nodes through the checked protocol
    Conform(ConformArgs),
    /// Runs a whole cluster on loopback
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Measures how fast a cluster decides on this machine
    Bench(BenchArgs),
    /// Prints a completion script for a shell
    #[command(after_help = "Example:\n  paxos completions bash > /etc/bash_completion.d/paxos")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  paxos check                             the whole suite, and write reports/
  paxos check three-servers notes         two scenarios of models/
  paxos check my-world.toml               a scenario of your own
  paxos check --mutant accept-stale       the suite with one thing done wrong
  paxos check three-proposers --timeout 5s
                                          as far as five seconds go
  paxos check --cross-check               everything, without reductions and by stateright as well
  paxos check three-proposers --reductions none
                                          every state, even if another stands for it
  paxos check big.toml --max-memory 4GiB --checkpoint saved
                                          never more memory than that, and never in vain
  paxos check big.toml --max-memory 4GiB --resume saved
                                          go on after Ctrl-C, kill -9, or a loss of power
  paxos check --paranoid                  whether the models answer the same when asked again
  paxos check one-acceptor --mutant accept-stale --diagram
                                          what broke, as lanes side by side
  paxos check one-acceptor --mutant accept-stale --itf traces
                                          every path as a file, for `paxos replay` and other tools
  paxos check --junit junit.xml --summary \"$GITHUB_STEP_SUMMARY\"
                                          for a CI service to show")]
pub(crate) struct CheckArgs {
    /// Scenarios of models/ by name, scenario files, or folders of them; the suite if none is named
    #[arg(value_name = "SCENARIO|FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) scenarios: Vec<String>,
    /// Also the scenarios tagged `large`
    #[arg(long)]
    pub(crate) all: bool,
    /// How many threads explore [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Stop a scenario at so many unique states
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_states: Option<u64>,
    /// Go on on disk when the process takes so much memory, as in 8GiB: slower, with the same result
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_memory: Option<ByteSize>,
    /// Where to go on, in a folder of its own that is removed in the end [default: the system's folder
    /// for temporary files, or that of --checkpoint]
    #[arg(long, value_name = "DIR", requires = "max_memory", value_hint = ValueHint::DirPath)]
    pub(crate) spill: Option<PathBuf>,
    /// Stop a scenario after so long, as in 90s or 10m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Which states need not be visited, since others stand for them: `none`, or some of `dead` (envelopes
    /// that can do nothing any more), `symmetry` (of nodes that are alike) and `order` (of counting), as in
    /// `dead,order`, refused where they are not sound; `all` is every one that is sound for the scenario
    #[arg(long, default_value = "all", value_name = "NAMES", value_parser = reductions_parser())]
    #[arg(conflicts_with = "engine")]
    pub(crate) reductions: Reductions,
    /// By how many bits states are told apart; with 128 none is ever taken for another
    #[arg(long, default_value = "64", value_parser = width_parser(), conflicts_with = "engine")]
    pub(crate) fingerprint: Width,
    /// Keep in this folder, now and then and at an interrupt, what a later run can go on from; one
    /// scenario only
    #[arg(long, value_name = "DIR", conflicts_with_all = ["engine", "cross_check"])]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) checkpoint: Option<PathBuf>,
    /// How long at least from one checkpoint to the next
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) checkpoint_every: Duration,
    /// Go on from the checkpoint in this folder, and keep writing checkpoints to it; one scenario only
    #[arg(long, value_name = "DIR", conflicts_with_all = ["engine", "cross_check", "checkpoint"])]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) resume: Option<PathBuf>,
    /// First estimate from a sample how many states there are; then explore
    #[arg(long, conflicts_with = "engine")]
    pub(crate) estimate: bool,
    /// Who explores
    #[arg(long, default_value = "own", value_parser = engine_parser())]
    pub(crate) engine: Engine,
    /// Also explore without reductions, and so with stateright's own exhaustive checker, and fail on any
    /// difference; but for scenarios tagged `large-unreduced`, unless --all is given
    #[arg(long, conflicts_with = "engine")]
    pub(crate) cross_check: bool,
    /// Explore with one thing done wrong; no reports are written
    #[arg(long, value_name = "NAME", value_parser = mutant_parser())]
    pub(crate) mutant: Option<Mutant>,
    /// Rewrite the expected numbers in the scenario files, and say what moved
    #[arg(long, conflicts_with_all = ["mutant", "engine"])]
    pub(crate) update: bool,
    /// Leave out the cross-check: small worlds, explored without tables and reductions and as stateright actors,
    /// after the verdict, if the core is not the one that the committed reports were made with
    #[arg(long, conflicts_with_all = ["mutant", "engine"])]
    pub(crate) trust: bool,
    /// Where the reports go when the whole suite is checked
    #[arg(long, value_name = "DIR", default_value = crate::reports::FOLDER, value_hint = ValueHint::DirPath)]
    #[arg(conflicts_with_all = ["scenarios", "mutant", "engine"])]
    pub(crate) reports: PathBuf,
    /// Print what was found as JSON
    #[arg(long, conflicts_with = "diagram")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) story: StoryArgs,
    /// Write every path that is found to this folder, in the Informal Trace Format of Apalache and
    /// Quint: `DIR/SCENARIO.PROPERTY.itf.json`
    #[arg(long, value_name = "DIR", conflicts_with = "paranoid", value_hint = ValueHint::DirPath)]
    pub(crate) itf: Option<PathBuf>,
    /// Write what was found to this file as JUnit's XML, for CI services: a suite for each scenario;
    /// what is not known is skipped, and a scenario cut short has an error
    #[arg(long, value_name = "FILE", conflicts_with = "paranoid", value_hint = ValueHint::FilePath)]
    pub(crate) junit: Option<PathBuf>,
    /// Append what was found to this file as Markdown, as for $GITHUB_STEP_SUMMARY
    #[arg(long, value_name = "FILE", conflicts_with = "paranoid", value_hint = ValueHint::FilePath)]
    pub(crate) summary: Option<PathBuf>,
    /// Judge nothing: ask everything twice, once more in another thread, and in two other processes,
    /// and report any difference. Up to 200,000 states a scenario, or --max-states
    #[arg(long, conflicts_with_all = [
        "engine", "cross_check", "update", "reports", "threads", "max_memory", "timeout", "json",
        "reductions", "fingerprint", "checkpoint", "resume", "estimate", "diagram", "trust",
    ])]
    pub(crate) paranoid: bool,
    /// What one of these processes does: print a number a state, and what stands behind one of them
    #[arg(long, hide = true, requires = "paranoid")]
    pub(crate) digests: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  paxos simulate three-servers-three-proposers         10,000 runs, from seed 1
  paxos simulate three-servers --runs 1000000 --seed 7 --timeout 10m
                                                       others, and many more
  paxos simulate three-servers --mutant own-value      a violation, made as short as can be
  paxos simulate three-servers --mutant own-value --run 7
                                                       one run alone, step by step

The same seed gives the same runs on every machine, with any number of threads. Each run takes one
possible step after another, by chance. What is not violated is not violated in so many runs: a
sample, which never says \"holds\".

Exit codes:
  0  no run contradicts the scenario
  1  one does: it violates what should hold, or shows what never should be
  3  none does so far, but time or Ctrl-C ended the runs")]
pub(crate) struct SimulateArgs {
    /// A scenario of models/ by name, or a scenario file
    #[arg(value_name = "SCENARIO|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) scenario: String,
    /// What chance is made of
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many runs
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: u64,
    /// How many steps a run may have
    #[arg(long, value_name = "N", default_value_t = STEPS, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) steps: u32,
    /// Only this run, step by step; they are numbered from 0
    #[arg(long, value_name = "K", conflicts_with_all = ["runs", "threads", "keep_going"])]
    pub(crate) run: Option<u64>,
    /// Make all runs and show a violation of each property, not only those of the first run that has
    /// one; always so where the scenario expects violations
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Run with one thing done wrong
    #[arg(long, value_name = "NAME", value_parser = mutant_parser())]
    pub(crate) mutant: Option<Mutant>,
    /// Stop after so long, as in 90s or 10m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// How many threads make runs [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) story: StoryArgs,
    /// Print what was found as JSON
    #[arg(long, conflicts_with = "diagram")]
    pub(crate) json: bool,
}

/// How many steps a run may have, if nothing else is said.
pub(crate) const STEPS: u32 = 1_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  paxos models --json | jq -r '.[].name'")]
pub(crate) struct ModelsArgs {
    /// Print the list as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn engine_parser() -> impl TypedValueParser<Value = Engine> {
    let names = Engine::ALL.map(Engine::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Engine>())
}

fn reductions_parser() -> impl TypedValueParser<Value = Reductions> {
    clap::builder::StringValueParser::new().try_map(|names| names.parse::<Reductions>())
}

fn width_parser() -> impl TypedValueParser<Value = Width> {
    let names = Width::ALL.map(Width::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Width>())
}

fn mutant_parser() -> impl TypedValueParser<Value = Mutant> {
    let names = Mutant::ALL.iter().map(|mutant| mutant.name());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Mutant>())
}

fn property_parser() -> impl TypedValueParser<Value = String> {
    let all = model::properties::ALL.iter().chain(model::properties::LIVE);
    PossibleValuesParser::new(all.map(|known| known.name))
}
