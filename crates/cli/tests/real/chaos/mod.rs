//! Real nodes in a hostile world, and a judge of what their clients are told.
//!
//! A cluster of three processes runs behind the proxy, which loses, doubles, delays, cuts, alters and
//! repeats their datagrams. Round after round, clients propose and read on a fresh set of keys, while
//! nodes are killed and started again, and ways die in one direction. After each round the history of
//! each key is judged. After the last one the network is healed; then every key must get decided, all
//! nodes must tell the same, what they tell must fit what was told before, and the nodes' journals must
//! conform to the checked core.
//!
//! The seed fixes the plans of all rounds and the proxy's malice. It does not fix what happens:
//! processes and threads run as the system lets them. A seed that has found something finds it again
//! often, not always.

pub mod history;
pub mod judge;
pub mod plan;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use node::ClusterFile;
use node::client::{Client, Outcome};

use self::history::{Ask, Recorder, Road};
use self::judge::judge;
use self::plan::{CLIENTS, Event, KEYS, NODES, Plan, Step};
use super::proxy::{Counts, Faults, Proxy};
use super::{Cluster, PAXOS, id, lasting_addresses};

/// How many rounds a cluster lives for.
const ROUNDS: std::ops::RangeInclusive<usize> = 10..=25;
/// How long a cluster may take in all.
const LIFE: Duration = Duration::from_secs(600);
/// How long a healed cluster has to decide.
const HEALED: Duration = Duration::from_secs(30);

/// How much chaos, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many rounds in all.
    pub rounds: usize,
    /// What the plans follow from.
    pub seed: u64,
}

/// What was done, in all.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Clusters that lived and ended.
    pub clusters: u64,
    /// Rounds that were judged.
    pub rounds: u64,
    /// Nodes killed.
    pub kills: u64,
    /// How often what was asked ended how.
    pub outcomes: BTreeMap<(&'static str, &'static str), u64>,
    /// What the proxy did.
    pub faults: Counts,
}

/// One cluster, with all that is around it.
struct Run {
    cluster: Cluster,
    proxy: Proxy,
    /// What each client knows: the ways through the proxy. And the nodes themselves.
    clients: Vec<ClusterFile>,
    direct: ClusterFile,
    recorder: Recorder,
    tally: Mutex<Tally>,
    seed: u64,
}

impl Size {
    /// `CHAOS_ROUNDS` and `CHAOS_SEED`.
    pub fn from_environment() -> Size {
        let number = |name: &str, otherwise: u64| match env::var(name) {
            Ok(text) => text
                .parse()
                .unwrap_or_else(|_| panic!("{name} is {text}, not a number")),
            Err(_) => otherwise,
        };
        Size {
            rounds: number("CHAOS_ROUNDS", 20) as usize,
            seed: number("CHAOS_SEED", 417),
        }
    }
}

/// Runs so many rounds, on one cluster after another. The seed of each is the one before and one.
///
/// # Errors
/// What went wrong, with all that is known of it.
pub fn run(size: Size) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let (mut seed, mut left) = (size.seed, size.rounds);
    while left > 0 {
        let rounds = fastrand::Rng::with_seed(seed).usize(ROUNDS).min(left);
        tally.add(run_cluster(seed, rounds)?);
        left -= rounds;
        seed = seed.wrapping_add(1);
        eprintln!("chaos: {} of {} rounds: {tally}", tally.rounds, size.rounds);
    }
    Ok(tally)
}

/// Runs one cluster for so many rounds.
///
/// # Errors
/// What went wrong, with all that is known of it; then its files are left.
pub fn run_cluster(seed: u64, rounds: usize) -> Result<Tally, String> {
    let mut run = Run::new(seed, rounds);
    let ended = run.live(rounds);
    let faults = run.proxy.stop();
    let mut tally = run.tally.into_inner().unwrap();
    tally.faults = faults;
    ended.map(|()| tally).map_err(|problem| {
        run.cluster.keep();
        let files = run.cluster.path().display().to_string();
        let last: Vec<String> = (0..NODES).map(|node| last_lines(&run.cluster.log(node))).collect();
        format!(
            "{problem}\n\nthe last words of the nodes:\n{}\ntheir files are in {files}\nto try it again:\n  \
             CHAOS_SEED={seed} CHAOS_ROUNDS={rounds} cargo test -p cli --test chaos -- hostile\n",
            last.join("\n")
        )
    })
}

impl Run {
    fn new(seed: u64, rounds: usize) -> Run {
        // Some clusters take so few requests at a time that they turn others away.
        let waiting_max = if seed.is_multiple_of(3) { 1 } else { 1_000 };
        let timing = format!(
            "[timing]\nretry-ms = 15\nretry-ms-max = 120\nidle-ms = 300\nwaiting-max = {waiting_max}\n"
        );
        let cluster = Cluster::at(lasting_addresses(NODES), &timing);
        let addresses: Vec<_> = (0..NODES).map(|node| cluster.address(node)).collect();
        let proxy = Proxy::start(&addresses, CLIENTS, Faults::HOSTILE, seed, LIFE);
        for node in 0..NODES {
            let file = cluster.file(&timing, proxy.addresses_for_node(node));
            fs::write(config_of(&cluster, node), file).unwrap();
        }
        let clients = (0..CLIENTS).map(|client| {
            let path = cluster.path().join(format!("client{client}.toml"));
            fs::write(
                &path,
                cluster.file(&timing, proxy.addresses_for_client(client)),
            )
            .unwrap();
            ClusterFile::read(&path).unwrap()
        });
        Run {
            clients: clients.collect(),
            direct: ClusterFile::read(&cluster.config()).unwrap(),
            recorder: Recorder::new(rounds * KEYS),
            tally: Mutex::default(),
            cluster,
            proxy,
            seed,
        }
    }

    fn live(&mut self, rounds: usize) -> Result<(), String> {
        for node in 0..NODES {
            self.start(node);
        }
        self.cluster.wait_until_all_answer();
        for round in 0..rounds {
            let seed = self
                .seed
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(round as u64);
            self.round(round, &Plan::of(seed, round))?;
        }
        self.heal(rounds)?;
        self.end()
    }

    /// Clients do their steps, each on a thread of its own, while this one makes trouble.
    fn round(&mut self, round: usize, plan: &Plan) -> Result<(), String> {
        let begun = Instant::now();
        let cluster = &mut self.cluster;
        let (proxy, clients, direct) = (&self.proxy, &self.clients, &self.direct);
        let (recorder, tally, seed) = (&self.recorder, &self.tally, self.seed);
        thread::scope(|scope| {
            for (number, steps) in plan.clients.iter().enumerate() {
                scope.spawn(move || {
                    for step in steps {
                        thread::sleep(step.pause);
                        let file = if step.is_direct {
                            direct
                        } else {
                            &clients[number]
                        };
                        let outcome = take_step(recorder, file, number, round, step);
                        tally.lock().unwrap().count(&step.ask, outcome);
                    }
                });
            }
            for (at, event) in &plan.events {
                thread::sleep((begun + *at).saturating_duration_since(Instant::now()));
                match event {
                    Event::Kill(node) => {
                        if let Some(status) = cluster.has_ended(*node) {
                            return Err(format!("in round {round} n{node} has ended: {status}"));
                        }
                        cluster.kill(*node);
                        tally.lock().unwrap().kills += 1;
                    }
                    Event::Start(node) => {
                        cluster.start_by(*node, serve(cluster, *node, seed));
                        proxy.restarted(*node);
                    }
                    Event::Cut(way, duration) => proxy.cut(*way, *duration),
                }
            }
            Ok(())
        })?;
        for key in 0..KEYS {
            judge(&self.recorder.history(round * KEYS + key)).map_err(|problem| {
                format!("in round {round}, key {}: {problem}", name(round, key))
            })?;
        }
        self.tally.lock().unwrap().rounds += 1;
        Ok(())
    }

    /// The network is well again. Each key must get decided, whoever is asked, and everybody must
    /// tell the same: the four operations are judged with all that came before them.
    fn heal(&mut self, rounds: usize) -> Result<(), String> {
        self.proxy.heal();
        self.cluster.wait_until_all_answer();
        let shares: Vec<usize> = (0..CLIENTS).collect();
        thread::scope(|scope| {
            let settle = |share: usize| {
                for key in (share..rounds * KEYS).step_by(CLIENTS) {
                    self.settle(key / KEYS, key % KEYS)?;
                }
                Ok(())
            };
            let threads: Vec<_> = shares
                .into_iter()
                .map(|share| scope.spawn(move || settle(share)))
                .collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().unwrap())
        })
    }

    fn settle(&self, round: usize, key: usize) -> Result<(), String> {
        let index = round * KEYS + key;
        let proposal = (Ask::Propose(format!("v{round}.{key}.last")), index % NODES);
        let reads = (0..NODES).map(|node| (Ask::Get, node));
        for (ask, node) in [proposal].into_iter().chain(reads) {
            let who = format!("at last, n{node}");
            let client = Client::new(self.direct.clone(), HEALED).asking(vec![id(node)]);
            let deadline = Instant::now() + HEALED;
            let outcome = self
                .recorder
                .record(index, who, Road::MakesNone, ask, |ask| {
                    loop {
                        // A node may be busy with those that have given up.
                        let outcome = client_asks(&client, &name(round, key), ask);
                        if !matches!(outcome, Outcome::Retryable(_)) || Instant::now() > deadline {
                            return outcome;
                        }
                    }
                });
            if outcome != "SUCCESS" {
                return Err(format!(
                    "{}, network well: n{node}: {outcome}",
                    name(round, key)
                ));
            }
        }
        judge(&self.recorder.history(index))
            .map_err(|problem| format!("in the end, key {}: {problem}", name(round, key)))
    }

    /// The nodes stop in order, have nothing to complain of, and have done what the core does.
    fn end(&mut self) -> Result<(), String> {
        for node in 0..NODES {
            if let Some(status) = self.cluster.has_ended(node) {
                return Err(format!("in the end n{node} has ended: {status}"));
            }
            let status = self.cluster.stop(node);
            if !status.success() {
                return Err(format!("n{node} does not stop in order: {status}"));
            }
            let log = self.cluster.log(node);
            let complaint = |line: &&str| line.contains("ERROR") || line.contains("panicked");
            if let Some(line) = log.lines().find(complaint) {
                return Err(format!("n{node} complains: {line}"));
            }
        }
        let (said, code) = self.cluster.conform();
        if code != Some(0) {
            return Err(format!("the journals do not conform ({code:?}): {said}"));
        }
        self.tally.lock().unwrap().clusters += 1;
        Ok(())
    }

    fn start(&mut self, node: usize) {
        self.cluster
            .start_by(node, serve(&self.cluster, node, self.seed));
    }
}

/// `paxos serve` for a node that finds its peers through the proxy.
fn serve(cluster: &Cluster, node: usize, seed: u64) -> Command {
    let mut command = Command::new(PAXOS);
    command
        .arg("serve")
        .arg("--config")
        .arg(config_of(cluster, node))
        .args(["--id", &node.to_string(), "--seed", &seed.to_string()])
        .arg("--data")
        .arg(cluster.data(node))
        .arg("--journal")
        .arg(cluster.journal(node));
    command
}

fn config_of(cluster: &Cluster, node: usize) -> PathBuf {
    cluster.path().join(format!("n{node}.toml"))
}

fn name(round: usize, key: usize) -> String {
    format!("k{round}.{key}")
}

/// Does a step, and writes it down.
fn take_step(
    recorder: &Recorder,
    file: &ClusterFile,
    number: usize,
    round: usize,
    step: &Step,
) -> &'static str {
    let nodes = step.nodes.iter().map(|node| id(*node)).collect();
    let client = Client::new(file.clone(), step.timeout).asking(nodes);
    let (way, road) = match step.is_direct {
        true => ("directly", Road::MakesNone),
        false => ("", Road::MakesCopies),
    };
    let who = format!("c{number} of {:?} {way}", step.nodes);
    recorder.record(
        round * KEYS + step.key,
        who,
        road,
        step.ask.clone(),
        |ask| client_asks(&client, &name(round, step.key), ask),
    )
}

fn client_asks(client: &Client, key: &str, ask: &Ask) -> Outcome {
    match ask {
        Ask::Propose(value) => client.propose(key, value),
        Ask::Get => client.get(key),
    }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

impl Tally {
    fn count(&mut self, ask: &Ask, outcome: &'static str) {
        let asked = match ask {
            Ask::Propose(_) => "propose",
            Ask::Get => "get",
        };
        *self.outcomes.entry((asked, outcome)).or_default() += 1;
    }

    fn add(&mut self, other: Tally) {
        self.clusters += other.clusters;
        self.rounds += other.rounds;
        self.kills += other.kills;
        self.faults += other.faults;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} clusters, {} kills", self.clusters, self.kills)?;
        for ((asked, outcome), count) in &self.outcomes {
            write!(f, ", {asked} {outcome} {count}")?;
        }
        f.write_str("; datagrams")?;
        for (fault, count) in self.faults.named() {
            write!(f, ", {fault} {count}")?;
        }
        Ok(())
    }
}
