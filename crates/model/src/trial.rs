//! Whether a mutant is found out: what a run under a fault shows, beside what the scenario expects of
//! the protocol as it ships.

use checker::{Run, Verdict};
use stateright::Expectation;

use crate::properties::Known;
use crate::{Action, Expected, Mutant, Scenario, State, World};

/// Whether a scenario is fit to find faults out. One that expects a violation is not: there the protocol
/// is wrong as it ships, and a control need not be right.
pub fn is_fit(scenario: &Scenario) -> bool {
    let mut expected = scenario.expect.verdicts.values();
    !expected.any(|verdict| *verdict == Expected::Violated)
}

/// Whether a scenario has a say on a mutant: a control need not be right where its reason does not hold.
pub fn has_a_say(scenario: &Scenario, mutant: Mutant) -> bool {
    let control = mutant.control();
    control.is_none_or(|control| (control.holds_in)(scenario))
}

/// The properties that find the fault out, the one with the shortest path first: invariants that are
/// violated though they are expected to hold, and witnesses that are found nowhere in all there is,
/// though they are expected to be. What a control forgoes ([`crate::Control`]) does not count.
pub fn killers(world: &World, run: &Run<State, Action>) -> Vec<&'static Known> {
    let verdicts = &world.scenario().expect.verdicts;
    let forgone = match world.rules().mutant.and_then(|mutant| mutant.control()) {
        Some(control) => control.forgoes,
        None => &[],
    };
    let mut killers: Vec<(usize, &'static Known)> = run
        .findings
        .iter()
        .filter_map(|finding| {
            let stated = verdicts.get(finding.property).copied();
            let is_invariant = finding.expectation == Expectation::Always;
            let expected = stated.or(is_invariant.then_some(Expected::Holds))?;
            let steps = match (expected, &finding.verdict) {
                (Expected::Holds, Verdict::Violated(path)) => path.clone().into_actions().len(),
                (Expected::Witnessed, Verdict::Exhausted) => usize::MAX,
                (Expected::Holds | Expected::Witnessed, _) => return None,
                (Expected::Violated | Expected::Never, _) => return None,
            };
            Some((steps, Known::named(finding.property)?))
        })
        .filter(|(_, known)| !forgone.contains(&known.name))
        .collect();
    killers.sort_by_key(|(steps, _)| *steps);
    killers.into_iter().map(|(_, known)| known).collect()
}

/// The same in a world without end: of the properties that are violated there, those that are expected to hold.
pub fn live_killers(world: &World, violated: &[&'static str]) -> Vec<&'static Known> {
    let verdicts = &world.scenario().expect.verdicts;
    let known = violated.iter().filter_map(|name| Known::named(name));
    known
        .filter(|known| {
            let stated = verdicts.get(known.name).copied();
            stated.unwrap_or(Expected::Holds) == Expected::Holds
        })
        .collect()
}
