//! Judging the cores: `gallery run` and `gallery establish`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::forms::{Question, ask, in_parallel};
use crate::list::{Core, List, file};
use crate::row::{Row, differences};
use crate::sources;
use crate::truth::{Truth, Verdicts};
use crate::weave::{Variant, weave};
use crate::workspace::Workspace;
use answers::{Answer, Outcome};

/// For how long one form may explore one world.
const SECONDS: u64 = 120;

/// The forms that are compared with the truth.
pub(crate) const FORMS: [&str; 6] = ["plain", "table", "dead", "symmetry", "order", "all"];
/// Worlds of so many states are explored as actors as well, by our search and by stateright's own.
const ACTORS_STATES_MAX: u64 = 5_000;

/// The workspace around the core that all cores of the gallery are woven into.
pub(crate) fn woven(root: &Path, list: &List) -> Result<Workspace, Error> {
    let base = sources::base(root)?;
    let mut variants = Vec::new();
    for core in &list.core {
        variants.push(Variant {
            name: core.name.clone(),
            sources: sources::patched(root, &base, &core.name)?,
        });
    }
    Workspace::mirror(root, "gallery", &weave(&base, &variants)?)
}

/// A row for each core.
pub(crate) fn rows(
    root: &Path,
    list: &List,
    cores: &[&Core],
    forms: &[String],
) -> Result<Vec<Row>, Error> {
    let truth = Truth::read(root)?;
    let program = woven(root, list)?.build("forms", "forms")?;
    let rows = in_parallel(cores, |core| {
        let answers = answers(root, list, core, &program, forms, false)?;
        let with_truth: Vec<_> = answers
            .into_iter()
            .map(|(world, answers)| (world, truth.of(&core.name, world), answers))
            .collect();
        Ok(Row::new(core, &with_truth))
    });
    rows.into_iter().collect()
}

/// What is true of a world; in words, if those that tell do not agree.
type Agreed = Result<Verdicts, String>;

/// Writes what is true of these cores, if those that tell agree; where not, what they say.
pub(crate) fn establish(root: &Path, list: &List, cores: &[&Core]) -> Result<Vec<String>, Error> {
    let mut truth = Truth::read(root).unwrap_or_default();
    let program = woven(root, list)?.build("forms", "forms")?;
    let mut disagreements = Vec::new();
    // Some at a time, so that what is found is kept if this is ended early.
    for some in cores.chunks(8) {
        let told = in_parallel(some, |core| told(root, list, core, &program));
        for (core, told) in some.iter().zip(told) {
            let mut of_core = BTreeMap::new();
            for (world, told) in told? {
                match told {
                    Ok(verdicts) => {
                        of_core.insert(world.to_owned(), verdicts);
                    }
                    Err(_) if core.unsteady => {}
                    Err(why) => disagreements.push(format!("{}, {world}: {why}", core.name)),
                }
            }
            if !core.unsteady {
                truth.0.insert(core.name.clone(), of_core);
            }
        }
        truth
            .0
            .retain(|name, _| list.core.iter().any(|core| core.name == *name));
        truth.write(root)?;
    }
    Ok(disagreements)
}

/// What the plain World and, where the world is small enough, the actors say of each world of a core.
fn told<'a>(
    root: &Path,
    list: &'a List,
    core: &'a Core,
    program: &Path,
) -> Result<Vec<(&'a str, Agreed)>, Error> {
    let mut told = Vec::new();
    for world in list.worlds(core) {
        let file = [file(root, world)?];
        let ask_for = |forms: &[&str]| {
            let forms: Vec<String> = forms.iter().map(|form| (*form).to_owned()).collect();
            ask(
                program,
                &Question {
                    core: Some(&core.name),
                    worlds: &file,
                    forms: &forms,
                    seconds: SECONDS,
                    give_up: false,
                    unasked: false,
                },
            )
        };
        let mut answers = ask_for(&["plain"])?;
        let is_small = answers
            .iter()
            .all(|plain| plain.states <= ACTORS_STATES_MAX);
        if is_small {
            answers.extend(ask_for(&["actors", "stateright"])?);
        }
        told.push((world, agreed(&answers)));
    }
    Ok(told)
}

/// The answers of each world of a core; `unasked`: with nothing asked of it before tables and reductions are relied upon.
pub(crate) fn answers<'a>(
    root: &Path,
    list: &'a List,
    core: &'a Core,
    program: &Path,
    forms: &[String],
    unasked: bool,
) -> Result<Vec<(&'a str, Vec<Answer>)>, Error> {
    let worlds = list.worlds(core);
    let files: Result<Vec<String>, Error> = worlds.iter().map(|world| file(root, world)).collect();
    let question = Question {
        core: Some(&core.name),
        worlds: &files?,
        forms,
        seconds: SECONDS,
        give_up: false,
        unasked,
    };
    let mut answers = ask(program, &question)?.into_iter();
    let of_world = |world| (world, answers.by_ref().take(forms.len()).collect());
    Ok(worlds.into_iter().map(of_world).collect())
}

/// What the plain World found, if all others that could say anything found the same.
fn agreed(answers: &[Answer]) -> Agreed {
    let (plain, others) = answers.split_first().ok_or("nobody was asked")?;
    if plain.outcome != Outcome::Answered {
        return Err(format!(
            "plain: {:?}, {}",
            plain.outcome,
            plain.why.clone().unwrap_or_default()
        ));
    }
    let mut by = vec![plain.form.clone()];
    for other in others {
        match other.outcome {
            Outcome::Answered => by.push(other.form.clone()),
            Outcome::Refused => continue,
            Outcome::Cut | Outcome::Panicked => {
                let why = other.why.clone().unwrap_or_default();
                return Err(format!("{}: {:?}, {why}", other.form, other.outcome));
            }
        }
        let differences = differences(&plain.verdicts, other);
        if !differences.is_empty() {
            return Err(format!("{}: {}", other.form, differences.join(", ")));
        }
    }
    Ok(Verdicts {
        by,
        states: plain.states,
        verdicts: plain.verdicts.clone(),
    })
}
