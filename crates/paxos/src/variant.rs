//! The correct variants of the protocol, to be chosen at run time.

use crate::Flexible;

/// A correct variant of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// [`Lamport`](crate::Lamport).
    Lamport,
    /// [`StrictAccept`](crate::StrictAccept).
    StrictAccept,
    /// [`Flexible`]; correct only if its quorums meet.
    Flexible(Flexible),
}

/// Evaluates an expression with the [`Rules`](crate::Rules) of a [`Variant`]: whatever a host asks, it asks these very rules,
/// so a method that a variant overrides, or a new one, reaches every host.
///
/// ```
/// use paxos::{Cluster, NodeSet, Phase, Rules as _, Variant, with_rules};
///
/// let cluster = Cluster::all_roles(3).expect("three servers");
/// let variant = Variant::StrictAccept;
/// assert!(with_rules!(variant, |rules| rules.is_quorum(Phase::Accept, &cluster, NodeSet::first(2))));
/// ```
#[macro_export]
macro_rules! with_rules {
    ($variant:expr, |$rules:ident| $body:expr) => {
        match $variant {
            $crate::Variant::Lamport => {
                let $rules = &$crate::Lamport;
                $body
            }
            $crate::Variant::StrictAccept => {
                let $rules = &$crate::StrictAccept;
                $body
            }
            $crate::Variant::Flexible(sizes) => {
                let $rules = &sizes;
                $body
            }
        }
    };
}
