//! What a sector of a log says: to which batch it belongs, and that it is what was written here.
//!
//! The sector is the unit because it is the unit of a torn write: of a batch that was being written when
//! the power went, each sector is either as it was before or as it should be. With a check for each, a
//! torn batch is one whose sectors are all sound, but not all of that batch. A sector that is
//! not sound has rotted. A log that was just made is full of sound sectors, of batch 0, which is nobody's; so
//! zeros, which a disk may give for what it has lost, are not sound.

use paxos::{Cluster, NodeId};

use crate::ClusterId;

/// A sector: the disk writes it whole or not at all.
pub(super) const SECTOR_BYTES: usize = 512;

/// A block of the file system. Batches begin and end at blocks, so that none is written over, in
/// part, together with its successor.
pub(super) const BLOCK_BYTES: usize = 4096;

/// How many sectors make a block.
const BLOCK_SECTORS: usize = BLOCK_BYTES / SECTOR_BYTES;

/// What of a sector is a batch's own bytes; the rest is the head.
const BODY_BYTES: usize = SECTOR_BYTES - HEAD_BYTES;
const HEAD_BYTES: usize = 32;
const CHECK_BYTES: usize = 8;

/// The version of how a log is laid out in blocks and sectors. What its batches are made of is up to the home's
/// header, which is read first.
const LAYOUT: u32 = 1;

/// Whose a store is, and which store: the same for all its files, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The cluster.
    pub(super) cluster: ClusterId,
    /// The node.
    pub(super) node: NodeId,
    /// Who plays which role in the cluster.
    pub(super) roles: Cluster,
    /// This very store: random, given when it is made.
    pub(super) store: [u8; 16],
}

/// Where a sector is: which log, and which of its sectors, the head's block not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) sector: usize,
}

/// Whether a sector, sound or not, speaks of a batch of a node.
pub(super) fn is_of_a_batch(sector: &[u8]) -> bool {
    let number = sector.iter().skip(CHECK_BYTES).take(8);
    number.into_iter().any(|byte| *byte != 0)
}

/// What is found in a sector.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sector<'a> {
    /// What was written here, now or in an earlier lap.
    Sound(Part<'a>),
    /// What was written here cannot be read.
    Rotten,
}

/// A part of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// Which batch this is: 1 for the first of the store, and each one more than the one before. 0 is
    /// what a log is filled with when it is made.
    pub(super) sequence: u64,
    /// Of which process: a batch that was torn leaves its number to another, of a later process.
    pub(super) incarnation: u64,
    /// Which part of the batch, from 0.
    pub(super) index: usize,
    /// How many parts the batch has.
    pub(super) count: usize,
    /// How many bytes the batch has, all parts together.
    pub(super) bytes: usize,
    /// This part's.
    body: &'a [u8],
}

/// Writes and reads the sectors of one store.
#[derive(Clone, Debug)]
pub(super) struct Sectors {
    key: [u8; 32],
}

impl Sectors {
    /// Those of this store; those of another are rotten to it.
    pub(super) fn of(identity: &Identity) -> Sectors {
        Sectors {
            key: blake3::derive_key("a sector of the log of a Paxos node", &identity.store),
        }
    }

    /// How many sectors a batch of so many bytes takes: whole blocks, and at least one.
    pub(super) fn count(bytes: usize) -> usize {
        bytes
            .div_ceil(BODY_BYTES)
            .max(1)
            .next_multiple_of(BLOCK_SECTORS)
    }

    /// A batch as it is written at a place.
    pub(super) fn write(
        &self,
        place: Place,
        sequence: u64,
        incarnation: u64,
        batch: &[u8],
    ) -> Vec<u8> {
        let count = Sectors::count(batch.len());
        let mut written = vec![0; count * SECTOR_BYTES];
        let mut rest = batch;
        for (index, sector) in written.chunks_exact_mut(SECTOR_BYTES).enumerate() {
            let (body, later) = rest.split_at(rest.len().min(BODY_BYTES));
            rest = later;
            let (check, said) = sector.split_at_mut(CHECK_BYTES);
            said[0..8].copy_from_slice(&sequence.to_le_bytes());
            said[8..16].copy_from_slice(&incarnation.to_le_bytes());
            said[16..18].copy_from_slice(&(index as u16).to_le_bytes());
            said[18..20].copy_from_slice(&(count as u16).to_le_bytes());
            said[20..24].copy_from_slice(&(batch.len() as u32).to_le_bytes());
            said[24..24 + body.len()].copy_from_slice(body);
            let here = Place {
                sector: place.sector + index,
                ..place
            };
            check.copy_from_slice(&self.check(here, said));
        }
        written
    }

    /// A block that says that nothing was ever written to it.
    pub(super) fn fresh(&self, file: usize, block: usize) -> Vec<u8> {
        let sector = block * BLOCK_SECTORS;
        self.write(Place { file, sector }, 0, 0, &[])
    }

    /// What is found at a place.
    pub(super) fn read<'a>(&self, place: Place, sector: &'a [u8]) -> Sector<'a> {
        let (check, said) = sector.split_at(CHECK_BYTES);
        if self.check(place, said) != check {
            return Sector::Rotten;
        }
        let number = |from: usize, to: usize| {
            let mut bytes = [0; 8];
            bytes[..to - from].copy_from_slice(&said[from..to]);
            u64::from_le_bytes(bytes)
        };
        Sector::Sound(Part {
            sequence: number(0, 8),
            incarnation: number(8, 16),
            index: number(16, 18) as usize,
            count: number(18, 20) as usize,
            bytes: number(20, 24) as usize,
            body: &said[24..],
        })
    }

    /// Over what a sector says and where: one that was written to the wrong place is not sound.
    fn check(&self, place: Place, said: &[u8]) -> [u8; CHECK_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&(place.file as u64).to_le_bytes());
        hasher.update(&(place.sector as u64).to_le_bytes());
        hasher.update(said);
        let mut check = [0; CHECK_BYTES];
        hasher.finalize_xof().fill(&mut check);
        check
    }
}

/// The batch that these parts are, in the order in which they were found; `None` if not all of
/// it is there.
pub(super) fn join(parts: &[(Place, Part<'_>)]) -> Option<Vec<u8>> {
    let (start, first) = parts.first()?;
    let in_line = |(index, (place, part)): (usize, &(Place, Part<'_>))| {
        part.index == index
            && part.count == parts.len()
            && part.bytes == first.bytes
            && *place
                == Place {
                    sector: start.sector + index,
                    ..*start
                }
    };
    if !parts.iter().enumerate().all(in_line) {
        return None;
    }
    let mut batch: Vec<u8> = parts
        .iter()
        .flat_map(|(_, part)| part.body)
        .copied()
        .collect();
    if first.bytes > batch.len() {
        return None;
    }
    batch.truncate(first.bytes);
    Some(batch)
}

/// The first block of a log: it says whose it is, which of the two, and how many sectors follow.
/// It is written when the store is made, and never again.
pub(super) fn log_head(identity: &Identity, file: usize, sectors: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(BLOCK_BYTES);
    head.extend_from_slice(b"paxoslog");
    head.extend_from_slice(&LAYOUT.to_le_bytes());
    head.push(file as u8);
    head.push(identity.node.into());
    head.extend_from_slice(identity.cluster.bytes());
    head.extend_from_slice(&identity.store);
    head.extend_from_slice(&(sectors as u64).to_le_bytes());
    let check = blake3::hash(&head);
    head.extend_from_slice(check.as_bytes());
    head.resize(BLOCK_BYTES, 0);
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sectors() -> Sectors {
        Sectors::of(&Identity {
            cluster: ClusterId::from_bytes([1; 16]),
            node: NodeId::new(0).unwrap(),
            roles: Cluster::all_roles(3).unwrap(),
            store: [2; 16],
        })
    }

    fn parts(written: &[u8], from: Place) -> Vec<(Place, Part<'_>)> {
        let found = written
            .chunks_exact(SECTOR_BYTES)
            .enumerate()
            .map(|(index, sector)| {
                let place = Place {
                    sector: from.sector + index,
                    ..from
                };
                match sectors().read(place, sector) {
                    Sector::Sound(part) => (place, part),
                    Sector::Rotten => panic!("sector {index} is not sound"),
                }
            });
        found.collect()
    }

    #[test]
    fn batches_of_all_lengths_are_read_as_written() {
        let place = Place { file: 1, sector: 8 };
        for bytes in [0, 1, 479, 480, 481, 3839, 3840, 3841, 50_000] {
            let batch: Vec<u8> = (0..bytes).map(|byte| byte as u8).collect();
            let written = sectors().write(place, 7, 3, &batch);
            assert_eq!(written.len() % BLOCK_BYTES, 0);
            assert_eq!(written.len(), Sectors::count(bytes) * SECTOR_BYTES);
            let parts = parts(&written, place);
            assert_eq!(join(&parts).as_deref(), Some(&batch[..]));
            assert!(join(&parts[1..]).is_none());
            assert!(join(&parts[..parts.len() - 1]).is_none());
        }
    }

    #[test]
    fn a_flipped_bit_and_a_wrong_place_are_seen() {
        let place = Place { file: 0, sector: 0 };
        let written = sectors().write(place, 1, 1, b"batch");
        let sector = &written[..SECTOR_BYTES];
        for bit in 0..SECTOR_BYTES * 8 {
            let mut flipped = sector.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                matches!(sectors().read(place, &flipped), Sector::Rotten),
                "bit {bit}"
            );
        }
        for elsewhere in [Place { file: 1, sector: 0 }, Place { file: 0, sector: 8 }] {
            assert!(matches!(sectors().read(elsewhere, sector), Sector::Rotten));
        }
        assert!(matches!(
            sectors().read(place, &[0; SECTOR_BYTES]),
            Sector::Rotten
        ));
    }
}
