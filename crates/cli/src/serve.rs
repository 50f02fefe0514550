//! `paxos serve` and `paxos init`: one real node.

use std::io::IsTerminal as _;

use node::Serve;
use tracing_subscriber::EnvFilter;

use crate::args::{InitArgs, LogFormat, ServeArgs};
use crate::error::Error;
use crate::{Ended, print};

/// Runs a node until it is told to stop.
///
/// # Errors
/// If it cannot start, or its disk fails.
pub(crate) fn serve(args: &ServeArgs) -> Result<Ended, Error> {
    log(args.log_format);
    let journal_max = args.journal_max.as_u64();
    let started = node::start(&Serve {
        config: args.node.config.clone(),
        id: args.node.id,
        data: args.node.data.clone(),
        listen: args.listen,
        journal: args.journal.clone().map(|path| (path, journal_max)),
        metrics: args.metrics,
        seed: args.seed,
        stop_with_stdin: args.stop_with_stdin,
    })?;
    started.run().map_err(Error::Ended)?;
    Ok(Ended::Met)
}

/// Makes a node's store.
///
/// # Errors
/// If it was made before, or cannot be made.
pub(crate) fn init(args: &InitArgs) -> Result<Ended, Error> {
    node::init(&args.node.config, args.node.id, &args.node.data)?;
    print::line(&format!(
        "{} has a store in {}; start it with `paxos serve`",
        args.node.id,
        args.node.data.display()
    ))?;
    Ok(Ended::Met)
}

/// Log lines go to standard error; `RUST_LOG` says which, `info` and above if it is not set.
fn log(format: LogFormat) {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .from_env_lossy();
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .with_ansi(colours);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
}
