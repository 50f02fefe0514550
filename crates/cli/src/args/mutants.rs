//! What can be asked of `paxos mutants`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueHint;

use super::StoryArgs;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  paxos mutants                           all of them, and write reports/mutants.md
  paxos mutants accept-stale own-value    two of them
  paxos check one-acceptor --mutant accept-stale
                                          one of them in one scenario, with the trace

Each fault is tried in the scenarios of the suite, the smallest first, until a property finds it
out; those that expect a violation are left out. Controls look like faults and are none: they must
survive the whole suite.

Exit codes:
  0  every fault was found out, and no control was
  1  a fault survived the suite, or a control did not
  3  Ctrl-C ended it before that was known")]
pub(crate) struct MutantsArgs {
    /// Mutants by name; all if none is named
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// How many threads explore [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Where the reports go when all are tried
    #[arg(long, value_name = "DIR", default_value = crate::reports::FOLDER, value_hint = ValueHint::DirPath)]
    #[arg(conflicts_with = "names")]
    pub(crate) reports: PathBuf,
    #[command(flatten)]
    pub(crate) story: StoryArgs,
    /// Print what was found as JSON
    #[arg(long, conflicts_with = "diagram")]
    pub(crate) json: bool,
}
