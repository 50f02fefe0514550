//! What the logs hold that is not yet at home, or why they cannot be trusted: a function of bytes.
//!
//! What may be found after a crash. A batch is written only when the one before it is flushed; so at most
//! one batch, the last, is there in part, and it was never acknowledged. Everything else that
//! is there in part has rotted. A batch is written either behind the one before it or at the start of the
//! other log, and in the first case only if it has room; so there are two places at most
//! where the next one can be. If its first sector has rotted, it may have been a batch that
//! was acknowledged; if that sector is of an earlier lap, it was not.

use std::collections::{BTreeMap, HashMap};

use super::format::Format;
use super::header::Position;
use super::record::decode_batch;
use super::sector::{Part, Place, SECTOR_BYTES, Sector, Sectors, join};
use super::{Key, Record};

/// What the logs hold.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// The last of each key.
    pub(super) records: HashMap<Key, Record>,
    /// The number of the last batch, or what is at home if there is none.
    pub(super) sequence: u64,
}

/// The whole batches that are not at home.
///
/// # Errors
/// In words, if an acknowledged batch may be missing.
pub(super) fn recover(
    logs: [&[u8]; 2],
    sectors: &Sectors,
    home: Position,
    format: Format,
) -> Result<Recovered, String> {
    let found = logs.map(|log| log.chunks_exact(SECTOR_BYTES).collect::<Vec<_>>());
    let found = Found { sectors, found };
    let live = found.live(home)?;
    let mut recovered = Recovered {
        records: HashMap::new(),
        sequence: home.applied,
    };
    let mut end = None;
    for (sequence, parts) in &live {
        let batch = join(parts).filter(|_| *sequence == recovered.sequence + 1);
        let Some(batch) = batch else { break };
        let records = decode_batch(format, &batch)
            .ok_or_else(|| format!("batch {sequence} of the log is not a list of records"))?;
        recovered.records.extend(records);
        recovered.sequence = *sequence;
        end = parts.last().map(|(place, _)| *place);
    }
    let torn = recovered.sequence + 1;
    if let Some((later, _)) = live.range(torn + 1..).next() {
        return Err(format!(
            "batch {torn} of the log cannot be read, and batch {later} can"
        ));
    }
    let places = match end {
        Some(end) => [
            Place {
                sector: end.sector + 1,
                ..end
            },
            Place {
                file: 1 - end.file,
                sector: 0,
            },
        ],
        None => [0, 1].map(|file| Place { file, sector: 0 }),
    };
    if places
        .into_iter()
        .any(|place| found.may_have_been_acknowledged(place, torn))
    {
        return Err(format!(
            "batch {torn} of the log cannot be read, and may have been acknowledged"
        ));
    }
    Ok(recovered)
}

struct Found<'a> {
    sectors: &'a Sectors,
    found: [Vec<&'a [u8]>; 2],
}

impl<'a> Found<'a> {
    fn at(&self, place: Place) -> Option<Sector<'a>> {
        let sector = self.found[place.file].get(place.sector)?;
        Some(self.sectors.read(place, sector))
    }

    /// The parts of batches that were written by the last process and are not at home. A batch of an
    /// earlier process that is not at home was torn: each process begins by moving all there is.
    fn live(&self, home: Position) -> Result<BTreeMap<u64, Vec<(Place, Part<'a>)>>, String> {
        let mut live: BTreeMap<u64, Vec<(Place, Part<'a>)>> = BTreeMap::new();
        for file in [0, 1] {
            for sector in 0..self.found[file].len() {
                let place = Place { file, sector };
                let Some(Sector::Sound(part)) = self.at(place) else {
                    continue;
                };
                if part.incarnation > home.incarnation {
                    // A bit of the database's first page chooses between its last two commits.
                    return Err("paxos.redb is older than its log".to_owned());
                }
                if part.incarnation == home.incarnation && part.sequence > home.applied {
                    live.entry(part.sequence).or_default().push((place, part));
                }
            }
        }
        Ok(live)
    }

    /// Whether the batch that would begin here, and is not there as a whole, may have been.
    fn may_have_been_acknowledged(&self, place: Place, sequence: u64) -> bool {
        let rotten = |sector| matches!(self.at(Place { sector, ..place }), Some(Sector::Rotten));
        let count = match self.at(place) {
            Some(Sector::Sound(part)) if part.sequence == sequence && part.index == 0 => part.count,
            Some(Sector::Sound(_) | Sector::Rotten) | None => 1,
        };
        (place.sector..place.sector + count).any(rotten)
    }
}
