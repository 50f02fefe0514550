//! Draws what has a place, from back to front.

use super::canvas::{Anchor, Canvas, escape};
use super::chart::Chart;
use super::item::Item;
use super::layout::{HEAD, LINE, Layout, MARGIN, NAME, restart_at};
use super::row::At;
use super::style;
use super::text::{self, LABEL};

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// The whole picture; `told` is the path in words, for those who cannot see it.
pub(super) fn draw(chart: &Chart, layout: &Layout, told: &[String]) -> String {
    let mut canvas = Canvas::default();
    ground(chart, layout, &mut canvas);
    lanes(chart, layout, &mut canvas);
    let draw: [fn(&mut At<'_>); 3] = [
        |at| at.arrow(),
        |at| at.answers(),
        |at| {
            at.event();
            at.items();
        },
    ];
    for layer in draw {
        for (row, place) in chart.rows.iter().zip(&layout.rows) {
            layer(&mut At {
                chart,
                layout,
                row,
                place,
                x: layout.lanes[row.lane],
                canvas: &mut canvas,
            });
        }
    }
    let (width, height) = (layout.width, layout.height);
    let title = escape(&chart.headline());
    let conflict = chart.conflict.as_ref().map(|one| one.sentences().join(" "));
    let described: Vec<&str> = conflict.iter().chain(told).map(String::as_str).collect();
    let description = escape(&described.join("\n"));
    let (sheet, body) = (style::sheet(), canvas.into_body());
    // Pictures that are on one page are different ones.
    let id = format!("pxd-{:016x}", hash(&[&title, &description, &body]));
    format!(
        "<svg xmlns=\"{NAMESPACE}\" class=\"pxd\" role=\"img\" aria-labelledby=\"{id}-t\" aria-describedby=\"{id}-d\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title id=\"{id}-t\">{title}</title>\n<desc id=\"{id}-d\">{description}</desc>\n\
         <style>\n{sheet}</style>\n{body}</svg>\n"
    )
}

/// FNV-1a, which is the same everywhere and for ever.
fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The page, the heading, the numbers of the steps, and the foot.
fn ground(chart: &Chart, layout: &Layout, canvas: &mut Canvas) {
    let (width, height) = (layout.width, layout.height);
    canvas.rect("page", (0, 0), (width, height));
    let mut y = MARGIN;
    for (class, line) in &layout.heading {
        y += LINE;
        canvas.text((MARGIN, y - 4), Anchor::Start, class, line);
    }
    decisive(chart, layout, canvas);
    for (row, place) in chart.rows.iter().zip(&layout.rows) {
        let size = (width - 16, place.bottom - place.top);
        match (chart.is_last(row), chart.is_end(row)) {
            _ if !place.across.is_empty() => continue,
            (true, true) => canvas.rect("end", (8, place.top), size),
            (true, false) => canvas.rect("last", (8, place.top), size),
            (false, _) => {
                let data = format!("M8 {}H{}", place.bottom, width - 8);
                canvas.path("rule", None, &data);
            }
        }
        let at = (34, place.number + 4);
        canvas.text(at, Anchor::End, "number", &row.steps.start().to_string());
    }
    round(chart, layout, canvas);
    let foot = layout.end + 2 * LINE;
    for (line, y) in layout.foot.iter().zip((foot..).step_by(LINE as usize)) {
        canvas.text((MARGIN, y), Anchor::Start, "small", line);
    }
}

/// A band behind each lane that is in two quorums of which the one should have prevented the other.
fn decisive(chart: &Chart, layout: &Layout, canvas: &mut Canvas) {
    for (lane, x) in chart.lanes.iter().zip(&layout.lanes) {
        if lane.is_decisive {
            let top = layout.heads + HEAD - 2;
            canvas.rect("decisive", (x - 22, top), (44, layout.end - top));
        }
    }
}

/// The bracket around the steps that go on for ever, with an arrow from the last of them back to the first.
fn round(chart: &Chart, layout: &Layout, canvas: &mut Canvas) {
    let rows = chart.round.and_then(|from| layout.rows.get(from..));
    let Some((first, last)) = rows.and_then(|rows| Some((rows.first()?, rows.last()?))) else {
        return;
    };
    let (top, bottom) = (first.top + 6, last.bottom - 6);
    canvas.path("ever", None, &format!("M18 {bottom}H10V{top}H16"));
    canvas.path("evertip", None, &format!("M20 {top}l-7 -4v8z"));
}

/// The lines of nodes and clients with their heads; a crashed node's line is broken.
fn lanes(chart: &Chart, layout: &Layout, canvas: &mut Canvas) {
    let heads = layout.heads;
    for group in chart.groups() {
        let (from, to) = (layout.lanes[group.first], layout.lanes[group.last]);
        let at = ((from + to) / 2, heads + 11);
        canvas.text(at, Anchor::Middle, "small", &group.name);
        let data = format!("M{} {}H{}", from - 14, heads + 16, to + 14);
        canvas.path("lane", None, &data);
    }
    for (index, (lane, x)) in chart.lanes.iter().zip(&layout.lanes).enumerate() {
        let width = text::width(&lane.name, LABEL) + 20;
        let top = heads + HEAD - 2 - NAME;
        canvas.rect("head", (x - width / 2, top), (width, NAME));
        canvas.text((*x, top + 16), Anchor::Middle, "name", &lane.name);
        canvas.text((*x, layout.end + 13), Anchor::Middle, "small", &lane.name);
        let class = if lane.down { "lane off" } else { "lane" };
        let mut from = heads + HEAD - 2;
        for (row, place) in chart.rows.iter().zip(&layout.rows) {
            for (item, y) in row.items.iter().zip(&place.items) {
                if row.lane != index {
                    continue;
                }
                match item {
                    Item::Crashes { .. } => canvas.path(class, None, &format!("M{x} {from}V{y}")),
                    Item::Stops => {
                        canvas.path(class, None, &format!("M{x} {from}V{y}"));
                        from = layout.end;
                    }
                    Item::Restarts(_) => from = restart_at(item, *y),
                    Item::Saves(_)
                    | Item::DoesNotSave(_)
                    | Item::Enters(_)
                    | Item::Sends { .. }
                    | Item::DoesNotSend(_)
                    | Item::Quorum(_)
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
            let at = (x + 6, heads + HEAD + 12);
            canvas.text(at, Anchor::Start, "small", "never runs");
        }
    }
}
