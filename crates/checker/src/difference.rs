//! Two texts of one value that should be equal: the first line in which they are not.

use std::fmt;

/// Where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The fields that lead there, outermost first, as in `servers.[1].disk`. Empty: their texts are
    /// equal, so what differs is nothing that `Debug` shows, or is gone when asked again.
    pub field: String,
    /// What the first one has there; nothing, if their texts are equal.
    pub first: String,
    /// What the second one has there.
    pub second: String,
}

impl Difference {
    /// The first difference of two texts in the form of `{:#?}`.
    pub fn of(first: &str, second: &str) -> Self {
        let mut here = Fields::default();
        let mut there = Fields::default();
        let (mut firsts, mut seconds) = (first.lines(), second.lines());
        loop {
            let (one, other) = match (firsts.next(), seconds.next()) {
                (None, None) => {
                    return Self {
                        field: String::new(),
                        first: String::new(),
                        second: String::new(),
                    };
                }
                (one, other) => (one.unwrap_or(""), other.unwrap_or("")),
            };
            here.enter(one);
            there.enter(other);
            if one != other {
                // The end of a list says less than what the other list has there.
                let field = match is_end(one) {
                    true => there.path(),
                    false => here.path(),
                };
                return Self {
                    field,
                    first: one.trim().to_owned(),
                    second: other.trim().to_owned(),
                };
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return write!(f, "in nothing that Debug shows, or shows again");
        }
        write!(
            f,
            "in {}: {} or {}",
            self.field,
            shown(&self.first),
            shown(&self.second)
        )
    }
}

fn shown(text: &str) -> String {
    match text.trim_end_matches(',') {
        text if text.is_empty() || is_end(text) => "nothing".to_owned(),
        text => format!("`{text}`"),
    }
}

/// Whether a line only closes what was opened.
fn is_end(line: &str) -> bool {
    matches!(
        line.trim_start().chars().next(),
        None | Some('}' | ']' | ')')
    )
}

/// The fields around a line, found by its indentation.
#[derive(Default)]
struct Fields {
    open: Vec<Open>,
}

/// A line that others are indented under.
struct Open {
    indent: usize,
    label: String,
    /// How many lines without a name were directly under it.
    unnamed: usize,
}

impl Fields {
    fn enter(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if is_end(line) {
            // What is closed stays the place one is at.
            self.open.retain(|open| open.indent <= indent);
            return;
        }
        self.open.retain(|open| open.indent < indent);
        let label = match (name(text), self.open.last_mut()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(parent)) => {
                parent.unnamed += 1;
                format!("[{}]", parent.unnamed - 1)
            }
            // The value itself.
            (None, None) => String::new(),
        };
        self.open.push(Open {
            indent,
            label,
            unnamed: 0,
        });
    }

    fn path(&self) -> String {
        let labels: Vec<&str> = self
            .open
            .iter()
            .map(|open| open.label.as_str())
            .filter(|label| !label.is_empty())
            .collect();
        match labels.is_empty() {
            true => "the value".to_owned(),
            false => labels.join("."),
        }
    }
}

/// The name in `name: value`, also where it is a key or has blanks in it.
fn name(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(": ").or_else(|| {
        let name = text.strip_suffix(':')?;
        Some((name, ""))
    })?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '"' | '-');
    name.chars().all(is_name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone)]
    #[expect(dead_code, reason = "only their text is looked at")]
    struct Cluster {
        name: &'static str,
        nodes: Vec<Node>,
        total: u32,
    }

    #[derive(Debug, Clone)]
    struct Node {
        id: (u8, u8),
        log: Vec<u8>,
        vote: Option<u64>,
    }

    fn cluster() -> Cluster {
        let node = Node {
            id: (1, 2),
            log: vec![7, 8],
            vote: Some(3),
        };
        Cluster {
            name: "three",
            nodes: vec![node.clone(), node.clone(), node],
            total: 9,
        }
    }

    fn told(change: impl FnOnce(&mut Cluster)) -> String {
        let mut other = cluster();
        change(&mut other);
        Difference::of(&format!("{:#?}", cluster()), &format!("{other:#?}")).to_string()
    }

    #[test]
    fn the_field_is_named_from_the_outside_in() {
        let nothing = told(|_| ());
        assert_eq!(nothing, "in nothing that Debug shows, or shows again");
        let total = told(|cluster| cluster.total = 8);
        assert_eq!(total, "in total: `total: 9` or `total: 8`");
        let vote = told(|cluster| cluster.nodes[1].vote = Some(4));
        assert_eq!(vote, "in nodes.[1].vote.[0]: `3` or `4`");
        let id = told(|cluster| cluster.nodes[2].id.1 = 5);
        assert_eq!(id, "in nodes.[2].id.[1]: `2` or `5`");
        let gone = told(|cluster| cluster.nodes[0].vote = None);
        assert_eq!(gone, "in nodes.[0].vote: `vote: Some(` or `vote: None`");
    }

    #[test]
    fn what_only_one_has_is_told_from_both_sides() {
        let longer = told(|cluster| cluster.nodes[2].log.push(9));
        assert_eq!(longer, "in nodes.[2].log.[2]: nothing or `9`");
        let shorter = told(|cluster| cluster.nodes[2].log.truncate(1));
        assert_eq!(shorter, "in nodes.[2].log.[1]: `8` or nothing");
        assert_eq!(
            Difference::of("1\n2", "1").to_string(),
            "in the value: `2` or nothing"
        );
    }
}
