//! Checks of worlds without end: whether what has to happen does.

use std::sync::Arc;
use std::time::Instant;

use checker::{Limits, Progress, Reductions};
use model::{Ranked, RulesName, World};
use report::Answer;

use crate::args::CheckArgs;
use crate::check::{Checked, with_meter};
use crate::error::Error;
use crate::load::Loaded;
use crate::update;

/// What became of one scenario whose rounds never end.
pub(crate) fn check(
    args: &CheckArgs,
    one: &Loaded,
    is_changed: bool,
    limits: &Limits,
    moved: &mut Vec<String>,
) -> Result<Checked, Error> {
    let started = Instant::now();
    let mut answer = explore(one, args.mutant, limits)?;
    if is_changed && !args.update {
        // What a changed core makes of sizes is told beside the verdicts, not among them.
        let mut expect = answer.scenario().expect.clone();
        (expect.states, expect.depth) = (None, None);
        answer.world = Arc::new(World::clone(&answer.world).expecting(expect));
    }
    let seconds = started.elapsed().as_secs_f64();
    if args.update && answer.cut().is_none() {
        let mut expect = one.scenario.expect.clone();
        (expect.states, expect.depth) = (Some(answer.unique), Some(answer.depth));
        moved.extend(update::rewrite(one, &expect)?);
        let world = World::clone(&answer.world).expecting(expect);
        answer.world = Arc::new(world);
    }
    let (states, depth) = (answer.unique, answer.depth);
    let checked = Checked::new(answer, Some(depth), None);
    checked.say(states, Reductions::NONE, seconds);
    Ok(checked)
}

/// Judges a scenario whose rounds never end, with one thing done wrong or none.
pub(crate) fn explore(
    one: &Loaded,
    mutant: Option<model::Mutant>,
    limits: &Limits,
) -> Result<Answer, Error> {
    let world = one.world(mutant)?;
    with_meter(&one.scenario.name, |tell| judge(world, limits, tell))
}

/// Judges a world whose rounds never end.
pub(crate) fn judge(
    mut world: World,
    limits: &Limits,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Result<Answer, Error> {
    let name = world.scenario().name.clone();
    if *world.rules() != world.scenario().rules() {
        // What it counts is expected of the scenario as it ships.
        let mut expect = world.scenario().expect.clone();
        (expect.states, expect.depth) = (None, None);
        world = world.expecting(expect);
    }
    Ranked::new(world.clone()).map_err(|problem| Error::World {
        name: name.clone(),
        problem,
    })?;
    let failed = |source| {
        let name = name.clone();
        Error::Exploration { name, source }
    };
    let run = model::explore_live(&world, limits, tell).map_err(failed)?;
    let is_safety_judged = world.scenario().endless.as_ref();
    let is_safety_judged = is_safety_judged.is_some_and(|endless| endless.safety);
    let safety = if is_safety_judged {
        let run = model::explore_endless_safety(&world, limits, tell);
        Some(run.map_err(failed)?)
    } else {
        None
    };
    let scenario = world.scenario();
    let by_notes = scenario.protocol.rules == RulesName::StrictAccept;
    let compares = by_notes && scenario.world.retries == Some(0);
    let another_round = compares.then(|| model::another_round(&world)).flatten();
    let mut answer = Answer::live(Arc::new(world), run);
    answer.another_round = another_round;
    Ok(match safety {
        Some(run) => answer.with_safety(run),
        None => answer,
    })
}
