//! `paxos explore`: stateright's web explorer on a scenario, opened right where it matters.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use checker::{Limits, Reductions, Storage, Until, Verdict};
use model::properties::Known;
use model::{Action, State, World};
use report::{Story, Tail, Telling};
use stateright::{Model, Path};

use crate::args::{ExploreArgs, StoryArgs};
use crate::error::Error;
use crate::load::Loaded;
use crate::progress::Meter;
use crate::{Ended, live, load, print, story};

pub(crate) fn explore(args: &ExploreArgs) -> Result<Ended, Error> {
    let loaded = load::one(&args.scenario)?;
    let world = loaded.world(args.mutant)?.with_diagram(diagram);
    let port = free_port(args.port)?;
    let address = format!("http://localhost:{port}");
    match args.at.as_deref().and_then(Known::named) {
        None => print::line(&format!("{address}/#/steps/0"))?,
        Some(property) => {
            let shown = show(&loaded, args, &world, property)?;
            shown.print(args.story, &world)?;
            let end = shown.paths.last();
            let why = end.and_then(|path| report::why(&world, path, property.name));
            story::print_why(why.as_ref())?;
            for path in &shown.paths {
                print::line(&format!("{address}/#/steps/{}", path.encode(&world)))?;
            }
        }
    }
    print::say("open the link in a browser; Ctrl-C ends the explorer");
    // The explorer prefers a folder `ui` of the working directory to its own pages.
    // A folder that is removed while one stands in it stays empty, and leaves nothing behind.
    let elsewhere = tempfile::tempdir().map_err(Error::Elsewhere)?;
    std::env::set_current_dir(elsewhere.path()).map_err(Error::Elsewhere)?;
    elsewhere.close().map_err(Error::Elsewhere)?;
    let _ = Arc::new(world.checker().serve((Ipv4Addr::LOCALHOST, port)));
    Ok(Ended::Met)
}

/// What there is to see of a property.
struct Shown {
    /// The whole path, in words.
    story: Story,
    /// What it is told for.
    telling: Telling,
    whole: Path<State, Action>,
    /// Where to open the explorer: at the end of the path; of one that goes on for ever, at the end of its stem, and
    /// after one round.
    paths: Vec<Path<State, Action>>,
}

impl Shown {
    fn print(&self, args: StoryArgs, world: &World) -> Result<(), Error> {
        match args.diagram {
            true => story::print_lanes(world, &self.whole, &self.telling, None),
            false => story::print_pieces("", &self.story.told()),
        }
    }
}

fn show(
    loaded: &Loaded,
    args: &ExploreArgs,
    world: &World,
    property: &'static Known,
) -> Result<Shown, Error> {
    if property.is_live() != loaded.is_live() {
        let judged = Known::of(&loaded.scenario).iter().map(|known| known.name);
        return Err(Error::NothingToShow(format!(
            "nothing to open: `{}` is not judged in `{}`; what is, is {}",
            property.name,
            loaded.scenario.name,
            judged.collect::<Vec<_>>().join(", ")
        )));
    }
    if !loaded.is_live() {
        let path = find(world, property)?;
        let telling = Telling {
            is_violation: Some(property.is_invariant()),
            ..Telling::default()
        };
        return Ok(Shown {
            story: Story::new(world, &path, &telling),
            telling,
            whole: path.clone(),
            paths: vec![path],
        });
    }
    let answer = live::explore(loaded, args.mutant, &Limits::default())?;
    let mut judged = answer.judged.iter();
    let judged = judged.find(|judged| judged.property == property.name);
    let whole = judged.and_then(|judged| Some((judged, judged.verdict.path()?)));
    let Some((judged, whole)) = whole else {
        let name = &loaded.scenario.name;
        let found = judged.map_or("unknown".to_owned(), |judged| judged.found().to_string());
        return Err(Error::NothingToShow(format!(
            "nothing to open: `{}` of `{name}`: {found}; leave out --at to explore from the start, or break \
             something with --mutant",
            property.name
        )));
    };
    let mut paths = Vec::new();
    if let Some(Tail::Round { stem, .. }) = judged.tail {
        let states = whole.clone().into_states();
        let actions = whole.clone().into_actions();
        let start = states.into_iter().next();
        let stem = start.and_then(|start| Path::from_actions(world, start, &actions[..stem]));
        paths.extend(stem.filter(|stem| stem != whole));
    }
    paths.push(whole.clone());
    Ok(Shown {
        story: judged
            .story(world)
            .unwrap_or_else(|| Story::new(world, whole, &judged.telling())),
        telling: judged.telling(),
        whole: whole.clone(),
        paths,
    })
}

/// The shortest path that shows `property`.
fn find(world: &World, property: &'static Known) -> Result<Path<State, Action>, Error> {
    let limits = Limits {
        threads: std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN),
        until: Until::Found(property.name),
        ..Limits::default()
    };
    let name = &world.scenario().name;
    let meter = Meter::new(name);
    let tell = |progress: &checker::Progress| meter.update(progress);
    let run = model::explore(world, Reductions::ALL, &Storage::default(), &limits, &tell);
    meter.finish();
    let run = run.map_err(|source| Error::Exploration {
        name: name.clone(),
        source,
    })?;
    let verdict = run
        .findings
        .into_iter()
        .find(|finding| finding.property == property.name);
    match verdict.map(|finding| finding.verdict) {
        Some(Verdict::Violated(path) | Verdict::Witnessed(path)) => Ok(path),
        Some(Verdict::Truncated(cut)) => Err(Error::NothingToShow(format!(
            "nothing to open: no path to `{}` was found before the search was {cut}",
            property.name
        ))),
        Some(Verdict::Exhausted) | None => {
            let found = match property.is_invariant() {
                true => "holds in every state",
                false => "is true in no state",
            };
            Err(Error::NothingToShow(format!(
                "nothing to open: `{}` {found} of `{name}`; leave out --at to explore from the start, \
                 or break something with --mutant",
                property.name
            )))
        }
    }
}

/// The picture of a path, no wider than its column: else the page puts it below everything.
fn diagram(world: &World, path: &Path<State, Action>) -> String {
    let style = "<svg style=\"display:block;max-width:100%;height:auto\" ";
    report::diagram(world, path).replacen("<svg ", style, 1)
}

/// The port, made sure to be free now; stateright's server panics if it is not.
fn free_port(port: u16) -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| Error::Port { port, source })
}
