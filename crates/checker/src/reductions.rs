//! Which states need not be visited, since others stand for them.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A way to visit fewer states with the same verdicts. Whether it is sound is the model's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// What can never again matter is taken out of states, so that those that differ in it alone are one.
    Dead,
    /// States that are images of each other under the model's symmetry are one.
    Symmetry,
}

impl Reduction {
    /// All reductions, in the order in which they are applied to a state.
    pub const ALL: [Self; 2] = [Self::Dead, Self::Symmetry];

    /// The name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Symmetry => "symmetry",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Dead => 1,
            Self::Symmetry => 2,
        }
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of [`Reduction`]s. The default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reductions(u8);

impl Reductions {
    /// Every state is visited.
    pub const NONE: Self = Self(0);
    /// All there are.
    pub const ALL: Self = Self(3);

    /// Whether this reduction is in the set.
    pub fn contains(self, reduction: Reduction) -> bool {
        self.0 & reduction.bit() != 0
    }

    /// The set with this reduction.
    #[must_use]
    pub fn with(self, reduction: Reduction) -> Self {
        Self(self.0 | reduction.bit())
    }

    /// The reductions in the set.
    pub fn iter(self) -> impl Iterator<Item = Reduction> {
        Reduction::ALL
            .into_iter()
            .filter(move |&reduction| self.contains(reduction))
    }

    /// All sets there are, with their names.
    pub const SETS: [(&'static str, Self); 4] = [
        ("none", Self::NONE),
        ("dead", Self(1)),
        ("symmetry", Self(2)),
        ("all", Self::ALL),
    ];
}

impl From<Reduction> for Reductions {
    fn from(reduction: Reduction) -> Self {
        Self::NONE.with(reduction)
    }
}

impl fmt::Display for Reductions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = Self::SETS
            .into_iter()
            .find(|(_, set)| set == self)
            .expect("every set of two has a name");
        f.pad(name)
    }
}

impl FromStr for Reductions {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::SETS
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, set)| set)
            .ok_or_else(|| Error::UnknownReductions(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_found_by_its_name() {
        let dead = Reductions::from(Reduction::Dead);
        for set in [
            Reductions::NONE,
            dead,
            Reduction::Symmetry.into(),
            Reductions::ALL,
        ] {
            assert_eq!(set.to_string().parse(), Ok(set));
            assert!(set.iter().all(|reduction| set.contains(reduction)));
        }
        assert_eq!(dead.with(Reduction::Symmetry), Reductions::ALL);
        assert_eq!(
            "some".parse::<Reductions>(),
            Err(Error::UnknownReductions("some".to_owned()))
        );
    }
}
