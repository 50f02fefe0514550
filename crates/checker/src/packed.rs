//! States as bytes in memory, each as what tells it from the one before.
//!
//! States found one after the other are much alike. So a record is the length of the state, and of each eight
//! bytes a mask of those that differ from the state before, followed by their differences.

/// Bytes under one mask.
const GROUP: usize = size_of::<u64>();
/// The least number that says no length by itself: four bytes with the length follow.
const LONG: u8 = u8::MAX;

/// Packs states.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    packed: Vec<u8>,
    before: Vec<u8>,
    state: Vec<u8>,
}

impl Packer {
    /// Appends some bytes as they are, and a state, as `write` does.
    #[inline]
    pub(crate) fn push(&mut self, plain: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        self.packed.extend_from_slice(plain);
        self.state.clear();
        write(&mut self.state);
        let length = self.state.len();
        match u8::try_from(length) {
            Ok(short) if short < LONG => self.packed.push(short),
            _ => {
                let length = u32::try_from(length).expect("a state has less than four gigabytes");
                self.packed.push(LONG);
                self.packed.extend_from_slice(&length.to_le_bytes());
            }
        }
        let groups = length.div_ceil(GROUP);
        self.state.resize(groups * GROUP, 0);
        self.before.resize(groups * GROUP, 0);
        // The most that it can take, and cut to what it takes.
        let mut at = self.packed.len();
        self.packed.resize(at + groups * (1 + GROUP), 0);
        let (before, _) = self.before.as_chunks::<GROUP>();
        let (now, _) = self.state.as_chunks::<GROUP>();
        for (before, now) in before.iter().zip(now) {
            let mut differing = u64::from_le_bytes(*before) ^ u64::from_le_bytes(*now);
            let (mut mask, mask_at) = (0, at);
            at += 1;
            while differing != 0 {
                let place = differing.trailing_zeros() / 8;
                let byte = (differing >> (place * 8)) as u8;
                self.packed[at] = byte;
                at += 1;
                mask |= 1 << place;
                differing ^= u64::from(byte) << (place * 8);
            }
            self.packed[mask_at] = mask;
        }
        self.packed.truncate(at);
        std::mem::swap(&mut self.before, &mut self.state);
    }

    /// What was packed. The next state is the first one.
    pub(crate) fn finish(&mut self) -> Unpacker {
        let packed = self.packed.as_slice().into();
        self.packed.clear();
        self.before.clear();
        Unpacker {
            packed,
            at: 0,
            state: Vec::new(),
        }
    }
}

/// What a [`Packer`] packed, less what was taken from it.
#[derive(Clone, Debug)]
pub(crate) struct Unpacker {
    packed: Box<[u8]>,
    at: usize,
    /// The state before.
    state: Vec<u8>,
}

impl Unpacker {
    /// Bytes of all that was packed.
    pub(crate) fn bytes(&self) -> usize {
        self.packed.len()
    }

    /// So many bytes as they are, and the state after them; the record has to be there.
    #[inline]
    pub(crate) fn pull<const PLAIN: usize>(&mut self) -> ([u8; PLAIN], &[u8]) {
        let plain = self.plain();
        let [short] = self.plain();
        let length = match short {
            LONG => u32::from_le_bytes(self.plain()) as usize,
            short => usize::from(short),
        };
        self.state.resize(length.next_multiple_of(GROUP), 0);
        let mut at = self.at;
        let (groups, _) = self.state.as_chunks_mut::<GROUP>();
        for group in groups {
            let mut mask = self.packed[at];
            at += 1;
            let mut differing = 0;
            while mask != 0 {
                differing |= u64::from(self.packed[at]) << (mask.trailing_zeros() * 8);
                at += 1;
                mask &= mask - 1;
            }
            *group = (u64::from_le_bytes(*group) ^ differing).to_le_bytes();
        }
        self.at = at;
        (plain, &self.state[..length])
    }

    fn plain<const N: usize>(&mut self) -> [u8; N] {
        let bytes = self.packed[self.at..].first_chunk();
        self.at += N;
        *bytes.expect("a whole record")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_any_length_come_back() {
        let states: Vec<Vec<u8>> = [0, 1, 8, 9, 7, 254, 255, 256, 70_000, 3, 0, 48, 48]
            .into_iter()
            .enumerate()
            .map(|(seed, length)| {
                let byte = |at: usize| (at * at / 7 * seed % 3 * 85) as u8;
                (0..length).map(byte).collect()
            })
            .collect();
        let mut packer = Packer::default();
        for _ in 0..2 {
            for (number, state) in (0_u16..).zip(&states) {
                packer.push(&number.to_le_bytes(), |bytes| bytes.extend(state));
            }
            let mut unpacker = packer.finish();
            for (number, state) in (0_u16..).zip(&states) {
                assert_eq!(unpacker.pull(), (number.to_le_bytes(), state.as_slice()));
            }
            assert_eq!(unpacker.at, unpacker.packed.len());
        }
    }

    #[test]
    fn of_like_states_little_is_kept() {
        let mut packer = Packer::default();
        for number in 0..100_u8 {
            let mut state = [7; 64];
            state[9] = number;
            packer.push(&[], |bytes| bytes.extend(state));
        }
        // A length, eight masks, a byte; the first one is whole.
        assert_eq!(packer.finish().bytes(), 100 * (1 + 8 + 1) + 64 - 1 - 1);
    }
}
