//! The paths to open: looked for, or read from a file.

use std::path::Path as FilePath;

use checker::{Cut, Limits, Progress, Reductions, Run, Storage, Until, Verdict};
use model::properties::{CAN_DECIDE, Known};
use model::{Action, State, World};
use report::{Replayed, Story, Tail, Telling, Why};
use stateright::Path;

use crate::args::StoryArgs;
use crate::error::Error;
use crate::saved::{self, Saved};
use crate::{live, print, story};

/// What there is to see of a property.
pub(crate) struct Shown {
    /// In words.
    story: Story,
    /// What it is told for.
    telling: Telling,
    /// Why it broke, if it did.
    why: Option<Why>,
    /// What became of it, if it was saved.
    fate: Option<String>,
    /// The whole path. Where it goes on for ever, once around.
    pub(crate) whole: Path<State, Action>,
    /// The path to where it goes round for ever, if that is not the whole.
    pub(crate) stem: Option<Path<State, Action>>,
}

impl Shown {
    /// Tells the path, as lines or as lanes.
    ///
    /// # Errors
    /// If it cannot be printed.
    pub(crate) fn print(&self, args: StoryArgs, world: &World) -> Result<(), Error> {
        match args.diagram {
            true => story::print_lanes(world, &self.whole, &self.telling, None)?,
            false => story::print_pieces("", &self.story.told())?,
        }
        story::print_why(self.why.as_ref())?;
        if let Some(line) = &self.fate {
            print::line(line)?;
        }
        Ok(())
    }
}

/// What a search for a path came to.
pub(crate) enum Sought {
    Found(Box<Shown>),
    /// There is none, and why not.
    Nothing(String),
    /// Nobody knows: the search was cut short.
    Cut(Cut),
}

/// Looks for the shortest path that shows `property`; of a world without end, for a lasso.
///
/// # Errors
/// If the world cannot be explored.
pub(crate) fn seek(
    world: &World,
    property: &'static Known,
    limits: &Limits,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Result<Sought, Error> {
    let scenario = world.scenario();
    let is_bounded = scenario.endless.is_none();
    if is_bounded && property.name == CAN_DECIDE {
        let limits = Limits {
            until: Until::Found(property.name),
            ..limits.clone()
        };
        let run = model::outlook(world, Reductions::ALL, &limits, tell);
        return sought(world, property, Some(Tail::Helpless), run);
    }
    let is_judged = Known::of(scenario)
        .iter()
        .any(|known| known.name == property.name);
    if !is_judged {
        let besides = is_bounded.then_some(CAN_DECIDE);
        let judged = Known::of(scenario)
            .iter()
            .map(|known| known.name)
            .chain(besides);
        return Ok(Sought::Nothing(format!(
            "`{}` is not judged in `{}`; what is, is {}",
            property.name,
            scenario.name,
            judged.collect::<Vec<_>>().join(", ")
        )));
    }
    if property.is_live() {
        seek_lasso(world, property, limits, tell)
    } else if is_bounded {
        seek_shortest(world, property, limits, tell)
    } else {
        let limits = Limits {
            until: Until::Found(property.name),
            ..limits.clone()
        };
        let run = model::explore_endless_safety(world, &limits, tell);
        sought(world, property, None, run)
    }
}

fn seek_shortest(
    world: &World,
    property: &'static Known,
    limits: &Limits,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Result<Sought, Error> {
    let limits = Limits {
        until: Until::Found(property.name),
        ..limits.clone()
    };
    let run = model::explore(world, Reductions::ALL, &Storage::default(), &limits, tell);
    sought(world, property, None, run)
}

/// What a search for the shortest path came to.
fn sought(
    world: &World,
    property: &'static Known,
    tail: Option<Tail>,
    run: Result<Run<State, Action>, checker::Error>,
) -> Result<Sought, Error> {
    let name = &world.scenario().name;
    let run = run.map_err(|source| Error::Exploration {
        name: name.clone(),
        source,
    })?;
    Ok(match run.finding(property.name).map(|one| &one.verdict) {
        Some(Verdict::Violated(path) | Verdict::Witnessed(path)) => {
            let telling = Telling {
                is_violation: Some(property.is_invariant()),
                tail,
                shows: None,
            };
            Sought::Found(Box::new(Shown {
                story: Story::new(world, path, &telling),
                telling,
                why: report::why(world, path, property.name).filter(|_| property.is_invariant()),
                fate: None,
                whole: path.clone(),
                stem: None,
            }))
        }
        Some(Verdict::Truncated(cut)) => Sought::Cut(*cut),
        Some(Verdict::Exhausted) | None => {
            let found = match property.is_invariant() {
                true => "holds in every state",
                false => "is true in no state",
            };
            Sought::Nothing(format!("`{}` {found} of `{name}`", property.name))
        }
    })
}

fn seek_lasso(
    world: &World,
    property: &'static Known,
    limits: &Limits,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Result<Sought, Error> {
    let answer = live::judge(world.clone(), limits, tell)?;
    let mut judged = answer.judged.iter();
    let Some(judged) = judged.find(|judged| judged.property == property.name) else {
        return Ok(Sought::Nothing(format!(
            "`{}` was not judged",
            property.name
        )));
    };
    let Some(whole) = judged.verdict.path() else {
        return Ok(match judged.verdict {
            Verdict::Truncated(cut) => Sought::Cut(cut),
            Verdict::Exhausted | Verdict::Violated(_) | Verdict::Witnessed(_) => {
                let (found, name) = (judged.found(), &world.scenario().name);
                Sought::Nothing(format!("`{}` of `{name}`: {found}", property.name))
            }
        });
    };
    let telling = judged.telling();
    Ok(Sought::Found(Box::new(Shown {
        story: Story::new(world, whole, &telling),
        why: None,
        fate: None,
        whole: whole.clone(),
        stem: stem_of(world, whole, &telling),
        telling,
    })))
}

/// The path to where it goes round for ever, if it does and that is not the whole.
fn stem_of(
    world: &World,
    whole: &Path<State, Action>,
    telling: &Telling,
) -> Option<Path<State, Action>> {
    let stem = telling.tail.as_ref().and_then(Tail::stem)?;
    first(world, whole, stem).filter(|stem| stem != whole)
}

/// The first steps of a path.
fn first(world: &World, path: &Path<State, Action>, steps: usize) -> Option<Path<State, Action>> {
    let start = path.clone().into_states().into_iter().next()?;
    Path::from_actions(world, start, &path.clone().into_actions()[..steps])
}

/// The steps of a saved trace that can be taken today, with what became of it.
///
/// # Errors
/// If its scenario is another one by now: none of its steps means what it meant.
pub(crate) fn read(file: &FilePath, saved: &Saved, limits: &Limits) -> Result<Shown, Error> {
    let replayed = saved.replay(limits)?;
    let told = saved::told(&saved.trace, &replayed);
    if let Replayed::Obsolete { step: 0, .. } = replayed {
        return Err(Error::NothingToShow(format!(
            "{}: {told}; name the scenario file that it was found in",
            file.display()
        )));
    }
    let whole = saved.trace.walked(&saved.world, &replayed);
    let telling = saved.telling(&replayed);
    Ok(Shown {
        story: Story::new(&saved.world, &whole, &telling),
        why: saved.why(&replayed),
        fate: Some(told),
        stem: stem_of(&saved.world, &whole, &telling),
        telling,
        whole,
    })
}
