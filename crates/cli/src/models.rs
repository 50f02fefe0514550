//! `paxos models`: the scenarios, one line each.

use serde::Serialize;

use crate::error::Error;
use crate::load::{self, Loaded};
use crate::{Ended, args, print};

/// A scenario as `--json` has it.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    title: &'a str,
    tags: &'a [String],
    /// Without reductions, as the depth.
    states: Option<u64>,
    depth: Option<u32>,
    /// With all that are sound for it: what a check visits.
    states_reduced: Option<u64>,
    depth_reduced: Option<u32>,
    expected: std::collections::BTreeMap<&'a str, String>,
}

pub(crate) fn models(args: &args::ModelsArgs) -> Result<Ended, Error> {
    let loaded = load::shipped(true)?;
    if args.json {
        let list: Vec<Listed<'_>> = loaded.iter().map(listed).collect();
        print::line(&serde_json::to_string_pretty(&list)?)?;
        return Ok(Ended::Met);
    }
    let mut table = print::table(&[
        "scenario",
        "states",
        "reduced",
        "depth",
        "expected",
        "what it is",
    ]);
    for one in &loaded {
        let scenario = &one.scenario;
        let reduced = scenario.expect.reduced.unwrap_or_default();
        let number = |number: Option<u64>| number.map_or("?".to_owned(), print::number);
        let title = match one.is_large() {
            true => format!("{} (large)", scenario.title),
            false => scenario.title.clone(),
        };
        table.add_row([
            scenario.name.clone(),
            number(scenario.expect.states),
            reduced.states.map_or("-".to_owned(), print::number),
            number(scenario.expect.depth.or(reduced.depth).map(u64::from)),
            expected(one),
            title,
        ]);
    }
    print::right(&mut table, &[1, 2, 3]);
    print::line(&print::trimmed(&table))?;
    Ok(Ended::Met)
}

fn listed(one: &Loaded) -> Listed<'_> {
    let scenario = &one.scenario;
    Listed {
        name: &scenario.name,
        title: &scenario.title,
        tags: &scenario.tags,
        states: scenario.expect.states,
        depth: scenario.expect.depth,
        states_reduced: scenario.expect.reduced.and_then(|size| size.states),
        depth_reduced: scenario.expect.reduced.and_then(|size| size.depth),
        expected: scenario
            .expect
            .verdicts
            .iter()
            .map(|(property, verdict)| (property.as_str(), verdict.to_string()))
            .collect(),
    }
}

/// "safe", or what is expected to be violated.
fn expected(one: &Loaded) -> String {
    let violated: Vec<&str> = one
        .scenario
        .expect
        .verdicts
        .iter()
        .filter(|(_, verdict)| **verdict == model::Expected::Violated)
        .map(|(property, _)| property.as_str())
        .collect();
    match violated.as_slice() {
        [] => "safe".to_owned(),
        [one] => format!("violates {one}"),
        [one, rest @ ..] => format!("violates {one} and {} more", rest.len()),
    }
}
