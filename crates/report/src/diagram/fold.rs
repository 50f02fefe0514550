//! Tells waiting together, where a story is long: what is said again, what is ignored, and time-outs.

use super::build::ASKS_AGAIN;
use super::item::{Event, Fate, Item, Row, Sent};
use crate::facts::Fact;
use crate::phases::Entered;

/// Stories of so many steps are told step by step.
const STEPS_MAX: usize = 60;
/// So many steps of waiting in a row are told step by step.
const RUN_MAX: usize = 2;

/// The rows, runs of waiting as one row each where the story is long; and where its round begins now. `first_node` is the
/// lane of node 0.
pub(super) fn fold(
    rows: Vec<Row>,
    round: Option<usize>,
    first_node: usize,
) -> (Vec<Row>, Option<usize>) {
    if rows.len() <= STEPS_MAX {
        return (rows, round);
    }
    let mut runs: Vec<Vec<Row>> = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let waits = is_waiting(&row);
        match runs.last_mut() {
            Some(run) if waits && Some(index) != round && run.iter().all(is_waiting) => {
                run.push(row);
            }
            Some(_) | None => runs.push(vec![row]),
        }
    }
    let mut folded: Vec<Row> = Vec::new();
    // For each row as it was, the row that tells it now, and whether that tells others too.
    let mut places = Vec::new();
    for run in runs {
        let is_folded = run.len() > RUN_MAX;
        match is_folded {
            true => {
                places.extend(run.iter().map(|_| (folded.len(), true)));
                folded.extend(together(&run, first_node));
            }
            false => {
                for row in run {
                    places.push((folded.len(), false));
                    folded.push(row);
                }
            }
        }
    }
    for row in &mut folded {
        if let Event::Message(flight) = &mut row.event {
            flight.sent = flight.sent.map(|sent| match places[sent.row] {
                (row, true) => Sent { row, item: None },
                (row, false) => Sent { row, ..sent },
            });
        }
    }
    let round = round.map(|from| places.get(from).map_or(folded.len(), |(row, _)| *row));
    (folded, round)
}

/// Whether a row changes no promise, no vote, no choice and no node's life: it can be told with others.
fn is_waiting(row: &Row) -> bool {
    let is_repetition = match &row.event {
        Event::Timeout => true,
        Event::Other(what) => what == ASKS_AGAIN,
        Event::Message(flight) => match flight.fate {
            Fate::ArrivesAgain | Fate::Ignored => true,
            Fate::Arrives | Fate::Lost => false,
        },
        Event::Ask(_) | Event::Crash | Event::Folded(_) => false,
    };
    let changes_nothing = |item: &Item| match item {
        Item::Saves(facts) => facts.iter().all(|fact| match fact {
            Fact::Round(_) => true,
            Fact::Promise(_) | Fact::Vote(_) => false,
        }),
        Item::Enters(Entered::Prepares(_)) | Item::Sends { .. } => true,
        Item::DoesNotSave(_)
        | Item::DoesNotSend(_)
        | Item::Enters(Entered::Proposes(_))
        | Item::Quorum(_)
        | Item::Announces(_)
        | Item::Tells(_)
        | Item::Crashes { .. }
        | Item::Leaves(_)
        | Item::Answers(_)
        | Item::Stops
        | Item::Restarts(_)
        | Item::Forgets(_) => false,
    };
    is_repetition && row.strip.is_empty() && row.items.iter().all(changes_nothing)
}

/// One row for all of them.
fn together(run: &[Row], first_node: usize) -> Option<Row> {
    let (first, last) = (run.first()?, run.last()?);
    let mut counts: Vec<(String, usize)> = Vec::new();
    for row in run {
        let what = in_words(row, first_node);
        match counts.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => counts.push((what, 1)),
        }
    }
    let told: Vec<String> = counts
        .into_iter()
        .map(|(what, count)| match count {
            1 => what,
            count => format!("{what} ×{count}"),
        })
        .collect();
    let steps = *first.steps.start()..=*last.steps.end();
    let (from, to) = (steps.start(), steps.end());
    Some(Row {
        event: Event::Folded(format!("steps {from}–{to}: {}", told.join(", "))),
        steps,
        strip: String::new(),
        lane: first.lane,
        items: Vec::new(),
    })
}

fn in_words(row: &Row, first_node: usize) -> String {
    let label = row.event.label();
    match row.event.flight() {
        Some(flight) => format!("{} → {} {label}", flight.envelope.from, flight.envelope.to),
        // What waits is a node.
        None => format!("n{} {label}", row.lane - first_node),
    }
}
