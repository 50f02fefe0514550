//! What stands at the head of a file: all that is in memory.

use std::collections::{BTreeSet, HashSet};

use node::Value;
use node::journal::{Entry, Start};
use paxos::{Durable, Learner, Node};

use super::{Heading, Judged, Memory, Replica};
use crate::disk::{Decision, Disk, Stored};
use crate::divergence::{Cause, Divergence};
use crate::facts::Facts;
use crate::text;

impl Replica<'_> {
    /// A file begins. All that is in memory is stated, and saved.
    pub(super) fn on_continue(&mut self, start: &Start, facts: &mut Facts) -> Judged {
        if let Some(decree) = self
            .batch
            .decrees
            .iter()
            .find(|decree| self.is_held(**decree))
        {
            return Err(self.diverges(
                Cause::OutOfPlace,
                "a file begins in the middle of a batch".to_owned(),
                vec!["all saved".to_owned()],
                format!("decree {} is not saved", self.all.key(*decree)),
            ));
        }
        let fresh = self.cursor == 0;
        if fresh {
            self.incarnation = Some(start.incarnation);
            let reason = format!(
                "the journal of {} begins in the middle: its older files are gone",
                self.id()
            );
            let spot = self.spot();
            facts.gap(None, reason, spot);
        }
        self.heading = Some(Heading {
            fresh,
            stated: BTreeSet::new(),
        });
        Ok(None)
    }

    /// Before the first entry that is not at the head of a file: all that is in memory was stated.
    pub(super) fn end_heading(&mut self, entry: &Entry) -> Result<(), Box<Divergence>> {
        let Some(heading) = &self.heading else {
            return Ok(());
        };
        let states = match entry {
            Entry::InMemory { .. } => true,
            Entry::Load { .. } => heading.fresh || self.awake.contains(&self.decree()),
            Entry::Start(_)
            | Entry::Continue(_)
            | Entry::Handle { .. }
            | Entry::Learn { .. }
            | Entry::Saved
            | Entry::Answer { .. }
            | Entry::Unload { .. }
            | Entry::Stop => false,
        };
        if states {
            return Ok(());
        }
        let missing = self.awake.difference(&heading.stated).next().copied();
        let fresh = heading.fresh;
        self.heading = None;
        match missing.filter(|_| !fresh) {
            None => Ok(()),
            Some(decree) => Err(self.diverges(
                Cause::MemoryDiffers,
                "the file does not begin with all that is in memory".to_owned(),
                vec![format!("decree {} is in memory", self.all.key(decree))],
                "it is not stated".to_owned(),
            )),
        }
    }

    /// Compares with what the lines before make, or takes it as given if there are none.
    pub(super) fn on_in_memory(&mut self, stated: &Node<Value>, facts: &mut Facts) -> Judged {
        let decree = self.decree();
        let Some(heading) = &mut self.heading else {
            return Err(self.out_of_place("it is stated", "at the head of a file", "after it"));
        };
        heading.stated.insert(decree);
        let fresh = heading.fresh;
        let durable = stated.durable();
        if fresh {
            facts.decree_mut(decree).foreign = true;
            let seat = self.seat(decree);
            seat.memory = match stated.learner() {
                Learner::Chosen(value) => Memory::Closed(value.clone()),
                Learner::Unaware | Learner::Counting { .. } => {
                    Memory::Open(Box::new(stated.clone()), HashSet::new())
                }
            };
            seat.disk = Disk::Known(Stored {
                durable: (durable != Durable::EMPTY).then_some(durable),
                decision: Decision::None,
            });
            self.awake.insert(decree);
            self.note_happened(decree, facts);
            return Ok(None);
        }
        let replayed = match &self.seat(decree).memory {
            Memory::Open(node, _) if **node == *stated => return Ok(None),
            Memory::Open(node, _) => text::node(node),
            Memory::Closed(value) => format!("closed: {} is chosen", text::value(value)),
            Memory::Out => "not in memory".to_owned(),
        };
        Err(self.diverges(
            Cause::MemoryDiffers,
            "the node stated here is not what the lines before make of it".to_owned(),
            vec![replayed],
            text::node(stated),
        ))
    }
}
