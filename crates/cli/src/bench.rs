//! `paxos bench`: how fast a cluster decides on this machine, beside others.

mod figures;
mod load;

use std::process::Command;
use std::time::Duration;

use node::ClusterFile;
use paxos::NodeId;
use serde_json::json;

use crate::args::BenchArgs;
use crate::cluster::{self, Folder};
use crate::error::Error;
use crate::{Ended, print};
use figures::{Turn, median};
use load::Load;

/// How long nothing happens between turns.
const REST: Duration = Duration::from_millis(500);

/// What is loaded, and its turns so far.
struct Contestant {
    name: String,
    turns: Vec<Turn>,
}

/// Measures a cluster of its own, in turns with whatever else is to be measured.
///
/// # Errors
/// If the cluster does not start, or a command does not measure.
pub(crate) fn bench(args: &BenchArgs) -> Result<Ended, Error> {
    let folder = Folder(args.dir.clone());
    if folder.config().exists() {
        return Err(Error::Bench(format!(
            "{} holds a cluster already; name another folder with --dir",
            args.dir.display()
        )));
    }
    folder.create(args.nodes, args.secret, None)?;
    let mut running = Vec::new();
    let measured = start(args, &folder, &mut running).and_then(|()| measure(args, &folder));
    cluster::stop(&mut running);
    // It was made for this alone.
    std::fs::remove_dir_all(&folder.0).map_err(|source| Error::Cluster {
        folder: folder.0.clone(),
        source,
    })?;
    measured.map(|()| Ended::Met)
}

fn start(
    args: &BenchArgs,
    folder: &Folder,
    running: &mut Vec<cluster::Running>,
) -> Result<(), Error> {
    for id in (0..usize::from(args.nodes)).filter_map(NodeId::new) {
        running.push(folder.start(id, args.journal)?);
    }
    folder.wait_until_up(running)
}

fn measure(args: &BenchArgs, folder: &Folder) -> Result<(), Error> {
    let file = ClusterFile::read(&folder.config())?;
    for in_flight in &args.in_flight {
        let mut contestants: Vec<Contestant> = ["paxos"]
            .into_iter()
            .chain(args.beside.iter().map(|(name, _)| name.as_str()))
            .map(|name| Contestant {
                name: name.to_owned(),
                turns: Vec::new(),
            })
            .collect();
        for slice in 0..args.slices {
            print::say(&format!(
                "{in_flight} in flight, turn {} of {} …",
                slice + 1,
                args.slices
            ));
            rest();
            let turn = own_turn(args, &file, *in_flight, slice)?;
            contestants[0].turns.push(turn);
            for ((_, command), contestant) in args.beside.iter().zip(&mut contestants[1..]) {
                rest();
                let turn = their_turn(args, command, *in_flight, slice)?;
                contestant.turns.push(turn);
            }
        }
        show(args, *in_flight, &contestants)?;
    }
    Ok(())
}

/// Lets what a turn has left for later be over: pages to be written, databases to be tidied.
fn rest() {
    rustix::fs::sync();
    std::thread::sleep(REST);
}

fn own_turn(
    args: &BenchArgs,
    file: &ClusterFile,
    in_flight: usize,
    slice: u64,
) -> Result<Turn, Error> {
    let failed = |error: std::io::Error| Error::Bench(format!("the load failed: {error}"));
    let server = file.nodes[0].id;
    let prefix = format!("{in_flight}-{slice}-");
    let mut load = Load::new(file, server, prefix).map_err(failed)?;
    let length = Duration::from_secs_f64(args.seconds);
    // A little of it is not counted: the first requests find everything cold.
    load.run(in_flight, length.mul_f64(0.1)).map_err(failed)?;
    let figures = load.run(in_flight, length).map_err(failed)?;
    Ok(figures.turn())
}

/// Another program loads what it loads, and prints its figures as JSON.
fn their_turn(
    args: &BenchArgs,
    command: &str,
    in_flight: usize,
    slice: u64,
) -> Result<Turn, Error> {
    let line = format!(
        "{command} --in-flight {in_flight} --seconds {} --json",
        args.seconds
    );
    let output = Command::new("sh")
        .args(["-c", &line])
        .env("TURN", format!("{in_flight}-{slice}"))
        .output();
    let output = output.map_err(|error| Error::Bench(format!("cannot run `{line}`: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let status = output.status;
        return Err(Error::Bench(format!("`{line}` failed ({status}) {said}")));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::Bench(format!("`{line}` did not print figures: {error}")))
}

fn show(args: &BenchArgs, in_flight: usize, contestants: &[Contestant]) -> Result<(), Error> {
    if args.json {
        for one in contestants {
            let line = json!({ "name": one.name, "in_flight": in_flight, "turns": one.turns });
            print::line(&line.to_string())?;
        }
        return Ok(());
    }
    let ours = &contestants[0].turns;
    let mut table = print::table(&[
        "in flight",
        "",
        "p50 µs",
        "p99 µs",
        "per second",
        "p50 ours/its",
        "rate ours/its",
        "errors",
    ]);
    for one in contestants {
        let medians = |number: fn(&Turn) -> f64| median(&one.turns, number);
        let ratio = |number: fn(&Turn) -> f64| match std::ptr::eq(ours, &one.turns) {
            true => String::new(),
            false => format!("{:.2}", median(ours, number) / median(&one.turns, number)),
        };
        let errors: u64 = one.turns.iter().map(|turn| turn.errors).sum();
        table.add_row([
            in_flight.to_string(),
            one.name.clone(),
            format!("{:.0}", medians(|turn| turn.p50_us)),
            format!("{:.0}", medians(|turn| turn.p99_us)),
            format!("{:.0}", medians(|turn| turn.per_second)),
            ratio(|turn| turn.p50_us),
            ratio(|turn| turn.per_second),
            errors.to_string(),
        ]);
    }
    print::right(&mut table, &[0, 2, 3, 4, 5, 6, 7]);
    print::line(&print::trimmed(&table))?;
    Ok(())
}
