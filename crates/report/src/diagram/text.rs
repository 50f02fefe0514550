//! How wide text is, without a font to ask: a careful guess for the sans-serif fonts in use.

/// The size of labels, in pixels.
pub(super) const LABEL: i32 = 12;
/// The size of remarks, in pixels.
pub(super) const SMALL: i32 = 11;

/// The width in pixels of a text of this size; rather too much than too little.
pub(super) fn width(text: &str, size: i32) -> i32 {
    let thousandths: i32 = text.chars().map(thousandths).sum();
    (thousandths * size + 999) / 1000
}

/// The width of a character in thousandths of the font's size, after DejaVu Sans, which is wide.
fn thousandths(character: char) -> i32 {
    match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' => 330,
        'f' | 't' | 'r' | 'I' | '(' | ')' | '-' => 420,
        'm' | 'w' | 'M' | 'W' | '=' | '…' | '→' => 960,
        'A'..='Z' => 700,
        _ => 640,
    }
}

/// Breaks a text into lines of at most this width, between words; a word that is too long has a
/// line of its own.
pub(super) fn wrap(text: &str, size: i32, most: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(word, size) + size / 3 <= most => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_word_in_order() {
        let text = "one acceptor, two proposers, and a crash";
        for most in 0..400 {
            let lines = wrap(text, LABEL, most);
            assert_eq!(lines.join(" "), text);
            let fits = |line: &String| width(line, LABEL) <= most || !line.contains(' ');
            assert!(lines.iter().all(fits), "{most}: {lines:?}");
        }
        assert!(wrap("", LABEL, 100).is_empty());
    }
}
