//! A bit that flips on the disk of a crashed node, a write that went missing, a home that fell
//! back: either nothing is lost, or the store is refused.

use super::tape::{Disk, HOME, Image};
use super::*;
use crate::store::format::Format;

/// A store that has been in use for a while, the number of its last process, and what it holds.
struct Used {
    image: Image,
    incarnation: u64,
    contents: Model,
}

/// As a crash leaves it, right after this many commits of its second process.
fn used(commits: usize) -> Used {
    let mut random = fastrand::Rng::with_seed(3);
    let disk = Disk::default();
    make(&disk, 5);
    let mut first = open(&disk).unwrap();
    for _ in 0..6 {
        first.commit(&batch(&mut random, 4)).unwrap();
    }
    drop(first);
    let mut store = open(&disk).unwrap();
    for _ in 0..commits {
        store.commit(&batch(&mut random, 4)).unwrap();
        store.settle();
    }
    Used {
        image: disk.image(),
        incarnation: store.header().incarnation,
        contents: contents(&store).unwrap(),
    }
}

/// Whether it was refused.
fn flip(used: &Used, file: usize, bit: usize) -> bool {
    let mut image = used.image.clone();
    image[file][bit / 8] ^= 1 << (bit % 8);
    is_refused(used, image, &format!("file {file}, bit {bit}"))
}

/// Whether this, which has become of it, is refused. If not, it must be as good.
fn is_refused(used: &Used, image: Image, what: &str) -> bool {
    match open(&Disk::with(image)) {
        Ok(store) => {
            assert_eq!(contents(&store).unwrap(), used.contents, "{what}");
            assert!(store.header().incarnation > used.incarnation, "{what}");
            false
        }
        Err(refused) => {
            assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
            true
        }
    }
}

/// Not even one in the last batch is taken for a torn write.
#[test]
fn a_bit_in_a_log_is_seen_if_it_matters() {
    let mut random = fastrand::Rng::with_seed(4);
    for commits in 0..12 {
        let used = used(commits);
        let refused = [0, 1].map(|file| {
            let sectors = used.image[file].len() / 512;
            (0..sectors)
                .filter(|sector| flip(&used, file, sector * 4096 + random.usize(..4096)))
                .count()
        });
        assert!(refused[0] + refused[1] > 0);
    }
}

#[test]
fn every_byte_of_two_logs() {
    let mut random = fastrand::Rng::with_seed(5);
    let used = used(5);
    let home = {
        let disk = Disk::with(used.image.clone());
        Database::open(Path::new("disk"), disk.home(), CLUSTER, roles(), node()).unwrap()
    };
    let sectors = crate::store::sector::Sectors::of(home.0.identity());
    let recover =
        |logs: [&[u8]; 2]| crate::store::recovery::recover(logs, &sectors, home.1, Format::Second);
    let mut logs = [0, 1].map(|file: usize| used.image[file][BLOCK_BYTES..].to_vec());
    let right = recover([&logs[0], &logs[1]]).unwrap();
    let (mut seen, mut harmless) = (0, 0);
    for file in [0, 1] {
        for byte in 0..logs[file].len() {
            let bit = 1 << random.u8(..8);
            logs[file][byte] ^= bit;
            match recover([&logs[0], &logs[1]]) {
                Ok(found) => {
                    assert_eq!(found.records, right.records, "log {file}, byte {byte}");
                    assert_eq!(found.sequence, right.sequence, "log {file}, byte {byte}");
                    harmless += 1;
                }
                Err(_) => seen += 1,
            }
            logs[file][byte] ^= bit;
        }
    }
    assert!(
        seen > 1000 && harmless > 1000,
        "{seen} seen, {harmless} harmless"
    );
}

/// The first batch of a log, before what the other one holds is at home: the last moment at which
/// the end of the one says nothing about where the next batch is.
#[test]
fn a_bit_in_the_first_batch_of_a_log_is_seen() {
    let mut random = fastrand::Rng::with_seed(8);
    let disk = Disk::default();
    make(&disk, 5);
    let mut store = open(&disk).unwrap();
    let home = disk.image()[HOME].clone();
    let first_of_the_other = || disk.image()[1][BLOCK_BYTES] != 0;
    while !first_of_the_other() {
        store.commit(&batch(&mut random, 4)).unwrap();
    }
    let [first, second, _] = disk.image();
    let used = Used {
        image: [first, second, home],
        incarnation: 1,
        contents: contents(&store).unwrap(),
    };
    for _ in 0..20 {
        let bit = BLOCK_BYTES * 8 + random.usize(..4096);
        assert!(flip(&used, 1, bit), "bit {bit}");
    }
}

#[test]
fn a_bit_in_the_home_is_seen_if_it_matters() {
    let mut random = fastrand::Rng::with_seed(6);
    for commits in [0, 3, 9] {
        let used = used(commits);
        // redb's header is 320 bytes; its byte 9 says which commit counts, and how to recover.
        let mut bits: Vec<usize> = (0..320).map(|byte| byte * 8 + random.usize(..8)).collect();
        bits.extend(9 * 8..10 * 8);
        let home = &used.image[HOME];
        let in_use: Vec<usize> = (320..home.len()).filter(|byte| home[*byte] != 0).collect();
        bits.extend((0..200).map(|_| in_use[random.usize(..in_use.len())] * 8 + random.usize(..8)));
        bits.extend((0..20).map(|_| random.usize(..home.len() * 8)));
        let refused = bits.iter().filter(|bit| flip(&used, HOME, **bit)).count();
        assert!(refused > 50, "{refused}");
    }
}

/// A lost block reads as zeros; none is ever that by right, so the last one is missed as well.
#[test]
fn a_lost_block_is_seen() {
    let mut refused = 0;
    for commits in 1..9 {
        let used = used(commits);
        // Bytes 8 to 16 of a sector are the number of its batch.
        let batch = |file: usize, block: usize| {
            let sector = &used.image[file][block * BLOCK_BYTES..];
            u64::from_le_bytes(sector[8..16].try_into().unwrap())
        };
        let blocks =
            |file: usize| (1..used.image[file].len() / BLOCK_BYTES).map(move |at| (file, at));
        for (file, block) in blocks(0).chain(blocks(1)) {
            if batch(file, block) != 0 {
                let mut image = used.image.clone();
                image[file][block * BLOCK_BYTES..(block + 1) * BLOCK_BYTES].fill(0);
                let what = format!("{commits} commits, file {file}, block {block}");
                refused += usize::from(is_refused(&used, image, &what));
            }
        }
    }
    assert!(refused > 10, "{refused}");
}

/// Whatever moment of a process its home falls back to, in which its logs have gone on.
#[test]
fn a_home_that_fell_back_is_refused_or_made_up_for() {
    let mut random = fastrand::Rng::with_seed(7);
    let disk = Disk::default();
    make(&disk, 5);
    let mut store = open(&disk).unwrap();
    let (mut refused, mut made_up_for) = (0, 0);
    let mut homes = vec![disk.image()[HOME].clone()];
    for commit in 0..16 {
        // Some are longer than a log.
        let long = commit % 5 == 4;
        let batch = if long {
            long_batch(&mut random)
        } else {
            batch(&mut random, 4)
        };
        store.commit(&batch).unwrap();
        store.settle();
        let used = Used {
            image: disk.image(),
            incarnation: 1,
            contents: contents(&store).unwrap(),
        };
        for (earlier, home) in homes.iter().enumerate() {
            let [first, second, _] = used.image.clone();
            let what = format!("home of commit {earlier}");
            if is_refused(&used, [first, second, home.clone()], &what) {
                refused += 1;
            } else {
                made_up_for += 1;
            }
        }
        homes.push(used.image[HOME].clone());
    }
    assert!(
        refused > 10 && made_up_for > 10,
        "{refused} refused, {made_up_for} made up for"
    );
}
