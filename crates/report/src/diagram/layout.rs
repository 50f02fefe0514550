//! Where everything goes: lanes as far apart as their texts need, rows as high as their items.

use super::chart::Chart;
use super::item::{Event, Fate, Item, Row};
use super::text::{self, LABEL, SMALL};

/// The places, in pixels from the upper left corner.
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    /// The lines of the heading; the first ones are the title.
    pub(super) title: Vec<String>,
    pub(super) fault: Vec<String>,
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
}

/// Which side of a lane something is on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// From a lane to a text beside it, arrowhead included.
pub(super) const BESIDE: i32 = 14;
/// What a message to oneself swings out by.
pub(super) const LOOP: i32 = 30;
/// How much farther out its text begins.
pub(super) const LOOP_TEXT: i32 = 15;
/// The height of a fact's box.
pub(super) const BOX: i32 = 18;
/// Room for a value's mark beside a text.
pub(super) const MARK: i32 = 15;
/// The height of a line in the heading and at the foot.
pub(super) const LINE: i32 = 17;
/// The height of a lane's head.
pub(super) const HEAD: i32 = 40;

const FOOT: &str = "Time runs downwards, a row is a step. Boxes: what a node has just saved. \
                    Not yet at: sent, and not arrived by the end of this story.";
const ROUND: &str = "The steps in the bracket go on for ever, each time in higher ballots. ";
const ROUND_EMPTY: &str = "After this, nothing more has to happen, for ever. ";
const MARGIN: i32 = 16;
const NUMBERS: i32 = 24;
/// Room for an arrow to change its height before its text begins.
const SLANT: i32 = 44;
const WIDTH_MIN: i32 = 380;

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
        let title = text::wrap(&chart.title, LABEL + 2, inner);
        let fault = text::wrap(chart.fault.as_deref().unwrap_or(""), LABEL, inner);
        let round = match chart.round {
            None => "",
            Some(from) if from == chart.rows.len() => ROUND_EMPTY,
            Some(_) => ROUND,
        };
        let foot = text::wrap(&format!("{round}{FOOT}"), SMALL, inner);
        let heads = MARGIN + LINE * (title.len() + fault.len()) as i32 + 8;
        let mut y = heads + HEAD + 4;
        let rows: Vec<Place> = chart.rows.iter().map(|row| place(row, &mut y)).collect();
        let end = y + 10;
        Layout {
            width,
            height: end + LINE * foot.len() as i32 + MARGIN + 4,
            title,
            fault,
            foot,
            heads,
            lanes,
            rows,
            end,
        }
    }
}

/// Where the arrow of a row comes from, as seen from the row's lane; `None` if there is no arrow.
pub(super) fn origin(chart: &Chart, row: &Row) -> Option<Side> {
    match &row.event {
        Event::Ask(_) => Some(Side::Left),
        Event::Timeout | Event::Crash | Event::Other(_) => None,
        Event::Message(flight) => {
            let from = chart.lane(flight.envelope.from);
            Some(if from < row.lane {
                Side::Left
            } else {
                Side::Right
            })
        }
    }
}

/// Whether the row's message is to its sender.
pub(super) fn is_loop(row: &Row) -> bool {
    match &row.event {
        Event::Message(flight) => flight.envelope.from == flight.envelope.to,
        Event::Ask(_) | Event::Timeout | Event::Crash | Event::Other(_) => false,
    }
}

/// How wide the text beside the row's event is, with a value's mark if it has one.
pub(super) fn label_width(row: &Row) -> i32 {
    let mark = match &row.event {
        Event::Ask(_) => MARK,
        Event::Message(flight) => super::style::value(&flight.envelope.message).map_or(0, |_| MARK),
        Event::Timeout | Event::Crash | Event::Other(_) => 0,
    };
    text::width(&row.event.label(), LABEL) + mark
}

/// How wide a box with this text is.
pub(super) fn box_width(text: &str) -> i32 {
    text::width(text, SMALL) + MARK + 14
}

/// How much room there must be to the left of each lane, and to the right of the last one.
fn gaps(chart: &Chart) -> Vec<i32> {
    let count = chart.lanes.len();
    let mut gaps = vec![0; count + 1];
    let mut need = |gap: usize, room: i32| gaps[gap] = room.max(gaps[gap]);
    for (index, lane) in chart.lanes.iter().enumerate() {
        let head = text::width(&lane.roles, SMALL).max(text::width(&lane.name, LABEL)) / 2 + 18;
        need(index, if index == 0 { head } else { 2 * head });
        need(index + 1, if index + 1 == count { head } else { 2 * head });
    }
    for row in &chart.rows {
        let room = BESIDE + label_width(row) + SLANT;
        match origin(chart, row) {
            _ if is_loop(row) => need(row.lane + 1, room - SLANT / 2 + LOOP_TEXT),
            Some(Side::Left) => need(row.lane, room),
            Some(Side::Right) => need(row.lane + 1, room),
            None => need(row.lane, room - SLANT / 2),
        }
        for item in &row.items {
            let half = item
                .boxes()
                .iter()
                .map(|text| box_width(text) / 2 + 8)
                .max();
            let half = half.unwrap_or(0);
            need(row.lane, half);
            need(row.lane + 1, half);
            let remark = item.remark();
            if !remark.is_empty() {
                let gap = match remark_side(chart, row, item) {
                    Side::Left => row.lane,
                    Side::Right => row.lane + 1,
                };
                need(gap, remark_at(item) + text::width(&remark, SMALL) + 10);
            }
            if let Some((told, _)) = item.told() {
                need(1, BESIDE + text::width(&told, LABEL) + MARK + SLANT / 2);
            }
        }
    }
    gaps
}

/// Which side of the lane an item's remark is on: where no arrow leaves, if there is such a side.
pub(super) fn remark_side(chart: &Chart, row: &Row, item: &Item) -> Side {
    match item {
        Item::Sends { said, missing } => {
            let mut arrived = said
                .to
                .iter()
                .filter(|to| !missing.contains(*to))
                .peekable();
            let all_right =
                arrived.peek().is_some() && arrived.all(|to| chart.lane(to) >= row.lane);
            if all_right { Side::Left } else { Side::Right }
        }
        Item::Saves(_)
        | Item::DoesNotSave(_)
        | Item::DoesNotSend(_)
        | Item::Quorum { .. }
        | Item::Announces(_)
        | Item::Tells(_)
        | Item::Crashes
        | Item::Answers(_)
        | Item::Stops
        | Item::Leaves(_)
        | Item::Restarts(_)
        | Item::Forgets(_) => Side::Right,
    }
}

/// How far from the lane an item's remark begins.
pub(super) fn remark_at(item: &Item) -> i32 {
    let half = item.boxes().iter().map(|text| box_width(text) / 2).max();
    match item {
        Item::Sends { .. } | Item::DoesNotSend(_) => 30,
        Item::DoesNotSave(_) | Item::Forgets(_) => half.unwrap_or(0) + 6,
        Item::Crashes
        | Item::Restarts(_)
        | Item::Saves(_)
        | Item::Quorum { .. }
        | Item::Announces(_)
        | Item::Tells(_)
        | Item::Answers(_)
        | Item::Stops
        | Item::Leaves(_) => BESIDE,
    }
}

fn place(row: &Row, y: &mut i32) -> Place {
    let top = *y;
    // A crash of itself has no text above it.
    let event = top
        + if matches!(row.event, Event::Crash) {
            4
        } else {
            24
        };
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
    }
}

fn height(item: &Item) -> i32 {
    let boxes = item.boxes().len() as i32 * (BOX + 2);
    match item {
        Item::Saves(_) | Item::DoesNotSave(_) | Item::Forgets(_) => boxes + 2,
        Item::Quorum { .. } | Item::Announces(_) => boxes + 4,
        Item::Sends { .. } | Item::DoesNotSend(_) => 16,
        // Room above for the text at the clients' lane.
        Item::Tells(_) | Item::Leaves(_) => 32,
        Item::Crashes | Item::Answers(_) | Item::Stops => 20,
        // The text comes first, the boxes under it.
        Item::Restarts(_) => boxes + 26,
    }
}

/// Where a node runs again, given the middle of the item.
pub(super) fn restart_at(item: &Item, middle: i32) -> i32 {
    middle - item.boxes().len() as i32 * (BOX + 2) / 2
}

/// Whether a row's message comes to its lane.
pub(super) fn arrives(row: &Row) -> bool {
    match &row.event {
        Event::Message(flight) => flight.fate != Fate::Lost,
        Event::Ask(_) | Event::Timeout | Event::Crash | Event::Other(_) => true,
    }
}
