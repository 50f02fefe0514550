//! A disk in memory that two hands hold: the host's, which writes, and the judge's, which reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use node::Key;
use node::store::{Header, Record, Store, StoreError};

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

/// Promises, votes and rounds only rise, and a decision is the last that is written.
fn assert_only_rises(before: &Record, after: &Record) {
    let rises = match (before, after) {
        (Record::Open(before), Record::Open(after)) => {
            let vote =
                |of: &paxos::Durable<node::Value>| of.accepted.as_ref().map(|vote| vote.ballot);
            before.round <= after.round
                && before.promised <= after.promised
                && vote(before) <= vote(after)
                && vote(after) <= after.promised
        }
        (Record::Open(_), Record::Chosen(_)) => true,
        (Record::Chosen(before), Record::Chosen(after)) => before == after,
        (Record::Chosen(_), Record::Open(_)) => false,
    };
    assert!(rises, "{before:?} became {after:?}");
}
