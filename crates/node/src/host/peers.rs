//! What peers say.

use std::time::Instant;

use paxos::{Envelope, Input, NodeId, Read};

use super::Host;
use crate::decree::Stage;
use crate::journal::Entry;
use crate::wire::{Line, Say};
use crate::{HostError, Key, Value};

impl Host {
    /// A peer says something about a decree.
    pub(super) fn on_line(
        &mut self,
        from: NodeId,
        line: Line,
        now: Instant,
    ) -> Result<(), HostError> {
        let Line { key, say } = line;
        let me = self.id;
        let decree = match self.stage(&key, now)? {
            Some(Stage::Open(decree)) => decree,
            Some(Stage::Closed(value)) => {
                let value = value.clone();
                return self.on_line_when_closed(from, key, say, value);
            }
            None => {
                self.metrics.turned_away.inc();
                return Ok(());
            }
        };
        match say {
            Say::Protocol(message) => {
                let envelope = Envelope {
                    from,
                    to: me,
                    message,
                };
                self.handle(&key, Input::Receive(envelope), None, now);
            }
            // The decree is closed elsewhere.
            Say::Decided(value) => {
                self.note(Entry::Learn {
                    key: key.clone(),
                    from,
                    value: value.clone(),
                });
                self.close(&key, value, now);
            }
            // A reader asks this acceptor.
            Say::Read(id) => {
                let vote = Read::answer(decree.node.acceptor());
                self.say(&key, from, Say::Voted(id, vote));
            }
            // An acceptor answers this reader.
            Say::Voted(id, vote) => self.on_vote_read(&key, from, id, vote, now),
        }
        Ok(())
    }

    /// Whoever asks about a closed decree is told its value; answers come too late.
    fn on_line_when_closed(
        &mut self,
        from: NodeId,
        key: Key,
        say: Say,
        value: Value,
    ) -> Result<(), HostError> {
        match say {
            Say::Protocol(message) if !message.kind().is_question() => Ok(()),
            Say::Protocol(_) | Say::Read(_) => {
                self.say(&key, from, Say::Decided(value));
                Ok(())
            }
            Say::Decided(theirs) if theirs != value => Err(HostError::Disagreement {
                key,
                from,
                ours: value,
                theirs,
            }),
            Say::Decided(_) | Say::Voted(..) => Ok(()),
        }
    }
}
