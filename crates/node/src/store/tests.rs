//! A store on disks that crash, lie, rot and fill up.

mod crash;
mod flips;
mod full_disk;
mod golden;
mod model;
mod refusals;
mod tape;

use std::collections::BTreeMap;
use std::path::Path;

use paxos::{Ballot, Cluster, Durable, NodeId, Round, Vote};

use super::database::Database;
use super::log::{self, Log};
use super::sector::{BLOCK_BYTES, Identity};
use super::{Record, Store, StoreError};
use crate::{ClusterId, Key, Value};
use tape::Disk;

const CLUSTER: ClusterId = ClusterId::from_bytes([0xab; 16]);

/// What a store should hold.
type Model = BTreeMap<Key, Record>;

fn node() -> NodeId {
    NodeId::new(1).unwrap()
}

/// Few keys, so that they are written again and again.
fn keys() -> Vec<Key> {
    (0..8)
        .map(|number| format!("key {number}").parse().unwrap())
        .collect()
}

/// A record that no other call makes.
fn record(random: &mut fastrand::Rng, value_bytes: usize) -> Record {
    let value: Vec<u8> = (0..value_bytes.max(9)).map(|_| random.u8(..)).collect();
    let value = Value::new(&value).unwrap();
    if random.bool() {
        return Record::Chosen(value);
    }
    let round = Round::new(random.u32(1..)).unwrap();
    let ballot = Ballot {
        round,
        node: node(),
    };
    Record::Open(Durable {
        round: None,
        promised: Some(ballot),
        accepted: Some(Vote { ballot, value }),
    })
}

/// A batch of up to so many records.
fn batch(random: &mut fastrand::Rng, records_max: usize) -> Vec<(Key, Record)> {
    let one = |random: &mut fastrand::Rng| {
        let key = keys()[random.usize(..keys().len())].clone();
        let value_bytes = random.usize(..=1000);
        (key, record(random, value_bytes))
    };
    (0..random.usize(1..=records_max))
        .map(|_| one(random))
        .collect()
}

/// A batch that no log of five blocks can hold.
fn long_batch(random: &mut fastrand::Rng) -> Vec<(Key, Record)> {
    let key = |number: usize| keys()[number % keys().len()].clone();
    (0..20)
        .map(|number| (key(number), record(random, 1000)))
        .collect()
}

fn roles() -> Cluster {
    Cluster::all_roles(3).unwrap()
}

/// Makes a store with logs of so many blocks.
fn make(disk: &Disk, log_blocks: usize) {
    let identity = Identity {
        cluster: CLUSTER,
        node: node(),
        roles: roles(),
        store: [7; 16],
    };
    for which in [0, 1] {
        log::make(&disk.log(which), &identity, which, log_blocks * BLOCK_BYTES).unwrap();
    }
    Database::make(Path::new("disk"), disk.home(), identity).unwrap();
}

fn open(disk: &Disk) -> Result<Log, StoreError> {
    let (home, position) =
        Database::open(Path::new("disk"), disk.home(), CLUSTER, roles(), node())?;
    Log::open(
        home,
        position,
        [Box::new(disk.log(0)), Box::new(disk.log(1))],
    )
}

/// All that a store holds.
fn contents(store: &dyn Store) -> Result<Model, StoreError> {
    let mut contents = Model::new();
    for key in keys() {
        if let Some(record) = store.load(&key)? {
            contents.insert(key, record);
        }
    }
    Ok(contents)
}
