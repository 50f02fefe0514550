//! How far apart the lanes are, and on which side of its lane everything is written.

use super::chart::Chart;
use super::item::{Boxed, Event, Item, Row};
use super::style;
use super::text::{self, LABEL, SMALL};

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
/// Room for a value's mark beside a text.
pub(super) const MARK: i32 = 15;
/// From a lane to the text of what is in flight.
pub(super) const STUB: i32 = 34;
/// Room for an arrow to change its height before its text begins.
const SLANT: i32 = 44;

/// How much room there must be to the left of each lane, and to the right of the last one.
pub(super) fn gaps(chart: &Chart) -> Vec<i32> {
    let count = chart.lanes.len();
    let mut gaps = Gaps(vec![0; count + 1]);
    for (index, lane) in chart.lanes.iter().enumerate() {
        let head = text::width(&lane.name, LABEL) / 2 + 18;
        gaps.around(index, count, head);
    }
    for group in chart.groups() {
        let width = text::width(&group.name, SMALL);
        match group.first == group.last {
            true => gaps.around(group.first, count, width / 2 + 10),
            false => gaps.need(group.first + 1, width),
        }
    }
    for row in &chart.rows {
        gaps.row(chart, row);
    }
    gaps.0
}

struct Gaps(Vec<i32>);

impl Gaps {
    fn need(&mut self, gap: usize, room: i32) {
        self.0[gap] = room.max(self.0[gap]);
    }

    /// Room on both sides of a lane for what its neighbours have as well.
    fn around(&mut self, lane: usize, count: usize, half: i32) {
        self.need(lane, if lane == 0 { half } else { 2 * half });
        self.need(lane + 1, if lane + 1 == count { half } else { 2 * half });
    }

    fn row(&mut self, chart: &Chart, row: &Row) {
        if matches!(row.event, Event::Folded(_)) {
            return;
        }
        let room = BESIDE + label_width(row) + SLANT;
        match origin(chart, row) {
            _ if is_loop(row) => self.need(row.lane + 1, room - SLANT / 2 + LOOP_TEXT),
            Some(Side::Left) => self.need(row.lane, room),
            Some(Side::Right) => self.need(row.lane + 1, room),
            None => self.need(row.lane, room - SLANT / 2),
        }
        for item in &row.items {
            let half = half_width(item);
            if half > 0 {
                self.need(row.lane, half + 8);
                self.need(row.lane + 1, half + 8);
            }
            let remark = item.remark();
            if !remark.is_empty() {
                let gap = match remark_side(chart, row, item) {
                    Side::Left => row.lane,
                    Side::Right => row.lane + 1,
                };
                self.need(gap, remark_at(item) + text::width(&remark, SMALL) + 10);
            }
            if let Some((told, _)) = item.told() {
                self.need(1, BESIDE + text::width(&told, LABEL) + MARK + SLANT / 2);
            }
        }
    }
}

/// Where the arrow of a row comes from, as seen from the row's lane; `None` if there is no arrow.
pub(super) fn origin(chart: &Chart, row: &Row) -> Option<Side> {
    if matches!(row.event, Event::Ask(_)) {
        return Some(Side::Left);
    }
    let flight = row.event.flight()?;
    Some(match chart.lane(flight.envelope.from) < row.lane {
        true => Side::Left,
        false => Side::Right,
    })
}

/// Whether the row's message is to its sender.
pub(super) fn is_loop(row: &Row) -> bool {
    let flight = row.event.flight();
    flight.is_some_and(|flight| flight.envelope.from == flight.envelope.to)
}

/// How wide the text beside the row's event is, with a value's mark if it has one.
pub(super) fn label_width(row: &Row) -> i32 {
    let value = match &row.event {
        Event::Ask(value) => Some(*value),
        Event::Message(flight) => style::value(&flight.envelope.message),
        Event::Timeout | Event::Crash | Event::Other(_) | Event::Folded(_) => None,
    };
    text::width(&row.event.label(), LABEL) + value.map_or(0, |_| MARK)
}

/// How wide a box is.
pub(super) fn box_width(boxed: &Boxed) -> i32 {
    let widths = boxed.lines.iter().map(|line| text::width(line, SMALL));
    let mark = boxed.value.map_or(0, |_| MARK);
    widths.max().unwrap_or(0) + mark + 14
}

/// How far the boxes of an item reach to either side of the lane.
fn half_width(item: &Item) -> i32 {
    let halves = item.boxes().into_iter().map(|one| box_width(&one) / 2);
    halves.max().unwrap_or(0)
}

/// Which side of the lane an item's remark is on: where no arrow leaves, if there is such a side.
pub(super) fn remark_side(chart: &Chart, row: &Row, item: &Item) -> Side {
    let Item::Sends { said, missing, .. } = item else {
        return Side::Right;
    };
    let arrived = said.to.iter().filter(|to| !missing.contains(*to));
    let mut lanes = arrived.map(|to| chart.lane(to)).peekable();
    match lanes.peek().is_some() && lanes.all(|lane| lane >= row.lane) {
        true => Side::Left,
        false => Side::Right,
    }
}

/// How far from the lane an item's remark begins.
pub(super) fn remark_at(item: &Item) -> i32 {
    match item {
        Item::Sends { .. } | Item::DoesNotSend(_) => STUB,
        Item::DoesNotSave(_) | Item::Forgets(_) => half_width(item) + 6,
        Item::Crashes { .. }
        | Item::Restarts(_)
        | Item::Saves(_)
        | Item::Enters(_)
        | Item::Quorum(_)
        | Item::Announces(_)
        | Item::Tells(_)
        | Item::Answers(_)
        | Item::Stops
        | Item::Leaves(_) => BESIDE,
    }
}
