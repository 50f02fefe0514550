//! What can be asked of `paxos report`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueHint;

use crate::report::cache::FOLDER;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  paxos report                            the whole suite and all known faults, to reports/site
  paxos report one-acceptor thin-quorums --out /tmp/site
                                          two scenarios; the faults are left out
  paxos report --no-cache                 explore everything, whatever is kept

The site is static pages for a browser: open reports/site/index.html. It needs no server and no
network. What an exploration found is kept in target/paxos-report-cache and used again as long as
the scenario and this program are the same; the folder may be removed at any time. The site folder
is replaced whole, or not at all. Beside that of the whole suite, a file has the digests of all its
pages, for b3sum: reports/site.b3sum.

Exit codes:
  0  everything is as expected
  1  something is not; the site is written and says what
  3  Ctrl-C ended it: no site is written, and what was explored is kept")]
pub(crate) struct ReportArgs {
    /// Scenarios of models/ by name, scenario files, or folders of them; the suite if none is named
    #[arg(value_name = "SCENARIO|FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) scenarios: Vec<String>,
    /// The folder of the site
    #[arg(long, value_name = "DIR", default_value = "reports/site", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// How many threads explore [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Where what was found is kept
    #[arg(long, value_name = "DIR", default_value = FOLDER, value_hint = ValueHint::DirPath)]
    pub(crate) cache: PathBuf,
    /// Use nothing that is kept, and keep nothing
    #[arg(long, conflicts_with = "cache")]
    pub(crate) no_cache: bool,
}
