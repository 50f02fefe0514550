//! What a step changes in a world.

use maud::{Markup, html};
use model::State;
use similar::{ChangeTag, TextDiff};

/// The world after a step, line by line, with what is gone and what is new marked by a sign and by colour.
pub(super) fn change(before: &State, after: &State) -> Markup {
    let (before, after) = (format!("{before:#?}"), format!("{after:#?}"));
    let difference = TextDiff::from_lines(&before, &after);
    html! {
        div.state {
            @for change in difference.iter_all_changes() {
                @let line = change.value().trim_end_matches('\n');
                @match change.tag() {
                    ChangeTag::Equal => div { "  " (line) },
                    ChangeTag::Delete => del { "− " (line) },
                    ChangeTag::Insert => ins { "+ " (line) },
                }
            }
        }
    }
}
