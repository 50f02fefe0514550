//! Loads an etcd cluster: each operation puts a fresh key unless it is there, as one transaction over gRPC.

mod args;
mod cluster;
mod load;

use std::error::Error;

use bench::Figures;
use clap::Parser as _;

use crate::args::{Args, To};
use crate::load::Tally;

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let runtime = match args.threads {
        1 => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
        threads => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()?,
    };
    runtime.block_on(run(&args))?.print(args.json)?;
    Ok(())
}

async fn run(args: &Args) -> Result<Figures, Box<dyn Error>> {
    let leader = cluster::leader(&args.endpoints, args.wait()).await?;
    let to = match args.to() {
        To::Leader => vec![leader],
        To::All => args.endpoints.clone(),
    };
    let clients = cluster::connect(&to, args.connections).await?;
    let load = format!(
        "to {}, {} connections, {} threads",
        match args.to() {
            To::Leader => "the leader",
            To::All => "all nodes in turn",
        },
        clients.len(),
        args.threads
    );
    let Tally {
        mut latencies,
        errors,
        first_error,
    } = load::run(&clients, args).await?;
    if let Some(error) = first_error {
        complain(&error);
    }
    Ok(Figures {
        operations: latencies.count(),
        seconds: args.seconds,
        per_second: latencies.count() as f64 / args.seconds,
        p50_us: latencies.per_mille(500),
        p99_us: latencies.per_mille(990),
        max_us: latencies.per_mille(1_000),
        errors,
        retransmitted: None,
        in_flight: args.in_flight,
        load,
    })
}

#[expect(clippy::print_stderr, reason = "complaints go to standard error")]
fn complain(error: &str) {
    eprintln!("etcd-load: the first error: {error}");
}
