//! The other process: it answers what can happen, by the core that it is built with.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use checker::Limits;
use model::{Scenario, World};

use crate::side::steps_of;
use crate::wire::{ActionText, Answer, Ask, FORM, StateText};
use crate::{Here, RuleSetName, Side};

/// Answers line by line, until there are no more questions. An exploration under way is cut when they end.
///
/// # Errors
/// If the answers cannot be written.
pub fn serve(input: impl BufRead + Send + 'static, output: &mut impl Write) -> io::Result<()> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let questions = listen(input, Arc::clone(&interrupt));
    say(output, &Answer::Hello(FORM.to_owned()))?;
    let mut world = None;
    for line in questions {
        let answer = serde_json::from_str(&line)
            .map_err(|error| format!("`{line}` is no question: {error}"))
            .and_then(|ask| answer(ask, &mut world, &interrupt));
        say(output, &answer.unwrap_or_else(Answer::Refused))?;
    }
    Ok(())
}

/// The lines of the input. When it ends, so does what is being done.
fn listen(input: impl BufRead + Send + 'static, interrupt: Arc<AtomicBool>) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in input.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
        interrupt.store(true, Ordering::Relaxed);
    });
    receiver
}

fn say(output: &mut impl Write, answer: &Answer) -> io::Result<()> {
    serde_json::to_writer(&mut *output, answer)?;
    output.write_all(b"\n")?;
    output.flush()
}

fn answer(
    ask: Ask,
    opened: &mut Option<World>,
    interrupt: &Arc<AtomicBool>,
) -> Result<Answer, String> {
    if let Ask::Open { name, text, rules } = ask {
        let path = format!("{name}.toml");
        let scenario =
            Scenario::parse(Path::new(&path), &text).map_err(|error| error.to_string())?;
        let rules: RuleSetName = rules.parse().map_err(|error| format!("{error}"))?;
        let world = rules.on(World::new(Arc::new(scenario))?);
        let start = Here::new(world.clone()).start();
        *opened = Some(world);
        let start = start.map_err(|error| error.to_string())?;
        return Ok(Answer::Opened(StateText::new(&start)?));
    }
    let world = opened.as_ref().ok_or("no scenario is open")?;
    match ask {
        Ask::Open { .. } => Err("a scenario was to be opened".to_owned()),
        Ask::Steps(states) => {
            let steps = states.iter().map(|state| steps(world, state));
            Ok(Answer::Steps(steps.collect::<Result<_, String>>()?))
        }
        Ask::Tell { state, action } => {
            let (state, action) = (state.state()?, action.action(world.scenario())?);
            let told = Here::new(world.clone()).told(&state, action);
            Ok(Answer::Told(told.map_err(|error| error.to_string())?))
        }
        Ask::Explore {
            threads,
            max_states,
            timeout_ms,
        } => {
            let limits = Limits {
                threads: threads.try_into().map_err(|_| "no threads".to_owned())?,
                max_states,
                timeout: timeout_ms.map(Duration::from_millis),
                interrupt: Arc::clone(interrupt),
                ..Limits::default()
            };
            let explored = Here::new(world.clone()).explored(&limits, &|_| ());
            let explored = explored.map_err(|error| error.to_string())?;
            Ok(Answer::Explored(explored))
        }
    }
}

fn steps(world: &World, state: &StateText) -> Result<Vec<(ActionText, StateText)>, String> {
    let steps = steps_of(world, &state.state()?);
    let texts = steps
        .iter()
        .map(|step| Ok((ActionText::new(step.action), StateText::new(&step.next)?)));
    texts.collect()
}
