//! Whether the core's sets of nodes are sets. Worlds, tables and judges all rest on that.

use std::sync::OnceLock;

use paxos::{NodeId, NodeSet};

/// What is wrong with the core's sets of nodes, in words; `None` if they are sets.
pub(super) fn objection() -> Option<&'static str> {
    static OBJECTION: OnceLock<Option<String>> = OnceLock::new();
    OBJECTION.get_or_init(found).as_deref()
}

/// The first few nodes and the last one there can be: each subset of these is asked for, and each two.
fn found() -> Option<String> {
    let numbers = [0, 1, 2, 3, NodeId::LIMIT - 1];
    let nodes: Option<Vec<NodeId>> = numbers.into_iter().map(NodeId::new).collect();
    let nodes = nodes?;
    let subsets: Vec<Vec<NodeId>> = (0..1_usize << nodes.len())
        .map(|mask| {
            let members = nodes.iter().enumerate();
            let members = members.filter(|(place, _)| mask >> place & 1 == 1);
            members.map(|(_, node)| *node).collect()
        })
        .collect();
    let made = |members: &[NodeId]| -> NodeSet { members.iter().copied().collect() };
    for members in &subsets {
        let set = made(members);
        let of = told(members.iter().copied());
        let strange = nodes
            .iter()
            .find(|node| set.contains(**node) != members.contains(node));
        let wrong = if !set.iter().eq(members.iter().copied()) {
            format!("has the members {}", told(set.iter()))
        } else if set.len() != members.len() {
            format!("has {} members", set.len())
        } else if set.is_empty() != members.is_empty() {
            format!(
                "says that it is {}empty",
                if set.is_empty() { "" } else { "not " }
            )
        } else if NodeSet::from_bits(set.bits()) != set {
            "is another one when it is made of its bits".to_owned()
        } else if let Some(node) = strange {
            let not = if set.contains(*node) { "" } else { "not " };
            format!("says that {node} is {not}in it")
        } else {
            String::new()
        };
        if !wrong.is_empty() {
            return Some(format!("the set of {of} {wrong}"));
        }
        for others in &subsets {
            let both = members.iter().filter(|node| others.contains(node));
            let both: Vec<NodeId> = both.copied().collect();
            let any = nodes
                .iter()
                .filter(|node| members.contains(node) || others.contains(node));
            let any: Vec<NodeId> = any.copied().collect();
            let results = [
                ("intersection", set.intersection(made(others)), both),
                ("union", set.union(made(others)), any),
            ];
            let wrong = results
                .into_iter()
                .find(|(_, found, right)| *found != made(right));
            if let Some((name, found, _)) = wrong {
                return Some(format!(
                    "the {name} of {} and {} is {}",
                    told(members.iter().copied()),
                    told(others.iter().copied()),
                    told(found.iter())
                ));
            }
        }
    }
    let counts = 0..=NodeId::LIMIT;
    counts
        .map(|count| (count, NodeSet::first(count)))
        .find(|(count, set)| !set.iter().map(NodeId::index).eq(0..*count))
        .map(|(count, set)| format!("the first {count} nodes are {}", told(set.iter())))
}

fn told(nodes: impl Iterator<Item = NodeId>) -> String {
    let names: Vec<String> = nodes.map(|node| node.to_string()).collect();
    match names.as_slice() {
        [] => "nobody".to_owned(),
        names => names.join(" "),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sets_of_the_core_are_sets() {
        assert_eq!(super::objection(), None);
    }
}
