//! How values and kinds look: a value has a colour, a shape and a pattern of its own.

use model::Letter;
use paxos::Message;

use super::palette::{DARK, LIGHT};

/// The style sheet. Every rule is for this picture alone, since the picture can be part of a page.
pub(super) fn sheet() -> String {
    let (day, night) = (LIGHT.rules(), DARK.rules());
    format!("{FORMS}{day}@media (prefers-color-scheme:dark){{\n{night}}}\n")
}

/// Everything but the colours.
const FORMS: &str = "\
.pxd text{font-family:system-ui,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;font-size:12px}
.pxd .title{font-size:15px;font-weight:600}
.pxd .small,.pxd .number,.pxd .bad,.pxd .boxed{font-size:11px}
.pxd .name,.pxd .on,.pxd .strip{font-weight:700}
.pxd .halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}
.pxd .lane{stroke-width:1.5}
.pxd .off{stroke-dasharray:2 5}
.pxd .line{fill:none;stroke-width:1.4}
.pxd .value{stroke-width:2}
.pxd .flies{stroke-dasharray:3 2}
.pxd .ring{stroke-width:1.4}
.pxd .cross{fill:none;stroke-width:2.4}
.pxd .ever{fill:none;stroke-width:2}
.pxd .quorum{stroke-width:2.5}
.pxd .through{stroke-dasharray:1 4;stroke-linecap:round;stroke-width:2}
.pxd .void{stroke-dasharray:4 3}
.pxd .gone{text-decoration:line-through}
.pxd .mark{stroke-width:3px;paint-order:stroke}
.pxd .d1{stroke-dasharray:11 4}
.pxd .d2{stroke-dasharray:2 4}
.pxd .d3{stroke-dasharray:11 4 2 4}
.pxd .d4{stroke-dasharray:18 4}
.pxd .d5{stroke-dasharray:6 3}
.pxd .d6{stroke-dasharray:11 4 2 4 2 4}
.pxd .d7{stroke-dasharray:18 4 2 4}
";

/// The outlines of the values' marks around the middle, as polygons; none is a circle.
const SHAPES: [&[(i32, i32)]; Letter::LIMIT] = [
    &[],
    &[(-5, -5), (5, -5), (5, 5), (-5, 5)],
    &[(0, -6), (6, 5), (-6, 5)],
    &[(0, -6), (6, 0), (0, 6), (-6, 0)],
    &[(0, -6), (6, -1), (4, 5), (-4, 5), (-6, -1)],
    &[(-3, -5), (3, -5), (6, 0), (3, 5), (-3, 5), (-6, 0)],
    &[(-6, -5), (6, -5), (0, 6)],
    &[(-6, -3), (6, -3), (6, 3), (-6, 3)],
];

/// The outline of a value's mark around the middle; `None` is a circle.
pub(super) fn shape(value: Letter) -> Option<&'static [(i32, i32)]> {
    Some(SHAPES[value.index()]).filter(|outline| !outline.is_empty())
}

/// The classes of a line for a value: its colour, and its pattern.
pub(super) fn stroke(value: Option<Letter>) -> String {
    value.map_or(String::new(), |value| {
        format!(" value v{0} d{0}", value.index())
    })
}

/// The value a message is about.
pub(super) fn value(message: &Message<Letter>) -> Option<Letter> {
    message.parts().value
}

/// The value that an arrow is coloured for: only what may become chosen by it.
pub(crate) fn arrow_value(message: &Message<Letter>) -> Option<Letter> {
    message.statement().map(|vote| vote.value)
}
