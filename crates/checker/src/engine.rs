//! The engines by name.

use std::fmt;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::Arc;

use stateright::Model;

use crate::bfs::explore;
use crate::error::Error;
use crate::limits::{Limits, Progress};
use crate::run::Run;
use crate::stateright_engines::{Strategy, explore_by_stateright};

/// Who explores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// [`explore`]: shortest paths, the same result for every number of threads.
    Own,
    /// stateright's breadth-first checker. Its paths need not be shortest.
    StaterightBfs,
    /// stateright's depth-first checker: least memory, long paths.
    StaterightDfs,
    /// stateright's random walks, from a fixed seed: never exhausts anything.
    StaterightSimulation,
}

impl Engine {
    /// All engines.
    pub const ALL: [Self; 4] = [
        Self::Own,
        Self::StaterightBfs,
        Self::StaterightDfs,
        Self::StaterightSimulation,
    ];

    /// The name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::StaterightBfs => "stateright-bfs",
            Self::StaterightDfs => "stateright-dfs",
            Self::StaterightSimulation => "stateright-simulation",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|engine| engine.name() == name)
            .ok_or_else(|| Error::UnknownEngine(name.to_owned()))
    }
}

/// Explores a model with any engine. The verdicts mean the same for all of them: see [`Run`] for what
/// differs in the counts, and [`explore`] for `progress`.
///
/// # Errors
///
/// As [`explore`]; for stateright's engines also [`Error::TooManyProperties`], and for a simulation
/// [`Error::Endless`] if neither states nor time are limited.
///
/// # Panics
///
/// When the model or `progress` panics. Under stateright's engines, which index actions by number, also
/// when the model is not deterministic.
pub fn explore_with<M>(
    engine: Engine,
    model: Arc<M>,
    limits: &Limits,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Run<M::State, M::Action>, Error>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + PartialEq + Send + 'static,
{
    match engine {
        Engine::Own => explore(&*model, limits, progress),
        Engine::StaterightBfs => explore_by_stateright(Strategy::Bfs, model, limits, progress),
        Engine::StaterightDfs => explore_by_stateright(Strategy::Dfs, model, limits, progress),
        Engine::StaterightSimulation => {
            explore_by_stateright(Strategy::Simulation, model, limits, progress)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_is_found_by_its_name() {
        for engine in Engine::ALL {
            assert_eq!(engine.to_string().parse(), Ok(engine));
        }
        assert_eq!(
            "bfs".parse::<Engine>(),
            Err(Error::UnknownEngine("bfs".to_owned()))
        );
    }
}
