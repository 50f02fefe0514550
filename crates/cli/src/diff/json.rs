//! What a comparison found, for machines.

use model::World;
use serde_json::{Value, json};

use crate::diff::told::{Told, Trace};

/// Raised when a reader of the old form could misunderstand the new one.
const VERSION: u32 = 1;

/// All scenarios, for machines.
pub(super) fn json(names: &[String; 2], all: &[Told], not_run: usize) -> Value {
    json!({
        "version": VERSION,
        "a": names[0],
        "b": names[1],
        "not_run": not_run,
        "scenarios": all.iter().map(Told::json).collect::<Vec<_>>(),
    })
}

impl Told {
    fn json(&self) -> Value {
        let sides = self.explored.iter().map(|explored| {
            json!({
                "states": explored.states,
                "depth": explored.depth,
                "cut": explored.cut,
                "properties": explored.found.iter().map(|found| json!({
                    "name": found.property,
                    "found": found.verdict.map(|verdict| verdict.to_string()),
                    "steps": found.steps,
                })).collect::<Vec<_>>(),
            })
        });
        let [only_a, only_b] = self.partings();
        json!({
            "scenario": self.scenario,
            "found": match (self.is_different(), self.unknown()) {
                (true, _) => "different",
                (false, None) => "same",
                (false, Some(_)) => "unknown",
            },
            "cut": self.unknown(),
            "pairs": self.comparison.pairs,
            "depth": self.comparison.depth,
            "only_a_steps": only_a,
            "only_b_steps": only_b,
            "traces": self.traces.iter().map(|trace| trace.json(&self.world)).collect::<Vec<_>>(),
            "verdicts_moved": self.verdicts_moved().iter()
                .map(|(a, _)| a.property.as_str()).collect::<Vec<_>>(),
            "sides": sides.collect::<Vec<_>>(),
        })
    }
}

impl Trace {
    fn json(&self, world: &World) -> Value {
        let common = self.common.as_ref();
        let differences = self.differences.iter().map(|one| {
            json!({
                "what": one.what,
                "a": one.a,
                "b": one.b,
                "seen_in": one.place.name(),
                "observable": one.place.is_observable(),
            })
        });
        json!({
            "allowed": self.is_allowed,
            "steps": self.steps,
            "common": common.map_or_else(Vec::new, |path| report::lines(world, path)),
            "action": self.action,
            "came": self.came,
            "differences": differences.collect::<Vec<_>>(),
        })
    }
}
