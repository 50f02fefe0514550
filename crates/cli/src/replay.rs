//! `paxos replay`: a saved trace, walked again on today's code.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use checker::Limits;
use report::{Replayed, Tail};
use serde::Serialize;

use crate::args::ReplayArgs;
use crate::check::listen_for_interrupt;
use crate::error::Error;
use crate::print::{self, Tone};
use crate::saved::{self, Saved};
use crate::{Ended, load, story};

/// What became of a trace, as `--json` has it.
#[derive(Serialize)]
struct Told<'a> {
    version: u32,
    scenario: &'a str,
    mutant: Option<&'static str>,
    property: &'static str,
    verdict: &'static str,
    /// What the trace expects: `breaks` or `mended`.
    expect: &'static str,
    /// `breaks`, `mended`, `obsolete` where a step cannot be taken, or `unknown` if the search was cut.
    outcome: &'static str,
    /// How many steps the trace has.
    steps: usize,
    /// After how many steps it breaks.
    breaks_after: Option<usize>,
    /// The step that cannot be taken, from 1; 0 if the scenario is another one.
    obstacle_at: Option<usize>,
    obstacle: Option<&'a str>,
    /// Why it no longer breaks, where it is one that goes on for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    mended_because: Option<&'a str>,
    /// After how many steps the part begins that goes on for ever, if it still does.
    #[serde(skip_serializing_if = "Option::is_none")]
    stem: Option<usize>,
    /// What is possible on that part and never taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    starved: Option<&'a [String]>,
    /// How many states can follow, where nothing can be decided any more in any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_states: Option<u64>,
    difference: Option<ToldDifference<'a>>,
    /// Why it still breaks; only where it does, and is about what must be true in every state.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Vec<String>>,
}

#[derive(Serialize)]
struct ToldDifference<'a> {
    step: usize,
    variable: &'a str,
    saved: &'a str,
    found: &'a str,
}

pub(crate) fn replay(args: &ReplayArgs) -> Result<Ended, Error> {
    let scenario = args.scenario.as_deref().map(load::one).transpose()?;
    let saved = Saved::read(&args.file, scenario.as_ref())?;
    let limits = Limits {
        threads: available_parallelism().unwrap_or(NonZeroUsize::MIN),
        interrupt: listen_for_interrupt()?,
        ..Limits::default()
    };
    let replayed = saved.replay(&limits)?;
    let walked = saved.trace.walked(&saved.world, &replayed);
    let told = saved::told(&saved.trace, &replayed);
    let telling = saved.telling(&replayed);
    match args.json {
        true => print::line(&serde_json::to_string_pretty(&json(&saved, &replayed))?)?,
        false => {
            let tone = match replayed {
                Replayed::Breaks { .. } => Tone::Good,
                Replayed::Mended { .. } | Replayed::Obsolete { .. } => Tone::Bad,
                Replayed::Unknown { .. } => Tone::Doubtful,
            };
            let line = format!("{}: {}", saved.subject(), print::toned(tone, &told));
            print::line(&line)?;
            if args.story.diagram {
                story::print_path(args.story, &saved.world, &walked, &telling)?;
            }
            if let Some(line) = replayed.tail().and_then(Tail::after) {
                print::line(&format!("{}{line}", story::INDENT))?;
            }
            story::print_why(saved.why(&replayed).as_ref())?;
        }
    }
    if let Some(file) = &args.svg {
        saved::replace(file, &report::diagram_of(&saved.world, &walked, &telling))?;
    }
    Ok(match replayed {
        Replayed::Breaks { .. } => Ended::Met,
        Replayed::Mended { .. } | Replayed::Obsolete { .. } => Ended::Unmet,
        Replayed::Unknown { .. } => Ended::Truncated,
    })
}

fn json<'a>(saved: &'a Saved, replayed: &'a Replayed) -> Told<'a> {
    let trace = &saved.trace;
    let (mut breaks_after, mut obstacle_at, mut obstacle, mut mended_because) =
        (None, None, None, None);
    match replayed {
        Replayed::Breaks { steps, .. } => breaks_after = Some(*steps),
        Replayed::Mended { reason, .. } => mended_because = reason.as_deref(),
        Replayed::Unknown { .. } => {}
        Replayed::Obsolete { step, reason, .. } => {
            (obstacle_at, obstacle) = (Some(*step), Some(reason.as_str()));
        }
    }
    let (starved, closed_states) = match replayed.tail() {
        Some(Tail::Round { starved, .. }) => (Some(starved.as_slice()), None),
        Some(Tail::Closed(states)) => (None, Some(*states)),
        Some(Tail::Helpless) | None => (None, None),
    };
    Told {
        version: 1,
        scenario: &trace.scenario,
        mutant: trace.mutant.map(model::Mutant::name),
        property: trace.property.name,
        verdict: trace.shows.name(),
        expect: trace.expect.name(),
        outcome: replayed.name(),
        steps: trace.steps(),
        breaks_after,
        obstacle_at,
        obstacle,
        mended_because,
        stem: replayed.tail().and_then(Tail::stem),
        starved,
        closed_states,
        difference: replayed.difference().map(|difference| ToldDifference {
            step: difference.step,
            variable: &difference.variable,
            saved: &difference.saved,
            found: &difference.found,
        }),
        why: saved.why(replayed).map(|why| why.sentences),
    }
}
