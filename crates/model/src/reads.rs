//! Clients that read: they ask a proposer for the outcome and propose nothing.
//!
//! The node asks the acceptors for their votes, and [`paxos::Read`] says what the answers amount to. Each acceptor answers a
//! read once: a copy of its answer is no news, and what it answered later could as well be its only answer. An answer is on
//! its way for any time, or for ever. What is told is judged by `linearizable`.
//!
//! Where clients' requests can fail (`world.faults`), those of reads do not: they do nothing, so to ask again is to read anew.

use std::fmt;

use paxos::{Input, NodeId, NodeSet, Read, ReadOutcome, Vote};
use serde::{Deserialize, Serialize};

use crate::{Action, Consequence, Kind, Letter, Letters, Mutant, Outcome, Reaction, State, World};

/// A client reads at a proposer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReadAsk {
    /// The node asked.
    pub of: usize,
}

impl ReadAsk {
    /// How many reads a scenario can have.
    pub const LIMIT: usize = 8;
}

/// What can happen next to a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadStep {
    /// The client asks.
    Ask,
    /// The question reaches an acceptor, and it answers.
    Tell(NodeId),
    /// The answer of an acceptor reaches the node that asked.
    Hear(NodeId),
}

/// What a client knows of its read.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum ReadStatus {
    /// It has not asked yet.
    #[default]
    NotAsked,
    /// It waits.
    Asked,
    /// The node crashed with the read: nothing is known.
    Unknown,
    /// It was told that nothing was chosen when it asked.
    NothingChosen,
    /// It was told that this value is chosen.
    Chosen(Letter),
}

/// A read: what its client knows, and how far its node has come with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reading {
    /// What its client knows.
    pub status: ReadStatus,
    /// Whether a client had been told a value before this one asked. Seen by properties only.
    pub after_news: bool,
    /// In the node's memory: what acceptors have answered; `None` if they are not being asked.
    pub answers: Option<Read<Letter>>,
    /// The acceptors that have answered.
    pub answered: NodeSet,
    /// Answers on their way, by acceptor.
    pub on_way: Vec<(NodeId, Option<Vote<Letter>>)>,
}

impl Reading {
    /// The acceptors are asked no longer.
    fn close(&mut self) {
        *self = Reading {
            status: self.status,
            after_news: self.after_news,
            ..Reading::default()
        };
    }

    /// The client is told, or left alone.
    fn end(&mut self, status: ReadStatus) {
        self.status = status;
        self.close();
    }
}

impl ReadStatus {
    /// The value told, if one was.
    pub fn told(self) -> Option<Letter> {
        match self {
            ReadStatus::Chosen(value) => Some(value),
            ReadStatus::NotAsked
            | ReadStatus::Asked
            | ReadStatus::Unknown
            | ReadStatus::NothingChosen => None,
        }
    }
}

/// The values that clients were told, whether they propose or read.
pub(crate) fn told(state: &State) -> Letters {
    let mut told = Letters::EMPTY;
    for outcome in &state.asks {
        told = outcome.told().map_or(told, |value| told.with(value));
    }
    for read in &state.reads {
        told = read.status.told().map_or(told, |value| told.with(value));
    }
    told
}

/// Whether what clients were told can be put in one order, as if there were one register that is written once: one value is
/// told, it was asked for before, and nobody is told that nothing is chosen who asked when a value had been told.
///
/// This is linearizability (Herlihy and Wing, 1990) of a register that keeps its first value and answers it to whoever writes or
/// reads. It is enough to look at these three: the write that counts can be placed right before the first answer that
/// tells its value, and reads that find nothing right after they began. A test compares it with stateright's tester on the
/// histories of paths.
pub(crate) fn linearizable(world: &World, state: &State) -> bool {
    if state.reads.is_empty() {
        return true;
    }
    let asks = world.scenario().ask.iter().zip(&state.asks);
    let asked: Letters = asks
        .filter(|(_, outcome)| **outcome != Outcome::NotAsked)
        .map(|(ask, _)| ask.value)
        .collect();
    let told = told(state);
    let mut reads = state.reads.iter();
    told.len() <= 1
        && told.is_subset(asked)
        && reads.all(|read| read.status != ReadStatus::NothingChosen || !read.after_news)
}

impl World {
    /// Whether clients read here.
    pub(crate) fn has_reads(&self) -> bool {
        !self.scenario().read.is_empty()
    }

    /// The reads when nothing has happened yet.
    pub(crate) fn reads(&self) -> Box<[Reading]> {
        vec![Reading::default(); self.scenario().read.len()].into()
    }

    /// What can happen to reads.
    pub(crate) fn read_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for ((read, of), reading) in self.readers().zip(&state.reads) {
            if self.is_out(state, of) {
                continue;
            }
            let mut steps = Vec::new();
            if reading.status == ReadStatus::NotAsked {
                steps.push(ReadStep::Ask);
            }
            if reading.answers.is_some() {
                let silent = self.cluster().acceptors().iter().filter(|acceptor| {
                    *acceptor != of
                        && !reading.answered.contains(*acceptor)
                        && !self.is_out(state, *acceptor)
                });
                steps.extend(silent.map(ReadStep::Tell));
                let on_way = reading.on_way.iter();
                steps.extend(on_way.map(|(acceptor, _)| ReadStep::Hear(*acceptor)));
            }
            let actionable = steps
                .into_iter()
                .map(|step| Action::Read { read, of, step });
            actions.extend(actionable.filter(|action| self.next_read(state, *action).is_some()));
        }
    }

    /// The reads and the nodes that they are for.
    fn readers(&self) -> impl Iterator<Item = (u8, NodeId)> {
        let reads = self.scenario().read.iter().zip(0_u8..);
        reads.filter_map(|(read, index)| Some((index, NodeId::new(read.of)?)))
    }

    /// The world after a step of a read; `None` if it cannot be made, as where the node has no round left.
    pub(crate) fn next_read(&self, state: &State, action: Action) -> Option<State> {
        self.read_on(state, action).map(|(next, _)| next)
    }

    /// The same, and what the node does to find out what is chosen, if it comes to that.
    fn read_on(&self, state: &State, action: Action) -> Option<(State, Option<Reaction>)> {
        let Action::Read { read, of, step } = action else {
            return None;
        };
        let mut next = state.clone();
        let index = usize::from(read);
        let reaction = match step {
            ReadStep::Ask => self.begin_read(&mut next, index, of)?,
            ReadStep::Tell(acceptor) => {
                let vote = self.answer_to_read(state, acceptor);
                let reading = next.reads.get_mut(index)?;
                reading.answered = reading.answered.with(acceptor);
                let on_way = &mut reading.on_way;
                let place = on_way.partition_point(|(from, _)| *from < acceptor);
                on_way.insert(place, (acceptor, vote));
                None
            }
            ReadStep::Hear(acceptor) => {
                let on_way = &mut next.reads.get_mut(index)?.on_way;
                let place = on_way.iter().position(|(from, _)| *from == acceptor)?;
                let answer = on_way.remove(place);
                self.hear_answer(&mut next, index, of, answer)?
            }
        };
        Some((next, reaction))
    }

    fn begin_read(&self, next: &mut State, index: usize, of: NodeId) -> Option<Option<Reaction>> {
        let server = next.server(of);
        let joined = match self.rules().is(Mutant::ReadJoinsAnother) {
            true => self
                .readers()
                .zip(&next.reads)
                .find_map(|((_, at), reading)| reading.answers.filter(|_| at == of)),
            false => None,
        };
        let after_news = !told(next).is_empty();
        let reading = next.reads.get_mut(index)?;
        reading.after_news = after_news;
        if let Some(value) = server.node(of, *self.cluster()).chosen() {
            reading.end(ReadStatus::Chosen(*value));
            return Some(None);
        }
        reading.status = ReadStatus::Asked;
        reading.answers = Some(joined.unwrap_or(Read::begin()));
        if !self.cluster().acceptors().contains(of) {
            return Some(None);
        }
        // Its own vote needs no message.
        reading.answered = reading.answered.with(of);
        let answer = (of, self.answer_to_read(next, of));
        self.hear_answer(next, index, of, answer)
    }

    /// What an acceptor tells a reader.
    fn answer_to_read(&self, state: &State, acceptor: NodeId) -> Option<Vote<Letter>> {
        let vote = Read::answer(&state.server(acceptor).acceptor);
        vote.filter(|_| !self.rules().is(Mutant::ReadHidesVote))
    }

    /// A node hears an answer, and does what follows; `None` if it cannot.
    fn hear_answer(
        &self,
        next: &mut State,
        index: usize,
        of: NodeId,
        (from, vote): (NodeId, Option<Vote<Letter>>),
    ) -> Option<Option<Reaction>> {
        let reading = next.reads.get_mut(index)?;
        let answers = reading.answers.as_mut()?;
        match self.rules().hear(answers, self.cluster(), from, vote) {
            ReadOutcome::Pending => Some(None),
            ReadOutcome::NothingChosen => {
                reading.end(ReadStatus::NothingChosen);
                Some(None)
            }
            ReadOutcome::MayBeChosen(value) => {
                reading.close();
                let server = next.server(of);
                let node = server.node(of, *self.cluster());
                if !self.may_propose(&node) {
                    return None;
                }
                let reaction = self.handle(&node, Input::Propose(value));
                let after = server.remembering(&reaction.node);
                self.carry_out(next, &server, after, &reaction);
                Some(Some(reaction))
            }
        }
    }

    /// Whether somebody who reads waits at this node.
    pub(crate) fn is_reading(&self, state: &State, at: NodeId) -> bool {
        let mut reads = self.readers().zip(&state.reads);
        reads.any(|((_, of), reading)| of == at && reading.status == ReadStatus::Asked)
    }

    /// A node knows the outcome, and tells those who read.
    pub(crate) fn tell_readers(&self, next: &mut State, at: NodeId, value: Letter) {
        for (_, reading) in self
            .readers()
            .zip(&mut next.reads)
            .filter(|((_, of), _)| *of == at)
        {
            if reading.status == ReadStatus::Asked {
                reading.end(ReadStatus::Chosen(value));
            }
        }
    }

    /// A node loses its memory, and with it who reads.
    pub(crate) fn forget_readers(&self, next: &mut State, at: NodeId) {
        for (_, reading) in self
            .readers()
            .zip(&mut next.reads)
            .filter(|((_, of), _)| *of == at)
        {
            if reading.status == ReadStatus::Asked {
                reading.end(ReadStatus::Unknown);
            }
        }
    }

    /// What a step of a read is.
    pub(crate) fn kind_of_read(&self, state: &State, action: Action) -> Kind {
        let Action::Read { read, step, .. } = action else {
            return Kind::ReadCounted;
        };
        let index = usize::from(read);
        let after = self.next_read(state, action);
        let reading = after.as_ref().and_then(|after| after.reads.get(index));
        let is_open = |reading: &Reading| reading.answers.is_some();
        match (step, reading) {
            (ReadStep::Tell(_), _) => Kind::VoteTold,
            (_, Some(reading)) if reading.status == ReadStatus::NothingChosen => {
                Kind::ReadFindsNothing
            }
            (ReadStep::Ask, Some(reading)) if reading.status.told().is_some() => Kind::ReadAnswered,
            (ReadStep::Hear(_), Some(reading)) if !is_open(reading) => Kind::ReadProposes,
            (ReadStep::Ask, _) => Kind::ReadBegins,
            (ReadStep::Hear(_), _) => Kind::ReadCounted,
        }
    }

    /// What comes of a step of a read: the answer of an acceptor, or the ballot that a node begins to find out.
    pub(crate) fn consequences_of_read(
        &self,
        before: &State,
        action: Action,
        consequences: &mut Vec<Consequence>,
    ) {
        if let Action::Read { read, step, .. } = action
            && let ReadStep::Tell(node) = step
        {
            let vote = self.answer_to_read(before, node);
            consequences.push(Consequence::TellsVote { node, read, vote });
        }
        if let Some((after, Some(reaction))) = self.read_on(before, action) {
            crate::story::whole(before, &after, &reaction, consequences);
        }
    }

    /// What clients that read are told in a step.
    pub(crate) fn told_to_readers(
        &self,
        before: &State,
        after: &State,
        consequences: &mut Vec<Consequence>,
    ) {
        let reads = self.readers().zip(before.reads.iter().zip(&after.reads));
        for ((read, node), (was, is)) in reads {
            if was.status == is.status || is.status == ReadStatus::Asked {
                continue;
            }
            let status = is.status;
            consequences.push(Consequence::TellsReader { node, read, status });
        }
    }
}

impl fmt::Display for ReadStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadStatus::NotAsked => f.write_str("not asked"),
            ReadStatus::Asked => f.write_str("asked"),
            ReadStatus::Unknown => f.write_str("UNKNOWN"),
            ReadStatus::NothingChosen => f.write_str("nothing chosen"),
            ReadStatus::Chosen(value) => write!(f, "chosen {value}"),
        }
    }
}

/// A vote as an answer to a reader has it: "vote 1.0=A" or "no vote".
pub fn vote_in_words(vote: Option<Vote<Letter>>) -> String {
    vote.map_or_else(|| "no vote".to_owned(), |vote| format!("vote {vote}"))
}

/// What a reader has heard.
pub(crate) fn heard(answers: &Option<Read<Letter>>) -> String {
    let Some(Read { heard, best }) = answers else {
        return "nothing".to_owned();
    };
    let names: Vec<String> = heard.iter().map(|node| node.to_string()).collect();
    match names.as_slice() {
        [] => "nobody".to_owned(),
        names => format!("{} ({})", names.join(" "), vote_in_words(*best)),
    }
}

/// Answers on their way.
pub(crate) fn answers_in_words(answers: &[(NodeId, Option<Vote<Letter>>)]) -> String {
    let each = answers.iter();
    let each: Vec<String> = each
        .map(|(from, vote)| format!("{from}: {}", vote_in_words(*vote)))
        .collect();
    match each.as_slice() {
        [] => "nothing".to_owned(),
        each => each.join(", "),
    }
}
