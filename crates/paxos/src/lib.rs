//! What a node of single-decree Paxos does with an input: which messages it sends, and what must be
//! on its disk before it sends them.
//!
//! A [`Node`] is a plain value with one door, [`Node::handle`], that is given an [`Input`] and hands
//! back [`Effects`]. There is no clock, no chance, no I/O, no logging and no allocation in here, no
//! error and no panic. Whoever owns the world around the node, a server or a model checker, is its
//! host.
//!
//! # The protocol in a page
//!
//! Some nodes are to agree on one value. Messages are lost, doubled, delayed and reordered; nodes
//! crash and restart with what is on their disks. Nobody lies. (Lamport, *Paxos Made Simple*, 2001;
//! Fischer, Lynch and Paterson, 1985, for why it need not end.)
//!
//! **Roles.** A *proposer* takes a client's value and tries to get it accepted. An *acceptor* votes.
//! A *learner* counts votes and announces the outcome. A node may play several roles; a [`Cluster`]
//! says which. Usually every one of 2m+1 servers plays all three, and m of them may fail.
//!
//! **Chosen.** A value is chosen as soon as a majority of the acceptors has voted for it in one
//! [`Ballot`]. Nobody need know it yet. A vote cannot be taken back, but an acceptor may vote again
//! in a higher ballot, since one majority may never come about: votes can split, voters can crash.
//! So the whole care is that **no higher ballot chooses anything else**.
//!
//! **Ballots** are numbered by round and proposer. No two proposers share one, no proposer uses one
//! twice, not even after a crash: so one ballot stands for one value.
//!
//! | phase | who | on | does |
//! |---|---|---|---|
//! | 1a | proposer | a client's value, or a time-out | picks a new ballot, above all it knows; *Prepare* to all acceptors |
//! | 1b | acceptor | Prepare, above all it has promised | promises to take part in nothing below; *Promise*, with its last vote |
//! | 2a | proposer | Promises of a majority | takes the value of the highest vote reported, or else its client's; *Propose* |
//! | 2b | acceptor | Propose, not below its promise | votes; *Accepted* to the proposer and all learners |
//! | – | learner | Accepted of one ballot from a majority | the value is chosen |
//!
//! An acceptor that has promised too much already answers 1a and 2a with a *Nack*, which names the
//! ballot to exceed. Nacks save time; nothing rests on them.
//!
//! **Why two majorities.** Any two majorities share an acceptor. Say A is chosen in ballot 1 by a
//! majority. A proposer of ballot 2 hears from a majority, so from one of A's voters. That acceptor
//! had voted before it promised ballot 2, for after the promise ballot 1 was closed to it. So its
//! promise reports the vote for A.
//!
//! **Why the highest vote.** Promises may report votes for different values. Take the highest,
//! in ballot b. Below b, whatever could have been chosen is b's value: its proposer took the same
//! care. In b itself only b's value can be. Between b and the new ballot nothing can be chosen any
//! more: a majority has promised without a vote there, and will not cast one. So b's value is the
//! only one that can have been chosen, and the proposer must adopt it. Where no vote is reported
//! nothing can have been chosen, and it is free. (P2c.)
//!
//! **Why it may not end.** Two proposers can overtake each other for ever, each preparing before the
//! other's Propose arrives. Nothing false is decided; nothing is. It ends once one proposer is left
//! alone for long enough with a majority that hears it and is heard. To bring that about is the
//! host's part: wait at random, and longer each time.
//!
//! What safety rests on is gathered in [`Rules`], one method for each clause. [`Lamport`] is the
//! protocol of the table, [`StrictAccept`] asks in 2b for the very ballot promised, [`Flexible`] has
//! quorums of other sizes. All nodes of a cluster must use the same.
//!
//! # The law of the effects
//!
//! The fields of [`Effects`] are work orders, **top to bottom; one may begin only when the one above
//! is done**:
//!
//! 1. [`persist`](Effects::persist): on the disk, past fsync, whole or not at all. An acceptor that
//!    answers first and then crashes has promised what it does not know.
//! 2. [`send`](Effects::send): one envelope for each addressee. Any of them may get lost.
//! 3. [`set_timer`](Effects::set_timer): one timer of each name; setting it replaces it.
//! 4. [`chosen`](Effects::chosen): tell the application. It can be told again: after a restart, and
//!    whenever a client asks.
//!
//! And **the effects of one input come before those of the next**. The node's memory is ahead of its
//! disk until `persist` is done, and the next answer may rest on that memory while its own `persist`
//! is `None`. (A host may handle several inputs and sync once: write the last `persist` of them, and then
//! carry out the rest in order.)
//!
//! # A host
//!
//! A host does three things over and over: obtain an input, call [`Node::handle`], carry out the
//! effects.
//!
//! - **Start** with [`Node::start`] and what the disk holds. [`Durable::EMPTY`] is for a node that
//!   has never run, and for no other: a lost, unreadable or damaged store is not an empty one. A node
//!   that has forgotten its votes can undo a decision; it must stay away. Ids, cluster and rules are
//!   configuration and must be the same as before.
//! - **Requests** become [`Input::Propose`]. The first value asked for is pursued; while it is, other
//!   requests are passed over without a word. Whoever asked learns what was chosen, which can be
//!   another's value, from `chosen`. A crash forgets requests: the client asks again, which is always
//!   safe.
//! - **Reads** propose nothing: the host asks the acceptors for their votes, and [`Read`] says what the answers amount to.
//! - **Messages** become [`Input::Receive`]. Check what arrives before it becomes an [`Envelope`]: the
//!   node trusts `from`, and believes that nobody lies. All else is its own affair; what is late,
//!   doubled, misdirected or from a node without the role is ignored. Envelopes to oneself
//!   are messages like others, delivered after the effects that hold them are carried out.
//! - **Timers** become [`Input::Timeout`] when they end. How long they take is the host's choice. A late
//!   one is harmless, so none need be cancelled; [`Node::is_proposing`] says whether one is of use.
//! - **A failed persist means stop**: send nothing, drop the node, end the process. Its memory is ahead
//!   of its disk, and after a failed fsync nobody knows what the disk holds. A restart reads what
//!   it does hold. A failed send is a lost message.
//!
//! # Absent on purpose
//!
//! - A clock and chance: how long to wait is not a matter of safety.
//! - Disks, sockets and formats, and with them errors.
//! - Retransmission. What got lost is made up for by the proposer's next round, and by nothing else: an
//!   acceptor does not repeat a Promise, and a learner that missed the votes learns from those of
//!   a later ballot, or from the host.
//! - Many decrees: a host runs one node for each; they share nothing.
//! - Leaders and leases, reconfiguration, snapshots, defence against liars.
//! - More than [`NodeId::LIMIT`] nodes.
//!
//! # Example
//!
//! Three servers, messages in a queue, and disks that are variables. Two clients ask two servers for
//! different values; both get the first.
//!
//! ```
//! use std::collections::VecDeque;
//! use paxos::{Cluster, Durable, Envelope, Input, Lamport, Node};
//!
//! struct Server {
//!     node: Node<&'static str>,
//!     disk: Durable<&'static str>,
//! }
//!
//! type Mail = VecDeque<Envelope<&'static str>>;
//!
//! impl Server {
//!     /// Handles an input and carries out the effects in their order.
//!     fn step(&mut self, input: Input<&'static str>, mail: &mut Mail) -> Option<&'static str> {
//!         let effects = self.node.handle(&Lamport, input);
//!         if let Some(durable) = effects.persist {
//!             self.disk = durable; // A real host goes on only after fsync.
//!         }
//!         if let Some(broadcast) = effects.send {
//!             mail.extend(broadcast.envelopes());
//!         }
//!         // `effects.set_timer` is not needed where no message is ever lost.
//!         effects.chosen
//!     }
//! }
//!
//! /// Carries messages until all is quiet; what the servers announce meanwhile.
//! fn deliver(servers: &mut [Server], mail: &mut Mail) -> Vec<&'static str> {
//!     let mut news = Vec::new();
//!     while let Some(envelope) = mail.pop_front() {
//!         let server = &mut servers[envelope.to.index()];
//!         news.extend(server.step(Input::Receive(envelope), mail));
//!     }
//!     news
//! }
//!
//! let cluster = Cluster::all_roles(3).expect("three servers are neither none nor too many");
//! let start = |id, disk| Server {
//!     node: Node::start(id, cluster, &Lamport, disk),
//!     disk,
//! };
//! let ids = cluster.nodes();
//! let mut servers: Vec<Server> = ids.iter().map(|id| start(id, Durable::EMPTY)).collect();
//! let mut mail = Mail::new();
//!
//! // A client asks the first server for tea: two phases, and each server announces it.
//! servers[0].step(Input::Propose("tea"), &mut mail);
//! assert_eq!(deliver(&mut servers, &mut mail), ["tea", "tea", "tea"]);
//!
//! // The last server crashes. What it announced it has forgotten; what it voted is on its disk.
//! servers[2] = start(servers[2].node.id(), servers[2].disk);
//! assert_eq!(servers[2].node.chosen(), None);
//!
//! // Another client asks it for milk. It runs a ballot, hears of the votes, and adopts tea.
//! servers[2].step(Input::Propose("milk"), &mut mail);
//! assert_eq!(mail.front().map(ToString::to_string).as_deref(), Some("n2 → n0 Prepare 1.2"));
//! assert_eq!(deliver(&mut servers, &mut mail), ["tea"]);
//! ```
#![no_std]

mod acceptor;
mod ballot;
pub mod client;
mod cluster;
mod handled;
mod learner;
mod message;
mod node;
mod proposer;
mod quorums;
mod read;
mod rules;
mod translation;
mod variant;
mod vocabulary;

pub use acceptor::Acceptor;
pub use ballot::{Ballot, NodeId, NodeSet, Round};
pub use cluster::Cluster;
pub use handled::Handled;
pub use learner::Learner;
pub use message::{Broadcast, Envelope, Message, Value, Vote};
pub use node::{Durable, Effects, Input, Node, Timer};
pub use proposer::{Progress, Proposer};
pub use quorums::{QuorumList, QuorumSets, Weighted};
pub use read::{Read, ReadOutcome};
pub use rules::{Flexible, Lamport, Phase, Rules, StrictAccept};
pub use translation::Translation;
pub use variant::Variant;
pub use vocabulary::{MessageKind, MessageParts, Role};
