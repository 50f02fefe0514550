//! What a node is handed, and what it tells clients.

use node::Value;
use node::journal::{Asked, Entry};
use paxos::{Broadcast, Effects, Input, NodeId};

use super::{Judged, Memory, Replica};
use crate::admit::DecreeId;
use crate::counts::Counts;
use crate::disk::{Decision, Disk};
use crate::divergence::{Cause, Divergence};
use crate::facts::{Facts, Happened};
use crate::text;
use crate::wait::Wait;

impl Replica<'_> {
    /// Judges an entry; what it waits for, if others have to be judged first.
    pub(super) fn judge(
        &mut self,
        entry: &Entry,
        facts: &mut Facts,
        counts: &mut Counts,
    ) -> Judged {
        match entry {
            Entry::Start(start) => {
                self.note_incarnation(start.incarnation, facts);
                let stopped = self.cursor.checked_sub(1).map(|last| {
                    let (_, last) = &self.journal.entries[last];
                    matches!(last, Entry::Stop)
                });
                counts.crashes += u64::from(stopped == Some(false));
                self.end_process(true, facts);
            }
            // What a node forgot that never ran again is no part of the story.
            Entry::Stop => {
                let is_last = self.cursor + 1 == self.journal.entries.len();
                self.end_process(!is_last, facts);
            }
            Entry::Continue(start) => return self.on_continue(start, facts),
            Entry::InMemory { node, .. } => return self.on_in_memory(node, facts),
            Entry::Load { record, .. } => return self.on_load(record.as_ref(), facts, counts),
            Entry::Handle {
                input,
                effects,
                asked,
                ..
            } => return self.on_handle(input, effects, *asked, facts),
            Entry::Learn { from, value, .. } => return self.on_learn(*from, value, facts),
            Entry::Saved => return self.on_saved(facts),
            Entry::Answer { chosen, .. } => return self.on_answer(chosen.as_ref(), facts),
            Entry::Unload { .. } => return self.on_unload(facts),
        }
        Ok(None)
    }

    /// An input, and what the core makes of it.
    fn on_handle(
        &mut self,
        input: &Input<Value>,
        effects: &Effects<Value>,
        asked: Option<Asked>,
        facts: &mut Facts,
    ) -> Judged {
        let decree = self.decree();
        match &self.seat(decree).memory {
            Memory::Open(..) => {}
            Memory::Closed(value) => {
                let found = format!("closed: {} is chosen", text::value(value));
                return Err(self.out_of_place("its node is handed an input", "open", &found));
            }
            Memory::Out => {
                return Err(self.out_of_place(
                    "its node is handed an input",
                    "loaded",
                    "not in memory",
                ));
            }
        }
        if asked.is_some() != matches!(input, Input::Propose(_)) {
            let found = text::input(input);
            return Err(self.out_of_place("somebody asks", "a request", &found));
        }
        if !self.forced
            && let Some(wait) = self.rests_on(input, asked, facts)?
        {
            return Ok(Some(wait));
        }
        let again = self.replay(input, effects)?;
        if let (Input::Propose(value), Some(Asked::Client)) = (input, asked) {
            facts.decree_mut(decree).ask(value);
        }
        if let Some(durable) = &effects.persist {
            self.note_unsaved(decree, Some(durable.clone()), None);
        }
        if let Some(value) = &effects.chosen {
            self.close(decree, value);
        }
        if let Some(again) = again {
            facts.decree_mut(decree).again.insert(self.spot(), again);
        }
        self.note_happened(decree, facts);
        Ok(None)
    }

    /// What must have happened elsewhere before this input could come.
    fn rests_on(
        &mut self,
        input: &Input<Value>,
        asked: Option<Asked>,
        facts: &Facts,
    ) -> Result<Option<Wait>, Box<Divergence>> {
        let (id, decree) = (self.id(), self.decree());
        let known = facts.decree(decree);
        let Memory::Open(node, said) = &self.seat(decree).memory else {
            return Ok(None);
        };
        match input {
            Input::Timeout(_) => Ok(None),
            Input::Propose(value) => {
                let own = node.acceptor().accepted.as_ref();
                let found = own.is_some_and(|vote| vote.value == *value)
                    || known.has_vote_for(value)
                    || self.holds_vote_for(decree, value);
                let waits = asked == Some(Asked::Reader) && !found;
                Ok(waits.then(|| Wait::Vote(value.clone())))
            }
            Input::Receive(envelope) if envelope.to != id => {
                let found = text::input(input);
                Err(self.out_of_place("a message is received", &format!("one to {id}"), &found))
            }
            // Handed over within the process, before it is saved.
            Input::Receive(envelope) if envelope.from == id => {
                if said.contains(&envelope.message) {
                    return Ok(None);
                }
                let found = text::input(input);
                Err(self.diverges(
                    Cause::NeverSent,
                    format!("{id} received from itself what this process never said"),
                    vec!["a message that it sent before".to_owned()],
                    found,
                ))
            }
            Input::Receive(envelope) => {
                Ok((!known.was_sent(envelope)).then(|| Wait::Message(Box::new(envelope.clone()))))
            }
        }
    }

    /// Whether this node has cast a vote for the value that is not saved yet. Its own read may have counted it, though the
    /// node has voted for another value since.
    fn holds_vote_for(&self, decree: DecreeId, value: &Value) -> bool {
        self.held().any(|(about, spot)| {
            let Entry::Handle { effects, .. } = self.all.entry(spot) else {
                return false;
            };
            let cast = effects
                .persist
                .as_ref()
                .and_then(|saved| saved.accepted.as_ref());
            about == decree && cast.is_some_and(|vote| vote.value == *value)
        })
    }

    /// The core does with the input what the journal says; what the host says again.
    fn replay(
        &mut self,
        input: &Input<Value>,
        effects: &Effects<Value>,
    ) -> Result<Option<Broadcast<Value>>, Box<Divergence>> {
        let (id, decree, rules) = (self.id(), self.decree(), self.rules);
        let Memory::Open(node, said) = &mut self.seat(decree).memory else {
            return Ok(None);
        };
        let before = node.clone();
        let handled = rules.handle_as_host(node, input.clone());
        if handled.effects == *effects {
            let own = handled.said().filter(|said| said.to.contains(id));
            said.extend(own.map(|said| said.message.clone()));
            return Ok(handled.again);
        }
        let expected = format!(
            "{}, and is then: {}",
            text::effects(&handled.effects),
            text::node(node)
        );
        let problem = format!(
            "{id} was handed {}, and did something else",
            text::input(input)
        );
        let found = text::effects(effects);
        let mut divergence = self.diverges(Cause::NotAStep, problem, vec![expected], found);
        divergence.before = Some(text::node(&before));
        Err(divergence)
    }

    fn close(&mut self, decree: DecreeId, value: &Value) {
        self.seat(decree).memory = Memory::Closed(value.clone());
        self.note_unsaved(decree, None, Some(value));
    }

    /// A peer tells the outcome, and knew it.
    fn on_learn(&mut self, from: NodeId, value: &Value, facts: &mut Facts) -> Judged {
        let decree = self.decree();
        match &self.seat(decree).memory {
            Memory::Open(..) => {}
            Memory::Closed(known) if known == value => return Ok(None),
            Memory::Closed(known) => {
                let found = format!("closed: {} is chosen", text::value(known));
                let told = format!("{from} tells that {} is chosen", text::value(value));
                return Err(self.out_of_place(&told, "open", &found));
            }
            Memory::Out => {
                return Err(self.out_of_place("it is closed", "loaded", "not in memory"));
            }
        }
        if !self.forced && !facts.decree(decree).could_tell(from, value) {
            return Ok(Some(Wait::Knowledge {
                from,
                value: value.clone(),
            }));
        }
        self.close(decree, value);
        self.note_happened(decree, facts);
        Ok(None)
    }

    /// A client is told what is so, and not too soon.
    fn on_answer(&mut self, chosen: Option<&Value>, facts: &mut Facts) -> Judged {
        let decree = self.decree();
        let id = self.id();
        let seat = self.seat(decree);
        let known = match &seat.memory {
            Memory::Closed(value) => Some(value.clone()),
            Memory::Open(..) => None,
            Memory::Out => match &seat.disk {
                Disk::Known(stored) => match &stored.decision {
                    Decision::Perhaps(value) | Decision::Written(value) => Some(value.clone()),
                    Decision::None => None,
                },
                Disk::Unknown | Disk::Either { .. } => None,
            },
        };
        let words = |chosen: Option<&Value>| match chosen {
            Some(value) => format!("{} is chosen", text::value(value)),
            None => "nothing is chosen".to_owned(),
        };
        if known.is_some() && known.as_ref() != chosen {
            let expected = vec![words(known.as_ref())];
            return Err(self.diverges(
                Cause::WrongAnswer,
                format!("{id} tells a client something else than it knows"),
                expected,
                words(chosen),
            ));
        }
        let Some(value) = chosen else {
            self.note_beside(facts);
            return Ok(None);
        };
        if self.is_held(decree) {
            return Err(self.diverges(
                Cause::SentUnsaved,
                format!("{id} tells a client before the batch is saved"),
                vec!["`saved` first".to_owned()],
                words(chosen),
            ));
        }
        let is_known = known.is_some() || self.forced || facts.decree(decree).is_chosen(value);
        if !is_known {
            return Ok(Some(Wait::Choice(value.clone())));
        }
        self.note_beside(facts);
        Ok(None)
    }

    /// Puts an entry into its decree's order that nothing waits for.
    pub(super) fn note_beside(&mut self, facts: &mut Facts) {
        let spot = self.spot();
        let events = &mut facts.decree_mut(self.decree()).events;
        events.push(Happened { spot, batch: None });
    }

    pub(super) fn out_of_place(&self, what: &str, expected: &str, found: &str) -> Box<Divergence> {
        let key = self.all.key(self.decree());
        let problem = format!("{what}, and decree {key} is not such at {}", self.id());
        let (expected, found) = (vec![expected.to_owned()], found.to_owned());
        self.diverges(Cause::OutOfPlace, problem, expected, found)
    }
}

/// A message as a vote, or a report of one: what a node says of acceptors whose journals are not there.
pub(crate) fn hearsay(input: &Input<Value>) -> Option<(NodeId, paxos::Vote<Value>)> {
    let Input::Receive(envelope) = input else {
        return None;
    };
    let message = &envelope.message;
    let vote = message.vote().or_else(|| message.report())?;
    Some((envelope.from, vote))
}
