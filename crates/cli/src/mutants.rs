//! `paxos mutants`: tries every known fault against the suite, and says what finds it out.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

use checker::{Ending, Limits, Reductions, Storage, Until};
use model::{Mutant, trial};
use report::site::FaultChapter;
use report::{Answer, MutantFate, Trial};

use crate::Ended;
use crate::args::MutantsArgs;
use crate::check::listen_for_interrupt;
use crate::error::Error;
use crate::live;
use crate::load::{self, Loaded};
use crate::print::{self, Tone};
use crate::progress::Meter;
use crate::report::cache::{self, Cache, Subject};
use crate::reports::Reports;
use crate::story;

pub(crate) fn mutants(args: &MutantsArgs) -> Result<Ended, Error> {
    let chosen = chosen(&args.names)?;
    let mut suite = load::select(&[], false)?;
    suite.retain(|one| one.is_live() || trial::is_fit(&one.scenario));
    // Reports are about all faults, so that a diff of them means something.
    let reports = match args.names.is_empty() {
        true => Some(Reports::open(&args.reports)?),
        false => None,
    };
    let interrupt = listen_for_interrupt()?;
    let limits = limits(args, &interrupt);
    // `paxos report` draws the same trials.
    let kept = args.names.is_empty().then(|| PathBuf::from(cache::FOLDER));
    let cache = Cache::open(kept);
    let mut trials: Vec<Trial> = Vec::new();
    for mutant in &chosen {
        if interrupt.load(Ordering::Relaxed) {
            break;
        }
        let started = Instant::now();
        let trial = try_one(&limits, *mutant, &suite)?;
        if trial.is_met().is_some() {
            let chapter = FaultChapter::new(&trial)?;
            cache.write(Subject::fault(mutant.name(), &suite).as_ref(), &chapter);
        }
        let seconds = format!("in {:.1} s", started.elapsed().as_secs_f64());
        let said = format!(
            "{mutant}: {}",
            print::toned(tone(&trial), &trial.to_string())
        );
        print::say(&format!("{said}, {}", print::toned(Tone::Quiet, &seconds)));
        trials.push(trial);
    }
    let not_run = chosen.len() - trials.len();
    match args.json {
        true => print::line(report::mutant_summary(&trials, not_run)?.trim_end())?,
        false => {
            if !args.names.is_empty() {
                print_deaths(args, &trials)?;
            }
            print_table(&trials, not_run)?;
        }
    }
    let all_known = not_run == 0 && trials.iter().all(|trial| trial.is_met().is_some());
    match (reports, all_known) {
        (Some(reports), true) => {
            reports.write_mutants(&trials)?;
            print::say(&format!("reports written to {}", args.reports.display()));
        }
        (Some(_), false) => print::say("no reports written: not everything was explored"),
        (None, _) => {}
    }
    Ok(ended(&trials, not_run))
}

/// The mutants of these names, each once; all if there are none.
fn chosen(names: &[String]) -> Result<Vec<Mutant>, Error> {
    if names.is_empty() {
        return Ok(Mutant::ALL.to_vec());
    }
    let mut chosen = Vec::new();
    for name in names {
        let mutant = name.parse().map_err(|_| {
            let known = || Mutant::ALL.iter().map(|mutant| mutant.name().to_owned());
            let near = load::nearest(name, known());
            let hint = match near.as_slice() {
                [] => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
                near => format!("did you mean {}?", near.join(", or ")),
            };
            let name = name.clone();
            Error::UnknownMutant { name, hint }
        })?;
        if !chosen.contains(&mutant) {
            chosen.push(mutant);
        }
    }
    Ok(chosen)
}

/// Explores the suite under a fault, until it is found out.
pub(crate) fn try_one(limits: &Limits, mutant: Mutant, suite: &[Loaded]) -> Result<Trial, Error> {
    let mut survived = Vec::new();
    let mut fate = MutantFate::Survived;
    for one in suite
        .iter()
        .filter(|one| one.is_live() == mutant.is_about_progress())
        .filter(|one| trial::has_a_say(&one.scenario, mutant))
    {
        let name = &one.scenario.name;
        if one.is_live() {
            let answer = live::explore(one, Some(mutant), limits)?;
            let by = trial::live_killers(&answer.world, &answer.violated());
            let (ending, states) = (answer.ending, answer.unique);
            if !by.is_empty() {
                let answer = Box::new(answer);
                fate = MutantFate::Killed { answer, by };
                break;
            }
            match ending {
                Ending::Exhausted => survived.push((name.clone(), states)),
                Ending::Truncated(cut) => {
                    fate = MutantFate::Unknown(cut);
                    break;
                }
            }
            continue;
        }
        let world = Arc::new(one.world(Some(mutant))?);
        let limits = Limits {
            until: Until::FirstViolation,
            ..limits.clone()
        };
        let meter = Meter::new(&format!("{mutant} in {name}"));
        let tell = |progress: &checker::Progress| meter.update(progress);
        let storage = Storage::default();
        let run = model::explore(&world, Reductions::ALL, &storage, &limits, &tell);
        meter.finish();
        let run = run.map_err(|source| Error::Exploration {
            name: name.clone(),
            source,
        })?;
        let by = trial::killers(&world, &run);
        let (ending, states) = (run.ending, run.unique);
        if !by.is_empty() {
            let answer = Box::new(Answer::new(world, run));
            fate = MutantFate::Killed { answer, by };
            break;
        }
        match ending {
            Ending::Exhausted => survived.push((name.clone(), states)),
            Ending::Truncated(cut) => {
                fate = MutantFate::Unknown(cut);
                break;
            }
        }
    }
    Ok(Trial {
        mutant,
        survived,
        fate,
    })
}

/// One thread for each processor.
pub(crate) fn processors() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn limits(args: &MutantsArgs, interrupt: &Arc<AtomicBool>) -> Limits {
    Limits {
        threads: args.threads.unwrap_or_else(processors),
        interrupt: Arc::clone(interrupt),
        ..Limits::default()
    }
}

/// The worst of all outcomes.
fn ended(trials: &[Trial], not_run: usize) -> Ended {
    let any = |met| trials.iter().any(|trial| trial.is_met() == met);
    if any(Some(false)) {
        Ended::Unmet
    } else if any(None) || not_run > 0 {
        Ended::Truncated
    } else {
        Ended::Met
    }
}

fn tone(trial: &Trial) -> Tone {
    match trial.is_met() {
        Some(true) => Tone::Good,
        Some(false) => Tone::Bad,
        None => Tone::Doubtful,
    }
}

/// One line a mutant, then what is not as expected, then the sum of it.
fn print_table(trials: &[Trial], not_run: usize) -> Result<(), Error> {
    let mut table = print::table(&["mutant", "killed by", "scenario", "steps", "states"]);
    for trial in trials {
        table.add_row(row(trial));
    }
    print::right(&mut table, &[3, 4]);
    print::line(&print::trimmed(&table))?;
    print::line("")?;
    for trial in trials {
        let problem = match (&trial.fate, trial.is_met()) {
            (MutantFate::Unknown(cut), _) => format!("{cut}; what becomes of it is unknown"),
            (MutantFate::Survived, Some(false)) => format!("{trial}: no check finds it out"),
            (MutantFate::Killed { .. }, Some(false)) => format!("{trial}, though it is right"),
            (MutantFate::Survived | MutantFate::Killed { .. }, _) => continue,
        };
        let problem = format!("{}: {problem}", trial.mutant);
        print::line(&print::toned(tone(trial), &problem))?;
    }
    print::line(&sum(trials, not_run))?;
    Ok(())
}

/// How each was found out, with the path and why: of those that were asked for by name.
fn print_deaths(args: &MutantsArgs, trials: &[Trial]) -> Result<(), Error> {
    for trial in trials {
        let Some((answer, judged, _)) = trial.death() else {
            continue;
        };
        let heading = format!("{}: {trial}", trial.mutant);
        print::line(&print::toned(tone(trial), &heading))?;
        story::print_judged(args.story, &answer.world, judged)?;
        story::print_why(judged.why(&answer.world).as_ref())?;
        print::line("")?;
    }
    Ok(())
}

fn row(trial: &Trial) -> [String; 5] {
    let name = trial.mutant.to_string();
    let none = || "-".to_owned();
    let Some((answer, judged, by)) = trial.death() else {
        let what = match (&trial.fate, trial.mutant.control()) {
            (MutantFate::Unknown(_), _) => "unknown",
            (_, Some(_)) => "nothing, as expected of a control",
            (_, None) => "nothing",
        };
        let suite = match trial.survived.len() {
            1 => "1 scenario".to_owned(),
            count => format!("{count} scenarios"),
        };
        let states = print::number(trial.states_survived());
        return [name, what.to_owned(), suite, none(), states];
    };
    let steps = judged.verdict.path();
    [
        name,
        match by.len() {
            0 | 1 => judged.property.to_owned(),
            count => format!("{} and {} more", judged.property, count - 1),
        },
        answer.scenario().name.clone(),
        steps.map_or_else(none, |path| path.clone().into_actions().len().to_string()),
        print::number(answer.unique),
    ]
}

fn sum(trials: &[Trial], not_run: usize) -> String {
    let mut counts = [0; 5];
    for trial in trials {
        let is_control = trial.mutant.control().is_some();
        let at = match (&trial.fate, is_control) {
            (MutantFate::Killed { .. }, false) => 0,
            (MutantFate::Survived, true) => 1,
            (MutantFate::Survived, false) => 2,
            (MutantFate::Killed { .. }, true) => 3,
            (MutantFate::Unknown(_), _) => 4,
        };
        counts[at] += 1;
    }
    let one_or_many = |count, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    };
    let words = [
        (Tone::Good, "killed", "killed"),
        (Tone::Good, "control survives", "controls survive"),
        (Tone::Bad, "SURVIVES", "SURVIVE"),
        (Tone::Bad, "control KILLED", "controls KILLED"),
        (Tone::Doubtful, "unknown", "unknown"),
        (Tone::Doubtful, "not run", "not run"),
    ];
    let counts = counts.into_iter().chain([not_run]);
    let parts: Vec<String> = counts
        .zip(words)
        .filter(|(count, _)| *count > 0)
        .map(|(count, (tone, one, many))| print::toned(tone, &one_or_many(count, one, many)))
        .collect();
    let all = one_or_many(trials.len() + not_run, "mutant", "mutants");
    format!("{all}: {}", parts.join(", "))
}
