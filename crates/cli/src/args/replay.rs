//! What can be asked of `paxos replay`.

use std::path::PathBuf;

use clap::ValueHint;

use super::StoryArgs;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  paxos check one-acceptor --mutant accept-stale --itf traces
  paxos replay traces/one-acceptor.agreement.itf.json

The trace carries the settings of its scenario and its mutant, so nothing else is needed. With
--scenario it is walked through that one, whose settings must be the same. Every variable is compared
after each step; the first one that differs is named. Traces in models/regressions are replayed by
`paxos check`, and must do what `expect` in their `#meta` says: `breaks`, or `mended` (no longer
breaks, or no longer applies).

A path that goes on for ever still breaks if its round comes back to where it began up to the order
of ballots, is fair, and decides nothing. For one after which nothing can be decided any more, all
that can follow is explored.

Exit codes:
  0  it still breaks: the property is violated, or witnessed, again
  1  it no longer breaks: all steps can be taken, and the property is as it should be; or it
     no longer applies: a step cannot be taken, or the settings of --scenario are others
  2  it is no trace that can be replayed
  3  unknown: Ctrl-C came while what can follow was explored")]
pub(crate) struct ReplayArgs {
    /// A trace, as `paxos check --itf` writes it
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// In place of the scenario that the trace carries: a name in models/, or a scenario file
    #[arg(long, value_name = "SCENARIO|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) scenario: Option<String>,
    #[command(flatten)]
    pub(crate) story: StoryArgs,
    /// Draw what became of it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,
    /// Print what became of it as JSON
    #[arg(long, conflicts_with = "diagram")]
    pub(crate) json: bool,
}
