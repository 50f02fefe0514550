//! A path as a picture: a line for each node, time downwards, an arrow for each message.

mod boxes;
mod build;
mod canvas;
mod chart;
mod columns;
mod difference;
mod draw;
mod fates;
mod fold;
mod gaps;
mod grid;
mod item;
mod layout;
mod palette;
mod row;
mod style;
mod text;

use model::{Action, State, World};
use stateright::Path;

use self::chart::Chart;
pub use self::columns::TooNarrow;
use self::layout::Layout;
use crate::{Piece, Telling};

pub(crate) use self::style::arrow_value;

/// A space-time diagram of a path, as a self-contained SVG: no script, no font, no file beside it.
///
/// A row is a step. A message is drawn when it arrives, from the row where it was sent, with its
/// text at the receiver; what was sent and has not arrived is noted at the sender. Boxes on a
/// node's line are what it has just saved, the phase it enters, and the quorum that is complete. The last row, the one
/// the path leads to, is highlighted; red, if two values are chosen in the end. Of more than sixty steps, those that
/// are repeated waiting are told together.
///
/// It can be put into a page ([`World::with_diagram`]), with others, or stand alone; it is light or dark as the reader has
/// it.
pub fn diagram(world: &World, path: &Path<State, Action>) -> String {
    diagram_of(world, path, &Telling::default())
}

/// The same, told for a reason.
pub fn diagram_of(world: &World, path: &Path<State, Action>, telling: &Telling) -> String {
    picture(world, path, telling, None)
}

/// A step that leads to different states on two sides.
#[derive(Clone, Copy, Debug)]
pub struct Apart<'a> {
    /// What happens on both.
    pub action: Action,
    /// The name of either side, and the state it gets to; `None` if nothing comes of it there.
    pub sides: [(&'a str, Option<&'a State>); 2],
}

/// A diagram of a path that two sides have in common, and of the step at which they part: once for either side. `world` is
/// that of one of them.
pub fn diagram_apart(world: &World, path: &Path<State, Action>, apart: &Apart<'_>) -> String {
    let [a, b] = apart.sides.map(|(name, _)| name);
    let step = path.clone().into_actions().len() + 1;
    let telling = Telling {
        shows: Some(format!("{a} and {b} part at step {step}")),
        is_violation: Some(false),
        tail: None,
    };
    picture(world, path, &telling, Some(apart))
}

fn picture(
    world: &World,
    path: &Path<State, Action>,
    telling: &Telling,
    apart: Option<&Apart<'_>>,
) -> String {
    let chart = Chart::new(world, path, telling, apart);
    let layout = Layout::new(&chart);
    draw::draw(&chart, &layout, &crate::lines(world, path))
}

/// The same picture for a terminal so many columns wide: a line of pieces for each line on the screen.
///
/// # Errors
/// If there are more lanes than there is room for.
pub fn text_diagram(
    world: &World,
    path: &Path<State, Action>,
    telling: &Telling,
    apart: Option<&Apart<'_>>,
    width: usize,
) -> Result<Vec<Vec<Piece>>, TooNarrow> {
    let chart = Chart::new(world, path, telling, apart);
    columns::lines(&chart, width)
}
