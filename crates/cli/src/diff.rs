//! `paxos diff`: whether two rule sets, or two revisions of the core, behave the same in a scenario, and if not,
//! where they part.

mod json;
mod told;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread::available_parallelism;

use checker::{Limits, Until};
use diff::{Comparison, Explored, Here, Other, Parting, RuleSetName, Side, compare};
use model::{World, differences};
use stateright::Model as _;

use crate::args::DiffArgs;
use crate::check::listen_for_interrupt;
use crate::diff::told::{Told, Trace};
use crate::error::Error;
use crate::load::{self, Loaded};
use crate::progress::{Meter, a_second};
use crate::{Ended, print, saved};

/// Scenarios up to this size are compared if none is named.
const STATES_MAX: u64 = 100_000;

pub(crate) fn diff(args: &DiffArgs) -> Result<Ended, Error> {
    let loaded = select(args)?;
    if let Some(file) = &args.svg {
        if loaded.len() > 1 {
            return Err(Error::OnePicture(loaded.len()));
        }
        saved::open_folder(saved::folder_of(file))?;
    }
    // Ctrl-C ends a build at once.
    let past = match &args.against {
        Some(revision) => Some(diff::build(revision, &print::say)?),
        None => None,
    };
    let processors = available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    let limits = Limits {
        threads: processors,
        max_states: args.max_states,
        max_memory: None,
        timeout: args.timeout,
        interrupt: listen_for_interrupt()?,
        until: Until::Exhausted,
    };
    let (rules_a, rules_b) = rules(args);
    let names = match &args.against {
        Some(revision) => ["present".to_owned(), revision.clone()],
        None => [rules_a, rules_b].map(|rules| rules.to_string()),
    };
    let mut all = Vec::new();
    for one in &loaded {
        if limits.interrupt.load(Ordering::Relaxed) {
            break;
        }
        let world = rules_a.on(one.world(None)?);
        let mut a = Here::new(world.clone());
        let told = match &past {
            Some(program) => {
                let mut b = other(one, program, rules_b)?;
                between(one, &world, &names, [&mut a, &mut b], &limits)?
            }
            None => {
                let mut b = Here::new(rules_b.on(one.world(None)?));
                between(one, &world, &names, [&mut a, &mut b], &limits)?
            }
        };
        if let Some(file) = &args.svg {
            match told.picture() {
                Some(picture) => saved::replace(file, &picture)?,
                None => print::say(&format!(
                    "{} is not written: there is no step at which the two sides part",
                    file.display()
                )),
            }
        }
        if !args.json {
            told.print(args.story)?;
        }
        all.push(told);
    }
    let not_run = loaded.len() - all.len();
    match args.json {
        true => print::line(&serde_json::to_string_pretty(&json::json(
            &names, &all, not_run,
        ))?)?,
        false => print::line(&told::sum(&all, not_run))?,
    }
    Ok(told::ended(&all, not_run))
}

/// The rules of either side.
fn rules(args: &DiffArgs) -> (RuleSetName, RuleSetName) {
    let a = args.a.unwrap_or(RuleSetName::SCENARIO);
    // With another core it is the core that differs.
    (a, args.b.unwrap_or(a))
}

/// A side with another core.
fn other(one: &Loaded, program: &Path, rules: RuleSetName) -> Result<Other, Error> {
    let scenario = &one.scenario;
    let text = std::fs::read_to_string(&one.path).map_err(|source| {
        let path = one.path.clone();
        model::ScenarioError::Read { path, source }
    })?;
    Ok(Other::start(program, scenario, &text, rules)?)
}

fn select(args: &DiffArgs) -> Result<Vec<Loaded>, Error> {
    let mut loaded = load::select_bounded(&args.scenarios, !args.scenarios.is_empty())?;
    if args.scenarios.is_empty() {
        loaded.retain(|one| {
            let states = one.scenario.expect.states;
            states.is_some_and(|states| states <= STATES_MAX)
        });
    }
    if loaded.is_empty() {
        return Err(Error::NothingToShow(format!(
            "no scenario of {} expects at most {} states: name others with --scenario",
            load::FOLDER,
            print::number(STATES_MAX)
        )));
    }
    Ok(loaded)
}

/// Compares two sides in one scenario. `world` is the first one's: it tells the steps that both allow.
fn between(
    one: &Loaded,
    world: &World,
    names: &[String; 2],
    [a, b]: [&mut dyn Side; 2],
    limits: &Limits,
) -> Result<Told, Error> {
    let name = &one.scenario.name;
    let failed = |source| Error::Comparison {
        name: name.clone(),
        source,
    };
    let comparison = metered(name, a, b, limits).map_err(failed)?;
    let mut traces = Vec::new();
    for parting in apart(&comparison) {
        traces.push(trace(world, parting, [a, b]).map_err(failed)?);
    }
    let explored = |side: &mut dyn Side, whose: &str| {
        let meter = Meter::new(&format!("{name} ({whose})"));
        let explored = side.explored(limits, &|progress| meter.update(progress));
        meter.finish();
        explored.map_err(failed)
    };
    let explored: [Explored; 2] = [explored(a, &names[0])?, explored(b, &names[1])?];
    Ok(Told {
        scenario: name.clone(),
        world: world.clone(),
        names: names.clone(),
        comparison,
        traces,
        explored,
    })
}

/// The partings, each once: a step that leads to different states is one of either side.
fn apart(comparison: &Comparison) -> impl Iterator<Item = &Parting> {
    let (a, b) = (&comparison.only_a, &comparison.only_b);
    let other = b.as_ref().filter(|_| a != b);
    a.iter().chain(other)
}

fn metered(
    name: &str,
    a: &mut dyn Side,
    b: &mut dyn Side,
    limits: &Limits,
) -> Result<Comparison, diff::Error> {
    let meter = Meter::new(name);
    let compared = compare(a, b, limits, &|elapsed, pairs, depth| {
        let text = format!(
            "{} pairs of states, {} a second, depth {depth}, {:.0} s",
            print::number(pairs),
            print::number(a_second(pairs, elapsed)),
            elapsed.as_secs_f64()
        );
        meter.tell(elapsed, &text);
    });
    meter.finish();
    compared
}

fn trace(
    world: &World,
    parting: &Parting,
    [a, b]: [&mut dyn Side; 2],
) -> Result<Trace, diff::Error> {
    let start = world.init_states().into_iter().next();
    let path =
        start.and_then(|start| stateright::Path::from_actions(world, start, &parting.common));
    let (mut came_a, mut came_b) = (None, None);
    if let Some(action) = parting.action {
        let told = |side: &mut dyn Side, is_possible: bool| match is_possible {
            true => side.told(&parting.before, action).map(Some),
            false => Ok(None),
        };
        came_a = told(a, parting.after_a.is_some())?;
        came_b = told(b, parting.after_b.is_some())?;
    }
    let [after_a, after_b] = parting.apart();
    Ok(Trace {
        is_allowed: [&parting.after_a, &parting.after_b].map(Option::is_some),
        steps: parting.steps(),
        common: path,
        parting: parting.clone(),
        action: parting.action.map(|action| action.to_string()),
        came: [came_a, came_b],
        differences: differences(after_a, after_b),
    })
}
