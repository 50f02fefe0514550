//! Stories that everybody who knows Paxos has told: each as a path.

use checker::Limits;
use model::{Action, Mutant, State, Variant, World};
use report::Answer;
use stateright::{Model as _, Path};

use crate::worlds::{DUEL, scenario, walk, world};

type Story = (World, Path<State, Action>);

const SERVERS: &str = r#"
title = "Three servers"
about = "The textbook cluster."
[cluster]
servers = 3
[[ask]]
value = "A"
of = 0
"#;

pub(crate) const ENDLESS: &str = "[protocol]\nnack = true\n[endless]\nin-flight = 1\n";

/// Both phases, and who learns of it.
pub(crate) fn success() -> Story {
    let world = world(SERVERS);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "n0 → n0 Prepare 1.0",
            "n0 → n1 Prepare 1.0",
            "n0 → n0 Promise 1.0",
            "n1 → n0 Promise 1.0",
            "n0 → n1 Propose 1.0=A",
            "n0 → n2 Propose 1.0=A",
            "n1 → n0 Accepted 1.0=A",
            "n2 → n0 Accepted 1.0=A",
        ],
    );
    (world, path)
}

/// Two proposers outbid each other.
pub(crate) fn duel() -> Story {
    let text = format!("{DUEL}[protocol]\nnack = true\n[world]\nrounds = 2\n");
    let world = world(&text);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "client asks n1 for B",
            "n0 → n2 Prepare 1.0",
            "n2 → n0 Promise 1.0",
            "n1 → n2 Prepare 1.1",
            "n0 → n2 Propose 1.0=A",
            "n2 → n0 Nack 1.0 promised 1.1",
            "n0 times out",
            "n0 → n2 Prepare 2.0",
            "n2 → n1 Promise 1.1",
            "n1 → n2 Propose 1.1=B",
            "n2 → n1 Nack 1.1 promised 2.0",
        ],
    );
    (world, path)
}

/// The second proposer hears of a vote, and proposes its value.
pub(crate) fn adopted() -> Story {
    let world = world(DUEL);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "n0 → n2 Prepare 1.0",
            "n2 → n0 Promise 1.0",
            "n0 → n2 Propose 1.0=A",
            "client asks n1 for B",
            "n1 → n2 Prepare 1.1",
            "n2 → n1 Promise 1.1 accepted 1.0=A",
            "n1 → n2 Propose 1.1=A",
            "n2 → n1 Accepted 1.1=A",
        ],
    );
    (world, path)
}

/// An acceptor crashes after it has saved its vote, and before it says so.
pub(crate) fn torn() -> Story {
    let world = world(&format!("{DUEL}[world]\ncrashes = 2\ntorn = true\n"));
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "n0 → n2 Prepare 1.0",
            "n2 → n0 Promise 1.0",
            "n0 → n2 Propose 1.0=A, cut short by a crash before any send",
            "n0 crashes",
            "client asks n1 for B",
            "n1 → n2 Prepare 1.1",
            "n2 → n1 Promise 1.1 accepted 1.0=A",
        ],
    );
    (world, path)
}

/// An acceptor that does not save its promises: it forgets one, and agreement is lost.
pub(crate) fn forgotten() -> Story {
    let world = world(&format!("{DUEL}[world]\ncrashes = 1\n"));
    let world = world.with_mutant(Mutant::PromiseNotDurable);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "n0 → n2 Prepare 1.0",
            "n2 → n0 Promise 1.0",
            "client asks n1 for B",
            "n1 → n2 Prepare 1.1",
            "n2 → n1 Promise 1.1",
            "n2 crashes",
            "n0 → n2 Propose 1.0=A",
            "n1 → n2 Propose 1.1=B",
        ],
    );
    (world, path)
}

/// Quorums of half the acceptors, which do not meet.
pub(crate) fn thin() -> Story {
    let text = DUEL.replace("acceptors = 1", "acceptors = 4");
    let text = format!("{text}[protocol]\nprepare-quorum = 2\naccept-quorum = 2\n");
    let world = world(&text);
    let path = walk(
        &world,
        &[
            "client asks n0 for A",
            "n0 → n2 Prepare 1.0",
            "n0 → n3 Prepare 1.0",
            "n2 → n0 Promise 1.0",
            "n3 → n0 Promise 1.0",
            "client asks n1 for B",
            "n1 → n4 Prepare 1.1",
            "n1 → n5 Prepare 1.1",
            "n4 → n1 Promise 1.1",
            "n5 → n1 Promise 1.1",
            "n0 → n2 Propose 1.0=A",
            "n0 → n3 Propose 1.0=A",
            "n1 → n4 Propose 1.1=B",
            "n1 → n3 Propose 1.1=B",
        ],
    );
    (world, path)
}

/// Two proposers outbid each other for ever, as it is found.
pub(crate) fn lasso() -> Answer {
    let scenario = scenario("endless", &format!("{DUEL}{ENDLESS}"));
    let world = World::new(scenario).unwrap();
    let run = model::explore_live(&world, &Limits::default(), &|_| {}).unwrap();
    Answer::live(std::sync::Arc::new(world), run)
}

/// An acceptor that missed the Prepare: the world by the notes' rule, what happens on both sides, the last step, and what
/// comes of it by Lamport's rule.
pub(crate) fn parting() -> (Story, Action, State) {
    let notes = world(SERVERS).with_variant(Variant::StrictAccept);
    let path = walk(
        &notes,
        &[
            "client asks n0 for A",
            "n0 → n0 Prepare 1.0",
            "n0 → n0 Promise 1.0",
            "n0 → n1 Prepare 1.0",
            "n1 → n0 Promise 1.0",
        ],
    );
    let before = path.last_state().clone();
    let lamport = world(SERVERS).with_variant(Variant::Lamport);
    let mut actions = Vec::new();
    lamport.actions(&before, &mut actions);
    let last = |action: &&Action| action.to_string() == "n0 → n2 Propose 1.0=A";
    let action = *actions.iter().find(last).unwrap();
    assert_eq!(notes.next_state(&before, action), None);
    let after = lamport.next_state(&before, action).unwrap();
    ((notes, path), action, after)
}

/// Far more than sixty steps, most of them waiting: nobody answers, and the proposers time out again and again.
pub(crate) fn waiting() -> Story {
    let world = world(&format!(
        "{DUEL}[protocol]\nnack = true\n[world]\nrounds = 15\n"
    ));
    let mut script = vec![
        "client asks n0 for A",
        "n0 → n2 Prepare 1.0",
        "client asks n1 for B",
    ];
    script.extend(["n1 times out"; 14]);
    script.extend(["n0 times out"; 7]);
    script.extend([
        "n1 → n2 Prepare 1.1",
        "n0 → n2 Prepare 2.0",
        "n1 → n2 Prepare 2.1",
    ]);
    script.extend(["n0 times out"; 7]);
    let stale = (3..=14)
        .map(|round| format!("n0 → n2 Prepare {round}.0"))
        .collect::<Vec<_>>();
    let fresh = (3..=14)
        .map(|round| format!("n1 → n2 Prepare {round}.1"))
        .collect::<Vec<_>>();
    for (stale, fresh) in stale.iter().zip(&fresh) {
        script.extend([stale.as_str(), fresh.as_str()]);
    }
    script.extend(["n1 → n2 Prepare 15.1", "n2 → n1 Promise 15.1"]);
    script.extend(["n1 → n2 Propose 15.1=B", "n2 → n1 Accepted 15.1=B"]);
    let path = walk(&world, &script);
    (world, path)
}
