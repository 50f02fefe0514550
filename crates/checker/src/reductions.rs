//! Which states need not be visited, since others stand for them.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A way to visit fewer states with the same verdicts. Whether it is sound is the model's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduction {
    /// What can never again matter is taken out of states, so that those that differ in it alone are one.
    Dead,
    /// States that are images of each other under the model's symmetry are one.
    Symmetry,
    /// Of steps that can be taken in any order with the same result, only some orders are gone through.
    Order,
}

impl Reduction {
    /// All reductions, in the order of their names in a set.
    pub const ALL: [Self; 3] = [Self::Dead, Self::Symmetry, Self::Order];

    /// The name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Symmetry => "symmetry",
            Self::Order => "order",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Dead => 1,
            Self::Symmetry => 2,
            Self::Order => 4,
        }
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a model finds it cannot be explored with, while it is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// This form of the model: nothing that was found in it means anything.
    Form,
    /// One of the reductions.
    Reduction(Reduction),
}

/// A premise that turned out to be false of the model at hand, and what therefore cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// What is refused.
    pub what: Refused,
    /// What is taken for granted and is not so, in one line.
    pub premise: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.pad("tables"),
            Self::Reduction(reduction) => reduction.fmt(f),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: not used: {}", self.what, self.premise)
    }
}

/// A set of [`Reduction`]s. The default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reductions(u8);

impl Reductions {
    /// Every state is visited.
    pub const NONE: Self = Self(0);
    /// All there are.
    pub const ALL: Self = Self(7);

    /// Whether this reduction is in the set.
    pub fn contains(self, reduction: Reduction) -> bool {
        self.0 & reduction.bit() != 0
    }

    /// The set with this reduction.
    #[must_use]
    pub fn with(self, reduction: Reduction) -> Self {
        Self(self.0 | reduction.bit())
    }

    /// The set without this reduction.
    #[must_use]
    pub fn without(self, reduction: Reduction) -> Self {
        Self(self.0 & !reduction.bit())
    }

    /// The reductions in both sets.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The reductions in the set.
    pub fn iter(self) -> impl Iterator<Item = Reduction> {
        Reduction::ALL
            .into_iter()
            .filter(move |&reduction| self.contains(reduction))
    }

    /// The names of all, of none, and of each one, as people write them. Several are joined by commas.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let each = Reduction::ALL.map(Reduction::name);
        ["none", "all"].into_iter().chain(each)
    }
}

impl From<Reduction> for Reductions {
    fn from(reduction: Reduction) -> Self {
        Self::NONE.with(reduction)
    }
}

impl Reductions {
    /// Each by its name, for people: "dead, symmetry", or "none".
    pub fn in_words(self) -> String {
        let names: Vec<&str> = self.iter().map(Reduction::name).collect();
        match names.as_slice() {
            [] => "none".to_owned(),
            names => names.join(", "),
        }
    }
}

impl fmt::Display for Reductions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.pad("none"),
            Self::ALL => f.pad("all"),
            some => f.pad(
                &some
                    .iter()
                    .map(Reduction::name)
                    .collect::<Vec<_>>()
                    .join(","),
            ),
        }
    }
}

impl FromStr for Reductions {
    type Err = Error;

    fn from_str(names: &str) -> Result<Self, Error> {
        match names {
            "none" => return Ok(Self::NONE),
            "all" => return Ok(Self::ALL),
            _ => {}
        }
        names.split(',').try_fold(Self::NONE, |set, name| {
            Reduction::ALL
                .into_iter()
                .find(|reduction| reduction.name() == name)
                .map(|reduction| set.with(reduction))
                .ok_or_else(|| Error::UnknownReductions(names.to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_found_by_its_name() {
        let dead = Reductions::from(Reduction::Dead);
        for set in (0..8).map(Reductions) {
            assert_eq!(set.to_string().parse(), Ok(set));
            assert!(set.iter().all(|reduction| set.contains(reduction)));
        }
        let two = dead.with(Reduction::Order);
        assert_eq!(two.with(Reduction::Symmetry), Reductions::ALL);
        assert_eq!("order,dead".parse(), Ok(two));
        assert_eq!(two.to_string(), "dead,order");
        for wrong in ["some", "dead,", "", "none,dead"] {
            assert_eq!(
                wrong.parse::<Reductions>(),
                Err(Error::UnknownReductions(wrong.to_owned()))
            );
        }
        assert!(Reductions::names().all(|name| name.parse::<Reductions>().is_ok()));
    }
}
