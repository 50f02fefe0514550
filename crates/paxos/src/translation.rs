//! The same protocol over other rounds and other values: short names for people, letters for models, rounds counted anew.

use crate::{
    Acceptor, Ballot, Broadcast, Durable, Effects, Envelope, Input, Learner, Message, MessageParts,
    Progress, Proposer, Round, Vote,
};

/// Replaces rounds and values in what nodes say and remember. Nodes keep their numbers.
///
/// Each method gives `None` exactly if `values` does for a value in it.
#[derive(Clone, Copy, Debug)]
pub struct Translation<R, F> {
    /// The round that stands for a round.
    pub rounds: R,
    /// The value that stands for a value; `None` if none does.
    pub values: F,
}

/// The outer `None` is a failure, the inner one an absence.
fn optional<T, U>(from: Option<T>, translate: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    match from {
        None => Some(None),
        Some(from) => translate(from).map(Some),
    }
}

impl<R: FnMut(Round) -> Round, F> Translation<R, F> {
    /// A ballot of the same proposer.
    pub fn ballot(&mut self, ballot: Ballot) -> Ballot {
        Ballot {
            round: (self.rounds)(ballot.round),
            ..ballot
        }
    }

    /// A vote.
    pub fn vote<V, W>(&mut self, vote: &Vote<V>) -> Option<Vote<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        Some(Vote {
            ballot: self.ballot(vote.ballot),
            value: (self.values)(&vote.value)?,
        })
    }

    /// A message.
    pub fn message<V: Clone, W>(&mut self, message: &Message<V>) -> Option<Message<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        let parts = message.parts();
        let translated = MessageParts {
            kind: parts.kind,
            ballot: self.ballot(parts.ballot),
            other: parts.other.map(|other| self.ballot(other)),
            value: optional(parts.value.as_ref(), &mut self.values)?,
        };
        translated.message()
    }

    /// An envelope.
    pub fn envelope<V: Clone, W>(&mut self, envelope: &Envelope<V>) -> Option<Envelope<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        Some(Envelope {
            from: envelope.from,
            to: envelope.to,
            message: self.message(&envelope.message)?,
        })
    }

    /// An input.
    pub fn input<V: Clone, W>(&mut self, input: &Input<V>) -> Option<Input<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        Some(match input {
            Input::Propose(value) => Input::Propose((self.values)(value)?),
            Input::Receive(envelope) => Input::Receive(self.envelope(envelope)?),
            Input::Timeout(timer) => Input::Timeout(*timer),
        })
    }

    /// Effects.
    pub fn effects<V: Clone, W>(&mut self, effects: &Effects<V>) -> Option<Effects<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        let Effects {
            persist,
            send,
            set_timer,
            chosen,
        } = effects;
        Some(Effects {
            persist: optional(persist.as_ref(), |durable| self.durable(durable))?,
            send: optional(send.as_ref(), |said| {
                Some(Broadcast {
                    from: said.from,
                    to: said.to,
                    message: self.message(&said.message)?,
                })
            })?,
            set_timer: *set_timer,
            chosen: optional(chosen.as_ref(), &mut self.values)?,
        })
    }

    /// What is durable.
    pub fn durable<V, W>(&mut self, durable: &Durable<V>) -> Option<Durable<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        let Durable {
            round,
            promised,
            accepted,
        } = durable;
        Some(Durable {
            round: round.map(&mut self.rounds),
            promised: promised.map(|promised| self.ballot(promised)),
            accepted: optional(accepted.as_ref(), |vote| self.vote(vote))?,
        })
    }

    /// An acceptor.
    pub fn acceptor<V, W>(&mut self, acceptor: &Acceptor<V>) -> Option<Acceptor<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        let Acceptor { promised, accepted } = acceptor;
        Some(Acceptor {
            promised: promised.map(|promised| self.ballot(promised)),
            accepted: optional(accepted.as_ref(), |vote| self.vote(vote))?,
        })
    }

    /// A proposer.
    pub fn proposer<V, W>(&mut self, proposer: &Proposer<V>) -> Option<Proposer<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        let Proposer {
            last_round,
            client_value,
            highest_nack,
            progress,
        } = proposer;
        Some(Proposer {
            last_round: last_round.map(&mut self.rounds),
            client_value: optional(client_value.as_ref(), &mut self.values)?,
            highest_nack: highest_nack.map(|ballot| self.ballot(ballot)),
            progress: match progress {
                Progress::Idle => Progress::Idle,
                Progress::Preparing {
                    ballot,
                    promises,
                    best,
                } => Progress::Preparing {
                    ballot: self.ballot(*ballot),
                    promises: *promises,
                    best: optional(best.as_ref(), |vote| self.vote(vote))?,
                },
                Progress::Proposing { ballot } => Progress::Proposing {
                    ballot: self.ballot(*ballot),
                },
            },
        })
    }

    /// A learner.
    pub fn learner<V, W>(&mut self, learner: &Learner<V>) -> Option<Learner<W>>
    where
        F: FnMut(&V) -> Option<W>,
    {
        Some(match learner {
            Learner::Unaware => Learner::Unaware,
            Learner::Counting {
                ballot,
                value,
                voters,
            } => Learner::Counting {
                ballot: self.ballot(*ballot),
                value: (self.values)(value)?,
                voters: *voters,
            },
            Learner::Chosen(value) => Learner::Chosen((self.values)(value)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NodeId, NodeSet, Timer};

    fn ballot(round: u32) -> Ballot {
        Ballot {
            round: Round::new(round).unwrap(),
            node: NodeId::new(1).unwrap(),
        }
    }

    fn vote(round: u32, value: char) -> Vote<char> {
        Vote {
            ballot: ballot(round),
            value,
        }
    }

    /// Rounds become ten times as high, and values upper case; `?` has no upper case.
    fn tenfold() -> Translation<impl FnMut(Round) -> Round, impl FnMut(&char) -> Option<char>> {
        Translation {
            rounds: |round: Round| Round::new(10 * round.number()).unwrap(),
            values: |value: &char| (*value != '?').then(|| value.to_ascii_uppercase()),
        }
    }

    /// Effects with everything in them.
    fn effects(accepted: Vote<char>, reported: Vote<char>, chosen: char) -> Effects<char> {
        Effects {
            persist: Some(Durable {
                round: Some(reported.ballot.round),
                promised: Some(accepted.ballot),
                accepted: Some(accepted),
            }),
            send: Some(Broadcast {
                from: accepted.ballot.node,
                to: NodeSet::first(2),
                message: Message::Promise {
                    ballot: accepted.ballot,
                    accepted: Some(reported),
                },
            }),
            set_timer: Some(Timer::Retry),
            chosen: Some(chosen),
        }
    }

    #[test]
    fn every_round_and_value_is_replaced_and_nothing_else() {
        let effects_of = |values: [char; 3], factor: u32| {
            let [saved, reported, chosen] = values;
            effects(vote(3 * factor, saved), vote(2 * factor, reported), chosen)
        };
        let found = tenfold().effects(&effects_of(['a', 'b', 'c'], 1));
        assert_eq!(found, Some(effects_of(['A', 'B', 'C'], 10)));
        for place in 0..3 {
            let mut values = ['a', 'b', 'c'];
            values[place] = '?';
            assert_eq!(tenfold().effects(&effects_of(values, 1)), None);
        }
    }

    #[test]
    fn what_roles_remember_is_replaced_likewise() {
        let roles = |values: [char; 4], factor: u32| {
            let [voted, asked, best, counted] = values;
            let acceptor = Acceptor {
                promised: Some(ballot(5 * factor)),
                accepted: Some(vote(4 * factor, voted)),
            };
            let proposer = Proposer {
                last_round: Round::new(6 * factor),
                client_value: Some(asked),
                highest_nack: Some(ballot(7 * factor)),
                progress: Progress::Preparing {
                    ballot: ballot(6 * factor),
                    promises: NodeSet::first(2),
                    best: Some(vote(factor, best)),
                },
            };
            let learner = Learner::Counting {
                ballot: ballot(2 * factor),
                value: counted,
                voters: NodeSet::first(1),
            };
            (acceptor, proposer, learner)
        };
        let translate =
            |(acceptor, proposer, learner): (Acceptor<char>, Proposer<char>, Learner<char>)| {
                Some((
                    tenfold().acceptor(&acceptor)?,
                    tenfold().proposer(&proposer)?,
                    tenfold().learner(&learner)?,
                ))
            };
        let small = roles(['a', 'b', 'c', 'd'], 1);
        assert_eq!(translate(small), Some(roles(['A', 'B', 'C', 'D'], 10)));
        for place in 0..4 {
            let mut values = ['a', 'b', 'c', 'd'];
            values[place] = '?';
            assert_eq!(translate(roles(values, 1)), None);
        }
        let chosen: Option<Learner<char>> = tenfold().learner(&Learner::Chosen('a'));
        assert_eq!(chosen, Some(Learner::Chosen('A')));
    }
}
