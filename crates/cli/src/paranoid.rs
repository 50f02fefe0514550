//! `paxos check --paranoid`: whether models answer the same when they are asked again, here and in other
//! processes.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use checker::{Broken, Paranoia, Paranoid, first_difference};
use model::{World, as_it_is};

use crate::Ended;
use crate::args::CheckArgs;
use crate::check::listen_for_interrupt;
use crate::error::Error;
use crate::load::{self, Loaded};
use crate::print::{self, Tone};

/// How many states of a scenario are looked at, if nothing else is said.
const STATES_MAX: u64 = 200_000;

/// What became of one scenario.
enum Asked {
    /// Everything was the same.
    Same(Paranoid),
    /// Something was not.
    Differs(Broken),
    /// Ctrl-C came before the end.
    Interrupted,
}

pub(crate) fn paranoid(args: &CheckArgs) -> Result<Ended, Error> {
    let states_max = args.max_states.unwrap_or(STATES_MAX);
    let loaded = load::select_bounded(&args.scenarios, args.all)?;
    if args.digests {
        return answer(args, &loaded, states_max);
    }
    let interrupt = listen_for_interrupt()?;
    let paranoia = Paranoia {
        states_max,
        interrupt: &interrupt,
    };
    let mut ended = Ended::Met;
    for one in &loaded {
        let name = &one.scenario.name;
        match ask(args, one, paranoia)? {
            Asked::Same(found) => {
                let states = print::number(found.digests.len() as u64);
                print::line(&match found.is_whole {
                    true => format!("{name}: deterministic in all {states} states"),
                    false => format!(
                        "{name}: deterministic in the first {states} states; the others were not asked \
                         (--max-states)"
                    ),
                })?;
            }
            Asked::Differs(broken) => {
                print_broken(name, &broken)?;
                ended = Ended::Unmet;
            }
            Asked::Interrupted => {
                let problem =
                    format!("{name}: interrupted; nothing is known of what was not asked");
                print::line(&print::toned(Tone::Doubtful, &problem))?;
                let is_met = ended == Ended::Met;
                return Ok(if is_met { Ended::Truncated } else { ended });
            }
        }
    }
    print::line("asked twice here, and once more in another thread and in two other processes")?;
    Ok(ended)
}

fn print_broken(name: &str, broken: &Broken) -> Result<(), Error> {
    let heading = format!("{name}: NOT DETERMINISTIC: asked {}", broken.asked);
    print::line(&print::toned(Tone::Bad, &heading))?;
    print::line(&format!("  the answers differ {}", broken.difference))?;
    if let Some(state) = &broken.state {
        print::line("  in the state")?;
        for line in state.lines() {
            print::line(&format!("    {line}"))?;
        }
    }
    Ok(())
}

/// Asks one scenario here, and then elsewhere.
fn ask(args: &CheckArgs, one: &Loaded, paranoia: Paranoia<'_>) -> Result<Asked, Error> {
    let world = one.world(args.mutant)?;
    let here = as_it_is::paranoid(&world, paranoia);
    if let Some(broken) = here.broken {
        return Ok(Asked::Differs(broken));
    }
    let is_interrupted = || paranoia.interrupt.load(Ordering::Relaxed);
    if is_interrupted() {
        return Ok(Asked::Interrupted);
    }
    // Both at once; each waits until it is read.
    let others = [
        Other::start(args, one, paranoia.states_max).map_err(Error::OtherProcess)?,
        Other::start(args, one, paranoia.states_max).map_err(Error::OtherProcess)?,
    ];
    for mut other in others {
        let differs = other.compare(&world, &here.digests);
        // Ctrl-C is for the other processes as well.
        match differs {
            _ if is_interrupted() => return Ok(Asked::Interrupted),
            Ok(None) => {}
            Ok(Some(broken)) => return Ok(Asked::Differs(broken)),
            Err(error) => return Err(Error::OtherProcess(error)),
        }
    }
    Ok(Asked::Same(here))
}

/// Another process that asks the same.
struct Other {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Other {
    fn start(args: &CheckArgs, one: &Loaded, states_max: u64) -> io::Result<Other> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["check", "--paranoid", "--digests", "--max-states"])
            .arg(states_max.to_string());
        if let Some(mutant) = args.mutant {
            command.args(["--mutant", mutant.name()]);
        }
        command.arg("--").arg(&one.path);
        Other::of(command)
    }

    fn of(mut command: Command) -> io::Result<Other> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take();
        let says = stdout.ok_or_else(|| io::Error::other("it has no output"))?;
        Ok(Other {
            child,
            says: BufReader::new(says),
        })
    }

    /// Compares what it finds with what was found here.
    fn compare(&mut self, world: &World, here: &[u64]) -> io::Result<Option<Broken>> {
        let there = self.digests()?;
        let Some(place) = first_difference(here, &there, false) else {
            return Ok(None);
        };
        let here = as_it_is::record(world, place).unwrap_or_default();
        let there = self.record(place)?;
        Ok(Some(Broken::of_records(
            "in another process",
            &here,
            &there,
        )))
    }

    fn digests(&mut self) -> io::Result<Vec<u64>> {
        let mut digests = Vec::new();
        let mut line = String::new();
        while self.says.read_line(&mut line)? > 0 {
            let text = line.trim();
            if text.is_empty() {
                return Ok(digests);
            }
            let digest = u64::from_str_radix(text, 16).map_err(io::Error::other)?;
            digests.push(digest);
            line.clear();
        }
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it ended before it was done",
        ))
    }

    fn record(&mut self, place: usize) -> io::Result<String> {
        if let Some(mut stdin) = self.child.stdin.take() {
            writeln!(stdin, "{place}")?;
        }
        let mut record = String::new();
        self.says.read_to_string(&mut record)?;
        Ok(record)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended already, and is of no use any more if not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the other process does: a digest a line, an empty line, and then what stands behind the one that is
/// asked for, if any is.
fn answer(args: &CheckArgs, loaded: &[Loaded], states_max: u64) -> Result<Ended, Error> {
    let paranoia = Paranoia {
        states_max,
        interrupt: &AtomicBool::new(false),
    };
    for one in loaded {
        let world = one.world(args.mutant)?;
        let mut out = io::stdout().lock();
        for digest in as_it_is::digests(&world, paranoia) {
            writeln!(out, "{digest:016x}")?;
        }
        writeln!(out)?;
        out.flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        if let Ok(place) = line.trim().parse() {
            let record = as_it_is::record(&world, place).unwrap_or_default();
            write!(out, "{record}")?;
        }
    }
    Ok(Ended::Met)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use model::Scenario;

    use super::*;

    fn world() -> World {
        let text =
            "title = \"\"\nabout = \"\"\n[cluster]\nservers = 1\n[[ask]]\nvalue = \"A\"\nof = 0\n";
        let scenario = Scenario::parse(Path::new("one.toml"), text).unwrap();
        World::new(Arc::new(scenario)).unwrap()
    }

    /// Another process that does as this script says.
    fn other(script: &str) -> Other {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Other::of(command).unwrap()
    }

    #[test]
    fn another_process_that_says_otherwise_is_asked_what_it_means() {
        let script = "printf '%016x\\n' 1 2 4; echo; read place; echo \"state: at $place\"";
        let same = other(script).compare(&world(), &[1, 2, 4]).unwrap();
        assert_eq!(same, None);
        let broken = other(script)
            .compare(&world(), &[1, 2, 3])
            .unwrap()
            .unwrap();
        assert_eq!(broken.difference.second, "state: at 2");
        assert!(broken.state.unwrap().contains("network:"));
        let fewer = other(script).compare(&world(), &[1, 2]).unwrap().unwrap();
        assert_eq!(fewer.asked, "everything again in another process");
    }

    #[test]
    fn another_process_that_breaks_off_is_no_witness() {
        for script in ["printf '1\\n2\\n'", "exit 1", "echo what; echo"] {
            assert!(
                other(script).compare(&world(), &[1, 2]).is_err(),
                "{script}"
            );
        }
    }
}
