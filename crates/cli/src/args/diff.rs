//! The arguments of `paxos diff`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueHint;
use diff::RuleSetName;

use super::StoryArgs;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  paxos diff notes lamport                 what the notes' accept rule allows, and Lamport's
  paxos diff lamport accept-stale --scenario one-acceptor
                                           what a fault makes possible
  paxos diff notes notes:own-value         a fault, and the notes' rules without it
  paxos diff scenario scenario:own-value   the same with the rules that each scenario has
  paxos diff notes lamport --scenario notes --svg parting.svg
                                           where they part, as a picture
  paxos diff --against HEAD~1              crates/paxos as it was built into this program, and as it
                                           stood at that revision

Rules are `lamport`, `notes`, `scenario` (what the scenario has), a mutant (Lamport's rules with that
fault), or both as in notes:own-value. Both sides are walked at once from the start, breadth first. A
trace that one side alone allows is one in which all steps but the last are possible on both sides
and lead to equal states; the last one is not, or leads elsewhere. Nothing is left out: there are no
reductions here.

Exit codes:
  0  the same behaviour, in every scenario: every pair of states was looked at
  1  they differ: a trace, a verdict, or the size of a world
  2  wrong usage or input
  3  no difference so far, but a limit or Ctrl-C came before the end")]
pub(crate) struct DiffArgs {
    /// The rules of one side; with --against those of both [default: scenario]
    #[arg(value_name = "A", required_unless_present = "against")]
    pub(crate) a: Option<RuleSetName>,
    /// The rules of the other side
    #[arg(
        value_name = "B",
        required_unless_present = "against",
        conflicts_with = "against"
    )]
    pub(crate) b: Option<RuleSetName>,
    /// Compare with the core as it stood at this revision: the tree as it is now is built, with crates/paxos
    /// alone taken from there, in cargo's target folder. Needs git and cargo, and minutes the first time
    #[arg(long, value_name = "GIT-REV")]
    pub(crate) against: Option<String>,
    /// A scenario of models/ by name, a scenario file, or a folder of them; more than once for several
    /// [default: those of the suite with at most 100,000 states]
    #[arg(long = "scenario", value_name = "SCENARIO|FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) scenarios: Vec<String>,
    /// Stop a scenario at so many pairs of states, and at so many states of either side's world
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_states: Option<u64>,
    /// Stop walking through a scenario after so long, and each side's world too, as in 90s or 10m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) story: StoryArgs,
    /// Draw the shortest trace that only one side allows, with what becomes of its last step on either side; of one
    /// scenario only
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long, conflicts_with = "diagram")]
    pub(crate) json: bool,
}
