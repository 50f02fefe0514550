//! What a simulation found, for the terminal and for machines.

use checker::{Minimised, Sighting, Simulated, Simulation};
use model::{Action, Expected, State, World};
use report::{Telling, Why};
use serde_json::{Value, json};
use stateright::{Expectation, Path};

use crate::args::{STEPS, SimulateArgs};
use crate::error::Error;
use crate::print::{self, Tone};
use crate::{Ended, story};

/// Raised when a reader of the old form could misunderstand the new one.
const VERSION: u32 = 1;

/// What was found, with what it takes to tell it.
pub(super) struct Told<'a> {
    pub(super) args: &'a SimulateArgs,
    pub(super) world: World,
    pub(super) simulation: Simulation,
    pub(super) simulated: Simulated<Action>,
    pub(super) violations: Vec<Violation>,
}

/// A violation, made short.
pub(super) struct Violation {
    /// Properties violated by the same short walk.
    pub(super) properties: Vec<&'static str>,
    pub(super) run: u64,
    /// The steps of the run up to the violation.
    pub(super) steps: usize,
    pub(super) minimised: Minimised<Action>,
    pub(super) path: Path<State, Action>,
}

/// What the scenario expects of a property. An invariant it says nothing of is expected to hold.
fn expected(world: &World, sighting: &Sighting<Action>) -> Option<Expected> {
    let stated = world.scenario().expect.verdicts.get(sighting.property);
    let is_invariant = sighting.expectation == Expectation::Always;
    stated.copied().or(is_invariant.then_some(Expected::Holds))
}

impl Told<'_> {
    /// Whether what was seen of a property contradicts the scenario. What was not seen does not.
    fn is_unmet(&self, sighting: &Sighting<Action>) -> bool {
        sighting.seen.is_some()
            && match expected(&self.world, sighting) {
                Some(Expected::Holds | Expected::Never) => true,
                Some(Expected::Violated | Expected::Witnessed) | None => false,
            }
    }

    fn is_unmet_by_name(&self, property: &str) -> bool {
        let mut sightings = self.simulated.sightings.iter();
        sightings.any(|sighting| sighting.property == property && self.is_unmet(sighting))
    }

    pub(super) fn ended(&self) -> Ended {
        let mut sightings = self.simulated.sightings.iter();
        if sightings.any(|sighting| self.is_unmet(sighting)) {
            Ended::Unmet
        } else if self.simulated.cut.is_some() {
            Ended::Truncated
        } else {
            Ended::Met
        }
    }

    pub(super) fn print(&self) -> Result<(), Error> {
        for violation in &self.violations {
            self.print_violation(violation)?;
        }
        let simulated = &self.simulated;
        let runs = format!(
            "{} of up to {}",
            counted(simulated.runs, "run"),
            counted(u64::from(self.simulation.steps_max), "step"),
        );
        print::line(&format!(
            "{}: seed {}, {runs}; {} in all, at most {} in one run",
            self.world.scenario().name,
            self.simulation.seed,
            counted(simulated.steps, "step"),
            print::number(u64::from(simulated.longest)),
        ))?;
        let is_invariant = |s: &&Sighting<Action>| s.expectation == Expectation::Always;
        let (invariants, witnesses): (Vec<_>, Vec<_>) =
            simulated.sightings.iter().partition(is_invariant);
        self.print_names("violated", &invariants, true)?;
        self.print_names(&format!("not violated in {runs}"), &invariants, false)?;
        self.print_names("seen", &witnesses, true)?;
        self.print_names("not seen", &witnesses, false)?;
        if simulated.unfinished > 0 {
            print::line(&format!(
                "  {} cut at {} steps: more are possible (--steps)",
                counted(simulated.unfinished, "run"),
                print::number(u64::from(self.simulation.steps_max)),
            ))?;
        }
        if let Some(cut) = &simulated.cut {
            let asked = print::number(self.simulation.runs);
            let problem = format!("  {cut}, before all of the {asked} runs were done");
            print::line(&print::toned(Tone::Doubtful, &problem))?;
        }
        print::line("a sample: what was not seen may be possible all the same")?;
        Ok(())
    }

    /// The properties of which something was seen, or nothing.
    fn print_names(
        &self,
        what: &str,
        sightings: &[&Sighting<Action>],
        is_seen: bool,
    ) -> Result<(), Error> {
        let names: Vec<String> = sightings
            .iter()
            .filter(|sighting| sighting.seen.is_some() == is_seen)
            .map(|sighting| match self.is_unmet(sighting) {
                true => print::toned(Tone::Bad, sighting.property),
                false => sighting.property.to_owned(),
            })
            .collect();
        if !names.is_empty() {
            print::line(&format!("  {what}: {}", names.join(", ")))?;
        }
        Ok(())
    }

    fn print_violation(&self, violation: &Violation) -> Result<(), Error> {
        let names = &violation.properties;
        let (tone, as_expected) = match names.iter().any(|name| self.is_unmet_by_name(name)) {
            true => (Tone::Bad, ""),
            false => (Tone::Quiet, ", as expected"),
        };
        let left = violation.minimised.walk.actions.len();
        let enough = match (violation.minimised.is_minimal, left == violation.steps) {
            (true, true) => "none of them can be left out".to_owned(),
            (true, false) => format!("{left} of them are enough"),
            (false, _) => format!("{left} of them are enough, and perhaps fewer"),
        };
        let heading = format!(
            "{}: {} violated in run {}, after {}{as_expected}; {enough}",
            self.world.scenario().name,
            names.join(", "),
            violation.run,
            counted(violation.steps as u64, "step"),
        );
        print::line(&print::toned(tone, &heading))?;
        let telling = Telling {
            is_violation: Some(true),
            ..Telling::default()
        };
        story::print_path(self.args.story, &self.world, &violation.path, &telling)?;
        story::print_why(self.why(violation).as_ref())?;
        if self.args.run.is_none() {
            print::line(&format!("  again: {}", self.again(violation.run)))?;
        }
        print::line("")?;
        Ok(())
    }

    /// Why the first of the properties is violated; the others are by the same walk.
    fn why(&self, violation: &Violation) -> Option<Why> {
        let property = violation.properties.first()?;
        report::why(&self.world, &violation.path, property)
    }

    /// The command that makes one run again.
    fn again(&self, run: u64) -> String {
        let args = self.args;
        let mut command = format!("paxos simulate {}", args.scenario);
        if let Some(mutant) = args.mutant {
            command += &format!(" --mutant {mutant}");
        }
        command += &format!(" --seed {}", args.seed);
        if args.steps != STEPS {
            command += &format!(" --steps {}", args.steps);
        }
        command + &format!(" --run {run}")
    }

    pub(super) fn json(&self) -> Value {
        let simulated = &self.simulated;
        json!({
            "version": VERSION,
            "scenario": self.world.scenario().name,
            "mutant": self.args.mutant.map(|mutant| mutant.name()),
            "seed": self.simulation.seed,
            "first_run": self.simulation.first,
            "runs_asked": self.simulation.runs,
            "runs": simulated.runs,
            "steps_max": self.simulation.steps_max,
            "steps": simulated.steps,
            "longest": simulated.longest,
            "unfinished": simulated.unfinished,
            "cut": simulated.cut.as_ref().map(ToString::to_string),
            "properties": simulated.sightings.iter().map(|one| self.property(one)).collect::<Vec<_>>(),
        })
    }

    fn property(&self, sighting: &Sighting<Action>) -> Value {
        let found = match (&sighting.expectation, &sighting.seen) {
            (Expectation::Always, Some(_)) => "violated",
            (Expectation::Always, None) => "not violated",
            (Expectation::Sometimes | Expectation::Eventually, Some(_)) => "seen",
            (Expectation::Sometimes | Expectation::Eventually, None) => "not seen",
        };
        let mut violations = self.violations.iter();
        let short = violations.find(|one| one.properties.contains(&sighting.property));
        let seen = sighting.seen.as_ref();
        json!({
            "name": sighting.property,
            "expected": expected(&self.world, sighting).map(|expected| expected.to_string()),
            "found": found,
            "run": seen.map(|seen| seen.run),
            "steps": seen.map(|seen| seen.walk.actions.len()),
            "trace": short.map(|short| report::lines(&self.world, &short.path)),
            "why": short
                .and_then(|short| report::why(&self.world, &short.path, sighting.property))
                .map(|why| why.sentences),
            "minimal": short.map(|short| short.minimised.is_minimal),
            "again": seen.map(|seen| self.again(seen.run)),
        })
    }
}

fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", print::number(count)),
    }
}
