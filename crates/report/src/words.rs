//! A scenario in sentences.

use model::{Endless, Network, Scenario, Variant, World};
use paxos::{NodeId, NodeSet, QuorumList};

use crate::Answer;

/// How sure it is that no state was taken for another one.
pub(crate) fn collisions(answer: &Answer) -> String {
    format!(
        "States were told apart by {} bits: the chance that one was taken for another and missed is {:.1e}",
        answer.fingerprint.bits(),
        answer.collision_chance
    )
}

/// Plain sentences on who takes part, by which rules, what clients ask, and what may happen.
pub(crate) fn sentences(world: &World) -> Vec<String> {
    let scenario = world.scenario();
    let mut told = vec![roles(world), rules(world), network(scenario)];
    told.push(asks(scenario));
    told.extend(reads(scenario));
    told.push(rounds(scenario));
    told.push(crashes(scenario));
    told.extend(stops(scenario));
    told.extend(faults(scenario));
    if !scenario.world.down.is_empty() {
        let down = &scenario.world.down;
        let verb = if down.len() == 1 { "runs" } else { "run" };
        told.push(format!("{} never {verb}.", numbers(down)));
    }
    told
}

fn roles(world: &World) -> String {
    let cluster = world.cluster();
    let (proposers, acceptors) = (cluster.proposers(), cluster.acceptors());
    let learners = cluster.learners();
    if proposers == acceptors && acceptors == learners {
        let count = acceptors.len();
        let servers = if count == 1 { "server" } else { "servers" };
        return format!(
            "{count} {servers}, {}, with all three roles each.",
            names(acceptors)
        );
    }
    let learners = match learners.is_empty() {
        true => "there are no learners but the proposers themselves".to_owned(),
        false => is_or_are(learners, "learner"),
    };
    format!(
        "{}, {}; {learners}.",
        is_or_are(proposers, "proposer"),
        is_or_are(acceptors, "acceptor"),
    )
}

fn is_or_are(nodes: NodeSet, role: &str) -> String {
    match nodes.len() {
        1 => format!(
            "{} is a{} {role}",
            names(nodes),
            if role == "acceptor" { "n" } else { "" }
        ),
        _ => format!("{} are {role}s", names(nodes)),
    }
}

fn rules(world: &World) -> String {
    let protocol = &world.scenario().protocol;
    let rule = match protocol.rules {
        model::RulesName::Lamport => "votes in any ballot not below its promise",
        model::RulesName::StrictAccept => "votes only in the very ballot it promised",
    };
    let quorums = match world.rules().variant {
        Variant::Flexible(sizes) => {
            format!(
                "{} and {} make",
                promises(sizes.prepare),
                votes(sizes.accept)
            )
        }
        Variant::Weighted(rules) => {
            let weights = world.cluster().acceptors().iter().map(|node| {
                let weight = rules.weights[node.index()];
                format!("{node} weighs {weight}")
            });
            format!(
                "{}; promises of weight {} and votes of weight {} make",
                listed(&weights.collect::<Vec<_>>()),
                rules.prepare,
                rules.accept
            )
        }
        Variant::QuorumSets(rules) => format!(
            "promises of {}, and votes of {}, make",
            sets(&rules.prepare, ", or of "),
            sets(&rules.accept, ", or of ")
        ),
        Variant::Lamport | Variant::StrictAccept => {
            let majority = world.cluster().acceptors().len() / 2 + 1;
            format!(
                "a majority, {} or {}, makes",
                promises(majority),
                votes(majority)
            )
        }
    };
    let nacks = match protocol.nack {
        true => "and says so when it refuses",
        false => "and is silent when it refuses",
    };
    format!("An acceptor {rule}, {nacks}; {quorums} a quorum.")
}

/// "n2 and n3, or n4 and n5".
pub(crate) fn sets(quorums: &QuorumList, or: &str) -> String {
    let sets: Vec<String> = quorums.iter().map(names).collect();
    sets.join(or)
}

fn promises(count: usize) -> String {
    counted(count as u64, "promise", "promises")
}

fn votes(count: usize) -> String {
    counted(count as u64, "vote", "votes")
}

fn network(scenario: &Scenario) -> String {
    if let Some(endless) = &scenario.endless {
        let arrives = "A message can arrive at any time, in any order, any number of times; one that is sent again and again \
             arrives in the end";
        let lost = match (scenario.world.loss, endless.losses) {
            (false, _) => "; none is lost before its proposer starts another round".to_owned(),
            (true, None) => "; any may be lost".to_owned(),
            (true, Some(most)) => {
                let most = u64::from(most);
                format!("; {} may be lost", counted(most, "message", "messages"))
            }
        };
        let repeats = match endless.repeats {
            true => " Hosts say again what is not answered, and answer again what is asked again.",
            false => "",
        };
        return format!("{arrives}{lost}.{repeats}");
    }
    match (scenario.world.network, scenario.world.loss) {
        (Network::Set, _) if scenario.world.repeats => {
            "A message can arrive at any time, in any order, any number of times, or never. Hosts answer again what is \
             asked again."
        }
        (Network::Set, _) => {
            "A message can arrive at any time, in any order, any number of times, or never."
        }
        (Network::Bag, _) => "A message can arrive at any time, in any order, once or never.",
        (Network::Ordered, false) => {
            "Messages on one link arrive in the order of sending, each once, after any time."
        }
        (Network::Ordered, true) => {
            "Messages on one link arrive in the order of sending, each once, unless they get lost."
        }
    }
    .to_owned()
}

/// Who reads; nothing where nobody does.
fn reads(scenario: &Scenario) -> Option<String> {
    let nodes: Vec<String> = scenario
        .read
        .iter()
        .map(|read| format!("n{}", read.of))
        .collect();
    match nodes.as_slice() {
        [] => None,
        [node] => Some(format!(
            "One client may ask {node} what is chosen, at any time."
        )),
        nodes => Some(format!(
            "Clients may ask {} what is chosen, each once, at any time.",
            listed(nodes)
        )),
    }
}

fn asks(scenario: &Scenario) -> String {
    let asks: Vec<String> = scenario
        .ask
        .iter()
        .map(|ask| format!("n{} for {}", ask.of, ask.value))
        .collect();
    match asks.len() {
        1 => format!("One client may ask {}.", asks[0]),
        _ => format!(
            "Clients may ask {}, each once, in any order.",
            listed(&asks)
        ),
    }
}

fn rounds(scenario: &Scenario) -> String {
    if let Some(endless) = &scenario.endless {
        return endless_rounds(scenario, endless);
    }
    let rounds = u64::from(scenario.world.rounds);
    let used = format!(
        "A proposer uses {} at most",
        counted(rounds, "round", "rounds")
    );
    match scenario.world.retries {
        _ if rounds == 1 => format!("{used}, so it never tries again."),
        None => format!("{used}, and may time out whenever it has one left."),
        Some(0) => format!("{used}; it never times out."),
        Some(retries) => {
            let times = counted(u64::from(retries), "time-out", "time-outs");
            let verb = if retries == 1 { "is" } else { "are" };
            format!("{used}; there {verb} {times} at most, all proposers together.")
        }
    }
}

fn endless_rounds(scenario: &Scenario, endless: &Endless) -> String {
    let patience = match endless.impatient {
        true => "at any moment",
        false => "when nothing of its round is under way any more",
    };
    let mut told = match scenario.world.retries {
        Some(0) => "A proposer never times out.".to_owned(),
        Some(retries) => {
            let times = counted(u64::from(retries), "time-out", "time-outs");
            format!("A proposer may time out {patience}: {times} at most, all proposers together.")
        }
        None => format!("A proposer may try again for ever: it times out {patience}."),
    };
    let flying = u64::from(endless.in_flight);
    told += &format!(
        " Of each proposer, messages of {} are on the network at most.",
        counted(flying, "round", "rounds")
    );
    if let Some(alone) = endless.alone {
        told += &format!(" From some moment on n{alone} alone tries again.");
    }
    told
}

/// Who may stop for ever; nothing where nobody may.
fn stops(scenario: &Scenario) -> Option<String> {
    let endless = scenario.endless.as_ref()?;
    let who = match &endless.stop_nodes {
        None => "any node".to_owned(),
        Some(nodes) => format!("any of {}", numbers(nodes)),
    };
    let most = match endless.stops {
        0 => return None,
        1 => "one of them".to_owned(),
        most => format!("{most} of them"),
    };
    Some(format!(
        "At any moment {who} may fail for ever: {most} at most."
    ))
}

fn crashes(scenario: &Scenario) -> String {
    let bounds = &scenario.world;
    if bounds.crashes == 0 || bounds.crash_nodes.as_ref().is_some_and(Vec::is_empty) {
        return "No node crashes.".to_owned();
    }
    let who = match &bounds.crash_nodes {
        None => "Any node".to_owned(),
        Some(nodes) => numbers(nodes),
    };
    let crashes = counted(u64::from(bounds.crashes), "crash", "crashes");
    let torn = match bounds.torn {
        true => "between two steps, or in a step after what it saved and some of what it sent",
        false => "between two steps",
    };
    format!("{who} may crash {torn}, and restart from disk: {crashes} at most, all nodes together.")
}

/// What may fail besides; nothing where nothing may.
fn faults(scenario: &Scenario) -> Option<String> {
    let bounds = &scenario.world;
    if bounds.faults.is_empty() {
        return None;
    }
    let faults: Vec<String> = bounds.faults.iter().map(ToString::to_string).collect();
    let most = counted(u64::from(bounds.faults_most), "failure", "failures");
    let again = match bounds.asks_again {
        0 => "no client asks again".to_owned(),
        again => format!(
            "clients ask again {} at most",
            counted(u64::from(again), "time", "times")
        ),
    };
    Some(format!(
        "Between clients and nodes, and at disks, there may be {}: {most} at most; {again}.",
        listed(&faults)
    ))
}

/// "n0 n1 n2".
pub(crate) fn spaced(nodes: NodeSet) -> String {
    let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
    names.join(" ")
}

/// "n0, n1 and n2".
pub(crate) fn names(nodes: NodeSet) -> String {
    let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
    listed(&names)
}

fn numbers(nodes: &[usize]) -> String {
    names(nodes.iter().copied().filter_map(NodeId::new).collect())
}

/// "a, b and c".
pub(crate) fn listed(parts: &[String]) -> String {
    match parts {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number that can be read: 1,234,567.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 crash", "2 crashes".
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;

    fn told(text: &str) -> Vec<String> {
        let head = "title = \"t\"\nabout = \"a\"\n";
        let scenario = Scenario::parse(Path::new("s.toml"), &format!("{head}{text}")).unwrap();
        sentences(&World::new(Arc::new(scenario)).unwrap())
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        let shown = [0, 999, 1_000, 123_456, 1_234_567].map(number);
        assert_eq!(shown, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }

    #[test]
    fn the_smallest_world() {
        let text = "ask = [{ value = \"A\", of = 0 }]\n[cluster]\nservers = 1";
        let expected = [
            "1 server, n0, with all three roles each.",
            "An acceptor votes in any ballot not below its promise, and is silent when it refuses; \
             a majority, 1 promise or 1 vote, makes a quorum.",
            "A message can arrive at any time, in any order, any number of times, or never.",
            "One client may ask n0 for A.",
            "A proposer uses 1 round at most, so it never tries again.",
            "No node crashes.",
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn quorums_that_are_no_sizes() {
        let rules = |quorums: &str| {
            let text = format!(
                "ask = [{{ value = \"A\", of = 0 }}]\ncluster = {{ proposers = 1, acceptors = 4 }}\n\
                 protocol.quorums = {{ {quorums} }}"
            );
            told(&text)[1].clone()
        };
        let head = "An acceptor votes in any ballot not below its promise, and is silent when it refuses; ";
        assert_eq!(
            rules("weights = [1, 1, 1, 2], prepare-weight = 4, accept-weight = 2"),
            format!(
                "{head}n1 weighs 1, n2 weighs 1, n3 weighs 1 and n4 weighs 2; promises of weight 4 and votes of weight 2 \
                 make a quorum."
            )
        );
        assert_eq!(
            rules("prepare-sets = [[1, 2], [3, 4]], accept-sets = [[1, 3], [2, 4]]"),
            format!(
                "{head}promises of n1 and n2, or of n3 and n4, and votes of n1 and n3, or of n2 and n4, make a quorum."
            )
        );
    }

    #[test]
    fn a_world_with_everything() {
        let text = r#"
            ask = [{ value = "A", of = 0 }, { value = "B", of = 1 }, { value = "B", of = 0 }]
            [cluster]
            proposers = 2
            acceptors = 4
            learners = 1
            [protocol]
            prepare-quorum = 3
            accept-quorum = 2
            nack = true
            [world]
            network = "ordered"
            loss = true
            rounds = 3
            retries = 1
            crashes = 2
            torn = true
            crash-nodes = [2, 3]
            down = [5]
        "#;
        let expected = [
            "n0 and n1 are proposers, n2, n3, n4 and n5 are acceptors; n6 is a learner.",
            "An acceptor votes in any ballot not below its promise, and says so when it refuses; \
             3 promises and 2 votes make a quorum.",
            "Messages on one link arrive in the order of sending, each once, unless they get lost.",
            "Clients may ask n0 for A, n1 for B and n0 for B, each once, in any order.",
            "A proposer uses 3 rounds at most; there is 1 time-out at most, all proposers together.",
            "n2 and n3 may crash between two steps, or in a step after what it saved and some of \
             what it sent, and restart from disk: 2 crashes at most, all nodes together.",
            "n5 never runs.",
        ];
        assert_eq!(told(text), expected);
    }
}
