//! `paxos explore`: every world step by step in a browser, opened right where it matters.

mod browser;
mod catalogue;
mod front;
mod open;
mod place;
mod route;
mod server;
mod shown;
mod site;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::thread::available_parallelism;

use checker::{Cut, Limits};
use model::World;
use model::properties::Known;

use crate::args::ExploreArgs;
use crate::check::{on_interrupt, with_meter};
use crate::error::Error;
use crate::load::{self, Loaded};
use crate::saved::Saved;
use crate::{Ended, print};
use catalogue::Catalogue;
use place::Place;
pub(crate) use place::{RULES, rules_name, rules_named};
use server::{End, Server};
use shown::{Shown, Sought};
use site::Site;

pub(crate) fn explore(args: &ExploreArgs) -> Result<Ended, Error> {
    let given = args.scenario.as_deref().map(load::one).transpose()?;
    let saved = match &args.trace {
        Some(file) => Some((file, Saved::read_shipped(file, given.as_ref())?)),
        None => None,
    };
    let catalogue = Catalogue::read(given.as_ref())?;
    let place = place(args, given.as_ref(), saved.as_ref().map(|(_, saved)| saved));
    let world = place
        .as_ref()
        .map(|place| catalogue.world(place))
        .transpose()?;
    let (sender, ends) = channel();
    let ctrl_c = sender.clone();
    let interrupt = on_interrupt("interrupted: the explorer ends", move || {
        // Nobody waits for it as long as a path is looked for.
        let _ = ctrl_c.send(End::Interrupted);
    })?;
    let site = Site::new(catalogue, Arc::clone(&interrupt));
    let server = Server::start(args.port, site, &sender)?;
    let limits = Limits {
        threads: available_parallelism().unwrap_or(NonZeroUsize::MIN),
        interrupt: Arc::clone(&interrupt),
        ..Limits::default()
    };
    let shown = match (&saved, &world, args.at.as_deref().and_then(Known::named)) {
        (Some((file, saved)), _, _) => {
            let shown = shown::read(file, saved, &limits)?;
            if interrupt.load(Ordering::Relaxed) {
                return Ok(Ended::Truncated);
            }
            Some(shown)
        }
        (None, Some(world), Some(property)) => match find(world, property, &limits)? {
            Some(shown) => Some(shown),
            None => return Ok(Ended::Truncated),
        },
        (None, _, _) => None,
    };
    let address = server.address();
    let links = match (&place, &world) {
        (Some(place), Some(world)) => links(place, world, shown.as_ref(), args.step)?,
        (_, _) => vec!["/".to_owned()],
    };
    if let (Some(shown), Some(world)) = (&shown, &world) {
        shown.print(args.story, world)?;
    }
    for link in &links {
        print::line(&format!("{address}{link}"))?;
    }
    print::say("open the link in a browser; Ctrl-C ends the explorer");
    if args.open {
        browser::open(format!("{address}{}", links[0]));
    }
    match ends.recv() {
        Ok(End::Interrupted) | Err(_) => Ok(Ended::Met),
        Ok(End::Broken(source)) => Err(Error::Port {
            port: args.port,
            source,
        }),
    }
}

/// What is to be opened; `None` is the list of all there is.
fn place(args: &ExploreArgs, given: Option<&Loaded>, saved: Option<&Saved>) -> Option<Place> {
    if let Some(saved) = saved {
        return Some(Place {
            mutant: saved.trace.mutant,
            ..Place::of(saved.world.scenario())
        });
    }
    Some(Place {
        rules: args.rules,
        mutant: args.mutant,
        ..Place::of(&given?.scenario)
    })
}

/// Looks for what is to be shown, as long as it takes; `None` if Ctrl-C ended that.
fn find(world: &World, property: &'static Known, limits: &Limits) -> Result<Option<Shown>, Error> {
    let name = &world.scenario().name;
    let nothing = |why: String| Error::NothingToShow(format!("nothing to open: {why}"));
    match with_meter(name, |tell| shown::seek(world, property, limits, tell))? {
        Sought::Found(shown) => Ok(Some(*shown)),
        Sought::Nothing(why) => Err(nothing(format!(
            "{why}; leave out --at to explore from the start, or break something with --mutant"
        ))),
        Sought::Cut(Cut::Interrupted) => Ok(None),
        Sought::Cut(cut) => Err(nothing(format!(
            "no path to `{}` was found before the search was {cut}",
            property.name
        ))),
    }
}

/// Where the explorer is to be opened, from the root: at the end of the path; of one that goes on for ever, at the end of
/// its stem, and after one round; or at one step.
fn links(
    place: &Place,
    world: &World,
    shown: Option<&Shown>,
    step: Option<usize>,
) -> Result<Vec<String>, Error> {
    let start = format!("{}#/steps/", place.address());
    let Some(shown) = shown else {
        return Ok(vec![format!("{start}0")]);
    };
    let whole = format!("{start}{}", shown.whole.encode(world));
    let Some(step) = step else {
        let stem = shown.stem.as_ref();
        let stem = stem.map(|stem| format!("{start}{}", stem.encode(world)));
        return Ok(stem.into_iter().chain([whole]).collect());
    };
    let steps = shown.whole.clone().into_actions().len();
    match steps.checked_sub(step) {
        Some(0) => Ok(vec![whole]),
        Some(before_end) => Ok(vec![format!("{whole}?offset={before_end}")]),
        None => Err(Error::NothingToShow(format!(
            "there is no step {step}: the trace has {steps}, so --step takes 0 to {steps}"
        ))),
    }
}
