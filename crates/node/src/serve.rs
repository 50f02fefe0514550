//! A whole node, from its files to its end.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Instant;

use paxos::NodeId;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::journal::Writer;
use crate::{ClusterFile, ConfigError, Host, HostError, Metrics, Net, StoreError, store};

/// What a node needs to run.
#[derive(Clone, Debug)]
pub struct Serve {
    /// The cluster file.
    pub config: PathBuf,
    /// Which node of it.
    pub id: NodeId,
    /// The folder of its store.
    pub data: PathBuf,
    /// Where to listen, if not at its address in the cluster file.
    pub listen: Option<SocketAddr>,
    /// Where to write its journal, and how large one file of it may grow.
    pub journal: Option<(PathBuf, u64)>,
    /// Where to serve metrics.
    pub metrics: Option<SocketAddr>,
    /// What the jitter of its time-outs follows from; from the system's chance if absent.
    pub seed: Option<u64>,
}

/// Makes the store of a node that has never run, and writes into the cluster file that it has one.
///
/// # Errors
/// If the file says that the node was initialised, or there is a store, or either cannot be written.
pub fn init(config: &Path, id: NodeId, data: &Path) -> Result<(), HostError> {
    let file = ClusterFile::read(config)?;
    if file.member(id)?.initialised {
        return Err(HostError::Config(ConfigError::Wrong {
            path: config.to_owned(),
            problem: format!(
                "{id} was initialised before: if its store is lost, restore it; a node that has forgotten its \
                 votes can undo a decision, so an empty store must not take its place"
            ),
        }));
    }
    store::init(data, file.cluster, id)?;
    file.mark_initialised(id)?;
    Ok(())
}

/// Runs a node until SIGTERM or SIGINT.
///
/// # Errors
/// If it cannot start, which each error says the way out of; or if its disk fails on the way, after which
/// it has said nothing that is not saved.
pub fn serve(serve: &Serve) -> Result<(), HostError> {
    let file = ClusterFile::read(&serve.config)?;
    let member = file.member(serve.id)?;
    let store = match store::open(&serve.data, file.cluster, serve.id) {
        Err(StoreError::Missing { folder }) if member.initialised => {
            return Err(StoreError::Lost {
                folder,
                node: serve.id,
            }
            .into());
        }
        opened => opened?,
    };
    let journal = serve
        .journal
        .as_ref()
        .map(|(path, bytes_max)| Writer::open(path, *bytes_max))
        .transpose()?;
    let (stop, stopper) = UnixStream::pair().map_err(HostError::Socket)?;
    for signal in [SIGINT, SIGTERM] {
        let stopper = stopper.try_clone().map_err(HostError::Socket)?;
        signal_hook::low_level::pipe::register(signal, stopper).map_err(HostError::Socket)?;
    }
    let listen = serve.listen.unwrap_or(member.address);
    let net = Net::bind(&file, listen, stop)?;
    let metrics = Metrics::new();
    let incarnation = store.header().incarnation;
    let metrics_at = serve
        .metrics
        .map(|address| metrics.serve(address))
        .transpose()?;
    let seed = serve.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut host = Host::new(&file, store, journal, metrics, seed, Instant::now())?;
    tracing::info!(
        node = %serve.id, cluster = %file.cluster, %listen, incarnation, seed,
        metrics = metrics_at.map(tracing::field::display),
        secret = file.secret.is_some(), "serving"
    );
    let ended = net.run(&mut host);
    match &ended {
        Ok(()) => tracing::info!(node = %serve.id, "stopped in order"),
        Err(error) => {
            tracing::error!(node = %serve.id, %error, "stopped: nothing unsaved was said")
        }
    }
    ended
}
