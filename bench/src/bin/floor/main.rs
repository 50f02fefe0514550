//! The floor: the message rounds and the disk writes of one decision, without a protocol.
//!
//! A client asks n0. n0 writes, then tells n1 and n2; each writes and answers. On the first answer n0 tells both
//! again, and writes while they write and answer. On the first answer to that, its own write being done, n0 answers the
//! client. So an operation takes three writes one after the other, and six datagrams; six writes and ten datagrams
//! are caused in all. Each write is an `fdatasync`, shared by all that arrived while the one before was under way.
//!
//! There are no ballots here, no values, no recovery, nothing authenticated and nothing checked: a node forgets all at its
//! end and never reads its file. What a protocol costs is what it takes longer than this.

mod disk;
mod item;
mod load;
mod log;
mod node;
mod outbox;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// The floor: the message rounds and the disk writes of one decision, without a protocol.
#[derive(Clone, Debug, Parser)]
#[command(name = "floor")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Is one of the nodes, until it is ended; says "listening" once it does
    Node {
        /// Its own address
        #[arg(long)]
        listen: SocketAddr,
        /// The addresses of the others, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        peers: Vec<SocketAddr>,
        /// What it writes to; what is in it is lost
        #[arg(long)]
        file: PathBuf,
        /// How many datagrams are taken at most before a write
        #[arg(long, default_value_t = 256)]
        batch: usize,
    },
    /// Loads the nodes
    Load {
        /// The addresses of the nodes that are asked, in turn, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        nodes: Vec<SocketAddr>,
        #[command(flatten)]
        span: SpanArgs,
        /// How many operations are under way at any time
        #[arg(long, default_value_t = 1)]
        in_flight: usize,
    },
    /// Writes one record after the other, without a network: what the disk costs by itself
    Disk {
        /// What it writes to; what is in it is lost
        #[arg(long)]
        file: PathBuf,
        #[command(flatten)]
        span: SpanArgs,
    },
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct SpanArgs {
    /// How long is measured
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How long is loaded before that, unmeasured
    #[arg(long, default_value_t = 0.5)]
    warm_up_seconds: f64,
    /// One line of JSON
    #[arg(long)]
    json: bool,
}

impl SpanArgs {
    fn span(&self) -> bench::Span {
        bench::Span::after(
            std::time::Instant::now(),
            Duration::from_secs_f64(self.warm_up_seconds),
            Duration::from_secs_f64(self.seconds),
        )
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    match Args::parse().command {
        Command::Node {
            listen,
            peers,
            file,
            batch,
        } => Ok(node::run(listen, peers, &file, batch)?),
        Command::Load {
            nodes,
            span,
            in_flight,
        } => Ok(load::run(&nodes, in_flight, &span.span())?.print(span.json)?),
        Command::Disk { file, span } => Ok(disk::run(&file, &span)?.print(span.json)?),
    }
}
