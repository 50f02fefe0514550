//! Datagrams that are to be sent.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use crate::item::{DATAGRAM_BYTES_MAX, ITEM_BYTES, Item};

/// Datagrams that are to be sent, and to whom.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
}

impl Outbox {
    /// Says it in the last datagram to the same peer, if there is room.
    pub(crate) fn pack(&mut self, to: SocketAddr, item: Item) {
        let last = self
            .datagrams
            .iter_mut()
            .rev()
            .find(|(address, _)| *address == to);
        match last {
            Some((_, bytes)) if bytes.len() + ITEM_BYTES <= DATAGRAM_BYTES_MAX => {
                bytes.extend_from_slice(&item.bytes());
            }
            Some(_) | None => self.say_alone(to, item),
        }
    }

    /// Says it in a datagram of its own: operations in flight stand for as many clients.
    pub(crate) fn say_alone(&mut self, to: SocketAddr, item: Item) {
        self.datagrams.push((to, item.bytes().to_vec()));
    }

    /// Sends all. What cannot be sent is lost, as datagrams are.
    ///
    /// # Errors
    /// None but what no other datagram will survive either.
    pub(crate) fn send(&mut self, socket: &UdpSocket) -> io::Result<()> {
        for (to, bytes) in self.datagrams.drain(..) {
            match socket.send_to(&bytes, to) {
                Ok(_) => {}
                // A former datagram found nobody there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Kind;

    #[test]
    fn items_for_one_peer_share_datagrams_up_to_the_bound() {
        let peers: [SocketAddr; 2] = [([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into()];
        let mut outbox = Outbox::default();
        for number in 0..19 {
            for peer in peers {
                let kind = Kind::First;
                outbox.pack(peer, Item { kind, number });
            }
        }
        let lengths: Vec<usize> = outbox.datagrams.iter().map(|(_, b)| b.len()).collect();
        assert_eq!(lengths, [18 * 64, 18 * 64, 64, 64]);
    }
}
