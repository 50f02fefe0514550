//! Whether what real nodes did is what was checked.
//!
//! No clock, no network and no protocol in here, and nothing is read, written or printed: journals
//! come in ([`node::journal::read`]), a [`Conformance`] comes out.
//!
//! What is asked of a run, first to last:
//!
//! 1. **Every step is a step of the protocol.** Each input is replayed through [`paxos::Node::handle`],
//!    from the state that the lines before make, and gives exactly the effects that the journal has.
//! 2. **Every message was sent**, by who is said to have sent it, to who received it, and not before
//!    what it rests on was on the disk: by the effects of an input, or said again by the host, as [`paxos::Handled`] has it,
//!    which is what real hosts ask as well. A decision that a peer told was known to that peer, a vote that
//!    was read was cast, an answer to a client is so. The journals are put into one order that respects
//!    this; there is none if something was known before it happened.
//! 3. **A store shows what was saved**: after a crash all of the last batch or nothing of it, and
//!    otherwise exactly what was saved. No process has the number of an earlier one: its store would have been put back, or
//!    there would be two of the node.
//! 4. **Agreement and validity** hold over the real values, for each decree.
//! 5. **The properties of the model** hold in every state of each decree's run, which is driven through
//!    [`model::World`] as well: so the model is seen to do what the nodes did. Decrees that do not fit
//!    into it ([`Unfit`]) are judged by the rest, and listed.
//!
//! Everything that diverges is told, not the first alone. Where the steps of a journal diverge, it is judged up to there and
//! the others go on; contradictions between lines, and messages that nothing accounts for, stop nothing. So a finding does not
//! depend on which other journals are given.
//!
//! # What is taken for granted of the core
//!
//! The core that judges is the one that `conform` was built with, and wherever it can be asked it is. What is left:
//!
//! 1. It answers the same when it is asked again. Steps, what is said again, and the state of a restarted node are asked of
//!    the core; one that depends on more than its state and its input is "not a step of the protocol".
//! 2. An acceptor has voted when it has said `Accepted`, or its store shows [`paxos::Durable::accepted`].
//!    Nothing is taken for granted of promises: who promises what, how often, to whom and in which step is the core's affair.
//! 3. A value is chosen when the votes in one ballot are a quorum, which the rules are asked. Whether a learner counts
//!    `Accepted`, or votes that promises report, is the core's affair.
//! 4. A ballot has one value. A core in which several proposers share a ballot (Fast Paxos) is refused with
//!    `one-value-per-ballot`.
//! 5. A value that is decided was asked for by a client: the core makes none up.
//! 6. What must survive is in [`paxos::Effects::persist`], whole: a later record takes the place of an earlier one.
//! 7. A node that has announced a value has nothing more to say in that decree; its host tells the value. That is the host's
//!    rule, and no input is handed to such a node.
//! 8. Each property of [`model::properties`] takes for granted what its own page says; a core that gives one up (as
//!    `promises-rise`) is refused here as it is by `paxos check`.
//!
//! What cannot be seen, since a journal was not given or begins too late, makes a run
//! [`Verdict::Incomplete`]; it never conforms.
//!
//! What is not asked: that the journals are true. Nodes that lie to each other and to their journals
//! alike are not found out. And not time: that an answer is no older than its question.

mod admit;
mod conformance;
mod counts;
mod disk;
mod divergence;
mod facts;
mod imagine;
mod judge;
mod lines;
mod merge;
mod replica;
mod tell;
mod text;
mod wait;

pub use admit::Refused;
pub use conformance::{Conformance, Outside, Verdict, conform, conform_to};
pub use counts::Counts;
pub use divergence::{Cause, Divergence};
pub use imagine::Unfit;
pub use tell::{Told, Untold};
