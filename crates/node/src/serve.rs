//! A whole node, from its files to its end.

use std::io::Write as _;
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
    /// Whether to stop when standard input ends: whoever holds its other end is gone.
    pub stop_with_stdin: bool,
}

/// A node that has started.
#[derive(Debug)]
pub struct Started {
    net: Net,
    host: Host,
    id: NodeId,
}

/// Makes the store of a node that has never run, and writes into the cluster file that it has one. Where
/// that was interrupted, it is completed.
///
/// # Errors
/// If the file says that the node was initialised, or there is another store, or either cannot be
/// written.
pub fn init(config: &Path, id: NodeId, data: &Path) -> Result<(), HostError> {
    let file = ClusterFile::read(config)?;
    if file.member(id)?.initialised && store::exists(data) {
        return Err(HostError::Store(StoreError::Exists {
            folder: data.to_owned(),
        }));
    }
    if file.member(id)?.initialised {
        return Err(HostError::Config(ConfigError::Wrong {
            path: config.to_owned(),
            problem: format!(
                "{id} was initialised before: if its store is lost, restore it; a node that has forgotten its \
                 votes can undo a decision, so an empty store must not take its place"
            ),
        }));
    }
    match store::init(data, file.cluster, file.roles, id) {
        // Made by an `init` that did not live to write it into the cluster file; or another's.
        Err(StoreError::Exists { .. }) => drop(store::open(data, file.cluster, file.roles, id)?),
        made => made?,
    }
    file.mark_initialised(id)?;
    Ok(())
}

/// Starts a node.
///
/// # Errors
/// If it cannot start; each error says the way out.
pub fn start(serve: &Serve) -> Result<Started, HostError> {
    let file = ClusterFile::read(&serve.config)?;
    let member = file.member(serve.id)?;
    let (stop, stopper) = UnixStream::pair().map_err(HostError::Socket)?;
    for signal in [SIGINT, SIGTERM] {
        let stopper = stopper.try_clone().map_err(HostError::Socket)?;
        signal_hook::low_level::pipe::register(signal, stopper).map_err(HostError::Socket)?;
    }
    if serve.stop_with_stdin {
        watch_stdin(stopper).map_err(HostError::Socket)?;
    }
    let listen = serve.listen.unwrap_or(member.address);
    if !file.secret.is_some() && !listen.ip().is_loopback() {
        return Err(HostError::Config(ConfigError::Wrong {
            path: serve.config.clone(),
            problem: format!(
                "{listen} can be reached by anybody, and there is no secret: name a file with one (`secret = \
                 \"cluster.secret\"`, mode 0600), or listen on loopback"
            ),
        }));
    }
    let net = Net::bind(&file, listen, stop)?;
    let metrics = Metrics::new();
    let metrics_at = serve
        .metrics
        .map(|address| metrics.serve(address))
        .transpose()?;
    // Late, since each time it is opened counts as a process of the node; but before the journal, since
    // its lock keeps two processes of a node apart.
    let store = match store::open(&serve.data, file.cluster, file.roles, serve.id) {
        Err(StoreError::Missing { folder }) if member.initialised => {
            return Err(StoreError::Lost {
                folder,
                node: serve.id,
            }
            .into());
        }
        opened => opened?,
    };
    // From here on there is something to forget.
    if !member.initialised {
        file.mark_initialised(serve.id)?;
    }
    let journal = serve
        .journal
        .as_ref()
        .map(|(path, bytes_max)| Writer::open(path, *bytes_max, file.cluster, serve.id))
        .transpose()?;
    let seed = serve.seed.unwrap_or_else(|| fastrand::u64(..));
    let incarnation = store.header().incarnation;
    let host = Host::new(&file, store, journal, metrics, seed, Instant::now())?;
    tracing::info!(
        node = %serve.id, cluster = %file.cluster, listen = %net.address(), incarnation, %seed,
        metrics = metrics_at.map(tracing::field::display),
        secret = file.secret.is_some(), "serving"
    );
    Ok(Started {
        net,
        host,
        id: serve.id,
    })
}

impl Started {
    /// Runs until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// If the disk fails, or a peer contradicts a decision. Nothing was said that is not saved; the
    /// process must end.
    pub fn run(mut self) -> Result<(), HostError> {
        let ended = self.net.run(&mut self.host);
        match &ended {
            Ok(()) => tracing::info!(node = %self.id, "stopped in order"),
            Err(error) => {
                tracing::error!(node = %self.id, %error, "stopped: nothing unsaved was said");
            }
        }
        ended
    }
}

/// Ends the loop when standard input ends.
fn watch_stdin(mut stopper: UnixStream) -> std::io::Result<()> {
    let watch = move || {
        // Whether it ends or fails, nobody is there any more.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = stopper.write_all(&[0]);
    };
    let named = std::thread::Builder::new().name("stdin".to_owned());
    named.spawn(watch).map(drop)
}
