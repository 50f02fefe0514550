//! What is said of a store that cannot be had, and what can be done about it.

use std::fs;

use super::*;
use crate::store::files;

const LOG_BYTES: usize = 5 * BLOCK_BYTES;

/// A store in which something is written.
fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    files::init(folder.path(), CLUSTER, roles(), node(), LOG_BYTES).unwrap();
    let mut store = files::open(folder.path(), CLUSTER, roles(), node()).unwrap();
    store
        .commit(&batch(&mut fastrand::Rng::with_seed(0), 6))
        .unwrap();
    folder
}

fn refusal(folder: &Path) -> StoreError {
    files::open(folder, CLUSTER, roles(), node())
        .map(|_| ())
        .unwrap_err()
}

fn assert_says(refusal: &StoreError, words: &[&str]) {
    let text = refusal.to_string();
    for word in words {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_missing_store_is_not_made_by_opening() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = refusal(folder.path());
    assert!(matches!(refusal, StoreError::Missing { .. }));
    assert_says(
        &refusal,
        &[
            "there is no store",
            "`paxos init`",
            "do not make an empty one",
        ],
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_store_is_made_once() {
    let folder = made();
    let refusal = files::init(folder.path(), CLUSTER, roles(), node(), LOG_BYTES).unwrap_err();
    assert!(matches!(refusal, StoreError::Exists { .. }));
    assert_says(&refusal, &["already", "`paxos serve`"]);
    files::open(folder.path(), CLUSTER, roles(), node()).unwrap();
}

#[test]
fn one_that_was_cut_short_while_being_made_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    files::init(folder.path(), CLUSTER, roles(), node(), LOG_BYTES).unwrap();
    fs::rename(
        folder.path().join("paxos.redb"),
        folder.path().join("paxos.redb.new"),
    )
    .unwrap();
    assert!(matches!(refusal(folder.path()), StoreError::Missing { .. }));
    files::init(folder.path(), CLUSTER, roles(), node(), LOG_BYTES).unwrap();
    files::open(folder.path(), CLUSTER, roles(), node()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn one_whose_home_is_lost_is_not_made_again() {
    let folder = made();
    fs::remove_file(folder.path().join("paxos.redb")).unwrap();
    let refusal = files::init(folder.path(), CLUSTER, roles(), node(), LOG_BYTES).unwrap_err();
    assert!(matches!(refusal, StoreError::Damaged { .. }));
    assert_says(
        &refusal,
        &["paxos-0.log holds what a node has promised", "restore it"],
    );
}

#[test]
fn another_clusters_store_is_refused() {
    let folder = made();
    let other = ClusterId::from_bytes([0xcd; 16]);
    let refusal = files::open(folder.path(), other, roles(), node())
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(refusal, StoreError::Foreign { .. }));
    let found = format!("is of n1 of cluster {CLUSTER}, and this is n1 of cluster {other}");
    assert_says(&refusal, &[&found, "wrong --data, or wrong --config"]);
}

#[test]
fn another_nodes_store_is_refused() {
    let folder = made();
    let other = NodeId::new(2).unwrap();
    let refusal = files::open(folder.path(), CLUSTER, roles(), other)
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(refusal, StoreError::Foreign { .. }));
    assert_says(&refusal, &["is of n1 of", "this is n2 of", "wrong --data"]);
}

#[test]
fn one_that_is_in_use_is_refused_until_it_is_not() {
    let folder = made();
    let store = files::open(folder.path(), CLUSTER, roles(), node()).unwrap();
    let refusal = refusal(folder.path());
    assert!(matches!(refusal, StoreError::InUse { .. }));
    assert_says(
        &refusal,
        &["in use by another process", "one node runs once"],
    );
    drop(store);
    files::open(folder.path(), CLUSTER, roles(), node()).unwrap();
}

#[test]
fn another_format_is_refused() {
    let folder = made();
    let redb = redb::Database::open(folder.path().join("paxos.redb")).unwrap();
    let write = redb.begin_write().unwrap();
    let table = redb::TableDefinition::<&str, &[u8]>::new("header");
    let bytes = 9_u32.to_le_bytes();
    write
        .open_table(table)
        .unwrap()
        .insert("format", &bytes[..])
        .unwrap();
    write.commit().unwrap();
    drop(redb);
    let refusal = refusal(folder.path());
    assert!(matches!(
        refusal,
        StoreError::Format {
            expected: 2,
            found: 9,
            ..
        }
    ));
    assert_says(
        &refusal,
        &[
            "has format 9",
            "writes format 2",
            "use the program that wrote it",
        ],
    );
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let folder = made();
    let redb = redb::Database::open(folder.path().join("paxos.redb")).unwrap();
    let write = redb.begin_write().unwrap();
    let table = redb::TableDefinition::<&[u8], &[u8]>::new("records");
    write
        .open_table(table)
        .unwrap()
        .insert(&b"tea"[..], &b"gibberish"[..])
        .unwrap();
    write.commit().unwrap();
    drop(redb);
    assert_says(
        &refusal(folder.path()),
        &["the record of \"tea\" cannot be read", "restore it"],
    );
}

#[test]
fn files_that_are_cut_off_or_empty_or_missing_are_damage() {
    for name in ["paxos.redb", "paxos-0.log", "paxos-1.log"] {
        for left in [0, 100, 4096, 8192] {
            let folder = made();
            let file = fs::File::options()
                .write(true)
                .open(folder.path().join(name))
                .unwrap();
            file.set_len(left).unwrap();
            let refusal = refusal(folder.path());
            assert!(matches!(refusal, StoreError::Damaged { .. }), "{refusal}");
            assert_says(&refusal, &[name, "restore it", "do not make an empty one"]);
        }
    }
    for name in ["paxos-0.log", "paxos-1.log"] {
        let folder = made();
        fs::remove_file(folder.path().join(name)).unwrap();
        assert_says(&refusal(folder.path()), &[name, "is missing", "restore it"]);
    }
}

#[test]
fn a_log_of_another_store_is_damage() {
    let (folder, other) = (made(), made());
    fs::copy(
        other.path().join("paxos-1.log"),
        folder.path().join("paxos-1.log"),
    )
    .unwrap();
    assert_says(
        &refusal(folder.path()),
        &["paxos-1.log", "of another store"],
    );
}

#[test]
fn a_home_that_is_older_than_its_log_is_damage() {
    let folder = made();
    let home = folder.path().join("paxos.redb");
    let older = fs::read(&home).unwrap();
    drop(files::open(folder.path(), CLUSTER, roles(), node()).unwrap());
    fs::write(&home, older).unwrap();
    assert_says(
        &refusal(folder.path()),
        &["paxos.redb is older than its log", "restore it"],
    );
}
