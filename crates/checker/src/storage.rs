//! Where an exploration keeps what it has seen: how wide fingerprints are, and what goes to disk.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::error::Error;

/// How many bits of a state are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// 64 bits, about 15 bytes for each state in memory.
    #[default]
    Bits64,
    /// 128 bits, about 25 bytes for each state in memory: then no two states are taken for one, in any run
    /// that will ever be made.
    Bits128,
}

impl Width {
    /// All widths.
    pub const ALL: [Self; 2] = [Self::Bits64, Self::Bits128];

    /// The name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bits64 => "64",
            Self::Bits128 => "128",
        }
    }

    /// The number of bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::Bits64 => 64,
            Self::Bits128 => 128,
        }
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Width {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|width| width.name() == name)
            .ok_or_else(|| Error::UnknownWidth(name.to_owned()))
    }
}

/// Where an exploration keeps what it has seen. The default is: in memory, by 64 bits a state.
///
/// Only states that the model can write go to disk, see [`Offers::identity`](crate::Offers::identity).
#[derive(Clone, Debug)]
pub struct Storage {
    /// How many bits of a state are remembered.
    pub fingerprint: Width,
    /// A folder to go on in when [`Limits::max_memory`](crate::Limits::max_memory) is reached: the run gets slower
    /// then, and its result is the same. `None`: that limit cuts. The run makes a folder of its own in there, and removes
    /// it at its end, unless it is killed; if there are checkpoints, its files are among those instead. The limit has
    /// to be 32 MiB above what the process has before. It is met as far as the sizes of states go: what a state
    /// points to is not known here, and the model itself is not counted.
    pub disk: Option<PathBuf>,
    /// A folder of this run's own, made if need be, from which it can be resumed: after a crash as of the end
    /// of some level, after a cut or an interrupt as of where it was.
    pub checkpoint: Option<PathBuf>,
    /// The time between two checkpoints, as far as levels end often enough. It is longer where writing them
    /// would take more than a fifth of the time.
    pub checkpoint_every: Duration,
    /// The folder of a checkpoint to go on from. May be the same as `checkpoint`; otherwise it is only read.
    pub resume: Option<PathBuf>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            fingerprint: Width::default(),
            disk: None,
            checkpoint: None,
            checkpoint_every: Duration::from_secs(10),
            resume: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_is_found_by_its_name() {
        for width in Width::ALL {
            assert_eq!(width.to_string().parse(), Ok(width));
        }
        assert_eq!(
            "32".parse::<Width>(),
            Err(Error::UnknownWidth("32".to_owned()))
        );
    }
}
