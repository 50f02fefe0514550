//! `--cross-check`: the same world explored in other ways, which must come to the same.

use std::sync::Arc;

use checker::{Cut, Ending, Engine, Limits, Reductions, Storage, Verdict};
use model::{Action, State, World};

use crate::check::{WorldRun, metered};
use crate::error::Error;
use crate::reports::EngineRow;

/// The exhaustive checker of stateright that is asked: the one that needs least memory.
const OTHER: Engine = Engine::StaterightDfs;

/// What others make of a world: our own search without reductions, and stateright's.
#[derive(Default)]
pub(crate) struct Opinions {
    pub(crate) full: Option<WorldRun>,
    pub(crate) row: Option<EngineRow>,
    pub(crate) disagreements: Vec<String>,
    pub(crate) unfinished: Option<Cut>,
}

impl Opinions {
    pub(crate) fn ask(
        name: &str,
        world: &Arc<World>,
        run: &WorldRun,
        limits: &Limits,
    ) -> Result<Opinions, Error> {
        let theirs = metered(&format!("{name} ({OTHER})"), |tell| {
            model::as_it_is::explore_with(OTHER, Arc::clone(world), limits, tell)
        })?;
        let full = metered(&format!("{name} (no reductions)"), |tell| {
            model::explore(world, Reductions::NONE, &Storage::default(), limits, tell)
        })?;
        let cut = |ending| match ending {
            Ending::Truncated(cut) => Some(cut),
            Ending::Exhausted => None,
        };
        let unfinished = cut(full.ending).or(cut(theirs.ending));
        let mut disagreements = Vec::new();
        if run.is_exhausted() && unfinished.is_none() {
            disagreements = differences(&full, &theirs);
            disagreements.extend(differences_reduced(run, &full));
        }
        Ok(Opinions {
            row: Some(EngineRow::new(OTHER, &full, &theirs)),
            full: Some(full),
            disagreements,
            unfinished,
        })
    }
}

/// Where an exhausted exploration with reductions contradicts the one without.
fn differences_reduced(reduced: &WorldRun, full: &WorldRun) -> Vec<String> {
    let steps = |verdict: &Verdict<State, Action>| match verdict.path() {
        Some(path) => format!("{} steps", path.clone().into_actions().len()),
        None => "no path".to_owned(),
    };
    let pairs = reduced.findings.iter().zip(&full.findings);
    let different = pairs.filter(|(ours, all)| steps(&ours.verdict) != steps(&all.verdict));
    let told = different.map(|(ours, all)| {
        format!(
            "{}: {} with the reductions {}, {} without",
            ours.property,
            steps(&ours.verdict),
            reduced.reductions.in_words(),
            steps(&all.verdict),
        )
    });
    told.collect()
}

/// Where two exhausted explorations of one world contradict each other.
fn differences(ours: &WorldRun, theirs: &WorldRun) -> Vec<String> {
    let counts = [
        ("unique states", ours.unique, theirs.unique),
        ("transitions", ours.generated, theirs.generated),
    ];
    let mut differences: Vec<String> = counts
        .into_iter()
        .filter(|(_, ours, theirs)| ours != theirs)
        .map(|(what, ours, theirs)| format!("{what}: {ours} here, but {theirs} by {OTHER}"))
        .collect();
    let has_path = |verdict: &Verdict<State, Action>| match verdict.path() {
        Some(_) => "has a path",
        None => "has none",
    };
    for (ours, theirs) in ours.findings.iter().zip(&theirs.findings) {
        let (own, other) = (has_path(&ours.verdict), has_path(&theirs.verdict));
        if own != other {
            let property = ours.property;
            differences.push(format!("{property}: {own} here, but {other} by {OTHER}"));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use model::Scenario;

    use super::*;

    fn run() -> WorldRun {
        let text =
            "title = \"\"\nabout = \"\"\n[cluster]\nservers = 1\n[[ask]]\nvalue = \"A\"\nof = 0\n";
        let scenario = Scenario::parse(std::path::Path::new("one.toml"), text).unwrap();
        let world = World::new(Arc::new(scenario)).unwrap();
        checker::explore(&world, &Limits::default(), &|_| ()).unwrap()
    }

    #[test]
    fn equal_runs_do_not_differ() {
        assert!(differences(&run(), &run()).is_empty());
    }

    #[test]
    fn engines_that_disagree_are_caught() {
        let mut fewer = run();
        fewer.unique -= 1;
        assert_eq!(differences(&run(), &fewer).len(), 1);
        let mut blind = run();
        for finding in &mut blind.findings {
            finding.verdict = Verdict::Exhausted;
        }
        let found = run()
            .findings
            .iter()
            .filter(|f| f.verdict.path().is_some())
            .count();
        assert_eq!(differences(&run(), &blind).len(), found);
        assert!(found > 0);
    }
}
