//! So many tasks, each with one operation after another.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bench::{Latencies, Span};
use etcd_client::{Compare, CompareOp, KvClient, Txn, TxnOp};

use crate::args::Args;

/// What the tasks found.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Of operations that ended well within the span.
    pub(crate) latencies: Latencies,
    /// Transactions that failed, or found their key there.
    pub(crate) errors: u64,
    /// What the first of them said.
    pub(crate) first_error: Option<String>,
}

/// One task's share.
struct Task {
    /// Taken in turn, operation by operation.
    clients: Vec<KvClient>,
    /// The one whose turn it is; each task begins with another.
    turn: usize,
    span: Span,
    prefix: Arc<str>,
    /// The number of the next key, common to all tasks.
    next: Arc<AtomicU64>,
    value: Vec<u8>,
}

/// Loads the cluster until the span is over, by as many tasks as operations are to be in flight; each takes the
/// connections in turn.
///
/// # Errors
/// If a task breaks down; operations that fail are counted.
pub(crate) async fn run(clients: &[KvClient], args: &Args) -> Result<Tally, Box<dyn Error>> {
    let span = Span::after(
        Instant::now(),
        Duration::from_secs_f64(args.warm_up_seconds),
        Duration::from_secs_f64(args.seconds),
    );
    let prefix: Arc<str> = args.prefix.as_str().into();
    let next = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..args.in_flight)
        .map(|turn| {
            let task = Task {
                clients: clients.to_vec(),
                turn,
                span,
                prefix: prefix.clone(),
                next: next.clone(),
                value: vec![b'v'; args.value_bytes],
            };
            tokio::spawn(task.run())
        })
        .collect();
    let mut all = Tally::default();
    for task in tasks {
        let tally = task.await?;
        all.latencies.append(tally.latencies);
        all.errors += tally.errors;
        all.first_error = all.first_error.or(tally.first_error);
    }
    Ok(all)
}

impl Task {
    async fn run(mut self) -> Tally {
        let mut tally = Tally::default();
        loop {
            let asked = Instant::now();
            if asked >= self.span.end {
                return tally;
            }
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let key = format!("{}{number:010}", self.prefix);
            match self.put_if_absent(key).await {
                Ok(()) => tally.latencies.note(&self.span, asked, Instant::now()),
                Err(error) => {
                    tally.errors += 1;
                    tally.first_error = tally.first_error.or_else(|| Some(error.to_string()));
                }
            }
        }
    }

    async fn put_if_absent(&mut self, key: String) -> Result<(), Box<dyn Error + Send + Sync>> {
        let absent = Compare::create_revision(key.as_str(), CompareOp::Equal, 0);
        let put = TxnOp::put(key.as_str(), self.value.as_slice(), None);
        self.turn = (self.turn + 1) % self.clients.len();
        let answer = self.clients[self.turn]
            .txn(Txn::new().when([absent]).and_then([put]))
            .await?;
        if answer.succeeded() {
            Ok(())
        } else {
            Err(format!("the key {key} was there").into())
        }
    }
}
