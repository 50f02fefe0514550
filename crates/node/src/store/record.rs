//! Records, and batches of them, as bytes.
//!
//! A record is encoded by position (postcard). A batch is one entry after another: the key, and the record behind its
//! length. At home a record is followed by a checksum over its key and itself.
//!
//! What is taken for granted when bytes are read:
//!
//! 1. They were written by this program's schema. The header says so, and a store that says otherwise is not opened.
//! 2. They are those that were written: their checksum was compared before.
//!
//! Nothing is taken for granted of the protocol: what the core asked to be persisted is handed back to it, whatever it
//! is. Should 1 be wrong all the same, a record must use up its bytes, all of them, and be what is written again for it.

use paxos::Durable;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::format::Format;
use crate::{Key, Value};

/// What is remembered of one decree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Not known to be decided: what the protocol asks for.
    Open(Durable<Value>),
    /// Decided. Nothing else is needed any more: whoever asks is told.
    Chosen(Value),
}

impl Record {
    /// Bytes for the home: the record, and a checksum over it and its key.
    pub(super) fn to_bytes(&self, key: &Key) -> Vec<u8> {
        let mut bytes = encode(self);
        let sum = checksum(key, &bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// The record of these bytes; `None` if they are not what was written for this key.
    pub(super) fn from_bytes(key: &Key, bytes: &[u8]) -> Option<Record> {
        let (body, sum) = bytes.split_last_chunk()?;
        if checksum(key, body) != *sum {
            return None;
        }
        whole(body)
    }
}

/// Bytes for the log.
pub(super) fn encode_batch(batch: &[(Key, Record)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, record) in batch {
        bytes.append(&mut encode(&(key, encode(record))));
    }
    bytes
}

/// The batch of these bytes; `None` if they are not what a store of this format writes.
pub(super) fn decode_batch(format: Format, mut bytes: &[u8]) -> Option<Vec<(Key, Record)>> {
    match format {
        Format::First => whole(bytes),
        Format::Second => {
            let mut batch = Vec::new();
            while !bytes.is_empty() {
                let (entry, rest) = postcard::take_from_bytes::<(Key, &[u8])>(bytes).ok()?;
                let (key, record) = entry;
                batch.push((key, whole(record)?));
                bytes = rest;
            }
            Some(batch)
        }
    }
}

fn encode<T: Serialize>(plain: &T) -> Vec<u8> {
    postcard::to_stdvec(plain).expect("records are plain data")
}

/// What these bytes are, if all of them are used and writing it again gives the same.
fn whole<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (read, rest) = postcard::take_from_bytes(bytes).ok()?;
    (rest.is_empty() && encode(&read) == bytes).then_some(read)
}

fn checksum(key: &Key, body: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.bytes().len() as u64).to_le_bytes());
    hasher.update(key.bytes());
    hasher.update(body);
    let mut sum = [0; 8];
    hasher.finalize_xof().fill(&mut sum);
    sum
}
