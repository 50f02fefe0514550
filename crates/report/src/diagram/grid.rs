//! A line on a screen, cell by cell.

use crate::{Piece, Tone};

/// A line on a screen; every character takes one cell.
#[derive(Clone)]
pub(super) struct Line {
    cells: Vec<(char, Tone)>,
}

impl Line {
    pub(super) fn new(width: usize) -> Line {
        Line {
            cells: vec![(' ', Tone::Plain); width],
        }
    }

    /// What stands at a place.
    pub(super) fn at(&self, x: usize) -> char {
        self.cells.get(x).map_or(' ', |(character, _)| *character)
    }

    /// Writes over what is there; what is beyond the end is lost.
    pub(super) fn put(&mut self, x: usize, text: &str, tone: Tone) {
        for (cell, character) in self.cells.iter_mut().skip(x).zip(text.chars()) {
            *cell = (character, tone);
        }
    }

    /// Neighbours of one tone together, without the blanks at the end.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let blank = self
            .cells
            .iter()
            .rposition(|(character, _)| *character != ' ');
        let mut pieces: Vec<Piece> = Vec::new();
        for (character, tone) in self.cells.iter().take(blank.map_or(0, |last| last + 1)) {
            match pieces.last_mut().filter(|piece| piece.tone == *tone) {
                Some(piece) => piece.text.push(*character),
                None => pieces.push(Piece::new(character.to_string(), *tone)),
            }
        }
        pieces
    }
}

/// Breaks a text into lines of at most so many characters, between words; a word that is too long is cut.
pub(super) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        for part in word.chunks(most.max(1)) {
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + part.len() <= most => {
                    line.push(' ');
                    line.extend(part);
                }
                Some(_) | None => lines.push(part.iter().collect()),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_character_and_the_width() {
        let text = "n0 → n1 Prepare 1.0 again ×3, n2 times out";
        let letters = |text: &str| text.replace(char::is_whitespace, "");
        for most in 1..50 {
            let lines = wrap(text, most);
            assert_eq!(letters(&lines.concat()), letters(text));
            assert!(
                lines.iter().all(|line| line.chars().count() <= most),
                "{most}: {lines:?}"
            );
        }
    }

    #[test]
    fn a_line_is_cut_at_its_end_and_has_no_blanks_there() {
        let mut line = Line::new(5);
        line.put(1, "ab", Tone::Saved);
        assert_eq!(line.pieces().len(), 2);
        line.put(2, "cdefg", Tone::Saved);
        let text: String = line.pieces().into_iter().map(|piece| piece.text).collect();
        assert_eq!(text, " acde");
    }
}
