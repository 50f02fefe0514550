//! Whether journals are of one cluster and of one shape each, before anything in them is judged.

use std::collections::HashMap;

use node::journal::{Entry, FORMAT, FORMATS_READ, Place, Read, Start};
use node::{ClusterId, Key, RulesName};
use paxos::{Cluster, NodeId, NodeSet};

/// Why journals cannot be judged together, or one of them not at all.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is none.
    #[error("there is no journal: give the journals of all nodes of a cluster")]
    NoJournal,
    /// A journal has no line.
    #[error("a journal is empty: give the journals of nodes that have run")]
    Empty,
    /// A line cannot stand where it stands.
    #[error("{place}: {problem}; this is not a journal that a node wrote")]
    OutOfPlace {
        /// Which line.
        place: Place,
        /// What is wrong with it.
        problem: String,
    },
    /// Two journals, or two parts of one, do not go together.
    #[error(
        "{place} has {found}, and {other} has {expected}: give journals of one cluster, one of each node"
    )]
    Mixed {
        /// A line that begins a process.
        place: Place,
        /// What it says.
        found: String,
        /// Another one.
        other: Place,
        /// What that says.
        expected: String,
    },
    /// Two journals are of the same node.
    #[error("{place} and {other} are both journals of {node}: give one of each node")]
    Twice {
        /// The node.
        node: NodeId,
        /// Where the one begins.
        place: Place,
        /// Where the other begins.
        other: Place,
    },
}

/// Which decree, by its place in [`Admitted::keys`].
pub(crate) type DecreeId = u32;

/// Journals that can be judged together.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) cluster: ClusterId,
    pub(crate) roles: Cluster,
    pub(crate) rules: RulesName,
    /// One a node, lowest node first.
    pub(crate) journals: Vec<Journal>,
    pub(crate) keys: Vec<Key>,
}

/// The journal of one node.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) node: NodeId,
    pub(crate) entries: Vec<(Place, Entry)>,
    /// For each entry its decree; [`NO_DECREE`] if it is about none.
    pub(crate) decrees: Vec<DecreeId>,
    /// Whether something of this node may have come before the first line.
    pub(crate) midway: bool,
    /// Whether processes are missing in it: they ended before they wrote a line, wrote none, or wrote into another journal
    /// and onto another copy of the store.
    pub(crate) jumps: bool,
    /// Whether the last process ended in order. If not, it crashed, still runs, or the journal was cut.
    pub(crate) stopped: bool,
}

/// For entries that are about no decree.
pub(crate) const NO_DECREE: DecreeId = DecreeId::MAX;

/// A line of one of the journals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    /// Which journal.
    pub(crate) journal: u8,
    /// Which entry of it.
    pub(crate) entry: u32,
}

impl Admitted {
    /// The journal of a node; `None` if it was not given.
    pub(crate) fn journal_of(&self, node: NodeId) -> Option<usize> {
        self.journals
            .binary_search_by_key(&node, |journal| journal.node)
            .ok()
    }

    /// The nodes whose journals were not given.
    pub(crate) fn absent(&self) -> NodeSet {
        let nodes = self.roles.nodes().iter();
        nodes
            .filter(|node| self.journal_of(*node).is_none())
            .collect()
    }

    pub(crate) fn place(&self, spot: Spot) -> &Place {
        &self.journals[usize::from(spot.journal)].entries[spot.entry as usize].0
    }

    pub(crate) fn entry(&self, spot: Spot) -> &Entry {
        &self.journals[usize::from(spot.journal)].entries[spot.entry as usize].1
    }

    pub(crate) fn key(&self, decree: DecreeId) -> &Key {
        &self.keys[decree as usize]
    }
}

/// Puts journals together.
pub(crate) fn admit(given: Vec<Read>) -> Result<Admitted, Refused> {
    let mut ids = HashMap::new();
    let mut keys = Vec::new();
    let mut journals: Vec<(Start, Place, Journal)> = Vec::new();
    for read in given {
        let (first, place) = check_shape(&read.entries)?;
        if let Some((known, other, _)) = journals.first() {
            check_same(&first, &place, known, other)?;
        }
        let midway = match read.entries.first() {
            Some((_, Entry::Start(start))) => start.incarnation > 1,
            _ => true,
        };
        let decrees = read.entries.iter().map(|(_, entry)| {
            let Some(key) = key_of(entry) else {
                return NO_DECREE;
            };
            *ids.entry(key.clone()).or_insert_with(|| {
                keys.push(key.clone());
                (keys.len() - 1) as DecreeId
            })
        });
        let journal = Journal {
            node: first.node,
            decrees: decrees.collect(),
            midway,
            jumps: jumps(&read.entries),
            stopped: matches!(read.entries.last(), Some((_, Entry::Stop))),
            entries: read.entries,
        };
        journals.push((first, place, journal));
    }
    journals.sort_by_key(|(first, ..)| first.node);
    let twice = journals
        .windows(2)
        .find(|two| two[0].0.node == two[1].0.node);
    if let Some([(first, other, _), (_, place, _)]) = twice {
        return Err(Refused::Twice {
            node: first.node,
            place: place.clone(),
            other: other.clone(),
        });
    }
    let (first, ..) = journals.first().ok_or(Refused::NoJournal)?;
    Ok(Admitted {
        cluster: first.cluster,
        roles: first.roles,
        rules: first.rules,
        journals: journals.into_iter().map(|(.., journal)| journal).collect(),
        keys,
    })
}

fn jumps(entries: &[(Place, Entry)]) -> bool {
    let mut last = None;
    entries.iter().any(|(_, entry)| match entry {
        Entry::Start(start) => last
            .replace(start.incarnation)
            .is_some_and(|last| start.incarnation != last + 1),
        Entry::Continue(start) => {
            last = Some(start.incarnation);
            false
        }
        Entry::InMemory { .. }
        | Entry::Load { .. }
        | Entry::Handle { .. }
        | Entry::Learn { .. }
        | Entry::Saved
        | Entry::Answer { .. }
        | Entry::Unload { .. }
        | Entry::Stop => false,
    })
}

fn key_of(entry: &Entry) -> Option<&Key> {
    match entry {
        Entry::InMemory { key, .. }
        | Entry::Load { key, .. }
        | Entry::Handle { key, .. }
        | Entry::Learn { key, .. }
        | Entry::Answer { key, .. }
        | Entry::Unload { key } => Some(key),
        Entry::Start(_) | Entry::Continue(_) | Entry::Saved | Entry::Stop => None,
    }
}

/// Whether processes and files follow each other as a node writes them; what the first line says.
fn check_shape(entries: &[(Place, Entry)]) -> Result<(Start, Place), Refused> {
    let mut first: Option<(&Start, &Place)> = None;
    let mut running: Option<&Start> = None;
    let mut heading = false;
    for (place, entry) in entries {
        let out = |problem: String| Refused::OutOfPlace {
            place: place.clone(),
            problem,
        };
        match entry {
            Entry::Start(start) | Entry::Continue(start) => {
                let (known, other) = *first.get_or_insert((start, place));
                check_same(start, place, known, other)?;
                if start.node != known.node {
                    return Err(out(format!(
                        "it is of {}, in the journal of {}",
                        start.node, known.node
                    )));
                }
                let goes_on = matches!(entry, Entry::Continue(_));
                let begins = first.is_some_and(|(_, first)| first == place);
                if goes_on && !begins && running != Some(start) {
                    return Err(out(
                        "it continues a process that is not the one before".into()
                    ));
                }
                running = Some(start);
                heading = goes_on;
                continue;
            }
            Entry::InMemory { .. } if !heading => {
                return Err(out("a node is stated that no file begins with".into()));
            }
            Entry::Load { .. } | Entry::InMemory { .. } => {}
            Entry::Handle { .. }
            | Entry::Learn { .. }
            | Entry::Saved
            | Entry::Answer { .. }
            | Entry::Unload { .. }
            | Entry::Stop => heading = false,
        }
        if first.is_none() {
            return Err(out("it comes before any process begins".into()));
        }
    }
    check_ends(entries)?;
    first
        .map(|(start, place)| (start.clone(), place.clone()))
        .ok_or(Refused::Empty)
}

/// Nothing follows the end of a process but the next one.
fn check_ends(entries: &[(Place, Entry)]) -> Result<(), Refused> {
    let after_end = entries
        .windows(2)
        .find(|two| matches!(two[0].1, Entry::Stop) && !matches!(two[1].1, Entry::Start(_)));
    match after_end {
        None => Ok(()),
        Some(two) => Err(Refused::OutOfPlace {
            place: two[1].0.clone(),
            problem: "the process has ended the line before".to_owned(),
        }),
    }
}

fn check_same(start: &Start, place: &Place, known: &Start, other: &Place) -> Result<(), Refused> {
    let words = |start: &Start| {
        let roles = start.roles;
        [
            format!("cluster {}", start.cluster),
            format!(
                "proposers {}, acceptors {}, learners {}",
                roles.proposers(),
                roles.acceptors(),
                roles.learners()
            ),
            format!("rules {}", start.rules),
        ]
    };
    if !FORMATS_READ.contains(&start.format) {
        return Err(Refused::OutOfPlace {
            place: place.clone(),
            problem: format!(
                "it has format {}, and this program reads formats up to {FORMAT}",
                start.format
            ),
        });
    }
    if !start.roles.nodes().contains(start.node) {
        return Err(Refused::OutOfPlace {
            place: place.clone(),
            problem: format!("{} has no role in {}", start.node, start.roles.nodes()),
        });
    }
    let mut differ = words(start).into_iter().zip(words(known));
    match differ.find(|(found, expected)| found != expected) {
        None => Ok(()),
        Some((found, expected)) => Err(Refused::Mixed {
            place: place.clone(),
            found,
            other: other.clone(),
            expected,
        }),
    }
}
