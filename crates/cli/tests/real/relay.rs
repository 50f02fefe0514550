//! A way between clients and a node on which a test does what it likes to every datagram.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// In which direction a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From a client to the node.
    Request,
    /// From the node to a client.
    Reply,
}

/// What becomes of a datagram: these leave in its place, each in its direction.
type Each = dyn FnMut(Way, &[u8]) -> Vec<(Way, Vec<u8>)> + Send;

/// A relay on loopback; dropped, it ends.
pub struct Relay {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    front: Option<JoinHandle<()>>,
}

/// How long a thread waits before it looks whether it has ended.
const TURN: Duration = Duration::from_millis(20);

impl Relay {
    /// A relay to that node.
    pub fn new(
        node: SocketAddr,
        each: impl FnMut(Way, &[u8]) -> Vec<(Way, Vec<u8>)> + Send + 'static,
    ) -> Relay {
        let front = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = front.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let each: Arc<Mutex<Each>> = Arc::new(Mutex::new(each));
        let end = Arc::clone(&ended);
        let front = Some(thread::spawn(move || serve(&front, node, &each, &end)));
        Relay {
            address,
            ended,
            front,
        }
    }

    /// Where clients find it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(front) = self.front.take() {
            let _ = front.join();
        }
    }
}

/// One client's way: replies find back to the client whose requests they answer.
#[derive(Clone)]
struct Line {
    client: SocketAddr,
    front: Arc<UdpSocket>,
    back: Arc<UdpSocket>,
}

impl Line {
    fn carry(&self, each: &Mutex<Each>, way: Way, bytes: &[u8]) {
        let Ok(mut each) = each.lock() else { return };
        for (way, bytes) in each(way, bytes) {
            // The other end may be gone: then it is lost.
            let _ = match way {
                Way::Request => self.back.send(&bytes),
                Way::Reply => self.front.send_to(&bytes, self.client),
            };
        }
    }
}

fn serve(front: &UdpSocket, node: SocketAddr, each: &Arc<Mutex<Each>>, ended: &Arc<AtomicBool>) {
    front.set_read_timeout(Some(TURN)).unwrap();
    let mut lines: HashMap<SocketAddr, Line> = HashMap::new();
    let mut backs = Vec::new();
    let mut buffer = [0; 2048];
    while !ended.load(Ordering::Relaxed) {
        let Ok((bytes, client)) = front.recv_from(&mut buffer) else {
            continue;
        };
        let line = lines.entry(client).or_insert_with(|| {
            let back = UdpSocket::bind("127.0.0.1:0").unwrap();
            back.connect(node).unwrap();
            back.set_read_timeout(Some(TURN)).unwrap();
            let line = Line {
                client,
                front: Arc::new(front.try_clone().unwrap()),
                back: Arc::new(back),
            };
            let (line_back, each, ended) = (line.clone(), Arc::clone(each), Arc::clone(ended));
            backs.push(thread::spawn(move || {
                let mut buffer = [0; 2048];
                while !ended.load(Ordering::Relaxed) {
                    if let Ok(bytes) = line_back.back.recv(&mut buffer) {
                        line_back.carry(&each, Way::Reply, &buffer[..bytes]);
                    }
                }
            }));
            line
        });
        line.carry(each, Way::Request, &buffer[..bytes]);
    }
    for back in backs {
        let _ = back.join();
    }
}
