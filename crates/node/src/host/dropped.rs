//! Datagrams that are dropped: all are counted, and what only a person can mend is told, once.

use super::Host;
use crate::wire::{self, Drop, Kind, Party, VERSION};
use crate::{SchemaId, Source};

/// How many notices there are at most: without a secret, anybody can cause them.
const NOTICES_MAX: usize = 64;

/// What is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Notice {
    /// Somebody's datagrams are laid out otherwise.
    Version(u8),
    /// A party's bodies are of another schema.
    Schema(Party, SchemaId),
}

impl Host {
    /// A datagram is not believed, or cannot be read.
    pub(super) fn on_drop(&mut self, reason: Drop, bytes: &[u8], source: Source) {
        self.metrics.dropped(reason);
        let notice = match reason {
            Drop::Version => wire::version_of(bytes).map(Notice::Version),
            Drop::Schema => wire::schema_of(bytes).map(|(from, found)| Notice::Schema(from, found)),
            Drop::Short
            | Drop::Long
            | Drop::Magic
            | Drop::Cluster
            | Drop::Receiver
            | Drop::Sender
            | Drop::Length
            | Drop::Tag
            | Drop::Body => None,
        };
        let Some(notice) = notice else { return };
        if self.notices.len() < NOTICES_MAX && self.notices.insert(notice) {
            self.tell_notice(notice, source);
        }
    }

    fn tell_notice(&self, notice: Notice, source: Source) {
        match notice {
            Notice::Version(found) => tracing::warn!(
                "datagrams from {source} are dropped: they have version {found}, and this program reads version \
                 {VERSION}; run one program on all nodes and clients"
            ),
            Notice::Schema(from, found) => {
                let expected = Kind::between(from, Party::Node(self.id)).schema_id();
                tracing::warn!(
                    "datagrams of {from} at {source} are dropped: their bodies have schema {found}, and this program \
                     reads schema {expected}: it was built from another core; run one program on all nodes and clients"
                );
            }
        }
    }
}
