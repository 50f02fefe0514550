//! `paxos conform`: whether what ran is what was checked.

use std::fs;

use conform::{Conformance, Told, Verdict};
use node::{Key, journal};
use report::Telling;

use crate::args::{ConformArgs, StoryArgs};
use crate::error::Error;
use crate::print::{Tone, toned};
use crate::{Ended, print, story};

/// Replays the journals of a cluster through the checked core.
///
/// # Errors
/// If a journal cannot be read, or is not of the others' cluster.
pub(crate) fn conform(args: &ConformArgs) -> Result<Ended, Error> {
    let mut journals = Vec::new();
    for path in &args.journals {
        match journal::read(path) {
            Ok(read) => journals.push(read),
            Err(altered @ journal::JournalError::Altered { .. }) => {
                print::say(&print::complaint(&altered.to_string()));
                return Ok(Ended::Unmet);
            }
            Err(error) => return Err(node::HostError::Journal(error).into()),
        }
    }
    let found = conform::conform(journals)?;
    let told = args
        .key
        .as_deref()
        .map(|key| told(&found, key))
        .transpose()?;
    if args.json {
        print::line(&serde_json::to_string(&found)?)?;
    } else {
        for (i, line) in found.lines().into_iter().enumerate() {
            print::line(&if i == 0 {
                toned(tone(&found), &line)
            } else {
                line
            })?;
        }
    }
    if let Some(told) = &told {
        tell(args, told)?;
    }
    Ok(match &found.verdict {
        Verdict::Conforms => Ended::Met,
        Verdict::Diverges(_) => Ended::Unmet,
        Verdict::Incomplete(_) => Ended::Truncated,
    })
}

fn tone(found: &Conformance) -> Tone {
    match &found.verdict {
        Verdict::Conforms => Tone::Good,
        Verdict::Diverges(_) => Tone::Bad,
        Verdict::Incomplete(_) => Tone::Doubtful,
    }
}

fn told(found: &Conformance, key: &str) -> Result<Told, Error> {
    let key: Key = key.parse()?;
    Ok(found.tell(&key)?)
}

/// The story of one decree, in words and as a picture.
fn tell(args: &ConformArgs, told: &Told) -> Result<(), Error> {
    if !args.json {
        print::line("")?;
        for (letter, value) in &told.values {
            print::line(&format!("{letter} is {value}"))?;
        }
        let story = StoryArgs {
            diagram: args.diagram,
        };
        story::print_path(story, &told.world, &told.path, &Telling::default())?;
        for line in &told.beside {
            print::line(line)?;
        }
    }
    if let Some(path) = &args.svg {
        fs::write(path, &told.svg).map_err(|source| Error::Picture {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}
