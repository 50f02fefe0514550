//! The loop around the host: one socket, one clock, one thread.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use paxos::NodeId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;

use crate::journal::Entry;
use crate::wire::{Answer, DATAGRAM_BYTES_MAX, Line, Reply};
use crate::{ClusterFile, Host, HostError, Key};

/// How many datagrams make a batch at most.
const BATCH_MAX: usize = 512;

/// Where a datagram came from.
pub type Source = SocketAddr;

/// Something to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// To a peer.
    Line(NodeId, Line),
    /// To a client, about a decree.
    Reply(Source, Key, Reply),
}

impl Out {
    /// What a journal says of it; of what goes to peers it knows already.
    pub(crate) fn entry(&self) -> Option<Entry> {
        let Out::Reply(_, key, reply) = self else {
            return None;
        };
        let chosen = match &reply.answer {
            Answer::Chosen(value) => Some(value.clone()),
            Answer::Undecided => None,
            Answer::Busy | Answer::NotAProposer => return None,
        };
        Some(Entry::Answer {
            key: key.clone(),
            request: reply.id,
            chosen,
        })
    }
}

/// The socket of a node, and what ends its loop.
#[derive(Debug)]
pub struct Net {
    socket: UdpSocket,
    peers: Vec<(NodeId, SocketAddr)>,
    stop: UnixStream,
}

impl Net {
    /// Binds the node's socket. The loop ends when something can be read from `stop`.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub fn bind(
        file: &ClusterFile,
        listen: SocketAddr,
        stop: UnixStream,
    ) -> Result<Net, HostError> {
        let socket = UdpSocket::bind(listen)
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .map_err(|source| HostError::Bind { listen, source })?;
        // A burst should wait in the kernel rather than get lost; as much as it allows.
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 4 << 20);
        Ok(Net {
            socket,
            peers: file
                .nodes
                .iter()
                .map(|node| (node.id, node.address))
                .collect(),
            stop,
        })
    }

    /// Where it listens: the port is the real one, where any was asked for.
    pub fn address(&self) -> SocketAddr {
        let unknown = || (Ipv4Addr::UNSPECIFIED, 0).into();
        self.socket.local_addr().unwrap_or_else(|_| unknown())
    }

    /// Runs the node until it is told to stop.
    ///
    /// # Errors
    /// If the disk fails, or a peer contradicts a decision. The node must not go on, and has said
    /// nothing that rests on what failed.
    pub fn run(&self, host: &mut Host) -> Result<(), HostError> {
        let mut buffer = [0; DATAGRAM_BYTES_MAX + 1];
        while !self.wait(host.next_tick())? {
            let now = Instant::now();
            let mut received = 0;
            while received < BATCH_MAX {
                match self.receive(&mut buffer)? {
                    Some((bytes, source)) => host.receive(bytes, source, now)?,
                    None => break,
                }
                received += 1;
            }
            host.metrics().batch_datagrams.observe(received as f64);
            host.tick(now)?;
            let early = host.early()?;
            self.send(host, &early);
            host.save()?;
            let late = host.late()?;
            self.send(host, &late);
            host.turn_page()?;
        }
        host.stop()
    }

    /// Waits for a datagram, or for that moment. Whether to stop.
    fn wait(&self, until: Instant) -> Result<bool, HostError> {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut ready = [
            PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.stop.as_fd(), PollFlags::IN),
        ];
        match poll(&mut ready, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(!ready[1].revents().is_empty()),
            Err(error) => Err(HostError::Socket(error.into())),
        }
    }

    /// A datagram that is there, cut to one byte more than there may be.
    fn receive<'a>(&self, buffer: &'a mut [u8]) -> Result<Option<(&'a [u8], Source)>, HostError> {
        let received = rustix::net::recvfrom(&self.socket, &mut *buffer, RecvFlags::DONTWAIT);
        match received {
            Ok((_, bytes, Some(source))) => {
                let source = SocketAddr::try_from(source)
                    .map_err(|error| HostError::Socket(error.into()))?;
                Ok(Some((&buffer[..bytes], source)))
            }
            Ok((_, _, None)) | Err(rustix::io::Errno::AGAIN) => Ok(None),
            // What became of an earlier datagram is nobody's business.
            Err(rustix::io::Errno::CONNREFUSED | rustix::io::Errno::INTR) => Ok(None),
            // Passing: the datagram is lost.
            Err(rustix::io::Errno::NOMEM | rustix::io::Errno::NOBUFS) => Ok(None),
            Err(error) => Err(HostError::Socket(error.into())),
        }
    }

    /// Sends. A datagram that cannot be sent is a lost one.
    fn send(&self, host: &Host, outs: &[Out]) {
        if outs.is_empty() {
            return;
        }
        for (peer, address) in &self.peers {
            let lines = outs.iter().filter_map(|out| match out {
                Out::Line(to, line) => (to == peer).then_some(line),
                Out::Reply(..) => None,
            });
            for datagram in host.codec().lines(*peer, lines) {
                self.send_one(host, &datagram, *address);
            }
        }
        for out in outs {
            if let Out::Reply(source, _, reply) = out {
                self.send_one(host, &host.codec().reply(reply), *source);
            }
        }
    }

    fn send_one(&self, host: &Host, datagram: &[u8], to: SocketAddr) {
        match self.socket.send_to(datagram, to) {
            Ok(_) => host.metrics().sent.inc(),
            Err(error) => {
                host.metrics().unsent.inc();
                tracing::debug!(%to, %error, "a datagram could not be sent");
            }
        }
    }
}
