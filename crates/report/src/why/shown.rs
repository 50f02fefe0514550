//! What the end of a path shows of each property that is broken there.

use model::properties::chosen;
use model::{Consequence, Letter, Letters, ReadStatus, State};
use paxos::{NodeId, Vote};

use super::claims::claims;
use super::reading::Reading;
use super::{Breach, agreement, votes};
use crate::quorums::voters;
use crate::words;

/// What breaks a property. Nothing of the finer ones where what is `told` of the last step speaks of the very same.
pub(super) fn facts(reading: &Reading<'_>, property: &str, told: &[Breach]) -> Vec<String> {
    let is_told = told
        .iter()
        .any(|breach| breach.law == told[0].law && breach.step == reading.steps.len());
    match property {
        "agreement" => agreement::facts(reading, told),
        "validity" => invalid(reading),
        "votes-are-safe" => votes::facts(reading),
        _ if is_told => Vec::new(),
        "stability" => unstable(reading),
        "announced-is-chosen" => not_chosen(reading),
        "promises-rise" => fallen(reading),
        "no-vote-below-promise" => below_promise(reading),
        "one-value-per-ballot" => two_values(reading),
        "failure-is-true" => false_failure(reading),
        "linearizable" => told_too_little(reading),
        _ => Vec::new(),
    }
}

/// A value that nobody asked for.
fn invalid(reading: &Reading<'_>) -> Vec<String> {
    let asked = reading.world.values();
    let claims = claims(reading);
    let claim = claims.iter().find(|claim| !asked.contains(claim.value));
    claim.map_or(Vec::new(), |claim| {
        vec![
            claim.told.clone(),
            format!(
                "No client asked for {}: they ask for {}.",
                claim.value,
                listed(asked)
            ),
        ]
    })
}

fn listed(values: Letters) -> String {
    let values: Vec<String> = values.iter().map(|value| value.to_string()).collect();
    words::listed(&values)
}

/// A node that announced two values.
fn unstable(reading: &Reading<'_>) -> Vec<String> {
    let mut announced = Vec::new();
    for step in &reading.steps {
        for consequence in &step.consequences {
            let Consequence::Announces { node, value } = *consequence else {
                continue;
            };
            let earlier = announced.iter().find(|(other, _, _)| *other == node);
            if let Some((_, first, at)) = earlier {
                return vec![format!(
                    "{node} announced {first} at step {at} and {value} at step {}.",
                    step.number
                )];
            }
            announced.push((node, value, step.number));
        }
    }
    Vec::new()
}

/// A value that is announced or told, and that no quorum voted for.
fn not_chosen(reading: &Reading<'_>) -> Vec<String> {
    let (world, Some(last)) = (reading.world, reading.steps.last()) else {
        return Vec::new();
    };
    let chosen = chosen(world, &last.after);
    let claims = claims(reading);
    let mut said = claims.iter().filter(|claim| claim.quorum.is_none());
    let Some(claim) = said.find(|claim| !chosen.contains(claim.value)) else {
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for vote in votes::all(world, &last.after).iter().map(|cast| cast.vote) {
        let from = words::names(voters(world, &last.after, vote.ballot, vote.value));
        let told = format!("{from} voted for {vote}");
        if vote.value == claim.value && !found.contains(&told) {
            found.push(told);
        }
    }
    let votes = match found.as_slice() {
        [] => format!("Nobody voted for {}.", claim.value),
        found => format!(
            "{}: no quorum, as quorums are counted here.",
            words::listed(found)
        ),
    };
    vec![claim.told.clone(), votes]
}

/// An acceptor whose promise is below what it said.
fn fallen(reading: &Reading<'_>) -> Vec<String> {
    let (world, Some(last)) = (reading.world, reading.steps.last()) else {
        return Vec::new();
    };
    let mut acceptors = world.cluster().acceptors().iter();
    let fallen = acceptors.find_map(|node| {
        let said = votes::committed(world, &last.after, node)?;
        let knows = last.after.server(node).acceptor.promised;
        (knows < Some(said)).then_some((node, said, knows))
    });
    fallen.map_or(Vec::new(), |(node, said, knows)| {
        let bound = reading.bound(node, said, last.number + 1);
        let knows = knows.map_or("of no promise".to_owned(), |ballot| {
            format!("of no promise above {ballot}")
        });
        vec![format!(
            "{node} {bound}, and after step {} it knows {knows}.",
            last.number
        )]
    })
}

/// An acceptor that voted between the vote it reported and the ballot it promised.
fn below_promise(reading: &Reading<'_>) -> Vec<String> {
    let (world, Some(last)) = (reading.world, reading.steps.last()) else {
        return Vec::new();
    };
    let cast = votes::all(world, &last.after);
    for step in &reading.steps {
        for node in world.cluster().acceptors().iter() {
            let Some((ballot, reported)) = step.promises(node).next() else {
                continue;
            };
            let is_hidden = |vote: Vote<_>| {
                vote.ballot < ballot && Some(vote.ballot) > reported.map(|vote| vote.ballot)
            };
            let mut own = cast.iter().filter(|cast| cast.from == node);
            let Some(cast) = own.find(|cast| is_hidden(cast.vote)) else {
                continue;
            };
            let report = reported.map_or("no vote".to_owned(), |vote| format!("the vote {vote}"));
            let voted = reading.voted_at(node, cast.vote);
            let when = voted.map_or(String::new(), |step| format!(" at step {step}"));
            return vec![format!(
                "{node} promised {ballot} at step {}, reporting {report}, and voted for {}{when}.",
                step.number, cast.vote
            )];
        }
    }
    Vec::new()
}

/// A ballot with two values.
fn two_values(reading: &Reading<'_>) -> Vec<String> {
    let mut stated: Vec<(NodeId, Vote<_>, usize, &str)> = Vec::new();
    for step in &reading.steps {
        for said in step.sent() {
            let Some(Vote { ballot, value }) = said.message.statement() else {
                continue;
            };
            let did = if said.message.proposal().is_some() {
                "proposed"
            } else {
                "voted for"
            };
            let differs = |other: &Vote<_>| other.ballot == ballot && other.value != value;
            if let Some((node, other, at, did_other)) =
                stated.iter().find(|(_, other, _, _)| differs(other))
            {
                return vec![format!(
                    "Ballot {ballot} has two values: {node} {did_other} {} at step {at}, and {} {did} {value} at step {}.",
                    other.value, said.from, step.number
                )];
            }
            stated.push((said.from, Vote { ballot, value }, step.number, did));
        }
    }
    Vec::new()
}

/// A client that was told that nothing was done, though something was.
fn false_failure(reading: &Reading<'_>) -> Vec<String> {
    let Some(last) = reading.steps.last() else {
        return Vec::new();
    };
    let Some(clients) = &last.after.clients else {
        return Vec::new();
    };
    let asks = last.after.asks.iter().zip(&clients.calls).enumerate();
    let mut wrong = asks.filter(|(_, (outcome, call))| outcome.is_failure() && call.is_done);
    let Some((ask, (outcome, _))) = wrong.next() else {
        return Vec::new();
    };
    let first = |condition: &dyn Fn(&State) -> bool| {
        let step = reading.steps.iter().find(|step| condition(&step.after));
        step.map_or(0, |step| step.number)
    };
    let done = first(&|state| {
        state
            .clients
            .as_deref()
            .is_some_and(|clients| clients.calls[ask].is_done)
    });
    let told = first(&|state| state.asks[ask] == *outcome);
    vec![format!(
        "The client of request {ask} concluded {outcome} at step {told}, though the request was taken in at step {done}."
    )]
}

/// A reader that was told that nothing is chosen, and had asked when a client had been told a value.
fn told_too_little(reading: &Reading<'_>) -> Vec<String> {
    let Some(last) = reading.steps.last() else {
        return Vec::new();
    };
    let mut reads = last.after.reads.iter().enumerate();
    let wrong = reads.find(|(_, read)| read.status == ReadStatus::NothingChosen && read.after_news);
    let Some((read, _)) = wrong else {
        return Vec::new();
    };
    let first = |condition: &dyn Fn(&State) -> bool| {
        let step = reading.steps.iter().find(|step| condition(&step.after));
        step.map_or(0, |step| step.number)
    };
    let news = first(&|state| told_to_clients(state).next().is_some());
    let asked = first(&|state| state.reads[read].status != ReadStatus::NotAsked);
    let told = first(&|state| state.reads[read].status == ReadStatus::NothingChosen);
    let after = reading.steps.get(news.saturating_sub(1));
    let value = after.and_then(|step| told_to_clients(&step.after).next());
    let value = value.map_or_else(String::new, |value| format!(" that {value} is chosen"));
    vec![format!(
        "A client was told{value} at step {news}. Another one asked at step {asked}, and was told at step {told} that nothing is \
         chosen."
    )]
}

/// The values that clients have been told.
fn told_to_clients(state: &State) -> impl Iterator<Item = Letter> {
    let asks = state.asks.iter().filter_map(|outcome| outcome.told());
    asks.chain(state.reads.iter().filter_map(|read| read.status.told()))
}
