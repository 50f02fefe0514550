//! Writes SVG elements. All text is escaped here.

use std::fmt::Write as _;

use model::Letter;

use super::style;

/// The body of a picture, written from back to front.
#[derive(Default)]
pub(super) struct Canvas {
    body: String,
}

/// Which point of a text is at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    /// The elements.
    pub(super) fn into_body(self) -> String {
        self.body
    }

    pub(super) fn text(&mut self, (x, y): (i32, i32), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = escape(text);
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" class=\"{class}\"{anchor}>{text}</text>"
        ));
    }

    /// A line; with a value, in its colour and pattern.
    pub(super) fn path(&mut self, class: &str, value: Option<Letter>, data: &str) {
        let stroke = style::stroke(value);
        self.put(format_args!(
            "<path class=\"{class}{stroke}\" d=\"{data}\"/>"
        ));
    }

    /// The head of an arrow that points to the right or, if `back`, to the left.
    pub(super) fn tip(&mut self, (x, y): (i32, i32), back: bool, class: &str) {
        let tail = if back { x + 9 } else { x - 9 };
        let (above, below) = (y - 4, y + 4);
        self.put(format_args!(
            "<path class=\"tip{class}\" d=\"M{x} {y}L{tail} {above}V{below}Z\"/>"
        ));
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (i32, i32), (width, height): (i32, i32)) {
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"4\"/>"
        ));
    }

    /// A rectangle whose ends are half circles.
    pub(super) fn pill(&mut self, class: &str, (x, y): (i32, i32), (width, height): (i32, i32)) {
        let radius = height / 2;
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"{radius}\"/>"
        ));
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (i32, i32), radius: i32) {
        self.put(format_args!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"
        ));
    }

    /// The mark of a value, in its colour or, on that, in the ground's.
    pub(super) fn mark(&mut self, value: Letter, (x, y): (i32, i32), is_on: bool) {
        let class = match is_on {
            true => "on".to_owned(),
            false => format!("mark f{}", value.index()),
        };
        match style::shape(value) {
            None => self.circle(&class, (x, y), 5),
            Some(outline) => {
                let points: Vec<String> = outline
                    .iter()
                    .map(|(right, down)| format!("{},{}", x + right, y + down))
                    .collect();
                let points = points.join(" ");
                self.put(format_args!(
                    "<polygon class=\"{class}\" points=\"{points}\"/>"
                ));
            }
        }
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").expect("a string takes all that is written to it");
    }
}

/// Text as XML has it. What XML cannot hold at all, such as control characters, is replaced.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            _ if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_makes_well_formed_xml() {
        let mut every: String = (0..0x300).filter_map(char::from_u32).collect();
        every.push_str("\u{fffe}\u{ffff}\u{1f600}]]>&amp;<!--");
        let mut canvas = Canvas::default();
        canvas.text((0, 0), Anchor::Start, "label", &every);
        let body = canvas.into_body();
        let document = roxmltree::Document::parse(&body).unwrap();
        let text = document.root_element().text().unwrap();
        assert!(
            text.contains("ABC") && text.ends_with("]]>&amp;<!--"),
            "{text}"
        );
    }
}
