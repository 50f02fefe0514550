//! What has left a node must be found on its disk: read off the journals and the stores, without any
//! of the code that judges journals.

use std::collections::BTreeMap;
use std::path::Path;

use node::journal::{self, Entry};
use node::{ClusterFile, Key, Record, Value, store};
use paxos::{Ballot, Durable, Effects, Envelope, Input, Message, NodeId, Round, Vote};

use super::{Cluster, id};

/// The least that a node's disk must say of a decree.
#[derive(Clone, Debug, Default)]
struct Floor {
    round: Option<Round>,
    promised: Option<Ballot>,
    accepted: Option<Vote<Value>>,
}

impl Floor {
    fn rise(&mut self, round: Option<Round>, promised: Option<Ballot>, vote: Option<Vote<Value>>) {
        self.round = self.round.max(round);
        self.promised = self.promised.max(promised);
        if vote.as_ref().map(|vote| vote.ballot) > self.accepted.as_ref().map(|vote| vote.ballot) {
            self.accepted = vote;
        }
    }

    fn saved(&mut self, durable: &Durable<Value>) {
        self.rise(durable.round, durable.promised, durable.accepted.clone());
    }

    /// Somebody has heard this from the node.
    fn said(&mut self, message: &Message<Value>) {
        match message.clone() {
            Message::Prepare { ballot } => self.rise(Some(ballot.round), None, None),
            Message::Propose { ballot, .. } => self.rise(Some(ballot.round), None, None),
            Message::Promise { ballot, accepted } => self.rise(None, Some(ballot), accepted),
            Message::Accepted { ballot, value } => {
                self.rise(None, Some(ballot), Some(Vote { ballot, value }));
            }
            Message::Nack { promised, .. } => self.rise(None, Some(promised), None),
        }
    }

    /// What of it the disk does not say. Once a decree is decided, its value is all there is to
    /// remember.
    fn missing(&self, record: Option<&Record>) -> Option<String> {
        let empty = Durable::EMPTY;
        let found = match record {
            Some(Record::Chosen(_)) => return None,
            Some(Record::Open(durable)) => durable,
            None => &empty,
        };
        let accepted = match (&self.accepted, &found.accepted) {
            (Some(said), Some(found)) if said.ballot == found.ballot => said.value == found.value,
            (said, found) => {
                said.as_ref().map(|vote| vote.ballot) <= found.as_ref().map(|vote| vote.ballot)
            }
        };
        let is_there = self.round <= found.round && self.promised <= found.promised && accepted;
        (!is_there).then(|| format!("it has said or saved {self:?}, and its disk says {found:?}"))
    }
}

/// What a node that does not run has forgotten: the lines of its own journal that say it was saved, and the
/// lines of all others that say it was heard, held against its store, which is opened for this
/// and closed again.
pub fn forgotten(cluster: &Cluster, number: usize) -> Vec<String> {
    forgotten_in(cluster, number, &cluster.data(number))
}

/// The same, where its store is elsewhere.
pub fn forgotten_in(cluster: &Cluster, number: usize, data: &Path) -> Vec<String> {
    let mut floors: BTreeMap<Key, Floor> = BTreeMap::new();
    let me = id(number);
    for (writer, entries) in journals(cluster) {
        if writer == me {
            saved(&entries, &mut floors);
        } else {
            heard(me, &entries, &mut floors);
        }
    }
    let file = ClusterFile::read(&cluster.config()).unwrap();
    let store = match store::open(data, file.cluster, file.roles, me) {
        Ok(store) => store,
        Err(error) => return vec![format!("{me} cannot start: {error}")],
    };
    let missing = floors.iter().filter_map(|(key, floor)| {
        let record = store.load(key).unwrap();
        let missing = floor.missing(record.as_ref())?;
        Some(format!(
            "{me} has forgotten something about {key}: {missing}"
        ))
    });
    missing.collect()
}

/// What clients were told to be chosen, by the journals of those who told them; two values for one key end
/// the test.
pub fn told(cluster: &Cluster) -> BTreeMap<Key, Value> {
    let mut told: BTreeMap<Key, Value> = BTreeMap::new();
    for (writer, entries) in journals(cluster) {
        for entry in entries {
            if let Entry::Answer {
                key,
                chosen: Some(value),
                ..
            } = entry
            {
                let first = told.entry(key.clone()).or_insert_with(|| value.clone());
                assert_eq!(*first, value, "{writer} tells another value of {key}");
            }
        }
    }
    told
}

/// Whether a node has heard anything about a decree from another one.
pub fn has_heard(cluster: &Cluster, number: usize, from: usize, about: &str) -> bool {
    let mut floors = BTreeMap::new();
    let journals = journals(cluster).into_iter();
    for (_, entries) in journals.filter(|(writer, _)| *writer == id(number)) {
        heard(id(from), &entries, &mut floors);
    }
    floors.contains_key(&about.parse::<Key>().unwrap())
}

/// Whether a node's journal says that a client has proposed something for a decree.
pub fn was_asked(cluster: &Cluster, number: usize, about: &str) -> bool {
    let about: Key = about.parse().unwrap();
    let of = journals(cluster)
        .into_iter()
        .filter(|(writer, _)| *writer == id(number));
    let asked = |entry: Entry| matches!(entry, Entry::Handle { key, input: Input::Propose(_), .. } if key == about);
    of.into_iter().flat_map(|(_, entries)| entries).any(asked)
}

/// Whether a node's journal says that all it has decided or learnt is on its disk: it will not write again
/// until somebody asks something.
pub fn is_at_rest(cluster: &Cluster, number: usize) -> bool {
    let mut unsaved = false;
    let of = journals(cluster)
        .into_iter()
        .filter(|(writer, _)| *writer == id(number));
    for entry in of.flat_map(|(_, entries)| entries) {
        match entry {
            Entry::Handle { effects, .. } => {
                unsaved |= effects.persist.is_some() || effects.chosen.is_some();
            }
            Entry::Learn { .. } => unsaved = true,
            Entry::Saved | Entry::Start(_) | Entry::Stop => unsaved = false,
            Entry::Continue(_)
            | Entry::InMemory { .. }
            | Entry::Load { .. }
            | Entry::Answer { .. }
            | Entry::Unload { .. } => {}
        }
    }
    !unsaved
}

/// All journals there are.
fn journals(cluster: &Cluster) -> Vec<(NodeId, Vec<Entry>)> {
    let there = (0..16).filter(|number| cluster.journal(*number).exists());
    let read = |number| {
        let read = journal::read(&cluster.journal(number)).unwrap();
        let entries = read.entries.into_iter().map(|(_, entry)| entry);
        (id(number), entries.collect())
    };
    there.map(read).collect()
}

/// What a node's own journal says to be on its disk.
fn saved(entries: &[Entry], floors: &mut BTreeMap<Key, Floor>) {
    let mut unsaved: Vec<(&Key, &Durable<Value>)> = Vec::new();
    for entry in entries {
        match entry {
            Entry::Start(_) => unsaved.clear(),
            Entry::Handle { key, effects, .. } => {
                let Effects { persist, .. } = &**effects;
                unsaved.extend(persist.iter().map(|durable| (key, durable)));
            }
            Entry::Saved => {
                for (key, durable) in unsaved.drain(..) {
                    floors.entry(key.clone()).or_default().saved(durable);
                }
            }
            Entry::Continue(_)
            | Entry::InMemory { .. }
            | Entry::Load { .. }
            | Entry::Learn { .. }
            | Entry::Answer { .. }
            | Entry::Unload { .. }
            | Entry::Stop => {}
        }
    }
}

/// What another's journal says to have come from this node.
fn heard(me: NodeId, entries: &[Entry], floors: &mut BTreeMap<Key, Floor>) {
    for entry in entries {
        if let Entry::Handle {
            key,
            input: Input::Receive(Envelope { from, message, .. }),
            ..
        } = entry
            && *from == me
        {
            floors.entry(key.clone()).or_default().said(message);
        }
    }
}
