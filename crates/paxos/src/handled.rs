//! What a host does with one input: the effects of the core, and what it says again.
//!
//! Real nodes say what this says and nothing else of the protocol; whoever judges what they did asks the same function, since
//! what is said again follows from the node's state and is written down nowhere.

use crate::{Broadcast, Effects, Input, Node, Rules, Value};

/// What comes of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a node that does not carry out its effects breaks its promises"]
pub struct Handled<V> {
    /// What the core asks for.
    pub effects: Effects<V>,
    /// The answer to a question that has come before, as [`Node::retransmit_promise`] has it, to be said like
    /// [`Effects::send`]. `None` if there is none, or the effects say something.
    pub again: Option<Broadcast<V>>,
}

impl<V: Value> Handled<V> {
    /// Hands `input` to `node`.
    pub fn by(rules: &impl Rules, node: &mut Node<V>, input: Input<V>) -> Handled<V> {
        let again = match &input {
            Input::Receive(envelope) => {
                node.retransmit_promise(rules, envelope.from, &envelope.message)
            }
            Input::Propose(_) | Input::Timeout(_) => None,
        };
        let effects = node.handle(rules, input);
        Handled {
            again: again.filter(|_| effects.send.is_none()),
            effects,
        }
    }

    /// All that is to be said, by the effects or again.
    pub fn said(&self) -> Option<&Broadcast<V>> {
        self.effects.send.as_ref().or(self.again.as_ref())
    }
}
