//! Runs of correct hosts conform, whatever the network and the crashes; parts of them are incomplete.

use conform::{Cause, Unfit, Verdict, conform, conform_to};
use model::{Mutant, RuleSet, Variant};
use node::journal::{Entry, Writer};
use paxos::NodeSet;

use crate::host::{Plan, read, run};

fn verdict(plan: &Plan) -> conform::Conformance {
    let conformance = conform(run(plan)).unwrap();
    let lines = conformance.lines().join("\n");
    assert!(
        matches!(conformance.verdict, Verdict::Conforms),
        "seed {}:\n{lines}",
        plan.seed
    );
    conformance
}

#[test]
fn correct_hosts_conform() {
    let mut seen = std::collections::BTreeMap::new();
    let mut modelled = 0;
    for seed in 0..300 {
        let mut plan = Plan::new(seed);
        plan.servers = [3, 3, 5, 2, 1][seed as usize % 5];
        plan.crash = [40, 0, 15][seed as usize % 3];
        plan.rules.variant = [Variant::Lamport, Variant::StrictAccept][seed as usize % 2];
        let found = verdict(&plan);
        modelled += found.modelled;
        for (name, count) in found.counts.rows() {
            *seen.entry(name).or_insert(0) += count;
        }
        for (name, count) in found.witnesses {
            *seen.entry(name).or_insert(0) += count as u64;
        }
    }
    // Whatever can be counted happened.
    let never = seen.iter().filter(|(_, count)| **count == 0);
    let never: Vec<&str> = never.map(|(name, _)| &**name).collect();
    // A run is imagined in a world whose clients do not fail.
    assert_eq!(
        never,
        ["readers told of none", "told-after-unknown"],
        "{seen:#?}"
    );
    assert!(modelled > 500, "{modelled}");
}

#[test]
fn many_requests_are_outside_the_model_and_judged_by_the_rest() {
    let mut plan = Plan::new(1);
    plan.keys = 1;
    plan.crash = 10;
    plan.steps = 3000;
    let found = verdict(&plan);
    assert_eq!(found.outside_model.len(), 1);
    assert!(matches!(
        found.outside_model[0].why,
        Unfit::Asks | Unfit::Crashes
    ));
}

#[test]
fn a_journal_not_given_makes_it_incomplete() {
    let mut journals = run(&Plan::new(3));
    journals.remove(1);
    let found = conform(journals).unwrap();
    let Verdict::Incomplete(reasons) = &found.verdict else {
        panic!("{:?}", found.lines());
    };
    assert!(
        reasons[0].contains("messages of n1, whose journal was not given"),
        "{reasons:?}"
    );
    assert_eq!(found.absent.len(), 1);
}

#[test]
fn a_journal_not_given_makes_it_incomplete_though_nobody_heard_from_its_node() {
    let mut journals = run(&Plan::new(3));
    journals.truncate(1);
    let began = |(_, entry): &(_, Entry)| matches!(entry, Entry::Start(_));
    let start = journals[0].entries.iter().position(began).unwrap();
    journals[0].entries.truncate(start + 1);
    let Verdict::Incomplete(reasons) = conform(journals).unwrap().verdict else {
        panic!("journals are missing");
    };
    let absent = ["n1", "n2"].map(|node| format!("what {node} did: its journal was not given"));
    assert_eq!(reasons, absent);
}

#[test]
fn a_journal_without_its_first_files_is_incomplete() {
    let mut cut = 0;
    for seed in 0..60 {
        let mut journals = run(&Plan::new(seed));
        let entries = &mut journals[1].entries;
        let page = entries
            .iter()
            .position(|(_, entry)| matches!(entry, Entry::Continue(_)));
        let Some(page) = page else { continue };
        entries.drain(..page);
        cut += 1;
        let found = conform(journals).unwrap();
        let Verdict::Incomplete(reasons) = &found.verdict else {
            panic!("seed {seed}: {:#?}", found.lines());
        };
        let all = reasons.join("\n");
        assert!(
            all.contains("the journal of n1 begins in the middle"),
            "{all}"
        );
    }
    assert!(cut > 20);
}

#[test]
fn a_journal_of_a_later_process_alone_is_incomplete() {
    let mut plan = Plan::new(5);
    plan.crash = 15;
    let mut journals = run(&plan);
    let entries = &mut journals[0].entries;
    let starts: Vec<usize> = (0..entries.len())
        .filter(|at| matches!(entries[*at].1, Entry::Start(_)))
        .collect();
    entries.drain(..*starts.last().unwrap());
    assert!(starts.len() > 1);
    let found = conform(journals).unwrap();
    assert!(
        matches!(found.verdict, Verdict::Incomplete(_)),
        "{:#?}",
        found.lines()
    );
}

/// Nodes that do the wrong thing of a mutant: against the correct rules their steps diverge; against the
/// mutant's own the steps are fine, and the properties tell.
#[test]
fn mutants_diverge_and_the_properties_tell_them_as_well() {
    for (mutant, property) in [
        (Mutant::AcceptStale, "no-vote-below-promise"),
        (Mutant::OwnValue, "votes-are-safe"),
        (Mutant::PromiseHidesVote, "no-vote-below-promise"),
    ] {
        let (mut steps, mut violated) = (0, 0);
        for seed in 0..200 {
            let mut plan = Plan::new(seed);
            plan.keys = 1;
            plan.rules = RuleSet {
                variant: Variant::Lamport,
                mutant: Some(mutant),
                down: NodeSet::EMPTY,
            };
            if let Verdict::Diverges(found) = conform(run(&plan)).unwrap().verdict {
                let found = found.into_iter().next().unwrap();
                assert_eq!(found.cause, Cause::NotAStep, "{found:#?}");
                steps += 1;
            }
            match conform_to(run(&plan), Some(mutant)).unwrap().verdict {
                Verdict::Diverges(found) => {
                    let found = found.into_iter().next().unwrap();
                    assert!(matches!(found.cause, Cause::Violates(_)), "{found:#?}");
                    violated += usize::from(found.cause == Cause::Violates(property));
                }
                Verdict::Conforms => {}
                Verdict::Incomplete(reasons) => panic!("{reasons:?}"),
            }
        }
        assert!(steps > 0 && violated > 0, "{mutant}: {steps} {violated}");
    }
}

#[test]
fn what_is_written_is_read_and_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let journals = run(&Plan::new(11))
        .into_iter()
        .enumerate()
        .map(|(at, found)| {
            let path = folder.path().join(format!("n{at}"));
            let mut writer = Writer::open(
                &path,
                u64::MAX,
                node::ClusterId::from_bytes([7; 16]),
                crate::host::id(at),
            )
            .unwrap();
            for (_, entry) in found.entries {
                // A file begins where the entries say so.
                if matches!(entry, Entry::Continue(_)) {
                    writer.flush().unwrap();
                    writer.rotate().unwrap();
                }
                writer.push(&entry);
            }
            writer.flush().unwrap();
            node::journal::read(&path).unwrap()
        });
    let found = conform(journals.collect()).unwrap();
    assert!(
        !matches!(found.verdict, Verdict::Diverges(_)),
        "{:#?}",
        found.lines()
    );
    let json = serde_json::to_string(&found).unwrap();
    assert!(json.contains("\"verdict\":"), "{json}");
}

#[test]
fn an_idle_cluster_conforms() {
    let mut plan = Plan::new(0);
    plan.steps = 0;
    let started = run(&plan).into_iter().enumerate();
    let started = started.map(|(at, found)| read(at, vec![found.entries[0].1.clone()]));
    let found = conform(started.collect()).unwrap();
    assert!(matches!(found.verdict, Verdict::Conforms));
}

/// Some million lines take some seconds; slow to make, so only when asked for.
#[test]
fn a_long_run_conforms() {
    if std::env::var_os("CONFORM_LONG").is_none() {
        return;
    }
    let mut plan = Plan::new(1);
    plan.keys = 60_000;
    plan.steps = 2_000_000;
    plan.crash = 100_000;
    let found = verdict(&plan);
    assert!(found.entries > 1_000_000);
}
