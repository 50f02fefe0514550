//! A path as a picture: a line for each node, time downwards, an arrow for each message.

mod canvas;
mod chart;
mod draw;
mod item;
mod layout;
mod row;
mod style;
mod text;

use model::{Action, State, World};
use stateright::Path;

use self::chart::Chart;
use self::layout::Layout;

/// A space-time diagram of a path, as a self-contained SVG: no script, no font, no file beside it.
///
/// A row is a step. A message is drawn when it arrives, from the row where it was sent, with its
/// text at the receiver; what was sent and has not arrived is noted at the sender. Boxes on a
/// node's line are what it has just saved. The last row, the one the path leads to, is highlighted.
///
/// It can be put into a page ([`World::with_diagram`]) or stand alone.
pub fn diagram(world: &World, path: &Path<State, Action>) -> String {
    diagram_of(world, path, None)
}

/// The same; the steps from this one on go on for ever, which a bracket says.
pub(crate) fn diagram_of(
    world: &World,
    path: &Path<State, Action>,
    round: Option<usize>,
) -> String {
    let chart = Chart::new(world, path, round);
    let layout = Layout::new(&chart);
    draw::draw(&chart, &layout, &crate::lines(world, path))
}
