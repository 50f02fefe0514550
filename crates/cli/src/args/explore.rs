//! What `paxos explore` takes.

use std::path::PathBuf;

use clap::ValueHint;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use model::{Mutant, RulesName};

use super::{StoryArgs, mutant_parser, property_parser};
use crate::explore::{RULES, rules_name, rules_named};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("path").args(["at", "trace"]))]
#[command(after_help = "\
Examples:
  paxos explore                                        the list of all that can be explored
  paxos explore three-servers                          a scenario from its start
  paxos explore three-servers --at value-adopted       at the shortest witness
  paxos explore one-acceptor --mutant accept-stale --at agreement
                                                       at the shortest counterexample
  paxos explore one-acceptor --mutant accept-stale --at agreement --step 5 --open
                                                       after five steps of it, in your browser
  paxos explore notes --rules lamport                  a scenario by other rules
  paxos explore --trace traces/one-acceptor.agreement.itf.json
                                                       at the end of a saved trace, or where its round
                                                       begins if it goes on for ever

It serves until Ctrl-C, on this machine alone.

Exit codes:
  0  it was ended by Ctrl-C
  2  wrong usage or input, nothing to open, or a port that is taken
  3  Ctrl-C came while the path was looked for")]
pub(crate) struct ExploreArgs {
    /// A scenario of models/ by name, or a scenario file; the list of them all if none is named
    #[arg(value_name = "SCENARIO|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) scenario: Option<String>,
    /// Find this property's counterexample or witness first, and print the link that opens it
    #[arg(long, value_name = "PROPERTY", value_parser = property_parser(), requires = "scenario")]
    pub(crate) at: Option<String>,
    /// Open a trace that `paxos check --itf` has written at its end, or where its round begins if it goes on for ever; its
    /// scenario and mutant go with it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["at", "mutant", "rules"])]
    pub(crate) trace: Option<PathBuf>,
    /// Open the trace after so many steps, and not at its end; 0 is the start
    #[arg(long, value_name = "K", requires = "path")]
    pub(crate) step: Option<usize>,
    /// The port on localhost; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub(crate) port: u16,
    /// Explore with one thing done wrong
    #[arg(long, value_name = "NAME", value_parser = mutant_parser(), requires = "scenario")]
    pub(crate) mutant: Option<Mutant>,
    /// Explore by other rules than the scenario's own
    #[arg(long, value_name = "NAME", value_parser = rules_parser(), requires = "scenario")]
    pub(crate) rules: Option<RulesName>,
    #[command(flatten)]
    pub(crate) story: StoryArgs,
    /// Open the link in your browser as well
    #[arg(long)]
    pub(crate) open: bool,
}

fn rules_parser() -> impl clap::builder::TypedValueParser<Value = RulesName> {
    let known = |name: String| rules_named(&name).ok_or("these rules have no name");
    PossibleValuesParser::new(RULES.map(rules_name)).try_map(known)
}
