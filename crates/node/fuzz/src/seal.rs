//! Datagrams by the page of [`node::wire`] and without its code, so that anything about them can be
//! wrong, the tag excepted.

use node::wire::Kind;
use node::{ClusterId, SchemaId};

/// What stands for a client in place of a node's number.
pub const CLIENT: u8 = 255;
/// The most bytes there are before the tag, and what a client's are padded to.
pub const SEALED_BYTES_MAX: usize = 1_200 - TAG_BYTES;

const HEADER_BYTES: usize = 41;
const TAG_BYTES: usize = 32;

/// A datagram to be written.
#[derive(Clone, Debug)]
pub struct Datagram<'a> {
    /// What it begins with.
    pub magic: [u8; 4],
    /// Which version it says it is of.
    pub version: u8,
    /// Who is to have sent it.
    pub from: u8,
    /// Whom it is for.
    pub to: u8,
    /// Which cluster it is of.
    pub cluster: ClusterId,
    /// Which of the sender's processes is to have sent it.
    pub incarnation: u64,
    /// How long it says the body is.
    pub length: u16,
    /// By which schema it says that its body is.
    pub schema: SchemaId,
    /// What it says.
    pub body: &'a [u8],
    /// What follows the body.
    pub padding: Vec<u8>,
    /// What it is sealed with.
    pub secret: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// One with nothing wrong about it, but perhaps its body. A client's is padded.
    pub fn new(
        cluster: ClusterId,
        secret: &'a [u8],
        from: u8,
        to: u8,
        body: &'a [u8],
    ) -> Datagram<'a> {
        let kind = match (from, to) {
            (CLIENT, _) => Kind::Request,
            (_, CLIENT) => Kind::Reply,
            _ => Kind::Lines,
        };
        let padding = match from {
            CLIENT => SEALED_BYTES_MAX.saturating_sub(HEADER_BYTES + body.len()),
            _ => 0,
        };
        Datagram {
            magic: *b"PAXO",
            version: 2,
            from,
            to,
            cluster,
            incarnation: 0,
            length: u16::try_from(body.len()).unwrap_or(u16::MAX),
            schema: kind.schema_id(),
            body,
            padding: vec![0; padding],
            secret,
        }
    }

    /// Its bytes, the right tag at their end.
    pub fn seal(&self) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend([self.version, self.from, self.to]);
        bytes.extend(self.cluster.bytes());
        bytes.extend(self.incarnation.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.schema.bytes());
        bytes.extend(self.body);
        bytes.extend(&self.padding);
        let tag = tag(self.cluster, self.secret, self.from, self.to, &bytes);
        bytes.extend(tag.as_bytes());
        bytes
    }
}

/// Whether the tag at the end of these bytes is the one that their sender would have made for
/// their receiver.
pub fn is_sealed(cluster: ClusterId, secret: &[u8], bytes: &[u8]) -> bool {
    let Some((sealed, found)) = bytes.split_last_chunk::<TAG_BYTES>() else {
        return false;
    };
    sealed.len() >= HEADER_BYTES
        && tag(cluster, secret, sealed[5], sealed[6], sealed) == blake3::Hash::from_bytes(*found)
}

fn tag(cluster: ClusterId, secret: &[u8], from: u8, to: u8, bytes: &[u8]) -> blake3::Hash {
    let material = [cluster.bytes(), [from, to].as_slice(), secret].concat();
    let key = blake3::derive_key("paxos datagrams v1, from one to another", &material);
    blake3::keyed_hash(&key, bytes)
}
