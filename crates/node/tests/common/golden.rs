//! Golden bytes: a file for each version, which is written once and then stays as it is.

use std::fs;
use std::path::Path;

/// Compares `text` with the file of this version.
///
/// # Panics
/// If they differ. There is no way to write a file of the same version again: programs of that version are in use, and
/// read what it says.
pub(crate) fn check(name: &str, constant: &str, version: u32, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = folder.join(format!("{name}-{version}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        fs::write(&path, text).expect("golden files can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let line = text.lines().zip(expected.lines()).find(|(a, b)| a != b);
    let (found, expected_line) = line.unwrap_or(("the number of lines differs", ""));
    assert!(
        text == expected,
        "{} and what is written now differ: raise {constant}, now {version}, and run again with UPDATE_GOLDEN=1, which \
         writes a file for the new version\nfound    {found}\nexpected {expected_line}",
        path.display()
    );
}

/// The variants in a schema that these samples, as JSON, do not have.
pub(crate) fn variants_without_sample(schema: &str, samples: &str) -> Vec<String> {
    let types = schema.split("; ");
    let enums = types.filter_map(|one| one.split_once(" = "));
    let variants = enums.flat_map(|(_, variants)| variants.split(" | "));
    variants
        .filter_map(|variant| variant.split([' ', '(', '{']).next())
        .filter(|variant| !samples.contains(&format!("\"{variant}\"")))
        .map(str::to_owned)
        .collect()
}

/// A schema, a line for each type.
pub(crate) fn schema_lines(schema: &str) -> String {
    let types = schema.split("; ");
    types.map(|one| format!("schema {one}\n")).collect()
}
