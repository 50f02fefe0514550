//! One node's journal, replayed line by line through the checked core.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::RuleSet;
use node::journal::{Entry, Place};
use node::{Record, Value};
use paxos::{Durable, Effects, Message, Node, NodeId};

use crate::admit::{Admitted, DecreeId, Journal, Spot};
use crate::counts::Counts;
use crate::disk::{Decision, Disk, Fate, Stored};
use crate::divergence::{Cause, Divergence};
use crate::facts::{Conflict, Facts, Happened};
use crate::wait::Wait;

mod entries;
mod heading;
mod lookahead;
mod store;

pub(crate) use entries::hearsay;

/// What an entry waits for, if others have to be judged first.
type Judged = Result<Option<Wait>, Box<Divergence>>;

/// A node, as the lines of its journal up to [`Replica::cursor`] make it.
#[derive(Debug)]
pub(crate) struct Replica<'a> {
    all: &'a Admitted,
    /// Which journal.
    index: u8,
    journal: &'a Journal,
    rules: RuleSet,
    /// The next entry.
    pub(crate) cursor: usize,
    seats: BTreeMap<DecreeId, Seat>,
    /// The decrees in memory.
    awake: BTreeSet<DecreeId>,
    batch: Batch,
    /// What became of each batch.
    pub(crate) fates: Vec<Fate>,
    /// While the lines at the head of a file are read: which decrees they state, and whether the file
    /// before is there to compare with.
    heading: Option<Heading>,
    /// What the next entry waits for may be taken for granted.
    pub(crate) forced: bool,
    /// The last process of this journal.
    incarnation: Option<u64>,
    /// Which processes are missing before the present one; `None` if none ever was.
    jump: Option<String>,
    /// What the store has shown since.
    seen_since_jump: BTreeSet<DecreeId>,
    /// Whether the journal diverges at the next entry: it is judged no further.
    has_diverged: bool,
    /// Whether [`Replica::finish`] was called.
    is_finished: bool,
}

/// One decree at this node.
#[derive(Debug)]
struct Seat {
    memory: Memory,
    disk: Disk,
    /// What the next commit makes of the disk; `None` if nothing was changed since the last one.
    unsaved: Option<Unsaved>,
}

#[derive(Debug)]
enum Memory {
    /// Not there.
    Out,
    /// Undecided, for all this node knows; with what it said to itself.
    Open(Box<Node<Value>>, HashSet<Message<Value>>),
    /// Decided.
    Closed(Value),
}

#[derive(Debug)]
struct Unsaved {
    stored: Stored,
    /// Whether something that others rely on is among it, and not a decision alone.
    persists: bool,
}

/// What was handed over since the last commit.
#[derive(Debug, Default)]
struct Batch {
    decrees: BTreeSet<DecreeId>,
    /// Entries whose effects others may see only once it is saved.
    held: Vec<u32>,
}

#[derive(Debug)]
struct Heading {
    fresh: bool,
    stated: BTreeSet<DecreeId>,
}

impl<'a> Replica<'a> {
    pub(crate) fn new(all: &'a Admitted, index: usize, rules: RuleSet) -> Replica<'a> {
        Replica {
            all,
            index: index as u8,
            journal: &all.journals[index],
            rules,
            cursor: 0,
            seats: BTreeMap::new(),
            awake: BTreeSet::new(),
            batch: Batch::default(),
            fates: vec![Fate::Open],
            heading: None,
            forced: false,
            incarnation: None,
            jump: None,
            seen_since_jump: BTreeSet::new(),
            has_diverged: false,
            is_finished: false,
        }
    }

    /// Which node.
    pub(crate) fn id(&self) -> NodeId {
        self.journal.node
    }

    /// Whether all of the journal is judged that can be.
    pub(crate) fn is_done(&self) -> bool {
        self.has_diverged || self.cursor == self.journal.entries.len()
    }

    /// The next entry diverges. What follows it may be but a consequence, so it is not judged.
    pub(crate) fn diverge(&mut self, divergence: Divergence, facts: &mut Facts) {
        facts.findings.push(divergence);
        self.has_diverged = true;
    }

    /// The entries still to come.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (DecreeId, &'a Entry, &'a Place)> {
        let decrees = &self.journal.decrees[self.cursor..];
        let entries = &self.journal.entries[self.cursor..];
        let both = decrees.iter().zip(entries);
        both.map(|(decree, (place, entry))| (*decree, entry, place))
    }

    /// Entries that others may not know of yet.
    pub(crate) fn held(&self) -> impl Iterator<Item = (DecreeId, Spot)> {
        let journal = self.index;
        self.batch.held.iter().map(move |entry| {
            let decree = self.journal.decrees[*entry as usize];
            let entry = *entry;
            (decree, Spot { journal, entry })
        })
    }

    /// Judges the next entry, if all it rests on is judged; what it waits for otherwise.
    pub(crate) fn step(
        &mut self,
        facts: &mut Facts,
        counts: &mut Counts,
    ) -> Result<Option<Wait>, Box<Divergence>> {
        let entry = &self.journal.entries[self.cursor].1;
        self.end_heading(entry)?;
        let wait = self.judge(entry, facts, counts)?;
        if wait.is_none() {
            counts.count(entry);
            self.cursor += 1;
            self.forced = false;
        }
        Ok(wait)
    }

    /// Where the next entry is.
    pub(crate) fn spot(&self) -> Spot {
        Spot {
            journal: self.index,
            entry: self.cursor as u32,
        }
    }

    fn decree(&self) -> DecreeId {
        self.journal.decrees[self.cursor]
    }

    fn batch_number(&self) -> u32 {
        (self.fates.len() - 1) as u32
    }

    /// The decree's seat; before its first line nothing is on the disk, or nobody knows.
    fn seat(&mut self, decree: DecreeId) -> &mut Seat {
        let midway = self.journal.midway;
        self.seats.entry(decree).or_insert_with(|| Seat {
            memory: Memory::Out,
            disk: match midway {
                true => Disk::Unknown,
                false => Disk::Known(Stored::EMPTY),
            },
            unsaved: None,
        })
    }

    /// The next commit will hold this, too.
    fn note_unsaved(
        &mut self,
        decree: DecreeId,
        durable: Option<Durable<Value>>,
        chosen: Option<&Value>,
    ) {
        let seat = self.seat(decree);
        let unsaved = seat.unsaved.get_or_insert_with(|| Unsaved {
            stored: seat.disk.settled(),
            persists: false,
        });
        if durable.is_some() {
            unsaved.stored.durable = durable;
            unsaved.persists = true;
        }
        if let Some(value) = chosen {
            unsaved.stored.decision = Decision::Perhaps(value.clone());
        }
        self.batch.decrees.insert(decree);
    }

    /// Whether something of the decree must be saved before anything of it may leave.
    fn is_held(&self, decree: DecreeId) -> bool {
        let seat = self.seats.get(&decree);
        let unsaved = seat.and_then(|seat| seat.unsaved.as_ref());
        unsaved.is_some_and(|unsaved| unsaved.persists)
    }

    /// Puts an entry into its decree's order, and lets go what may leave: now, or with the commit.
    fn note_happened(&mut self, decree: DecreeId, facts: &mut Facts) {
        let held = self.is_held(decree);
        let spot = self.spot();
        facts.decree_mut(decree).events.push(Happened {
            spot,
            batch: held.then_some(self.batch_number()),
        });
        if held {
            self.batch.held.push(spot.entry);
        } else {
            self.let_go(spot, facts);
        }
    }

    /// What others can see of an entry may be seen from now on. What contradicts something else is a finding about the
    /// decree, and the steps go on.
    fn let_go(&mut self, spot: Spot, facts: &mut Facts) {
        let id = self.id();
        let decree = self.journal.decrees[spot.entry as usize];
        let result = match self.all.entry(spot) {
            Entry::Handle { effects, .. } => {
                let Effects { send, chosen, .. } = &**effects;
                let again = facts.decree(decree).again.get(&spot).cloned();
                let said = send.as_ref().or(again.as_ref());
                let sent = said.map(|said| facts.send(decree, said, spot));
                sent.unwrap_or(Ok(())).and_then(|()| match chosen {
                    Some(value) => facts.announce(decree, id, value, spot),
                    None => Ok(()),
                })
            }
            Entry::Learn { value, .. } => facts.learn(decree, id, value, spot),
            Entry::Load { record, .. } => match record {
                None => Ok(()),
                Some(Record::Chosen(value)) => facts.learn(decree, id, value, spot),
                Some(Record::Open(open)) => {
                    let vote = open.accepted.as_ref();
                    vote.map_or(Ok(()), |vote| facts.vote(decree, id, vote, spot))
                }
            },
            Entry::InMemory { node, .. } => {
                let vote = node.acceptor().accepted.as_ref();
                vote.map_or(Ok(()), |vote| facts.vote(decree, id, vote, spot))
            }
            Entry::Start(_)
            | Entry::Continue(_)
            | Entry::Saved
            | Entry::Answer { .. }
            | Entry::Unload { .. }
            | Entry::Stop => Ok(()),
        };
        if let Err(conflict) = result {
            self.note_conflict(spot, conflict, facts);
        }
    }

    /// The process is over: nothing is in memory, and its last batch is on the disk or not.
    fn end_process(&mut self, forgets: bool, facts: &mut Facts) {
        let batch = self.batch_number();
        let ended = std::mem::take(&mut self.batch);
        for decree in ended.decrees {
            let seat = self.seat(decree);
            if let Some(unsaved) = seat.unsaved.take() {
                seat.disk = Disk::Either {
                    batch,
                    old: seat.disk.settled(),
                    new: unsaved.stored,
                };
            }
        }
        for entry in ended.held {
            let decree = self.journal.decrees[entry as usize];
            let journal = self.index;
            facts.unsaved_sends.push((decree, Spot { journal, entry }));
        }
        self.fates.push(Fate::Open);
        for decree in std::mem::take(&mut self.awake) {
            self.seat(decree).memory = Memory::Out;
            if forgets {
                let spot = self.spot();
                let events = &mut facts.decree_mut(decree).events;
                events.push(Happened { spot, batch: None });
            }
        }
    }

    /// The journal is over.
    pub(crate) fn finish(&mut self, facts: &mut Facts) {
        if !self.is_finished {
            self.is_finished = true;
            self.end_process(false, facts);
        }
    }

    /// A contradiction between lines, each of which is a step: told once for each decree and cause.
    pub(crate) fn note_conflict(&self, spot: Spot, conflict: Conflict, facts: &mut Facts) {
        let decree = self.journal.decrees[spot.entry as usize];
        let other = conflict
            .other
            .map(|other| format!("the other one is at {}", self.all.place(other)));
        let key = Some(self.all.key(decree));
        let mut known = facts.findings.iter();
        if known.any(|known| known.key.as_ref() == key && known.cause == conflict.cause) {
            return;
        }
        facts.findings.push(Divergence {
            cause: conflict.cause,
            place: self.all.place(spot).clone(),
            node: self.id(),
            key: key.cloned(),
            problem: conflict.problem,
            before: None,
            expected: vec![conflict.expected],
            found: conflict.found,
            notes: other.into_iter().collect(),
        });
    }

    /// A divergence at the next entry.
    pub(crate) fn diverges(
        &self,
        cause: Cause,
        problem: String,
        expected: Vec<String>,
        found: String,
    ) -> Box<Divergence> {
        let (place, _) = &self.journal.entries[self.cursor];
        let key = self.all.keys.get(self.decree() as usize);
        Box::new(Divergence {
            cause,
            place: place.clone(),
            node: self.id(),
            key: key.cloned(),
            problem,
            before: None,
            expected,
            found,
            notes: Vec::new(),
        })
    }
}
