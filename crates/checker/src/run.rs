//! What an exploration found out, and how much of the space stands behind it.

use std::fmt;
use std::time::Duration;

use stateright::{Expectation, Path};

use crate::error::Error;
use crate::folder::DiskFault;
use crate::reductions::{Reductions, Refusal};
use crate::storage::Width;

/// The result of an exploration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<S, A> {
    /// Whether everything was explored.
    pub ending: Ending,
    /// What was on. Under reductions the counts are of what is left of the states.
    pub reductions: Reductions,
    /// What could not be used, and the premise that is not true of this model.
    pub refused: Vec<Refusal>,
    /// By how many bits states were told apart.
    pub fingerprint: Width,
    /// Distinct states within the boundary, told apart by their fingerprints. For a simulation:
    /// states visited, with repeats.
    pub unique: u64,
    /// Initial states and transitions that lead to a state within the boundary, with repeats. For a
    /// simulation the same as `unique`.
    pub generated: u64,
    /// Own engine: the steps of the longest shortest path, an initial state has 0. stateright's
    /// breadth-first engine means the same with one thread, and is approximate with more. Depth-first
    /// and simulation: the steps of the longest path walked, which says nothing of the shape of the space.
    pub depth: u32,
    /// How often `within_boundary` refused an initial state or a successor, with repeats.
    pub beyond_boundary: u64,
    /// For each depth from 0 on, how many of the unique states have it. Of a run that was cut, the last ones are those
    /// found so far. Empty: the engine cannot tell.
    pub levels: Vec<u64>,
    /// For each number from 0 on, how many of the states that were expanded have so many transitions to states within
    /// the boundary. Empty: the engine cannot tell.
    pub out_degrees: Vec<u64>,
    /// For each kind of thing that the model tells apart ([`Offers::kinds`](crate::Offers::kinds)), how many of the
    /// transitions were of that kind; or in how many states it was something that would change nothing.
    pub kinds: Vec<(&'static str, u64)>,
    /// One finding for each property, in the model's order.
    pub findings: Vec<Finding<S, A>>,
}

impl<S, A> Run<S, A> {
    /// Whether everything was explored. Only then does a property without a path have a verdict.
    pub fn is_exhausted(&self) -> bool {
        self.ending == Ending::Exhausted
    }

    /// The chance that two different states had the same fingerprint, so that one of them was not visited, if
    /// fingerprints are as good as random: `unique · (generated − unique) / 2^bits`, as TLC has it. It is
    /// optimistic in that most states that are generated again were so for a good reason, so most of the time
    /// less is true.
    pub fn collision_chance(&self) -> f64 {
        collision_chance(self.unique, self.generated, self.fingerprint)
    }

    /// The same findings, with the paths of another model that this one stands for.
    ///
    /// # Errors
    /// [`Error::Unsound`] if there is none for a path.
    pub fn with_paths<T, B>(
        mut self,
        translate: impl Fn(Path<S, A>) -> Option<Path<T, B>>,
    ) -> Result<Run<T, B>, Error> {
        let reductions = self.reductions;
        let translate_one = |finding: Finding<S, A>| {
            let property = finding.property;
            let of = |path| {
                translate(path).ok_or(Error::Unsound {
                    property,
                    reductions,
                })
            };
            Ok::<_, Error>(Finding {
                property,
                expectation: finding.expectation,
                verdict: match finding.verdict {
                    Verdict::Exhausted => Verdict::Exhausted,
                    Verdict::Violated(path) => Verdict::Violated(of(path)?),
                    Verdict::Witnessed(path) => Verdict::Witnessed(of(path)?),
                    Verdict::Truncated(cut) => Verdict::Truncated(cut),
                },
            })
        };
        let findings = std::mem::take(&mut self.findings).into_iter();
        let findings = findings.map(translate_one).collect::<Result<_, Error>>()?;
        Ok(self.with_findings(findings))
    }

    /// The same run with these findings.
    pub(crate) fn with_findings<T, B>(self, findings: Vec<Finding<T, B>>) -> Run<T, B> {
        Run {
            ending: self.ending,
            reductions: self.reductions,
            refused: self.refused,
            fingerprint: self.fingerprint,
            unique: self.unique,
            generated: self.generated,
            depth: self.depth,
            beyond_boundary: self.beyond_boundary,
            levels: self.levels,
            out_degrees: self.out_degrees,
            kinds: self.kinds,
            findings,
        }
    }

    /// The finding for the property of this name, if the model has one.
    pub fn finding(&self, property: &str) -> Option<&Finding<S, A>> {
        self.findings
            .iter()
            .find(|finding| finding.property == property)
    }
}

/// How an exploration came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every reachable state within the boundary was seen and judged.
    Exhausted,
    /// States may be left that nobody looked at.
    Truncated(Cut),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted => write!(f, "exhausted"),
            Self::Truncated(cut) => write!(f, "{cut}"),
        }
    }
}

/// Why not everything was explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// There are more unique states than this limit.
    MaxStates(u64),
    /// The process grew beyond this many bytes.
    MaxMemory(u64),
    /// This much time had passed.
    Timeout(Duration),
    /// The caller's interrupt flag was set.
    Interrupted,
    /// [`Until`](crate::Until) was satisfied.
    Found,
    /// A file failed. What was being looked for on disk is not known.
    Disk(DiskFault),
    /// The boundary was met so often, and what lies beyond it was asked about.
    Boundary(u64),
    /// A counterexample is none of the model's own: its states were told apart too coarsely.
    Coarse,
    /// A simulation used up its states or its time: a sample, never the whole.
    Sampled,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxStates(1) => write!(f, "cut at 1 unique state"),
            Self::MaxStates(states) => write!(f, "cut at {states} unique states"),
            Self::MaxMemory(bytes) => {
                write!(f, "cut at {} MiB of memory", bytes.div_ceil(1 << 20))
            }
            Self::Timeout(limit) => write!(f, "cut after {limit:?}"),
            Self::Interrupted => write!(f, "interrupted"),
            Self::Found => write!(f, "stopped as soon as the path asked for was found"),
            Self::Disk(fault) => write!(f, "cut by the disk: {fault}"),
            Self::Boundary(times) => write!(f, "the boundary was met {times} times"),
            Self::Coarse => write!(f, "a counterexample that is none of the model's own"),
            Self::Sampled => write!(f, "a sample of random walks"),
        }
    }
}

/// What is known of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<S, A> {
    /// The property's name.
    pub property: &'static str,
    /// Always or sometimes; never eventually, see [`Error::Eventually`](crate::Error::Eventually).
    pub expectation: Expectation,
    /// What was found.
    pub verdict: Verdict<S, A>,
}

/// What is known of one property. The paths of the own engine are shortest, those of stateright's
/// engines need not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<S, A> {
    /// Everything was explored and there is no path: an always-property holds, a
    /// sometimes-property is impossible.
    Exhausted,
    /// The always-property is false in the last state of this path.
    Violated(Path<S, A>),
    /// The sometimes-property is true in the last state of this path.
    Witnessed(Path<S, A>),
    /// No path so far, but not everything was explored: nothing is known.
    Truncated(Cut),
}

impl<S, A> Verdict<S, A> {
    /// The counterexample or the witness, if there is one.
    pub fn path(&self) -> Option<&Path<S, A>> {
        match self {
            Self::Violated(path) | Self::Witnessed(path) => Some(path),
            Self::Exhausted | Self::Truncated(_) => None,
        }
    }

    /// The verdict that a path, or its absence, amounts to. The one place where "holds" is said.
    pub(crate) fn of(expectation: &Expectation, path: Option<Path<S, A>>, ending: Ending) -> Self {
        match (path, expectation, ending) {
            (Some(path), Expectation::Sometimes, _) => Self::Witnessed(path),
            (Some(path), Expectation::Always | Expectation::Eventually, _) => Self::Violated(path),
            (None, _, Ending::Exhausted) => Self::Exhausted,
            (None, _, Ending::Truncated(cut)) => Self::Truncated(cut),
        }
    }
}

/// See [`Run::collision_chance`].
pub(crate) fn collision_chance(unique: u64, generated: u64, fingerprint: Width) -> f64 {
    let repeats = generated.saturating_sub(unique);
    let pairs = unique as f64 * repeats as f64;
    (pairs / 2_f64.powi(fingerprint.bits() as i32)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_reads_as_a_phrase() {
        let phrases = [
            (Cut::MaxStates(1), "cut at 1 unique state"),
            (Cut::MaxStates(10), "cut at 10 unique states"),
            (Cut::MaxMemory(3 << 30), "cut at 3072 MiB of memory"),
            (Cut::Timeout(Duration::from_millis(1500)), "cut after 1.5s"),
            (Cut::Interrupted, "interrupted"),
            (
                Cut::Found,
                "stopped as soon as the path asked for was found",
            ),
            (Cut::Boundary(3), "the boundary was met 3 times"),
            (Cut::Sampled, "a sample of random walks"),
        ];
        for (cut, phrase) in phrases {
            assert_eq!(cut.to_string(), phrase);
            assert_eq!(Ending::Truncated(cut).to_string(), phrase);
        }
        assert_eq!(Ending::Exhausted.to_string(), "exhausted");
    }

    #[test]
    fn only_an_exhausted_ending_gives_an_exhausted_verdict() {
        let expectations = [Expectation::Always, Expectation::Sometimes];
        for expectation in &expectations {
            let cut = Ending::Truncated(Cut::Interrupted);
            assert_eq!(
                Verdict::<u8, u8>::of(expectation, None, cut),
                Verdict::Truncated(Cut::Interrupted)
            );
            assert_eq!(
                Verdict::<u8, u8>::of(expectation, None, Ending::Exhausted),
                Verdict::Exhausted
            );
        }
    }
}
