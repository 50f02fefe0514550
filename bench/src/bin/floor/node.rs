//! One node: gather, write once, say.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

use rustix::net::RecvFlags;

use crate::item::{DATAGRAM_BYTES_MAX, Item, Kind};
use crate::log::Log;
use crate::outbox::Outbox;

/// Which answers of peers are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    First,
    Second,
}

/// An operation this node was asked for and has not answered.
struct Pending {
    client: SocketAddr,
    /// The client's number for it.
    request: u64,
    round: Round,
}

struct Node {
    peers: Vec<SocketAddr>,
    log: Log,
    /// By this node's number. An operation whose datagrams were lost stays: the client asks anew.
    pending: HashMap<u64, Pending>,
    /// The number of the next operation.
    next: u64,
    /// What need not wait for the write.
    before: Outbox,
    /// What may be said only after the write.
    after: Outbox,
}

/// Serves for ever. Any node can be asked by clients.
///
/// # Errors
/// If the socket or the file fails.
pub(crate) fn run(
    listen: SocketAddr,
    peers: Vec<SocketAddr>,
    file: &Path,
    batch: usize,
) -> io::Result<()> {
    let mut node = Node {
        peers,
        log: Log::create(file)?,
        pending: HashMap::new(),
        next: 0,
        before: Outbox::default(),
        after: Outbox::default(),
    };
    let socket = UdpSocket::bind(listen)?;
    say_listening(listen);
    loop {
        node.gather(&socket, batch)?;
        node.before.send(&socket)?;
        node.log.flush()?;
        node.after.send(&socket)?;
    }
}

impl Node {
    /// Takes what is there, and waits only if nothing is.
    fn gather(&mut self, socket: &UdpSocket, batch: usize) -> io::Result<()> {
        let mut bytes = [0; DATAGRAM_BYTES_MAX];
        let mut flags = RecvFlags::empty();
        for _ in 0..batch {
            match rustix::net::recvfrom(socket, &mut bytes[..], flags) {
                Ok((length, _, Some(from))) => {
                    let from = from.try_into()?;
                    for item in Item::all(&bytes[..length]) {
                        self.on_item(from, item);
                    }
                }
                Ok((_, _, None)) => {}
                Err(rustix::io::Errno::AGAIN) => break,
                // A former datagram found nobody there; the next is as good as ever.
                Err(rustix::io::Errno::CONNREFUSED | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            flags = RecvFlags::DONTWAIT;
        }
        Ok(())
    }

    fn on_item(&mut self, from: SocketAddr, item: Item) {
        let number = item.number;
        match item.kind {
            // A client wants an operation: it is written here, then by the peers.
            Kind::Request => {
                let pending = Pending {
                    client: from,
                    request: number,
                    round: Round::First,
                };
                let number = self.next;
                self.next += 1;
                self.pending.insert(number, pending);
                self.log.append(number);
                let kind = Kind::First;
                for &peer in &self.peers {
                    self.after.pack(peer, Item { kind, number });
                }
            }
            // A peer wants a record written.
            Kind::First => self.write_and_answer(from, Kind::FirstDone, number),
            Kind::Second => self.write_and_answer(from, Kind::SecondDone, number),
            // The first peer to answer begins the second round; the other is late.
            Kind::FirstDone => {
                if let Some(pending) = self.pending.get_mut(&number)
                    && pending.round == Round::First
                {
                    pending.round = Round::Second;
                    self.log.append(number);
                    let kind = Kind::Second;
                    for &peer in &self.peers {
                        self.before.pack(peer, Item { kind, number });
                    }
                }
            }
            // The first peer to answer ends the operation; the other finds it gone. Its own write is done: it was part
            // of the flush right after `Second` was sent, and nothing is gathered during a flush.
            Kind::SecondDone => {
                if let Some(pending) = self.pending.remove(&number) {
                    let answer = Item {
                        kind: Kind::Answer,
                        number: pending.request,
                    };
                    self.before.say_alone(pending.client, answer);
                }
            }
            // Nodes ask nothing of nodes.
            Kind::Answer => {}
        }
    }

    fn write_and_answer(&mut self, from: SocketAddr, kind: Kind, number: u64) {
        self.log.append(number);
        self.after.pack(from, Item { kind, number });
    }
}

#[expect(
    clippy::print_stdout,
    reason = "whoever started it waits for this line"
)]
fn say_listening(at: SocketAddr) {
    println!("listening on {at}");
}
