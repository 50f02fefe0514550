//! Where a run left what was checked.

use std::fmt;

use node::Key;
use node::journal::Place;
use paxos::NodeId;
use serde::{Serialize, Serializer};

/// A line that no run of the checked protocol has in its place.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Divergence {
    /// What kind it is.
    pub cause: Cause,
    /// Which line.
    #[serde(serialize_with = "as_text")]
    pub place: Place,
    /// Whose journal.
    pub node: NodeId,
    /// Which decree; `None` if it is about all of a node.
    pub key: Option<Key>,
    /// What is wrong, in a sentence.
    pub problem: String,
    /// The node before the step, as the lines up to here make it; `None` if it is not about a step.
    pub before: Option<String>,
    /// What the checked protocol has here; several if it leaves a choice.
    pub expected: Vec<String>,
    /// What the journal has here.
    pub found: String,
    /// What else is worth knowing: other lines, and what they say.
    pub notes: Vec<String>,
}

/// A kind of divergence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The core does something else with this input.
    NotAStep,
    /// An entry comes where the host of a node has no business with it.
    OutOfPlace,
    /// A message was received that its sender never sent.
    NeverSent,
    /// A message was received that was not allowed to leave its sender; or an answer was given too soon.
    SentUnsaved,
    /// Lines of several journals each wait for another: something was known before it happened.
    NoOrder,
    /// A process has a number that an earlier one has had: the store was put back, or there are two of it.
    IncarnationReused,
    /// The store shows something other than what was saved.
    StoreDiffers,
    /// The node stated at the beginning of a file is not the one that the lines before make.
    MemoryDiffers,
    /// A decision was learnt from a peer that did not know it.
    NobodyKnew,
    /// A client was told what was not so.
    WrongAnswer,
    /// The model does something else than the core.
    ModelDiffers,
    /// A property of the model, or its counterpart over real values, does not hold.
    Violates(&'static str),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::NotAStep => "not a step of the protocol",
            Cause::OutOfPlace => "out of place",
            Cause::NeverSent => "received and never sent",
            Cause::SentUnsaved => "left before it was saved",
            Cause::NoOrder => "known before it happened",
            Cause::IncarnationReused => "a process number used before",
            Cause::StoreDiffers => "the store differs from what was saved",
            Cause::MemoryDiffers => "the memory differs from what was done",
            Cause::NobodyKnew => "learnt from who did not know",
            Cause::WrongAnswer => "a wrong answer",
            Cause::ModelDiffers => "the model and the core differ",
            Cause::Violates(property) => return write!(f, "violates {property}"),
        })
    }
}

impl Divergence {
    /// For people: the problem, then both sides, a line each.
    pub fn lines(&self) -> Vec<String> {
        let key = match &self.key {
            Some(key) => format!(", decree {key}"),
            None => String::new(),
        };
        let mut lines = vec![
            format!("{}: {}", self.place, self.problem),
            format!("  kind      {} ({}{key})", self.cause, self.node),
        ];
        let mut row = |name: &str, text: &str| lines.push(format!("  {name:9} {text}"));
        if let Some(before) = &self.before {
            row("before", before);
        }
        for (index, expected) in self.expected.iter().enumerate() {
            row(if index == 0 { "checked" } else { "or" }, expected);
        }
        row("journal", &self.found);
        self.notes.iter().for_each(|note| row("note", note));
        lines
    }
}

fn as_text<S: Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(place)
}
