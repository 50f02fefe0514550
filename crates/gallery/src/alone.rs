//! Whether the second look alone tells every core that a reduction misjudges: `gallery alone`.
//!
//! Tables and reductions ask the core for what they take for granted, and `paxos check` looks a second time at a core that the committed
//! reports were not made with (`model::guard`). The second look is for what the questions miss, so here nothing is asked. Each core is
//! judged in its worlds by the tables and by each reduction. Where any of them answers other than what is true, the core is *hidden*,
//! and the second look has to *tell* it: two explorations of one of its worlds contradict each other, or one ends in an error.
//!
//! A form that panics or ends in an error hides nothing: whoever asked it notices.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::forms::{Question, SECOND_LOOK, ask, in_parallel};
use crate::list::{Core, List};
use crate::row::differences;
use crate::run::{answers, woven};
use crate::truth::{Truth, Verdicts};
use answers::{Answer, Found, Outcome};

/// The forms that take something for granted.
const FORMS: [&str; 5] = ["table", "dead", "symmetry", "order", "all"];
/// For how long one exploration of the second look may take.
const SECONDS: u64 = 20;

/// What came of it.
pub(crate) struct Alone {
    /// The worlds of the second look, in its order.
    pub(crate) worlds: Vec<String>,
    /// What the second look holds against the core that ships. Anything is wrong.
    pub(crate) of_base: Vec<String>,
    /// The cores that are hidden.
    pub(crate) hidden: Vec<Hidden>,
}

/// A core that is hidden where nothing is asked.
pub(crate) struct Hidden {
    pub(crate) name: String,
    /// Whether the core is right. It has to be told all the same: a wrong one may break the same premise.
    pub(crate) safe: bool,
    /// The answers that are not true, the worst first.
    pub(crate) by: Vec<Lie>,
    /// For each world of the second look what tells the core there, if anything does.
    pub(crate) told: Vec<Option<String>>,
}

/// An answer that is not true.
pub(crate) struct Lie {
    /// The form and the world.
    pub(crate) place: String,
    /// In words.
    pub(crate) what: String,
    /// Whether a fault is not seen at all. If not, a trace has another length, or what is right is said to be wrong.
    pub(crate) is_blind: bool,
}

impl Alone {
    /// The hidden cores that none of these worlds tells.
    fn untold(&self, is_looked_at: impl Fn(usize) -> bool) -> Vec<&str> {
        let untold = self.hidden.iter().filter(|hidden| {
            let mut told = hidden.told.iter().enumerate();
            !told.any(|(place, told)| told.is_some() && is_looked_at(place))
        });
        untold.map(|hidden| hidden.name.as_str()).collect()
    }

    /// For each world of the second look: the hidden cores that no other one tells.
    fn needed_by(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let untold = self.untold(|_| true);
        self.worlds.iter().enumerate().map(move |(own, world)| {
            let mut cores = self.untold(|place| place != own);
            cores.retain(|name| !untold.contains(name));
            (world.as_str(), cores)
        })
    }

    /// The worlds that tell all hidden cores each by itself: were there one, nothing here would show that the others are needed.
    fn enough_alone(&self) -> Vec<&str> {
        let worlds = self.worlds.iter().enumerate();
        let enough = worlds.filter(|(own, _)| self.untold(|place| place == *own).is_empty());
        enough.map(|(_, world)| world.as_str()).collect()
    }

    /// Whether the second look holds nothing against the core that ships and tells all that are hidden.
    pub(crate) fn is_green(&self) -> bool {
        !self.worlds.is_empty() && self.of_base.is_empty() && self.untold(|_| true).is_empty()
    }

    /// Whether this shows that a second look at fewer worlds would not do. Of some cores only it need not.
    pub(crate) fn can_fail(&self) -> bool {
        !self.hidden.is_empty() && self.enough_alone().is_empty()
    }

    /// What came of it; `all`: with all that hides a core, and all that tells it.
    pub(crate) fn lines(&self, all: bool) -> Vec<String> {
        let of_base = self.of_base.iter();
        let mut lines: Vec<String> = of_base
            .map(|told| format!("WRONG  the core that ships: {told}"))
            .collect();
        let most = if all { usize::MAX } else { 1 };
        for hidden in &self.hidden {
            lines.extend(hidden.lines(most));
        }
        let named = |names: &[&str]| match names {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        for (own, (world, cores)) in self.needed_by().enumerate() {
            let untold = self.untold(|place| place == own);
            lines.push(format!(
                "{world}: told here and nowhere else: {}; untold if this were the only world: {}",
                named(&cores),
                named(&untold)
            ));
        }
        for world in self.enough_alone() {
            lines.push(format!("{world} is enough alone"));
        }
        let wrong = self.hidden.iter().filter(|hidden| !hidden.safe).count();
        lines.push(format!(
            "{} cores are hidden where nothing is asked, {wrong} of them wrong; untold by the second look alone: {}",
            self.hidden.len(),
            named(&self.untold(|_| true))
        ));
        lines
    }
}

impl Hidden {
    fn lines(&self, most: usize) -> Vec<String> {
        let is_told = self.told.iter().any(Option::is_some);
        let head = format!(
            "{:6} {:30} {:5}",
            if is_told { "told" } else { "UNTOLD" },
            self.name,
            if self.safe { "safe" } else { "wrong" }
        );
        let hides = self.by.iter().take(most).map(|lie| {
            let kind = if lie.is_blind { "hidden" } else { "misjudged" };
            format!("{kind} by {}: {}", lie.place, lie.what)
        });
        let tells = self.told.iter().flatten().take(most);
        let tells = tells.map(|told| format!("told by {told}"));
        let parts: Vec<String> = hides.chain(tells).collect();
        if most == 1 {
            return vec![format!("{head} {}", parts.join("; "))];
        }
        let parts = parts.into_iter().map(|part| format!("       {part}"));
        std::iter::once(head).chain(parts).collect()
    }
}

/// Asks all of these cores, with a second look at the worlds that are named, or at all of its worlds if none is.
pub(crate) fn alone(
    root: &Path,
    list: &List,
    cores: &[&Core],
    named: &[String],
) -> Result<Alone, Error> {
    let truth = Truth::read(root)?;
    let program = woven(root, list)?.build("forms", "forms")?;
    let forms = FORMS.map(str::to_owned);
    let second_look = [SECOND_LOOK.to_owned()];
    let look = |core, worlds: &[String]| {
        let question = Question {
            core,
            worlds,
            forms: &second_look,
            seconds: SECONDS,
            give_up: false,
            unasked: true,
        };
        ask(&program, &question)
    };
    let base = look(None, named)?;
    let worlds: Vec<String> = base.iter().map(|answer| answer.world.clone()).collect();
    let hidden = in_parallel(cores, |core| {
        let answers = answers(root, list, core, &program, &forms, true)?;
        let lies = answers.iter().flat_map(|(world, answers)| {
            let truth = truth.of(&core.name, world);
            let lies = answers.iter();
            lies.filter_map(move |answer| lie(core, world, truth, answer).transpose())
        });
        let lies: Result<Vec<Lie>, Error> = lies.collect();
        let mut by = lies?;
        if by.is_empty() {
            return Ok(None);
        }
        by.sort_by_key(|lie| !lie.is_blind);
        let told = look(Some(&core.name), &worlds)?;
        Ok(Some(Hidden {
            name: core.name.clone(),
            safe: core.safe,
            by,
            told: told.iter().map(telling).collect(),
        }))
    });
    let hidden: Result<Vec<Option<Hidden>>, Error> = hidden.into_iter().collect();
    let not_held = |answer: &Answer| (answer.outcome == Outcome::Cut).then(|| answer.why.clone());
    let of_base = base
        .iter()
        .filter_map(|answer| telling(answer).or(not_held(answer).flatten()));
    Ok(Alone {
        of_base: of_base.collect(),
        worlds,
        hidden: hidden?.into_iter().flatten().collect(),
    })
}

/// What is not true in an answer; `None` if all is, or nothing is said.
fn lie(
    core: &Core,
    world: &str,
    truth: Option<&Verdicts>,
    answer: &Answer,
) -> Result<Option<Lie>, Error> {
    if answer.outcome != Outcome::Answered {
        return Ok(None);
    }
    let place = format!("{} in {world}", answer.form);
    let Some(truth) = truth else {
        if core.unsteady {
            return Ok(Some(Lie {
                place,
                what: "a verdict of a core that answers differently when asked again".to_owned(),
                is_blind: true,
            }));
        }
        return Err(Error::List {
            path: PathBuf::from("models/gallery/verdicts.toml"),
            why: format!(
                "expected what is true of {} in {world}, found nothing; run `gallery establish`",
                core.name
            ),
        });
    };
    let wrong = differences(&truth.verdicts, answer);
    let mut all = truth.verdicts.iter();
    let is_blind = all.any(|(property, found)| {
        let said = answer.verdicts.get(property);
        match found {
            Found::Violated(_) => said == Some(&Found::Holds),
            Found::Never => matches!(said, Some(Found::Witnessed(_))),
            Found::Holds | Found::Witnessed(_) | Found::Unknown => false,
        }
    });
    let Some((first, others)) = wrong.split_first() else {
        return Ok(None);
    };
    let what = match others.len() {
        0 => first.clone(),
        others => format!("{first}, and {others} more"),
    };
    Ok(Some(Lie {
        place,
        what,
        is_blind,
    }))
}

/// What tells a core in an answer of the second look.
fn telling(answer: &Answer) -> Option<String> {
    let why = answer.why.as_deref().unwrap_or_default();
    match answer.outcome {
        Outcome::Answered => answer.contradictions.first().cloned(),
        Outcome::Panicked => Some(format!("{}: a panic: {why}", answer.world)),
        Outcome::Refused => Some(format!("{}: an error: {why}", answer.world)),
        // Nothing was compared.
        Outcome::Cut => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(name: &str, told: &[bool]) -> Hidden {
        Hidden {
            name: name.to_owned(),
            safe: false,
            by: Vec::new(),
            told: told
                .iter()
                .map(|is_told| is_told.then(String::new))
                .collect(),
        }
    }

    fn alone(hidden: Vec<Hidden>) -> Alone {
        Alone {
            worlds: vec!["one".to_owned(), "two".to_owned()],
            of_base: Vec::new(),
            hidden,
        }
    }

    #[test]
    fn a_core_that_no_world_tells_is_untold() {
        let found = alone(vec![
            hidden("a", &[true, false]),
            hidden("b", &[false, false]),
        ]);
        assert_eq!(found.untold(|_| true), ["b"]);
        assert!(!found.is_green());
        assert!(
            found
                .lines(false)
                .iter()
                .any(|line| line.starts_with("UNTOLD b"))
        );
    }

    #[test]
    fn worlds_that_each_tell_something_are_all_needed() {
        let found = alone(vec![
            hidden("a", &[true, false]),
            hidden("b", &[false, true]),
        ]);
        assert!(found.is_green() && found.can_fail());
        assert_eq!(found.untold(|place| place == 0), ["b"]);
        let needed: Vec<_> = found.needed_by().collect();
        assert_eq!(needed, [("one", vec!["a"]), ("two", vec!["b"])]);
    }

    #[test]
    fn a_world_that_is_enough_alone_shows_nothing_of_the_others() {
        let found = alone(vec![
            hidden("a", &[true, false]),
            hidden("b", &[true, true]),
        ]);
        assert!(found.is_green() && !found.can_fail());
        assert!(!alone(Vec::new()).can_fail());
    }

    #[test]
    fn a_second_look_that_did_not_happen_or_errs_of_the_core_that_ships_is_wrong() {
        let mut found = alone(Vec::new());
        assert!(found.is_green());
        found.of_base.push("one: agreement".to_owned());
        assert!(!found.is_green());
        found.of_base.clear();
        found.worlds.clear();
        assert!(!found.is_green());
    }
}
