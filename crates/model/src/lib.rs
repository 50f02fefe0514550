//! Every world of Paxos nodes that a scenario allows, as a stateright model.

mod actors;
mod digest;
mod letter;
mod mutants;
mod network;
mod parcel;
pub mod properties;
mod rule_set;
mod scenario;
mod story;
mod world;

pub use actors::{Actors, Memory, Never, Peer, Wait};
pub use letter::{Letter, Letters};
pub use mutants::Mutant;
pub use network::Network;
pub use parcel::Parcel;
pub use rule_set::{RuleSet, Variant};
pub use scenario::{
    Ask, Bounds, Expect, Expected, Placement, Protocol, RulesName, Scenario, ScenarioError,
};
pub use story::{Consequence, Happening, story};
pub use world::{Action, Diagram, Event, Outcome, Reaction, Server, State, World};
