//! A world at one moment.

use std::fmt;

use paxos::{Acceptor, Cluster, Durable, Learner, Node, NodeId, NodeSet, Proposer, Timer};
use serde::{Deserialize, Serialize};

use crate::packed::Packed;
use crate::{Ask, Clients, Letter, Letters, Parcel, Reaction, Reading};

/// A world at one moment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    servers: Vec<Packed>,
    /// What the network holds.
    pub mail: Vec<Parcel>,
    /// What acceptors have ever said, to nobody in particular, where the network does not keep
    /// it; empty in a [`crate::Network::Set`], unless rounds never end and safety is judged. Seen by properties only.
    pub ledger: Vec<Parcel>,
    /// How far each [`Ask`] has come.
    pub asks: [Outcome; Ask::LIMIT],
    /// How many crashes there were.
    pub crashes: u8,
    /// Whether a crash ever struck a node with a ballot under way. Seen by properties only.
    pub mid_ballot: bool,
    /// The nodes that have stopped for ever, where the scenario has such.
    pub stopped: NodeSet,
    /// Whether one proposer alone tries again from now on, where the scenario has such.
    pub settled: bool,
    /// How many messages were lost; not counted where nothing bounds it.
    pub losses: u8,
    /// What is under way between clients and nodes; `None` where that never fails.
    pub clients: Option<Box<Clients>>,
    /// How far each read of the scenario has come.
    pub reads: Box<[Reading]>,
}

/// A node and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// In memory: what its acceptor remembers.
    pub acceptor: Acceptor<Letter>,
    /// In memory: what its proposer remembers.
    pub proposer: Proposer<Letter>,
    /// In memory: what its learner remembers.
    pub learner: Learner<Letter>,
    /// Its disk.
    pub disk: Durable<Letter>,
    /// The first record that it saved, under [`crate::Mutant::DiskRestored`]; else [`Durable::EMPTY`].
    pub copy: Durable<Letter>,
    /// What it has ever announced to be chosen, before crashes as well. Seen by properties only.
    pub announced: Letters,
    /// How often it timed out; not counted where `retries` does not bound it.
    pub retries: u8,
    /// The timer that runs. Set by [`Effects::set_timer`](paxos::Effects::set_timer); ended by the time-out and by a
    /// crash. `None` without a ballot under way as well: a host does nothing when a timer ends that is of no use
    /// ([`Node::is_proposing`]).
    pub timer: Option<Timer>,
}

/// What a client knows of one request.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Outcome {
    /// The request is not made yet.
    #[default]
    NotAsked,
    /// The request is made, the answer awaited.
    Asked,
    /// The node crashed with the request, or was silent: it may have been done, or may yet be.
    Unknown,
    /// The client was told that this value is chosen.
    Success(Letter),
    /// It surely reached no node.
    PostFailed,
    /// The node got it, did nothing, and may do it later.
    Retryable,
    /// The node refuses it for good.
    Fatal,
}

impl Outcome {
    /// The value told, if it is a success.
    #[inline]
    pub fn told(self) -> Option<Letter> {
        match self {
            Outcome::Success(value) => Some(value),
            Outcome::NotAsked
            | Outcome::Asked
            | Outcome::PostFailed
            | Outcome::Retryable
            | Outcome::Fatal
            | Outcome::Unknown => None,
        }
    }

    /// Whether it says that nothing was done.
    #[inline]
    pub fn is_failure(self) -> bool {
        match self {
            Outcome::PostFailed | Outcome::Retryable | Outcome::Fatal => true,
            Outcome::NotAsked | Outcome::Asked | Outcome::Unknown | Outcome::Success(_) => false,
        }
    }
}

impl State {
    /// A world in which nothing has happened yet.
    pub(crate) fn new(servers: impl IntoIterator<Item = Server>) -> State {
        State {
            servers: servers.into_iter().map(|one| Packed::new(&one)).collect(),
            mail: Vec::new(),
            ledger: Vec::new(),
            asks: [Outcome::NotAsked; Ask::LIMIT],
            crashes: 0,
            mid_ballot: false,
            stopped: NodeSet::EMPTY,
            settled: false,
            losses: 0,
            clients: None,
            reads: Box::default(),
        }
    }

    /// The same state, with room for what one more step sends.
    #[inline]
    pub(crate) fn with_room_for_mail(&self) -> State {
        let mut mail = Vec::with_capacity(self.mail.len() + 1);
        mail.extend_from_slice(&self.mail);
        State {
            servers: self.servers.clone(),
            mail,
            ledger: self.ledger.clone(),
            clients: self.clients.clone(),
            reads: self.reads.clone(),
            ..*self
        }
    }

    /// A node of the cluster.
    ///
    /// # Panics
    /// If the cluster has no such node.
    #[inline]
    pub fn server(&self, node: NodeId) -> Server {
        self.servers[node.index()].unpack()
    }

    /// Every node, in order.
    #[inline]
    pub fn servers(&self) -> impl Iterator<Item = (NodeId, Server)> {
        let servers = self.servers.iter().map(|server| server.unpack());
        (0..NodeId::LIMIT).filter_map(NodeId::new).zip(servers)
    }

    /// Puts a node into another state.
    ///
    /// # Panics
    /// If the cluster has no such node.
    #[inline]
    pub fn set_server(&mut self, node: NodeId, server: &Server) {
        self.servers[node.index()] = Packed::new(server);
    }

    /// How much has gone wrong on the way here that could as well have gone right: of two stories
    /// that show the same, the one with less of it is easier to follow.
    #[inline]
    pub fn oddity(&self) -> u64 {
        let faults = self.clients.as_ref().map_or(0, |clients| clients.faults);
        u64::from(self.crashes) + u64::from(faults)
    }

    /// The nodes as they are kept.
    #[inline]
    pub(crate) fn packed(&self) -> &[Packed] {
        &self.servers
    }
}

impl Server {
    /// A node as it starts: its memory is what it recovers from its disk.
    #[inline]
    pub(crate) fn start(node: &Node<Letter>, disk: Durable<Letter>) -> Server {
        Server {
            acceptor: *node.acceptor(),
            proposer: *node.proposer(),
            learner: *node.learner(),
            disk,
            copy: Durable::EMPTY,
            announced: Letters::EMPTY,
            retries: 0,
            timer: None,
        }
    }

    /// The node.
    #[inline]
    pub fn node(&self, id: NodeId, cluster: Cluster) -> Node<Letter> {
        Node::resume(id, cluster, self.acceptor, self.proposer, self.learner)
    }

    /// The same server with another memory. Its timer goes on as long as it is of use.
    #[must_use]
    pub(crate) fn remembering(self, node: &Node<Letter>) -> Server {
        Server {
            acceptor: *node.acceptor(),
            proposer: *node.proposer(),
            learner: *node.learner(),
            timer: self.timer.filter(|_| node.is_proposing()),
            ..self
        }
    }

    /// Starts the timer that a reaction asks for, if it is of use.
    #[inline]
    pub(crate) fn start_timer(&mut self, reaction: &Reaction) {
        let started = reaction.effects.set_timer;
        self.timer = started
            .filter(|_| reaction.node.is_proposing())
            .or(self.timer);
    }

    /// What must survive a crash, as it is in memory now.
    #[inline]
    pub fn durable(&self) -> Durable<Letter> {
        Durable {
            round: self.proposer.last_round,
            promised: self.acceptor.promised,
            accepted: self.acceptor.accepted,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::NotAsked => f.write_str("not asked"),
            Outcome::Asked => f.write_str("asked"),
            Outcome::PostFailed => f.write_str("POST_FAILED"),
            Outcome::Retryable => f.write_str("RETRYABLE"),
            Outcome::Fatal => f.write_str("FATAL"),
            Outcome::Unknown => f.write_str("UNKNOWN"),
            Outcome::Success(value) => write!(f, "SUCCESS({value})"),
        }
    }
}
