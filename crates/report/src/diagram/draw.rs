//! Draws what has a place, from back to front.

use super::canvas::{Anchor, Canvas, escape};
use super::chart::Chart;
use super::item::Item;
use super::layout::{HEAD, LINE, Layout, restart_at};
use super::row::At;
use super::{style, text};
use crate::words;

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// The whole picture; `told` is the path in words, for those who cannot see it.
pub(super) fn draw(chart: &Chart, layout: &Layout, told: &[String]) -> String {
    let mut canvas = Canvas::default();
    ground(chart, layout, &mut canvas);
    lanes(chart, layout, &mut canvas);
    for (row, place) in chart.rows.iter().zip(&layout.rows) {
        let mut at = At {
            chart,
            layout,
            row,
            place,
            x: layout.lanes[row.lane],
            canvas: &mut canvas,
        };
        at.arrow();
        at.answers();
    }
    for (row, place) in chart.rows.iter().zip(&layout.rows) {
        let mut at = At {
            chart,
            layout,
            row,
            place,
            x: layout.lanes[row.lane],
            canvas: &mut canvas,
        };
        at.event();
        at.items();
    }
    let (width, height) = (layout.width, layout.height);
    let steps = words::counted(chart.rows.len() as u64, "step", "steps");
    let title = escape(&format!("{}: {steps}", chart.title));
    let description = escape(&told.join("\n"));
    let (sheet, body) = (style::SHEET, canvas.into_body());
    format!(
        "<svg xmlns=\"{NAMESPACE}\" class=\"pxd\" role=\"img\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{title}</title>\n<desc>{description}</desc>\n<style>\n{sheet}</style>\n{body}</svg>\n"
    )
}

/// The page, the heading, the numbers of the steps, and the foot.
fn ground(chart: &Chart, layout: &Layout, canvas: &mut Canvas) {
    let (width, height) = (layout.width, layout.height);
    canvas.rect("page", (0, 0), (width, height), None);
    let mut y = 16;
    for (lines, class) in [(&layout.title, "title"), (&layout.fault, "fault")] {
        for line in lines {
            y += LINE;
            canvas.text((16, y - 4), Anchor::Start, class, line);
        }
    }
    let last = layout.rows.len();
    for (place, number) in layout.rows.iter().zip(1..) {
        if number == last && chart.round.is_none() {
            let size = (width - 16, place.bottom - place.top);
            canvas.rect("last", (8, place.top), size, None);
        } else {
            let data = format!("M8 {}H{}", place.bottom, width - 8);
            canvas.path("rule", None, &data);
        }
        let at = (34, place.number + 4);
        canvas.text(at, Anchor::End, "number", &number.to_string());
    }
    round(chart, layout, canvas);
    for (line, y) in layout
        .foot
        .iter()
        .zip((layout.end + LINE..).step_by(LINE as usize))
    {
        canvas.text((16, y), Anchor::Start, "small", line);
    }
}

/// The bracket around the steps that go on for ever, with an arrow from the last of them back to the first.
fn round(chart: &Chart, layout: &Layout, canvas: &mut Canvas) {
    let rows = chart.round.and_then(|from| layout.rows.get(from..));
    let Some((first, last)) = rows.and_then(|rows| Some((rows.first()?, rows.last()?))) else {
        return;
    };
    let (top, bottom) = (first.top + 6, last.bottom - 6);
    canvas.path("line", None, &format!("M18 {bottom}H10V{top}H16"));
    canvas.path("tip", None, &format!("M20 {top}l-7 -4v8z"));
}

/// The lines of nodes and clients with their heads; a crashed node's line is broken.
fn lanes(chart: &Chart, layout: &Layout, canvas: &mut Canvas) {
    for (index, (lane, x)) in chart.lanes.iter().zip(&layout.lanes).enumerate() {
        let head = text::width(&lane.roles, text::SMALL).max(text::width(&lane.name, text::LABEL));
        let head = head + 20;
        let size = (head, if lane.roles.is_empty() { 24 } else { HEAD - 2 });
        let top = layout.heads + HEAD - 2 - size.1;
        canvas.rect("head", (x - head / 2, top), size, None);
        canvas.text((*x, top + 16), Anchor::Middle, "name", &lane.name);
        canvas.text((*x, top + 31), Anchor::Middle, "small", &lane.roles);
        let class = if lane.down { "lane off" } else { "lane" };
        let mut from = layout.heads + HEAD - 2;
        for (row, place) in chart.rows.iter().zip(&layout.rows) {
            for (item, y) in row.items.iter().zip(&place.items) {
                if row.lane != index {
                    continue;
                }
                match item {
                    Item::Crashes => canvas.path(class, None, &format!("M{x} {from}V{y}")),
                    Item::Stops => {
                        canvas.path(class, None, &format!("M{x} {from}V{y}"));
                        from = layout.end;
                    }
                    Item::Restarts(_) => from = restart_at(item, *y),
                    Item::Saves(_)
                    | Item::DoesNotSave(_)
                    | Item::Sends { .. }
                    | Item::DoesNotSend(_)
                    | Item::Quorum { .. }
                    | Item::Announces(_)
                    | Item::Tells(_)
                    | Item::Leaves(_)
                    | Item::Answers(_)
                    | Item::Forgets(_) => {}
                }
            }
        }
        canvas.path(class, None, &format!("M{x} {from}V{}", layout.end));
        if lane.down {
            canvas.text(
                (x + 6, layout.heads + HEAD + 12),
                Anchor::Start,
                "small",
                "never runs",
            );
        }
    }
}
