//! The second look at a core that the committed reports were not made with: after the verdict, small worlds are explored in every
//! way there is ([`model::guard`]).

use std::path::Path;
use std::time::Instant;

use checker::{Engine, Limits};
use model::guard::{CORE, STATES_MAX, SecondLook};

use crate::args::CheckArgs;
use crate::baseline::Baseline;
use crate::check::metered;
use crate::error::Error;
use crate::print::{self, Tone};

/// The reports of the repository that this program was built in, for where there are no others.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports");

/// Whether the core differs from the one that the committed reports were made with. Where there are no reports, it does.
pub(crate) fn is_changed(baseline: &Baseline) -> bool {
    let committed = || Baseline::read(Path::new(COMMITTED));
    match baseline.core() {
        Some(core) => core != CORE,
        None => committed().core() != Some(CORE),
    }
}

/// Looks again, unless it is the core that the reports were made with, or a look was not asked for. `None`: not looked.
///
/// # Errors
/// As [`model::guard::second_look`].
pub(crate) fn look(
    args: &CheckArgs,
    is_changed: bool,
    limits: &Limits,
) -> Result<Option<SecondLook>, Error> {
    let is_due = is_changed && args.engine == Engine::Own && args.mutant.is_none();
    if !is_due {
        return Ok(None);
    }
    if args.trust {
        print::say(
            "not cross-checked: --trust leaves it out, and no reports were made with this core",
        );
        return Ok(None);
    }
    print::say("not yet cross-checked: no reports were made with this core");
    let started = Instant::now();
    let found = metered("cross-check", |tell| {
        model::guard::second_look(limits, tell)
    })?;
    let seconds = started.elapsed().as_secs_f64();
    for line in &found.contradictions {
        let line = format!("NOT TO BE TRUSTED: {line}");
        print::say(&print::toned(Tone::Bad, &line));
    }
    if !found.unfinished.is_empty() {
        let names = found.unfinished.join(", ");
        let line = format!(
            "not cross-checked: {names} came to no end within the limits (at most {} states each)",
            report::number(STATES_MAX)
        );
        print::say(&print::toned(Tone::Doubtful, &line));
    } else if found.contradictions.is_empty() {
        let line = format!("cross-checked in {seconds:.1} s");
        print::say(&print::toned(Tone::Good, &line));
    }
    Ok(Some(found))
}
