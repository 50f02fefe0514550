//! The header of the home: in which form a store is, whose it is, and how far it has come.

use std::path::Path;

use paxos::{Cluster, NodeId, NodeSet};
use redb::{ReadableDatabase as _, ReadableTable, TableDefinition};

use super::database::wrong;
use super::format::{Format, schema_of_format_1};
use super::sector::Identity;
use super::{FORMAT, StoreError};
use crate::{ClusterId, Schema};

/// The table that it is.
pub(super) const HEADER: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("header");

/// The entries of the header.
const FORMAT_ENTRY: &str = "format";
const SCHEMA_ENTRY: &str = "schema";
const CLUSTER_ENTRY: &str = "cluster";
const NODE_ENTRY: &str = "node";
const ROLES_ENTRY: &str = "roles";
const STORE_ENTRY: &str = "store";
const INCARNATION_ENTRY: &str = "incarnation";
const APPLIED_ENTRY: &str = "applied";

/// The header, to be written.
type HeaderTable<'a> = redb::Table<'a, &'static str, &'static [u8]>;

/// What changes in the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// How often the store was opened.
    pub(super) incarnation: u64,
    /// The number of the last batch of the log that is at home, with all before it.
    pub(super) applied: u64,
}

/// What the header says.
pub(super) struct Found {
    /// How the store is laid out.
    pub(super) format: Format,
    /// Of what its records are.
    pub(super) schema: Schema,
    /// Whose it is.
    pub(super) identity: Identity,
    /// How far it has come.
    pub(super) position: Position,
}

/// Writes what never changes.
pub(super) fn write_identity(table: &mut HeaderTable<'_>, identity: &Identity) -> redb::Result<()> {
    table.insert(CLUSTER_ENTRY, &identity.cluster.bytes()[..])?;
    table.insert(NODE_ENTRY, &[identity.node.into()][..])?;
    table.insert(ROLES_ENTRY, &role_bytes(&identity.roles)[..])?;
    table.insert(STORE_ENTRY, &identity.store[..])?;
    Ok(())
}

/// Writes how far the store has come, and that it is of this program's format.
pub(super) fn write_position(
    table: &mut HeaderTable<'_>,
    schema: &Schema,
    position: Position,
) -> redb::Result<()> {
    table.insert(FORMAT_ENTRY, &FORMAT.to_le_bytes()[..])?;
    table.insert(SCHEMA_ENTRY, schema.text().as_bytes())?;
    table.insert(INCARNATION_ENTRY, &position.incarnation.to_le_bytes()[..])?;
    table.insert(APPLIED_ENTRY, &position.applied.to_le_bytes()[..])?;
    Ok(())
}

/// What the header of an open database says.
pub(super) fn read(folder: &Path, redb: &redb::Database) -> Result<Found, StoreError> {
    let open = || -> Result<_, redb::Error> { Ok(redb.begin_read()?.open_table(HEADER)?) };
    let table = open().map_err(|source| wrong(folder, "read", source))?;
    let found = u32::from_le_bytes(entry(folder, &table, FORMAT_ENTRY)?);
    let format = Format::numbered(found).ok_or_else(|| StoreError::Format {
        folder: folder.to_owned(),
        expected: FORMAT,
        found,
    })?;
    let schema = match format {
        Format::First => schema_of_format_1(),
        Format::Second => Schema::from_text(text(folder, &table, SCHEMA_ENTRY)?),
    };
    let [node] = entry(folder, &table, NODE_ENTRY)?;
    let identity = Identity {
        cluster: ClusterId::from_bytes(entry(folder, &table, CLUSTER_ENTRY)?),
        node: NodeId::try_from(node).map_err(|wrong| StoreError::damaged(folder, wrong))?,
        roles: roles(entry(folder, &table, ROLES_ENTRY)?)
            .ok_or_else(|| StoreError::damaged(folder, "its header has roles that are none"))?,
        store: entry(folder, &table, STORE_ENTRY)?,
    };
    let position = Position {
        incarnation: u64::from_le_bytes(entry(folder, &table, INCARNATION_ENTRY)?),
        applied: u64::from_le_bytes(entry(folder, &table, APPLIED_ENTRY)?),
    };
    Ok(Found {
        format,
        schema,
        identity,
        position,
    })
}

/// The three sets, two bytes each.
fn role_bytes(roles: &Cluster) -> [u8; 6] {
    let [a, b] = roles.proposers().bits().to_le_bytes();
    let [c, d] = roles.acceptors().bits().to_le_bytes();
    let [e, f] = roles.learners().bits().to_le_bytes();
    [a, b, c, d, e, f]
}

fn roles([a, b, c, d, e, f]: [u8; 6]) -> Option<Cluster> {
    let set = |bytes| NodeSet::from_bits(u16::from_le_bytes(bytes));
    Cluster::apart(set([a, b]), set([c, d]), set([e, f]))
}

/// The roles, for people.
pub(super) fn role_words(roles: &Cluster) -> String {
    let (proposers, acceptors, learners) = (roles.proposers(), roles.acceptors(), roles.learners());
    format!("proposers {proposers}, acceptors {acceptors}, learners {learners}")
}

/// An entry of the header that has one length.
fn entry<const LENGTH: usize>(
    folder: &Path,
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<[u8; LENGTH], StoreError> {
    read_entry(folder, table, name, |bytes| bytes.try_into().ok())
}

/// An entry of the header that is text.
fn text(
    folder: &Path,
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<String, StoreError> {
    let read = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    read_entry(folder, table, name, read)
}

fn read_entry<T>(
    folder: &Path,
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, StoreError> {
    let bytes = table
        .get(name)
        .map_err(|source| wrong(folder, "read", source.into()))?;
    bytes
        .and_then(|bytes| read(bytes.value()))
        .ok_or_else(|| StoreError::damaged(folder, format!("its header has no {name}")))
}
