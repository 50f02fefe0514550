//! Draws what begins a row: the arrow to its lane, and its text.

use super::canvas::{Anchor, Canvas};
use super::chart::Chart;
use super::gaps::{self, BESIDE, LOOP, LOOP_TEXT, Side};
use super::item::{Event, Fate, Flight, Row, Sent};
use super::layout::{LINE, Layout, MARGIN, Place};
use super::style;

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
    /// Whether this is the step that must not be.
    fn is_end(&self) -> bool {
        self.chart.is_end(self.row)
    }

    /// The arrow to the event.
    pub(super) fn arrow(&mut self) {
        let (x, y) = (self.x, self.place.event);
        match &self.row.event {
            Event::Ask(value) => {
                let from = self.layout.lanes[0];
                self.canvas.circle("dot", (from, y), 3);
                self.canvas
                    .path("line", Some(*value), &format!("M{from} {y}H{}", x - 5));
                let class = tip_class(Some(*value), Fate::Arrives);
                self.canvas.tip((x - 3, y), false, &class);
            }
            Event::Message(flight) => self.flight(flight),
            Event::Timeout | Event::Crash | Event::Other(_) | Event::Folded(_) => {}
        }
    }

    fn flight(&mut self, flight: &Flight) {
        let (x, y) = (self.x, self.place.event);
        let value = style::arrow_value(&flight.envelope.message);
        let back = gaps::origin(self.chart, self.row) == Some(Side::Right);
        let out = if back { 1 } else { -1 };
        let end = x + out * if flight.fate.arrives() { 5 } else { 8 };
        let label = x + out * (BESIDE + gaps::label_width(self.row) + 4);
        let rows = self.layout.rows.iter();
        let rows = rows.filter(|place| place.top < y).count();
        let is_far = |sent: Sent| flight.fate == Fate::ArrivesAgain && sent.row + AGAIN_ROWS < rows;
        let is_loop = gaps::is_loop(self.row);
        let data = match flight.sent {
            None => format!("M{label} {y}H{end}"),
            Some(sent) if is_far(sent) && is_loop => {
                format!("M{x} {0}C{1} {0} {1} {y} {end} {y}", y - 26, x + LOOP)
            }
            Some(sent) if is_far(sent) => {
                format!("M{} {}L{label} {y}H{end}", label + out * 14, y - 14)
            }
            Some(Sent { row, item }) => {
                let from = self.layout.lanes[self.chart.lane(flight.envelope.from)];
                let place = &self.layout.rows[row];
                let sent = item.and_then(|item| place.items.get(item));
                let sent = sent.unwrap_or(&place.bottom);
                match is_loop {
                    true => format!("M{from} {sent}C{0} {sent} {0} {y} {end} {y}", x + LOOP),
                    false => format!("M{from} {sent}L{label} {y}H{end}"),
                }
            }
        };
        self.canvas.path("line", value, &data);
        if flight.fate.arrives() {
            let class = tip_class(value, flight.fate);
            self.canvas.tip((x + out * 3, y), back, &class);
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
            // A client that concludes something of itself is told nothing.
            if self.x != to {
                let data = format!("M{} {y}H{}", self.x, to + 5);
                let class = if value.is_some() {
                    "line"
                } else {
                    "line flies"
                };
                self.canvas.path(class, value, &data);
                self.canvas
                    .tip((to + 3, *y), true, &tip_class(value, Fate::Arrives));
            }
            self.label((to + BESIDE, y - 5), Side::Right, value, &told, false);
        }
    }

    /// The event's mark on the lane, and its text.
    pub(super) fn event(&mut self) {
        let (x, y) = (self.x, self.place.event);
        if !self.row.strip.is_empty() {
            let at = (MARGIN, self.place.top + LINE - 3);
            self.canvas
                .text(at, Anchor::Start, "strip halo", &self.row.strip);
        }
        let arrives = self.row.event.flight().is_none_or(|one| one.fate.arrives());
        let (side, value) = match &self.row.event {
            Event::Folded(_) => {
                self.across();
                return;
            }
            Event::Crash => return,
            Event::Timeout | Event::Other(_) => (Side::Left, None),
            Event::Ask(value) => (Side::Left, Some(*value)),
            Event::Message(flight) => (
                gaps::origin(self.chart, self.row).unwrap_or(Side::Left),
                style::value(&flight.envelope.message),
            ),
        };
        if matches!(self.row.event, Event::Timeout) {
            self.clock();
        } else if arrives {
            self.canvas.circle("dot", (x, y), 3);
        }
        let at = match gaps::is_loop(self.row) {
            true => (x + BESIDE + LOOP_TEXT, y + 2),
            false => self.beside(side),
        };
        self.label(at, side, value, &self.row.event.label(), self.is_end());
    }

    /// What is told of steps together.
    fn across(&mut self) {
        let Place { top, bottom, .. } = *self.place;
        let size = (self.layout.width - 16, bottom - top - 6);
        self.canvas.rect("fold", (8, top + 3), size);
        let mut y = top + 17;
        for line in &self.place.across {
            self.canvas
                .text((2 * MARGIN, y), Anchor::Start, "small", line);
            y += 15;
        }
    }
}

/// The classes of an arrow's head: filled, or hollow for what has arrived before.
fn tip_class(value: Option<model::Letter>, fate: Fate) -> String {
    match (value, fate) {
        (None, Fate::ArrivesAgain) => " hollow".to_owned(),
        (None, Fate::Arrives | Fate::Ignored | Fate::Lost) => String::new(),
        (Some(value), Fate::ArrivesAgain) => format!(" hollow v{}", value.index()),
        (Some(value), Fate::Arrives | Fate::Ignored | Fate::Lost) => {
            format!(" v{0} f{0}", value.index())
        }
    }
}
