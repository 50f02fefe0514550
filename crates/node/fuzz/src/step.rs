//! A node among liars who know the secret: a program of bytes is played to a host, and judged.
//!
//! The first byte says which cluster it is; then comes one instruction after another, a byte for
//! which one and then its operands. What the bytes do not say at their end is 0.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use node::store::{Header, Record};
use node::wire::{Answer, Ask, Codec, DATAGRAM_BYTES_MAX, Line, Party, Reply, Request, Say};
use node::{
    ClusterFile, ClusterId, Host, HostError, Key, Member, Metrics, Out, RequestId, RulesName,
    Secret, Timing, Value,
};
use paxos::{Ballot, Cluster, Durable, Message, NodeId, NodeSet, Round, Vote};

use super::disk::{Disk, bound};
use super::node_id;
use super::seal::{CLIENT, Datagram, is_sealed};

const CLUSTER: ClusterId = ClusterId::from_bytes([7; 16]);
const ME: usize = 0;

/// Plays the bytes to a node and judges, batch by batch: nothing panics; what is not believed has no
/// effect; every answer is to somebody who asked, once for each time, and not larger than the
/// question; what is promised, voted for or asked was saved before; what is saved only rises.
///
/// What is counted, is counted in `metrics`, which take longer to make than to use.
///
/// # Panics
/// If one of these is not so.
pub fn decode_then_step(bytes: &[u8], metrics: &Metrics) {
    let mut program = Program(bytes);
    let mut world = World::new(program.byte(), metrics.clone());
    // A node that hears of two decisions stops, and must.
    while !program.0.is_empty() {
        if world.step(&mut program).is_none() {
            return;
        }
    }
    let _ = world.end_batch(true);
}

/// The rest of the bytes.
struct Program<'a>(&'a [u8]);

struct World {
    file: ClusterFile,
    disk: Disk,
    host: Host,
    now: Instant,
    /// What the other nodes write with, and those that are of no cluster; and what clients do.
    peers: [Codec; 4],
    client: Codec,
    /// How often each client has asked what since the node started, less the answers.
    asked: HashMap<(SocketAddr, RequestId), usize>,
}

impl Program<'_> {
    fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken.to_vec()
    }

    /// As many bytes as two of them say.
    fn block(&mut self) -> Vec<u8> {
        let count = u16::from_le_bytes([self.byte(), self.byte()]);
        self.bytes(count.into())
    }

    fn client(&mut self) -> SocketAddr {
        ([127, 0, 0, 1], 5_000 + u16::from(self.byte() % 4)).into()
    }

    fn peer(&mut self) -> NodeId {
        node_id(1 + usize::from(self.byte() % 4))
    }

    fn key(&mut self) -> Key {
        Key::new(&[b'a' + self.byte() % 3]).expect("one byte")
    }

    fn value(&mut self) -> Value {
        Value::new(&[b'A' + self.byte() % 3]).expect("one byte")
    }

    fn ballot(&mut self, node: NodeId) -> Ballot {
        let round = match self.byte() {
            u8::MAX => u32::MAX,
            byte => 1 + u32::from(byte % 8),
        };
        let round = Round::new(round).expect("it is not 0");
        Ballot { round, node }
    }

    fn any_ballot(&mut self) -> Ballot {
        let node = node_id(usize::from(self.byte() % 5));
        self.ballot(node)
    }

    fn id(&mut self) -> RequestId {
        RequestId::from_bytes([self.byte() % 8; 16])
    }

    fn line(&mut self, from: NodeId) -> Line {
        let me = node_id(ME);
        let key = self.key();
        let say = match self.byte() % 8 {
            0 => Say::Protocol(Message::Prepare {
                ballot: self.ballot(from),
            }),
            1 => Say::Protocol(Message::Promise {
                ballot: self.ballot(me),
                accepted: self.vote(),
            }),
            2 => Say::Protocol(Message::Propose {
                ballot: self.ballot(from),
                value: self.value(),
            }),
            3 => Say::Protocol(Message::Accepted {
                ballot: self.any_ballot(),
                value: self.value(),
            }),
            4 => Say::Protocol(Message::Nack {
                ballot: self.ballot(me),
                promised: self.any_ballot(),
            }),
            5 => Say::Decided(self.value()),
            6 => Say::Read(self.id()),
            _ => Say::Voted(self.read(), self.vote()),
        };
        Line { key, say }
    }

    fn vote(&mut self) -> Option<Vote<Value>> {
        let is_some = self.byte() % 2 == 1;
        is_some.then(|| Vote {
            ballot: self.any_ballot(),
            value: self.value(),
        })
    }

    /// A read such as the node itself may have begun.
    fn read(&mut self) -> RequestId {
        let (incarnation, number) = (1 + self.byte() % 3, 1 + self.byte() % 8);
        let mut bytes = [0; 16];
        (bytes[6], bytes[7], bytes[15]) = (incarnation, ME as u8, number);
        RequestId::from_bytes(bytes)
    }
}

impl World {
    fn new(which: u8, metrics: Metrics) -> World {
        let me = node_id(ME);
        let (roles, nodes) = match which % 4 {
            0 => (Cluster::all_roles(3), 3),
            1 => (Cluster::all_roles(5), 5),
            // The node proposes and learns, and others vote.
            2 => (apart(0b1001, 0b01110, 0b0001), 4),
            // It votes, and others propose.
            _ => (apart(0b0110, 0b00111, 0b1000), 4),
        };
        let member = |number: usize| Member {
            id: node_id(number),
            address: ([127, 0, 0, 1], 4_000 + number as u16).into(),
            initialised: true,
            roles: Vec::new(),
        };
        let file = ClusterFile {
            path: PathBuf::new(),
            cluster: CLUSTER,
            rules: if which & 4 == 0 {
                RulesName::Lamport
            } else {
                RulesName::StrictAccept
            },
            timing: Timing {
                waiting_max: 3,
                idle_ms: 1_000,
                ..Timing::default()
            },
            nodes: (0..nodes).map(member).collect(),
            roles: roles.expect("there are proposers and acceptors"),
            secret: Secret::none(),
        };
        let disk = Disk::new(Header {
            cluster: CLUSTER,
            node: me,
            incarnation: 1,
        });
        let now = Instant::now();
        World {
            host: host(&file, &disk, metrics, now),
            file,
            disk,
            now,
            peers: [1, 2, 3, 4].map(|number| sender(Party::Node(node_id(number)))),
            client: sender(Party::Client),
            asked: HashMap::new(),
        }
    }

    /// Carries out one instruction; `None` if the node stops.
    fn step(&mut self, program: &mut Program<'_>) -> Option<()> {
        match program.byte() % 9 {
            0 => self.end_batch(true),
            1 => {
                let roughly = u64::from(program.byte());
                self.now += Duration::from_millis(roughly * roughly);
                self.end_batch(true)
            }
            2 => {
                let source = program.client();
                self.hear(&program.block(), source)
            }
            3 => {
                let (from, body) = (program.peer(), program.block());
                self.hear_body(from.into(), &body, peer_address(from))
            }
            4 => {
                let (source, body) = (program.client(), program.block());
                self.hear_body(CLIENT, &body, source)
            }
            5 | 6 => {
                let from = program.peer();
                let line = program.line(from);
                self.hear_line(from, &line)
            }
            7 => {
                let source = program.client();
                let (id, key) = (program.id(), program.key());
                let ask = match program.byte() % 2 {
                    0 => Ask::Get,
                    _ => Ask::Propose(program.value()),
                };
                self.hear_request(&Request { id, key, ask }, source)
            }
            // The power is lost: what was not saved, and who waits.
            _ => {
                self.disk.header.incarnation += 1;
                let metrics = self.host.metrics().clone();
                self.host = host(&self.file, &self.disk, metrics, self.now);
                self.asked.clear();
                Some(())
            }
        }
    }

    fn hear_body(&mut self, from: u8, body: &[u8], source: SocketAddr) -> Option<()> {
        let sealed = Datagram::new(CLUSTER, &[], from, ME as u8, body).seal();
        self.hear(&sealed, source)
    }

    fn hear_line(&mut self, from: NodeId, line: &Line) -> Option<()> {
        let sealed = self.peers[from.index() - 1].lines(node_id(ME), [line]);
        self.hear(&sealed[0], peer_address(from))
    }

    fn hear_request(&mut self, request: &Request, source: SocketAddr) -> Option<()> {
        let sealed = self.client.request(node_id(ME), request);
        self.hear(&sealed, source)
    }

    /// A datagram arrives.
    fn hear(&mut self, bytes: &[u8], source: SocketAddr) -> Option<()> {
        match self.host.codec().open(bytes) {
            Err(_) => self.hear_nonsense(bytes, source),
            Ok(received) => {
                assert!(is_sealed(CLUSTER, &[], bytes), "believed without a tag");
                if let node::wire::Body::Request(request) = received.body {
                    *self.asked.entry((source, request.id)).or_default() += 1;
                    assert_eq!(bytes.len(), DATAGRAM_BYTES_MAX, "a small request");
                }
                let received = self.host.receive(bytes, source, self.now);
                may_go_on(received)
            }
        }
    }

    /// A datagram arrives that nobody should believe. It is alone in its batch.
    fn hear_nonsense(&mut self, bytes: &[u8], source: SocketAddr) -> Option<()> {
        self.end_batch(false)?;
        let (commits, due) = (self.disk.saved().commits, self.host.next_tick());
        let received = self.host.receive(bytes, source, self.now);
        assert!(received.is_ok(), "nonsense stops the node: {received:?}");
        let said = self.take(Host::early)?.len();
        may_go_on(self.host.save())?;
        let said = said + self.take(Host::late)?.len();
        assert_eq!(said, 0, "nonsense is answered");
        assert_eq!(self.disk.saved().commits, commits, "nonsense is saved");
        assert_eq!(self.host.next_tick(), due, "nonsense is waited for");
        Some(())
    }

    fn end_batch(&mut self, ticks: bool) -> Option<()> {
        if ticks {
            may_go_on(self.host.tick(self.now))?;
        }
        let early = self.take(Host::early)?;
        self.judge(&early);
        may_go_on(self.host.save())?;
        let late = self.take(Host::late)?;
        self.judge(&late);
        may_go_on(self.host.turn_page())
    }

    fn take(&mut self, from: fn(&mut Host) -> Result<Vec<Out>, HostError>) -> Option<Vec<Out>> {
        let taken = from(&mut self.host);
        match taken {
            Ok(outs) => Some(outs),
            Err(error) => {
                may_go_on(Err(error))?;
                None
            }
        }
    }

    /// What leaves must rest on what is saved, and answer what was asked.
    fn judge(&mut self, outs: &[Out]) {
        for out in outs {
            match out {
                Out::Line(to, line) => {
                    assert!(*to != node_id(ME), "it talks to itself over the network");
                    let datagrams = self.host.codec().lines(*to, [line]);
                    assert!(datagrams.iter().all(|one| one.len() <= DATAGRAM_BYTES_MAX));
                    let saved = self.disk.saved();
                    let rests = rests_on(&line.say, saved.records.get(&line.key));
                    assert!(rests, "{line:?} leaves before it is saved");
                }
                Out::Reply(source, key, reply) => self.judge_reply(*source, key, reply),
            }
        }
    }

    fn judge_reply(&mut self, source: SocketAddr, key: &Key, reply: &Reply) {
        let bytes = self.host.codec().reply(reply);
        assert!(bytes.len() <= DATAGRAM_BYTES_MAX, "larger than the request");
        let asked = self
            .asked
            .get_mut(&(source, reply.id))
            .filter(|asked| **asked > 0);
        let asked = asked.expect("an answer that nobody asked for");
        *asked -= 1;
        if let (Answer::Chosen(told), Some(Record::Chosen(saved))) =
            (&reply.answer, self.disk.saved().records.get(key))
        {
            assert_eq!(told, saved, "the answer is not what is decided");
        }
    }
}

/// Whether what is said was saved before.
fn rests_on(say: &Say, saved: Option<&Record>) -> bool {
    let saved = match saved {
        // All that was promised and voted for is done with.
        Some(Record::Chosen(_)) => return true,
        Some(Record::Open(durable)) => durable,
        None => &Durable::EMPTY,
    };
    // Of two values in one ballot, which only a liar proposes, the later one is kept.
    let holds = |vote: &Vote<Value>| {
        let kept = saved.accepted.as_ref().map(|kept| kept.ballot);
        kept >= Some(vote.ballot)
    };
    match say {
        Say::Protocol(Message::Prepare { ballot } | Message::Propose { ballot, .. }) => {
            ballot.node == node_id(ME) && saved.round >= Some(ballot.round)
        }
        Say::Protocol(Message::Promise { ballot, accepted }) => {
            bound(saved) >= Some(*ballot) && accepted.as_ref().is_none_or(holds)
        }
        Say::Protocol(Message::Accepted { ballot, value }) => holds(&Vote {
            ballot: *ballot,
            value: value.clone(),
        }),
        Say::Protocol(Message::Nack { promised, .. }) => bound(saved) >= Some(*promised),
        Say::Voted(_, vote) => vote.as_ref().is_none_or(holds),
        Say::Decided(_) | Say::Read(_) => true,
    }
}

fn apart(proposers: u16, acceptors: u16, learners: u16) -> Option<Cluster> {
    let set = NodeSet::from_bits;
    Cluster::apart(set(proposers), set(acceptors), set(learners))
}

fn host(file: &ClusterFile, disk: &Disk, metrics: Metrics, now: Instant) -> Host {
    let disk = Box::new(disk.clone());
    Host::new(file, disk, None, metrics, 1, now).expect("there is no journal")
}

fn sender(party: Party) -> Codec {
    let me = [Party::Node(node_id(ME))];
    Codec::new(CLUSTER, &Secret::none(), party, 1, me)
}

fn peer_address(peer: NodeId) -> SocketAddr {
    ([127, 0, 0, 1], 4_000 + peer.index() as u16).into()
}

/// `None` if the node stops because of a lie, which is the only reason to.
fn may_go_on(result: Result<(), HostError>) -> Option<()> {
    match result {
        Ok(()) => Some(()),
        Err(error) => {
            let is_lie = matches!(error, HostError::Disagreement { .. });
            assert!(is_lie, "{error}");
            None
        }
    }
}
