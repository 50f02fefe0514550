//! What the rest of a journal will show.

use node::journal::{Entry, Place};
use node::{Record, Value};
use paxos::{Broadcast, Durable, Node};

use super::{Memory, Replica};
use crate::admit::DecreeId;
use crate::wait::Wait;

impl<'a> Replica<'a> {
    /// The first entry still to come that would do. What is said again there is in no entry, so the node is led along.
    pub(crate) fn meets_later(&self, decree: DecreeId, wait: &Wait) -> Option<&'a Place> {
        let mut node = match self.seats.get(&decree).map(|seat| &seat.memory) {
            Some(Memory::Open(node, _)) => Some((**node).clone()),
            Some(Memory::Out | Memory::Closed(_)) | None => None,
        };
        let mut rest = self.rest().filter(|(about, ..)| *about == decree);
        rest.find_map(|(_, entry, place)| {
            let again = self.lead_along(&mut node, entry);
            wait.is_met_by(entry, again.as_ref()).then_some(place)
        })
    }

    /// The node after an entry; what its host says again there.
    fn lead_along(
        &self,
        node: &mut Option<Node<Value>>,
        entry: &Entry,
    ) -> Option<Broadcast<Value>> {
        match entry {
            Entry::Handle { input, .. } => {
                let node = node.as_mut()?;
                return self.rules.handle_as_host(node, input.clone()).again;
            }
            Entry::Load { record, .. } => *node = self.started(record.as_ref()),
            Entry::InMemory { node: stated, .. } => *node = Some((**stated).clone()),
            Entry::Learn { .. } | Entry::Unload { .. } => *node = None,
            Entry::Start(_)
            | Entry::Continue(_)
            | Entry::Saved
            | Entry::Answer { .. }
            | Entry::Stop => {}
        }
        None
    }

    /// The node that a record makes; `None` if the decree is decided.
    pub(super) fn started(&self, record: Option<&Record>) -> Option<Node<Value>> {
        let disk = match record {
            None => Durable::EMPTY,
            Some(Record::Open(durable)) => durable.clone(),
            Some(Record::Chosen(_)) => return None,
        };
        Some(self.rules.start(self.id(), self.all.roles, disk))
    }
}
