//! Why datagrams are dropped.

/// Why a datagram is dropped. No answer is given to any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drop {
    /// Fewer bytes than a header and a tag.
    Short,
    /// More than [`DATAGRAM_BYTES_MAX`](super::DATAGRAM_BYTES_MAX).
    Long,
    /// Not a datagram of ours.
    Magic,
    /// Another version's.
    Version,
    /// Another cluster's.
    Cluster,
    /// Not for this receiver.
    Receiver,
    /// From nobody who may send to this receiver, itself among them.
    Sender,
    /// The length is not the body's.
    Length,
    /// The tag is not the one of these bytes.
    Tag,
    /// The sender's bodies are of another schema: it was built from another core.
    Schema,
    /// The body is not what any sender would write.
    Body,
}

impl Drop {
    /// Every reason.
    pub const ALL: [Drop; 11] = [
        Drop::Short,
        Drop::Long,
        Drop::Magic,
        Drop::Version,
        Drop::Cluster,
        Drop::Receiver,
        Drop::Sender,
        Drop::Length,
        Drop::Tag,
        Drop::Schema,
        Drop::Body,
    ];

    /// The reason in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Drop::Short => "short",
            Drop::Long => "long",
            Drop::Magic => "magic",
            Drop::Version => "version",
            Drop::Cluster => "cluster",
            Drop::Receiver => "receiver",
            Drop::Sender => "sender",
            Drop::Length => "length",
            Drop::Tag => "tag",
            Drop::Schema => "schema",
            Drop::Body => "body",
        }
    }
}
