//! Whether two cores of the protocol behave the same in a scenario, and if not, where they part.
//!
//! [`compare`] walks both at once, breadth first, from the start: from two states that are equal, every action that
//! either side allows is tried on both. An action that one side alone allows, or that leads to different states, is
//! a [`Parting`]; the walk goes on from the pairs that are still equal. So what is found is shortest, and where
//! nothing is found to the end, the reachable states and steps are the same.
//!
//! A [`Side`] is whatever says what can happen in a state: a `World` under some [`RuleSetName`] ([`Here`]), or another
//! process ([`Other`]) that was built with the core of another revision ([`build`]) and answers ([`serve`]) line by line.
//!
//! Nothing is printed. States are compared themselves, not their fingerprints.

mod compare;
mod error;
mod other;
mod past;
mod rule_set_name;
mod serve;
mod side;
mod wire;

pub use compare::{Comparison, Parting, compare};
pub use error::Error;
pub use other::Other;
pub use past::build;
pub use rule_set_name::{RuleSetName, UnknownRuleSet};
pub use serve::serve;
pub use side::{Explored, Found, Here, Side, Step};
