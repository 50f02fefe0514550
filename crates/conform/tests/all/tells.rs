//! A decree's run is told as counterexamples are.

use conform::{Untold, Verdict, conform};
use node::RequestId;

use crate::host::{Plan, Running, key, run, value};

#[test]
fn a_run_is_drawn_and_told() {
    let mut running = Running::new(&Plan::new(0));
    let request = RequestId::from_bytes([1; 16]);
    running.servers[0].propose(&key("k0"), value("tea"), request);
    running.save(0, false);
    running.settle();
    running.stop();
    let found = conform(running.journals()).unwrap();
    let told = found.tell(&key("k0")).unwrap();
    assert!(told.svg.starts_with("<svg"));
    assert_eq!(told.values[0].1, value("tea"));
    let lines = told.lines.join("\n");
    assert!(lines.contains("client asks n0 for A"), "{lines}");
    assert!(lines.contains("n0 announces A"), "{lines}");
    assert!(told.beside[0].contains("n0 answers"), "{:?}", told.beside);
    assert!(matches!(found.tell(&key("k1")), Err(Untold::Unknown(_))));
}

/// Reads a story as a diff; `UPDATE_GOLDEN=1` writes it anew.
fn compare(name: &str, found: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let file = std::path::Path::new(folder).join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == found, "{name} is not as it was. Found:\n{found}");
}

#[test]
fn a_run_with_a_crash_is_told_as_counterexamples_are() {
    let mut running = Running::new(&Plan::new(0));
    let request = RequestId::from_bytes([1; 16]);
    running.servers[0].propose(&key("k0"), value("tea"), request);
    running.save(0, false);
    // n1 promises, and crashes before its promise is counted.
    running.deliver();
    running.servers[1].start();
    running.settle();
    running.servers[1].start();
    let request = RequestId::from_bytes([2; 16]);
    running.servers[1].propose(&key("k0"), value("milk"), request);
    running.save(1, false);
    running.settle();
    running.stop();
    let found = conform(running.journals()).unwrap();
    assert!(
        matches!(found.verdict, Verdict::Conforms),
        "{:?}",
        found.verdict
    );
    let told = found.tell(&key("k0")).unwrap();
    let beside = told.beside.join("\n");
    compare(
        "crash.txt",
        &format!("{}\n\n{beside}\n", told.lines.join("\n")),
    );
    compare("crash.svg", &told.svg);
}

#[test]
fn every_run_that_fits_can_be_told() {
    for seed in 0..20 {
        let mut plan = Plan::new(seed);
        plan.steps = 200;
        let found = conform(run(&plan)).unwrap();
        for number in 0..plan.keys {
            let key = key(&format!("k{number}"));
            match found.tell(&key) {
                Ok(told) => assert_eq!(told.lines.len() + 1, told.path.into_states().len()),
                Err(Untold::Unknown(_)) => {}
                Err(Untold::Unfit { .. }) => {
                    assert!(found.outside_model.iter().any(|outside| outside.key == key));
                }
            }
        }
    }
}
