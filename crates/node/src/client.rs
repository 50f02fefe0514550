//! The client: asks nodes, one after another, and says no more than it knows.
//!
//! A [`Client`] blocks. From asynchronous code call it on a thread (`spawn_blocking` and its like): it
//! holds nothing but a cluster file in memory, and is cheap to clone.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use paxos::NodeId;
use paxos::client::{self, Attempt, Copies, Failure, Known, Refusal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::wire::{Answer, Ask, Body, Codec, DATAGRAM_BYTES_MAX, Party, Request};
use crate::{ClusterFile, Key, RequestId, Value};

/// How long a node is waited for before it is asked again, and the next one too.
const PATIENCE: Duration = Duration::from_millis(250);

/// What a client knows of its request, and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// No node got it that could have done it.
    PostFailed(String),
    /// A node got it, did nothing, and may do it later. Of a proposal this is said on loopback only:
    /// elsewhere the network may have made a copy of it that is taken in later.
    Retryable(String),
    /// It was refused for good; nothing was done.
    Fatal(String),
    /// It may have been done, or may yet be. Asking again with the same value is safe, and the way on.
    Unknown(String),
    /// It is done, and the answer was validated.
    Success(Told),
}

/// What a successful request tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// This value is chosen, for good.
    Chosen(Value),
    /// Nothing was chosen when the request was made. Only a reader is told so.
    Undecided,
}

/// Asks the nodes of a cluster.
#[derive(Clone, Debug)]
pub struct Client {
    file: ClusterFile,
    servers: Vec<NodeId>,
    timeout: Duration,
}

impl Client {
    /// A client of this cluster that waits for so long in all.
    pub fn new(file: ClusterFile, timeout: Duration) -> Client {
        let servers = file.roles.proposers().iter().collect();
        Client {
            file,
            servers,
            timeout,
        }
    }

    /// The same client, asking only these nodes, in this order.
    #[must_use]
    pub fn asking(mut self, servers: Vec<NodeId>) -> Client {
        self.servers = servers;
        self
    }

    /// Asks for `value` to be chosen. What is chosen may be another's; it is told either way.
    /// Asking again with the same value is always safe.
    pub fn propose(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Outcome {
        match (Key::new(key.as_ref()), Value::new(value.as_ref())) {
            (Ok(key), Ok(value)) => self.ask(key, Ask::Propose(value)),
            (Err(wrong), _) | (_, Err(wrong)) => Outcome::Fatal(wrong.to_string()),
        }
    }

    /// Asks what is chosen. Linearizable: a later request is never told of an earlier moment.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Outcome {
        match Key::new(key.as_ref()) {
            Ok(key) => self.ask(key, Ask::Get),
            Err(wrong) => Outcome::Fatal(wrong.to_string()),
        }
    }

    fn ask(&self, key: Key, ask: Ask) -> Outcome {
        let mut tries = Vec::new();
        for id in &self.servers {
            match self.file.member(*id) {
                Ok(member) => tries.push(Try::new(*id, member.address)),
                Err(error) => return Outcome::Fatal(error.to_string()),
            }
        }
        let id = match RequestId::random() {
            Ok(id) => id,
            Err(error) => return Outcome::PostFailed(format!("no random numbers: {error}")),
        };
        let request = Request { id, key, ask };
        let peers = tries.iter().map(|one| Party::Node(one.id));
        let codec = Codec::new(
            self.file.cluster,
            &self.file.secret,
            Party::Client,
            0,
            peers,
        );
        let deadline = Instant::now() + self.timeout;
        // Each node is asked in its turn; those asked before may still answer. The turns do not
        // depend on who is fast.
        for turn in (0..tries.len()).cycle() {
            if Instant::now() >= deadline || !tries.iter().any(Try::is_pending) {
                break;
            }
            if !tries[turn].is_pending() {
                continue;
            }
            let datagram = codec.request(tries[turn].id, &request);
            tries[turn].post(&datagram);
            let until = deadline.min(Instant::now() + PATIENCE);
            if let Some(told) = listen(&mut tries, turn, &codec, &request, until) {
                return Outcome::Success(told);
            }
        }
        conclude(&tries, &request.ask, self.timeout)
    }
}

/// One node, as far as it was asked.
struct Try {
    id: NodeId,
    address: SocketAddr,
    socket: Option<UdpSocket>,
    invalid: u32,
    attempt: Attempt,
    /// Why it has not done anything, as far as that is known.
    reason: String,
}

impl Try {
    fn new(id: NodeId, address: SocketAddr) -> Try {
        Try {
            id,
            address,
            socket: None,
            invalid: 0,
            attempt: Attempt::default(),
            reason: "there was no time to ask".to_owned(),
        }
    }

    fn is_pending(&self) -> bool {
        self.attempt.is_pending()
    }

    /// Sends the request, or learns that it cannot be sent.
    fn post(&mut self, datagram: &[u8]) {
        let sent = self.connected().and_then(|socket| socket.send(datagram));
        match sent {
            Ok(_) => self.attempt.posted(),
            Err(error) => {
                self.attempt.not_posted();
                self.failed(&error);
            }
        }
    }

    fn connected(&mut self) -> io::Result<&UdpSocket> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => {
                let any: SocketAddr = match self.address {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(self.address)?;
                socket.set_nonblocking(true)?;
                socket
            }
        };
        Ok(self.socket.insert(socket))
    }

    /// The network reports a failure. It is believed only where it cannot be forged and where it speaks
    /// of the only datagram there was: then the node surely did not get it.
    fn failed(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            self.attempt.undelivered(self.copies());
        }
        if self.attempt.known() == Known::NotDelivered {
            self.reason = format!("{} at {}: {error}", self.id, self.address);
        }
    }

    /// Networks make copies of datagrams, loopback does not.
    fn copies(&self) -> Copies {
        match self.address.ip().is_loopback() {
            true => Copies::Never,
            false => Copies::Possible,
        }
    }

    /// What has come in for it. What it told, if that ends the request.
    fn receive(&mut self, codec: &Codec, request: &Request) -> Option<Told> {
        let mut buffer = [0; DATAGRAM_BYTES_MAX + 1];
        let received = self.socket.as_ref()?.recv(&mut buffer);
        let bytes = match received {
            Ok(bytes) => &buffer[..bytes],
            Err(error) => {
                self.failed(&error);
                return None;
            }
        };
        match self.valid(codec, bytes, request) {
            Some(Answer::Chosen(value)) => return Some(Told::Chosen(value)),
            Some(Answer::Undecided) => return Some(Told::Undecided),
            Some(Answer::Busy) => {
                let reason = format!("{} has too much to do", self.id);
                self.refused(Refusal::Busy, &request.ask, reason);
            }
            Some(Answer::NotAProposer) => {
                let reason = format!("{} takes no requests: it does not propose", self.id);
                self.refused(Refusal::Refused, &request.ask, reason);
            }
            None => self.invalid += 1,
        }
        None
    }

    /// The node says that it did nothing.
    fn refused(&mut self, refusal: Refusal, ask: &Ask, reason: String) {
        let copies = match ask {
            Ask::Get => Copies::ReadOnly,
            Ask::Propose(_) => self.copies(),
        };
        self.attempt.refused(refusal, copies);
        if !self.is_pending() {
            self.reason = reason;
        }
    }

    /// The answer, if it is one: from this node, to this request, and such as it asks for.
    fn valid(&self, codec: &Codec, bytes: &[u8], request: &Request) -> Option<Answer> {
        let received = codec.open(bytes).ok()?;
        let Body::Reply(reply) = received.body else {
            return None;
        };
        let is_ours = received.from == Party::Node(self.id) && reply.id == request.id;
        let answers = reply.answer != Answer::Undecided || request.ask == Ask::Get;
        (is_ours && answers).then_some(reply.answer)
    }
}

/// Listens to everybody asked so far, for as long as the one just asked may answer. What one of them
/// told.
fn listen(
    tries: &mut [Try],
    turn: usize,
    codec: &Codec,
    request: &Request,
    until: Instant,
) -> Option<Told> {
    while tries[turn].is_pending() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        for asked in readable(tries, left) {
            if let Some(told) = tries[asked].receive(codec, request) {
                return Some(told);
            }
        }
    }
    None
}

/// Which of them have something to say, within that time.
fn readable(tries: &[Try], left: Duration) -> Vec<usize> {
    let (asked, sockets): (Vec<usize>, Vec<&UdpSocket>) = tries
        .iter()
        .enumerate()
        .filter_map(|(i, one)| Some((i, one.socket.as_ref()?)))
        .unzip();
    let mut polled: Vec<PollFd<'_>> = sockets
        .iter()
        .map(|socket| PollFd::new(*socket, PollFlags::IN))
        .collect();
    let timeout = Timespec {
        tv_sec: left.as_secs() as i64,
        tv_nsec: i64::from(left.subsec_nanos()),
    };
    // An interruption is as good as a short wait.
    let _ = poll(&mut polled, Some(&timeout));
    let ready = polled.iter().map(|polled| !polled.revents().is_empty());
    asked
        .into_iter()
        .zip(ready)
        .filter_map(|(i, ready)| ready.then_some(i))
        .collect()
}

/// All of it, in one of the five outcomes, and in words.
fn conclude(tries: &[Try], ask: &Ask, timeout: Duration) -> Outcome {
    let of = |wanted: &[Known]| -> Vec<&Try> {
        let mut tries = tries.iter().collect::<Vec<&Try>>();
        tries.retain(|one| wanted.contains(&one.attempt.known()));
        tries
    };
    let reasons = |wanted: &[Known]| -> String {
        let reasons: Vec<&str> = of(wanted).iter().map(|one| &*one.reason).collect();
        reasons.join("; ")
    };
    match client::conclude(tries.iter().map(|one| one.attempt.known())) {
        Failure::Unknown => {
            let silent = of(&[Known::Unknown]);
            let silent: Vec<String> = silent.iter().map(|one| one.id.to_string()).collect();
            let invalid = match tries.iter().map(|one| one.invalid).sum::<u32>() {
                0 => String::new(),
                invalid => format!(" (and {invalid} that was not)"),
            };
            let way_on = match ask {
                Ask::Propose(_) => {
                    "it may have been done, or may yet be; ask again with the same value, which is always safe"
                }
                Ask::Get => {
                    "what is chosen, if anything, is not known; ask again, which is always safe"
                }
            };
            Outcome::Unknown(format!(
                "no valid answer from {} within {timeout:?}{invalid}: {way_on}",
                silent.join(", ")
            ))
        }
        Failure::Retryable => Outcome::Retryable(reasons(&[Known::Busy])),
        Failure::PostFailed => {
            Outcome::PostFailed(reasons(&[Known::NotDelivered, Known::NotAsked]))
        }
        Failure::Fatal => Outcome::Fatal(reasons(&[Known::Refused])),
    }
}

impl Outcome {
    /// The outcome in the article's word.
    pub const fn name(&self) -> &'static str {
        match self {
            Outcome::PostFailed(_) => "POST_FAILED",
            Outcome::Retryable(_) => "RETRYABLE",
            Outcome::Fatal(_) => "FATAL",
            Outcome::Unknown(_) => "UNKNOWN",
            Outcome::Success(_) => "SUCCESS",
        }
    }

    /// Why it is not a success, and what to do; `None` if it is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Outcome::PostFailed(reason)
            | Outcome::Retryable(reason)
            | Outcome::Fatal(reason)
            | Outcome::Unknown(reason) => Some(reason),
            Outcome::Success(_) => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Success(Told::Chosen(value)) => write!(f, "SUCCESS: {value}"),
            Outcome::Success(Told::Undecided) => f.write_str("SUCCESS: undecided"),
            Outcome::PostFailed(_)
            | Outcome::Retryable(_)
            | Outcome::Fatal(_)
            | Outcome::Unknown(_) => {
                write!(f, "{}: {}", self.name(), self.reason().unwrap_or_default())
            }
        }
    }
}
