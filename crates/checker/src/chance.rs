//! The chance behind a simulation: the same for the same seed and run, on every machine.
//!
//! It is ChaCha with 8 rounds (Bernstein 2008) as a counter-mode generator. The seed is the key, in its
//! first eight bytes, lowest first; the run is the stream. So every run has numbers of its own, and
//! none has to be made before another. No floating point, no `usize`, no hash table takes part.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// The random numbers of one run.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The numbers of this run under this seed.
    pub(crate) fn of(seed: u64, run: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut numbers = ChaCha8Rng::from_seed(key);
        numbers.set_stream(run);
        Self(numbers)
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, each as likely as any other (Lemire, "Fast Random Integer Generation in
    /// an Interval", 2019).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "there is nothing below 0");
        // So many of the numbers would make the lowest results likelier.
        let surplus = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.any()) * u128::from(bound);
            if product as u64 >= surplus {
                return (product >> 64) as u64;
            }
        }
    }

    /// A place in a list of this length, which must not be empty.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("less than a usize")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the definition of ChaCha, computed by another program: key 1, stream 2, blocks 0 and 1.
    #[test]
    fn numbers_never_change() {
        let mut chance = Chance::of(1, 2);
        let numbers: Vec<u64> = (0..9).map(|_| chance.any()).collect();
        assert_eq!(
            [numbers[0], numbers[1], numbers[8]],
            [
                0x604b_e002_d3f1_62fa,
                0x1c1e_d398_d11a_0190,
                0x88f8_5b9b_ace6_9ae9
            ]
        );
    }

    #[test]
    fn seeds_and_runs_have_numbers_of_their_own() {
        let first = |seed, run| Chance::of(seed, run).any();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(2, 1));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(1 << 40, 2));
    }

    #[test]
    fn every_number_below_a_bound_comes_up_about_as_often() {
        let mut chance = Chance::of(7, 0);
        let mut times = [0_u32; 5];
        for _ in 0..5_000 {
            times[chance.place(5)] += 1;
        }
        assert!(
            times.iter().all(|times| (900..1_100).contains(times)),
            "{times:?}"
        );
        assert!((0..100).all(|_| chance.below(1) == 0));
    }
}
