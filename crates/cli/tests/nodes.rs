//! Real nodes, as a person runs them.

#![expect(
    clippy::unwrap_used,
    reason = "it is a test, also where it is not a test function"
)]

mod real;

use std::time::Duration;

use node::Value;
use node::client::{Outcome, Told};
use real::Cluster;

const LONG: Duration = Duration::from_secs(20);

fn chosen(value: &str) -> Outcome {
    Outcome::Success(Told::Chosen(value.parse::<Value>().unwrap()))
}

#[test]
fn what_is_decided_outlives_any_minority() {
    let mut cluster = Cluster::new(3, "");
    cluster.start_all();
    let all = cluster.client_of_all(LONG);
    assert_eq!(all.get("leader"), Outcome::Success(Told::Undecided));
    assert_eq!(
        cluster.client(0, LONG).propose("leader", "n0"),
        chosen("n0")
    );
    assert_eq!(cluster.client(1, LONG).get("leader"), chosen("n0"));
    assert_eq!(
        cluster.client(2, LONG).propose("leader", "n2"),
        chosen("n0")
    );

    cluster.kill(0);
    assert_eq!(all.get("leader"), chosen("n0"));
    assert_eq!(all.propose("next", "n1"), chosen("n1"));
    cluster.start(0);
    cluster.wait_until_answers(0);
    assert_eq!(cluster.client(0, LONG).get("leader"), chosen("n0"));
    assert_eq!(cluster.client(0, LONG).get("next"), chosen("n1"));

    cluster.kill(1);
    cluster.kill(2);
    let short = Duration::from_millis(600);
    let alone = cluster.client(0, short).propose("lonely", "n0");
    assert!(matches!(alone, Outcome::Unknown(_)), "{alone}");
    cluster.start(1);
    assert_eq!(
        cluster.client(0, LONG).propose("lonely", "n0"),
        chosen("n0")
    );
    cluster.start(2);
    cluster.wait_until_all_answer();
    cluster.stop_and_conform();
}
