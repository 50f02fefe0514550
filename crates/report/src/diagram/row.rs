//! Draws a row: the arrow to it, its text, and what came of it, down the lane.

use model::Letter;

use super::canvas::{Anchor, Canvas};
use super::chart::Chart;
use super::item::{Event, Fate, Flight, Item, Row};
use super::layout::{self, BESIDE, BOX, LOOP, LOOP_TEXT, Layout, MARK, Place, Side};
use super::style;
use crate::facts::Fact;

/// A repeated arrival is drawn all the way from where it was sent if that is not farther up than
/// this many rows; the first arrival shows the way already.
const AGAIN_ROWS: usize = 6;

/// A row being drawn.
pub(super) struct At<'a> {
    pub(super) chart: &'a Chart,
    pub(super) layout: &'a Layout,
    pub(super) row: &'a Row,
    pub(super) place: &'a Place,
    /// Where its lane is.
    pub(super) x: i32,
    pub(super) canvas: &'a mut Canvas,
}

impl At<'_> {
    /// The arrow to the event.
    pub(super) fn arrow(&mut self) {
        let (x, y) = (self.x, self.place.event);
        match &self.row.event {
            Event::Ask(value) => {
                let from = self.layout.lanes[0];
                self.canvas.circle("dot", (from, y), 3);
                self.canvas
                    .path("line", Some(*value), &format!("M{from} {y}H{}", x - 5));
                self.canvas.tip((x - 3, y), false, Some(*value));
            }
            Event::Message(flight) => self.flight(flight),
            Event::Timeout | Event::Crash | Event::Other(_) => {}
        }
    }

    fn flight(&mut self, flight: &Flight) {
        let (x, y) = (self.x, self.place.event);
        let value = style::arrow_value(&flight.envelope.message);
        let back = layout::origin(self.chart, self.row) == Some(Side::Right);
        let out = if back { 1 } else { -1 };
        let end = x + out * if flight.fate.arrives() { 5 } else { 8 };
        let label = x + out * (BESIDE + layout::label_width(self.row) + 4);
        let class = match flight.fate {
            Fate::Arrives | Fate::Ignored | Fate::Lost => "line",
            Fate::ArrivesAgain => "line again",
        };
        let rows = self
            .layout
            .rows
            .iter()
            .filter(|place| place.top < y)
            .count();
        let far = |row: usize| flight.fate == Fate::ArrivesAgain && row + AGAIN_ROWS < rows;
        let data = match flight.sent {
            None => format!("M{label} {y}H{end}"),
            Some((row, _)) if far(row) && layout::is_loop(self.row) => {
                format!("M{x} {0}C{1} {0} {1} {y} {end} {y}", y - 26, x + LOOP)
            }
            Some((row, _)) if far(row) => {
                format!("M{} {}L{label} {y}H{end}", label + out * 14, y - 14)
            }
            Some((row, item)) => {
                let from = self.layout.lanes[self.chart.lane(flight.envelope.from)];
                let sent = self.layout.rows[row].items[item];
                match layout::is_loop(self.row) {
                    true => format!("M{from} {sent}C{0} {sent} {0} {y} {end} {y}", x + LOOP),
                    false => format!("M{from} {sent}L{label} {y}H{end}"),
                }
            }
        };
        self.canvas.path(class, value, &data);
        if flight.fate.arrives() {
            self.canvas.tip((x + out * 3, y), back, value);
        } else {
            self.cross((end, y), 4);
        }
    }

    /// The arrows to the clients.
    pub(super) fn answers(&mut self) {
        for (item, y) in self.row.items.iter().zip(&self.place.items) {
            let Some((told, value)) = item.told() else {
                continue;
            };
            let to = if self.chart.has_clients() {
                self.layout.lanes[0]
            } else {
                16
            };
            let class = if value.is_some() {
                "line"
            } else {
                "line again"
            };
            // A client that concludes something of itself is told nothing.
            if self.x != to {
                let data = format!("M{} {y}H{}", self.x, to + 5);
                self.canvas.path(class, value, &data);
                self.canvas.tip((to + 3, *y), true, value);
            }
            self.label((to + BESIDE, y - 5), Side::Right, value, &told);
        }
    }

    /// The event's mark on the lane, and its text.
    pub(super) fn event(&mut self) {
        let (x, y) = (self.x, self.place.event);
        if layout::arrives(self.row) && !matches!(self.row.event, Event::Crash) {
            self.canvas.circle("dot", (x, y), 3);
        }
        let (side, value) = match &self.row.event {
            Event::Crash => return,
            Event::Timeout => {
                self.clock();
                (Side::Left, None)
            }
            Event::Other(_) => (Side::Left, None),
            Event::Ask(value) => (Side::Left, Some(*value)),
            Event::Message(flight) => (
                layout::origin(self.chart, self.row).unwrap_or(Side::Left),
                style::value(&flight.envelope.message),
            ),
        };
        let at = match side {
            _ if layout::is_loop(self.row) => (x + BESIDE + LOOP_TEXT, y + 2),
            Side::Left => (x - BESIDE, y - 5),
            Side::Right => (x + BESIDE, y - 5),
        };
        self.label(at, side, value, &self.row.event.label());
    }

    /// A text beside a lane, with the mark of its value.
    fn label(&mut self, (x, y): (i32, i32), side: Side, value: Option<Letter>, text: &str) {
        let shift = value.map_or(0, |_| MARK);
        let (anchor, at, mark) = match side {
            Side::Left => (Anchor::End, x - shift, x - 6),
            Side::Right => (Anchor::Start, x + shift, x + 6),
        };
        self.canvas.text((at, y), anchor, "halo", text);
        if let Some(value) = value {
            self.canvas.mark(value, (mark, y - 4), false);
        }
    }

    /// What came of the event, down the lane.
    pub(super) fn items(&mut self) {
        for (item, y) in self.row.items.iter().zip(&self.place.items) {
            let (x, y) = (self.x, *y);
            let (mut text_y, mut class) = (y + 4, "small halo");
            match item {
                Item::Saves(facts) => self.facts(facts, y, "box", ""),
                Item::DoesNotSave(facts) | Item::Forgets(facts) => {
                    self.facts(facts, y, "void", "gone");
                    class = "bad halo";
                }
                Item::Quorum { value, second } => self.quorum(*value, *second, y, item),
                Item::Announces(value) => self.badge(*value, y, item),
                Item::Tells(_) | Item::Leaves(_) | Item::Answers(_) => {}
                Item::Sends { said, missing } => {
                    self.canvas.circle("dot", (x, y), 2);
                    if !missing.is_empty() {
                        let out = match layout::remark_side(self.chart, self.row, item) {
                            Side::Left => -1,
                            Side::Right => 1,
                        };
                        let value = style::arrow_value(&said.message);
                        let data = format!("M{x} {y}h{}", out * 20);
                        self.canvas.path("line again", value, &data);
                        self.canvas.circle("ring", (x + out * 22, y), 3);
                    }
                }
                Item::DoesNotSend(_) => {
                    self.canvas
                        .path("line", None, &format!("M{x} {y}H{}", x + 22));
                    self.canvas
                        .path("cross", None, &format!("M{} {}V{}", x + 23, y - 6, y + 6));
                    class = "bad halo";
                }
                Item::Crashes | Item::Stops => {
                    self.cross((x, y), 7);
                    class = "bad halo";
                }
                Item::Restarts(facts) => {
                    let again = layout::restart_at(item, y);
                    self.restart(again);
                    self.facts(facts, y + 13, "box", "");
                    text_y = again + 4;
                }
            }
            let remark = item.remark();
            if !remark.is_empty() {
                let out = layout::remark_at(item);
                let (anchor, at) = match layout::remark_side(self.chart, self.row, item) {
                    Side::Left => (Anchor::End, x - out),
                    Side::Right => (Anchor::Start, x + out),
                };
                self.canvas.text((at, text_y), anchor, class, &remark);
            }
        }
    }

    /// Boxes on the lane, one a fact, around the middle.
    fn facts(&mut self, facts: &[Fact], middle: i32, class: &str, text_class: &str) {
        let mut y = middle - facts.len() as i32 * (BOX + 2) / 2;
        for fact in facts {
            let value = match fact {
                Fact::Vote(vote) => Some(vote.value),
                Fact::Round(_) | Fact::Promise(_) => None,
            };
            let colour = value
                .filter(|_| class == "box")
                .map(|value| format!("stroke:{};stroke-width:2", style::colour(value)));
            self.boxed(
                &fact.to_string(),
                y,
                (class, text_class),
                value,
                colour.as_deref(),
            );
            y += BOX + 2;
        }
    }

    /// A box on the lane with its upper edge at `y`; its value's mark, if any, before the text.
    fn boxed(
        &mut self,
        text: &str,
        y: i32,
        (class, text_class): (&str, &str),
        value: Option<Letter>,
        colour: Option<&str>,
    ) {
        let width = layout::box_width(text) - if value.is_some() { 0 } else { MARK };
        let left = self.x - width / 2;
        self.canvas.rect(class, (left, y), (width, BOX), colour);
        let middle = match value {
            Some(value) => {
                let white = class == "badge";
                self.canvas.mark(value, (left + 11, y + BOX / 2), white);
                self.x + MARK / 2
            }
            None => self.x,
        };
        let class = format!("boxed {text_class}");
        self.canvas
            .text((middle, y + 13), Anchor::Middle, &class, text);
    }

    /// A vote has completed a quorum: chosen, though nobody may know.
    fn quorum(&mut self, value: Letter, second: bool, y: i32, item: &Item) {
        let colour = format!("stroke:{};stroke-dasharray:none", style::colour(value));
        for text in item.boxes() {
            let class = if second {
                ("void", "fault")
            } else {
                ("box", "")
            };
            self.boxed(&text, y - BOX / 2, class, Some(value), Some(&colour));
        }
    }

    /// A node announces a value.
    fn badge(&mut self, value: Letter, y: i32, item: &Item) {
        let colour = format!("fill:{}", style::colour(value));
        for text in item.boxes() {
            self.boxed(
                &text,
                y - BOX / 2,
                ("badge", "on"),
                Some(value),
                Some(&colour),
            );
        }
    }

    fn cross(&mut self, (x, y): (i32, i32), arm: i32) {
        let (left, right, top, bottom) = (x - arm, x + arm, y - arm, y + arm);
        let data = format!("M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}");
        self.canvas.path("cross", None, &data);
    }

    /// A clock on the lane.
    fn clock(&mut self) {
        let (x, y) = (self.x, self.place.event);
        self.canvas.circle("ring", (x, y), 7);
        self.canvas
            .path("line", None, &format!("M{x} {}V{y}H{}", y - 4, x + 3));
    }

    /// A ring where the lane goes on, with a point to show that it runs.
    fn restart(&mut self, y: i32) {
        let x = self.x;
        self.canvas.circle("ring", (x, y), 6);
        let data = format!("M{} {}L{} {y}L{} {}Z", x - 2, y - 3, x + 4, x - 2, y + 3);
        self.canvas.path("tip", None, &data);
    }
}
