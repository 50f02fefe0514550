//! What a client may conclude from what it has seen of its request, and no more.
//!
//! A client asks a node, perhaps more than once, perhaps several of them. It sees whether a request left, and
//! what comes back. What was done with the request it can only infer: [`Attempt`] is the record of one node,
//! and [`conclude`] makes one of five outcomes of them all, the fifth being the value itself.

/// What a client knows of one node's part in its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Known {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It may have got the request: it may have been done, or may yet be.
    Unknown,
    /// It surely did not get it.
    NotDelivered,
    /// It got it, did nothing, and may do it later.
    Busy,
    /// It got it, did nothing, and refuses for good.
    Refused,
}

/// One request to one node, as far as its client has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Attempt {
    known: Known,
    /// How often the request has left.
    posts: u8,
}

/// Whether more of a request may arrive than has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// Each that leaves arrives once at most.
    Never,
    /// The network may make copies, which may arrive at any later time.
    Possible,
    /// It does not matter: the request does nothing, it only reads.
    ReadOnly,
}

/// What a node says of a request that it did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has too much to do, or some other trouble that passes.
    Busy,
    /// It never will.
    Refused,
}

/// The outcomes that are not a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// POST_FAILED: no node got it that could have done it.
    PostFailed,
    /// RETRYABLE: a node got it, did nothing, and may do it later.
    Retryable,
    /// FATAL: it was refused for good, and nothing was done.
    Fatal,
    /// UNKNOWN: it may have been done, or may yet be. Asking again with the same value is safe, and the way on.
    Unknown,
}

impl Attempt {
    /// What is known.
    pub const fn known(&self) -> Known {
        self.known
    }

    /// Whether it makes sense to ask this node, or to wait for it.
    pub const fn is_pending(&self) -> bool {
        matches!(self.known, Known::NotAsked | Known::Unknown)
    }

    /// The request has left.
    pub const fn posted(&mut self) {
        self.posts = self.posts.saturating_add(1);
        self.known = Known::Unknown;
    }

    /// The request could not leave. Earlier ones may have.
    pub const fn not_posted(&mut self) {
        if self.posts == 0 {
            self.known = Known::NotDelivered;
        }
    }

    /// The network says that a request which left arrived at nobody. That tells something only if there was one
    /// alone.
    pub const fn undelivered(&mut self, copies: Copies) {
        if self.is_only_copy(copies) {
            self.known = Known::NotDelivered;
        }
    }

    /// The node says that it did nothing. That tells something only if no other copy of the request
    /// may have reached it, or may yet.
    pub const fn refused(&mut self, refusal: Refusal, copies: Copies) {
        if self.is_only_copy(copies) {
            self.known = match refusal {
                Refusal::Busy => Known::Busy,
                Refusal::Refused => Known::Refused,
            };
        }
    }

    const fn is_only_copy(&self, copies: Copies) -> bool {
        match copies {
            Copies::Never => self.posts == 1,
            Copies::Possible => false,
            Copies::ReadOnly => true,
        }
    }
}

/// All of it in one outcome, of a client that was told no value and waits no longer. Whatever may have been done
/// weighs more than what was not.
pub fn conclude(attempts: impl IntoIterator<Item = Known>) -> Failure {
    let mut outcome = None;
    for known in attempts {
        let own = match known {
            Known::Unknown => return Failure::Unknown,
            Known::Busy => Failure::Retryable,
            Known::NotAsked | Known::NotDelivered => Failure::PostFailed,
            Known::Refused => Failure::Fatal,
        };
        outcome = Some(match (outcome, own) {
            (Some(Failure::Retryable), _) | (_, Failure::Retryable) => Failure::Retryable,
            (Some(Failure::PostFailed), _) | (_, Failure::PostFailed) => Failure::PostFailed,
            (_, own) => own,
        });
    }
    outcome.unwrap_or(Failure::PostFailed)
}
