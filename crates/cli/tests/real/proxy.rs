//! A hostile network between real nodes, and between them and their clients: a proxy of UDP, all in
//! one thread.
//!
//! Each directed way has a port of its own: from a node to a peer, from a client to a node, and back
//! from a node to a client. Who sends is known by that port, who is meant as well, so every way has
//! its own faults. A node does not notice: it knows its peers by their keys, not by their addresses.
//!
//! The fate of the n-th datagram of a way follows from the seed, the way and n. Which datagram is the
//! n-th does not: processes, the system and the clock decide that. So a seed repeats the network's
//! malice, and not a run.
//!
//! Absent: any look into a datagram. Bounded: what is in flight and what is remembered; what is more
//! is lost. It ends by itself when its handle is gone, or its time is up.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::ops::AddAssign;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::lasting_addresses;

/// How many datagrams may be under way.
const PENDING_MAX: usize = 4_096;
/// How many datagrams of each way are remembered, to be sent again much later.
const REMEMBERED_MAX: usize = 64;
/// How old a datagram is at least that is sent again much later.
const LATE: Duration = Duration::from_millis(200);
/// How many datagrams of one way are taken at a time.
const BATCH_MAX: usize = 64;
/// How long the thread sleeps when it has looked everywhere.
const NAP: Duration = Duration::from_micros(500);
/// More than any datagram of ours has.
const BYTES_MAX: usize = 2_048;

/// One direction between two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From a node to a peer.
    Peer {
        /// Who sends.
        from: usize,
        /// Who receives.
        to: usize,
    },
    /// From a client to a node.
    Request {
        /// Who sends.
        client: usize,
        /// Who receives.
        node: usize,
    },
    /// From a node to a client.
    Reply {
        /// Who sends.
        node: usize,
        /// Who receives.
        client: usize,
    },
}

/// How often what is done to a datagram, as shares of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// It is lost.
    pub loss: f64,
    /// It arrives twice; each copy has its own fate from there.
    pub duplication: f64,
    /// A copy waits, and may be overtaken.
    pub delay: f64,
    /// For up to so many milliseconds.
    pub delay_ms_max: f64,
    /// Bytes at the end of a copy are missing, all of them perhaps.
    pub truncation: f64,
    /// One bit of a copy is wrong.
    pub flip: f64,
    /// Some earlier datagram of this way arrives once more.
    pub replay: f64,
}

/// What the proxy has done, in datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// That came in.
    pub received: u64,
    /// That went out, copies among them.
    pub sent: u64,
    /// That were lost by chance.
    pub lost: u64,
    /// Of which a second copy was made.
    pub duplicated: u64,
    /// That had to wait.
    pub delayed: u64,
    /// That went out after one that had come in later.
    pub overtaken: u64,
    /// That lost their end.
    pub truncated: u64,
    /// That lost all of it.
    pub emptied: u64,
    /// That have a wrong bit.
    pub flipped: u64,
    /// That were sent again much later.
    pub replayed: u64,
    /// Those of them whose receiver was started anew in between.
    pub replayed_after_restart: u64,
    /// That came upon a way that was cut.
    pub cut: u64,
    /// That were too many.
    pub overflowed: u64,
}

/// The proxy, from outside. It ends with this.
#[derive(Debug)]
pub struct Proxy {
    nodes: Vec<SocketAddr>,
    /// Where node i finds node j; its own address at i = j.
    peers: Vec<Vec<SocketAddr>>,
    /// Where client i finds node j.
    requests: Vec<Vec<SocketAddr>>,
    orders: Sender<Order>,
    thread: JoinHandle<Counts>,
}

/// What the proxy is told to do.
#[derive(Clone, Copy, Debug)]
enum Order {
    Cut(Way, Duration),
    Restarted(usize),
    Heal,
    Stop,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fate {
    is_lost: bool,
    is_doubled: bool,
    /// Which of those remembered is sent again, as a share of them.
    replay: Option<f64>,
    copies: [CopyFate; 2],
}

/// What becomes of a copy of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CopyFate {
    delay: Option<Duration>,
    /// Which share of the bytes is left.
    cut: Option<f64>,
    /// Which bit is wrong, as a share of the bits.
    flip: Option<f64>,
}

/// One way, as the thread knows it.
struct Route {
    way: Way,
    receives: UdpSocket,
    /// The route whose socket sends: for a client's ways the other one, so that replies find back.
    sends: usize,
    /// `None` for replies: to whoever asked last.
    to: Option<SocketAddr>,
    /// Who sent last.
    source: Option<SocketAddr>,
    dead_until: Instant,
    fates: fastrand::Rng,
    memory: Memory,
    /// How many came in, and the highest of them that went out.
    received: u64,
    sent: u64,
}

/// Datagrams of a way, each that ever came with the same chance.
struct Memory {
    chance: fastrand::Rng,
    seen: usize,
    kept: Vec<Kept>,
}

struct Kept {
    at: Instant,
    /// The receiver's how-many-th process it was meant for.
    process: u64,
    bytes: Vec<u8>,
}

/// A datagram under way.
struct Parcel {
    route: usize,
    number: u64,
    bytes: Vec<u8>,
}

/// What the thread works on.
struct Work {
    routes: Vec<Route>,
    /// How often each node was started anew.
    processes: Vec<u64>,
    pending: BTreeMap<(Instant, u64), Parcel>,
    faults: Faults,
    parcels: u64,
    counts: Counts,
}

impl Faults {
    /// What the chaos test does.
    pub const HOSTILE: Faults = Faults {
        loss: 0.2,
        duplication: 0.2,
        delay: 0.3,
        delay_ms_max: 40.0,
        truncation: 0.03,
        flip: 0.03,
        replay: 0.03,
    };

    /// Nothing.
    pub const NONE: Faults = Faults {
        loss: 0.0,
        duplication: 0.0,
        delay: 0.0,
        delay_ms_max: 0.0,
        truncation: 0.0,
        flip: 0.0,
        replay: 0.0,
    };
}

impl Counts {
    /// Each count under its name.
    pub fn named(&self) -> [(&'static str, u64); 13] {
        [
            ("received", self.received),
            ("sent", self.sent),
            ("lost", self.lost),
            ("duplicated", self.duplicated),
            ("delayed", self.delayed),
            ("overtaken", self.overtaken),
            ("truncated", self.truncated),
            ("emptied", self.emptied),
            ("flipped", self.flipped),
            ("replayed", self.replayed),
            ("replayed after a restart", self.replayed_after_restart),
            ("cut off", self.cut),
            ("overflowed", self.overflowed),
        ]
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.received += other.received;
        self.sent += other.sent;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.delayed += other.delayed;
        self.overtaken += other.overtaken;
        self.truncated += other.truncated;
        self.emptied += other.emptied;
        self.flipped += other.flipped;
        self.replayed += other.replayed;
        self.replayed_after_restart += other.replayed_after_restart;
        self.cut += other.cut;
        self.overflowed += other.overflowed;
    }
}

impl Proxy {
    /// Starts between these nodes, and between them and so many clients. It does not outlive `life`.
    pub fn start(
        nodes: &[SocketAddr],
        clients: usize,
        faults: Faults,
        seed: u64,
        life: Duration,
    ) -> Proxy {
        let mut routes = Vec::new();
        let mut peers = vec![nodes.to_vec(); nodes.len()];
        let mut requests = vec![nodes.to_vec(); clients];
        for (from, seen) in peers.iter_mut().enumerate() {
            for (to, address) in seen.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                let to_node = Some(*address);
                let index = routes.len();
                routes.push(Route::new(
                    Way::Peer { from, to },
                    index,
                    index,
                    to_node,
                    seed,
                ));
                *address = routes[index].address();
            }
        }
        for (client, seen) in requests.iter_mut().enumerate() {
            for (node, address) in seen.iter_mut().enumerate() {
                let (ask, answer) = (routes.len(), routes.len() + 1);
                let (request, reply) = (Way::Request { client, node }, Way::Reply { node, client });
                routes.push(Route::new(request, ask, answer, Some(*address), seed));
                routes.push(Route::new(reply, answer, ask, None, seed));
                *address = routes[ask].address();
            }
        }
        let work = Work {
            routes,
            processes: vec![0; nodes.len()],
            pending: BTreeMap::new(),
            faults,
            parcels: 0,
            counts: Counts::default(),
        };
        let (orders, ordered) = channel();
        let until = Instant::now() + life;
        Proxy {
            nodes: nodes.to_vec(),
            peers,
            requests,
            orders,
            thread: std::thread::spawn(move || work.run(&ordered, until)),
        }
    }

    /// The addresses for a node's cluster file: its own, and the ways to its peers.
    pub fn addresses_for_node(&self, node: usize) -> &[SocketAddr] {
        &self.peers[node]
    }

    /// The addresses for a client's cluster file: the ways to the nodes.
    pub fn addresses_for_client(&self, client: usize) -> &[SocketAddr] {
        &self.requests[client]
    }

    /// The addresses of the nodes themselves, for clients that go round it.
    pub fn addresses_of_nodes(&self) -> &[SocketAddr] {
        &self.nodes
    }

    /// Cuts a way for so long, and not the way back. What is under way on it still arrives.
    pub fn cut(&self, way: Way, duration: Duration) {
        self.order(Order::Cut(way, duration));
    }

    /// Is told that a node was started anew.
    pub fn restarted(&self, node: usize) {
        self.order(Order::Restarted(node));
    }

    /// No more faults from here on. What is under way still arrives.
    pub fn heal(&self) {
        self.order(Order::Heal);
    }

    /// Ends it, once all that has come in is delivered, without further delay. What it has done.
    pub fn stop(self) -> Counts {
        self.order(Order::Stop);
        self.thread.join().unwrap()
    }

    /// A proxy whose time is up takes no orders, and the run it was for will say so.
    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

impl Way {
    /// The node that receives, if it is one.
    const fn receiver(self) -> Option<usize> {
        match self {
            Way::Peer { to, .. } => Some(to),
            Way::Request { node, .. } => Some(node),
            Way::Reply { .. } => None,
        }
    }
}

impl Fate {
    /// The next one. Always takes as much chance, so that the next but one is the same whatever the
    /// faults are.
    fn draw(chance: &mut fastrand::Rng, faults: &Faults) -> Fate {
        let mut hit = |share: f64| {
            let (is_hit, size) = (chance.f64() < share, chance.f64());
            is_hit.then_some(size)
        };
        Fate {
            is_lost: hit(faults.loss).is_some(),
            is_doubled: hit(faults.duplication).is_some(),
            replay: hit(faults.replay),
            copies: [(); 2].map(|()| CopyFate {
                delay: hit(faults.delay)
                    .map(|size| Duration::from_secs_f64(size * faults.delay_ms_max / 1e3)),
                cut: hit(faults.truncation),
                flip: hit(faults.flip),
            }),
        }
    }
}

impl Route {
    fn new(way: Way, index: usize, sends: usize, to: Option<SocketAddr>, seed: u64) -> Route {
        let address = lasting_addresses(1)[0];
        let receives = UdpSocket::bind(address).unwrap();
        receives.set_nonblocking(true).unwrap();
        let mut chance = fastrand::Rng::with_seed(seed ^ (index as u64).wrapping_mul(0x9e37_79b9));
        Route {
            way,
            receives,
            sends,
            to,
            source: None,
            dead_until: Instant::now(),
            memory: Memory {
                chance: chance.fork(),
                seen: 0,
                kept: Vec::new(),
            },
            fates: chance,
            received: 0,
            sent: 0,
        }
    }

    fn address(&self) -> SocketAddr {
        self.receives.local_addr().unwrap()
    }
}

impl Memory {
    /// Takes it in, perhaps in another's place.
    fn keep(&mut self, at: Instant, process: u64, bytes: &[u8]) {
        self.seen += 1;
        let kept = Kept {
            at,
            process,
            bytes: bytes.to_vec(),
        };
        if self.kept.len() < REMEMBERED_MAX {
            self.kept.push(kept);
        } else if let Some(place) = self.kept.get_mut(self.chance.usize(..self.seen)) {
            *place = kept;
        }
    }

    /// One of them, if it is old enough.
    fn recall(&self, share: f64, now: Instant) -> Option<&Kept> {
        let index = (share * self.kept.len() as f64) as usize;
        let kept = self.kept.get(index)?;
        (now.duration_since(kept.at) >= LATE).then_some(kept)
    }
}

impl Work {
    fn run(mut self, ordered: &Receiver<Order>, until: Instant) -> Counts {
        let mut buffer = [0; BYTES_MAX];
        while Instant::now() < until {
            loop {
                match ordered.try_recv() {
                    Ok(Order::Stop) => {
                        while self.receive(&mut buffer) {}
                        self.send_due(Instant::now() + Duration::from_secs(3_600));
                        return self.counts;
                    }
                    Err(TryRecvError::Disconnected) => return self.counts,
                    Ok(order) => self.obey(order),
                    Err(TryRecvError::Empty) => break,
                }
            }
            self.receive(&mut buffer);
            self.send_due(Instant::now());
            std::thread::sleep(NAP);
        }
        self.counts
    }

    /// Takes what has come in, on all ways. Whether there was anything.
    fn receive(&mut self, buffer: &mut [u8]) -> bool {
        let before = self.counts.received;
        for route in 0..self.routes.len() {
            for _ in 0..BATCH_MAX {
                let received = self.routes[route].receives.recv_from(buffer);
                let Ok((bytes, source)) = received else { break };
                self.routes[route].source = Some(source);
                self.take(route, &buffer[..bytes], Instant::now());
            }
        }
        self.counts.received > before
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Cut(way, duration) => {
                for route in self.routes.iter_mut().filter(|route| route.way == way) {
                    route.dead_until = Instant::now() + duration;
                }
            }
            Order::Restarted(node) => self.processes[node] += 1,
            Order::Heal => {
                self.faults = Faults::NONE;
                for route in &mut self.routes {
                    route.dead_until = Instant::now();
                }
            }
            Order::Stop => {}
        }
    }

    /// A datagram comes in.
    fn take(&mut self, index: usize, bytes: &[u8], now: Instant) {
        let route = &mut self.routes[index];
        let process = route.way.receiver().map_or(0, |node| self.processes[node]);
        let fate = Fate::draw(&mut route.fates, &self.faults);
        self.counts.received += 1;
        route.received += 1;
        let number = route.received;
        let old = fate
            .replay
            .and_then(|share| route.memory.recall(share, now));
        let again = old.map(|kept| (kept.process, kept.bytes.clone()));
        route.memory.keep(now, process, bytes);
        if now < route.dead_until {
            self.counts.cut += 1;
            return;
        }
        if let Some((meant_for, bytes)) = again {
            self.counts.replayed += 1;
            self.counts.replayed_after_restart += u64::from(meant_for < process);
            self.post(index, number, bytes, now);
        }
        if fate.is_lost {
            self.counts.lost += 1;
            return;
        }
        self.counts.duplicated += u64::from(fate.is_doubled);
        for copy in &fate.copies[..1 + usize::from(fate.is_doubled)] {
            let bytes = self.spoil(copy, bytes.to_vec());
            self.counts.delayed += u64::from(copy.delay.is_some());
            self.post(index, number, bytes, now + copy.delay.unwrap_or_default());
        }
    }

    fn spoil(&mut self, fate: &CopyFate, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Some(share) = fate.flip.filter(|_| !bytes.is_empty()) {
            let bit = (share * (8 * bytes.len()) as f64) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
            self.counts.flipped += 1;
        }
        // A tenth of those that are cut have nothing left.
        if let Some(share) = fate.cut {
            let left = (share - 0.1).max(0.0);
            bytes.truncate((left * bytes.len() as f64) as usize);
            self.counts.truncated += 1;
            self.counts.emptied += u64::from(bytes.is_empty());
        }
        bytes
    }

    fn post(&mut self, route: usize, number: u64, bytes: Vec<u8>, due: Instant) {
        if self.pending.len() >= PENDING_MAX {
            self.counts.overflowed += 1;
            return;
        }
        self.parcels += 1;
        let parcel = Parcel {
            route,
            number,
            bytes,
        };
        self.pending.insert((due, self.parcels), parcel);
    }

    fn send_due(&mut self, now: Instant) {
        while let Some(first) = self.pending.first_entry() {
            if first.key().0 > now {
                return;
            }
            let parcel = first.remove();
            let route = &self.routes[parcel.route];
            let sender = &self.routes[route.sends];
            if let Some(to) = route.to.or(sender.source) {
                // Nobody may be there; then it is lost as any other.
                let _ = sender.receives.send_to(&parcel.bytes, to);
                self.counts.sent += 1;
            }
            let route = &mut self.routes[parcel.route];
            self.counts.overtaken += u64::from(parcel.number < route.sent);
            route.sent = route.sent.max(parcel.number);
        }
    }
}
