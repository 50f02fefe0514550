//! Where two states of a trace differ.

use std::fmt;

use serde_json::{Map, Value};

use super::state::Besides;

/// The first variable in which the World is not as a trace has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// After how many steps; 0 is the first state.
    pub step: usize,
    /// The variable, and of which node where it has a value for each.
    pub variable: String,
    /// What the trace has, in words.
    pub saved: String,
    /// What is now, in words.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "from step {} the states differ: {} was {}, is {}",
            self.step, self.variable, self.saved, self.found
        )
    }
}

/// The first variable that differs; the action is none that can.
pub(super) fn difference(
    step: usize,
    saved: &Map<String, Value>,
    found: &Map<String, Value>,
) -> Option<Difference> {
    let differs = |name: &&str| saved.get(*name) != found.get(*name);
    let name = Besides::ALL.variables().find(differs)?;
    let [was, is] = [saved, found].map(|state| state.get(name).unwrap_or(&Value::Null));
    let differing = |variable: String, was: Option<&Value>, is: Option<&Value>| {
        let told = |value: Option<&Value>| value.map_or("nothing".to_owned(), words);
        Difference {
            step,
            variable,
            saved: told(was),
            found: told(is),
        }
    };
    let node = by_node(was)
        .zip(by_node(is))
        .and_then(|(was, is)| was.iter().zip(is).find(|(was, is)| was != is));
    Some(match node {
        Some((was, is)) if was[0] == is[0] => {
            let variable = format!("{name} of {}", words(&was[0]));
            differing(variable, was.get(1), is.get(1))
        }
        Some(_) | None => differing(name.to_owned(), Some(was), Some(is)),
    })
}

fn by_node(value: &Value) -> Option<&Vec<Value>> {
    value.get("#map")?.as_array()
}

/// One form for what the format can write in several: members of sets and maps in order and each once, and
/// integers as numbers wherever they fit.
pub(super) fn normal(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(normal).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let value = normal(value);
                match (name.as_str(), value) {
                    ("#set" | "#map", Value::Array(mut items)) => {
                        items.sort_by_key(Value::to_string);
                        items.dedup();
                        (name, Value::Array(items))
                    }
                    (_, value) => (name, value),
                }
            });
            let fields: Map<String, Value> = fields.collect();
            let number = fields
                .get("#bigint")
                .filter(|_| fields.len() == 1)
                .and_then(|text| text.as_str()?.parse::<i64>().ok());
            number.map_or(Value::Object(fields), Value::from)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// A value for people: ballots as `1.0`, votes as `1.0=A`, sums by their name.
fn words(value: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(words).collect::<Vec<_>>().join(" ");
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", list(items)),
        Value::Object(fields) => {
            let field = |name: &str| fields.get(name).map(words);
            let items = |name: &str| fields.get(name).and_then(Value::as_array);
            if let Some(items) = items("#set").or(items("#map")) {
                return format!("{{{}}}", list(items));
            }
            if let Some(items) = items("#tup") {
                return list(items);
            }
            match (fields.len(), field("tag"), field("value")) {
                (2, Some(tag), Some(value)) if tag == "Some" || value.is_empty() => {
                    return if tag == "Some" { value } else { tag };
                }
                (2, Some(tag), Some(value)) => return format!("{tag} {value}"),
                (_, _, _) => {}
            }
            match (
                fields.len(),
                field("round"),
                field("node"),
                field("ballot"),
                field("value"),
            ) {
                (2, Some(round), Some(node), _, _) => {
                    format!("{round}.{}", node.trim_start_matches('n'))
                }
                (2, _, _, Some(ballot), Some(value)) => format!("{ballot}={value}"),
                (_, _, _, _, _) => {
                    let fields = fields
                        .iter()
                        .map(|(name, value)| format!("{name} {}", words(value)));
                    format!("({})", fields.collect::<Vec<_>>().join(", "))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_means_the_same_has_one_form() {
        let one = json!({"#set": [{"#bigint": "2"}, 1]});
        let other = json!({"#set": [1, 2]});
        assert_eq!(normal(one), normal(other));
        let twice = json!({"#set": [1, {"#bigint": "2"}, {"#bigint": "1"}, 2]});
        assert_eq!(normal(twice), json!({"#set": [1, 2]}));
        let twice = json!({"#map": [["n0", 1], ["n1", 1], ["n0", 1]]});
        assert_eq!(normal(twice), json!({"#map": [["n0", 1], ["n1", 1]]}));
        assert_eq!(
            normal(json!([1, 1])),
            json!([1, 1]),
            "lists may have an element twice"
        );
        assert_ne!(
            normal(json!([1, 2])),
            normal(json!([2, 1])),
            "lists have an order"
        );
        let large = json!({"#bigint": "123456789012345678901234567890"});
        assert_eq!(normal(large.clone()), large);
    }

    #[test]
    fn values_are_told_as_the_source_writes_them() {
        let ballot = json!({"round": 1, "node": "n0"});
        let vote = json!({"tag": "Some", "value": {"ballot": ballot, "value": "A"}});
        let none = json!({"tag": "None", "value": {"#tup": []}});
        let counting = json!({"tag": "Counting", "value": {
            "ballot": ballot, "value": "A", "voters": {"#set": ["n1", "n2"]}
        }});
        let told = [&ballot, &vote, &none, &counting].map(words);
        let expected = [
            "1.0",
            "1.0=A",
            "None",
            "Counting (ballot 1.0, value A, voters {n1 n2})",
        ];
        assert_eq!(told, expected);
    }
}
