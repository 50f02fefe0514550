//! Which kinds of things happen after which, along one path.

use checker::{Cut, Ending, Error, Limits, Progress, Reductions};
use serde::{Deserialize, Serialize};

use crate::{Kind, World, explore};

/// For each two kinds, how many transitions of the second lie on a path on which there is one of the first before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs(Vec<Vec<u64>>);

impl Pairs {
    /// No pair of anything.
    pub fn none() -> Pairs {
        Pairs(vec![vec![0; Kind::ALL.len()]; Kind::ALL.len()])
    }

    /// Counts the pairs of a world, in the form and under the reductions in which [`explore`](crate::explore())
    /// explores it. Why not, if not all of it was seen.
    ///
    /// # Errors
    /// As [`checker::graph()`].
    pub fn of(
        world: &World,
        reductions: Reductions,
        limits: &Limits,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Result<Pairs, Cut>, Error> {
        let graph = explore::graph(world, reductions, true, limits, progress)?;
        Ok(match graph.ending {
            Ending::Exhausted => Ok(Pairs(graph.pairs())),
            Ending::Truncated(cut) => Err(cut),
        })
    }

    /// How often `then` happened after `first`.
    pub fn count(&self, first: Kind, then: Kind) -> u64 {
        self.0[first as usize][then as usize]
    }

    /// How many of the pairs happened at all.
    pub fn happened(&self) -> usize {
        let counts = self.0.iter().flatten();
        counts.filter(|&&count| count > 0).count()
    }

    /// Adds those of another world.
    pub fn add(&mut self, others: &Pairs) {
        let counts = self.0.iter_mut().flatten();
        for (count, other) in counts.zip(others.0.iter().flatten()) {
            *count += other;
        }
    }
}
