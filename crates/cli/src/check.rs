//! `paxos check`: explores scenarios, and says what holds and what does not.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

use checker::{Cut, Ending, Engine, Limits, Progress, Reductions, Run, Storage, Until};
use model::guard::SecondLook;
use model::{Action, Expect, Pairs, Size, State, World};
use report::{Answer, Outcome, Outlook, Tally};

use crate::args::CheckArgs;
use crate::baseline::Baseline;
use crate::cross_check::Opinions;
use crate::error::Error;
use crate::load::{self, Loaded};
use crate::outputs::Outputs;
use crate::print::Tone;
use crate::progress::Meter;
use crate::reports::{EngineRow, Reports};
use crate::{Ended, coverage, findings, live, paranoid, print, regressions, second_look, update};

pub(crate) type WorldRun = Run<State, Action>;

/// What became of one scenario.
pub(crate) struct Checked {
    pub(crate) answer: Answer,
    /// The longest of the shortest ways; `None` if the engine does not look for shortest ways.
    pub(crate) depth: Option<u32>,
    /// The other engine's figures; `None` without `--cross-check`.
    pub(crate) other: Option<EngineRow>,
    /// Something that is locked has moved.
    is_lock_broken: bool,
    /// The core has changed, and with it a size.
    is_resized: bool,
}

pub(crate) fn check(args: &CheckArgs) -> Result<Ended, Error> {
    if args.paranoid {
        return paranoid::paranoid(args);
    }
    let has_end = args.max_states.is_some() || args.timeout.is_some();
    if args.engine == Engine::StaterightSimulation && !has_end {
        return Err(Error::Endless);
    }
    let loaded = match args.engine {
        Engine::Own => load::select(&args.scenarios, args.all)?,
        Engine::StaterightBfs | Engine::StaterightDfs | Engine::StaterightSimulation => {
            load::select_bounded(&args.scenarios, args.all)?
        }
    };
    if (args.checkpoint.is_some() || args.resume.is_some()) && loaded.len() != 1 {
        return Err(Error::OneCheckpoint(loaded.len()));
    }
    // Reports are about the whole suite as it ships, so that a diff of them means something.
    let whole = args.scenarios.is_empty() && args.mutant.is_none() && args.engine == Engine::Own;
    let reports = match whole {
        true => Some(Reports::open(&args.reports)?),
        false => None,
    };
    let (kept, excuses) = match whole {
        true => (regressions::read()?, coverage::excuses()?),
        false => (Vec::new(), None),
    };
    let outputs = Outputs::open(args)?;
    let interrupt = listen_for_interrupt()?;
    let limits = limits(args, &interrupt);
    let reported = Baseline::read(&args.reports);
    let is_changed = second_look::is_changed(&reported);
    let baseline = match args.engine == Engine::Own && args.mutant.is_none() {
        true => reported,
        false => Baseline::default(),
    };
    let mut checked: Vec<Checked> = Vec::new();
    let mut moved = Vec::new();
    for one in &loaded {
        if interrupt.load(Ordering::Relaxed) {
            break;
        }
        let mut one = check_one(args, one, whole, is_changed, &limits, &mut moved)?;
        one.compare(&baseline, is_changed, args.update, &mut moved);
        outputs.note(&one.answer)?;
        if !args.json {
            findings::print_violations(args.story, &one)?;
        }
        checked.push(one);
    }
    let not_run = loaded.len() - checked.len();
    let replayed = regressions::replay(&kept, &limits)?;
    let answers: Vec<Answer> = checked.iter().map(|one| one.answer.clone()).collect();
    let left = loaded.iter().skip(checked.len());
    let left: Vec<&str> = left.map(|one| one.scenario.name.as_str()).collect();
    outputs.write(&answers, &left, &replayed)?;
    if !args.json {
        findings::print_table(&checked, not_run)?;
        regressions::print(&replayed)?;
    }
    for line in &moved {
        print::say(line);
    }
    let resized = say_resized(&checked, not_run);
    let look = second_look::look(args, is_changed, &limits)?;
    if args.json {
        let summary = report::summary(&answers, not_run, &replayed, look.as_ref())?;
        print::line(summary.trim_end())?;
    }
    let all_known = not_run == 0 && checked.iter().all(|one| one.answer.cut().is_none());
    let objections = match &excuses {
        Some(excuses) if all_known => {
            let tallies: Vec<Tally> = bounded(&answers).iter().map(Tally::of).collect();
            coverage::objections(&tallies.iter().collect::<Vec<_>>(), excuses)
        }
        Some(_) | None => Vec::new(),
    };
    for objection in &objections {
        print::say(&print::toned(Tone::Bad, objection));
    }
    let is_lock_broken = checked.iter().any(|one| one.is_lock_broken);
    // Reports that were made with a core say that it was looked at in every way.
    let is_trusted = !is_changed || look.as_ref().is_some_and(SecondLook::is_clean);
    let may_move = resized == 0 || args.update;
    if let (Some(reports), true) = (
        reports,
        all_known && !is_lock_broken && is_trusted && may_move,
    ) {
        reports.write(&checked, args.cross_check, &excuses.unwrap_or_default())?;
        print::say(&format!("reports written to {}", args.reports.display()));
    } else if whole {
        let why = if !all_known {
            "not everything was explored"
        } else if !is_trusted {
            "this core is not cross-checked"
        } else if is_lock_broken {
            "what is locked has moved"
        } else {
            "sizes have moved under a changed core; --update takes them over"
        };
        print::say(&format!("no reports written: {why}"));
    }
    let is_any = |met| replayed.iter().any(|one| one.is_met == met);
    let ended = ended(&checked, not_run);
    let is_contradicted = look
        .as_ref()
        .is_some_and(|look| !look.contradictions.is_empty());
    let is_unfinished = look
        .as_ref()
        .is_some_and(|look| !look.unfinished.is_empty());
    Ok(
        if !objections.is_empty() || is_any(Some(false)) || is_contradicted {
            Ended::Unmet
        } else if ended == Ended::Met && (is_any(None) || is_unfinished) {
            Ended::Truncated
        } else {
            ended
        },
    )
}

impl Checked {
    pub(crate) fn new(answer: Answer, depth: Option<u32>, other: Option<EngineRow>) -> Checked {
        Checked {
            answer,
            depth,
            other,
            is_lock_broken: false,
            is_resized: false,
        }
    }

    /// Says how it ended and what it took.
    pub(crate) fn say(&self, states: u64, reductions: Reductions, seconds: f64) {
        let (tone, mark) = findings::mark(self.answer.outcome());
        let mark = print::toned(tone, mark);
        let states = print::number(states);
        let effort = match reductions {
            Reductions::NONE => format!("{states} states in {seconds:.1} s"),
            some => format!("{states} states ({}) in {seconds:.1} s", some.in_words()),
        };
        let chance = self.answer.collision_chance;
        let effort = format!("{effort}; chance that a collision hid one: {chance:.0e}");
        print::say(&format!(
            "{}: {mark}, {}",
            self.answer.scenario().name,
            print::toned(Tone::Quiet, &effort)
        ));
        for refusal in &self.answer.refused {
            print::say(&format!(
                "  {}",
                print::toned(Tone::Doubtful, &refusal.to_string())
            ));
        }
    }

    /// Tells what has moved since the last full run. What is locked must not.
    fn compare(
        &mut self,
        baseline: &Baseline,
        is_changed: bool,
        may_move: bool,
        moved: &mut Vec<String>,
    ) {
        let lines = baseline.moved(&self.answer);
        if is_changed && !may_move {
            self.is_resized = !lines.is_empty();
            return;
        }
        let scenario = self.answer.scenario();
        let name = scenario.name.clone();
        if scenario.expect.locked && !may_move {
            self.is_lock_broken = !lines.is_empty();
            let told = lines
                .into_iter()
                .map(|line| format!("{line}, which is locked; --update takes it over"));
            self.answer.disagreements.extend(told);
        } else {
            moved.extend(lines.into_iter().map(|line| format!("{name}: {line}")));
        }
    }
}

/// Says what it may mean that sizes are other ones under a changed core; how many scenarios have such.
fn say_resized(checked: &[Checked], not_run: usize) -> usize {
    let resized: Vec<&str> = checked
        .iter()
        .filter(|one| one.is_resized)
        .map(|one| one.answer.scenario().name.as_str())
        .collect();
    let is_all_met = not_run == 0
        && checked
            .iter()
            .all(|one| one.answer.outcome() == Outcome::Met);
    if let (true, [first, ..]) = (is_all_met, resized.as_slice()) {
        let (scenarios, have) = match resized.len() {
            1 => ("scenario", "has"),
            _ => ("scenarios", "have"),
        };
        let told = format!(
            "no property broke; {} {scenarios} {have} other sizes than the committed reports ({first} first): \
             `paxos diff --against HEAD` says where the behaviour differs",
            resized.len()
        );
        print::say(&print::toned(Tone::Doubtful, &told));
    }
    resized.len()
}

/// Those whose rounds end: what happens in the others is not counted.
fn bounded(answers: &[Answer]) -> Vec<Answer> {
    let bounded = answers.iter().filter(|answer| !answer.is_live());
    bounded.cloned().collect()
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
pub(crate) fn listen_for_interrupt() -> Result<Arc<AtomicBool>, Error> {
    on_interrupt("interrupted: this is what is known so far", || {})
}

/// The first Ctrl-C sets a flag, is told, and does what else is to be done; the second ends the process.
pub(crate) fn on_interrupt(
    told: &'static str,
    also: impl Fn() + Send + 'static,
) -> Result<Arc<AtomicBool>, Error> {
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
        print::say(&format!("{start}{told} (Ctrl-C again to quit at once)"));
        also();
    })?;
    Ok(interrupt)
}

fn check_one(
    args: &CheckArgs,
    one: &Loaded,
    is_whole: bool,
    is_changed: bool,
    limits: &Limits,
    moved: &mut Vec<String>,
) -> Result<Checked, Error> {
    if one.is_live() {
        return live::check(args, one, is_changed, limits, moved);
    }
    let name = &one.scenario.name;
    let world = Arc::new(one.world(args.mutant)?);
    if args.estimate {
        estimate(args, name, &world)?;
    }
    let started = Instant::now();
    let run = explore(args, name, &world, limits)?;
    let seconds = started.elapsed().as_secs_f64();
    let is_compared = args.all || !one.scenario.has_tag("large-unreduced");
    let opinions = match args.cross_check && is_compared {
        true => Opinions::ask(name, &world, &run, limits)?,
        false => Opinions::default(),
    };
    let mut expect = one.scenario.expect.clone();
    if args.update {
        let visited = [Some(&run), opinions.full.as_ref()];
        for run in visited
            .into_iter()
            .flatten()
            .filter(|run| run.is_exhausted())
        {
            note_size(&mut expect, run, args.reductions);
        }
        moved.extend(update::rewrite(one, &expect)?);
    }
    let depth = (args.engine == Engine::Own).then_some(run.depth);
    let size = expected_size(&expect, args.reductions, &run);
    // Other engines do not look for shortest ways.
    (expect.states, expect.depth) = (size.states, depth.and(size.depth));
    if is_changed && !args.update {
        // What a changed core makes of sizes is told beside the verdicts, not among them.
        (expect.states, expect.depth) = (None, None);
    }
    let (states, reductions) = (run.unique, run.reductions);
    let mut answer = Answer::new(Arc::new(World::clone(&world).expecting(expect)), run);
    answer.disagreements = opinions.disagreements;
    answer.unfinished = opinions.unfinished;
    if is_whole && answer.ending == Ending::Exhausted && !one.scenario.has_tag("large") {
        match count_pairs(args, name, &world, limits)? {
            Ok(pairs) => answer.pairs = Some(pairs),
            Err(cut) => answer.unfinished = Some(cut),
        }
        answer = answer.with_outlook(outlook(name, &world, limits)?);
    }
    let checked = Checked::new(answer, depth, opinions.row);
    checked.say(states, reductions, seconds);
    if let (Some(folder), Some(_)) = (&storage(args).checkpoint, checked.answer.cut()) {
        print::say(&format!("go on with --resume {}", folder.display()));
    }
    Ok(checked)
}

/// What a scenario expects to be counted by a run for which `asked` was asked.
pub(crate) fn expected_size(expect: &Expect, asked: Reductions, run: &WorldRun) -> Size {
    // What is refused of them belongs to the answer.
    let is_all = asked == Reductions::ALL;
    match (is_all, run.reductions) {
        (_, Reductions::NONE) => Size {
            states: expect.states,
            depth: expect.depth,
        },
        (true, _) => expect.reduced.unwrap_or_default(),
        (false, _) => Size::default(),
    }
}

/// Makes what a run has counted what is expected, if it is something that a scenario can expect.
fn note_size(expect: &mut Expect, run: &WorldRun, asked: Reductions) {
    let size = Size {
        states: Some(run.unique),
        depth: Some(run.depth),
    };
    let is_all = asked == Reductions::ALL;
    match (is_all, run.reductions) {
        (_, Reductions::NONE) => (expect.states, expect.depth) = (size.states, size.depth),
        (true, _) => expect.reduced = Some(size),
        (false, _) => {}
    }
}

fn explore(
    args: &CheckArgs,
    name: &str,
    world: &Arc<World>,
    limits: &Limits,
) -> Result<WorldRun, Error> {
    metered(name, |tell| match args.engine {
        Engine::Own => model::explore(world, args.reductions, &storage(args), limits, tell),
        Engine::StaterightBfs | Engine::StaterightDfs | Engine::StaterightSimulation => {
            model::as_it_is::explore_with(args.engine, Arc::clone(world), limits, tell)
        }
    })
}

/// What happens after what, for the coverage of the suite.
fn count_pairs(
    args: &CheckArgs,
    name: &str,
    world: &World,
    limits: &Limits,
) -> Result<Result<Pairs, Cut>, Error> {
    metered(&format!("{name} (pairs)"), |tell| {
        Pairs::of(world, args.reductions, limits, tell)
    })
}

/// Whether deciding stays possible, if rounds do not end.
pub(crate) fn outlook(name: &str, world: &World, limits: &Limits) -> Result<Outlook, Error> {
    let run = metered(&format!("{name} (can decide)"), |tell| {
        model::outlook(world, Reductions::ALL, limits, tell)
    })?;
    let mut findings = run.findings.into_iter();
    let asked = findings.next().expect("one thing is asked");
    Ok(Outlook {
        states: run.unique,
        verdict: asked.verdict,
    })
}

/// Says about how many states there are.
fn estimate(args: &CheckArgs, name: &str, world: &World) -> Result<(), Error> {
    let size = model::estimate(world, args.reductions).map_err(|source| Error::Exploration {
        name: name.to_owned(),
        source,
    })?;
    let [low, high] = [size.low, size.high].map(print::rounded);
    print::say(&match (size.is_exact(), size.is_complete) {
        (true, _) => format!("{name}: {low} states"),
        (false, true) => format!("{name}: {low} to {high} states, as a sample has it"),
        (false, false) => {
            format!("{name}: {low} states or more; the sample is too small to say how many")
        }
    });
    Ok(())
}

/// Explores, and tells how it comes along.
pub(crate) fn metered<T>(
    name: &str,
    explore: impl FnOnce(&(dyn Fn(&Progress) + Sync)) -> Result<T, checker::Error>,
) -> Result<T, Error> {
    with_meter(name, explore).map_err(|source| Error::Exploration {
        name: name.to_owned(),
        source,
    })
}

/// Does something long, and tells how it comes along.
pub(crate) fn with_meter<T>(name: &str, work: impl FnOnce(&(dyn Fn(&Progress) + Sync)) -> T) -> T {
    let meter = Meter::new(name);
    let done = work(&|progress| meter.update(progress));
    meter.finish();
    done
}

fn storage(args: &CheckArgs) -> Storage {
    let spill = args.max_memory.map(|_| {
        let chosen = [&args.spill, &args.checkpoint, &args.resume];
        let chosen = chosen.into_iter().find_map(Clone::clone);
        chosen.unwrap_or_else(std::env::temp_dir)
    });
    Storage {
        fingerprint: args.fingerprint,
        disk: spill,
        checkpoint: args.checkpoint.clone().or(args.resume.clone()),
        checkpoint_every: args.checkpoint_every,
        resume: args.resume.clone(),
    }
}
