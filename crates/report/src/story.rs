//! A path in words: what happened, step by step, and what came of it.

use model::properties::chosen;
use model::{Action, Consequence, Happening, Outcome, State, World};
use paxos::NodeId;
use stateright::Path;

use crate::phases::entered;
use crate::piece::{Piece, Tone};
use crate::quorums::quorums;
use crate::through::{Through, through};
use crate::{Tail, facts, votes};

/// What a path is told for.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    /// What it shows, in words: "agreement: violated in 14 steps".
    pub shows: Option<String>,
    /// Whether it ends with what must not be; `None`: it does if two values are chosen.
    pub is_violation: Option<bool>,
    /// How it goes on for ever, if that is what it shows.
    pub tail: Option<Tail>,
}

impl Telling {
    /// After how many steps a part begins that goes on for ever; nothing more has to happen if that is after all.
    pub(crate) fn round(&self) -> Option<usize> {
        self.tail.as_ref().and_then(Tail::stem)
    }
}

/// A path in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Whether the last step is what must not be.
    pub is_violation: bool,
    /// After how many steps a part begins that goes on for ever.
    pub round: Option<usize>,
    /// What is to be said after it.
    pub after: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happened.
    pub event: Piece,
    /// What came of it, in order.
    pub came: Vec<Came>,
}

/// One thing that came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// What.
    pub what: Piece,
    /// Whether it is a change of a node's own state, and not something that others get to know.
    pub is_inside: bool,
    /// Whether it follows from the rest: a phase that a message begins, a quorum that votes make.
    pub is_implied: bool,
}

/// What a path tells: numbered lines, one event each, in plain text.
///
/// A line is the event, an arrow, and what came of it in order. Where a quorum has voted for a
/// value, the line says that it is chosen, though no node may know it yet.
pub fn lines(world: &World, path: &Path<State, Action>) -> Vec<String> {
    Story::new(world, path, &Telling::default()).lines()
}

/// Events wider than this do not push the arrows of the other lines to the right.
const COLUMN_MAX: usize = 48;

/// What is said where a round begins, and where nothing is in it.
pub(crate) fn round_words(is_empty: bool) -> &'static str {
    match is_empty {
        true => "…and then nothing more has to happen, for ever",
        false => "…and so on for ever:",
    }
}

impl Story {
    /// The story of a path.
    pub fn new(world: &World, path: &Path<State, Action>, telling: &Telling) -> Story {
        let states = path.clone().into_states();
        let quorums = quorums(world, path);
        let through = through(world, &quorums);
        let steps = model::story(world, path)
            .iter()
            .zip(states.windows(2))
            .zip(1..)
            .map(|((happening, states), number)| Step {
                event: Piece::new(happening.action.to_string(), event_tone(happening.action)),
                came: came_of(world, happening, &states[0], &states[1], number, &through),
            })
            .collect();
        let ends_badly = crate::conflict::conflict(&quorums).is_some();
        Story {
            steps,
            is_violation: telling.is_violation.unwrap_or(ends_badly),
            round: telling.round(),
            after: telling.tail.iter().filter_map(Tail::after).collect(),
        }
    }

    /// Numbered lines, one event each: what came of it is on the same line.
    pub fn lines(&self) -> Vec<String> {
        let column = self.column();
        let numbers = self.number_width();
        let mut lines = Vec::new();
        for (step, index) in self.steps.iter().zip(0..) {
            self.tell_round(index, |text| lines.push(text.to_owned()));
            let told = step.came.iter().filter(|came| !came.is_implied);
            let told: Vec<&str> = told.map(|came| came.what.text.as_str()).collect();
            let (number, event) = (index + 1, &step.event.text);
            lines.push(match told.is_empty() {
                true => format!("{number:numbers$}  {event}"),
                false => format!("{number:numbers$}  {event:column$}  ⇒ {}", told.join("; ")),
            });
        }
        self.tell_round(self.steps.len(), |text| lines.push(text.to_owned()));
        lines.extend(self.after.iter().cloned());
        lines
    }

    /// The same for a terminal: what others get to know is on the event's line, and what changes within nodes is on
    /// lines of its own under it.
    pub fn told(&self) -> Vec<Vec<Piece>> {
        let column = self.column();
        let numbers = self.number_width();
        let mut lines = Vec::new();
        for (step, index) in self.steps.iter().zip(0..) {
            self.tell_round(index, |text| lines.push(quiet(text)));
            let is_end = self.is_violation && self.round.is_none() && index + 1 == self.steps.len();
            lines.push(step.line(index + 1, numbers, column, is_end));
            for came in step.came.iter().filter(|came| came.is_inside) {
                let indent = Piece::new(" ".repeat(numbers + 6), Tone::Plain);
                lines.push(vec![indent, came.what.clone()]);
            }
        }
        self.tell_round(self.steps.len(), |text| lines.push(quiet(text)));
        lines.extend(self.after.iter().map(|text| quiet(text)));
        lines
    }

    fn tell_round(&self, index: usize, mut tell: impl FnMut(&str)) {
        if self.round == Some(index) {
            tell(round_words(index == self.steps.len()));
        }
    }

    /// How wide events are, but for very wide ones.
    fn column(&self) -> usize {
        let widths = self
            .steps
            .iter()
            .map(|step| step.event.text.chars().count());
        let widths = widths.filter(|width| *width <= COLUMN_MAX);
        widths.max().unwrap_or(0)
    }

    fn number_width(&self) -> usize {
        self.steps.len().to_string().len()
    }
}

impl Step {
    /// The event, and what others get to know of what came of it.
    fn line(&self, number: usize, numbers: usize, column: usize, is_end: bool) -> Vec<Piece> {
        let (number_tone, event_tone) = match is_end {
            true => (Tone::Bad, Tone::Bad),
            false => (Tone::Quiet, self.event.tone),
        };
        let event = &self.event.text;
        let mut line = vec![
            Piece::new(format!("{number:numbers$}  "), number_tone),
            Piece::new(event.as_str(), event_tone),
        ];
        let outside = self.came.iter().filter(|came| !came.is_inside);
        for (came, index) in outside.zip(0..) {
            let between = match index {
                0 => {
                    let gap = column.saturating_sub(event.chars().count());
                    format!("{}  ⇒ ", " ".repeat(gap))
                }
                _ => "; ".to_owned(),
            };
            line.push(Piece::new(between, Tone::Quiet));
            line.push(came.what.clone());
        }
        line
    }
}

fn quiet(text: &str) -> Vec<Piece> {
    vec![Piece::new(text, Tone::Quiet)]
}

fn event_tone(action: Action) -> Tone {
    match action {
        Action::Step(_)
        | Action::Answer { .. }
        | Action::Read { .. }
        | Action::Repeat(_)
        | Action::Settle => Tone::Plain,
        Action::Torn { .. }
        | Action::Crash(_)
        | Action::Lose(_)
        | Action::GiveUp(_)
        | Action::Fail { .. }
        | Action::Stop(_) => Tone::Trouble,
    }
}

/// What came of a step: what its node and host did, and then what that amounts to.
fn came_of(
    world: &World,
    happening: &Happening,
    before: &State,
    after: &State,
    number: usize,
    through: &[Through],
) -> Vec<Came> {
    let mut came = Vec::new();
    for consequence in &happening.consequences {
        came.push(Came::of(consequence));
        if let Consequence::Restarts { node, .. } = consequence {
            came.extend(forgets(*node, after));
        }
    }
    for (index, (was, is)) in before.asks.iter().zip(&after.asks).enumerate() {
        let is_told = after.clients.is_some();
        if !is_told && *was != Outcome::Unknown && *is == Outcome::Unknown {
            let text = format!("the outcome of request {index} is UNKNOWN");
            came.push(Came::outside(text, Tone::Trouble));
        }
    }
    let complete = through.iter().filter(|one| one.quorum.step == number);
    came.extend(complete.map(Came::through));
    let entered = entered(before, after, &happening.consequences);
    came.extend(
        entered
            .into_iter()
            .map(|(node, entered)| Came::implied(format!("{node} {entered}"), Tone::Phase)),
    );
    let (was, is) = (chosen(world, before), chosen(world, after));
    let tone = if was.is_empty() {
        Tone::News
    } else {
        Tone::Bad
    };
    let news = votes::news(was, is).into_iter();
    came.extend(news.map(|text| Came::outside(text, tone)));
    came
}

/// What a restarted node should know from its disk and does not.
fn forgets(node: NodeId, after: &State) -> Option<Came> {
    let forgotten: Vec<String> = facts::forgotten(&after.server(node))
        .iter()
        .map(ToString::to_string)
        .collect();
    let text = format!("{node} has forgotten {}", forgotten.join(", "));
    (!forgotten.is_empty()).then(|| Came::inside(text, Tone::Bad))
}

impl Came {
    fn of(consequence: &Consequence) -> Came {
        let text = consequence.to_string();
        match consequence {
            Consequence::Saves { .. } => Came::inside(text, Tone::Saved),
            Consequence::DoesNotSend(_)
            | Consequence::DoesNotSave { .. }
            | Consequence::Stops { .. }
            | Consequence::Restarts { .. } => Came::inside(text, Tone::Trouble),
            Consequence::Sends(said) => Came::outside(
                text,
                crate::diagram::arrow_value(&said.message).map_or(Tone::Plain, Tone::Value),
            ),
            Consequence::TellsVote { .. } => Came::outside(text, Tone::Plain),
            Consequence::Announces { .. }
            | Consequence::TellsReader { .. }
            | Consequence::TellsClient { .. }
            | Consequence::Replies { .. }
            | Consequence::Concludes { .. } => Came::outside(text, Tone::News),
            Consequence::Notes { .. } => Came::outside(text, Tone::Quiet),
        }
    }

    /// A phase that is through.
    fn through(through: &Through) -> Came {
        let tone = if through.is_bad() {
            Tone::Bad
        } else {
            Tone::Phase
        };
        Came::implied(through.lines().join(": "), tone)
    }

    fn inside(text: String, tone: Tone) -> Came {
        Came {
            what: Piece::new(text, tone),
            is_inside: true,
            is_implied: false,
        }
    }

    fn outside(text: String, tone: Tone) -> Came {
        Came {
            what: Piece::new(text, tone),
            is_inside: false,
            is_implied: false,
        }
    }

    fn implied(text: String, tone: Tone) -> Came {
        Came {
            what: Piece::new(text, tone),
            is_inside: true,
            is_implied: true,
        }
    }
}
