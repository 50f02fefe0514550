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

    /// A line; with a value, in its colour.
    pub(super) fn path(&mut self, class: &str, value: Option<Letter>, data: &str) {
        let style = value.map_or(String::new(), |value| {
            format!(" style=\"stroke:{}\"", style::colour(value))
        });
        self.put(format_args!(
            "<path class=\"{class}\"{style} d=\"{data}\"/>"
        ));
    }

    /// The head of an arrow that points to the right or, if `back`, to the left.
    pub(super) fn tip(&mut self, (x, y): (i32, i32), back: bool, value: Option<Letter>) {
        let style = value.map_or(String::new(), |value| {
            format!(" style=\"fill:{}\"", style::colour(value))
        });
        let tail = if back { x + 9 } else { x - 9 };
        let (above, below) = (y - 4, y + 4);
        self.put(format_args!(
            "<path class=\"tip\"{style} d=\"M{x} {y}L{tail} {above}V{below}Z\"/>"
        ));
    }

    pub(super) fn rect(
        &mut self,
        class: &str,
        (x, y): (i32, i32),
        (width, height): (i32, i32),
        colour: Option<&str>,
    ) {
        let style = colour.map_or(String::new(), |colour| format!(" style=\"{colour}\""));
        self.put(format_args!(
            "<rect class=\"{class}\"{style} x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"4\"/>"
        ));
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (i32, i32), radius: i32) {
        self.put(format_args!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"
        ));
    }

    /// The mark of a value, in its colour or in white.
    pub(super) fn mark(&mut self, value: Letter, (x, y): (i32, i32), white: bool) {
        let fill = match white {
            true => "class=\"white\"".to_owned(),
            false => format!("class=\"mark\" style=\"fill:{}\"", style::colour(value)),
        };
        match style::shape(value) {
            None => self.put(format_args!(
                "<circle {fill} cx=\"{x}\" cy=\"{y}\" r=\"5\"/>"
            )),
            Some(outline) => {
                let points: Vec<String> = outline
                    .iter()
                    .map(|(right, down)| format!("{},{}", x + right, y + down))
                    .collect();
                let points = points.join(" ");
                self.put(format_args!("<polygon {fill} points=\"{points}\"/>"));
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
