//! Stories on a terminal: a line an event, or lanes side by side; in colour where that may be.

use anstyle::{AnsiColor, Color, Effects, Style};
use model::{Action, Letter, State, World};
use report::{Apart, Judged, Piece, Story, Telling, Tone, Why};
use stateright::Path;

use crate::args::StoryArgs;
use crate::error::Error;
use crate::print;

/// A path under its heading.
pub(crate) fn print_path(
    args: StoryArgs,
    world: &World,
    path: &Path<State, Action>,
    telling: &Telling,
) -> Result<(), Error> {
    if args.diagram {
        return print_lanes(world, path, telling, None);
    }
    print_pieces(INDENT, &Story::new(world, path, telling).told())
}

/// The path that shows a property, if there is one.
pub(crate) fn print_judged(args: StoryArgs, world: &World, judged: &Judged) -> Result<(), Error> {
    let Some(path) = judged.verdict.path() else {
        return Ok(());
    };
    if args.diagram {
        return print_lanes(world, path, &judged.telling(), None);
    }
    print_pieces(INDENT, &Story::new(world, path, &judged.telling()).told())
}

/// The path side by side, with the step at which two sides part if there is one.
pub(crate) fn print_lanes(
    world: &World,
    path: &Path<State, Action>,
    telling: &Telling,
    apart: Option<&Apart<'_>>,
) -> Result<(), Error> {
    let width = print::width().saturating_sub(INDENT.len());
    match report::text_diagram(world, path, telling, apart, width) {
        Ok(lines) => print_pieces(INDENT, &lines),
        Err(narrow) => {
            print::line(&format!(
                "{INDENT}no diagram: {narrow}; widen the terminal or set COLUMNS. As lines:"
            ))?;
            print_pieces(INDENT, &Story::new(world, path, telling).told())
        }
    }
}

/// What stories are set off by.
pub(crate) const INDENT: &str = "  ";

/// Lines of pieces, in their colours.
pub(crate) fn print_pieces(indent: &str, lines: &[Vec<Piece>]) -> Result<(), Error> {
    for pieces in lines {
        let mut line = indent.to_owned();
        for piece in pieces {
            let style = style(piece.tone);
            line += &format!("{style}{}{style:#}", piece.text);
        }
        print::line(line.trim_end())?;
    }
    Ok(())
}

fn style(tone: Tone) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(Color::from(colour)));
    match tone {
        Tone::Plain => Style::new(),
        Tone::Quiet => Style::new().dimmed(),
        Tone::Saved => colour(AnsiColor::Cyan),
        Tone::Phase => Style::new().effects(Effects::ITALIC),
        Tone::News => colour(AnsiColor::Green),
        Tone::Trouble => colour(AnsiColor::Yellow),
        Tone::Bad => colour(AnsiColor::Red).bold(),
        Tone::Value(value) => colour(VALUES[value.index()]),
    }
}

/// The colours of the values, `A` first.
const VALUES: [AnsiColor; Letter::LIMIT] = [
    AnsiColor::Blue,
    AnsiColor::Magenta,
    AnsiColor::Green,
    AnsiColor::Cyan,
    AnsiColor::BrightBlue,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightGreen,
    AnsiColor::BrightCyan,
];

/// Why a property is broken, below the path that breaks it: a line a sentence.
pub(crate) fn print_why(why: Option<&Why>) -> Result<(), Error> {
    for sentence in why.iter().flat_map(|why| &why.sentences) {
        let mark = print::toned(print::Tone::Doubtful, "why:");
        print::line(&format!("{INDENT}{mark} {sentence}"))?;
    }
    Ok(())
}
