//! How long a commit takes: the store, and a plain database (redb) that is committed to each time.
//!
//!     cargo bench -p node --bench store
//!
//! The two in turn, commit by commit, so that a disk that grows slower does so for both. The log wins
//! by what it does not do: it writes once and flushes once. Logs are changed meanwhile, and moved.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::Path;
use std::time::{Duration, Instant};

use node::{ClusterId, Key, Record, Store, Value, store};
use paxos::Cluster;
use paxos::NodeId;
use redb::TableDefinition;

const COMMITS: usize = 3000;
const VALUE_BYTES: usize = 100;
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Not in /tmp, which may be memory.
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    let cluster = ClusterId::from_bytes([1; 16]);
    let node = NodeId::new(0).ok_or("0 is a node")?;
    let roles = Cluster::all_roles(3).ok_or("three servers are a cluster")?;
    store::init(folder.path(), cluster, roles, node)?;
    let mut log = store::open(folder.path(), cluster, roles, node)?;
    let plain = redb::Database::create(folder.path().join("plain.redb"))?;
    println!("records  what       p50 us  p99 us  per second");
    for records in [1, 32] {
        let (mut in_log, mut in_plain) = (Vec::new(), Vec::new());
        for number in 0..COMMITS {
            let batch = batch(number, records)?;
            let start = Instant::now();
            log.commit(&batch)?;
            in_log.push(start.elapsed());
            let start = Instant::now();
            commit(&plain, &batch)?;
            in_plain.push(start.elapsed());
        }
        let log_us = report(records, "log", in_log);
        let plain_us = report(records, "database", in_plain);
        println!(
            "{records:7}  the log is {:.1} times as fast",
            plain_us / log_us
        );
    }
    Ok(())
}

/// New decrees each time, as a node has them.
fn batch(number: usize, records: usize) -> Result<Vec<(Key, Record)>, node::WrongLength> {
    let one = |index: usize| {
        let key = format!("decree {number}.{index} of {records}").parse()?;
        Ok((key, Record::Chosen(Value::new(&[7; VALUE_BYTES])?)))
    };
    (0..records).map(one).collect()
}

fn commit(plain: &redb::Database, batch: &[(Key, Record)]) -> Result<(), redb::Error> {
    let write = plain.begin_write()?;
    {
        let mut table = write.open_table(RECORDS)?;
        for (key, record) in batch {
            let bytes = postcard::to_stdvec(record).expect("a record is plain data");
            table.insert(key.bytes(), &bytes[..])?;
        }
    }
    write.commit()?;
    Ok(())
}

/// Prints the figures of one; its median in microseconds.
fn report(records: usize, what: &str, mut took: Vec<Duration>) -> f64 {
    took.sort();
    let us = |percent: usize| took[took.len() * percent / 100].as_secs_f64() * 1e6;
    let per_second = took.len() as f64 / took.iter().sum::<Duration>().as_secs_f64();
    println!(
        "{records:7}  {what:9} {:7.0} {:7.0} {per_second:11.0}",
        us(50),
        us(99)
    );
    us(50)
}
