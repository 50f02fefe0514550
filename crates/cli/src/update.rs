//! Rewriting the expected numbers of a scenario file, and nothing else in it.

use std::path::Path;

use model::{Expect, Size};
use toml_edit::{DocumentMut, InlineTable, Item, Table};

use crate::error::Error;
use crate::load::Loaded;

/// Writes the numbers found into the scenario's file, if they differ from those in it; what moved, a
/// line each.
pub(crate) fn rewrite(one: &Loaded, found: &Expect) -> Result<Vec<String>, Error> {
    let path = &one.path;
    let before = &one.scenario.expect;
    let failed = |problem: String| Error::Update {
        path: path.clone(),
        problem,
    };
    let size = |expect: &Expect| Size {
        states: expect.states,
        depth: expect.depth,
    };
    let reduced = |expect: &Expect| expect.reduced.unwrap_or_default();
    let numbers = numbers("", size(before), size(found))
        .into_iter()
        .chain(numbers(REDUCED, reduced(before), reduced(found)));
    let mut moved = Vec::new();
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| failed(error.to_string()))?;
    for (table, name, was, is) in numbers {
        let Some(is) = is.filter(|is| was != Some(*is)) else {
            continue;
        };
        let number = i64::try_from(is).map_err(|error| failed(error.to_string()))?;
        let mut expect = document
            .entry("expect")
            .or_insert(Item::Table(Table::new()));
        if table == REDUCED {
            let empty = toml_edit::Value::InlineTable(InlineTable::new());
            expect = expect
                .as_table_like_mut()
                .ok_or_else(|| failed("`expect` is no table".to_owned()))?
                .entry(REDUCED)
                .or_insert(Item::Value(empty));
        }
        let mut number = toml_edit::Value::from(number);
        if let Some(old) = expect.get(name).and_then(Item::as_value) {
            *number.decor_mut() = old.decor().clone();
        }
        expect[name] = Item::Value(number);
        let was = was.map_or("nothing".to_owned(), |was| was.to_string());
        let name = format!("{table} {name}");
        moved.push(format!(
            "{}: {} {was} → {is}",
            one.scenario.name,
            name.trim()
        ));
    }
    if !moved.is_empty() {
        replace(path, &document.to_string()).map_err(|error| failed(error.to_string()))?;
    }
    Ok(moved)
}

/// The table of the numbers with reductions, in `[expect]`.
const REDUCED: &str = "reduced";

/// A number in a scenario: its table within `[expect]`, its name, what it was, and what it is now.
type Number = (&'static str, &'static str, Option<u64>, Option<u64>);

fn numbers(table: &'static str, was: Size, is: Size) -> [Number; 2] {
    [
        (table, "states", was.states, is.states),
        (
            table,
            "depth",
            was.depth.map(u64::from),
            is.depth.map(u64::from),
        ),
    ]
}

/// Replaces a file whole, so that an interruption leaves the old one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    std::fs::set_permissions(file.path(), std::fs::metadata(path)?.permissions())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A comment.\ntitle = \"t\"\nabout = \"\"\n[cluster]\nservers = 1\n\
        [[ask]]\nvalue = \"A\"\nof = 0 # n0\n[expect]\nstates = 1 # old\n";

    #[test]
    fn only_the_numbers_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.toml");
        std::fs::write(&path, TEXT).unwrap();
        let before = Loaded::read(path.clone()).unwrap();
        let mut found = before.scenario.expect.clone();
        found.states = Some(7);
        found.depth = Some(3);
        found.reduced = Some(Size {
            states: Some(5),
            depth: None,
        });
        let moved = rewrite(&before, &found).unwrap();
        assert_eq!(
            moved,
            [
                "one: states 1 → 7",
                "one: depth nothing → 3",
                "one: reduced states nothing → 5"
            ]
        );
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = TEXT.replace(
            "states = 1 # old\n",
            "states = 7 # old\ndepth = 3\nreduced = { states = 5 }\n",
        );
        assert_eq!(text, expected);
        let after = Loaded::read(path).unwrap();
        assert!(rewrite(&after, &found).unwrap().is_empty());
    }
}
