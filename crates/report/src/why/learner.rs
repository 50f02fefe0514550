//! What binds learners: to count each voter once, to announce what a quorum voted for, and to tell that to clients.

use model::{Action, Consequence, Letter, Reply};
use paxos::{Ballot, Learner, NodeId, NodeSet, Phase, Vote};

use super::reading::{Reading, Step};
use super::votes;
use crate::quorums::voters;
use crate::words;

/// What a node announces or tells anew, and whether it is told to a client.
fn news(step: &Step) -> Vec<(NodeId, Letter, bool)> {
    let Action::Step(_) = step.action else {
        return Vec::new();
    };
    let consequences = step.consequences.iter();
    let news = consequences.filter_map(|consequence| match *consequence {
        Consequence::Announces { node, value } => Some((node, value, false)),
        Consequence::TellsClient { node, value, .. } => Some((node, value, true)),
        Consequence::Replies {
            node,
            reply: Reply::Chosen(value),
            ..
        } => Some((node, value, true)),
        Consequence::Replies {
            reply: Reply::Busy | Reply::Refused,
            ..
        }
        | Consequence::Saves { .. }
        | Consequence::Sends(_)
        | Consequence::DoesNotSend(_)
        | Consequence::DoesNotSave { .. }
        | Consequence::Concludes { .. }
        | Consequence::TellsVote { .. }
        | Consequence::TellsReader { .. }
        | Consequence::Stops { .. }
        | Consequence::Restarts { .. }
        | Consequence::Notes { .. } => None,
    });
    news.collect()
}

/// What is announced, a quorum has voted for in one ballot, as far as this node has heard.
pub(super) fn announces_what_a_quorum_voted_for(
    reading: &Reading<'_>,
    step: &Step,
) -> Option<String> {
    let (node, value, is_told) = *news(step).first()?;
    let [before, after] = [&step.before, &step.after].map(|state| state.server(node).learner);
    if before.chosen() == Some(&value) {
        return None;
    }
    if is_told && before.chosen().or(after.chosen()).is_some() {
        // Whether what is told is what is known is another law's affair.
        return None;
    }
    let (ballot, from) = heard_of(step, node, value)?;
    if reading.is_quorum(Phase::Accept, from) {
        return None;
    }
    let number = step.number;
    let votes = match from.len() {
        1 => format!("the vote of {} for {ballot}={value}", words::names(from)),
        _ => format!("the votes of {} for {ballot}={value}", words::names(from)),
    };
    let copy = copied(reading, step, node, ballot, value);
    Some(format!(
        "{node} announced {value} at step {number} on {votes} alone: {}{copy}.",
        reading.quorum_takes(Phase::Accept)
    ))
}

/// The votes for a value that a node has heard of now, in the ballot that it counts.
fn heard_of(step: &Step, node: NodeId, value: Letter) -> Option<(Ballot, NodeSet)> {
    let heard = step.heard()?;
    let Vote {
        ballot,
        value: voted,
    } = heard.message.vote()?;
    let sender = NodeSet::EMPTY.with(heard.from);
    let [before, after] = [&step.before, &step.after].map(|state| state.server(node).learner);
    let counted = |learner| match learner {
        Learner::Counting {
            ballot,
            value: counted,
            voters,
        } if counted == value => Some((ballot, voters)),
        Learner::Counting { .. } | Learner::Unaware | Learner::Chosen(_) => None,
    };
    if let Some(counted) = counted(after) {
        return Some(counted);
    }
    match counted(before) {
        Some((same, voters)) if same == ballot && voted == value => {
            Some((same, voters.union(sender)))
        }
        Some(other) if voted != value => Some(other),
        Some(_) | None => Some((ballot, sender)),
    }
}

/// That the vote which arrives had been counted before, if it had.
fn copied(
    reading: &Reading<'_>,
    step: &Step,
    node: NodeId,
    ballot: Ballot,
    value: Letter,
) -> String {
    let Some(heard) = step.heard() else {
        return String::new();
    };
    let is_copy = heard.message.vote() == Some(Vote { ballot, value });
    let mut earlier = reading.steps[..step.number - 1].iter();
    let counted = match step.before.server(node).learner {
        Learner::Counting { voters, .. } => voters.contains(heard.from),
        Learner::Unaware | Learner::Chosen(_) => false,
    };
    match earlier.rfind(|step| step.heard() == Some(heard)) {
        Some(first) if is_copy && counted => format!(
            ", and the vote of {} that arrived then had been counted at step {} already",
            heard.from, first.number
        ),
        Some(_) | None => String::new(),
    }
}

/// A client is told what the node knows to be chosen.
pub(super) fn tells_what_it_knows(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    news(step).into_iter().find_map(|(node, value, is_told)| {
        let known = *step.after.server(node).learner.chosen()?;
        (is_told && known != value).then(|| {
            format!(
                "{node} told its client at step {} that {value} is chosen, though it knew that {known} is.",
                step.number
            )
        })
    })
}

/// Whether acceptors are a quorum is as the variant has it, and more of them are never less of one.
pub(super) fn counts_quorums_by_size(reading: &Reading<'_>, step: &Step) -> Option<String> {
    let world = reading.world;
    votes::all(world, &step.after).into_iter().find_map(|cast| {
        let vote = cast.vote;
        let from = voters(world, &step.after, vote.ballot, vote.value);
        let is_news = from != voters(world, &step.before, vote.ballot, vote.value);
        let counted = world
            .rules()
            .is_quorum(Phase::Accept, world.cluster(), from);
        let judged = match counted {
            true => "a quorum",
            false => "no quorum",
        };
        (is_news && counted != reading.is_quorum(Phase::Accept, from)).then(|| {
            format!(
                "{} had voted for {vote} by step {}: in this world that is {judged}, though {}.",
                words::names(from),
                step.number,
                reading.quorum_takes(Phase::Accept)
            )
        })
    })
}

/// What a node learns it announces at once: nobody asks it again.
pub(super) fn announces_what_it_learns(_reading: &Reading<'_>, step: &Step) -> Option<String> {
    step.after.servers().find_map(|(node, server)| {
        let value = server.learner.chosen()?;
        let is_news = step.before.server(node).learner.chosen().is_none();
        (is_news && !server.announced.contains(*value)).then(|| {
            format!(
                "{node} learned at step {} that {value} is chosen, and did not announce it.",
                step.number
            )
        })
    })
}
