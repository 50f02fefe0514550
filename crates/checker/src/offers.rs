//! What a model can offer beside [`Model`], so that it is explored faster, smaller or from disk.

use std::fmt;
use std::hash::{Hash, Hasher};

use rapidhash::quality::RapidHasher;
use stateright::Model;

use crate::reductions::{Reduction, Reductions, Refusal};

/// The version of the hash behind [`Fingerprint::of`]. Fingerprints of different versions cannot be
/// compared, so a checkpoint of another version is refused.
pub const HASH_VERSION: u32 = 1;

/// The seed of 64-bit fingerprints, and of the upper half of 128-bit ones.
const SEED: u64 = 0x7061_7468_7374_6570;
/// The seed of the lower half of 128-bit fingerprints.
const SEED_LOW: u64 = 0x7365_636f_6e64_6f66;

/// What a state is remembered by: 64 bits or 128. Two states of one fingerprint are taken for one.
pub trait Fingerprint: Copy + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// The fingerprint of a value, by its [`Hash`]: the same in every process.
    fn of<T: Hash + ?Sized>(value: &T) -> Self;

    /// Takes what fits of a number that is already as good as random: all of it, or its lower half.
    fn from_wide(wide: u128) -> Self;
}

impl Fingerprint for u64 {
    fn of<T: Hash + ?Sized>(value: &T) -> Self {
        hash(SEED, value)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower half is what is wanted"
    )]
    fn from_wide(wide: u128) -> Self {
        wide as Self
    }
}

impl Fingerprint for u128 {
    fn of<T: Hash + ?Sized>(value: &T) -> Self {
        Self::from(hash(SEED, value)) << 64 | Self::from(hash(SEED_LOW, value))
    }

    fn from_wide(wide: u128) -> Self {
        wide
    }
}

/// The same in every process and on every processor.
#[inline]
fn hash<T: Hash + ?Sized>(seed: u64, value: &T) -> u64 {
    let mut hasher = RapidHasher::new(seed);
    value.hash(&mut hasher);
    hasher.finish()
}

/// What a model offers beside [`Model`]. Everything but a fingerprint has a default that offers nothing.
///
/// Everything here is asked of many threads at once, and has to depend on its arguments alone.
pub trait Offers: Model {
    /// The reductions that are sound for this very model. The checker refuses the others with
    /// [`Offers::objection`].
    fn offered(&self) -> Reductions {
        Reductions::NONE
    }

    /// Why a reduction is not offered, as half a sentence.
    fn objection(&self, _reduction: Reduction) -> String {
        "the model does not offer it".to_owned()
    }

    /// What the model has found out, since it was made, that it cannot be explored with. Asked when a level is
    /// complete; if there is anything, the exploration ends with [`Error::Refused`](crate::Error::Refused). It has to be
    /// the same whichever thread asked first.
    fn refusal(&self) -> Option<Refusal> {
        None
    }

    /// What tells states apart: equal states have equal numbers, in every process.
    fn fingerprint<F: Fingerprint>(&self, state: &Self::State) -> F;

    /// As [`Offers::fingerprint`], but the same for all states that are images of each other under the
    /// model's symmetry, and for no others. Used if [`Reduction::Symmetry`] is on.
    fn orbit<F: Fingerprint>(&self, state: &Self::State) -> F {
        self.fingerprint(state)
    }

    /// Which of the model's properties are true of a state, as bits by their places. For a model that can answer for all at once.
    /// `None`: each is asked for itself.
    fn truths(&self, _state: &Self::State) -> Option<u64> {
        None
    }

    /// Takes out of a state what can never again matter: neither to what it leads to nor to any
    /// property. Used, if [`Reduction::Dead`] is on, on every state before it is told apart, judged
    /// and expanded. What is pruned already stays as it is.
    fn prune(&self, _state: &mut Self::State) {}

    /// Leaves only those of a state's actions that have to be taken there: what the others lead to is reached by
    /// paths that are no longer, on which they come later or not at all. Used if [`Reduction::Order`] is on.
    fn order(&self, _state: &Self::State, _actions: &mut Vec<Self::Action>) {}

    /// Of two states that show the same, the one with less is told. See
    /// [`explore_preferring`](crate::explore_preferring). Under symmetry, images of each other have the same.
    fn oddity(&self, _state: &Self::State) -> u64 {
        0
    }

    /// The kinds of things that can happen, by name, each at its place. Empty: nothing is told apart.
    fn kinds(&self) -> &'static [&'static str] {
        &[]
    }

    /// Which kind an action is of, in a state in which it leads somewhere. Under symmetry, images of each other are
    /// of one kind.
    fn kind(&self, _state: &Self::State, _action: &Self::Action) -> usize {
        0
    }

    /// What an action leads to, and its kind. For a model that can look both up at once.
    fn advance(&self, state: &Self::State, action: Self::Action) -> Option<(usize, Self::State)> {
        let kind = match self.kinds() {
            [] => 0,
            _ => self.kind(state, &action),
        };
        Some((kind, self.next_state(state, action)?))
    }

    /// Gives all that a state leads to, each with its kind, as [`Offers::advance`] has them for its actions, in any order; and the
    /// kind of each thing that would change nothing, as [`Offers::idle`] counts them, with nothing. For a model that finds out
    /// the one with the other. `false`, and nothing given: it is asked for actions, and for what each leads to. Not used if
    /// [`Reduction::Order`] is on.
    fn give_all(
        &self,
        _state: &Self::State,
        _give: &mut impl FnMut(usize, Option<Self::State>),
    ) -> bool {
        false
    }

    /// Counts, for each kind, what could happen in a state and would change nothing, so that it is not among all these
    /// actions.
    fn idle(&self, _state: &Self::State, _actions: &[Self::Action], _counts: &mut [u64]) {}

    /// Which model this is, for a checkpoint: its name, its settings, its version. `None`: its states
    /// cannot be put on disk, and [`Offers::write`] and [`Offers::read`] are never asked.
    fn identity(&self) -> Option<String> {
        None
    }

    /// Appends a state to `bytes`, so that [`Offers::read`] gives an equal one.
    fn write(&self, _state: &Self::State, _bytes: &mut Vec<u8>) {}

    /// The state at the start of `bytes`, which is cut to what follows it; `None` if these are not the
    /// bytes of a state.
    fn read(&self, _bytes: &mut &[u8]) -> Option<Self::State> {
        None
    }

    /// What another process needs beside the bytes of states to read them. Asked for after the states
    /// of a checkpoint are written.
    fn dictionary(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes in the dictionary of another process, before anything else is asked of this model.
    /// `false`: it is not one of this model.
    fn learn(&self, _dictionary: &[u8]) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_never_change() {
        // Committed traces and counts rest on these, and checkpoints: a new version of the hash must be
        // noticed, and raise HASH_VERSION.
        assert_eq!(HASH_VERSION, 1);
        assert_eq!(
            u64::of(&0x0123_4567_89ab_cdef_u64),
            10_239_104_786_856_077_352
        );
        assert_eq!(u64::of(&(1_u8, 2_u16)), u64::of(&(1_u8, 2_u16)));
        assert_ne!(u64::of(&(1_u8, 2_u16)), u64::of(&(2_u8, 1_u16)));
    }

    #[test]
    fn the_wide_fingerprint_goes_on_where_the_narrow_one_ends() {
        for value in 0..100_u32 {
            let (narrow, wide) = (u64::of(&value), u128::of(&value));
            assert_eq!(u128::from(narrow), wide >> 64);
            assert_ne!(u128::from(narrow), wide & u128::from(u64::MAX));
        }
        assert_eq!(u64::from_wide(3 << 64 | 5), 5);
        assert_eq!(u128::from_wide(3 << 64 | 5), 3 << 64 | 5);
    }
}
