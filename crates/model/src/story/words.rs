//! States, actions and what came of them, in words.

use std::fmt;

use paxos::{Durable, Learner, NodeSet, Progress, Proposer};

use super::{Consequence, Happening};
use crate::reads::{answers_in_words, heard, vote_in_words};
use crate::{Action, Clients, Event, Letter, Outcome, Point, ReadStatus, ReadStep, Server, State};

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Ask { of, value, .. } => write!(f, "client asks {of} for {value}"),
            Event::Deliver(envelope) => envelope.fmt(f),
            Event::Timeout(node) => write!(f, "{node} times out"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Step(event) => event.fmt(f),
            Action::Torn { event, sends } => match sends {
                0 => write!(f, "{event}, cut short by a crash before any send"),
                1 => write!(f, "{event}, cut short by a crash after 1 send"),
                sends => write!(f, "{event}, cut short by a crash after {sends} sends"),
            },
            Action::Crash(node) => write!(f, "{node} crashes"),
            Action::Lose(envelope) => write!(f, "lost: {envelope}"),
            Action::Answer { ask, reply } => write!(f, "request {ask} is answered: {reply}"),
            Action::GiveUp(ask) => write!(f, "the client of request {ask} waits no longer"),
            Action::Read { read, of, step } => match step {
                ReadStep::Ask => write!(f, "client reads at {of} (read {read})"),
                ReadStep::Tell(node) => {
                    write!(f, "{node} is asked for its vote, for read {read} of {of}")
                }
                ReadStep::Hear(node) => write!(f, "{node}'s answer reaches {of}, for read {read}"),
            },
            Action::Repeat(node) => write!(f, "{node} asks again"),
            Action::Stop(node) => write!(f, "{node} fails for ever"),
            Action::Settle => f.write_str("from now on one proposer alone tries again"),
            Action::Fail { fault, at } => match at {
                Point::Ask(ask) => write!(f, "request {ask} fails: {fault}"),
                Point::Reply(ask, reply) => {
                    write!(f, "the answer to request {ask}, {reply}, fails: {fault}")
                }
                Point::Event(event) => write!(f, "{event}, and then {fault}"),
                Point::Node(node) => write!(f, "{node} fails: {fault}"),
            },
        }
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.action)?;
        for (i, consequence) in self.consequences.iter().enumerate() {
            f.write_str(if i == 0 { "  ⇒ " } else { "; " })?;
            consequence.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Consequence::Saves {
                node,
                before,
                after,
            } => {
                let news = Durable {
                    round: after.round.filter(|_| before.round != after.round),
                    promised: after.promised.filter(|_| before.promised != after.promised),
                    accepted: after.accepted.filter(|_| before.accepted != after.accepted),
                };
                write!(f, "{node} saves {}", Disk(&news))
            }
            Consequence::Sends(said) => write!(f, "sends {} to {}", said.message, names(said.to)),
            Consequence::DoesNotSend(said) => {
                write!(f, "does not send {} to {}", said.message, names(said.to))
            }
            Consequence::DoesNotSave { node, lost } => {
                write!(f, "{node} does not save {}", Disk(lost))
            }
            Consequence::Announces { node, value } => write!(f, "{node} announces {value}"),
            Consequence::TellsClient { node, value, .. } => {
                write!(f, "{node} tells its client SUCCESS({value})")
            }
            Consequence::Replies { node, ask, reply } => {
                write!(f, "{node} answers request {ask}: {reply}")
            }
            Consequence::Concludes { ask, outcome } => {
                write!(f, "the client of request {ask} is left with {outcome}")
            }
            Consequence::TellsVote { node, vote, .. } => {
                write!(f, "{node} answers: {}", vote_in_words(*vote))
            }
            Consequence::TellsReader {
                node, read, status, ..
            } => match status {
                ReadStatus::Unknown => write!(f, "read {read} is left with UNKNOWN"),
                ReadStatus::NotAsked
                | ReadStatus::Asked
                | ReadStatus::NothingChosen
                | ReadStatus::Chosen(_) => write!(f, "{node} tells its reader: {status}"),
            },
            Consequence::Stops { node } => write!(f, "{node} stops for good"),
            Consequence::Restarts { node, disk } => {
                write!(f, "{node} restarts, its disk says {}", Disk(disk))
            }
            Consequence::Notes { node } => write!(f, "{node} takes note"),
        }
    }
}

fn names(nodes: NodeSet) -> String {
    let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
    names.join(" ")
}

/// What a disk holds, in words.
struct Disk<'a>(&'a Durable<Letter>);

impl fmt::Display for Disk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Durable {
            round,
            promised,
            accepted,
        } = self.0;
        let parts = [
            round.map(|round| format!("round {round:?}")),
            promised.map(|ballot| format!("promise {ballot}")),
            accepted.map(|vote| format!("vote {vote}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => f.write_str("nothing"),
            false => f.write_str(&parts.join(", ")),
        }
    }
}

/// For people: a line for each node, then what is on the network, then what clients know.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (node, server) in self.servers() {
            writeln!(f, "{node}: {server}")?;
        }
        writeln!(f, "network:")?;
        for parcel in &self.mail {
            writeln!(
                f,
                "  {} → {} {}",
                parcel.from(),
                names(parcel.to()),
                parcel.message()
            )?;
        }
        if !self.ledger.is_empty() {
            writeln!(f, "said so far:")?;
        }
        for parcel in &self.ledger {
            writeln!(f, "  {} {}", parcel.from(), parcel.message())?;
        }
        let asked = self.asks.iter().enumerate();
        let asked: Vec<String> = asked
            .filter(|(_, outcome)| **outcome != Outcome::NotAsked)
            .map(|(index, outcome)| format!("request {index} {outcome}"))
            .collect();
        match asked.is_empty() {
            true => writeln!(f, "clients: nothing asked")?,
            false => writeln!(f, "clients: {}", asked.join(", "))?,
        }
        if let Some(clients) = &self.clients {
            write_clients(f, clients)?;
        }
        for (index, reading) in self.reads.iter().enumerate() {
            if reading.status != ReadStatus::NotAsked {
                write!(f, "read {index}: {}", reading.status)?;
                if let Some(answers) = reading.answers {
                    write!(f, ", has heard {}", heard(&Some(answers)))?;
                    write!(f, "; on its way: {}", answers_in_words(&reading.on_way))?;
                }
                writeln!(f)?;
            }
        }
        if !self.stopped.is_empty() {
            writeln!(f, "stopped: {}", names(self.stopped))?;
        }
        if self.settled {
            writeln!(f, "one proposer alone tries again")?;
        }
        write!(f, "crashes: {}", self.crashes)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.durable();
        write!(f, "{}", Disk(&memory))?;
        if memory != self.disk {
            write!(f, " (on disk: {})", Disk(&self.disk))?;
        }
        write_proposer(f, &self.proposer)?;
        if self.proposer.progress != Progress::Idle && self.timer.is_none() {
            f.write_str("; without a timer")?;
        }
        match &self.learner {
            Learner::Unaware => Ok(()),
            Learner::Counting {
                ballot,
                value,
                voters,
            } => write!(f, "; counts {ballot}={value} from {}", names(*voters)),
            Learner::Chosen(value) => write!(f, "; knows {value} is chosen"),
        }
    }
}

fn write_clients(f: &mut fmt::Formatter<'_>, clients: &Clients) -> fmt::Result {
    for (index, call) in clients.calls.iter().enumerate() {
        for (replies, what) in [(call.replies, "answer"), (call.stale, "stale answer")] {
            for reply in replies.iter() {
                writeln!(f, "  {what} to request {index}: {reply}")?;
            }
        }
    }
    if !clients.stopped().is_empty() {
        writeln!(f, "stopped: {}", names(clients.stopped()))?;
    }
    writeln!(
        f,
        "failures: {}, asked again: {}",
        clients.faults, clients.again
    )
}

fn write_proposer(f: &mut fmt::Formatter<'_>, proposer: &Proposer<Letter>) -> fmt::Result {
    if let Some(own) = proposer.client_value {
        write!(f, "; wants {own}")?;
    }
    match proposer.progress {
        Progress::Idle => {}
        Progress::Preparing {
            ballot,
            promises,
            best,
        } => {
            write!(f, "; prepares {ballot}, promised by {}", names(promises))?;
            if let Some(best) = best {
                write!(f, ", must respect {best}")?;
            }
        }
        Progress::Proposing { ballot } => write!(f, "; proposes {ballot}")?,
    }
    match proposer.highest_nack {
        Some(seen) => write!(f, "; refused for {seen}"),
        None => Ok(()),
    }
}
