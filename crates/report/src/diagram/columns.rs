//! The picture for a terminal: a lane a column, an event a line or two, and what came of it under it.

use super::chart::{Chart, Lane};
use super::grid::{Line, wrap};
use super::item::{Event, Fate, Flight, Item, Row};
use super::style;
use crate::facts::Fact;
use crate::phases::Entered;
use crate::words::spaced;
use crate::{Piece, Tone};

/// There are more lanes than a terminal has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{lanes} lanes need {needed} columns, and there are {width}")]
pub struct TooNarrow {
    /// How many lanes there are.
    pub lanes: usize,
    /// How wide they are together at least.
    pub needed: usize,
    /// How wide the terminal is.
    pub width: usize,
}

/// From a lane to the next one.
const PITCH_MIN: usize = 9;
const PITCH_MAX: usize = 28;
/// From the number of a step to the first lane, so that "clients" fits above it.
const GUTTER: usize = 5;
/// From a lane to the text beside it.
const BESIDE: usize = 2;

/// The lines on the screen.
pub(super) fn lines(chart: &Chart, width: usize) -> Result<Vec<Vec<Piece>>, TooNarrow> {
    let lanes = chart.lanes.len();
    let numbers = chart.steps.to_string().len();
    let left = numbers + GUTTER;
    let needed = left + lanes * PITCH_MIN;
    if needed > width {
        return Err(TooNarrow {
            lanes,
            needed,
            width,
        });
    }
    let pitch = ((width - left) / lanes.max(1)).min(PITCH_MAX);
    let mut screen = Screen {
        chart,
        width,
        numbers,
        places: (0..lanes).map(|lane| left + lane * pitch).collect(),
        pitch,
        ended: vec![false; lanes],
        lines: Vec::new(),
    };
    screen.heads();
    for (index, row) in chart.rows.iter().enumerate() {
        screen.round(index);
        screen.row(row);
    }
    screen.round(chart.rows.len());
    screen.feet();
    Ok(screen.lines.iter().map(Line::pieces).collect())
}

/// Written from top to bottom.
struct Screen<'a> {
    chart: &'a Chart,
    width: usize,
    numbers: usize,
    /// Where the lanes are.
    places: Vec<usize>,
    pitch: usize,
    /// Which lanes have come to their end.
    ended: Vec<bool>,
    lines: Vec<Line>,
}

impl Screen<'_> {
    /// A line with nothing but the lanes on it.
    fn blank(&self) -> Line {
        let mut line = Line::new(self.width);
        for (index, lane) in self.chart.lanes.iter().enumerate() {
            line.put(self.places[index], self.stroke(index, lane), Tone::Quiet);
        }
        line
    }

    fn stroke(&self, index: usize, lane: &Lane) -> &'static str {
        match (self.ended[index], lane.down) {
            (true, _) => " ",
            (false, true) => "┊",
            (false, false) => "│",
        }
    }

    fn heads(&mut self) {
        let mut line = Line::new(self.width);
        for group in self.chart.groups() {
            let room = self.pitch * (group.last - group.first + 1) - 1;
            let name: String = group.name.chars().take(room).collect();
            line.put(
                self.places[group.first].saturating_sub(1),
                &name,
                Tone::Quiet,
            );
        }
        self.lines.push(line);
        let mut line = Line::new(self.width);
        for (lane, place) in self.chart.lanes.iter().zip(&self.places) {
            let tone = if lane.is_decisive {
                Tone::Bad
            } else {
                Tone::Plain
            };
            let half = lane.name.chars().count() / 2;
            line.put(place.saturating_sub(half), &lane.name, tone);
        }
        self.lines.push(line);
    }

    /// How agreement broke.
    fn feet(&mut self) {
        self.lines.push(self.blank());
        let conflict = self.chart.conflict.as_ref();
        for sentence in conflict.iter().flat_map(|conflict| conflict.sentences()) {
            self.say(&sentence, Tone::Bad);
        }
    }

    /// Some words across all lanes.
    fn say(&mut self, text: &str, tone: Tone) {
        for text in wrap(text, self.width) {
            let mut line = Line::new(self.width);
            line.put(0, &text, tone);
            self.lines.push(line);
        }
    }

    fn round(&mut self, index: usize) {
        if self.chart.round == Some(index) {
            let is_empty = index == self.chart.rows.len();
            self.say(crate::story::round_words(is_empty), Tone::Quiet);
        }
    }

    fn row(&mut self, row: &Row) {
        if let Event::Folded(told) = &row.event {
            self.say(told, Tone::Quiet);
            return;
        }
        if !row.strip.is_empty() {
            self.say(&row.strip, Tone::Phase);
        }
        let is_end = self.chart.is_end(row);
        let from = self.lines.len();
        self.event(row, is_end);
        for item in &row.items {
            self.item(row.lane, item);
        }
        let number = format!("{:>1$}", row.steps.start(), self.numbers);
        let tone = if is_end { Tone::Bad } else { Tone::Quiet };
        if let Some(line) = self.lines.get_mut(from) {
            line.put(0, &number, tone);
        }
    }

    fn event(&mut self, row: &Row, is_end: bool) {
        let label = row.event.label();
        let tone = |tone| if is_end { Tone::Bad } else { tone };
        match &row.event {
            Event::Ask(value) => self.arrow(0, row.lane, &label, tone(Tone::Value(*value)), true),
            Event::Message(flight) => self.flight(row.lane, flight, &label, is_end),
            Event::Timeout => self.beside(row.lane, "○", &label, tone(Tone::Plain)),
            Event::Other(_) => self.beside(row.lane, "●", &label, tone(Tone::Plain)),
            // The crash is told by the row's items.
            Event::Crash | Event::Folded(_) => {}
        }
    }

    fn flight(&mut self, lane: usize, flight: &Flight, label: &str, is_end: bool) {
        let value = style::arrow_value(&flight.envelope.message);
        let tone = match (is_end, flight.fate, value) {
            (true, _, _) => Tone::Bad,
            (false, Fate::Lost, _) => Tone::Trouble,
            (false, Fate::Ignored, _) => Tone::Quiet,
            (false, Fate::Arrives | Fate::ArrivesAgain, Some(value)) => Tone::Value(value),
            (false, Fate::Arrives | Fate::ArrivesAgain, None) => Tone::Plain,
        };
        let from = self.chart.lane(flight.envelope.from);
        match from == lane {
            true => self.beside(lane, "●", &format!("↩ {label}"), tone),
            false => self.arrow(from, lane, label, tone, flight.fate.arrives()),
        }
    }

    /// A mark on a lane, and words beside it.
    fn beside(&mut self, lane: usize, mark: &str, text: &str, tone: Tone) {
        let place = self.places[lane];
        let room = self.width - place - BESIDE;
        let length = text.chars().count();
        if length <= room || self.numbers + length + BESIDE > place {
            for (index, text) in wrap(text, room).iter().enumerate() {
                let mut line = self.blank();
                if index == 0 {
                    line.put(place, mark, tone);
                }
                line.put(place + BESIDE, text, tone);
                self.lines.push(line);
            }
        } else {
            let mut line = self.blank();
            line.put(place, mark, tone);
            line.put(place - BESIDE + 1 - length, text, tone);
            self.lines.push(line);
        }
    }

    /// An arrow from lane to lane with a text on it: before its head if there is room, else over all of it, else on a line of
    /// its own.
    fn arrow(&mut self, from: usize, to: usize, label: &str, tone: Tone, arrives: bool) {
        let (start, end) = (self.places[from], self.places[to]);
        let (left, right) = (start.min(end), start.max(end));
        let mut line = self.blank();
        for x in left + 1..right {
            let crossed = if line.at(x) == ' ' { "─" } else { "┼" };
            line.put(x, crossed, tone);
        }
        let (tail, head) = if start < end {
            ("├", "▶")
        } else {
            ("┤", "◀")
        };
        line.put(start, tail, tone);
        let tip = if start < end { end - 1 } else { end + 1 };
        line.put(tip, if arrives { head } else { "╳" }, tone);
        let label = format!(" {label} ");
        let length = label.chars().count();
        let at = match (length + 3 <= self.pitch, start < end) {
            (true, true) => Some(end - 2 - length),
            (true, false) => Some(end + 3),
            (false, _) => (length + 3 < right - left).then(|| left + (right - left - length) / 2),
        };
        match at {
            Some(at) => line.put(at, &label, tone),
            None => {
                let mut above = self.blank();
                let at = (left + 1).min(self.width.saturating_sub(length));
                above.put(at, &label, tone);
                self.lines.push(above);
            }
        }
        self.lines.push(line);
    }

    fn item(&mut self, lane: usize, item: &Item) {
        let listed = |facts: &[Fact]| {
            let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
            facts.join(", ")
        };
        let (mark, text, tone) = match item {
            Item::Saves(facts) => ("│", format!("saves {}", listed(facts)), Tone::Saved),
            Item::DoesNotSave(facts) => {
                let text = format!("does not save {}", listed(facts));
                ("│", text, Tone::Trouble)
            }
            Item::Enters(entered @ Entered::Prepares(_)) => ("│", entered.to_string(), Tone::Phase),
            Item::Enters(entered @ Entered::Proposes(vote)) => {
                ("│", entered.to_string(), Tone::Value(vote.value))
            }
            Item::Sends { missing, .. } if missing.is_empty() => return,
            Item::Sends { .. } => ("│", item.remark(), Tone::Quiet),
            Item::DoesNotSend(said) => {
                let text = format!("does not send {} to {}", said.message, spaced(said.to));
                ("│", text, Tone::Trouble)
            }
            Item::Quorum(through) => {
                let tone = if through.is_bad() {
                    Tone::Bad
                } else {
                    Tone::Phase
                };
                ("│", through.lines().join(": "), tone)
            }
            Item::Announces(value) => ("│", format!("announces {value}"), Tone::News),
            Item::Tells(_) | Item::Leaves(_) => {
                self.told(lane, item);
                return;
            }
            Item::Crashes { .. } => ("╳", item.remark(), Tone::Trouble),
            Item::Answers(reply) => ("│", format!("answers: {reply}"), Tone::News),
            Item::Stops => {
                self.beside(lane, "╳", &item.remark(), Tone::Trouble);
                self.ended[lane] = true;
                return;
            }
            Item::Restarts(known) if known.is_empty() => ("○", item.remark(), Tone::Trouble),
            Item::Restarts(known) => {
                let text = format!("restarts, knows {}", listed(known));
                ("○", text, Tone::Trouble)
            }
            Item::Forgets(facts) => {
                let text = format!("has forgotten {}", listed(facts));
                ("│", text, Tone::Bad)
            }
        };
        let mark = if mark == "│" {
            self.stroke(lane, &self.chart.lanes[lane])
        } else {
            mark
        };
        self.beside(lane, mark, &text, tone);
    }

    /// What a client is told, or left with.
    fn told(&mut self, lane: usize, item: &Item) {
        let Some((told, value)) = item.told() else {
            return;
        };
        let tone = value.map_or(Tone::Trouble, Tone::Value);
        match self.chart.has_clients() && lane > 0 {
            true => self.arrow(lane, 0, &told, tone, true),
            false => self.beside(lane, "●", &told, tone),
        }
    }
}
