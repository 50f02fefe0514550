//! `paxos check`: explores scenarios, and says what holds and what does not.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

use checker::{Ending, Engine, Limits, Run, Until, Verdict};
use model::{Action, State, World};
use report::{Answer, Outcome};

use crate::args::CheckArgs;
use crate::error::Error;
use crate::load::{self, Loaded};
use crate::print::Tone;
use crate::progress::Meter;
use crate::reports::{EngineRow, Reports};
use crate::{Ended, findings, print, update};

/// The exhaustive checker of stateright that `--cross-check` runs: the one that needs least memory.
const OTHER: Engine = Engine::StaterightDfs;

type WorldRun = Run<State, Action>;

/// What became of one scenario.
pub(crate) struct Checked {
    pub(crate) answer: Answer,
    /// The longest of the shortest ways; `None` if the engine does not look for shortest ways.
    pub(crate) depth: Option<u32>,
    /// The other engine's figures; `None` without `--cross-check`.
    pub(crate) other: Option<EngineRow>,
}

pub(crate) fn check(args: &CheckArgs) -> Result<Ended, Error> {
    let has_end = args.max_states.is_some() || args.timeout.is_some();
    if args.engine == Engine::StaterightSimulation && !has_end {
        return Err(Error::Endless);
    }
    let loaded = load::select(&args.scenarios, args.all)?;
    // Reports are about the whole suite as it ships, so that a diff of them means something.
    let whole = args.scenarios.is_empty() && args.mutant.is_none() && args.engine == Engine::Own;
    let reports = match whole {
        true => Some(Reports::open(&args.reports)?),
        false => None,
    };
    let interrupt = listen_for_interrupt()?;
    let limits = limits(args, &interrupt);
    let mut checked: Vec<Checked> = Vec::new();
    let mut moved = Vec::new();
    for one in &loaded {
        if interrupt.load(Ordering::Relaxed) {
            break;
        }
        checked.push(check_one(args, one, &limits, &mut moved)?);
        if let (Some(last), false) = (checked.last(), args.json) {
            findings::print_violations(last)?;
        }
    }
    let not_run = loaded.len() - checked.len();
    if args.json {
        let answers: Vec<Answer> = checked.iter().map(|one| one.answer.clone()).collect();
        print::line(report::summary(&answers, not_run)?.trim_end())?;
    } else {
        findings::print_table(&checked, not_run)?;
    }
    for line in &moved {
        print::say(line);
    }
    let all_known = not_run == 0 && checked.iter().all(|one| one.answer.cut().is_none());
    if let (Some(reports), true) = (reports, all_known) {
        reports.write(&checked, args.cross_check)?;
        print::say(&format!("reports written to {}", args.reports.display()));
    } else if whole {
        print::say("no reports written: not everything was explored");
    }
    Ok(ended(&checked, not_run))
}

/// The worst of all outcomes.
fn ended(checked: &[Checked], not_run: usize) -> Ended {
    let any = |outcome| checked.iter().any(|one| one.answer.outcome() == outcome);
    if any(Outcome::Unmet) {
        Ended::Unmet
    } else if any(Outcome::Truncated) || not_run > 0 {
        Ended::Truncated
    } else {
        Ended::Met
    }
}

fn limits(args: &CheckArgs, interrupt: &Arc<AtomicBool>) -> Limits {
    let processors = || available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    Limits {
        threads: args.threads.unwrap_or_else(processors),
        max_states: args.max_states,
        max_memory: args.max_memory.map(|size| size.as_u64()),
        timeout: args.timeout,
        interrupt: Arc::clone(interrupt),
        until: Until::Exhausted,
    }
}

/// The first Ctrl-C ends the exploration and keeps what it found; the second ends the process.
fn listen_for_interrupt() -> Result<Arc<AtomicBool>, Error> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupt);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        // In a terminal, the moving line and the `^C` are in the way.
        let start = if std::io::stderr().is_terminal() {
            "\n"
        } else {
            ""
        };
        print::say(&format!(
            "{start}interrupted: this is what is known so far (Ctrl-C again to quit at once)"
        ));
    })?;
    Ok(interrupt)
}

fn check_one(
    args: &CheckArgs,
    one: &Loaded,
    limits: &Limits,
    moved: &mut Vec<String>,
) -> Result<Checked, Error> {
    let name = &one.scenario.name;
    let mut world = Arc::new(one.world(args.mutant)?);
    let started = Instant::now();
    let run = explore(name, args.engine, &world, limits)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut other = None;
    let (mut disagreements, mut uncompared) = (Vec::new(), None);
    if args.cross_check {
        let theirs = explore(&format!("{name} ({OTHER})"), OTHER, &world, limits)?;
        match theirs.ending {
            Ending::Truncated(cut) => uncompared = Some(cut),
            Ending::Exhausted if run.is_exhausted() => disagreements = differences(&run, &theirs),
            Ending::Exhausted => {}
        }
        other = Some(EngineRow::new(OTHER, &theirs));
    }
    let mut expect = one.scenario.expect.clone();
    if args.update && run.is_exhausted() {
        expect.states = Some(run.unique);
        expect.depth = Some(run.depth);
        moved.extend(update::rewrite(one, &expect)?);
    }
    let depth = (args.engine == Engine::Own).then_some(run.depth);
    if depth.is_none() {
        expect.depth = None;
    }
    world = Arc::new(World::clone(&world).expecting(expect));
    let states = run.unique;
    let mut answer = Answer::new(world, run);
    answer.disagreements = disagreements;
    answer.uncompared = uncompared;
    let checked = Checked {
        answer,
        depth,
        other,
    };
    let (tone, mark) = findings::mark(checked.answer.outcome());
    let mark = print::toned(tone, mark);
    let effort = format!("{} states in {seconds:.1} s", print::number(states));
    print::say(&format!(
        "{name}: {mark}, {}",
        print::toned(Tone::Quiet, &effort)
    ));
    Ok(checked)
}

fn explore(
    name: &str,
    engine: Engine,
    world: &Arc<World>,
    limits: &Limits,
) -> Result<WorldRun, Error> {
    let meter = Meter::new(name);
    let tell = |progress: &checker::Progress| meter.update(progress);
    let run = match engine {
        Engine::Own => checker::explore_preferring(&**world, &State::oddity, limits, &tell),
        Engine::StaterightBfs | Engine::StaterightDfs | Engine::StaterightSimulation => {
            checker::explore_with(engine, Arc::clone(world), limits, &tell)
        }
    };
    meter.finish();
    run.map_err(|source| Error::Exploration {
        name: name.to_owned(),
        source,
    })
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
