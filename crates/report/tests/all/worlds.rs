//! Small worlds, and paths through them told by their actions.

use std::sync::Arc;

use checker::{Limits, Run, explore};
use model::{Action, Mutant, Scenario, State, World};
use report::Answer;
use stateright::{Model, Path};

/// Two proposers, one acceptor.
pub(crate) const DUEL: &str = r#"
title = "Two proposers, one acceptor"
about = "The smallest world with a conflict."
[cluster]
proposers = 2
acceptors = 1
[[ask]]
value = "A"
of = 0
[[ask]]
value = "B"
of = 1
"#;

/// One server that is asked for one value.
pub(crate) const ALONE: &str = r#"
title = "One server"
about = "Nothing to agree on."
[cluster]
servers = 1
[[ask]]
value = "A"
of = 0
"#;

/// Everything that can go wrong with the network and the nodes.
pub(crate) const STORM: &str = r#"
title = "Three servers in a storm"
about = "Losses, a crash in the middle of a step, and time-outs."
[cluster]
servers = 3
[protocol]
nack = true
[world]
network = "ordered"
loss = true
rounds = 3
crashes = 2
torn = true
[[ask]]
value = "A"
of = 0
[[ask]]
value = "B"
of = 1
"#;

pub(crate) fn scenario(name: &str, text: &str) -> Arc<Scenario> {
    let file = format!("{name}.toml");
    Arc::new(Scenario::parse(std::path::Path::new(&file), text).unwrap())
}

pub(crate) fn world(text: &str) -> World {
    World::new(scenario("small", text)).unwrap()
}

pub(crate) fn run(world: &World, limits: &Limits) -> Run<State, Action> {
    explore(world, limits, &|_| {}).unwrap()
}

/// The scenario's answer within these limits.
pub(crate) fn answer(name: &str, text: &str, limits: &Limits) -> Answer {
    let scenario = scenario(name, text);
    let world = Arc::new(World::new(scenario).unwrap());
    let run = run(&world, limits);
    Answer::new(world, run)
}

/// The path of these actions, each written as it is displayed.
pub(crate) fn walk(world: &World, script: &[&str]) -> Path<State, Action> {
    let start = world.init_states().remove(0);
    let mut state = start.clone();
    let mut taken = Vec::new();
    for line in script {
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        let action = actions.iter().find(|action| action.to_string() == *line);
        let all: Vec<String> = actions.iter().map(ToString::to_string).collect();
        let action = *action.unwrap_or_else(|| panic!("not {line}, but\n{}", all.join("\n")));
        state = world.next_state(&state, action).expect(line);
        taken.push(action);
    }
    Path::from_actions(world, start, &taken).unwrap()
}

/// A violation of agreement, since the acceptor votes below its promise.
pub(crate) fn stale() -> (World, Path<State, Action>) {
    let world = world(DUEL).with_mutant(Mutant::AcceptStale);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "n0 → n2 Prepare 1.0",
            "n2 → n0 Promise 1.0",
            "client asks n1 for B",
            "n1 → n2 Prepare 1.1",
            "n2 → n1 Promise 1.1",
            "n1 → n2 Propose 1.1=B",
            "n2 → n1 Accepted 1.1=B",
            "n0 → n2 Propose 1.0=A",
            "n2 → n0 Accepted 1.0=A",
        ],
    );
    (world, path)
}

/// A request of one server, with all of its messages to itself.
pub(crate) fn alone() -> (World, Path<State, Action>) {
    let world = world(ALONE);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "n0 → n0 Prepare 1.0",
            "n0 → n0 Promise 1.0",
            "n0 → n0 Propose 1.0=A",
            "n0 → n0 Accepted 1.0=A",
        ],
    );
    (world, path)
}

/// A loss, a torn step, a crash, time-outs, a refusal, and an adopted value.
pub(crate) fn storm() -> (World, Path<State, Action>) {
    let world = world(STORM);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "lost: n0 → n1 Prepare 1.0",
            "n0 → n0 Prepare 1.0",
            "n0 → n2 Prepare 1.0",
            "n0 → n0 Promise 1.0",
            "client asks n1 for B",
            "n2 → n0 Promise 1.0",
            "n0 → n2 Propose 1.0=A, cut short by a crash after 1 send",
            "n0 crashes",
            "n1 → n0 Prepare 1.1",
            "n1 → n1 Prepare 1.1",
            "n0 → n1 Propose 1.0=A",
            "n1 → n0 Nack 1.0 promised 1.1",
            "n1 times out",
            "n1 → n2 Prepare 1.1",
            "lost: n2 → n1 Promise 1.1 accepted 1.0=A",
            "n1 → n2 Prepare 2.1",
            "n1 → n0 Prepare 2.1",
            "n0 → n1 Promise 1.1",
            "n0 → n1 Promise 2.1",
            "n2 → n1 Promise 2.1 accepted 1.0=A",
        ],
    );
    (world, path)
}
