//! Rule sets by name.

use std::fmt;
use std::str::FromStr;

use model::{Mutant, Variant, World};

/// Rules that a scenario is explored by: a variant or its own, and perhaps one thing done wrong.
///
/// Written `lamport`, `notes`, `scenario` (what the scenario has), the name of a mutant (Lamport's rules with that fault),
/// or a variant and a mutant, as in `scenario:own-value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSetName {
    /// `None`: what the scenario has.
    variant: Option<Variant>,
    mutant: Option<Mutant>,
}

/// No rules are called that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no rules are named `{name}`: expected lamport, notes, scenario, the name of a mutant, or both as in \
     scenario:own-value{}",
    near(name)
)]
pub struct UnknownRuleSet {
    name: String,
}

impl RuleSetName {
    /// What a scenario has.
    pub const SCENARIO: RuleSetName = RuleSetName {
        variant: None,
        mutant: None,
    };

    /// The same scenario under these rules.
    #[must_use]
    pub fn on(self, world: World) -> World {
        let world = match self.variant {
            Some(variant) => world.with_variant(variant),
            None => world,
        };
        match self.mutant {
            Some(mutant) => world.with_mutant(mutant),
            None => world,
        }
    }
}

/// The variants by name.
const VARIANTS: [(&str, Option<Variant>); 3] = [
    ("lamport", Some(Variant::Lamport)),
    ("notes", Some(Variant::StrictAccept)),
    ("scenario", None),
];

impl FromStr for RuleSetName {
    type Err = UnknownRuleSet;

    fn from_str(name: &str) -> Result<RuleSetName, UnknownRuleSet> {
        let variant = |name: &str| VARIANTS.into_iter().find(|(known, _)| *known == name);
        let unknown = || UnknownRuleSet {
            name: name.to_owned(),
        };
        if let Some((_, variant)) = variant(name) {
            return Ok(RuleSetName {
                variant,
                mutant: None,
            });
        }
        let (base, fault) = name.split_once(':').unwrap_or(("lamport", name));
        let (_, variant) = variant(base).ok_or_else(unknown)?;
        let mutant = Some(fault.parse().map_err(|_| unknown())?);
        Ok(RuleSetName { variant, mutant })
    }
}

impl fmt::Display for RuleSetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_own = |(_, variant): &&(&str, Option<Variant>)| *variant == self.variant;
        let base = VARIANTS.iter().find(is_own).map_or("", |(name, _)| name);
        match (self.variant, self.mutant) {
            (_, None) => f.write_str(base),
            (Some(Variant::Lamport), Some(mutant)) => mutant.fmt(f),
            (Some(_) | None, Some(mutant)) => write!(f, "{base}:{mutant}"),
        }
    }
}

/// What may have been meant.
fn near(name: &str) -> String {
    let variants = VARIANTS.iter().map(|(name, _)| *name);
    let known = variants.chain(Mutant::ALL.iter().map(|mutant| mutant.name()));
    let nearest = known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.map_or(String::new(), |(_, known)| {
        format!("; did you mean {known}?")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_they_are_shown_as() {
        let mutants = Mutant::ALL.iter().map(|mutant| mutant.name().to_owned());
        let both = Mutant::ALL
            .iter()
            .flat_map(|mutant| [format!("notes:{mutant}"), format!("scenario:{mutant}")]);
        let variants = VARIANTS.iter().map(|(name, _)| (*name).to_owned());
        for name in variants.chain(mutants).chain(both) {
            assert_eq!(name.parse::<RuleSetName>().unwrap().to_string(), name);
        }
        let long: RuleSetName = "lamport:own-value".parse().unwrap();
        assert_eq!(long.to_string(), "own-value");
    }

    #[test]
    fn what_is_none_is_refused_with_what_there_is() {
        for name in ["", "notez", "own-value:notes", "notes:", ":own-value"] {
            let refused = name.parse::<RuleSetName>().unwrap_err().to_string();
            assert!(refused.contains(&format!("`{name}`")), "{refused}");
            assert!(refused.contains("expected lamport"), "{refused}");
        }
        let refused = "notez".parse::<RuleSetName>().unwrap_err().to_string();
        assert!(refused.ends_with("did you mean notes?"), "{refused}");
    }
}
