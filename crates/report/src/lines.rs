//! A path as lines of text.

use model::properties::chosen;
use model::{Action, Consequence, Happening, Outcome, State, World};
use paxos::NodeId;
use stateright::Path;

use crate::{facts, votes};

/// What a path tells: numbered lines, one event each, in plain text.
///
/// A line is the event, an arrow, and what came of it in order. Where a quorum has voted for a
/// value, the line says that it is chosen, though no node may know it yet.
pub fn lines(world: &World, path: &Path<State, Action>) -> Vec<String> {
    let states = path.clone().into_states();
    let told: Vec<(String, String)> = model::story(world, path)
        .iter()
        .zip(states.windows(2))
        .map(|(happening, states)| {
            let came = came_of(world, happening, &states[0], &states[1]);
            (happening.action.to_string(), came.join("; "))
        })
        .collect();
    let numbers = told.len().to_string().len();
    let column = told
        .iter()
        .map(|(event, _)| event.chars().count())
        .filter(|width| *width <= COLUMN_MAX)
        .max()
        .unwrap_or(0);
    told.iter()
        .zip(1..)
        .map(|((event, came), number)| match came.is_empty() {
            true => format!("{number:numbers$}  {event}"),
            false => format!("{number:numbers$}  {event:column$}  ⇒ {came}"),
        })
        .collect()
}

/// Events wider than this do not push the arrows of the other lines to the right.
const COLUMN_MAX: usize = 48;

/// What came of a step: what its node and host did, and then what that amounts to.
fn came_of(world: &World, happening: &Happening, before: &State, after: &State) -> Vec<String> {
    let mut came = Vec::new();
    for consequence in &happening.consequences {
        came.push(consequence.to_string());
        if let Consequence::Restarts { node, .. } = consequence {
            came.extend(forgets(*node, after));
        }
    }
    for (index, (was, is)) in before.asks.iter().zip(&after.asks).enumerate() {
        let is_told = after.clients.is_some();
        if !is_told && *was != Outcome::Unknown && *is == Outcome::Unknown {
            came.push(format!("the outcome of request {index} is UNKNOWN"));
        }
    }
    let (was, is) = (chosen(world, before), chosen(world, after));
    came.extend(votes::news(was, is));
    came
}

/// What a restarted node should know from its disk and does not.
fn forgets(node: NodeId, after: &State) -> Option<String> {
    let forgotten: Vec<String> = facts::forgotten(&after.server(node))
        .iter()
        .map(ToString::to_string)
        .collect();
    (!forgotten.is_empty()).then(|| format!("{node} has forgotten {}", forgotten.join(", ")))
}
