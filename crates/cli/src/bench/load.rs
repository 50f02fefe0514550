//! Puts a cluster under load: one socket, so many requests in flight.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use node::wire::{Answer, Ask, Body, Codec, DATAGRAM_BYTES_MAX, Party, Request};
use node::{ClusterFile, Key, RequestId, Value};
use paxos::NodeId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::figures::Figures;

/// How long an answer is waited for before the request is sent again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks for fresh keys to be decided, always so many at a time.
pub(crate) struct Load {
    socket: UdpSocket,
    codec: Codec,
    server: NodeId,
    address: SocketAddr,
    prefix: String,
    value: Value,
    next: u64,
    flying: HashMap<RequestId, Flying>,
}

struct Flying {
    since: Instant,
    posted: Instant,
    datagram: Vec<u8>,
}

impl Load {
    /// A load on one server of a cluster; no two with the same prefix.
    pub(crate) fn new(file: &ClusterFile, server: NodeId, prefix: String) -> io::Result<Load> {
        let address = file.member(server).map_err(io::Error::other)?.address;
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_nonblocking(true)?;
        Ok(Load {
            socket,
            codec: Codec::new(
                file.cluster,
                &file.secret,
                Party::Client,
                0,
                [Party::Node(server)],
            ),
            server,
            address,
            prefix,
            value: Value::new(&[b'v'; 16]).map_err(io::Error::other)?,
            next: 0,
            flying: HashMap::new(),
        })
    }

    /// Runs for so long; what was measured of the requests that were answered within that time.
    pub(crate) fn run(&mut self, in_flight: usize, length: Duration) -> io::Result<Figures> {
        let begun = Instant::now();
        let mut figures = Figures::default();
        while begun.elapsed() < length {
            while self.flying.len() < in_flight {
                self.post()?;
            }
            self.wait(length.saturating_sub(begun.elapsed()).min(PATIENCE))?;
            self.receive(&mut figures)?;
            figures.repeated += self.post_again()?;
        }
        figures.seconds = begun.elapsed().as_secs_f64();
        // What is still in flight is another run's noise.
        self.flying.clear();
        Ok(figures)
    }

    fn post(&mut self) -> io::Result<()> {
        self.next += 1;
        let key = format!("{}{}", self.prefix, self.next);
        let request = Request {
            id: RequestId::from_bytes(u128::from(self.next).to_le_bytes()),
            key: Key::new(key.as_bytes()).map_err(io::Error::other)?,
            ask: Ask::Propose(self.value.clone()),
        };
        let now = Instant::now();
        let flying = Flying {
            since: now,
            posted: now,
            datagram: self.codec.request(self.server, &request),
        };
        self.send(&flying.datagram)?;
        self.flying.insert(request.id, flying);
        Ok(())
    }

    /// A full queue of the kernel is a loss like another.
    fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match self.socket.send_to(datagram, self.address) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn post_again(&mut self) -> io::Result<u64> {
        let now = Instant::now();
        let mut late = Vec::new();
        for flying in self.flying.values_mut() {
            if now.duration_since(flying.posted) >= PATIENCE {
                flying.posted = now;
                late.push(flying.datagram.clone());
            }
        }
        late.iter().try_for_each(|datagram| self.send(datagram))?;
        Ok(late.len() as u64)
    }

    fn wait(&self, most: Duration) -> io::Result<()> {
        let timeout = Timespec {
            tv_sec: most.as_secs() as i64,
            tv_nsec: i64::from(most.subsec_nanos()),
        };
        match poll(
            &mut [PollFd::new(&self.socket, PollFlags::IN)],
            Some(&timeout),
        ) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn receive(&mut self, figures: &mut Figures) -> io::Result<()> {
        let mut buffer = [0; DATAGRAM_BYTES_MAX + 1];
        loop {
            let bytes = match self.socket.recv(&mut buffer) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let Ok(Body::Reply(reply)) = self.codec.open(&buffer[..bytes]).map(|said| said.body)
            else {
                continue;
            };
            let Some(flying) = self.flying.remove(&reply.id) else {
                continue;
            };
            match reply.answer {
                // Each key is asked for once, so nothing else can be chosen.
                Answer::Chosen(value) if value == self.value => {
                    figures
                        .latencies_us
                        .push(flying.since.elapsed().as_micros() as u64);
                }
                Answer::Chosen(_) | Answer::Undecided | Answer::Busy | Answer::NotAProposer => {
                    figures.errors += 1;
                }
            }
        }
    }
}
