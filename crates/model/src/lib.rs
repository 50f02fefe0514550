//! Every world of Paxos nodes that a scenario allows, as a stateright model.

mod action;
mod actors;
mod another_round;
pub mod as_it_is;
mod clients;
mod compiled;
mod difference;
mod disks;
mod endless;
mod endless_safety;
mod explore;
mod faults;
mod given;
pub mod guard;
mod kinds;
#[cfg(test)]
mod lamport;
mod letter;
mod live;
mod mutants;
mod network;
mod outlook;
mod packed;
mod pairs;
mod parcel;
pub mod properties;
mod ranked;
mod reads;
mod rule_set;
mod scenario;
mod state;
mod story;
pub mod trial;
mod world;

pub use action::{Action, Event, Reaction};
pub use actors::{Actors, Memory, Never, Peer, Wait};
pub use another_round::{AnotherRound, another_round};
pub use clients::{Call, Clients, Fault, Point, Replies, Reply};
pub use compiled::{Code, Compiled, Move, Plan};
pub use difference::{Difference, Place, differences};
pub use endless_safety::explore_endless_safety;
pub use explore::{estimate, explore};
pub use given::{Onward, judge_round, once_more, onward};
pub use kinds::Kind;
pub use letter::{Letter, Letters};
pub use live::{class_names, explore_live};
pub use mutants::{Control, Mutant};
pub use network::Network;
pub use outlook::outlook;
pub use pairs::Pairs;
pub use parcel::Parcel;
pub use paxos::Variant;
pub use ranked::{Ranked, Start, Turn};
pub use reads::{ReadAsk, ReadStatus, ReadStep, Reading, vote_in_words};
pub use rule_set::RuleSet;
pub use scenario::{
    Ask, Bounds, Endless, Expect, Expected, Placement, Protocol, Quorums, RulesName, Scenario,
    ScenarioError, Size,
};
pub use state::{Outcome, Server, State};
pub use story::{Consequence, Happening, story};
pub use world::{Diagram, World};
