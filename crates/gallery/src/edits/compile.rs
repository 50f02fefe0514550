//! Which edits compile: the woven core is checked as often as it takes until nothing is left that does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, read};
use crate::sources::Sources;
use crate::weave::{Variant, arms, weave};
use crate::workspace::Workspace;

/// What is left of these variants, by their places, and the workspace of a core into which those are woven.
pub(crate) fn compiling(
    root: &Path,
    base: &Sources,
    variants: Vec<Variant>,
) -> Result<(Vec<Variant>, Workspace), Error> {
    let mut left = variants;
    // Each on its own first, and no more than its file: what cannot be woven is no edit of a body.
    left.retain(|one| {
        let changed = base
            .iter()
            .find(|(file, text)| one.sources.get(*file) != Some(text));
        changed.is_some_and(|(file, text)| {
            let only = |text: &String| Sources::from([(file.clone(), text.clone())]);
            let alone = Variant {
                name: one.name.clone(),
                sources: only(&one.sources[file]),
            };
            weave(&only(text), &[alone]).is_ok()
        })
    });
    loop {
        let workspace = Workspace::mirror(root, "gallery-edits", &weave(base, &left)?)?;
        let wrong = wrong(&workspace)?;
        if wrong.is_empty() {
            return Ok((left, workspace));
        }
        let mut place = 0;
        left.retain(|_| {
            place += 1;
            !wrong.contains(&place)
        });
    }
}

/// The numbers of the variants that the compiler complains of.
fn wrong(workspace: &Workspace) -> Result<BTreeSet<u16>, Error> {
    let arguments = [
        "check",
        "--package",
        "paxos",
        "--features",
        "serde",
        "--message-format",
        "json",
    ];
    let output = workspace
        .cargo(&arguments)
        .output()
        .map_err(Error::file(Path::new("cargo")))?;
    let mut wrong = BTreeSet::new();
    if output.status.success() {
        return Ok(wrong);
    }
    let mut elsewhere = Vec::new();
    let mut arms_of = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(Said {
            message: Some(message),
        }) = serde_json::from_str(line)
        else {
            continue;
        };
        if message.level != "error" {
            continue;
        }
        let mut is_placed = false;
        for span in message.spans.iter().filter(|span| span.is_primary) {
            if !arms_of.contains_key(&span.file_name) {
                let text = read(&workspace.folder().join(&span.file_name))?;
                arms_of.insert(span.file_name.clone(), arms(&text));
            }
            for (number, lines) in &arms_of[&span.file_name] {
                if lines.contains(&span.line_start) {
                    is_placed = true;
                    wrong.insert(*number);
                }
            }
        }
        if !is_placed && !message.spans.is_empty() {
            elsewhere.push(message.message);
        }
    }
    if wrong.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Program {
            program: format!("cargo {}", arguments.join(" ")),
            why: elsewhere.into_iter().next().unwrap_or(said),
        });
    }
    Ok(wrong)
}

#[derive(Deserialize)]
struct Said {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    message: String,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    is_primary: bool,
    line_start: usize,
}
