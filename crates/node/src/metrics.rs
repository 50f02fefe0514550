//! What a node counts, in Prometheus' text format.

use std::net::SocketAddr;
use std::thread;

use prometheus::{
    Encoder as _, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder, exponential_buckets,
};

use crate::HostError;
use crate::wire::{Answer, Drop};

/// What a node counts. Cloned handles count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Datagrams that arrived.
    pub received: IntCounter,
    /// Datagrams that were sent.
    pub sent: IntCounter,
    /// Datagrams that could not be sent.
    pub unsent: IntCounter,
    dropped: IntCounterVec,
    answers: IntCounterVec,
    /// Lines of peers for which there was no room in memory.
    pub turned_away: IntCounter,
    /// Messages said again.
    pub repeated: IntCounter,
    /// Rounds started because of a time-out.
    pub rounds: IntCounter,
    /// Decisions this node has learnt of.
    pub decided: IntCounter,
    /// Decrees in memory.
    pub decrees: IntGauge,
    /// Clients that wait.
    pub waiting: IntGauge,
    /// How long commits take.
    pub commit_seconds: Histogram,
    /// How many records they hold.
    pub commit_records: Histogram,
    /// How many datagrams a batch holds.
    pub batch_datagrams: Histogram,
    /// How long clients wait for the outcome.
    pub answer_seconds: Histogram,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Metrics {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| {
            registered(
                &registry,
                IntCounter::new(format!("paxos_{name}_total"), help),
            )
        };
        let counters = |name: &str, help: &str, label: &str| {
            let options = Opts::new(format!("paxos_{name}_total"), help);
            registered(&registry, IntCounterVec::new(options, &[label]))
        };
        let gauge = |name: &str, help: &str| {
            registered(&registry, IntGauge::new(format!("paxos_{name}"), help))
        };
        let histogram = |name: &str, help: &str, start: f64, factor: f64, count: usize| {
            let buckets = exponential_buckets(start, factor, count).expect("these bounds rise");
            let options = HistogramOpts::new(format!("paxos_{name}"), help).buckets(buckets);
            registered(&registry, Histogram::with_opts(options))
        };
        let metrics = Metrics {
            received: counter("datagrams_received", "Datagrams that arrived."),
            sent: counter("datagrams_sent", "Datagrams that were sent."),
            unsent: counter("datagrams_unsent", "Datagrams that could not be sent."),
            dropped: counters(
                "datagrams_dropped",
                "Datagrams dropped, by reason.",
                "reason",
            ),
            answers: counters("answers", "Answers given to clients, by kind.", "kind"),
            turned_away: counter("lines_turned_away", "What peers said when memory was full."),
            repeated: counter("messages_repeated", "Messages said again."),
            rounds: counter("rounds_retried", "Rounds started because of a time-out."),
            decided: counter("decided", "Decisions learnt of."),
            decrees: gauge("decrees_in_memory", "Decrees in memory."),
            waiting: gauge("clients_waiting", "Clients that wait for an answer."),
            commit_seconds: histogram("commit_seconds", "How long commits take.", 50e-6, 1.6, 24),
            commit_records: histogram("commit_records", "Records in a commit.", 1.0, 2.0, 12),
            batch_datagrams: histogram("batch_datagrams", "Datagrams in a batch.", 1.0, 2.0, 11),
            answer_seconds: histogram("answer_seconds", "How long clients wait.", 100e-6, 1.6, 28),
            registry: registry.clone(),
        };
        // What never happened is told as 0, not left out.
        for reason in Drop::ALL {
            metrics.dropped.with_label_values(&[reason.name()]);
        }
        metrics
    }

    /// A datagram is dropped.
    pub fn dropped(&self, reason: Drop) {
        self.dropped.with_label_values(&[reason.name()]).inc();
    }

    /// A client is answered.
    pub fn answered(&self, answer: &Answer) {
        let kind = match answer {
            Answer::Chosen(_) => "chosen",
            Answer::Undecided => "undecided",
            Answer::Busy => "busy",
            Answer::NotAProposer => "not_a_proposer",
        };
        self.answers.with_label_values(&[kind]).inc();
    }

    /// All of them, in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        let families = self.registry.gather();
        match TextEncoder::new().encode(&families, &mut text) {
            Ok(()) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => format!("# {error}\n"),
        }
    }

    /// Serves them at `http://ADDRESS/metrics`, on a thread of its own. Where it listens, since port
    /// 0 is any.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub fn serve(&self, address: SocketAddr) -> Result<SocketAddr, HostError> {
        let failed = |problem: String| HostError::Metrics { address, problem };
        let server = tiny_http::Server::http(address).map_err(|error| failed(error.to_string()))?;
        let listens = server.server_addr().to_ip().unwrap_or(address);
        let metrics = self.clone();
        let serve = move || {
            for request in server.incoming_requests() {
                let response = match request.url() {
                    "/metrics" => tiny_http::Response::from_string(metrics.text()),
                    _ => tiny_http::Response::from_string("see /metrics\n").with_status_code(404),
                };
                // Whoever asked may be gone.
                let _ = request.respond(response);
            }
        };
        let named = thread::Builder::new().name("metrics".to_owned());
        named
            .spawn(serve)
            .map_err(|error| failed(error.to_string()))?;
        Ok(listens)
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

fn registered<T: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<T>,
) -> T {
    let collector = made.expect("the names are valid");
    let registering = registry.register(Box::new(collector.clone()));
    registering.expect("each name is registered once");
    collector
}
