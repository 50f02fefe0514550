//! Stores that were put back, and nodes of which there are two: findings about a run, beside whatever else is found in it.

use std::collections::BTreeSet;

use conform::{Cause, Divergence, Verdict, conform, conform_to};
use model::{Mutant, RuleSet};
use node::journal::{Entry, Read};
use node::{Record, RequestId};
use paxos::{Ballot, Durable, NodeId, NodeSet, Round, Variant};

use crate::host::{Lie, Plan, Running, key, run, value};

fn findings(journals: Vec<Read>) -> Vec<Divergence> {
    match conform(journals).unwrap().verdict {
        Verdict::Diverges(found) => found,
        Verdict::Conforms | Verdict::Incomplete(_) => Vec::new(),
    }
}

fn causes(journals: Vec<Read>) -> Vec<Cause> {
    findings(journals).iter().map(|found| found.cause).collect()
}

/// n0 and n1 decide tea; n1 forgets that; n1 and n2 decide milk.
fn decided_twice() -> Vec<Read> {
    let mut running = Running::new(&Plan::new(0));
    let ask = |running: &mut Running, of: usize, what: &str| {
        let request = RequestId::from_bytes([of as u8; 16]);
        running.servers[of].propose(&key("k0"), value(what), request);
        running.save(of, false);
        // Promise, proposal, vote.
        running.deliver_to(1);
        running.deliver_to(of);
        running.deliver_to(1);
        running.deliver_to(of);
        running.lose_all();
    };
    ask(&mut running, 0, "tea");
    running.put_back(1);
    ask(&mut running, 2, "milk");
    running.journals()
}

#[test]
fn a_store_that_was_put_back_is_told_beside_the_two_values() {
    let found = findings(decided_twice());
    let causes: Vec<Cause> = found.iter().map(|found| found.cause).collect();
    assert_eq!(
        causes,
        [Cause::IncarnationReused, Cause::Violates("agreement")],
        "{found:#?}"
    );
    let [put_back, two_values] = &found[..] else {
        panic!("there are two")
    };
    assert!(
        put_back
            .problem
            .contains("n1 runs as process 1 after process 1"),
        "{put_back:#?}"
    );
    assert_eq!(put_back.expected, ["process 2 or a later one"]);
    assert_eq!(
        (two_values.expected[0].as_str(), &two_values.found[..4]),
        ("tea", "milk")
    );
    let lines = conform(decided_twice()).unwrap().lines().join("\n");
    assert!(
        lines.contains("process 1 after process 1") && lines.contains("two values are decided")
    );
}

#[test]
fn without_the_journal_of_the_node_that_forgot_the_two_values_are_told() {
    let mut journals = decided_twice();
    journals.remove(1);
    assert_eq!(causes(journals), [Cause::Violates("agreement")]);
}

/// What the store shows from then on is judged by what it has shown since.
#[test]
fn a_store_that_was_put_back_is_judged_by_what_it_shows_since() {
    let shows = |loads: usize, at_last: Option<Record>| {
        let mut journals = decided_twice();
        let (place, _) = journals[1].entries[0].clone();
        let is_start = |(_, entry): &(_, Entry)| matches!(entry, Entry::Start(_));
        let again = journals[1].entries.iter().rposition(is_start).unwrap();
        journals[1].entries.truncate(again + 1);
        let mut push = |entry| journals[1].entries.push((place.clone(), entry));
        for load in 1..=loads {
            let record = at_last.clone().filter(|_| load == loads);
            let key = key("k0");
            push(Entry::Load {
                key: key.clone(),
                record,
            });
            push(Entry::Unload { key });
        }
        let mut causes = causes(journals);
        causes.retain(|cause| !matches!(cause, Cause::Violates(_) | Cause::NeverSent));
        causes
    };
    assert_eq!(shows(2, None), [Cause::IncarnationReused]);
    let vote = Record::Open(Durable {
        round: None,
        promised: Some(ballot()),
        accepted: None,
    });
    assert_eq!(
        shows(2, Some(vote)),
        [Cause::IncarnationReused, Cause::StoreDiffers]
    );
}

fn ballot() -> Ballot {
    Ballot {
        round: Round::FIRST,
        node: NodeId::new(0).unwrap(),
    }
}

#[test]
fn a_process_number_that_falls_is_told_and_one_that_jumps_is_not() {
    let numbered = |numbers: &[u64]| {
        let mut journals = Running::new(&Plan::new(0)).journals();
        let (place, start) = journals[1].entries.remove(0);
        let Entry::Start(start) = start else {
            panic!("a journal begins with a process")
        };
        for number in numbers {
            let mut start = start.clone();
            start.incarnation = *number;
            journals[1]
                .entries
                .push((place.clone(), Entry::Start(start)));
        }
        causes(journals)
    };
    assert_eq!(numbered(&[1, 2, 3]), []);
    assert_eq!(numbered(&[1, 2, 5]), []);
    assert_eq!(numbered(&[1, 2, 3, 2, 3]), [Cause::IncarnationReused]);
    assert_eq!(numbered(&[3, 3]), [Cause::IncarnationReused]);
    assert_eq!(numbered(&[2, 1, 1]), [Cause::IncarnationReused; 2]);
}

/// What contradicts what in two journals does so in three, whatever the third shows besides.
#[test]
fn another_journal_loses_no_finding() {
    let mut seen = 0;
    let contradictions = |journals: Vec<Read>, mutant| -> BTreeSet<(String, String)> {
        match conform_to(journals, mutant).unwrap().verdict {
            Verdict::Diverges(found) => found
                .into_iter()
                .filter(|found| {
                    matches!(
                        found.cause,
                        Cause::Violates("agreement" | "one-value-per-ballot")
                    )
                })
                .map(|found| (found.cause.to_string(), found.key.unwrap().to_string()))
                .collect(),
            Verdict::Conforms | Verdict::Incomplete(_) => BTreeSet::new(),
        }
    };
    for (lie, mutant) in [
        (Lie::Forgets, None),
        (Lie::SendsFirst, None),
        (Lie::None, Some(Mutant::OwnValue)),
    ] {
        for seed in 0..150 {
            let mut plan = Plan::new(seed);
            plan.lie = lie;
            plan.crash = 10;
            plan.rules = RuleSet {
                variant: Variant::Lamport,
                mutant,
                down: NodeSet::EMPTY,
            };
            // The steps of the mutant are judged by the right rules: each is a divergence besides.
            let all = contradictions(run(&plan), None);
            for absent in 0..3 {
                let mut some = run(&plan);
                some.remove(absent);
                let found = contradictions(some, None);
                assert!(
                    found.is_subset(&all),
                    "{lie:?} {seed} without n{absent}: {found:?} {all:?}"
                );
                seen += found.len();
            }
        }
    }
    assert!(seen > 10, "{seen}");
}
