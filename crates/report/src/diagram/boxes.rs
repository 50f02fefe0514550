//! What stands on a lane: boxes, crosses, clocks.

use model::Letter;

use super::canvas::Anchor;
use super::gaps::Side;
use super::gaps::{BESIDE, MARK, STUB, box_width, remark_at, remark_side};
use super::item::{Boxed, Item};
use super::layout::{BOX, BOX_LINE, boxes_height, restart_at};
use super::row::At;
use super::style;
use crate::through::Through;

impl At<'_> {
    /// What came of the event, down the lane.
    pub(super) fn items(&mut self) {
        for (item, y) in self.row.items.iter().zip(&self.place.items) {
            let (x, y) = (self.x, *y);
            let (mut text_y, mut class) = (y + 4, "small halo");
            match item {
                Item::Saves(_) => self.boxes(item, y, "box", ""),
                Item::DoesNotSave(_) | Item::Forgets(_) => {
                    self.boxes(item, y, "void", "gone");
                    class = "bad halo";
                }
                Item::Enters(_) => self.boxes(item, y, "phase", ""),
                Item::Quorum(through) => self.quorum(through, item, y),
                Item::Announces(_) => self.boxes(item, y, "badge", "on"),
                Item::Tells(_) | Item::Leaves(_) | Item::Answers(_) => {}
                Item::Sends { .. } => self.sends(item, y),
                Item::DoesNotSend(_) => {
                    let stub = format!("M{x} {y}H{}", x + STUB - 11);
                    self.canvas.path("line", None, &stub);
                    let stop = format!("M{} {}V{}", x + STUB - 10, y - 6, y + 6);
                    self.canvas.path("cross", None, &stop);
                    class = "bad halo";
                }
                Item::Crashes { .. } | Item::Stops => {
                    self.cross((x, y), 7);
                    class = "bad halo";
                }
                Item::Restarts(_) => {
                    let again = restart_at(item, y);
                    self.restart(again);
                    self.boxes(item, y + 13, "box", "");
                    text_y = again + 4;
                }
            }
            let remark = item.remark();
            if !remark.is_empty() {
                let out = remark_at(item);
                let (anchor, at) = match remark_side(self.chart, self.row, item) {
                    Side::Left => (Anchor::End, x - out),
                    Side::Right => (Anchor::Start, x + out),
                };
                self.canvas.text((at, text_y), anchor, class, &remark);
            }
        }
    }

    /// Where messages leave: the mark of what they are for, and a stub for those that do not arrive.
    fn sends(&mut self, item: &Item, y: i32) {
        let Item::Sends { said, missing, .. } = item else {
            return;
        };
        let x = self.x;
        let value = style::arrow_value(&said.message);
        if !missing.is_empty() {
            let (out, back) = match remark_side(self.chart, self.row, item) {
                Side::Left => (-1, true),
                Side::Right => (1, false),
            };
            let data = format!("M{x} {y}h{}", out * (STUB - 14));
            self.canvas.path("line", value, &data);
            let class = value.map_or(String::new(), |value| format!(" v{}", value.index()));
            // Where all of them are on the other side, an arrow would point the wrong way.
            let lanes = missing
                .iter()
                .map(|to| self.layout.lanes[self.chart.lane(to)]);
            let is_towards = lanes.into_iter().any(|lane| (lane - x) * out > 0);
            let at = (x + out * (STUB - 6), y);
            match is_towards {
                true => self.canvas.tip(at, back, &format!(" hollow{class}")),
                false => self
                    .canvas
                    .circle(&format!("ring{class}"), (at.0 - out * 5, y), 3),
            }
        }
        match value {
            Some(value) => self.canvas.mark(value, (x, y), false),
            None => self.canvas.circle("dot", (x, y), 2),
        }
    }

    /// The boxes of an item on the lane, around the middle.
    fn boxes(&mut self, item: &Item, middle: i32, class: &str, text_class: &str) {
        let mut y = middle - boxes_height(item) / 2;
        for boxed in item.boxes() {
            y += self.boxed(&boxed, y, class, text_class);
        }
    }

    /// A box on the lane with its upper edge at `top`, its value's mark before the text; how much room it takes.
    fn boxed(&mut self, boxed: &Boxed, top: i32, class: &str, text_class: &str) -> i32 {
        let width = box_width(boxed);
        let height = BOX + BOX_LINE * (boxed.lines.len() as i32 - 1);
        let left = self.x - width / 2;
        let is_on = class == "badge";
        // What must not be is red, whatever it is for.
        let value = boxed.value.filter(|_| text_class.is_empty() || is_on);
        let classes = match value {
            None => class.to_owned(),
            Some(value) if is_on => format!("{class} f{}", value.index()),
            Some(value) => format!("{class} value v{}", value.index()),
        };
        let size = (width, height);
        match class {
            "phase" => self.canvas.pill(&classes, (left, top), size),
            _ => self.canvas.rect(&classes, (left, top), size),
        }
        let middle = match boxed.value {
            Some(value) => {
                let at = (left + 11, top + BOX / 2);
                self.canvas.mark(value, at, is_on);
                self.x + MARK / 2
            }
            None => self.x,
        };
        let class = format!("boxed {text_class}");
        for (line, down) in boxed.lines.iter().zip((13..).step_by(BOX_LINE as usize)) {
            let at = (middle, top + down);
            self.canvas.text(at, Anchor::Middle, class.trim_end(), line);
        }
        height + 2
    }

    /// A phase is through: a box, and a dotted line to all who had a part in it, a dot at each.
    fn quorum(&mut self, through: &Through, item: &Item, middle: i32) {
        let lanes = through.quorum.members.iter().map(|node| {
            let lane = self.chart.lane(node);
            self.layout.lanes[lane]
        });
        let lanes: Vec<i32> = lanes.collect();
        let y = middle + boxes_height(item) / 2 - 9;
        let value = through.value();
        let colour = value.map_or(String::new(), |value| format!(" v{}", value.index()));
        let reach = lanes.iter().chain([&self.x]);
        if let (Some(from), Some(to)) = (reach.clone().min(), reach.max()) {
            let data = format!("M{from} {y}H{to}");
            self.canvas
                .path(&format!("line through{colour}"), None, &data);
        }
        for lane in lanes.into_iter().filter(|lane| *lane != self.x) {
            match value {
                Some(value) => self.canvas.mark(value, (lane, y), false),
                None => self.canvas.circle("dot", (lane, y), 4),
            }
        }
        match through.is_bad() {
            true => self.boxes(item, middle, "broken quorum", "wrong"),
            false => self.boxes(item, middle, "box quorum", ""),
        }
    }

    pub(super) fn cross(&mut self, (x, y): (i32, i32), arm: i32) {
        let (left, right, top, bottom) = (x - arm, x + arm, y - arm, y + arm);
        let data = format!("M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}");
        self.canvas.path("cross", None, &data);
    }

    /// A clock on the lane.
    pub(super) fn clock(&mut self) {
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

    /// A text beside a lane, with the mark of its value.
    pub(super) fn label(
        &mut self,
        (x, y): (i32, i32),
        side: Side,
        value: Option<Letter>,
        text: &str,
        is_wrong: bool,
    ) {
        let shift = value.map_or(0, |_| MARK);
        let (anchor, at, mark) = match side {
            Side::Left => (Anchor::End, x - shift, x - 6),
            Side::Right => (Anchor::Start, x + shift, x + 6),
        };
        let class = if is_wrong { "halo wrong" } else { "halo" };
        self.canvas.text((at, y), anchor, class, text);
        if let Some(value) = value {
            self.canvas.mark(value, (mark, y - 4), false);
        }
    }

    /// Where a text beside the row's event is.
    pub(super) fn beside(&self, side: Side) -> (i32, i32) {
        let (x, y) = (self.x, self.place.event);
        match side {
            Side::Left => (x - BESIDE, y - 5),
            Side::Right => (x + BESIDE, y - 5),
        }
    }
}
