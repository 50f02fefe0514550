//! Which world is explored, by name: in addresses, in words, and on the command line.

use std::fmt;

use model::{Mutant, RulesName, Scenario, Variant, World};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;
use crate::load::{self, Loaded};

/// A scenario, by which rules, and what is done wrong in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scenario: String,
    /// `None`: the scenario's own.
    pub(crate) rules: Option<RulesName>,
    pub(crate) mutant: Option<Mutant>,
}

/// What may stand in a part of an address as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'+')
    .remove(b':');

/// The rule sets to choose from.
pub(crate) const RULES: [RulesName; 2] = [RulesName::Lamport, RulesName::StrictAccept];

/// The name of a rule set, as scenarios have it.
pub(crate) fn rules_name(rules: RulesName) -> &'static str {
    match rules {
        RulesName::Lamport => "lamport",
        RulesName::StrictAccept => "notes",
    }
}

/// The rule set of a name.
pub(crate) fn rules_named(name: &str) -> Option<RulesName> {
    RULES.into_iter().find(|rules| rules_name(*rules) == name)
}

impl Place {
    /// A scenario as it is.
    pub(crate) fn of(scenario: &Scenario) -> Place {
        Place {
            scenario: scenario.name.clone(),
            rules: None,
            mutant: None,
        }
    }

    /// A scenario with what an address has in its second part: a rule set, a mutant, or both as in `notes:own-value`.
    ///
    /// # Errors
    /// The part that is neither, and the names that look like it.
    pub(crate) fn twisted(
        scenario: &Scenario,
        twist: &str,
    ) -> Result<Place, (String, Vec<String>)> {
        let mut place = Place::of(scenario);
        for name in twist.split(':') {
            match (rules_named(name), name.parse::<Mutant>()) {
                (Some(rules), _) if place.rules.is_none() => place.rules = Some(rules),
                (None, Ok(mutant)) if place.mutant.is_none() => place.mutant = Some(mutant),
                (Some(_), _) | (None, Ok(_) | Err(_)) => {
                    let mutants = Mutant::ALL.iter().map(|mutant| mutant.name());
                    let known = RULES.into_iter().map(rules_name).chain(mutants);
                    let near = load::nearest(name, known.map(str::to_owned));
                    return Err((name.to_owned(), near));
                }
            }
        }
        Ok(place)
    }

    /// The world itself.
    ///
    /// # Errors
    /// If these do not go together.
    pub(crate) fn world(&self, loaded: &Loaded) -> Result<World, Error> {
        let world = loaded.world(self.mutant)?;
        let Some(rules) = self.rules else {
            return Ok(world);
        };
        let has_own_quorums = match world.rules().variant {
            Variant::Lamport | Variant::StrictAccept => false,
            Variant::Flexible(_) | Variant::Weighted(_) | Variant::QuorumSets(_) => true,
        };
        if has_own_quorums {
            return Err(Error::World {
                name: self.scenario.clone(),
                problem: format!(
                    "it has quorums of its own, which the rules of {} do not: leave them out",
                    rules_name(rules)
                ),
            });
        }
        Ok(world.with_variant(match rules {
            RulesName::Lamport => Variant::Lamport,
            RulesName::StrictAccept => Variant::StrictAccept,
        }))
    }

    /// Where the explorer has it, from the root and with a slash at the end.
    pub(crate) fn address(&self) -> String {
        self.under("explore")
    }

    /// Where the shortest way that shows a property is looked for.
    pub(crate) fn at(&self, property: &str) -> String {
        format!("{}{property}", self.under("at"))
    }

    fn under(&self, root: &str) -> String {
        let scenario = utf8_percent_encode(&self.scenario, PLAIN);
        match self.twist() {
            twist if twist.is_empty() => format!("/{root}/{scenario}/"),
            twist => format!("/{root}/{scenario}/{twist}/"),
        }
    }

    /// What differs from the scenario as it is, as addresses have it; empty if nothing does.
    fn twist(&self) -> String {
        let rules = self.rules.map(rules_name);
        let mutant = self.mutant.map(Mutant::name);
        let both: Vec<&str> = rules.into_iter().chain(mutant).collect();
        both.join(":")
    }

    /// The arguments of `paxos explore` that open it.
    pub(crate) fn arguments(&self) -> String {
        let rules = self.rules.map(rules_name);
        let rules = rules.map_or(String::new(), |rules| format!(" --rules {rules}"));
        let mutant = self.mutant.map_or(String::new(), |mutant| {
            format!(" --mutant {}", mutant.name())
        });
        format!("{}{rules}{mutant}", self.scenario)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scenario)?;
        if let Some(rules) = self.rules {
            write!(f, ", by the rules of {}", rules_name(rules))?;
        }
        match self.mutant {
            Some(mutant) => write!(f, ", with {mutant}"),
            None => Ok(()),
        }
    }
}
