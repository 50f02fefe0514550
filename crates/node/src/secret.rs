//! What datagrams are authenticated with: a secret, and the keys that follow from it.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use paxos::Cluster;

use crate::ClusterId;

/// What all nodes and clients of a cluster know and nobody else. Not printed.
#[derive(Clone)]
pub struct Secret {
    bytes: Vec<u8>,
    /// Who plays which role, by whoever holds it; empty if that is nobody's concern.
    roles: Vec<u8>,
}

/// The key for datagrams of one sender to one receiver.
#[derive(Clone)]
pub(crate) struct PairKey([u8; 32]);

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the secret {}: {source}", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("the secret {} has mode {mode:04o}, so others may know it; make it 0600: chmod 600 {}",
        path.display(), path.display())]
    Readable {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It can be guessed.
    #[error("the secret {} has {found} bytes, and needs at least {}: head -c 32 /dev/urandom > {}",
        path.display(), Secret::BYTES_MIN, path.display())]
    Short {
        /// Which file.
        path: PathBuf,
        /// How many bytes it has.
        found: usize,
    },
}

impl Secret {
    /// The least bytes a secret has.
    pub const BYTES_MIN: usize = 32;

    /// No secret: datagrams carry a checksum that anybody can compute.
    pub const fn none() -> Secret {
        Secret {
            bytes: Vec::new(),
            roles: Vec::new(),
        }
    }

    /// The same for a cluster of these roles: parties whose cluster files differ in them do not
    /// understand each other, since one's majority is not the other's.
    #[must_use]
    pub fn with_roles(self, roles: &Cluster) -> Secret {
        let sets = [roles.proposers(), roles.acceptors(), roles.learners()];
        let roles = sets
            .iter()
            .flat_map(|set| set.bits().to_le_bytes())
            .collect();
        Secret { roles, ..self }
    }

    /// Whether there is one.
    pub fn is_some(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The whole file, byte for byte.
    ///
    /// # Errors
    /// If it cannot be read, is shorter than [`Secret::BYTES_MIN`], or its mode is not 0600 (or
    /// 0400).
    pub fn read(path: &Path) -> Result<Secret, SecretError> {
        let failed = |source| SecretError::Failed {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & !0o600 != 0 {
            return Err(SecretError::Readable {
                path: path.to_owned(),
                mode,
            });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() < Secret::BYTES_MIN {
            return Err(SecretError::Short {
                path: path.to_owned(),
                found: bytes.len(),
            });
        }
        Ok(Secret {
            bytes,
            roles: Vec::new(),
        })
    }

    /// The key from one party to another, each a byte of the header.
    pub(crate) fn pair_key(&self, cluster: ClusterId, from: u8, to: u8) -> PairKey {
        let mut hasher = blake3::Hasher::new_derive_key("paxos datagrams v1, from one to another");
        hasher.update(cluster.bytes());
        hasher.update(&[from, to]);
        hasher.update(&self.bytes);
        hasher.update(&self.roles);
        PairKey(*hasher.finalize().as_bytes())
    }
}

impl PairKey {
    /// What proves that a datagram is of somebody who knows the key. Compare it as a
    /// [`blake3::Hash`], which takes the same time whatever differs.
    pub(crate) fn tag(&self, bytes: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.0, bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_some() {
            "Secret(…)"
        } else {
            "Secret(none)"
        })
    }
}
