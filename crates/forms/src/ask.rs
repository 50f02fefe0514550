//! Asking one form.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use checker::{
    Ending, Engine, Error, Limits, LiveVerdict, Reduction, Reductions, Run, Storage, Verdict,
};
use clap::ValueEnum;
use model::{Plan, World, guard};
use stateright::Expectation;

use crate::actors::Judged;
use answers::{Answer, Found, Outcome};

/// In what form a world is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The World as it is: no tables, no reductions. Where rounds never end: what has to happen.
    Plain,
    /// As stateright actors, by our search.
    Actors,
    /// As stateright actors, by stateright's own depth-first search, whose paths are not shortest.
    Stateright,
    /// Compiled into tables, without reductions.
    Table,
    /// Tables, without dead envelopes.
    Dead,
    /// Tables, under symmetry.
    Symmetry,
    /// Tables, with counting in one order.
    Order,
    /// Tables, with all reductions that are offered: what `paxos check` does.
    All,
}

impl Form {
    /// All of them.
    pub(crate) const ALL: [Form; 8] = [
        Form::Plain,
        Form::Actors,
        Form::Stateright,
        Form::Table,
        Form::Dead,
        Form::Symmetry,
        Form::Order,
        Form::All,
    ];
}

/// When to stop, and what is asked on the way.
pub(crate) struct Bounds {
    /// At so many unique states.
    pub(crate) max_states: Option<u64>,
    /// After so long.
    pub(crate) timeout: Option<Duration>,
    /// Whether tables and reductions are relied upon without asking the core for what they take for granted.
    pub(crate) unasked: bool,
}

impl Bounds {
    fn limits(&self) -> Limits {
        Limits {
            max_states: self.max_states,
            timeout: self.timeout,
            ..Limits::default()
        }
    }
}

/// What the last panic said.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Panics become answers, so nothing of them goes to the terminal.
pub(crate) fn silence_panics() {
    panic::set_hook(Box::new(|info| {
        let said = info
            .payload_as_str()
            .map_or_else(|| "a panic without words".to_owned(), str::to_owned);
        let place = info.location().map_or_else(String::new, |place| {
            format!(" ({}:{})", place.file(), place.line())
        });
        // The first one is the cause: others come of threads that wait for it.
        let mut kept = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert(format!("{said}{place}"));
    }));
}

/// What this form answers of this world.
pub(crate) fn ask(name: &str, world: &Arc<World>, form: Form, bounds: &Bounds) -> Answer {
    let mut answer = guarded(|| explore(world, form, bounds));
    named(&mut answer, name, form);
    answer
}

/// What the second look alone says of one of its worlds, with nothing asked of the core.
pub(crate) fn look(name: &str, bounds: &Bounds) -> Answer {
    let mut answer = guarded(|| {
        let looked = guard::second_look_unasked(name, &bounds.limits());
        let looked =
            looked.ok_or_else(|| format!("expected a world of the second look, found `{name}`"))?;
        let found = looked.map_err(|error| error.to_string())?;
        let outcome = if found.unfinished.is_empty() {
            Outcome::Answered
        } else {
            Outcome::Cut
        };
        let why = (outcome == Outcome::Cut).then(|| "not explored to its end".to_owned());
        Ok(Answer {
            contradictions: found.contradictions,
            ..Answer::without_verdict(outcome, why)
        })
    });
    name.clone_into(&mut answer.world);
    "second-look".clone_into(&mut answer.form);
    answer
}

/// An answer, whatever happens on the way to it.
fn guarded(answer: impl FnOnce() -> Result<Answer, String>) -> Answer {
    *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let began = Instant::now();
    let asked = panic::catch_unwind(AssertUnwindSafe(answer));
    let mut answer = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => Answer::without_verdict(Outcome::Refused, Some(why)),
        Err(_) => {
            let mut said = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
            Answer::without_verdict(Outcome::Panicked, said.take())
        }
    };
    answer.millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    answer
}

/// The answer of a form that is not asked.
pub(crate) fn not_asked(name: &str, form: Form) -> Answer {
    let why = "not asked, since another form came to no end".to_owned();
    let mut answer = Answer::without_verdict(Outcome::Cut, Some(why));
    named(&mut answer, name, form);
    answer
}

fn named(answer: &mut Answer, name: &str, form: Form) {
    let value = form.to_possible_value();
    name.clone_into(&mut answer.world);
    answer.form = value.map_or_else(String::new, |value| value.get_name().to_owned());
}

fn explore(world: &Arc<World>, form: Form, bounds: &Bounds) -> Result<Answer, String> {
    let limits = bounds.limits();
    let in_words = |error: Error| error.to_string();
    if world.scenario().endless.is_some() {
        return match form {
            // As `paxos check` does.
            Form::Plain | Form::All => live(world, &limits).map_err(in_words),
            Form::Actors
            | Form::Stateright
            | Form::Table
            | Form::Dead
            | Form::Symmetry
            | Form::Order => Err("rounds never end here".to_owned()),
        };
    }
    let actors = || Judged::new(world).ok_or("actors cannot express this world".to_owned());
    let tables = |reductions| {
        if reductions != Reductions::ALL {
            Plan::new(World::clone(world)).map(drop)?;
        }
        let storage = Storage::default();
        let explored = if bounds.unasked {
            guard::explore_unasked(world, reductions, &limits)
        } else {
            model::explore(world, reductions, &storage, &limits, &|_| ())
        };
        explored.map(answered).map_err(in_words)
    };
    match form {
        Form::Plain => {
            checker::explore_offering(world.as_ref(), Reductions::NONE, &limits, &|_| ())
                .map(answered)
                .map_err(in_words)
        }
        Form::Actors => checker::explore(&actors()?, &limits, &|_| ())
            .map(answered)
            .map_err(in_words),
        Form::Stateright => {
            let engine = Engine::StaterightDfs;
            checker::explore_with(engine, Arc::new(actors()?), &limits, &|_| ())
                .map(answered)
                .map_err(in_words)
        }
        Form::Table => tables(Reductions::NONE),
        Form::Dead => tables(Reduction::Dead.into()),
        Form::Symmetry => tables(Reduction::Symmetry.into()),
        Form::Order => tables(Reduction::Order.into()),
        Form::All => tables(Reductions::ALL),
    }
}

fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Exhausted => Outcome::Answered,
        Ending::Truncated(_) => Outcome::Cut,
    }
}

fn why(ending: Ending) -> Option<String> {
    (ending != Ending::Exhausted).then(|| ending.to_string())
}

fn answered<S, A>(run: Run<S, A>) -> Answer {
    let findings = run.findings.into_iter();
    let verdicts = findings.map(|finding| {
        let steps = |path: stateright::Path<S, A>| path.into_actions().len();
        let found = match (finding.verdict, finding.expectation) {
            (Verdict::Violated(path), _) => Found::Violated(steps(path)),
            (Verdict::Witnessed(path), _) => Found::Witnessed(steps(path)),
            (Verdict::Exhausted, Expectation::Sometimes) => Found::Never,
            (Verdict::Exhausted, Expectation::Always | Expectation::Eventually) => Found::Holds,
            (Verdict::Truncated(_), _) => Found::Unknown,
        };
        (finding.property.to_owned(), found)
    });
    Answer {
        on: run.reductions.iter().map(|one| one.to_string()).collect(),
        refused: run.refused.iter().map(ToString::to_string).collect(),
        states: run.unique,
        verdicts: verdicts.collect(),
        ..Answer::without_verdict(outcome(run.ending), why(run.ending))
    }
}

fn live(world: &World, limits: &Limits) -> Result<Answer, Error> {
    let run = model::explore_live(world, limits, &|_| ())?;
    let findings = run.findings.into_iter();
    let verdicts = findings.map(|finding| {
        let found = match finding.verdict {
            LiveVerdict::Exhausted => Found::Holds,
            LiveVerdict::Truncated(_) => Found::Unknown,
            LiveVerdict::Lasso(lasso) => Found::Violated(lasso.path.into_actions().len()),
            LiveVerdict::Closed(closed) => Found::Violated(closed.path.into_actions().len()),
        };
        (finding.name.to_owned(), found)
    });
    Ok(Answer {
        states: run.unique,
        verdicts: verdicts.collect(),
        ..Answer::without_verdict(outcome(run.ending), why(run.ending))
    })
}
