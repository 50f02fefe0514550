//! Bytes of records as they were written once, and stores that other programs have written.

use std::fs;

use super::*;
use crate::store::format::{Format, schema, schema_of_format_1};
use crate::store::record::{decode_batch, encode_batch};
use crate::store::{FORMAT, files};

#[path = "../../../tests/common/golden.rs"]
mod golden_file;

fn ballot(round: u32, node: usize) -> Ballot {
    Ballot {
        round: Round::new(round).unwrap(),
        node: NodeId::new(node).unwrap(),
    }
}

fn value(text: &str) -> Value {
    text.parse().unwrap()
}

/// Every kind of record. All fields are named, so that the compiler asks for a new one.
fn samples() -> Vec<(Key, Record)> {
    let vote = |ballot, text| Vote {
        ballot,
        value: value(text),
    };
    let open = |round, promised, accepted| {
        Record::Open(Durable {
            round,
            promised,
            accepted,
        })
    };
    let records = [
        ("nothing", open(None, None, None)),
        ("asked", open(Round::new(1), None, None)),
        ("promised", open(None, Some(ballot(u32::MAX, 15)), None)),
        (
            "voted",
            open(
                Round::new(300),
                Some(ballot(301, 2)),
                Some(vote(ballot(300, 1), "A")),
            ),
        ),
        ("decided", Record::Chosen(value("é"))),
    ];
    records
        .map(|(key, record)| (key.parse().unwrap(), record))
        .into()
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_bytes_of_records_are_those_of_this_format() {
    let mut text = golden_file::schema_lines(schema().unwrap().text());
    for (key, record) in samples() {
        let bytes = hex(&record.to_bytes(&key));
        text.push_str(&format!("record {key} {bytes}\n"));
    }
    let batch = hex(&encode_batch(&samples()));
    text.push_str(&format!("batch {batch}\n"));
    golden_file::check("store", "FORMAT in store.rs", FORMAT, &text);
}

#[test]
fn each_kind_of_record_is_among_the_samples() {
    let json = serde_json::to_string(&samples()).unwrap();
    let missing = golden_file::variants_without_sample(schema().unwrap().text(), &json);
    assert_eq!(missing, [""; 0]);
}

#[test]
fn a_batch_is_read_whole_or_not_at_all() {
    let batch = samples();
    let bytes = encode_batch(&batch);
    assert_eq!(decode_batch(Format::Second, &bytes), Some(batch.clone()));
    assert_eq!(decode_batch(Format::Second, &[]), Some(Vec::new()));
    for (index, (key, record)) in batch.iter().enumerate() {
        let body = postcard::to_stdvec(record).unwrap();
        let entry = |record: &[u8]| {
            let entry = postcard::to_stdvec(&(key, record)).unwrap();
            decode_batch(Format::Second, &entry)
        };
        assert_eq!(entry(&body), Some(vec![batch[index].clone()]));
        // A byte too many, as if the record had one field more, and one too few.
        assert_eq!(entry(&[&body[..], &[0]].concat()), None);
        assert_eq!(entry(&body[..body.len() - 1]), None);
    }
    // A list of format 1, with a byte that nobody reads.
    let list = postcard::to_stdvec(&batch).unwrap();
    assert_eq!(decode_batch(Format::First, &list), Some(batch));
    let list = [&list[..], &[0]].concat();
    assert_eq!(decode_batch(Format::First, &list), None);
}

/// The folder of a store that another program has written.
fn copy_of(golden: &str) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(golden);
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = folder.path().join(path.file_name().unwrap());
        fs::copy(path, to).unwrap();
    }
    folder
}

/// What the program of format 1 has written into its store. The first three are at home, the others in the log.
fn of_format_1() -> Vec<(Key, Record)> {
    let open = |round, promised, accepted: Option<(Ballot, &str)>| {
        Record::Open(Durable {
            round,
            promised: Some(promised),
            accepted: accepted.map(|(ballot, text)| Vote {
                ballot,
                value: value(text),
            }),
        })
    };
    let own = ballot(300, 1);
    let records = [
        ("decided", Record::Chosen(value("A"))),
        ("own", open(Round::new(300), own, Some((own, "B")))),
        (
            "promised",
            open(None, ballot(2, 2), Some((ballot(2, 2), "C"))),
        ),
        ("later", open(None, ballot(3, 0), None)),
        ("told", Record::Chosen(value("D"))),
    ];
    records
        .map(|(key, record)| (key.parse().unwrap(), record))
        .into()
}

#[test]
fn a_store_of_format_1_is_read_rightly_or_refused_by_name() {
    let folder = copy_of("tests/golden/store-1");
    let open = || files::open(folder.path(), CLUSTER, roles(), node());
    if *schema().unwrap() != schema_of_format_1() {
        let refused = open().map(drop).unwrap_err();
        assert!(
            matches!(refused, StoreError::OtherSchema { .. }),
            "{refused}"
        );
        return;
    }
    // The first opening reads the log of format 1, and makes the store one of this format.
    for incarnation in 3..6 {
        let mut store = open().unwrap();
        assert_eq!(store.header().incarnation, incarnation);
        for (key, record) in of_format_1() {
            assert_eq!(store.load(&key).unwrap(), Some(record), "{key}");
        }
        let key = format!("of process {incarnation}").parse().unwrap();
        store.commit(&[(key, Record::Chosen(value("E")))]).unwrap();
    }
    assert_eq!(header_entry(&folder, "format"), FORMAT.to_le_bytes());
    assert_eq!(
        header_entry(&folder, "schema"),
        schema().unwrap().text().as_bytes()
    );
}

#[test]
fn a_store_of_another_schema_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    files::init(folder.path(), CLUSTER, roles(), node(), 5 * BLOCK_BYTES).unwrap();
    let ours = schema().unwrap().text();
    let theirs = ours.replace("Durable { ", "Durable { epoch: u32, ");
    assert_ne!(ours, theirs);
    set_header_entry(&folder, "schema", theirs.as_bytes());
    let refused = files::open(folder.path(), CLUSTER, roles(), node())
        .map(drop)
        .unwrap_err()
        .to_string();
    let durable = |text: &str| {
        let mut types = text.split("; ");
        types
            .find(|one| one.starts_with("Durable"))
            .map(str::to_owned)
    };
    let (found, expected) = (durable(&theirs).unwrap(), durable(ours).unwrap());
    let words = format!("holds {found}, and this program writes {expected}: ");
    assert!(refused.contains(&words), "{refused}");
    assert!(!refused.contains('\n'), "{refused}");
    // It is not touched by that.
    assert_eq!(header_entry(&folder, "schema"), theirs.as_bytes());
}

const HEADER: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("header");

fn header_entry(folder: &tempfile::TempDir, name: &str) -> Vec<u8> {
    use redb::ReadableDatabase as _;
    let redb = redb::Database::open(folder.path().join("paxos.redb")).unwrap();
    let table = redb.begin_read().unwrap().open_table(HEADER).unwrap();
    table.get(name).unwrap().unwrap().value().to_vec()
}

fn set_header_entry(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) {
    let redb = redb::Database::open(folder.path().join("paxos.redb")).unwrap();
    let write = redb.begin_write().unwrap();
    write
        .open_table(HEADER)
        .unwrap()
        .insert(name, bytes)
        .unwrap();
    write.commit().unwrap();
}
