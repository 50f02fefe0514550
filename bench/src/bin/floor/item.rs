//! What is said: items of one length, one or more to a datagram.

/// How long an item is: room for what a message of the protocol carries of a small key and a small value.
pub(crate) const ITEM_BYTES: usize = 64;

/// The most bytes a datagram has.
pub(crate) const DATAGRAM_BYTES_MAX: usize = 1_200;

/// What an item says. Each names the operation by a number of the one who asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Client to node: do one operation.
    Request,
    /// Node to peer: write, the first time.
    First,
    /// Peer to node: the first is written.
    FirstDone,
    /// Node to peer: write, the second time.
    Second,
    /// Peer to node: the second is written.
    SecondDone,
    /// Node to client: the operation is done.
    Answer,
}

const KINDS: [Kind; 6] = [
    Kind::Request,
    Kind::First,
    Kind::FirstDone,
    Kind::Second,
    Kind::SecondDone,
    Kind::Answer,
];

/// One thing said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) number: u64,
}

impl Item {
    /// Its bytes: kind, number, and zeros where a message of the protocol has its contents.
    pub(crate) fn bytes(self) -> [u8; ITEM_BYTES] {
        let mut bytes = [0; ITEM_BYTES];
        bytes[0] = self.kind as u8;
        bytes[1..9].copy_from_slice(&self.number.to_le_bytes());
        bytes
    }

    /// The items of a datagram; what is not one is passed over.
    pub(crate) fn all(datagram: &[u8]) -> impl Iterator<Item = Item> {
        let (chunks, _) = datagram.as_chunks::<ITEM_BYTES>();
        chunks.iter().filter_map(|chunk| {
            let [kind, rest @ ..] = chunk;
            let (number, _) = rest.split_first_chunk()?;
            Some(Item {
                kind: *KINDS.get(usize::from(*kind))?,
                number: u64::from_le_bytes(*number),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_round_trip_several_to_a_datagram() {
        let items = KINDS.map(|kind| Item {
            kind,
            number: u64::MAX - kind as u64,
        });
        let datagram: Vec<u8> = items.iter().flat_map(|item| item.bytes()).collect();
        assert_eq!(Item::all(&datagram).collect::<Vec<_>>(), items);
        // A cut item and an unknown kind are not items.
        assert_eq!(Item::all(&datagram[..ITEM_BYTES - 1]).count(), 0);
        assert_eq!(Item::all(&[6; ITEM_BYTES]).count(), 0);
    }
}
