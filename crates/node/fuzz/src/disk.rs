//! A disk in memory that two hands hold: the host's, which writes, and the judge's, which reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use node::store::{Header, Record, Store, StoreError};
use node::{Key, Value};
use paxos::{Ballot, Durable};

/// A disk. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) header: Header,
    saved: Arc<Mutex<Saved>>,
}

/// What is on it.
#[derive(Default)]
pub(crate) struct Saved {
    pub(crate) records: BTreeMap<Key, Record>,
    pub(crate) commits: u64,
}

impl Disk {
    pub(crate) fn new(header: Header) -> Disk {
        Disk {
            header,
            saved: Arc::default(),
        }
    }

    pub(crate) fn saved(&self) -> MutexGuard<'_, Saved> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Disk {
    fn header(&self) -> Header {
        self.header
    }

    fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(self.saved().records.get(key).cloned())
    }

    fn commit(&mut self, batch: &[(Key, Record)]) -> Result<(), StoreError> {
        let mut saved = self.saved();
        saved.commits += 1;
        for (key, record) in batch {
            if let Some(before) = saved.records.insert(key.clone(), record.clone()) {
                assert_only_rises(&before, record);
            }
        }
        Ok(())
    }
}

/// Rounds, votes and what an acceptor is bound by only rise, and a decision is the last that is written. It is bound
/// by its promise or its vote, whichever is higher: a core may leave the promise alone when it votes.
fn assert_only_rises(before: &Record, after: &Record) {
    let rises = match (before, after) {
        (Record::Open(before), Record::Open(after)) => {
            before.round <= after.round
                && bound(before) <= bound(after)
                && vote(before) <= vote(after)
        }
        (Record::Open(_), Record::Chosen(_)) => true,
        (Record::Chosen(before), Record::Chosen(after)) => before == after,
        (Record::Chosen(_), Record::Open(_)) => false,
    };
    assert!(rises, "{before:?} became {after:?}");
}

fn vote(saved: &Durable<Value>) -> Option<Ballot> {
    saved.accepted.as_ref().map(|vote| vote.ballot)
}

/// Below which ballot an acceptor takes part in nothing any more.
pub(crate) fn bound(saved: &Durable<Value>) -> Option<Ballot> {
    saved.promised.max(vote(saved))
}
