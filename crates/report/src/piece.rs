//! Text with a tone: what it is about, for whoever can show colours.

use model::Letter;

/// What a piece of text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    Plain,
    /// Lines, numbers, what can be skipped.
    Quiet,
    /// What is durable now.
    Saved,
    /// A phase that is entered, or the quorum that ends one.
    Phase,
    /// What is chosen, announced or told to a client.
    News,
    /// A crash, a loss, a failure, and what came of it.
    Trouble,
    /// What must not be.
    Bad,
    /// A value.
    Value(Letter),
}

/// Some text of one tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// What it is about.
    pub tone: Tone,
}

impl Piece {
    pub(crate) fn new(text: impl Into<String>, tone: Tone) -> Piece {
        let text = text.into();
        Piece { text, tone }
    }
}
