//! Writes datagrams, and reads them.

use std::fmt;

use paxos::{Message, NodeId};
use serde::{Deserialize, Serialize};

use super::{Body, CLIENT, DATAGRAM_BYTES_MAX, Drop, Line, Party, Received, Reply, Request, Say};
use crate::ClusterId;
use crate::secret::{PairKey, Secret};

const MAGIC: [u8; 4] = *b"PAXO";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 33;
const TAG_BYTES: usize = 32;
const BODY_BYTES_MAX: usize = DATAGRAM_BYTES_MAX - HEADER_BYTES - TAG_BYTES;

/// Writes and reads the datagrams of one party.
#[derive(Debug)]
pub struct Codec {
    cluster: ClusterId,
    me: u8,
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
        let me = me.number();
        let peers = peers.into_iter().map(Party::number).map(|number| Peer {
            number,
            send: secret.pair_key(cluster, me, number),
            receive: secret.pair_key(cluster, number, me),
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
        self.seal(to.into(), &plain(request))
    }

    /// An answer to a client.
    pub fn reply(&self, reply: &Reply) -> Vec<u8> {
        self.seal(CLIENT, &plain(reply))
    }

    /// What is said to a node, in as few datagrams as it fits into.
    pub fn lines<'a>(&self, to: NodeId, lines: impl IntoIterator<Item = &'a Line>) -> Vec<Vec<u8>> {
        let mut sealed = Vec::new();
        let mut body = Vec::with_capacity(BODY_BYTES_MAX);
        for line in lines {
            let line = plain(line);
            if body.len() + line.len() > BODY_BYTES_MAX {
                sealed.push(self.seal(to.into(), &body));
                body.clear();
            }
            body.extend_from_slice(&line);
        }
        if !body.is_empty() {
            sealed.push(self.seal(to.into(), &body));
        }
        sealed
    }

    fn seal(&self, to: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("keys and values are bounded");
        let mut bytes = Vec::with_capacity(DATAGRAM_BYTES_MAX);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[VERSION, self.me, to]);
        bytes.extend_from_slice(self.cluster.bytes());
        bytes.extend_from_slice(&self.incarnation.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(body);
        if self.me == CLIENT {
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
        if header[6] != self.me {
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
        let mut incarnation = [0; 8];
        incarnation.copy_from_slice(&header[23..31]);
        Ok(Received {
            from,
            incarnation: u64::from_le_bytes(incarnation),
            body: self.body(from, body)?,
        })
    }

    fn body(&self, from: Party, bytes: &[u8]) -> Result<Body, Drop> {
        match (from, Party::numbered(self.me)) {
            (Party::Client, _) => whole(bytes).map(Body::Request),
            (Party::Node(_), Some(Party::Client)) => whole(bytes).map(Body::Reply),
            (Party::Node(from), Some(Party::Node(me))) => lines(from, me, bytes).map(Body::Lines),
            (Party::Node(_), None) => Err(Drop::Receiver),
        }
    }
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

fn lines(from: NodeId, me: NodeId, mut bytes: &[u8]) -> Result<Vec<Line>, Drop> {
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let (line, rest) = next::<Line>(bytes)?;
        if !is_plausible(from, me, &line.say) {
            return Err(Drop::Ballot);
        }
        lines.push(line);
        bytes = rest;
    }
    if lines.is_empty() {
        return Err(Drop::Body);
    }
    Ok(lines)
}

/// Whether a correct node can have said this: the core takes it for granted that a proposer asks for
/// its own ballots only, and that answers go to the one who asked.
fn is_plausible(from: NodeId, me: NodeId, say: &Say) -> bool {
    match say {
        Say::Protocol(Message::Prepare { ballot } | Message::Propose { ballot, .. }) => {
            ballot.node == from
        }
        Say::Protocol(Message::Promise { ballot, accepted }) => {
            let below = accepted.as_ref().is_none_or(|vote| vote.ballot < *ballot);
            ballot.node == me && below
        }
        Say::Protocol(Message::Nack { ballot, promised }) => ballot.node == me && promised > ballot,
        Say::Protocol(Message::Accepted { .. })
        | Say::Decided(_)
        | Say::Read(_)
        | Say::Voted(..) => true,
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({}, …)", self.number)
    }
}
