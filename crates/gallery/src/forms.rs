//! Asking the program `forms`, built with the woven core, for the answers of one core.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::error::Error;
use answers::{Answer, Outcome};

/// What to ask.
pub(crate) struct Question<'a> {
    /// The core to switch on; `None` is the base.
    pub(crate) core: Option<&'a str>,
    /// The files of the worlds; of the second look the names of its own, or none for all of them.
    pub(crate) worlds: &'a [String],
    /// The forms, or [`SECOND_LOOK`] alone.
    pub(crate) forms: &'a [String],
    /// For how long one form may explore one world.
    pub(crate) seconds: u64,
    /// Whether to ask no further form about a world once one came to no end.
    pub(crate) give_up: bool,
    /// Whether tables and reductions are relied upon without asking the core for what they take for granted.
    pub(crate) unasked: bool,
}

/// What is asked in place of a form: the second look at a changed core, with nothing asked of it.
pub(crate) const SECOND_LOOK: &str = "second-look";

/// The answers, one for each world and form. Where the program ends too early or never, since the core has it loop or
/// abort, what is missing has panicked.
pub(crate) fn ask(program: &Path, question: &Question<'_>) -> Result<Vec<Answer>, Error> {
    let mut command = Command::new(program);
    match question.forms {
        [form] if form == SECOND_LOOK => command.arg("--second-look"),
        forms => command.args(["--forms", &forms.join(",")]),
    };
    command
        .args(["--seconds", &question.seconds.to_string()])
        .args(question.worlds)
        .env_remove("PAXOS_CORE")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if question.give_up {
        command.arg("--give-up");
    }
    if question.unasked {
        command.arg("--unasked");
    }
    if let Some(core) = question.core {
        command.env("PAXOS_CORE", core);
    }
    let mut child = command.spawn().map_err(Error::file(program))?;
    let rows = question.worlds.len() * question.forms.len();
    let patience = Duration::from_secs(question.seconds.saturating_mul(rows as u64).clamp(10, 600));
    let lines = read_lines(&mut child);
    let ended = wait(&mut child, patience);
    let mut answers = Vec::new();
    for line in lines.join().unwrap_or_default() {
        answers.push(
            serde_json::from_str::<Answer>(&line).map_err(|error| Error::Program {
                program: program.display().to_string(),
                why: format!("expected an answer as JSON, found `{line}`: {error}"),
            })?,
        );
    }
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_string(&mut said);
    }
    // 2: the program refuses the world, or the core.
    let (outcome, why) = match ended {
        Some(2) => (Outcome::Refused, said.trim().to_owned()),
        Some(code) => {
            let why = format!("the program ended with {code}: {}", said.trim());
            (Outcome::Panicked, why)
        }
        None => {
            let why = format!("no end after {} s", patience.as_secs());
            (Outcome::Panicked, why)
        }
    };
    let asked = question
        .worlds
        .iter()
        .flat_map(|world| question.forms.iter().map(move |form| (world, form)));
    let missing = asked.skip(answers.len()).map(|(world, form)| Answer {
        world: world.clone(),
        form: form.clone(),
        ..Answer::without_verdict(outcome, Some(why.clone()))
    });
    let missing: Vec<Answer> = missing.collect();
    answers.extend(missing);
    Ok(answers)
}

fn read_lines(child: &mut Child) -> std::thread::JoinHandle<Vec<String>> {
    let stdout = child.stdout.take();
    std::thread::spawn(move || match stdout {
        Some(stdout) => BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .collect(),
        None => Vec::new(),
    })
}

/// The exit code; `None` if the child had to be ended.
fn wait(child: &mut Child, patience: Duration) -> Option<i32> {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Does something for each of several things, as many at a time as there are processors; the results in the same order.
pub(crate) fn in_parallel<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                match things.get(place) {
                    Some(thing) => own.push((place, work(thing))),
                    None => return own,
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let workers = workers.into_iter();
        workers
            .flat_map(|worker| worker.join().expect("a worker does not panic"))
            .collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
