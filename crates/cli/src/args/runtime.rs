//! What can be asked of real nodes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use paxos::NodeId;

const OUTCOMES: &str = "\
Exit codes:
  0  SUCCESS: a value is chosen, or (get) nothing was; validated
  4  POST_FAILED: no server got the request
  5  RETRYABLE: a server got it, did nothing, and may do it later
  6  FATAL: it was refused for good, and nothing was done
  7  UNKNOWN: it may have been done, or may yet be; to ask again with the
     same value is always safe. (If no server ever answers: is the secret,
     or the cluster's id, another one there?)
  2  wrong usage or input

Only servers that propose take requests, reads among them.";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paxos init --config cluster.toml --id 0 --data data/n0     once in its life
  paxos serve --config cluster.toml --id 0 --data data/n0    at every start

A cluster file, the same on every machine:
  cluster = \"0123456789abcdef0123456789abcdef\"   # any 128 bits
  secret = \"cluster.secret\"  # beside this file: 32 bytes or more, mode 0600;
                             # without one, loopback addresses only
  [[node]]
  id = 0                       # 0, 1, 2, …
  address = \"127.0.0.1:7100\"  # IP and port; names are not looked up
  # roles = [\"proposer\", \"acceptor\", \"learner\"]    all three by default
  # initialised = true         written by `paxos init` on the node's machine
  [[node]]
  …")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) node: WhichNode,
    /// Listen here, not at the node's address in the cluster file
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Write down every input and effect, for `paxos conform`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) journal: Option<PathBuf>,
    /// Begin another file of the journal when one is so large; eight are kept
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "256MiB",
        requires = "journal"
    )]
    pub(crate) journal_max: ByteSize,
    /// Serve metrics for Prometheus at http://ADDR/metrics; a port alone is on loopback
    #[arg(long, value_name = "ADDR", value_parser = metrics_address)]
    pub(crate) metrics: Option<SocketAddr>,
    /// How log lines look
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// What the jitter of time-outs follows from [default: chance]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Stop when standard input ends, as it does when whoever started this is gone
    #[arg(long)]
    pub(crate) stop_with_stdin: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A node's store is made once. A node whose store is lost must not get an empty
one: it would have forgotten its votes, and could undo a decision. So this
writes `initialised = true` into the cluster file, and refuses where it says so.

Example:
  paxos init --config cluster.toml --id 0 --data data/n0")]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) node: WhichNode,
}

/// A node of a cluster.
#[derive(Debug, Args)]
pub(crate) struct WhichNode {
    /// The cluster file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: PathBuf,
    /// The node's number in it
    #[arg(long, value_name = "N", value_parser = node_id)]
    pub(crate) id: NodeId,
    /// The folder of the node's store
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  paxos propose --config cluster.toml leader n0
  paxos propose --config cluster.toml --server 2 leader n2    this server only
  paxos propose --config cluster.toml --json --timeout 2s leader n0

{OUTCOMES}"))]
pub(crate) struct ProposeArgs {
    /// What is to be decided, 1 to 64 bytes
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// The value to be chosen, 1 to 1000 bytes
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) value: String,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  paxos get --config cluster.toml leader                  prints nothing where nothing is chosen
  paxos get --config cluster.toml --json leader | jq -r '.value // empty'

{OUTCOMES}"))]
pub(crate) struct GetArgs {
    /// What is asked about, 1 to 64 bytes
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Whom a client asks, and how long.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClientArgs {
    /// The cluster file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: PathBuf,
    /// Ask this server; several are asked in turn [default: all that propose]
    #[arg(long, value_name = "N", value_parser = node_id)]
    pub(crate) server: Vec<NodeId>,
    /// How long to wait for an answer, all servers together
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = some_time)]
    pub(crate) timeout: Duration,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paxos conform data/*/journal                 the journals of all nodes
  paxos conform data/*/journal --key leader    and the story of one decree
  paxos conform data/*/journal --key leader --diagram
  paxos conform data/*/journal --key leader --svg leader.svg

Stop the nodes first: of a journal that is still being written, the others say
that its end is missing.

Exit codes:
  0  conforms: every step is a step of the checked protocol, and every
     property holds
  1  diverges, or a journal was cut or altered
  2  wrong usage or input
  3  incomplete: nothing diverges, but not all that happened is in the journals")]
pub(crate) struct ConformArgs {
    /// The journals of all nodes, one each; older files of a journal (FILE.1, FILE.2, …) are found
    #[arg(value_name = "JOURNAL", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) journals: Vec<PathBuf>,
    /// Tell the story of this decree
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Tell it as lanes side by side, as wide as the terminal is or as COLUMNS says
    #[arg(long, requires = "key")]
    pub(crate) diagram: bool,
    /// Draw the decree's run
    #[arg(long, value_name = "FILE", requires = "key", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long, conflicts_with = "diagram")]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Makes a cluster on loopback if there is none in the folder, and runs it until Ctrl-C
    Up(UpArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paxos cluster up                                 three nodes, in ./paxos-cluster
  paxos cluster up --nodes 5 --dir /tmp/five --secret")]
pub(crate) struct UpArgs {
    /// How many nodes, all three roles on each [default: 3, or as many as there are in the folder]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) nodes: Option<u8>,
    /// Where its files are, or shall be
    #[arg(long, value_name = "DIR", default_value = "paxos-cluster", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Make a secret, and authenticate every datagram with it
    #[arg(long)]
    pub(crate) secret: bool,
    /// The nodes' first UDP port; the others follow [default: any that are free]
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// Do not write journals
    #[arg(long)]
    pub(crate) no_journal: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paxos bench --dir /tmp/bench    latency with 1 in flight, throughput with 64
  bench/run                       in the repository: the same beside etcd, and
                                  beside the same flushes without a protocol

What it prints is the median of all turns. `ours/its` are ratios of medians of
the same run: below 1 is faster for p50, above 1 for the rate. The folder is
removed at the end.")]
pub(crate) struct BenchArgs {
    /// A folder that does not exist yet, on the disk to be measured
    #[arg(long, value_name = "DIR", default_value = "paxos-bench", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// How many nodes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) nodes: u8,
    /// How many requests are in flight at a time; each number is measured by itself
    #[arg(long, value_name = "N,…", default_value = "1,64", value_delimiter = ',', value_parser = in_flight)]
    pub(crate) in_flight: Vec<usize>,
    /// How many turns each has
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) slices: u64,
    /// How long a turn is
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = some_seconds)]
    pub(crate) seconds: f64,
    /// Also give turns to this command, which takes --in-flight, --seconds and --json and prints
    /// figures; it finds another word in $TURN each time, to tell its turns apart
    #[arg(long, value_name = "NAME=COMMAND", value_parser = named_command)]
    pub(crate) beside: Vec<(String, String)>,
    /// Authenticate with a secret
    #[arg(long)]
    pub(crate) secret: bool,
    /// Write journals
    #[arg(long)]
    pub(crate) journal: bool,
    /// Print every turn as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn in_flight(text: &str) -> Result<usize, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=10_000).contains(number));
    number.ok_or_else(|| "from 1 to 10000 requests can be in flight".to_owned())
}

fn named_command(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=');
    let (name, command) = parts.ok_or_else(|| "expected NAME=COMMAND".to_owned())?;
    Ok((name.to_owned(), command.to_owned()))
}

fn some_time(text: &str) -> Result<Duration, String> {
    let parsed = humantime::parse_duration(text).ok();
    let some = parsed.filter(|time| !time.is_zero());
    some.ok_or_else(|| "expected a duration above zero, such as 500ms, 5s or 2m".to_owned())
}

fn some_seconds(text: &str) -> Result<f64, String> {
    let parsed: Option<f64> = text.parse().ok();
    let some = parsed.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    some.ok_or_else(|| "expected seconds above zero, such as 5 or 0.5".to_owned())
}

fn node_id(text: &str) -> Result<NodeId, String> {
    let number: Option<usize> = text.strip_prefix('n').unwrap_or(text).parse().ok();
    number
        .and_then(NodeId::new)
        .ok_or_else(|| "a node's number is from 0 to 15".to_owned())
}

/// An address, or a port on loopback.
fn metrics_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(([127, 0, 0, 1], port).into());
    }
    text.parse()
        .map_err(|_| "expected an address such as 127.0.0.1:9100, or a port".to_owned())
}
