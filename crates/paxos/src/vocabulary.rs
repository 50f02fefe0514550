//! What can be asked of a message by code that decides nothing: what kind it is, whom it is for, what it states.
//!
//! Hosts, worlds, judges and pages ask here, so a new message or a new field of one is answered for once, in this file. Only what
//! gives a kind a meaning of its own names kinds elsewhere.

use crate::{Ballot, Message, Vote};

/// Which part of a node speaks, or is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Role {
    /// It promises and votes.
    Acceptor,
    /// It starts ballots.
    Proposer,
    /// It counts votes.
    Learner,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 3] = [Role::Acceptor, Role::Proposer, Role::Learner];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Acceptor => "acceptor",
            Role::Proposer => "proposer",
            Role::Learner => "learner",
        }
    }
}

/// Declares the kinds once, so that no list of them can lack one.
macro_rules! kinds {
    ($($kind:ident),+) => {
        /// What a message is, whatever it carries. In the order of the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum MessageKind {
            $(#[doc = concat!("[`Message::", stringify!($kind), "`].")] $kind,)+
        }

        impl MessageKind {
            /// All of them.
            pub const ALL: [MessageKind; [$(stringify!($kind)),+].len()] = [$(MessageKind::$kind),+];

            /// The word that a message of this kind begins with when it is displayed.
            pub const fn name(self) -> &'static str {
                match self { $(MessageKind::$kind => stringify!($kind)),+ }
            }
        }

        impl<V> Message<V> {
            /// What kind of message it is.
            pub const fn kind(&self) -> MessageKind {
                match self { $(Message::$kind { .. } => MessageKind::$kind),+ }
            }
        }
    };
}

kinds!(Prepare, Promise, Propose, Accepted, Nack);

impl MessageKind {
    /// The role that says it.
    pub const fn speaker(self) -> Role {
        match self {
            MessageKind::Prepare | MessageKind::Propose => Role::Proposer,
            MessageKind::Promise | MessageKind::Accepted | MessageKind::Nack => Role::Acceptor,
        }
    }

    /// The role that it is for.
    pub const fn addressee(self) -> Role {
        match self {
            MessageKind::Prepare | MessageKind::Propose => Role::Acceptor,
            MessageKind::Promise | MessageKind::Nack => Role::Proposer,
            MessageKind::Accepted => Role::Learner,
        }
    }

    /// Whether who sends it waits for answers, and may send it again if none come.
    pub const fn is_question(self) -> bool {
        match self {
            MessageKind::Prepare | MessageKind::Propose => true,
            MessageKind::Promise | MessageKind::Accepted | MessageKind::Nack => false,
        }
    }

    /// Whether an acceptor binds itself by it: a promise or a vote.
    pub const fn is_commitment(self) -> bool {
        match self {
            MessageKind::Promise | MessageKind::Accepted => true,
            MessageKind::Prepare | MessageKind::Propose | MessageKind::Nack => false,
        }
    }
}

/// What a message carries, in one shape for all kinds: for those who store, translate or draw messages without deciding anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageParts<V> {
    /// What kind of message it is.
    pub kind: MessageKind,
    /// The ballot it is about.
    pub ballot: Ballot,
    /// The ballot it mentions besides: of the vote that a promise reports, or the one that a refusal is for.
    pub other: Option<Ballot>,
    /// The value proposed, voted for, or reported.
    pub value: Option<V>,
}

impl<V> Message<V> {
    /// The ballot it is about.
    pub const fn ballot(&self) -> Ballot {
        match self {
            Message::Prepare { ballot }
            | Message::Promise { ballot, .. }
            | Message::Propose { ballot, .. }
            | Message::Accepted { ballot, .. }
            | Message::Nack { ballot, .. } => *ballot,
        }
    }
}

impl<V> Message<V> {
    /// The ballot it mentions besides: [`MessageParts::other`].
    const fn other(&self) -> Option<Ballot> {
        match self {
            Message::Promise {
                accepted: Some(vote),
                ..
            } => Some(vote.ballot),
            Message::Nack { promised, .. } => Some(*promised),
            Message::Promise { accepted: None, .. }
            | Message::Prepare { .. }
            | Message::Propose { .. }
            | Message::Accepted { .. } => None,
        }
    }

    /// Every ballot in it, the one it is about first.
    pub fn ballots(&self) -> impl Iterator<Item = Ballot> + use<V> {
        [Some(self.ballot()), self.other()].into_iter().flatten()
    }
}

impl<V: Clone> Message<V> {
    /// The value it proposes, and in which ballot, as the vote that it asks for.
    pub fn proposal(&self) -> Option<Vote<V>> {
        match self {
            Message::Propose { ballot, value } => Some(Vote {
                ballot: *ballot,
                value: value.clone(),
            }),
            Message::Prepare { .. }
            | Message::Promise { .. }
            | Message::Accepted { .. }
            | Message::Nack { .. } => None,
        }
    }

    /// The vote that it casts.
    pub fn vote(&self) -> Option<Vote<V>> {
        match self {
            Message::Accepted { ballot, value } => Some(Vote {
                ballot: *ballot,
                value: value.clone(),
            }),
            Message::Prepare { .. }
            | Message::Promise { .. }
            | Message::Propose { .. }
            | Message::Nack { .. } => None,
        }
    }

    /// The vote that it casts or asks for: what stands in a ballot.
    pub fn statement(&self) -> Option<Vote<V>> {
        self.proposal().or_else(|| self.vote())
    }

    /// Of a promise: the vote that it reports, if the acceptor has voted. Of any other kind: `None`.
    pub fn promise(&self) -> Option<Option<Vote<V>>> {
        match self {
            Message::Promise { accepted, .. } => Some(accepted.clone()),
            Message::Prepare { .. }
            | Message::Propose { .. }
            | Message::Accepted { .. }
            | Message::Nack { .. } => None,
        }
    }

    /// The vote that a promise reports. `None` if it reports none, or is no promise.
    pub fn report(&self) -> Option<Vote<V>> {
        self.promise().flatten()
    }

    /// What it carries.
    pub fn parts(&self) -> MessageParts<V> {
        let stated = self.statement().or_else(|| self.report());
        MessageParts {
            kind: self.kind(),
            ballot: self.ballot(),
            other: self.other(),
            value: stated.map(|vote| vote.value),
        }
    }
}

impl<V> MessageParts<V> {
    /// The message of these parts; `None` if a message of this kind has others.
    pub fn message(self) -> Option<Message<V>> {
        let ballot = self.ballot;
        match (self.kind, self.other, self.value) {
            (MessageKind::Prepare, None, None) => Some(Message::Prepare { ballot }),
            (MessageKind::Promise, None, None) => Some(Message::Promise {
                ballot,
                accepted: None,
            }),
            (MessageKind::Promise, Some(voted), Some(value)) => Some(Message::Promise {
                ballot,
                accepted: Some(Vote {
                    ballot: voted,
                    value,
                }),
            }),
            (MessageKind::Propose, None, Some(value)) => Some(Message::Propose { ballot, value }),
            (MessageKind::Accepted, None, Some(value)) => Some(Message::Accepted { ballot, value }),
            (MessageKind::Nack, Some(promised), None) => Some(Message::Nack { ballot, promised }),
            (
                MessageKind::Prepare
                | MessageKind::Promise
                | MessageKind::Propose
                | MessageKind::Accepted
                | MessageKind::Nack,
                _,
                _,
            ) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;
    use std::vec::Vec;

    use super::*;
    use crate::{NodeId, Round};

    fn ballot(round: u32) -> Ballot {
        Ballot {
            round: Round::new(round).unwrap(),
            node: NodeId::new(1).unwrap(),
        }
    }

    /// Each combination of parts, whether or not a message has them.
    fn all_parts() -> Vec<MessageParts<char>> {
        let mut all = Vec::new();
        for kind in MessageKind::ALL {
            for other in [None, Some(ballot(2))] {
                for value in [None, Some('A')] {
                    all.push(MessageParts {
                        kind,
                        ballot: ballot(3),
                        other,
                        value,
                    });
                }
            }
        }
        all
    }

    #[test]
    fn parts_are_a_message_or_none() {
        let messages: Vec<_> = all_parts()
            .into_iter()
            .filter_map(|parts| Some((parts, parts.message()?)))
            .collect();
        // A promise reports a vote or none; the other kinds have one shape each.
        assert_eq!(messages.len(), MessageKind::ALL.len() + 1);
        for (parts, message) in messages {
            assert_eq!(message.parts(), parts);
            assert!(message.to_string().starts_with(parts.kind.name()));
        }
    }

    #[test]
    fn a_message_states_proposes_votes_or_reports() {
        let vote = |round| Vote {
            ballot: ballot(round),
            value: 'A',
        };
        for message in all_parts().into_iter().filter_map(MessageParts::message) {
            let told = (message.proposal(), message.vote(), message.report());
            let expected = match message.kind() {
                MessageKind::Propose => (Some(vote(3)), None, None),
                MessageKind::Accepted => (None, Some(vote(3)), None),
                MessageKind::Promise => (None, None, message.parts().value.map(|_| vote(2))),
                MessageKind::Prepare | MessageKind::Nack => (None, None, None),
            };
            assert_eq!(told, expected);
            assert_eq!(
                message.promise().is_some(),
                message.kind() == MessageKind::Promise
            );
        }
    }

    #[test]
    fn what_is_said_to_acceptors_is_asked_of_them() {
        for kind in MessageKind::ALL {
            assert_eq!(kind.is_question(), kind.addressee() == Role::Acceptor);
            assert_eq!(kind.is_question(), kind.speaker() == Role::Proposer);
            assert!(!kind.is_commitment() || kind.speaker() == Role::Acceptor);
        }
    }
}
