//! What the suite as a whole has put to the test, and what nothing in it did.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{Kind, Pairs};
use serde::{Deserialize, Serialize};

use crate::Answer;

/// What nothing in a suite needs to do, with the reasons, by the names of [`Kind`]s, or by [`pair_name`].
pub type Excuses = BTreeMap<String, String>;

/// What happened in one scenario, and what after what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// The scenario.
    pub scenario: String,
    /// How many states it has.
    pub states: u64,
    /// For each of [`Kind::ALL`], how often it happened.
    pub kinds: Vec<u64>,
    /// Which of them after which. `None`: not counted.
    pub pairs: Option<Pairs>,
}

impl Tally {
    /// What was counted of a scenario.
    pub fn of(answer: &Answer) -> Tally {
        Tally {
            scenario: answer.scenario().name.clone(),
            states: answer.unique,
            kinds: Kind::ALL.iter().map(|kind| answer.count(*kind)).collect(),
            pairs: answer.pairs.clone(),
        }
    }

    /// How often something happened.
    pub fn count(&self, kind: Kind) -> u64 {
        self.kinds.get(kind as usize).copied().unwrap_or(0)
    }
}

const INTRODUCTION: &str = "\
# What was put to the test

For each kind of thing that can happen, how many transitions of a scenario are of that kind; of messages that are
ignored, in how many states one could arrive and change nothing. Counted as the reductions leave the states. What no
scenario does is a hole, and so is what no scenario does after something else; `paxos check` fails over it unless
`models/coverage/excused.toml` has a reason. Written by `paxos check`.

";

const PAIRS: &str = "
## One after the other

For each kind (down) and each kind that comes later on the same path (across): how many transitions of the second kind can
have one of the first before them, in all scenarios.

";

/// How an excuse names that one kind comes after another.
pub fn pair_name(first: Kind, then: Kind) -> String {
    format!("{} → {}", first.name(), then.name())
}

/// The kinds of things that nothing here has done.
fn holes(tallies: &[&Tally]) -> Vec<Kind> {
    let never = |kind: &Kind| tallies.iter().all(|tally| tally.count(*kind) == 0);
    Kind::ALL.iter().copied().filter(never).collect()
}

/// The kinds that happen and never come after one another, where pairs were counted.
fn pair_holes(tallies: &[&Tally]) -> Vec<(Kind, Kind)> {
    let Some(pairs) = all_pairs(tallies) else {
        return Vec::new();
    };
    let never = holes(tallies);
    let happen = || Kind::ALL.iter().filter(|kind| !never.contains(kind));
    happen()
        .flat_map(|&first| happen().map(move |&then| (first, then)))
        .filter(|&(first, then)| pairs.count(first, then) == 0)
        .collect()
}

/// The pairs of all scenarios. `None`: they were counted in none.
pub(crate) fn all_pairs(tallies: &[&Tally]) -> Option<Pairs> {
    let mut counted = tallies.iter().filter_map(|tally| tally.pairs.as_ref());
    let mut all = counted.next()?.clone();
    counted.for_each(|pairs| all.add(pairs));
    Some(all)
}

/// The page: kinds down, scenarios across.
pub fn coverage(answers: &[Answer], excuses: &Excuses) -> String {
    let mut page = String::from(INTRODUCTION);
    let tallies: Vec<Tally> = answers.iter().map(Tally::of).collect();
    let tallies: Vec<&Tally> = tallies.iter().collect();
    let holes = named_holes(&tallies);
    if holes.is_empty() {
        page += "There is no hole.\n";
    }
    for (name, meaning) in holes {
        let excuse = excuses.get(&name);
        let excuse = excuse.map_or("**not excused**", String::as_str);
        writeln!(page, "- hole: {name} ({meaning}): {excuse}")
            .expect("a string takes all that is written to it");
    }
    page.push('\n');
    page += "| what | in all | in scenarios | smallest |\n|---|---:|---:|---|\n";
    for kind in Kind::ALL {
        let doing = tallies.iter().filter(|tally| tally.count(*kind) > 0);
        let smallest = doing.clone().min_by_key(|tally| tally.states);
        let smallest = smallest.map_or("–".to_owned(), |tally| {
            format!("[{0}]({0}.md)", tally.scenario)
        });
        let sum: u64 = tallies.iter().map(|tally| tally.count(*kind)).sum();
        writeln!(
            page,
            "| {}: {} | {} | {} | {smallest} |",
            kind.name(),
            kind.meaning(),
            sum,
            doing.count()
        )
        .expect("a string takes all that is written to it");
    }
    if let Some(pairs) = all_pairs(&tallies) {
        page += PAIRS;
        page += &pair_matrix(&pairs);
    }
    page += "\n## By scenario\n\n";
    page += &matrix(&tallies);
    let vacuous: Vec<String> = answers.iter().flat_map(vacuous).collect();
    if !vacuous.is_empty() {
        page += "\n## Never put to the test\n\nThese hold only since nothing of what they speak of ever happens:\n\n";
        for line in vacuous {
            writeln!(page, "- {line}").expect("a string takes all that is written to it");
        }
    }
    page
}

/// All holes, as excuses name them, with what they mean.
pub fn named_holes(tallies: &[&Tally]) -> Vec<(String, String)> {
    let kinds = holes(tallies).into_iter();
    let kinds = kinds.map(|kind| (kind.name().to_owned(), kind.meaning().to_owned()));
    let pairs = pair_holes(tallies).into_iter().map(|(first, then)| {
        let meaning = format!("{}, and later {}", first.meaning(), then.meaning());
        (pair_name(first, then), meaning)
    });
    kinds.chain(pairs).collect()
}

fn pair_matrix(pairs: &Pairs) -> String {
    let row = |first: &Kind| {
        let counts = Kind::ALL.iter().map(|then| pairs.count(*first, *then));
        (first.name().to_owned(), counts.collect())
    };
    table("first ↓ later →", Kind::ALL.iter().map(row))
}

fn matrix(tallies: &[&Tally]) -> String {
    let row = |tally: &&Tally| {
        let name = &tally.scenario;
        (format!("[{name}]({name}.md)"), tally.kinds.clone())
    };
    table("scenario", tallies.iter().map(row))
}

/// A table with a column for each kind.
fn table(corner: &str, rows: impl Iterator<Item = (String, Vec<u64>)>) -> String {
    let mut table = format!("| {corner} |");
    for kind in Kind::ALL {
        write!(table, " {} |", kind.name()).expect("a string takes all that is written to it");
    }
    table += "\n|---|";
    table += &"---:|".repeat(Kind::ALL.len());
    table.push('\n');
    for (name, counts) in rows {
        write!(table, "| {name} |").expect("a string takes all that is written to it");
        for count in counts {
            let count = match count {
                0 => "·".to_owned(),
                count => count.to_string(),
            };
            write!(table, " {count} |").expect("a string takes all that is written to it");
        }
        table.push('\n');
    }
    table
}

/// The invariants of a scenario that hold and were never put to the test.
fn vacuous(answer: &Answer) -> Vec<String> {
    let name = &answer.scenario().name;
    let vacuous = answer.judged.iter().filter(|judged| judged.vacuous);
    vacuous
        .map(|judged| format!("[{name}]({name}.md): {}", judged.property))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use checker::{Limits, Reductions, Storage};
    use model::{Mutant, Pairs, Scenario, World};

    use super::*;

    fn answer(reductions: Reductions, mutant: Option<Mutant>, rest: &str) -> Answer {
        let text = format!(
            "title = \"\"\nabout = \"\"\n[cluster]\nproposers = 1\nacceptors = 1\nlearners = 1\n{rest}\n\
             [[ask]]\nvalue = \"A\"\nof = 0\n"
        );
        let scenario = Scenario::parse("small.toml".as_ref(), &text).unwrap();
        let world = World::new(Arc::new(scenario)).unwrap();
        let world = match mutant {
            Some(mutant) => world.with_mutant(mutant),
            None => world,
        };
        let limits = Limits::default();
        let run = model::explore(&world, reductions, &Storage::default(), &limits, &|_| {});
        let pairs = Pairs::of(&world, reductions, &limits, &|_| {});
        let mut answer = Answer::new(Arc::new(world), run.unwrap());
        answer.pairs = pairs.unwrap().ok();
        answer
    }

    #[test]
    fn what_nothing_does_is_a_hole() {
        let quiet = answer(Reductions::ALL, None, "");
        let crashing = answer(Reductions::ALL, None, "[world]\ncrashes = 1");
        let crash = Kind::CrashMidBallot;
        let (calm, wild) = (Tally::of(&quiet), Tally::of(&crashing));
        assert!(holes(&[&calm]).contains(&crash));
        assert!(!holes(&[&calm, &wild]).contains(&crash));
        let mut excuses = Excuses::from([("lost".to_owned(), "it may".to_owned())]);
        let page = coverage(std::slice::from_ref(&quiet), &excuses);
        let start = "- hole: crash mid-ballot (a node crashes with a ballot under way): ";
        assert!(
            page.contains(&format!("{start}**not excused**\n")),
            "{page}"
        );
        assert!(page.contains("): it may\n"), "{page}");
        excuses.insert(crash.name().to_owned(), "so be it".to_owned());
        let page = coverage(&[quiet], &excuses);
        assert!(page.contains(&format!("{start}so be it\n")), "{page}");
    }

    #[test]
    fn what_happens_and_never_after_something_else_is_a_hole() {
        let quiet = answer(Reductions::ALL, None, "");
        let crashing = answer(Reductions::ALL, None, "[world]\ncrashes = 1");
        // It crashes once, so nothing comes between two crashes; and where it does not crash, nothing is known of that.
        let twice = (Kind::CrashMidBallot, Kind::CrashMidBallot);
        let after = (Kind::AskBegins, Kind::CrashMidBallot);
        let both = [quiet, crashing];
        let (calm, wild) = (Tally::of(&both[0]), Tally::of(&both[1]));
        assert!(pair_holes(&[&calm, &wild]).contains(&twice));
        assert!(!pair_holes(&[&calm, &wild]).contains(&after));
        assert!(!pair_holes(&[&calm]).contains(&after));
        let name = "crash mid-ballot → crash mid-ballot";
        let excuses = Excuses::from([(name.to_owned(), "there is one".to_owned())]);
        let page = coverage(&both, &excuses);
        let line = format!(
            "- hole: {name} (a node crashes with a ballot under way, and later a node crashes with a ballot under \
             way): there is one\n"
        );
        assert!(page.contains(&line), "{page}");
        // An answer whose pairs were not counted says nothing of them.
        let uncounted = Tally {
            pairs: None,
            ..calm
        };
        assert_eq!(pair_holes(&[&uncounted]), []);
    }

    #[test]
    fn what_was_never_put_to_the_test_is_vacuous() {
        let vacuous = |mutant| {
            let answer = answer(Reductions::ALL, mutant, "");
            let vacuous = answer.judged.iter().filter(|judged| judged.vacuous);
            vacuous.map(|judged| judged.property).collect::<Vec<_>>()
        };
        // No client can be told of a failure in this world, and none reads.
        assert_eq!(vacuous(None), ["failure-is-true", "linearizable"]);
        assert_eq!(
            vacuous(Some(Mutant::AcceptStrict)),
            [
                "agreement",
                "validity",
                "stability",
                "announced-is-chosen",
                "votes-are-safe",
                "failure-is-true",
                "linearizable",
                "learned-is-announced"
            ]
        );
    }
}
