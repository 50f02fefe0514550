//! Which values come to be chosen, whether or not anybody knows.

use model::Letters;

/// What is chosen now and was not before.
pub(crate) fn newly(before: Letters, after: Letters) -> Letters {
    after
        .iter()
        .filter(|value| !before.contains(*value))
        .collect()
}

/// A sentence on each value that is chosen now and was not before; the second one is the end of
/// agreement.
pub(crate) fn news(before: Letters, after: Letters) -> Vec<String> {
    let others = match before.is_empty() {
        true => "",
        false => ", too",
    };
    newly(before, after)
        .iter()
        .map(|value| format!("{value} is chosen{others}"))
        .collect()
}
