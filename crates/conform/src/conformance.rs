//! What was found of a whole run.

use std::collections::BTreeMap;

use model::Mutant;
use model::RuleSet;
use model::properties::ALL;
use node::journal::Read;
use node::{ClusterId, Key, RulesName};
use paxos::{NodeId, NodeSet};
use serde::Serialize;

use crate::admit::{Admitted, Refused, admit};
use crate::counts::Counts;
use crate::divergence::Divergence;
use crate::imagine::{Unfit, imagine};
use crate::judge::judge;
use crate::merge::{Merged, merge};

/// What was found of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Conformance {
    /// Whether it is a run of the checked protocol.
    pub verdict: Verdict,
    /// Which cluster.
    pub cluster: ClusterId,
    /// By which rules.
    pub rules: RulesName,
    /// The nodes whose journals were given.
    pub nodes: Vec<NodeId>,
    /// The nodes of the cluster whose journals were not.
    pub absent: Vec<NodeId>,
    /// How many lines there are.
    pub entries: u64,
    /// How many decrees there are.
    pub decrees: usize,
    /// How many of them are decided, as far as the journals tell.
    pub decided: usize,
    /// How many of them the model was driven along, its properties evaluated in each state.
    pub modelled: usize,
    /// How many states these have, all decrees together.
    pub states: u64,
    /// How often what happened.
    pub counts: Counts,
    /// For each witness of the model, in how many decrees it was seen.
    pub witnesses: BTreeMap<&'static str, usize>,
    /// The decrees that do not fit into the model, and were judged by their steps, agreement and validity.
    pub outside_model: Vec<Outside>,
    #[serde(skip)]
    pub(crate) all: Admitted,
    #[serde(skip)]
    pub(crate) merged: Merged,
}

/// Whether a run is one of the checked protocol.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is, in every line.
    Conforms,
    /// It is not: each line that shows it, in the order in which they were found. There is at least one.
    Diverges(Vec<Divergence>),
    /// Nothing speaks against it, but parts of it cannot be seen: each with the first place.
    Incomplete(Vec<String>),
}

/// A decree that does not fit into the model.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outside {
    /// Which.
    pub key: Key,
    /// Why.
    pub why: Unfit,
}

/// Judges the journals of a cluster, one of each node.
///
/// # Errors
/// If they cannot be judged together, or one is not what a node writes.
pub fn conform(journals: Vec<Read>) -> Result<Conformance, Refused> {
    conform_to(journals, None)
}

/// Judges journals against a protocol with one thing done wrong: nodes that do the same wrong thing take
/// steps of it, and the properties are all that can tell. This is how the judges are shown to work.
///
/// # Errors
/// As [`conform`].
pub fn conform_to(journals: Vec<Read>, mutant: Option<Mutant>) -> Result<Conformance, Refused> {
    let all = admit(journals)?;
    let rules = RuleSet {
        variant: all.rules.variant(),
        mutant,
        down: NodeSet::EMPTY,
    };
    let merged = merge(&all, rules);
    let decided = merged.facts.decrees.iter();
    let mut conformance = Conformance {
        verdict: Verdict::Conforms,
        cluster: all.cluster,
        rules: all.rules,
        nodes: all.journals.iter().map(|journal| journal.node).collect(),
        absent: all.absent().iter().collect(),
        entries: all
            .journals
            .iter()
            .map(|one| one.entries.len() as u64)
            .sum(),
        decrees: all.keys.len(),
        decided: decided.filter(|decree| decree.outcome().is_some()).count(),
        modelled: 0,
        states: 0,
        counts: merged.counts,
        witnesses: ALL
            .iter()
            .filter(|known| !known.is_invariant())
            .map(|known| (known.name, 0))
            .collect(),
        outside_model: Vec::new(),
        all,
        merged,
    };
    conformance.verdict = conformance.judge_all();
    Ok(conformance)
}

impl Conformance {
    /// Drives the model along every decree, but those that are known to diverge.
    fn judge_all(&mut self) -> Verdict {
        let mut findings = std::mem::take(&mut self.merged.facts.findings);
        let facts = &self.merged.facts;
        for (id, decree) in (0..).zip(&facts.decrees) {
            let key = self.all.key(id);
            if findings.iter().any(|found| found.key.as_ref() == Some(key)) {
                continue;
            }
            let imagined = imagine(&self.all, facts.rules, &self.merged.fates, id, decree);
            let judged = match imagined.and_then(|imagined| judge(&imagined)) {
                Ok(judged) => judged,
                Err(why) => {
                    let key = key.clone();
                    self.outside_model.push(Outside { key, why });
                    continue;
                }
            };
            self.modelled += 1;
            self.states += judged.states;
            for (known, seen) in ALL.iter().zip(&judged.witnessed) {
                if let Some(count) = self.witnesses.get_mut(known.name) {
                    *count += usize::from(*seen);
                }
            }
            findings.extend(judged.objection.map(|found| found.divergence(&self.all)));
        }
        if !findings.is_empty() {
            return Verdict::Diverges(findings);
        }
        if facts.gaps.is_empty() && self.absent.is_empty() {
            return Verdict::Conforms;
        }
        let gaps = facts.gaps.iter().map(|(reason, (count, spot))| {
            let place = self.all.place(*spot);
            match count {
                1 => format!("{reason} ({place})"),
                count => format!("{reason} ({count} times, first at {place})"),
            }
        });
        // Even if nobody heard from it: what it did by itself is not seen.
        let absent = self.absent.iter();
        let absent = absent.map(|node| format!("what {node} did: its journal was not given"));
        Verdict::Incomplete(gaps.chain(absent).collect())
    }
}
