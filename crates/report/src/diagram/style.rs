//! How values and kinds look: a value has a colour and a shape of its own.

use model::Letter;
use paxos::Message;

/// The style sheet. Every rule is for this picture alone, since the picture can be part of a page.
pub(super) const SHEET: &str = "\
.pxd text{font-family:system-ui,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;font-size:12px;fill:#1f2328}
.pxd .title{font-size:14px;font-weight:600}
.pxd .fault{fill:#b3261e}
.pxd .small,.pxd .number{font-size:11px;fill:#59636e}
.pxd .bad{font-size:11px;fill:#b3261e}
.pxd .name{font-weight:700}
.pxd .halo{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.pxd .page{fill:#fff;stroke:#d0d7de}
.pxd .last{fill:#fff4c2;stroke:#e0b93a}
.pxd .rule{stroke:#eef1f4}
.pxd .head{fill:#f3f5f8;stroke:#8c959f}
.pxd .lane{stroke:#8c959f;stroke-width:1.5}
.pxd .off{stroke-dasharray:2 5}
.pxd .line{fill:none;stroke:#57606a;stroke-width:1.4}
.pxd .tip{fill:#57606a}
.pxd .again{stroke-dasharray:6 4}
.pxd .cross{fill:none;stroke:#b3261e;stroke-width:2.4}
.pxd .dot{fill:#1f2328}
.pxd .ring{fill:#fff;stroke:#57606a;stroke-width:1.4}
.pxd .box{fill:#fff;stroke:#57606a}
.pxd .void{fill:#fff;stroke:#b3261e;stroke-dasharray:4 3}
.pxd .gone{text-decoration:line-through}
.pxd .boxed{font-size:11px}
.pxd .on{fill:#fff;font-weight:700}
.pxd .mark{stroke:#fff;stroke-width:3px;paint-order:stroke}
.pxd .white{fill:#fff}
";

/// The colours of the values, `A` first; the first two are told apart by everybody.
const COLOURS: [&str; Letter::LIMIT] = [
    "#0b62c4", "#bf5200", "#1a7f37", "#8250df", "#0e7490", "#a8326e", "#6b5b00", "#444c56",
];

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

/// The colour of a value.
pub(super) fn colour(value: Letter) -> &'static str {
    COLOURS[value.index()]
}

/// The outline of a value's mark around the middle; `None` is a circle.
pub(super) fn shape(value: Letter) -> Option<&'static [(i32, i32)]> {
    Some(SHAPES[value.index()]).filter(|outline| !outline.is_empty())
}

/// The value a message is about.
pub(super) fn value(message: &Message<Letter>) -> Option<Letter> {
    match message {
        Message::Propose { value, .. } | Message::Accepted { value, .. } => Some(*value),
        Message::Promise { accepted, .. } => accepted.map(|vote| vote.value),
        Message::Prepare { .. } | Message::Nack { .. } => None,
    }
}

/// The value that an arrow is coloured for: only what may become chosen by it.
pub(super) fn arrow_value(message: &Message<Letter>) -> Option<Letter> {
    match message {
        Message::Propose { value, .. } | Message::Accepted { value, .. } => Some(*value),
        Message::Promise { .. } | Message::Prepare { .. } | Message::Nack { .. } => None,
    }
}
