//! What was found, for people.

use std::fmt;

use paxos::NodeId;

use crate::{Conformance, Divergence, Verdict};

/// So many divergences are told.
const FINDINGS_MAX: usize = 8;
/// So many decrees outside the model are named.
const NAMED_MAX: usize = 5;

impl Conformance {
    /// The verdict first, then what it covers; plain text, columns aligned.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.verdict.to_string()];
        if !self.outside_model.is_empty() {
            lines.push(format!(
                "  the model's properties were asked of {} of {} decrees: the others do not fit into it",
                self.modelled, self.decrees
            ));
        }
        match &self.verdict {
            Verdict::Conforms => {}
            Verdict::Diverges(findings) => {
                let named = findings.iter().take(FINDINGS_MAX);
                lines.extend(named.flat_map(Divergence::lines));
                if let Some(more) = findings.len().checked_sub(FINDINGS_MAX + 1) {
                    lines.push(format!("and {} more, which --json has", more + 1));
                }
            }
            Verdict::Incomplete(reasons) => {
                lines.extend(reasons.iter().map(|reason| format!("  {reason}")));
            }
        }
        lines.push(String::new());
        let mut rows = vec![
            ("cluster", self.cluster.to_string()),
            ("rules", self.rules.to_string()),
            ("journals", listed(&self.nodes)),
        ];
        if !self.absent.is_empty() {
            rows.push(("no journal", listed(&self.absent)));
        }
        rows.push(("lines", self.entries.to_string()));
        let decrees = format!("{}, {} decided", self.decrees, self.decided);
        rows.push(("decrees", decrees));
        let modelled = format!("{} decrees, {} states", self.modelled, self.states);
        rows.push(("modelled", modelled));
        rows.extend(self.outside());
        lines.extend(rows.iter().map(|(name, text)| format!("{name:10}  {text}")));
        lines.push(String::new());
        let counts = self.counts.rows();
        lines.extend(
            counts
                .iter()
                .map(|(name, count)| format!("{count:>8}  {name}")),
        );
        lines.push(String::new());
        let witnesses = self.witnesses.iter();
        lines.extend(witnesses.map(|(name, count)| format!("{count:>8}  decrees show {name}")));
        lines
    }

    fn outside(&self) -> Vec<(&'static str, String)> {
        let named = self.outside_model.iter().take(NAMED_MAX);
        let mut rows: Vec<_> = named
            .map(|outside| ("not in it", format!("{}: {}", outside.key, outside.why)))
            .collect();
        if let Some(more) = self.outside_model.len().checked_sub(NAMED_MAX + 1) {
            rows.push(("", format!("and {} more", more + 1)));
        }
        rows
    }
}

fn listed(nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    names.join(" ")
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Conforms => "conforms: what the nodes did is a run of what was checked",
            Verdict::Diverges(_) => "diverges: what the nodes did is no run of what was checked",
            Verdict::Incomplete(_) => {
                "incomplete: what can be seen is a run of what was checked, and not all can be seen"
            }
        })
    }
}
