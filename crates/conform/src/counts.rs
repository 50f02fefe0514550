//! How often what happened.

use node::journal::{Asked, Entry};
use paxos::{Input, MessageKind};
use serde::Serialize;

/// Declares the counts with their words, so that each is written once.
macro_rules! counts {
    ($($(#[doc = $what:literal])+ $name:ident,)+) => {
        /// How often each kind of thing happened, in all journals together, as far as they were judged.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub struct Counts {
            $($(#[doc = $what])+ pub $name: u64,)+
        }

        impl Counts {
            /// Each with its words.
            pub fn rows(&self) -> Vec<(&'static str, u64)> {
                vec![$((concat!($($what),+).trim_ascii(), self.$name),)+]
            }
        }
    };
}

counts! {
    /// requests of clients
    asks,
    /// proposals of readers
    reader_asks,
    /// Prepare handled
    prepares,
    /// Promise handled
    promises,
    /// Propose handled
    proposes,
    /// Accepted handled
    accepteds,
    /// Nack handled
    nacks,
    /// time-outs
    timeouts,
    /// decisions learnt from a peer
    learns,
    /// clients told a decision
    told,
    /// readers told of none
    told_none,
    /// batches saved
    saves,
    /// decrees loaded
    loads,
    /// decrees unloaded
    unloads,
    /// processes begun
    starts,
    /// processes ended in order
    stops,
    /// crashes
    crashes,
    /// steps torn by a crash, saved and not sent
    torn,
}

impl Counts {
    /// Counts an entry that was judged. Crashes and torn steps are not entries.
    pub(crate) fn count(&mut self, entry: &Entry) {
        let counted = match entry {
            Entry::Handle { input, asked, .. } => match input {
                Input::Propose(_) => match asked {
                    Some(Asked::Reader) => &mut self.reader_asks,
                    Some(Asked::Client) | None => &mut self.asks,
                },
                Input::Timeout(_) => &mut self.timeouts,
                Input::Receive(envelope) => match envelope.message.kind() {
                    MessageKind::Prepare => &mut self.prepares,
                    MessageKind::Promise => &mut self.promises,
                    MessageKind::Propose => &mut self.proposes,
                    MessageKind::Accepted => &mut self.accepteds,
                    MessageKind::Nack => &mut self.nacks,
                },
            },
            Entry::Learn { .. } => &mut self.learns,
            Entry::Answer { chosen, .. } => match chosen {
                Some(_) => &mut self.told,
                None => &mut self.told_none,
            },
            Entry::Saved => &mut self.saves,
            Entry::Load { .. } => &mut self.loads,
            Entry::Unload { .. } => &mut self.unloads,
            Entry::Start(_) => &mut self.starts,
            Entry::Stop => &mut self.stops,
            Entry::Continue(_) | Entry::InMemory { .. } => return,
        };
        *counted += 1;
    }
}
