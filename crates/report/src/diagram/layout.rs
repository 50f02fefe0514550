//! Where everything goes: lanes as far apart as their texts need, rows as high as their items.

use super::chart::Chart;
use super::gaps::gaps;
use super::item::{Event, Fate, Item, Row};
use super::text::{self, LABEL, SMALL};

/// The places, in pixels from the upper left corner.
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    /// The lines of the heading, with their class.
    pub(super) heading: Vec<(&'static str, String)>,
    pub(super) foot: Vec<String>,
    /// Where the heads of the lanes begin.
    pub(super) heads: i32,
    /// Where the lanes are.
    pub(super) lanes: Vec<i32>,
    pub(super) rows: Vec<Place>,
    /// Where the lanes end.
    pub(super) end: i32,
}

/// The places in a row.
pub(super) struct Place {
    pub(super) top: i32,
    pub(super) bottom: i32,
    /// Where the event is.
    pub(super) event: i32,
    /// Where the number of the step is.
    pub(super) number: i32,
    /// The middle of each item.
    pub(super) items: Vec<i32>,
    /// What is told across all lanes.
    pub(super) across: Vec<String>,
}

/// The height of a box of one line.
pub(super) const BOX: i32 = 18;
/// How much higher a box is for each further line.
pub(super) const BOX_LINE: i32 = 13;
/// The height of a line in the heading and at the foot.
pub(super) const LINE: i32 = 17;
/// The height of a lane's head, its group above it included.
pub(super) const HEAD: i32 = 46;
/// The height of a node's name in it.
pub(super) const NAME: i32 = 24;
/// From the edge of the page.
pub(super) const MARGIN: i32 = 16;

const FOOT: &str = "Time runs downwards, a row is a step. Boxes with square corners: what a node has just saved; round ones: the \
                    phase its proposer enters. In flight: sent, and not arrived by the end of this story.";
const NEVER: &str = " Never arrives: its proposer leaves that round behind, its node has failed for ever, or nothing happens any more.";
const QUORUM: &str = " Dots: whose promises or votes make a quorum.";
const AGAIN: &str = " Hollow heads: what has arrived before.";
const FOLDED: &str = " Steps of waiting are told together.";
const ROUND: &str = "The steps in the bracket go on for ever, each time in higher ballots. ";
const ROUND_EMPTY: &str = "After this, nothing more has to happen, for ever. ";
const NUMBERS: i32 = 24;
const WIDTH_MIN: i32 = 420;

impl Layout {
    pub(super) fn new(chart: &Chart) -> Layout {
        let gaps = gaps(chart);
        let mut lanes = Vec::new();
        let mut x = MARGIN + NUMBERS;
        for gap in &gaps[..chart.lanes.len()] {
            x += gap;
            lanes.push(x);
        }
        let width = (x + gaps[chart.lanes.len()] + MARGIN).max(WIDTH_MIN);
        let inner = width - 2 * MARGIN;
        let heading = heading(chart, inner);
        let foot = text::wrap(&foot(chart), SMALL, inner);
        let heads = MARGIN + LINE * heading.len() as i32 + 8;
        let mut y = heads + HEAD + 4;
        let rows: Vec<Place> = chart
            .rows
            .iter()
            .map(|row| place(row, inner, &mut y))
            .collect();
        let end = y + 10;
        Layout {
            width,
            height: end + LINE * (foot.len() as i32 + 1) + MARGIN,
            heading,
            foot,
            heads,
            lanes,
            rows,
            end,
        }
    }
}

fn heading(chart: &Chart, inner: i32) -> Vec<(&'static str, String)> {
    let mut heading = Vec::new();
    let mut add = |class, size, text: &str| {
        let lines = text::wrap(text, size, inner);
        heading.extend(lines.into_iter().map(|line| (class, line)));
    };
    add("title", LABEL + 3, &chart.title);
    let is_bad = chart.is_violation;
    if let Some(shows) = &chart.shows {
        add(if is_bad { "fault" } else { "plain" }, LABEL, shows);
    }
    if let Some(fault) = &chart.fault {
        add("fault", LABEL, fault);
    }
    if let Some(conflict) = &chart.conflict {
        add("plain", LABEL, &conflict.sentences().join(" "));
    }
    heading
}

fn foot(chart: &Chart) -> String {
    let round = match chart.round {
        None => "",
        Some(from) if from == chart.rows.len() => ROUND_EMPTY,
        Some(_) => ROUND,
    };
    let items = || chart.rows.iter().flat_map(|row| &row.items);
    let has_quorum = items().any(|item| matches!(item, Item::Quorum(_)));
    let quorum = if has_quorum { QUORUM } else { "" };
    let again = |row: &Row| {
        let flight = row.event.flight();
        flight.is_some_and(|flight| flight.fate == Fate::ArrivesAgain)
    };
    let again = if chart.rows.iter().any(again) {
        AGAIN
    } else {
        ""
    };
    let mut rows = chart.rows.iter();
    let folds = rows.any(|row| matches!(row.event, Event::Folded(_)));
    let folded = if folds { FOLDED } else { "" };
    let never = |item: &Item| matches!(item, Item::Sends { never, .. } if !never.is_empty());
    let never = if items().any(never) { NEVER } else { "" };
    format!("{round}{FOOT}{never}{quorum}{again}{folded}")
}

fn place(row: &Row, inner: i32, y: &mut i32) -> Place {
    let top = *y;
    if let Event::Folded(told) = &row.event {
        let across = text::wrap(told, SMALL, inner - 2 * MARGIN);
        *y += 10 + 15 * across.len() as i32;
        return Place {
            top,
            bottom: *y,
            event: (top + *y) / 2,
            number: 0,
            items: Vec::new(),
            across,
        };
    }
    let strip = if row.strip.is_empty() { 0 } else { LINE };
    // A crash of itself has no text above it.
    let above = if matches!(row.event, Event::Crash) {
        4
    } else {
        24
    };
    let event = top + strip + above;
    let mut below = event + 8;
    let items: Vec<i32> = row
        .items
        .iter()
        .map(|item| {
            let height = height(item);
            below += height;
            below - height / 2
        })
        .collect();
    *y = below + 6;
    Place {
        top,
        bottom: *y,
        event,
        number: match (&row.event, items.first()) {
            (Event::Crash, Some(first)) => *first,
            _ => event,
        },
        items,
        across: Vec::new(),
    }
}

/// The height of all of an item's boxes, with what is between them.
pub(super) fn boxes_height(item: &Item) -> i32 {
    let lines = item
        .boxes()
        .into_iter()
        .map(|one| one.lines.len() as i32 - 1);
    lines.map(|further| BOX + 2 + further * BOX_LINE).sum()
}

fn height(item: &Item) -> i32 {
    let boxes = boxes_height(item);
    match item {
        Item::Saves(_) | Item::DoesNotSave(_) | Item::Forgets(_) | Item::Enters(_) => boxes + 2,
        Item::Quorum(_) | Item::Announces(_) => boxes + 4,
        Item::Sends { .. } | Item::DoesNotSend(_) => 16,
        // Room above for the text at the clients' lane.
        Item::Tells(_) | Item::Leaves(_) => 32,
        Item::Crashes { .. } | Item::Answers(_) | Item::Stops => 20,
        // The text comes first, the boxes under it.
        Item::Restarts(_) => boxes + 26,
    }
}

/// Where a node runs again, given the middle of the item.
pub(super) fn restart_at(item: &Item, middle: i32) -> i32 {
    middle - boxes_height(item) / 2
}
