//! Writes datagrams, and reads them.

use std::fmt;

use paxos::NodeId;
use serde::{Deserialize, Serialize};

use super::{
    Body, CLIENT, DATAGRAM_BYTES_MAX, Drop, Kind, Line, Party, Received, Reply, Request, VERSION,
};
use crate::secret::{PairKey, Secret};
use crate::{ClusterId, SchemaId};

const MAGIC: [u8; 4] = *b"PAXO";
const HEADER_BYTES: usize = 41;
/// Where in the header the schema is named.
const SCHEMA_AT: usize = 33;
const TAG_BYTES: usize = 32;
const BODY_BYTES_MAX: usize = DATAGRAM_BYTES_MAX - HEADER_BYTES - TAG_BYTES;

/// Writes and reads the datagrams of one party.
#[derive(Debug)]
pub struct Codec {
    cluster: ClusterId,
    me: Party,
    incarnation: u64,
    peers: Vec<Peer>,
}

struct Peer {
    number: u8,
    send: PairKey,
    receive: PairKey,
}

impl Codec {
    /// For `me` of this cluster, to talk with `peers`.
    pub fn new(
        cluster: ClusterId,
        secret: &Secret,
        me: Party,
        incarnation: u64,
        peers: impl IntoIterator<Item = Party>,
    ) -> Codec {
        let my_number = me.number();
        let peers = peers.into_iter().map(Party::number).map(|number| Peer {
            number,
            send: secret.pair_key(cluster, my_number, number),
            receive: secret.pair_key(cluster, number, my_number),
        });
        Codec {
            cluster,
            me,
            incarnation,
            peers: peers.collect(),
        }
    }

    fn peer(&self, number: u8) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.number == number)
    }

    /// A request to a node.
    pub fn request(&self, to: NodeId, request: &Request) -> Vec<u8> {
        self.seal(Party::Node(to), &plain(request))
    }

    /// An answer to a client.
    pub fn reply(&self, reply: &Reply) -> Vec<u8> {
        self.seal(Party::Client, &plain(reply))
    }

    /// What is said to a node, in as few datagrams as it fits into.
    pub fn lines<'a>(&self, to: NodeId, lines: impl IntoIterator<Item = &'a Line>) -> Vec<Vec<u8>> {
        let mut sealed = Vec::new();
        let mut body = Vec::with_capacity(BODY_BYTES_MAX);
        for line in lines {
            let line = plain(line);
            if body.len() + line.len() > BODY_BYTES_MAX {
                sealed.push(self.seal(Party::Node(to), &body));
                body.clear();
            }
            body.extend_from_slice(&line);
        }
        if !body.is_empty() {
            sealed.push(self.seal(Party::Node(to), &body));
        }
        sealed
    }

    fn seal(&self, to: Party, body: &[u8]) -> Vec<u8> {
        let schema = Kind::between(self.me, to).schema_id();
        let (me, to) = (self.me.number(), to.number());
        let length = u16::try_from(body.len()).expect("keys and values are bounded");
        let mut bytes = Vec::with_capacity(DATAGRAM_BYTES_MAX);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[VERSION, me, to]);
        bytes.extend_from_slice(self.cluster.bytes());
        bytes.extend_from_slice(&self.incarnation.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(schema.bytes());
        bytes.extend_from_slice(body);
        if me == CLIENT {
            bytes.resize(DATAGRAM_BYTES_MAX - TAG_BYTES, 0);
        }
        let peer = self.peer(to).expect("only peers are spoken to");
        let tag = peer.send.tag(&bytes);
        bytes.extend_from_slice(tag.as_bytes());
        bytes
    }

    /// What a datagram says, if it is for this party and from one of its peers.
    ///
    /// # Errors
    /// The reason to drop it.
    pub fn open(&self, bytes: &[u8]) -> Result<Received, Drop> {
        if bytes.len() > DATAGRAM_BYTES_MAX {
            return Err(Drop::Long);
        }
        let (sealed, tag) = bytes.split_last_chunk::<TAG_BYTES>().ok_or(Drop::Short)?;
        let (header, rest) = sealed
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(Drop::Short)?;
        if header[..4] != MAGIC {
            return Err(Drop::Magic);
        }
        if header[4] != VERSION {
            return Err(Drop::Version);
        }
        if header[7..23] != *self.cluster.bytes() {
            return Err(Drop::Cluster);
        }
        if header[6] != self.me.number() {
            return Err(Drop::Receiver);
        }
        let peer = self.peer(header[5]).ok_or(Drop::Sender)?;
        let from = Party::numbered(peer.number).ok_or(Drop::Sender)?;
        let length = usize::from(u16::from_le_bytes([header[31], header[32]]));
        let (body, padding) = rest.split_at_checked(length).ok_or(Drop::Length)?;
        let is_padded = bytes.len() == DATAGRAM_BYTES_MAX && padding.iter().all(|byte| *byte == 0);
        if !(if from == Party::Client {
            is_padded
        } else {
            padding.is_empty()
        }) {
            return Err(Drop::Length);
        }
        if peer.receive.tag(sealed) != blake3::Hash::from_bytes(*tag) {
            return Err(Drop::Tag);
        }
        let kind = Kind::between(from, self.me);
        if header[SCHEMA_AT..] != *kind.schema_id().bytes() {
            return Err(Drop::Schema);
        }
        let mut incarnation = [0; 8];
        incarnation.copy_from_slice(&header[23..31]);
        Ok(Received {
            from,
            incarnation: u64::from_le_bytes(incarnation),
            body: match kind {
                Kind::Request => Body::Request(whole(body)?),
                Kind::Reply => Body::Reply(whole(body)?),
                Kind::Lines => Body::Lines(lines(body)?),
            },
        })
    }
}

/// The version that a datagram is of by its own account; `None` if it is too short to have one.
pub(crate) fn version_of(bytes: &[u8]) -> Option<u8> {
    bytes.get(4).copied()
}

/// The schema of the body by the datagram's own account, and by whom it is.
pub(crate) fn schema_of(bytes: &[u8]) -> Option<(Party, SchemaId)> {
    let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
    let id = header.last_chunk()?;
    Some((Party::numbered(header[5])?, SchemaId::from_bytes(*id)))
}

fn plain<T: Serialize>(what: &T) -> Vec<u8> {
    postcard::to_stdvec(what).expect("what is sent is plain data")
}

/// The one thing these bytes say.
fn whole<'a, T: Serialize + Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Drop> {
    match next(bytes)? {
        (what, []) => Ok(what),
        _ => Err(Drop::Body),
    }
}

/// The first thing these bytes say, and the rest of them. Numbers can be written in more than one
/// way; only the way in which they are sent counts.
fn next<'a, T: Serialize + Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), Drop> {
    let (what, rest) = postcard::take_from_bytes(bytes).map_err(|_| Drop::Body)?;
    let read = &bytes[..bytes.len() - rest.len()];
    if plain(&what) != read {
        return Err(Drop::Body);
    }
    Ok((what, rest))
}

fn lines(mut bytes: &[u8]) -> Result<Vec<Line>, Drop> {
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let (line, rest) = next(bytes)?;
        lines.push(line);
        bytes = rest;
    }
    if lines.is_empty() {
        return Err(Drop::Body);
    }
    Ok(lines)
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({}, …)", self.number)
    }
}
