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
//!    what it rests on was on the disk. A decision that a peer told was known to that peer, a vote that
//!    was read was cast, an answer to a client is so. The journals are put into one order that respects
//!    this; there is none if something was known before it happened.
//! 3. **A store shows what was saved**: after a crash all of the last batch or nothing of it, and
//!    otherwise exactly what was saved.
//! 4. **Agreement and validity** hold over the real values, for each decree.
//! 5. **The properties of the model** hold in every state of each decree's run, which is driven through
//!    [`model::World`] as well: so the model is seen to do what the nodes did. Decrees that do not fit
//!    into it ([`Unfit`]) are judged by the rest, and listed.
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
mod translate;
mod wait;

pub use admit::Refused;
pub use conformance::{Conformance, Outside, Verdict, conform, conform_to};
pub use counts::Counts;
pub use divergence::{Cause, Divergence};
pub use imagine::Unfit;
pub use tell::{Told, Untold};
