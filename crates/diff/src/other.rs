//! A side that is another process, built with another core.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use checker::{Cut, Limits, Progress};
use model::{Action, Scenario, State, properties};

use crate::side::in_order;
use crate::wire::{ActionText, Answer, Ask, FORM, StateText};
use crate::{Error, Explored, Found, RuleSetName, Side, Step};

/// A side that is another process.
#[derive(Debug)]
pub struct Other {
    process: Process,
    scenario: Scenario,
    start: State,
}

/// A process that is asked, and answers.
#[derive(Debug)]
struct Process {
    child: Child,
    /// `None`: nothing more is asked.
    asks: Option<ChildStdin>,
    answers: Receiver<io::Result<String>>,
}

/// How often an interrupt is looked for.
const EVERY: Duration = Duration::from_millis(50);

impl Other {
    /// Starts the program, and opens a scenario by its text.
    ///
    /// # Errors
    /// If it cannot be started or speaks in another form.
    pub fn start(
        program: &Path,
        scenario: &Scenario,
        text: &str,
        rules: RuleSetName,
    ) -> Result<Other, Error> {
        let mut process = Process::start(program).map_err(Error::Process)?;
        let hello = process.answer()?;
        if !matches!(&hello, Answer::Hello(form) if form == FORM) {
            return Err(Error::OtherForm);
        }
        let open = Ask::Open {
            name: scenario.name.clone(),
            text: text.to_owned(),
            rules: rules.to_string(),
        };
        let answer = process.ask(&open)?;
        let Answer::Opened(start) = answer else {
            return Err(unfit(&answer));
        };
        let start = start.state().map_err(Error::Answer)?;
        Ok(Other {
            process,
            scenario: scenario.clone(),
            start,
        })
    }
}

impl Process {
    fn start(program: &Path) -> io::Result<Process> {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C is for this process, which ends the other one.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("it has no output");
        let says = child.stdout.take().ok_or_else(missing)?;
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(says).lines() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Process {
            asks: child.stdin.take(),
            child,
            answers,
        })
    }

    fn ask(&mut self, ask: &Ask) -> Result<Answer, Error> {
        self.say(ask)?;
        self.answer()
    }

    fn say(&mut self, ask: &Ask) -> Result<(), Error> {
        let mut line = serde_json::to_vec(ask).map_err(|error| Error::Answer(error.to_string()))?;
        line.push(b'\n');
        let asks = self.asks.as_mut();
        let asks = asks.ok_or_else(|| Error::Process(io::ErrorKind::BrokenPipe.into()))?;
        asks.write_all(&line)
            .and_then(|()| asks.flush())
            .map_err(Error::Process)
    }

    fn answer(&mut self) -> Result<Answer, Error> {
        read(self.answers.recv().map_err(|_| ended())?)
    }
}

fn read(line: io::Result<String>) -> Result<Answer, Error> {
    let line = line.map_err(Error::Process)?;
    match serde_json::from_str(&line) {
        Ok(Answer::Refused(why)) => Err(Error::Answer(why)),
        Ok(answer) => Ok(answer),
        Err(error) => Err(Error::Answer(error.to_string())),
    }
}

fn ended() -> Error {
    Error::Process(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "it ended before it was done",
    ))
}

fn unfit(answer: &Answer) -> Error {
    let mut answer = format!("{answer:?}");
    answer.truncate(answer.floor_char_boundary(80));
    Error::Answer(format!("it answered something else: {answer}"))
}

impl Side for Other {
    fn start(&mut self) -> Result<State, Error> {
        Ok(self.start.clone())
    }

    fn steps(&mut self, states: &[&State]) -> Result<Vec<Vec<Step>>, Error> {
        let texts = states.iter().map(|state| StateText::new(state));
        let texts: Vec<StateText> = texts
            .collect::<Result<_, String>>()
            .map_err(Error::Answer)?;
        let answer = self.process.ask(&Ask::Steps(texts))?;
        let Answer::Steps(answered) = answer else {
            return Err(unfit(&answer));
        };
        if answered.len() != states.len() {
            return Err(Error::Answer("it answered of other states".to_owned()));
        }
        let read = |(action, next): &(ActionText, StateText)| {
            Ok(Step {
                action: action.action(&self.scenario)?,
                next: next.state()?,
            })
        };
        let all = answered.iter().map(|of_one| {
            let steps = of_one
                .iter()
                .map(read)
                .collect::<Result<Vec<Step>, String>>();
            // The other core may order messages otherwise.
            let mut steps = steps.map_err(Error::Answer)?;
            in_order(&mut steps);
            Ok(steps)
        });
        all.collect()
    }

    fn told(&mut self, state: &State, action: Action) -> Result<Vec<String>, Error> {
        let ask = Ask::Tell {
            state: StateText::new(state).map_err(Error::Answer)?,
            action: ActionText::new(action),
        };
        let answer = self.process.ask(&ask)?;
        match answer {
            Answer::Told(told) => Ok(told),
            Answer::Hello(_)
            | Answer::Opened(_)
            | Answer::Steps(_)
            | Answer::Explored(_)
            | Answer::Refused(_) => Err(unfit(&answer)),
        }
    }

    fn explored(
        &mut self,
        limits: &Limits,
        _tell: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Explored, Error> {
        let started = Instant::now();
        self.process.say(&Ask::Explore {
            threads: limits.threads.get(),
            max_states: limits.max_states,
            timeout_ms: limits.timeout.map(|limit| limit.as_millis() as u64),
        })?;
        loop {
            match self.process.answers.recv_timeout(EVERY) {
                Ok(line) => {
                    let answer = read(line)?;
                    let Answer::Explored(explored) = answer else {
                        return Err(unfit(&answer));
                    };
                    return Ok(explored);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                Err(RecvTimeoutError::Timeout) if limits.interrupt.load(Ordering::Relaxed) => {
                    // It ends what it does when it is asked nothing more.
                    self.process.asks = None;
                    return Ok(nothing_known(Cut::Interrupted, started));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// What is known of a world that was left before its end.
fn nothing_known(cut: Cut, started: Instant) -> Explored {
    let found = properties::ALL.iter().map(|known| Found {
        property: known.name.to_owned(),
        verdict: None,
        steps: None,
    });
    Explored {
        states: 0,
        depth: 0,
        cut: Some(format!(
            "{cut} after {:.1} s",
            started.elapsed().as_secs_f64()
        )),
        found: found.collect(),
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ends by itself when it is asked nothing more; nothing it still does is of use.
        self.asks = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
