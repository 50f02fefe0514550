//! The load: one socket, so many requests without an answer at any time.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use bench::{Figures, Latencies, Span};

use crate::item::{DATAGRAM_BYTES_MAX, Item, Kind};

/// After which time a request is sent again.
const RETRANSMIT_AFTER: Duration = Duration::from_secs(1);

/// How often is looked for requests to send again.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A request without an answer.
struct Open {
    to: SocketAddr,
    asked: Instant,
    /// When it was sent last.
    sent: Instant,
}

struct Load<'a> {
    socket: UdpSocket,
    nodes: &'a [SocketAddr],
    open: HashMap<u64, Open>,
    next: u64,
    retransmitted: u64,
}

/// Loads the nodes until the span is over.
///
/// # Errors
/// If the socket fails.
pub(crate) fn run(nodes: &[SocketAddr], in_flight: usize, span: &Span) -> io::Result<Figures> {
    let mut load = Load {
        socket: UdpSocket::bind(("127.0.0.1", 0))?,
        nodes,
        open: HashMap::new(),
        next: 0,
        retransmitted: 0,
    };
    load.socket.set_read_timeout(Some(LOOK_EVERY))?;
    let mut latencies = Latencies::default();
    let mut looked = Instant::now();
    for _ in 0..in_flight {
        load.ask()?;
    }
    let mut now = Instant::now();
    while now < span.end {
        let answered = load.receive()?;
        now = Instant::now();
        if let Some(open) = answered {
            latencies.note(span, open.asked, now);
            load.ask()?;
        }
        if now - looked >= LOOK_EVERY {
            looked = now;
            load.ask_again(now)?;
        }
    }
    Ok(Figures {
        operations: latencies.count(),
        seconds: span.seconds(),
        per_second: latencies.count() as f64 / span.seconds(),
        p50_us: latencies.per_mille(500),
        p99_us: latencies.per_mille(990),
        max_us: latencies.per_mille(1_000),
        errors: 0,
        retransmitted: Some(load.retransmitted),
        in_flight,
        load: format!("to {} nodes in turn", nodes.len()),
    })
}

impl Load<'_> {
    fn ask(&mut self) -> io::Result<()> {
        let number = self.next;
        self.next += 1;
        let to = self.nodes[number as usize % self.nodes.len()];
        let now = Instant::now();
        let open = Open {
            to,
            asked: now,
            sent: now,
        };
        self.open.insert(number, open);
        self.send(to, number)
    }

    fn ask_again(&mut self, now: Instant) -> io::Result<()> {
        let mut late = Vec::new();
        for (&number, open) in &mut self.open {
            if now - open.sent >= RETRANSMIT_AFTER {
                open.sent = now;
                late.push((open.to, number));
            }
        }
        for (to, number) in late {
            self.retransmitted += 1;
            self.send(to, number)?;
        }
        Ok(())
    }

    fn send(&self, to: SocketAddr, number: u64) -> io::Result<()> {
        let kind = Kind::Request;
        self.socket.send_to(&Item { kind, number }.bytes(), to)?;
        Ok(())
    }

    /// The request that is answered now; `None` if none is within a while.
    fn receive(&mut self) -> io::Result<Option<Open>> {
        let mut bytes = [0; DATAGRAM_BYTES_MAX];
        match self.socket.recv(&mut bytes) {
            // An answer is a datagram of its own; one that comes twice answers nothing.
            Ok(length) => Ok(Item::all(&bytes[..length])
                .find(|item| item.kind == Kind::Answer)
                .and_then(|item| self.open.remove(&item.number))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}
