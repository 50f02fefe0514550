//! What the suite as a whole has put to the test, and what nothing in it did.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::Kind;

use crate::Answer;

/// What nothing in a suite needs to do, with the reasons, by the names of [`Kind`]s.
pub type Excuses = BTreeMap<String, String>;

const INTRODUCTION: &str = "\
# What was put to the test

For each kind of thing that can happen, how many transitions of a scenario are of that kind; of messages that are
ignored, in how many states one could arrive and change nothing. Counted as the reductions leave the states. What no
scenario does is a hole, and `paxos check` fails over it unless `models/coverage/excused.toml` has a reason. Written by
`paxos check`.

";

/// The kinds of things that nothing here has done.
pub fn holes(answers: &[Answer]) -> Vec<Kind> {
    let never = |kind: &Kind| answers.iter().all(|answer| answer.count(*kind) == 0);
    Kind::ALL.iter().copied().filter(never).collect()
}

/// The page: kinds down, scenarios across.
pub fn coverage(answers: &[Answer], excuses: &Excuses) -> String {
    let mut page = String::from(INTRODUCTION);
    let holes = holes(answers);
    match holes.is_empty() {
        true => page += "There is no hole.\n\n",
        false => {
            for kind in holes {
                let excuse = excuses.get(kind.name());
                let excuse = excuse.map_or("**not excused**", String::as_str);
                writeln!(
                    page,
                    "- hole: {} ({}): {excuse}",
                    kind.name(),
                    kind.meaning()
                )
                .expect("a string takes all that is written to it");
            }
            page.push('\n');
        }
    }
    page += "| what | in all | in scenarios | smallest |\n|---|---:|---:|---|\n";
    for kind in Kind::ALL {
        let doing = answers.iter().filter(|answer| answer.count(*kind) > 0);
        let smallest = doing.clone().min_by_key(|answer| answer.unique);
        let smallest = smallest.map_or("–".to_owned(), |answer| {
            format!("[{0}]({0}.md)", answer.scenario().name)
        });
        let sum: u64 = answers.iter().map(|answer| answer.count(*kind)).sum();
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
    page += "\n## By scenario\n\n";
    page += &matrix(answers);
    let vacuous: Vec<String> = answers.iter().flat_map(vacuous).collect();
    if !vacuous.is_empty() {
        page += "\n## Never put to the test\n\nThese hold only since nothing of what they speak of ever happens:\n\n";
        for line in vacuous {
            writeln!(page, "- {line}").expect("a string takes all that is written to it");
        }
    }
    page
}

fn matrix(answers: &[Answer]) -> String {
    let mut table = String::from("| scenario |");
    for kind in Kind::ALL {
        write!(table, " {} |", kind.name()).expect("a string takes all that is written to it");
    }
    table += "\n|---|";
    table += &"---:|".repeat(Kind::ALL.len());
    table.push('\n');
    for answer in answers {
        write!(table, "| [{0}]({0}.md) |", answer.scenario().name)
            .expect("a string takes all that is written to it");
        for kind in Kind::ALL {
            let count = match answer.count(*kind) {
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
    use model::{Mutant, Scenario, World};

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
        Answer::new(Arc::new(world), run.unwrap())
    }

    #[test]
    fn what_nothing_does_is_a_hole() {
        let quiet = answer(Reductions::ALL, None, "");
        let crashing = answer(Reductions::ALL, None, "[world]\ncrashes = 1");
        let crash = Kind::CrashMidBallot;
        assert!(holes(std::slice::from_ref(&quiet)).contains(&crash));
        assert!(!holes(&[quiet.clone(), crashing]).contains(&crash));
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
    fn what_was_never_put_to_the_test_is_vacuous() {
        let vacuous = |mutant| {
            let answer = answer(Reductions::ALL, mutant, "");
            let vacuous = answer.judged.iter().filter(|judged| judged.vacuous);
            vacuous.map(|judged| judged.property).collect::<Vec<_>>()
        };
        // No client can be told of a failure in this world.
        assert_eq!(vacuous(None), ["failure-is-true"]);
        assert_eq!(
            vacuous(Some(Mutant::AcceptStrict)),
            [
                "agreement",
                "validity",
                "stability",
                "announced-is-chosen",
                "votes-are-safe",
                "failure-is-true"
            ]
        );
    }
}
