//! What a comparison found, for the terminal and for machines.

use checker::{Cut, Ending};
use diff::{Comparison, Explored, Found, Parting};
use model::{Action, Difference, State, World};
use report::{Apart, Story, Telling};
use stateright::Path;

use crate::args::StoryArgs;
use crate::error::Error;
use crate::print::{self, Tone};
use crate::{Ended, story};

/// What was found in one scenario.
pub(super) struct Told {
    pub(super) scenario: String,
    /// The first side's world: it tells the steps that both allow.
    pub(super) world: World,
    /// The two sides.
    pub(super) names: [String; 2],
    pub(super) comparison: Comparison,
    /// One for each parting.
    pub(super) traces: Vec<Trace>,
    /// The world of either side.
    pub(super) explored: [Explored; 2],
}

/// A trace that not both sides allow.
pub(super) struct Trace {
    /// Whether the sides allow the last step; if both do, it leads to different states.
    pub(super) is_allowed: [bool; 2],
    pub(super) steps: usize,
    /// The steps that both allow.
    pub(super) common: Option<Path<State, Action>>,
    /// What they lead to.
    pub(super) parting: Parting,
    /// The last step; `None` if they start differently.
    pub(super) action: Option<String>,
    /// What comes of it on either side; `None` if it cannot be.
    pub(super) came: [Option<Vec<String>>; 2],
    pub(super) differences: Vec<Difference>,
}

impl Trace {
    /// The step at which the sides part; `None` if they start differently.
    fn apart<'a>(&'a self, names: &'a [String; 2]) -> Option<Apart<'a>> {
        let [a, b] = names;
        let Parting {
            action,
            after_a,
            after_b,
            ..
        } = &self.parting;
        Some(Apart {
            action: (*action)?,
            sides: [(a, after_a.as_ref()), (b, after_b.as_ref())],
        })
    }

    fn print_lanes(&self, world: &World, names: &[String; 2]) -> Result<(), Error> {
        let (Some(common), Some(apart)) = (&self.common, self.apart(names)) else {
            return Ok(());
        };
        story::print_lanes(world, common, &Telling::default(), Some(&apart))
    }

    /// The trace as a picture; `None` if the sides start differently.
    fn picture(&self, world: &World, names: &[String; 2]) -> Option<String> {
        let (common, apart) = (self.common.as_ref()?, self.apart(names)?);
        Some(report::diagram_apart(world, common, &apart))
    }
}

impl Told {
    /// The shortest of the traces as a picture; `None` if there is none.
    pub(super) fn picture(&self) -> Option<String> {
        let shortest = self.traces.iter().min_by_key(|trace| trace.steps)?;
        shortest.picture(&self.world, &self.names)
    }

    /// Whether anything is different, whatever was not looked at.
    pub(super) fn is_different(&self) -> bool {
        self.comparison.is_parted() || !self.verdicts_moved().is_empty() || self.has_size_moved()
    }

    /// Why something is not known; `None` if all is.
    pub(super) fn unknown(&self) -> Option<String> {
        let [a, b] = &self.explored;
        match self.comparison.ending {
            Ending::Truncated(cut) if cut != Cut::Found => Some(cut.to_string()),
            Ending::Truncated(_) | Ending::Exhausted => a.cut.clone().or(b.cut.clone()),
        }
    }

    /// The properties of which the sides have different verdicts.
    pub(super) fn verdicts_moved(&self) -> Vec<(&Found, &Found)> {
        let [a, b] = &self.explored;
        let pairs = a.found.iter().zip(&b.found);
        pairs
            .filter(|(a, b)| match (a.verdict, b.verdict) {
                (Some(a), Some(b)) => a != b,
                (Some(_) | None, None) | (None, Some(_)) => false,
            })
            .collect()
    }

    /// Whether both worlds were explored, and are not of one size.
    fn has_size_moved(&self) -> bool {
        let [a, b] = &self.explored;
        a.cut.is_none() && b.cut.is_none() && (a.states, a.depth) != (b.states, b.depth)
    }

    pub(super) fn print(&self, args: StoryArgs) -> Result<(), Error> {
        let heading = match (self.is_different(), self.unknown()) {
            (true, _) => (Tone::Bad, "DIFFERENT".to_owned()),
            (false, None) => (Tone::Good, "same behaviour".to_owned()),
            (false, Some(cut)) => (
                Tone::Doubtful,
                format!("unknown: {cut}, no difference so far"),
            ),
        };
        let pairs = print::number(self.comparison.pairs);
        print::line(&format!(
            "{}: {}; {}",
            self.scenario,
            print::toned(heading.0, &heading.1),
            match self.comparison.ending {
                Ending::Exhausted if self.comparison.is_parted() =>
                    format!("they are equal in {pairs} pairs of states, all that there are"),
                Ending::Exhausted => format!("all {pairs} pairs of states explored"),
                Ending::Truncated(_) => format!("{pairs} pairs of states explored"),
            }
        ))?;
        for trace in &self.traces {
            self.print_trace(args, trace)?;
        }
        if self.comparison.is_parted() {
            for (name, parting) in self.names.iter().zip(self.partings()) {
                if parting.is_none() {
                    print::line(&match self.comparison.ending {
                        Ending::Exhausted => format!(
                            "  only {name} allows: nothing. Whatever {name} does, {} can do as well",
                            self.names[usize::from(*name == self.names[0])]
                        ),
                        Ending::Truncated(_) => format!("  only {name} allows: nothing so far"),
                    })?;
                }
            }
        }
        self.print_worlds()
    }

    pub(super) fn partings(&self) -> [Option<usize>; 2] {
        let Comparison { only_a, only_b, .. } = &self.comparison;
        [only_a, only_b].map(|parting| parting.as_ref().map(Parting::steps))
    }

    fn print_trace(&self, args: StoryArgs, trace: &Trace) -> Result<(), Error> {
        let [a, b] = &self.names;
        let steps = match trace.steps {
            1 => "1 step".to_owned(),
            steps => format!("{steps} steps"),
        };
        let heading = match (&trace.action, trace.is_allowed) {
            (None, _) => format!("{a} and {b} start differently"),
            (Some(_), [true, false]) => format!("only {a} allows, in {steps}:"),
            (Some(_), [false, true]) => format!("only {b} allows, in {steps}:"),
            (Some(_), _) => format!("both allow, but not to the same end, in {steps}:"),
        };
        print::line(&format!("  {}", print::toned(Tone::Bad, &heading)))?;
        if args.diagram {
            trace.print_lanes(&self.world, &self.names)?;
        } else if let Some(common) = &trace.common {
            let story = Story::new(&self.world, common, &Telling::default());
            story::print_pieces("    ", &story.told())?;
        }
        if let (Some(action), false) = (&trace.action, args.diagram) {
            print::line(&format!("    {}  {action}", trace.steps))?;
            let width = a.chars().count().max(b.chars().count());
            for (name, came) in self.names.iter().zip(&trace.came) {
                let came = match came {
                    Some(came) => came.join("; "),
                    None => "nothing comes of it".to_owned(),
                };
                print::line(&format!("       {name:width$}  ⇒ {came}"))?;
            }
        }
        let mut table = print::table(&["what differs then", a, b, "seen in"]);
        for one in &trace.differences {
            table.add_row([one.what.as_str(), &one.a, &one.b, one.place.name()]);
        }
        for line in print::trimmed(&table).lines() {
            print::line(&format!("    {line}"))?;
        }
        if !trace
            .differences
            .iter()
            .any(|one| one.place.is_observable())
        {
            print::line("    nothing of this can be observed yet")?;
        }
        Ok(())
    }

    fn print_worlds(&self) -> Result<(), Error> {
        let [a, b] = &self.explored;
        let [of_a, of_b] = &self.names;
        let moved = self.verdicts_moved();
        for (in_a, in_b) in &moved {
            let property = &in_a.property;
            let line = format!(
                "  {property}: {} under {of_a}, {} under {of_b}",
                verdict(in_a),
                verdict(in_b)
            );
            print::line(&print::toned(Tone::Bad, &line))?;
        }
        let unknown = |explored: &Explored| {
            let unknown = explored
                .found
                .iter()
                .filter(|found| found.verdict.is_none());
            unknown.count()
        };
        let known = a.found.len() - unknown(a).max(unknown(b));
        if moved.is_empty() {
            print::line(&match unknown(a).max(unknown(b)) {
                0 => format!("  verdicts: the same, of all {known} properties"),
                left => format!("  verdicts: no change so far; {left} properties are unknown"),
            })?;
        }
        let size = |explored: &Explored| match &explored.cut {
            None => format!(
                "{} states, {} deep",
                print::number(explored.states),
                explored.depth
            ),
            Some(cut) => format!(
                "more than {} states ({cut})",
                print::number(explored.states)
            ),
        };
        print::line(
            &match a.cut.is_none() && (a.states, a.depth) == (b.states, b.depth) {
                true => format!("  size: {} under both", size(a)),
                false => format!("  size: {} under {of_a}; {} under {of_b}", size(a), size(b)),
            },
        )
        .map_err(Error::from)
    }
}

/// "violated in 8 steps", "holds".
fn verdict(found: &Found) -> String {
    let word = found
        .verdict
        .map_or("unknown".to_owned(), |verdict| verdict.to_string());
    match found.steps {
        Some(1) => format!("{word} in 1 step"),
        Some(steps) => format!("{word} in {steps} steps"),
        None => word,
    }
}

/// All scenarios in a line.
pub(super) fn sum(all: &[Told], not_run: usize) -> String {
    let different = all.iter().filter(|told| told.is_different()).count();
    let unknown = |told: &&Told| !told.is_different() && told.unknown().is_some();
    let unknown = all.iter().filter(unknown).count();
    let counts: [(Tone, usize, &str); 4] = [
        (Tone::Good, all.len() - different - unknown, "same"),
        (Tone::Bad, different, "different"),
        (Tone::Doubtful, unknown, "unknown"),
        (Tone::Doubtful, not_run, "not run"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(tone, count, word)| print::toned(tone, &format!("{count} {word}")))
        .collect();
    let scenarios = match all.len() {
        1 => "1 scenario".to_owned(),
        count => format!("{count} scenarios"),
    };
    format!("{scenarios}: {}", parts.join(", "))
}

/// The worst of all.
pub(super) fn ended(all: &[Told], not_run: usize) -> Ended {
    if all.iter().any(Told::is_different) {
        Ended::Unmet
    } else if not_run > 0 || all.iter().any(|told| told.unknown().is_some()) {
        Ended::Truncated
    } else {
        Ended::Met
    }
}
